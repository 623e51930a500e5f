"""What needs the owner: the few things that make figures wrong, late or missing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for

from linktrack.calendar.ranges import DayRange
from linktrack.links.models import Post
from linktrack.links.posts import excerpt
from linktrack.reports.overview import AccountCard
from linktrack.reports.sources.first_fetches import FirstFetch
from linktrack.upkeep.health.freshness import Freshness

MANY_WAIT: Final = 1000
"""So many clicks waiting are no matter of seconds: the loader is behind, or not running."""

MOST_POSTS: Final = 3


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do: what is the matter, and the link that mends it (none: `label` is "")."""

    sentence: str
    label: str = ""
    href: str = ""


def needs(
    cards: Iterable[AccountCard],
    overdue: Sequence[Post],
    fetched: Sequence[FirstFetch],
    data: Freshness,
    days: DayRange,
    *,
    local_address: str | None,
    proxy_is_not_trusted: bool,
) -> list[Need]:
    """Return what needs the owner, the worst first; `local_address` is one no reader can reach."""
    found = []
    if local_address is not None:
        found.append(
            Need(
                f"Short links begin with {local_address}, which works on this machine only. Set "
                "LINKTRACK_BASE_URL to your public address before you post one.",
                "What is set",
                url_for("settings.show"),
            )
        )
    if proxy_is_not_trusted:
        found.append(
            Need(
                "Nearly all clicks come through one address, a proxy that is not trusted, so "
                "people cannot be told apart. Set LINKTRACK_TRUSTED_PROXIES to its address.",
                "What is set",
                url_for("settings.show"),
            )
        )
    if data.waiting >= MANY_WAIT:
        found.append(
            Need(
                f"{data.waiting:,} clicks wait to be counted. None is lost; the loader of "
                "linktrack serve brings them in, and linktrack doctor says what keeps it."
            )
        )
    found += [need for card in cards for need in _of_account(card, days)]
    known = {fetch.post.id for fetch in fetched}
    overdue = [post for post in overdue if post.id not in known]
    if fetched:
        posts = len(fetched)
        found.append(
            Need(
                f"{posts:,} {'post that waits was' if posts == 1 else 'posts that wait were'} "
                f"fetched by {'its network' if posts == 1 else 'their networks'}: posted already?",
                "Say when",
                url_for("needs.show"),
            )
        )
    found += [
        Need(
            f"The time planned for “{excerpt(post.written, 60)}” has passed. Was it posted?",
            "Mark it",
            url_for("posts.show", post_id=post.id),
        )
        for post in overdue[:MOST_POSTS]
    ]
    if len(overdue) > MOST_POSTS:
        more = len(overdue) - MOST_POSTS
        found.append(
            Need(
                f"So has the time of {more} more.",
                "All planned posts",
                url_for("posts.list_all", account=overdue[-1].account_id, state="scheduled"),
            )
        )
    return found


def _days(days: DayRange) -> dict[str, Any]:
    return {"from": days.first.isoformat(), "to": days.last.isoformat()}


def _of_account(card: AccountCard, days: DayRange) -> Iterator[Need]:
    account = card.account
    page = url_for("accounts.show", account_id=account.id)
    if card.followers is None:
        yield Need(
            f"{account.handle} has no follower count: without one there is no rate.",
            "Record it",
            page,
        )
    elif card.is_stale and card.followers_at is not None:
        yield Need(
            f"The follower count of {account.handle} is of {card.followers_at.day} "
            f"{card.followers_at:%b %Y}, older than 90 days.",
            "Record a new one",
            page,
        )
    missed = card.coverage.not_wrapped
    if missed and card.coverage.known_until is not None:
        yield Need(
            f"{missed:,} {'link' if missed == 1 else 'links'} of {account.handle} in these days "
            f"{'was' if missed == 1 else 'were'} posted without being wrapped: unmeasured.",
            "Look at them",
            url_for("not_wrapped.show", account=account.id, **_days(days)),
        )
    if card.cpf.posts_without_count and card.followers is not None:
        posts = card.cpf.posts_without_count
        yield Need(
            f"{posts:,} {'post' if posts == 1 else 'posts'} of {account.handle} in these days "
            f"{'is' if posts == 1 else 'are'} older than its first follower count, so "
            f"{'it has' if posts == 1 else 'they have'} no rate.",
            "Record an earlier count",
            page,
        )
