"""What an event cost beside followers: what posts got after it, against those before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import fmean
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from linktrack.reports.figures.rate import rounded
from linktrack.reports.figures.statistics.before_after import BeforeAfter, Verdict, before_after
from linktrack.reports.figures.statistics.experiments import Pair
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS, Interval
from linktrack.reports.figures.words import counted
from linktrack.reports.people.jumps import Jump

WINDOW: Final = "7d"
"""How long each post is counted."""

AROUND: Final = timedelta(days=90)
"""Posts of this long before and after an event are compared, unless another jump is nearer."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What posts get, in words: by `people`, or so many `things`; what a person `did`."""

    people: bool
    things: str
    did: str
    do: str


CLICKS: Final = Measure(people=True, things="unique clicks", did="clicked", do="click")
ENGAGEMENT: Final = Measure(
    people=False, things="likes, reposts, replies and quotes", did="reacted", do="react"
)


@dataclass(frozen=True, slots=True)
class Spans:
    """The moments between which posts were published: before the event, and after it."""

    before: tuple[datetime, datetime]
    after: tuple[datetime, datetime]

    @classmethod
    def of(cls, at: datetime, jumps: Sequence[Jump], timezone: ZoneInfo) -> "Spans":
        """Return those of an event: around the whole jump that it is a day of, if it is one.

        Posts whose window had not ended when it began count on neither side.
        """

        def begins(jump: Jump) -> datetime:
            return datetime.combine(jump.since + timedelta(days=1), time.min, timezone)

        def ends(jump: Jump) -> datetime:
            return datetime.combine(jump.until + timedelta(days=1), time.min, timezone)

        own = next((jump for jump in jumps if begins(jump) <= at < ends(jump)), None)
        start, end = (at, at) if own is None else (begins(own), ends(own))
        earlier = [ends(jump) for jump in jumps if ends(jump) <= start]
        later = [begins(jump) for jump in jumps if begins(jump) >= end]
        return cls(
            (max([start - AROUND, *earlier]), start - timedelta(days=7)),
            (end, min([end + AROUND, *later])),
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What posts got before an event and after it; None in `found` where a side has no post."""

    measure: Measure
    before: Sequence[Pair]
    after: Sequence[Pair]
    found: BeforeAfter | None

    @classmethod
    def of(cls, measure: Measure, before: Sequence[Pair], after: Sequence[Pair]) -> "Cost":
        """Compare posts of (what they got, followers), all of them with followers."""
        found = before_after(before, after) if before and after else None
        return cls(measure, before, after, found)

    @property
    def means(self) -> tuple[float | None, float | None]:
        """What a post got on average, before and after; None where there is none."""
        before, after = (
            fmean(k for k, _ in side) if side else None for side in (self.before, self.after)
        )
        return before, after

    @property
    def sentence(self) -> str:
        """As in "A post was clicked by 35 people on average before, by 26 after: 27% fewer …"."""
        sides = f"{len(self.before):,} before and {len(self.after):,} after"
        if min(len(self.before), len(self.after)) < FEWEST_POSTS or self.found is None:
            return (
                f"Too few posts to say what it cost in {self.measure.things}: {FEWEST_POSTS} on "
                f"each side are needed, and there are {sides}."
            )
        means = [mean for mean in self.means if mean is not None]
        first, second = (self._number(mean) for mean in means)
        if self.measure.people:
            someone = "" if first == "nobody" else " person" if first == "1" else " people"
            told = (
                f"A post was clicked by {first}{someone} on average before it and by {second} after"
            )
        else:
            told = (
                f"A post got {first} {self.measure.things} on average before it and {second} after"
            )
        told += f" ({counted(len(self.before), 'post')} and {len(self.after):,})"
        if self.found.change is None or self.found.interval is None:
            return f"{told}: we can't tell what changed."
        followers = ""
        if self.found.verdict is not None:
            followers = f", with {_fewer(self.found.followers)} followers"
        return (
            f"{told}: {_fewer(self.found.change)} ({_range(self.found.interval)}){followers}. "
            f"{self._verdict(self.found)}"
        ).rstrip()

    def _number(self, mean: float) -> str:
        if not mean and self.measure.people:
            return "nobody"
        return f"{mean:,.0f}" if mean >= 10 or mean == round(mean) else f"{mean:.2g}"

    def _verdict(self, found: BeforeAfter) -> str:
        who = "left" if found.followers < 0 else "came"
        did = self.measure.did if who == "left" else self.measure.do
        if found.verdict == "like the others":
            return f"As far as these posts tell, those who {who} {did} like the others."
        if found.verdict == "can't tell":
            return f"We can't tell whether those who {who} {did} like the others."
        if found.verdict is not None:
            return f"Those who {who} {did} {found.verdict} than the others."
        return ""


def _fewer(change: float) -> str:
    """As in "27% fewer", "12% more"; "as many" where it rounds to none."""
    if not round(abs(change) * 100):
        return "as many"
    return f"{_whole(change)} {'fewer' if change < 0 else 'more'}"


def _whole(change: float) -> str:
    return f"{abs(change) * 100:,.0f}%"


def _range(interval: Interval) -> str:
    """As in "13% to 40%", the smaller first, or "5% more to 20% fewer" where it has both."""
    low, high = _fewer(interval.low), _fewer(interval.high)
    if interval.high < 0:
        return f"{_whole(interval.high)} to {_whole(interval.low)}"
    if interval.low > 0:
        return f"{_whole(interval.low)} to {_whole(interval.high)}"
    return f"{low} to {high}"


class CostJson(TypedDict):
    """What posts got before an event and after it; `change` -0.27 is 27% less.

    Of posts up to 90 days before and after. `followers_change` is that of the mean number of
    followers when they were posted.
    """

    window: str
    posts_before: int
    posts_after: int
    mean_before: float | None
    mean_after: float | None
    change: float | None
    change_low: float | None
    change_high: float | None
    followers_change: float | None
    verdict: Verdict | None
    sentence: str


def cost_json(cost: Cost) -> CostJson:
    """Return what an event cost as every door gives it."""
    before, after = cost.means
    found = cost.found
    interval = None if found is None else found.interval
    return {
        "window": WINDOW,
        "posts_before": len(cost.before),
        "posts_after": len(cost.after),
        "mean_before": rounded(before, 4),
        "mean_after": rounded(after, 4),
        "change": None if found is None else rounded(found.change),
        "change_low": None if interval is None else rounded(interval.low),
        "change_high": None if interval is None else rounded(interval.high),
        "followers_change": None if found is None else rounded(found.followers),
        "verdict": None if found is None else found.verdict,
        "sentence": cost.sentence,
    }
