"""The report of segments: who clicked, as far as it is known, and first for how many it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.hello import Hellos, hellos
from linktrack.audience.models import Account, Roster, Segment
from linktrack.audience.rules import parse_rules
from linktrack.audience.segments import list_segments
from linktrack.audience.sorting import Sizes, newest_roster, sizes_at
from linktrack.calendar.periods import period_start
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import UNATTRIBUTED, window_number
from linktrack.db import from_ms
from linktrack.errors import Invalid
from linktrack.reports import queries
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.lifts import Pair, lift
from linktrack.reports.figures.statistics.rates import ratio_of_sums
from linktrack.reports.people.segment_queries import (
    PostSegments,
    newest_count,
    posts_by_segment,
    recognised_since,
)
from linktrack.settings import Settings
from linktrack.shapes import Json

FRESH: Final = timedelta(days=45)
"""Browsers drop the cookie of a hello after so long without a press (Chrome: 45 days)."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """People of one segment who said hello, and their clicks on posts without a version for it.

    Between `at_least` (recognised within 45 days) and `at_most` (said so, and have not taken it
    back) can be recognised. `low` and `high` are the ends of the rates by both numbers.
    """

    at_least: int
    at_most: int
    posts: int
    unique_clicks: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SegmentFigures:
    """One segment over the posts of the range.

    `cpf` is over the posts with a version for it: `addressed` is summed over those. `lift` is how
    many times as often they click as all people who clicked, per follower, on the same posts.
    """

    segment: Segment
    unjudged: int | None
    addressed: int | None
    versions: int
    unique_clicks: int
    cpf: Rate
    share: Rate
    lift: Rate
    recognised: Recognised | None


@dataclass(frozen=True, slots=True)
class Living:
    """The rate if those who look empty never click: an assumption, and said to be one."""

    assumed_empty: int | None
    followers: int | None
    cpf: Rate


@dataclass(frozen=True, slots=True)
class SegmentsReport:
    """An account's segments; `unattributed` people clicked of whom no segment is known."""

    account: Account
    window: str
    posts: int
    unique_clicks: int
    unattributed: int
    unattributed_share: Rate
    cpf: Rate
    count: int | None
    roster: Roster | None
    lines: list[SegmentFigures]
    living: Living

    @property
    def unknown_people(self) -> int | None:
        """How many followers are on no list: the count is higher than the list is long."""
        if self.count is None or self.roster is None:
            return None
        return max(0, self.count - self.roster.size)


def segments_report(
    session: Session,
    account: Account,
    *,
    window: str,
    settings: Settings,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> SegmentsReport:
    """Return the segments of an account over the posts posted in [since, until).

    Unattributed clicks are never spread over segments. Raises `Invalid`.
    """
    number = window_number(window)
    if since is not None and until is not None and until <= since:
        raise Invalid("The range is empty: its end must be later than its beginning.")
    history = queries.count_histories(session, [account.id])[account.id]
    chosen = queries.chosen_posts([account.id], since, until)
    posts = posts_by_segment(session, chosen, number, history)
    segments = list_segments(session, account)
    standing = sizes_at(session, account.id)
    said = hellos(session, account)
    seen = recognised_since(
        session,
        sorted(said),
        now - FRESH,
        lambda at: period_start(
            from_ms(at).astimezone(settings.timezone).date(), settings.visitor_period
        ),
    )
    recent = [post for post in posts if post.posted_at >= now - FRESH]
    lines = [
        figures(segment, posts, standing, recognised(segment, recent, said, seen))
        for segment in segments
    ]
    count = newest_count(session, account.id)
    with_count = [(post.total, post.followers) for post in posts if post.followers]
    unattributed = sum(post.unique.get(UNATTRIBUTED, 0) for post in posts)
    return SegmentsReport(
        account,
        window,
        len(posts),
        sum(post.total for post in posts),
        unattributed,
        share(posts, UNATTRIBUTED),
        _rate(with_count),
        None if count is None else count[1],
        newest_roster(session, account),
        lines,
        _living(segments, with_count, None if count is None else count[1]),
    )


def figures(
    segment: Segment,
    posts: Sequence[PostSegments],
    standing: Sizes | None,
    recognised: Recognised | None,
) -> SegmentFigures:
    """Return what is known of one segment over these posts."""
    reached = [post for post in posts if segment.id in post.addressed]
    pairs = [(post.unique.get(segment.id, 0), post.addressed[segment.id]) for post in reached]
    compared = [
        Pair(*pair, post.total, post.followers)
        for pair, post in zip(pairs, reached, strict=True)
        if post.followers
    ]
    found = lift(compared)
    return SegmentFigures(
        segment=segment,
        unjudged=None if standing is None else standing.unjudged.get(segment.id),
        addressed=sum(people for _, people in pairs) if pairs else None,
        versions=len(pairs),
        unique_clicks=sum(post.unique.get(segment.id, 0) for post in posts),
        cpf=_rate(pairs),
        share=share(posts, segment.id),
        lift=Rate() if found is None else Rate(*found),
        recognised=recognised,
    )


def recognised(
    segment: Segment,
    recent: Sequence[PostSegments],
    said: Mapping[int, Hellos],
    seen: Mapping[int, int],
) -> Recognised | None:
    """Return what those who said hello did on recent posts; None where nobody has."""
    at_least, at_most = seen.get(segment.id, 0), said.get(segment.id, Hellos()).standing
    if not at_least and not at_most:
        return None
    at_most = max(at_least, at_most)
    open_posts = [post for post in recent if segment.id not in post.addressed]
    unique = [post.unique.get(segment.id, 0) for post in open_posts]
    few = ratio_of_sums([(clicks, at_least) for clicks in unique]) if at_least else None
    many = ratio_of_sums([(clicks, at_most) for clicks in unique])
    return Recognised(
        at_least,
        at_most,
        len(open_posts),
        sum(unique),
        None if many is None or many.interval is None else many.interval.low,
        None if few is None or few.interval is None else few.interval.high,
    )


def _living(
    segments: Sequence[Segment], with_count: Sequence[tuple[int, int]], count: int | None
) -> Living:
    sizes = [segment.size for segment in segments if _looks_empty(segment)]
    known = [size for size in sizes if size is not None]
    if not known:
        return Living(None, None, Rate())
    empty = sum(known)
    pairs = [(clicks, followers - empty) for clicks, followers in with_count if followers > empty]
    followers = count - empty if count is not None and count > empty else None
    return Living(empty, followers, _rate(pairs))


def _looks_empty(segment: Segment) -> bool:
    rules = parse_rules((segment.rules or "").splitlines())
    return segment.name.casefold() == "looks empty" or any(
        rule.field == "empty_signs" for rule in rules
    )


def share(posts: Sequence[PostSegments], segment_id: int) -> Rate:
    """Return a segment's part of all people who clicked, or that of whom we can't tell."""
    return _rate([(post.unique.get(segment_id, 0), post.total) for post in posts])


def _rate(pairs: Sequence[tuple[int, int]]) -> Rate:
    ratio = ratio_of_sums(pairs) if pairs else None
    return Rate() if ratio is None else Rate(ratio.value, ratio.interval)


# JSON ----------------------------------------------------------------------------------------


def segments_json(report: SegmentsReport) -> dict[str, Json]:
    """Return the report as every door gives it; `cpf`, `share` and `lift` with their ends."""
    roster = report.roster
    return {
        "account": {
            "network": report.account.network,
            "handle": report.account.handle,
            "role": report.account.role,
        },
        "window": report.window,
        "unattributed": {
            "unique_clicks": report.unattributed,
            **_with_ends("share", report.unattributed_share),
        },
        "count": report.count,
        "roster": None if roster is None else roster.size,
        "roster_at": None if roster is None else utc(roster.taken_at),
        "unknown_people": report.unknown_people,
        "segments": [_line_json(line) for line in report.lines],
        "living": {
            "assumed_empty": report.living.assumed_empty,
            "followers": report.living.followers,
            **_with_ends("cpf", report.living.cpf),
        },
    }


def _line_json(line: SegmentFigures) -> dict[str, Json]:
    hello = line.recognised
    return {
        "segment": line.segment.name,
        "size": line.segment.size,
        "unjudged": line.unjudged,
        "addressed": line.addressed,
        "unique_clicks": line.unique_clicks,
        **_with_ends("cpf", line.cpf),
        **_with_ends("share", line.share),
        **_with_ends("lift", line.lift),
        "recognised": None
        if hello is None
        else {
            "at_least": hello.at_least,
            "at_most": hello.at_most,
            "posts": hello.posts,
            "unique_clicks": hello.unique_clicks,
            "cpf_low": None if hello.low is None else round(hello.low, 6),
            "cpf_high": None if hello.high is None else round(hello.high, 6),
        },
    }


def _with_ends(name: str, rate: Rate) -> dict[str, Json]:
    ends = rate.interval
    return {
        name: None if rate.value is None else round(rate.value, 6),
        f"{name}_low": None if ends is None else round(ends.low, 6),
        f"{name}_high": None if ends is None else round(ends.high, 6),
    }
