"""Sentences claim no more than their figures: words of certainty, of units and of proportion."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.ids import PostId
from linktrack.links.models import Person
from linktrack.reports.comparison import differences, figures_of
from linktrack.reports.counting import StillCounting
from linktrack.reports.cpf import CpfTotal
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.comparisons import ratio_of_ratios
from linktrack.reports.figures.statistics.leaving import daily_rate, excess_of
from linktrack.reports.figures.statistics.rates import ratio_of_sums
from linktrack.reports.figures.words import one_in
from linktrack.reports.links.kinds import (
    LinksLine,
    OwnLinksReport,
    PeopleReport,
    thanks,
)
from linktrack.reports.people.audience import AudienceReport, Halves, judged
from linktrack.reports.people.followers import Event
from linktrack.reports.people.growth import GrowthReport, growth_of
from linktrack.reports.people.visit_queries import Visits
from linktrack.reports.rated import RatedPost
from linktrack.reports.sentences import event_in_words, post_in_words
from linktrack.reports.timing.heat import HeatReport
from linktrack.reports.timing.hours import FEWEST_POSTS, HoursReport, slots_of

NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
YOU: Final = Account(id=1, network="x", handle="@you")
ME: Final = Account(id=2, network="x", handle="@me")
MANY: Final = st.integers(0, 200)
POSTS: Final = st.lists(MANY, min_size=1, max_size=12)
RATIO_WORDS: Final = re.compile(r"\b(twice|double|half as|times as many|most)\b", re.IGNORECASE)


def numbers(sentence: str, before: str) -> list[float]:
    """Return the numbers right before some words."""
    return [float(n.replace(",", "")) for n in re.findall(rf"([\d,.]+) {before}", sentence)]


def rated(people: Sequence[int], account: Account) -> list[RatedPost]:
    return [
        RatedPost(PostId(i), account.id, NOON + timedelta(days=i), k, 1_000, "complete")
        for i, k in enumerate(people)
    ]


@given(POSTS, POSTS)
def test_accounts_differ_clearly_only_where_the_interval_leaves_equality_out(
    first: list[int], second: list[int]
) -> None:
    """And the one that is said to have more has more."""
    sides = [figures_of(who, rated(k, who), Rate()) for who, k in ((YOU, first), (ME, second))]
    for found in differences([(sides[0], sides[1])]):
        excludes = not found.interval.low <= 0 <= found.interval.high
        assert excludes or not found.is_sure
        told = found.sentence
        assert ("can't tell" in told) == (not found.is_sure)
        if found.is_sure:
            more = found.first if found.value > 0 else found.second
            less = found.second if found.value > 0 else found.first
            assert told.index(more.handle) < told.index(less.handle)
        assert not RATIO_WORDS.search(told)


def own_links(own: Sequence[int], others: Sequence[int]) -> OwnLinksReport:
    lines = []
    for people in (own, others):
        pairs = [(k, 1_000) for k in people]
        lines.append(
            LinksLine(
                links=len(pairs),
                posts=len(pairs),
                posts_without_count=0,
                posts_unmeasured=0,
                clicks=sum(people),
                unique_clicks=sum(people),
                ratio=ratio_of_sums(pairs),
                first_at=NOON,
                best=None,
                pairs=pairs,
            )
        )
    mine, theirs = lines
    within = ratio_of_ratios(theirs.ratio, mine.ratio) if theirs.ratio and mine.ratio else None
    return OwnLinksReport(YOU, ["example.org"], mine, theirs, None, within)


@given(POSTS, POSTS)
def test_own_sites_get_clearly_more_only_where_the_range_is_above_one(
    own: list[int], others: list[int]
) -> None:
    """And clearly fewer only below it."""
    report = own_links(own, others)
    within, told = report.ratio_interval, report.sentence
    if "clearly get more" in told:
        assert within is not None and within.low > 1
    elif "clearly get fewer" in told:
        assert within is not None and within.high < 1
    else:
        assert "clearly get" not in told


@given(
    st.lists(st.tuples(st.integers(1_000, 4_000), st.integers(0, 60)), min_size=10, max_size=40),
)
def test_growth_is_told_of_no_larger_step_than_was_seen(posts: list[tuple[int, int]]) -> None:
    """Twice the followers only where the counts doubled; "clearly" only where 1 is left out."""
    report = GrowthReport(YOU, "7d", growth_of(posts))
    slope, told = report.growth.slope, report.sentence
    assume(slope is not None and report.growth.followers is not None)
    assert slope is not None
    assert report.growth.followers is not None
    fewest, most = report.growth.followers
    assert ("Twice" in told) == (most >= 2 * fewest)
    assert most >= 1.1 * fewest  # the smaller step was seen, too
    assert ("clearly change less" in told) == (slope.interval.high < 1)
    assert ("clearly change more" in told) == (slope.interval.low > 1)
    assert "times as many" not in told


@given(st.lists(st.tuples(MANY, st.integers(1, 30_000)), max_size=8), st.data())
def test_no_sentence_says_that_so_many_of_the_followers_clicked(
    posts: list[tuple[int, int]], data: st.DataObject
) -> None:
    """People of one post, or of the average one; and nothing is reached."""
    ratio = ratio_of_sums(posts)
    unique = sum(k for k, _ in posts)
    total = CpfTotal(
        posts=len(posts),
        posts_without_count=0,
        posts_unmeasured=0,
        still_counting=StillCounting(),
        clicks=unique,
        unique_clicks=unique,
        without_visitor=0,
        followers=sum(n for _, n in posts),
        cpf=Rate() if ratio is None else Rate(ratio.value, ratio.interval),
        unattributed=data.draw(st.integers(0, unique)),
        median_cpf=Rate(),
    )
    told = post_in_words(total, "7d")
    assert not re.search(r"\d of [\d,]+ followers", told)
    assert "reach" not in told
    for people in numbers(told, "people click"):
        assert people <= max(k for k, _ in posts) + 1
    if len(posts) > 1 and unique:
        assert told.startswith("On average, ")


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 400)), min_size=4, max_size=9
    ),
    st.one_of(st.none(), st.integers(1, 50_000)),
)
def test_different_people_are_told_with_their_range_and_the_second_count_is_explained(
    visits: list[tuple[int, int, int]], followers: int | None
) -> None:
    """The sentence has one estimate; where the count by halves is lower, its reason is folded."""
    nobody = Halves(0, 0, 0, None)
    report = AudienceReport(
        account=YOU,
        period="month",
        first=date(2026, 5, 1),
        end=date(2026, 6, 1),
        is_running=False,
        links=0,
        seen=0,
        people=None,
        halves=nobody,
        members=nobody,
        followers=followers,
        followers_at=None,
        refused=None,
    )
    found = judged(report, [Visits(*each) for each in visits if each[0] + each[1]], 30)
    assume(found.people is not None)
    assert found.people is not None
    told, again = found.sentence, found.halves.people
    (people,) = numbers(told, "different people clicked")
    assert people == pytest.approx(found.people.estimate, rel=0.06, abs=0.5)
    assert "likely" in told
    lower = again is not None and again.interval.high < found.people.interval.low
    assert ("That is lower" in found.on_halves) == lower
    assert not re.search(r"of its [\d,]* ?followers clicked", told)


@given(st.integers(0, 3_000), st.lists(MANY, max_size=8))
def test_an_event_cost_somebody_only_where_the_range_says_so(left: int, before: list[int]) -> None:
    """Where the usual explains it, or where the usual isn't known, no cost is claimed."""
    rate = daily_rate([(lost, 23_000, 1.0) for lost in before])
    excess = excess_of(left, 23_000, rate, 30)
    told = event_in_words(Event(NOON, 23_000, (None, None, left), excess, by_counts=False))
    assert excess.interval is not None
    claims = "so the event cost" in told
    assert claims == (excess.usual is not None and excess.interval.low > 0)
    assert ("isn't known" in told or "is unknown" in told) == (excess.usual is None)


@given(st.lists(st.lists(MANY, min_size=24, max_size=24), min_size=7, max_size=7))
def test_the_busiest_hour_is_a_maximum_with_its_share(clicks: list[list[int]]) -> None:
    """Not most of the clicks."""
    days = DayRange(date(2026, 5, 4), date(2026, 5, 10), ZoneInfo("UTC"))
    report = HeatReport(YOU, days, clicks, 0)
    told = report.sentence
    assert not RATIO_WORDS.search(told)
    if report.total:
        most = max(map(max, clicks))
        noun = "click" if most == 1 else "clicks"
        assert re.search(rf", {most:,} {noun} \(\S+% of {report.total:,}\)\.$", told), told


@given(st.lists(st.lists(st.integers(0, 90), max_size=12), min_size=7, max_size=7))
def test_a_weekday_does_better_only_where_its_range_is_above_the_average(
    groups: list[list[int]],
) -> None:
    """It is never said to be the best: the next one may be as good."""
    pairs = [[(k, 1_000) for k in group] for group in groups]
    everything = [pair for group in pairs for pair in group]
    assume(len(everything) >= FEWEST_POSTS and any(k for k, _ in everything))
    weekdays = slots_of([f"day{i}" for i in range(7)], pairs)
    report = HoursReport(
        account=YOU,
        window="7d",
        timezone="UTC",
        posts=len(everything),
        cpf=Rate.over(everything),
        weekdays=weekdays,
        hours=weekdays,
        refused=None,
    )
    assert "best" not in report.sentence
    assert ("clearly do better" in report.sentence) == (weekdays.best is not None)
    if weekdays.best is not None:
        assert weekdays.best.cpf.interval is not None
        assert report.cpf.value is not None
        assert weekdays.best.cpf.interval.low > report.cpf.value * (1 - 1e-9)


@pytest.mark.parametrize(("links", "unit"), [(1, "35 people clicked"), (3, "35 unique clicks")])
def test_people_are_said_of_one_link_alone(links: int, unit: str) -> None:
    """Over several links the same person counts for each."""
    line = LinksLine(
        links=links,
        posts=2,
        posts_without_count=0,
        posts_unmeasured=0,
        clicks=40,
        unique_clicks=35,
        ratio=None,
        first_at=NOON,
        best=None,
    )
    assert thanks(PeopleReport([(Person(name="Jo"), line)])).startswith(unit)


@given(st.floats(1e-7, 1))
def test_one_in_has_no_digits_that_nobody_needs(fraction: float) -> None:
    """1 in 7, not 1 in 7.4; decimals below five alone, where they matter."""
    told = one_in(fraction)
    assert ("." in told) <= (float(told.replace(",", "")) < 5.05)
    assert float(told.replace(",", "")) == pytest.approx(1 / fraction, rel=0.1)


def test_an_event_known_from_counts_is_told_as_a_net_loss() -> None:
    """New followers hide as many who left, so nobody is said to have left."""
    event = Event(NOON, 1_000, (None, 300, 200), excess_of(200, 1_000, None, 0), by_counts=True)
    assert event_in_words(event) == (
        "4 May 2026: 1,000 followers before, then 300 fewer within 7 days, 200 fewer within 30 "
        "days. In the end 20.0% (17.6 to 22.6) are gone, net of new followers; how many "
        "leave anyway is unknown."
    )
