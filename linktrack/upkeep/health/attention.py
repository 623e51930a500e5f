"""What needs the owner: the one judgement of it, for the pages and the doctor alike.

A need names a *place*, the page on which it is mended, as that page's endpoint and values: whoever
shows it makes the address. What presses is said on every page; what waits, what is missing from the
days at hand, and links that lead to nothing, on the overview and the page "To do".
"""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.account_lines import AccountLine, account_lines
from linktrack.audience.counts import STALE, is_stale
from linktrack.audience.credentials import Connection, connections
from linktrack.calendar.days import Days
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.capture.backlog import Backlog
from linktrack.clicks.counts.counted_by import changed_settings
from linktrack.clicks.unknown.listing import MANY, MANY_DAYS, asked_by_many
from linktrack.community.asking.listing import count_waiting
from linktrack.community.suggestions.inbox import count_new
from linktrack.db import to_ms
from linktrack.links.excerpts import excerpt
from linktrack.owners.visibility import sees_all
from linktrack.publishing.queue import count_failed
from linktrack.publishing.states import overdue_posts
from linktrack.reports.overview import AccountCard
from linktrack.reports.sources.first_fetches import first_fetches
from linktrack.reports.sources.left_out import proxy_is_not_trusted
from linktrack.settings import Settings
from linktrack.upkeep.health.letting_in import letting_in_needs
from linktrack.upkeep.health.nodes import node_troubles
from linktrack.upkeep.health.status import Capture
from linktrack.upkeep.link_checks import dead_links
from linktrack.webhooks.recipients import failing

SCARCE_BYTES: Final = 500 * 1000**2  # a busy day's clicks, a backup and a vacuum need about that
BEHIND_SECONDS: Final = 60.0  # a loader that runs takes what is written within a second
MOST_LINKS: Final = 100
MOST_NAMES: Final = 3
MOST_POSTS: Final = 3
_DRAFTS: Final = "drafts or scheduled posts were"


@dataclass(frozen=True, slots=True)
class Place:
    """A page, by the name of its endpoint and the values that its address takes."""

    endpoint: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do: what is the matter, where that is mended (None: on no page), as a label."""

    sentence: str
    label: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of the disk that holds the data folder."""

    free: int
    total: int

    @property
    def is_scarce(self) -> bool:
        """Whether it is time to make room; a small disk may be quite full."""
        return self.free < min(SCARCE_BYTES, self.total / 5)


def space_of(folder: Path) -> Space:
    """Return the space of the disk a folder is on; raises `OSError`."""
    usage = shutil.disk_usage(folder)
    return Space(usage.free, usage.total)


def is_behind(backlog: Backlog, now: datetime) -> bool:
    """Whether the oldest click that waits has waited so long that nothing seems to load it."""
    return backlog.seconds(to_ms(now)) >= BEHIND_SECONDS


def old_counts(session: Session, now: datetime) -> Sequence[AccountLine]:
    """Return the accounts whose last follower count is stale."""
    return [line for line in account_lines(session) if is_stale(line.followers_at, now)]


def signed_out(session: Session) -> Mapping[int, Connection]:
    """Return the connected accounts whose network has something against it, by their numbers."""
    found = sorted(connections(session).items())
    return {number: each for number, each in found if each.problem is not None}


def days_of(settings: Settings) -> Days:
    """Return the calendar that these settings make."""
    return Days(settings.timezone, settings.visitor_period)


def pressing(session: Session, settings: Settings, now: datetime) -> list[Need]:
    """Return what every page says: no space, clicks that wait, changed settings, and so on."""
    found = []
    space = space_of(settings.data)
    if space.is_scarce:
        found.append(
            Need(
                f"The disk is nearly full: {space.free // 1000**2:,} MB are free. When it is full, "
                "clicks are lost; links keep working."
            )
        )
    if is_behind(Capture.read(session, settings.journals).backlog, now):
        found.append(
            Need(
                "Clicks have waited for more than a minute to be counted. None of them is lost; "
                "linktrack doctor, on the server, says what to do."
            )
        )
    found += [
        Need(trouble, "See the nodes", Place("settings.show", {"_anchor": "nodes"}))
        for trouble in node_troubles(session, settings, now)
    ]
    found += [
        Need(changed.sentence, "What is set", Place("settings.show"))
        for changed in changed_settings(session.connection(), days_of(settings))
    ]
    failed = count_failed(session)
    if failed:
        posts = "A post" if failed == 1 else f"{failed} posts"
        found.append(Need(f"{posts} could not be published.", "See why", Place("queue.show")))
    found += _of_old_counts(old_counts(session, now), settings.timezone)
    found += [
        Need(
            f"{each.handle}: {each.problem}",
            "Connect",
            Place("connections.show", {"account_id": number}),
        )
        for number, each in signed_out(session).items()
    ]
    return found


def _of_old_counts(old: Sequence[AccountLine], timezone: ZoneInfo) -> Iterator[Need]:
    """Yield one need, however many accounts have an old count."""
    if len(old) == 1 and old[0].followers_at is not None:
        at = old[0].followers_at.astimezone(timezone)
        yield Need(
            f"The follower count of {old[0].handle} is from {at.day} {at:%b %Y}, older than "
            f"{STALE.days} days.",
            "Record a new one",
            _account(old[0].id),
        )
    elif old:
        names = ", ".join(line.handle for line in old[:MOST_NAMES])
        more = f" and {len(old) - MOST_NAMES} more" if old[MOST_NAMES:] else ""
        yield Need(
            f"No follower count of the last {STALE.days} days: {names}{more}.",
            "Record new ones",
            Place("accounts.list_all"),
        )


def waiting(
    session: Session, settings: Settings, account_ids: Collection[int], now: datetime
) -> list[Need]:
    """Return what waits without pressing, the worst first: settings, counts, and posts."""
    found = []
    set_there = Place("settings.show")
    if settings.is_local:
        found.append(
            Need(
                f"Nobody else can open your short links yet: they start with {settings.base_url}. "
                "Set LINKTRACK_BASE_URL to your public address before you post one.",
                "Settings",
                set_there,
            )
        )
    if proxy_is_not_trusted(session):
        found.append(
            Need(
                "Nearly all clicks come through one address, a proxy that is not trusted, so "
                "people can't be told apart. Set LINKTRACK_TRUSTED_PROXIES to its address.",
                "Settings",
                set_there,
            )
        )
    found += [
        Need(
            f"{line.handle} has no follower count: without one there is no rate.",
            "Record it",
            _account(line.id),
        )
        for line in account_lines(session)
        if line.id in account_ids and line.followers is None
    ]
    return [
        *found,
        *_of_messages(session),
        *people_waiting(session, account_ids),
        *_of_posts(session, list(account_ids), now),
    ]


def people_waiting(session: Session, account_ids: Collection[int]) -> list[Need]:
    """Return who waits for an answer, also where nothing was posted yet."""
    return [
        *_of_community(session),
        *_of_requests(session, account_ids),
        *_of_suggestions(session, account_ids),
    ]


def _of_requests(session: Session, account_ids: Collection[int]) -> Iterator[Need]:
    """Yield on which accounts people wait to be let in."""
    waiting = sorted(count_waiting(session).items())
    names = {line.id: line.handle for line in account_lines(session)} if waiting else {}
    for number, count in waiting:
        if number in account_ids and number in names:
            yield Need(
                f"{count:,} {'person asks' if count == 1 else 'people ask'} to join "
                f"{names[number]}.",
                "Read what they say",
                Place("requests.list_all", {"account": number}),
            )


def _of_suggestions(session: Session, account_ids: Collection[int]) -> Iterator[Need]:
    """Yield on which accounts people wait for an answer to what they suggested."""
    new = sorted(count_new(session).items())
    names = {line.id: line.handle for line in account_lines(session)} if new else {}
    for number, count in new:
        if number in account_ids and number in names:
            yield Need(
                f"{count:,} {'suggestion waits' if count == 1 else 'suggestions wait'} for "
                f"{names[number]}.",
                "Read them",
                Place("suggestions.list_all", {"account": number}),
            )


def _of_community(session: Session) -> Iterator[Need]:
    for each in letting_in_needs(session):
        values: dict[str, str | int] = {"account": each.account_id}
        if each.state is not None:
            values["state"] = each.state
        yield Need(each.sentence, each.label, Place(each.endpoint, values))


def _of_messages(session: Session) -> Iterator[Need]:
    """Yield notifications that don't arrive; a mail address isn't for everybody's eyes."""
    for recipient, delivery in failing(session):
        way = "by email" if recipient.way == "mail" else f"by {recipient.url}"
        yield Need(
            f"A notification {way} did not arrive: {delivery.answer}",
            "See which",
            Place("notifications.list_all"),
        )


def _of_posts(session: Session, account_ids: Sequence[int], now: datetime) -> Iterator[Need]:
    """Yield which posts that wait seem to be out."""
    fetched = first_fetches(session, account_ids, now)
    known = {fetch.post.id for fetch in fetched}
    if fetched:
        is_one = len(fetched) == 1
        yield Need(
            f"{len(fetched):,} {'draft or scheduled post was' if is_one else _DRAFTS} read by "
            f"{'its network' if is_one else 'their networks'}: posted already?",
            "Say when",
            Place("needs.show"),
        )
    overdue = [post for post in overdue_posts(session, account_ids, now) if post.id not in known]
    for post in overdue[:MOST_POSTS]:
        yield Need(
            f"The scheduled time of “{excerpt(post.written, 60)}” has passed. Was it posted?",
            "Mark it as posted",
            Place("posts.show", {"post_id": post.id}),
        )
    if overdue[MOST_POSTS:]:
        yield Need(
            f"So has the time of {len(overdue) - MOST_POSTS} more.",
            "All scheduled posts",
            Place("posts.list_all", {"account": overdue[-1].account_id, "state": "scheduled"}),
        )


def to_do(
    session: Session,
    settings: Settings,
    cards: Sequence[AccountCard],
    days: DayRange,
    now: datetime,
) -> list[Need]:
    """Return what the overview and the page "To do" list: what waits, what is missing, dead links.

    `cards` are the accounts' figures of these days.
    """
    return [
        *waiting(session, settings, [card.account.id for card in cards], now),
        *missing(cards, days),
        *_of_links(len(dead_links(session, now, MOST_LINKS))),
        *_of_unknown_codes(session, now.astimezone(settings.timezone).date()),
    ]


def _of_links(dead: int) -> Iterator[Need]:
    if dead:
        more = "or more " if dead == MOST_LINKS else ""
        yield Need(
            f"{dead} {more}{'link that is' if dead == 1 else 'links that are'} still clicked "
            f"{'leads' if dead == 1 else 'lead'} to a page that doesn't answer.",
            "See which",
            Place("needs.show"),
        )


def _of_unknown_codes(session: Session, today: date) -> Iterator[Need]:
    """Yield which links that don't exist many people opened; they belong to no account."""
    asked = asked_by_many(session, today) if sees_all(session) else []
    if len(asked) == 1:
        (one,) = asked
        yield Need(
            f"{one.people:,} people opened the short link {one.code} in the last {MANY_DAYS} days. "
            "It doesn't exist.",
            "Make it a link",
            Place("unknown_codes.show", {"number": one.id}),
        )
    elif asked:
        yield Need(
            f"{len(asked):,} short links that don't exist were each opened by {MANY} people or "
            f"more in the last {MANY_DAYS} days.",
            "See which",
            Place("unknown_codes.list_all"),
        )


def missing(cards: Iterable[AccountCard], days: DayRange) -> list[Need]:
    """Return what the figures of these days lack: links not wrapped, posts without a count."""
    return [need for card in cards for need in _of_card(card, days)]


def _of_card(card: AccountCard, days: DayRange) -> Iterator[Need]:
    account = card.account
    missed = card.coverage.not_wrapped
    if missed and card.coverage.known_until is not None:
        range_ = {"from": days.first.isoformat(), "to": days.last.isoformat()}
        yield Need(
            f"{missed:,} {'link' if missed == 1 else 'links'} that {account.handle} posted in "
            f"these days {'was' if missed == 1 else 'were'} not tracked: clicks unknown.",
            "See which",
            Place("not_wrapped.show", {"account": account.id, **range_}),
        )
    posts = card.cpf.posts_without_count
    if posts and card.followers is not None:
        yield Need(
            f"{posts:,} {'post' if posts == 1 else 'posts'} of {account.handle} in these days "
            f"{'is' if posts == 1 else 'are'} older than its first follower count, so "
            f"{'it has' if posts == 1 else 'they have'} no rate.",
            "Record an earlier count",
            _account(account.id),
        )


def _account(number: int) -> Place:
    return Place("accounts.edit", {"account_id": number, "group": "followers"})
