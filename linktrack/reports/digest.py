"""The digest: an account's week or month in three numbers, its posts, and what clearly changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import History, count_at, count_histories
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.vocabulary import window_number
from linktrack.ids import PostId
from linktrack.links.excerpts import excerpt
from linktrack.links.models import Post
from linktrack.networks.words import all_of
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.cpf import CpfTotal, cpf_total
from linktrack.reports.days import account_series
from linktrack.reports.digest_periods import last_whole
from linktrack.reports.figures.rate import Rate, RateJson, rate_json
from linktrack.reports.figures.statistics.experiments import FALSE_ALARMS, Pair, permutation_p
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS
from linktrack.reports.figures.words import counted, per_thousand
from linktrack.reports.people.follower_queries import Moves, moves_of
from linktrack.reports.people.move_names import names_text
from linktrack.reports.post_lines import PostLine, post_lines
from linktrack.reports.sentences import post_in_words

Change: TypeAlias = Literal["more", "fewer"]

WINDOW: Final = "24h"
"""Posts of the last days are counted like the first, so that weeks can be compared early."""

MOST_BEST: Final = 3


@dataclass(frozen=True, slots=True)
class DigestSide:
    """One period's numbers; `followers` is what stood at its end.

    `gained` (came, also again) and `lost` are by the follower lists taken in it; None without any.
    `clicks_by_day` is 0 on days without a click.
    """

    days: DayRange
    unique_clicks: int
    cpf: CpfTotal
    followers: int | None
    gained: int | None
    lost: int | None
    clicks_by_day: list[int]


@dataclass(frozen=True, slots=True)
class Digest:
    """An account's last whole week or month beside the one before it.

    `change` is "more" or "fewer" where clicks per follower clearly changed, else None. All figures
    are of complete posts; `counting` posts were posted too late to be complete.
    """

    account: Account
    period: str
    now: DigestSide
    before: DigestSide
    change: Change | None
    counting: int
    best: list[PostLine]
    weakest: list[PostLine]

    @property
    def has_lists(self) -> bool:
        """Whether follower lists say who came and left in any of the two periods."""
        return self.now.gained is not None or self.before.gained is not None

    @property
    def sentence(self) -> str:
        """The period in a sentence."""
        return post_in_words(self.now.cpf, WINDOW)

    @property
    def sure(self) -> str:
        """What clearly changed, in words."""
        if self.change is not None:
            return f"Clearly {self.change} clicks per follower than the {self.period} before."
        if min(self.now.cpf.posts, self.before.cpf.posts) < FEWEST_POSTS:
            return (
                f"Too few posts to say what clearly changed: {FEWEST_POSTS} in each {self.period} "
                "are needed."
            )
        return f"Nothing clearly changed since the {self.period} before."

    @property
    def notes(self) -> list[str]:
        """What the numbers leave out, in sentences."""
        notes = []
        if self.counting:
            are = "is" if self.counting == 1 else "are"
            notes.append(f"{counted(self.counting, 'post')} {are} still counting.")
        missing = self.now.cpf.posts_without_count
        if missing:
            have = "has" if missing == 1 else "have"
            notes.append(f"{counted(missing, 'post')} {have} no follower count and no rate.")
        unmeasured = self.now.cpf.posts_unmeasured
        if unmeasured:
            are = "is" if unmeasured == 1 else "are"
            notes.append(f"{counted(unmeasured, 'imported post')} {are} unmeasured.")
        return notes

    def as_text(self) -> str:
        """Return the digest as plain text of at most 80 columns or so, for a mail."""
        now, before = self.now, self.before
        lines = [
            f"{self.account.handle}, {_days(self.period, now.days)}",
            "",
            self.sentence,
            self.sure,
            *self.notes,
            "",
            f"Unique clicks               {now.unique_clicks:,} (before: {before.unique_clicks:,})",
            (
                f"Clicks per 1,000 followers  {per_thousand(now.cpf.cpf)} "
                f"(before: {per_thousand(before.cpf.cpf)})"
            ),
            (
                f"Followers                   {_known(now.followers)} "
                f"(before: {_known(before.followers)})"
            ),
        ]
        if self.has_lists:
            lines.append(
                f"Gained and lost             {came_and_left(now)} (before: "
                f"{came_and_left(before)})"
            )
        for title, posts in (("Best posts", self.best), ("Weakest posts", self.weakest)):
            if posts:
                lines += ["", title]
            for line in posts:
                people = counted(line.unique_clicks, "person", "people")
                lines.append(f"  {people}, {per_thousand(line.cpf)} per 1,000")
                lines.append(f"    {excerpt(line.facts.written, 72)}")
        return "\n".join(lines) + "\n"


def subject(found: Sequence[Digest]) -> str:
    """Return the subject of a mail with these digests, of which there is at least one."""
    who = all_of(each.account.handle for each in found) if len(found) < 4 else "all accounts"
    days = found[0].now.days
    when = f"the {found[0].period} to {_day(days.last)}" if days.length > 1 else _day(days.last)
    return f"Clicks of {when}: {who}"


def as_letter(found: Sequence[Digest], named: Session | None = None) -> tuple[str, str]:
    """Return the subject and the text of a mail with these digests, of which there is one.

    With a session it also names who came and who left.
    """
    parts = [each.as_text() + _names(named, each) for each in found]
    return subject(found), f"\n{'-' * 72}\n\n".join(parts)


def _names(session: Session | None, found: Digest) -> str:
    return names_text(session, found.account, found.now.days) if session is not None else ""


def digests(
    session: Session,
    accounts: Sequence[Account],
    period: str,
    today: date,
    *,
    now: datetime,
    timezone: ZoneInfo,
) -> list[Digest]:
    """Return a digest of each account.

    Of accounts without any change one in twenty digests of them all together says there is one.
    """
    days, earlier = last_whole(period, today, timezone)
    number = window_number(WINDOW)
    counting = Counting(WINDOW, now)
    ids = [account.id for account in accounts]
    histories = count_histories(session, ids)
    series = account_series(session, ids, earlier.first, days.last)
    chosen = queries.chosen_posts(ids, earlier.since, days.end)
    sums = queries.sums_by_post(session, chosen, number)
    complete = counting.split(sums).pooled
    alpha = FALSE_ALARMS / max(1, len(accounts))
    moves = moves_of(session, ids, earlier.since, days.end)
    ranks = {
        account.id: _ranked(
            [post for post in _within(complete, days) if post.account_id == account.id], histories
        )
        for account in accounts
    }
    shown = [number for rank in ranks.values() for ids in rank for number in ids]
    lines = _lines(session, shown, counting)
    found = []
    for account in accounts:
        own = [post for post in sums if post.account_id == account.id]
        parts = [_within(own, earlier), _within(own, days)]
        by_day = {counts.day: counts for counts in series.get(account.id, [])}
        sides = [
            DigestSide(
                range_,
                sum(by_day[day].unique_clicks for day in range_ if day in by_day),
                cpf_total(part, histories, counting),
                count_at(histories[account.id], range_.end)[1],
                *_gained_and_lost(moves.get(account.id, []), range_),
                [by_day[day].clicks if day in by_day else 0 for day in range_],
            )
            for range_, part in zip((earlier, days), parts, strict=True)
        ]
        best, weakest = ([lines[number] for number in numbers] for numbers in ranks[account.id])
        found.append(
            Digest(
                account=account,
                period=period,
                now=sides[1],
                before=sides[0],
                change=_change(*(_pairs(counting, part, histories) for part in parts), alpha=alpha),
                counting=sides[1].cpf.still_counting.posts,
                best=best,
                weakest=weakest,
            )
        )
    return found


def _within(sums: Sequence[queries.PostSums], days: DayRange) -> list[queries.PostSums]:
    return [post for post in sums if days.since <= post.posted_at < days.end]


def _gained_and_lost(moves: Sequence[Moves], days: DayRange) -> tuple[int | None, int | None]:
    known = [move for move in moves if days.since <= move.at < days.end]
    if not known:
        return None, None
    return sum(move.came for move in known), sum(move.left for move in known)


def _pairs(
    counting: Counting, sums: Sequence[queries.PostSums], histories: Mapping[int, History]
) -> list[Pair]:
    counts = [
        (post.unique_clicks, count_at(histories[post.account_id], post.posted_at)[1])
        for post in counting.split(sums).pooled
    ]
    return [(k, n) for k, n in counts if n]


def _change(before: Sequence[Pair], now: Sequence[Pair], *, alpha: float) -> Change | None:
    """Return "more" or "fewer" where shuffled posts would hardly differ so much."""
    if min(len(before), len(now)) < FEWEST_POSTS or permutation_p(before, now) > alpha:
        return None
    rates = [sum(k for k, _ in side) / sum(n for _, n in side) for side in (before, now)]
    return "more" if rates[1] > rates[0] else "fewer"


def _ranked(
    sums: Sequence[queries.PostSums], histories: Mapping[int, History]
) -> tuple[list[PostId], list[PostId]]:
    """Return the best posts, by the lower end of what is likely, and the weakest, by the upper.

    They are given by their numbers. No post is in both; one post alone is neither.
    """
    likely = {}
    for post in sorted(sums, key=lambda post: (post.posted_at, post.post_id), reverse=True):
        followers = count_at(histories[post.account_id], post.posted_at)[1]
        interval = Rate.of(post.unique_clicks, followers).interval
        if interval is not None:
            likely[post.post_id] = interval
    best = sorted(likely, key=lambda number: -likely[number].low)
    best = best[: min(MOST_BEST, len(likely) // 2)]
    rest = [number for number in likely if number not in best]
    return best, sorted(rest, key=lambda number: likely[number].high)[: len(best)]


def _lines(session: Session, post_ids: Sequence[int], counting: Counting) -> Mapping[int, PostLine]:
    """Return the lines of these posts by their numbers, read for all accounts at once."""
    facts = queries.posts_page(session, Post.id.in_(post_ids), None, len(post_ids))
    found = post_lines(session, facts, counting, by_source=False)
    return {line.facts.id: line for line in found}


def came_and_left(side: DigestSide) -> str:
    """Return who came and left in figures: +120, −80."""
    if side.gained is None or side.lost is None:
        return "unknown"
    return f"+{side.gained:,}, −{side.lost:,}"


def _known(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _days(period: str, days: DayRange) -> str:
    if days.length == 1:
        return _day(days.first)
    return f"{period} from {_day(days.first)} to {_day(days.last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


DigestRangeJson = TypedDict("DigestRangeJson", {"from": str, "to": str})


class DigestSideJson(DigestRangeJson, RateJson):
    """A week or month; `to` is the day after its last."""

    unique_clicks: int
    posts: int
    posts_without_count: int
    posts_unmeasured: int
    followers: int | None
    gained: int | None
    lost: int | None


def _side_json(side: DigestSide) -> DigestSideJson:
    return {
        "from": side.days.first.isoformat(),
        "to": (side.days.last + timedelta(days=1)).isoformat(),
        "unique_clicks": side.unique_clicks,
        "posts": side.cpf.posts,
        "posts_without_count": side.cpf.posts_without_count,
        "posts_unmeasured": side.cpf.posts_unmeasured,
        **rate_json(side.cpf.cpf),
        "followers": side.followers,
        "gained": side.gained,
        "lost": side.lost,
    }


class DigestPostJson(RateJson):
    """One of the best or weakest posts."""

    id: int
    text: str
    unique_clicks: int


def _post_json(line: PostLine) -> DigestPostJson:
    return {
        "id": line.facts.id,
        "text": line.facts.text,
        "unique_clicks": line.unique_clicks,
        **rate_json(line.cpf),
    }


class DigestJson(TypedDict):
    """The last complete week or month, compared with the one before it."""

    account: AccountNameJson
    period: str
    window: str
    now: DigestSideJson
    before: DigestSideJson
    change: Change | None
    posts_counting: int
    best: list[DigestPostJson]
    weakest: list[DigestPostJson]
    sentence: str
    sure: str


def digest_json(digest: Digest) -> DigestJson:
    """Return the digest as every door gives it."""
    return {
        "account": account_json(digest.account),
        "period": digest.period,
        "window": WINDOW,
        "now": _side_json(digest.now),
        "before": _side_json(digest.before),
        "change": digest.change,
        "posts_counting": digest.counting,
        "best": [_post_json(line) for line in digest.best],
        "weakest": [_post_json(line) for line in digest.weakest],
        "sentence": digest.sentence,
        "sure": digest.sure,
    }
