"""The report of segments: who clicked, as far as it is known, and first for how many it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import count_histories, latest_count
from linktrack.audience.hello import Hellos, hellos
from linktrack.audience.models import Account, Roster, Segment
from linktrack.audience.properties import LOOKS_EMPTY, Properties, looks_empty
from linktrack.audience.segments import list_segments
from linktrack.audience.sorting import Sizes, newest_roster, properties_of, sizes_at
from linktrack.calendar.periods import period_start
from linktrack.calendar.ranges import check_range
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import UNATTRIBUTED, window_number
from linktrack.db import from_ms
from linktrack.ids import SegmentId
from linktrack.reports import queries
from linktrack.reports.counting import (
    Counting,
    StillCounting,
    StillCountingJson,
    still_counting_json,
)
from linktrack.reports.figures.rate import Rate, RateJson, rate_json, rounded, share_json
from linktrack.reports.figures.statistics.lifts import Pair, lift
from linktrack.reports.figures.statistics.rates import ratio_of_sums
from linktrack.reports.people.properties import PropertyJson, properties_json
from linktrack.reports.people.segment_queries import (
    PostSegments,
    posts_by_segment,
    recognised_since,
)
from linktrack.reports.people.ways import Ways, WaysJson, ways_json, ways_of
from linktrack.settings import Settings

FRESH: Final = timedelta(days=45)
"""Browsers drop the cookie of a hello after so long without a press (Chrome: 45 days)."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """People of one segment who said hello, and their clicks on posts without a version for it.

    Between `at_least` (recognised within 45 days) and `at_most` (said so, and have not taken it
    back) can be recognised; `by_network` of those at most signed in with their network. `low` and
    `high` are the ends of the rates by both numbers.
    """

    at_least: int
    at_most: int
    by_network: int
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
    """An account's segments; `unattributed` are the unique clicks whose segment isn't known.

    Everything is of complete posts; those that are still counting or unmeasured stand apart. Only
    `ways` are of all clicks, by month.
    """

    account: Account
    window: str
    posts: int
    posts_unmeasured: int
    still_counting: StillCounting
    unique_clicks: int
    unattributed: int
    unattributed_share: Rate
    cpf: Rate
    count: int | None
    roster: Roster | None
    lines: list[SegmentFigures]
    living: Living
    properties: Properties | None
    ways: Ways

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
    with_ways: bool = True,
) -> SegmentsReport:
    """Return the segments of an account over the posts posted in [since, until).

    Unattributed clicks are never spread over segments. Without `with_ways` it has no months:
    where clicks are narrowed, ways are not. Raises `Invalid`.
    """
    number = window_number(window)
    check_range(since, until)
    history = count_histories(session, [account.id])[account.id]
    chosen = queries.chosen_posts([account.id], since, until)
    found = Counting(window, now).split(posts_by_segment(session, chosen, number, history))
    posts = found.pooled
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
    newest = latest_count(session, account.id)
    count = None if newest is None else newest.count
    with_count = [(post.unique_clicks, post.followers) for post in posts if post.followers]
    properties = properties_of(session, account, now)
    unattributed = sum(post.unique.get(UNATTRIBUTED, 0) for post in posts)
    return SegmentsReport(
        account=account,
        window=window,
        posts=len(posts),
        posts_unmeasured=len(found.unmeasured),
        still_counting=StillCounting.of(found.counting),
        unique_clicks=sum(post.unique_clicks for post in posts),
        unattributed=unattributed,
        unattributed_share=share(posts, UNATTRIBUTED),
        cpf=Rate.over(with_count),
        count=count,
        roster=newest_roster(session, account),
        lines=lines,
        living=_living(_assumed_empty(segments, properties), with_count, count),
        properties=properties,
        ways=ways_of(session, account, said.values(), settings, now, since=since, until=until)
        if with_ways
        else Ways([], 0, 0),
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
        Pair(*pair, post.unique_clicks, post.followers)
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
        cpf=Rate.over(pairs),
        share=share(posts, segment.id),
        lift=Rate() if found is None else Rate(*found),
        recognised=recognised,
    )


def recognised(
    segment: Segment,
    recent: Sequence[PostSegments],
    said: Mapping[SegmentId, Hellos],
    seen: Mapping[int, int],
) -> Recognised | None:
    """Return what those who said hello did on recent posts; None where nobody has."""
    hello = said.get(segment.id, Hellos())
    at_least, at_most = seen.get(segment.id, 0), hello.most_now
    if not at_least and not at_most:
        return None
    at_most = max(at_least, at_most)
    open_posts = [post for post in recent if segment.id not in post.addressed]
    unique = [post.unique.get(segment.id, 0) for post in open_posts]
    few = ratio_of_sums([(clicks, at_least) for clicks in unique]) if at_least else None
    many = ratio_of_sums([(clicks, at_most) for clicks in unique])
    return Recognised(
        at_least=at_least,
        at_most=at_most,
        by_network=hello.most_by_network,
        posts=len(open_posts),
        unique_clicks=sum(unique),
        low=None if many is None or many.interval is None else many.interval.low,
        high=None if few is None or few.interval is None else few.interval.high,
    )


def _assumed_empty(segments: Sequence[Segment], properties: Properties | None) -> int | None:
    """Return how many followers look empty; None where that is not known.

    As the owner has counted them, else all of the follower list, in whichever segment they are.
    """
    empty = [segment for segment in segments if looks_empty(segment)]
    by_hand = [each.size for each in empty if each.kind == "size" and each.size is not None]
    if by_hand:
        return sum(by_hand)
    if properties is None or not properties.is_known(LOOKS_EMPTY):
        return None
    people = properties.people(LOOKS_EMPTY)
    return people if people or empty else None


def _living(empty: int | None, with_count: Sequence[tuple[int, int]], count: int | None) -> Living:
    if empty is None:
        return Living(None, None, Rate())
    pairs = [(clicks, followers - empty) for clicks, followers in with_count if followers > empty]
    followers = count - empty if count is not None and count > empty else None
    return Living(empty, followers, Rate.over(pairs))


def share(posts: Sequence[PostSegments], segment_id: int) -> Rate:
    """Return a segment's share of all unique clicks, or that of those we can't tell."""
    return Rate.over([(post.unique.get(segment_id, 0), post.unique_clicks) for post in posts])


class UnattributedJson(TypedDict):
    """Unique clicks that can't be assigned to a segment, and their share of all."""

    unique_clicks: int
    share: float | None
    share_low: float | None
    share_high: float | None


class RecognisedJson(TypedDict):
    """A segment's clicks on public links, as far as its members have opted in on the hello page."""

    at_least: int
    at_most: int
    by_network: int
    posts: int
    unique_clicks: int
    cpf_low: float | None
    cpf_high: float | None


def _recognised_json(hello: Recognised) -> RecognisedJson:
    return {
        "at_least": hello.at_least,
        "at_most": hello.at_most,
        "by_network": hello.by_network,
        "posts": hello.posts,
        "unique_clicks": hello.unique_clicks,
        "cpf_low": rounded(hello.low),
        "cpf_high": rounded(hello.high),
    }


class SegmentFiguresJson(RateJson):
    """One segment; `lift` is its rate divided by the account's."""

    segment: str
    size: int | None
    unjudged: int | None
    addressed: int | None
    unique_clicks: int
    share: float | None
    share_low: float | None
    share_high: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    recognised: RecognisedJson | None


def _line_json(line: SegmentFigures) -> SegmentFiguresJson:
    lift = line.lift.written
    return {
        "segment": line.segment.name,
        "size": line.segment.size,
        "unjudged": line.unjudged,
        "addressed": line.addressed,
        "unique_clicks": line.unique_clicks,
        **rate_json(line.cpf),
        **share_json(line.share),
        "lift": lift.value,
        "lift_low": lift.low,
        "lift_high": lift.high,
        "recognised": None if line.recognised is None else _recognised_json(line.recognised),
    }


class LivingJson(RateJson):
    """Clicks per follower, without followers that look like empty accounts."""

    assumed_empty: int | None
    followers: int | None


class SegmentsReportJson(TypedDict):
    """Who clicked on complete posts, as far as it is known, by segment."""

    account: AccountNameJson
    window: str
    unattributed: UnattributedJson
    count: int | None
    roster: int | None
    roster_at: str | None
    unknown_people: int | None
    segments: list[SegmentFiguresJson]
    living: LivingJson
    posts: int
    posts_unmeasured: int
    still_counting: StillCountingJson
    properties: list[PropertyJson]
    properties_at: str | None
    ways: WaysJson


def segments_json(report: SegmentsReport) -> SegmentsReportJson:
    """Return the report as every door gives it; `cpf`, `share` and `lift` with their ends."""
    roster = report.roster
    return {
        "account": account_json(report.account),
        "window": report.window,
        "unattributed": {
            "unique_clicks": report.unattributed,
            **share_json(report.unattributed_share),
        },
        "count": report.count,
        "roster": None if roster is None else roster.size,
        "roster_at": None if roster is None else utc(roster.taken_at),
        "unknown_people": report.unknown_people,
        "segments": [_line_json(line) for line in report.lines],
        "living": {
            "assumed_empty": report.living.assumed_empty,
            "followers": report.living.followers,
            **rate_json(report.living.cpf),
        },
        "posts": report.posts,
        "posts_unmeasured": report.posts_unmeasured,
        "still_counting": still_counting_json(report.still_counting),
        "properties": properties_json(report.properties),
        "properties_at": None if report.properties is None else utc(report.properties.counted_at),
        "ways": ways_json(report.ways),
    }
