"""Goals: how many clicks became something, per click and per follower."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from linktrack.audience.counts import count_at, count_histories
from linktrack.audience.models import Account
from linktrack.audience.segments import list_segments
from linktrack.calendar.days import Days, first_of_month, month_of_day
from linktrack.calendar.ranges import check_range
from linktrack.clicks.conversions.declaring import list_goals
from linktrack.clicks.conversions.models import Goal
from linktrack.clicks.vocabulary import UNATTRIBUTED, window_number
from linktrack.db import to_ms
from linktrack.errors import Invalid
from linktrack.ids import LinkId, PostId, SegmentId
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.rate import Rate
from linktrack.reports.goals.reached import Row, Sums, added, codes_of, rows_of
from linktrack.reports.rated import people_by_post

DAYS_OF: Final[Mapping[str, int | None]] = {"24h": 1, "7d": 7, "30d": 30, "all": None}
"""The calendar days after its own for which a post is counted, by the name of the window."""

MOST_LINES: Final = 100
"""Posts, and links without a post, that a report has of each goal."""

GONE: Final = "removed segments"

Key = TypeVar("Key")


class Posted(NamedTuple):
    """When a post was posted, the days that are counted, and the followers it had, if known."""

    posted_at: datetime
    first: int
    last: int | None
    followers: int | None


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post whose clicks carried ids: what is final of it, or so far."""

    post_id: PostId
    post: Posted
    sums: Sums
    is_complete: bool


@dataclass(frozen=True, slots=True)
class GoalFigures:
    """One goal on complete posts; beside them those still counting, and links without a post.

    `per_click` and `per_follower` take in how much posts differ; `followers` is summed over those
    with a follower count. Posts and links are those that reached most.
    """

    goal: Goal
    total: Sums
    posts: int
    per_click: Rate
    followers: int
    per_follower: Rate
    posts_without_count: int
    still: Sums
    posts_still: int
    segments: list[tuple[str | None, Sums]]
    months: list[tuple[date, Sums]]
    lines: list[PostLine]
    alone: list[tuple[LinkId, Sums]]


@dataclass(frozen=True, slots=True)
class GoalsReport:
    """An account's goals by name; `clicks` are all with an id on these posts and links.

    `codes` are those of the links without a post.
    """

    account: Account
    window: str
    goals: list[GoalFigures]
    clicks: int
    posts_unmeasured: int
    codes: Mapping[LinkId, str]


def goals_report(
    session: Session,
    account: Account,
    *,
    window: str,
    days: Days,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> GoalsReport:
    """Return what clicks became on posts posted in [since, until), and on links without a post.

    Posts are counted for whole days: their own, and as many after it as the window says. They are
    complete when these and the goal's own days are over. Of links without a post the clicks of the
    range are taken whose goal's days are over. Raises `Invalid`.
    """
    if window not in DAYS_OF:
        window_number(window)
        raise Invalid(f"Goals are counted by day: choose one of {', '.join(DAYS_OF)}.")
    check_range(since, until)
    history = count_histories(session, [account.id])[account.id]
    chosen = queries.chosen_posts([account.id], since, until)
    every = window_number("all")
    split = Counting("all", now).split(people_by_post(session, chosen, every))
    span = DAYS_OF[window]
    posts: dict[PostId, Posted] = {}
    for post in split.pooled:
        day = days.day(to_ms(post.posted_at))
        followers = count_at(history, post.posted_at)[1] or None
        last = None if span is None else day + span
        posts[post.post_id] = Posted(post.posted_at, day, last, followers)
    first = 0 if since is None else days.day(to_ms(since))
    end = None if until is None else days.day(to_ms(until) - 1)

    def is_taken(row: Row) -> bool:
        if row.post_id is None:
            return first <= row.day and (end is None or row.day <= end)
        post = posts.get(row.post_id)
        return post is not None and (post.last is None or row.day <= post.last)

    rows = [row for row in rows_of(session, account.id) if is_taken(row)]
    names = {segment.id: segment.name for segment in list_segments(session, account)}
    today = days.day(to_ms(now))

    def figures(goal: Goal) -> GoalFigures:
        of_goal = [row for row in rows if row.goal_id in (None, goal.id)]
        return _figures(goal, of_goal, posts, names, today)

    return GoalsReport(
        account=account,
        window=window,
        goals=[figures(goal) for goal in list_goals(session)],
        clicks=added(row.sums for row in rows).clicks,
        posts_unmeasured=len(split.unmeasured),
        codes=codes_of(session, {row.link_id for row in rows if row.post_id is None}),
    )


def _figures(
    goal: Goal,
    rows: Sequence[Row],
    posts: Mapping[PostId, Posted],
    names: Mapping[SegmentId, str],
    today: int,
) -> GoalFigures:
    settled = today - goal.days  # a click of a day before it can no longer reach the goal

    def is_over(row: Row) -> bool:
        if row.post_id is None:
            return row.day < settled
        post = posts[row.post_id]
        return row.day < settled and (post.first if post.last is None else post.last) < settled

    on_posts = [row for row in rows if row.post_id is not None and is_over(row)]
    alone = _sums((row for row in rows if row.post_id is None and is_over(row)), _link_of)
    complete = _sums(on_posts, _post_of)
    lines = [
        PostLine(post_id, posts[post_id], complete.get(post_id, sums), post_id in complete)
        for post_id, sums in _sums(rows, _post_of).items()
        if post_id is not None
    ]
    done = [line for line in lines if line.is_complete]
    still = [line.sums for line in lines if not line.is_complete]
    pairs = [(line.sums.reached, line.post.followers) for line in done if line.post.followers]
    months: defaultdict[int, Sums] = defaultdict(Sums)
    for line in done:
        month = month_of_day(line.post.first)
        months[month] = months[month].plus(line.sums)
    return GoalFigures(
        goal=goal,
        total=added(line.sums for line in done),
        posts=len(done),
        per_click=Rate.over([(line.sums.reached, line.sums.clicks) for line in done]),
        followers=sum(followers for _, followers in pairs),
        per_follower=Rate.over(pairs),
        posts_without_count=len(done) - len(pairs),
        still=added(still),
        posts_still=len(still),
        segments=_by_segment(_sums(on_posts, _segment_of), names),
        months=[(first_of_month(number), months[number]) for number in sorted(months)],
        lines=sorted(lines, key=lambda line: _order(line.sums))[:MOST_LINES],
        alone=sorted(alone.items(), key=lambda each: _order(each[1]))[:MOST_LINES],
    )


def _link_of(row: Row) -> LinkId:
    return row.link_id


def _post_of(row: Row) -> PostId | None:
    return row.post_id


def _segment_of(row: Row) -> SegmentId:
    return row.segment_id


def _order(sums: Sums) -> tuple[int, int]:
    return -sums.reached, -sums.clicks


def _sums(rows: Iterable[Row], key_of: Callable[[Row], Key]) -> dict[Key, Sums]:
    found: defaultdict[Key, Sums] = defaultdict(Sums)
    for row in rows:
        found[key_of(row)] = found[key_of(row)].plus(row.sums)
    return dict(found)


def _by_segment(
    sums: Mapping[SegmentId, Sums], names: Mapping[SegmentId, str]
) -> list[tuple[str | None, Sums]]:
    """Return them in the order of the segments; whom we can't tell first, removed ones last."""
    known: dict[SegmentId, str | None] = {UNATTRIBUTED: None, **names}
    found = [(name, sums[number]) for number, name in known.items() if number in sums]
    gone = added(each for number, each in sums.items() if number not in known)
    return [*found, (GONE, gone)] if gone.clicks or gone.reached else found
