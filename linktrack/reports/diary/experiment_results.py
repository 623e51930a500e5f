"""The results of an experiment: both sides, the verdict, and both in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from linktrack.reports.diary.models import Experiment
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS, Interval
from linktrack.reports.figures.words import counted, per_thousand

Verdict: TypeAlias = Literal["more", "fewer", "not_yet", "none_found", "too_few_posts"]

MORE: Final = "more"
FEWER: Final = "fewer"
NOT_YET: Final = "not_yet"
NONE_FOUND: Final = "none_found"
TOO_FEW_POSTS: Final = "too_few_posts"


@dataclass(frozen=True, slots=True)
class Arm:
    """One side: its complete posts, and those still counting, without a count, or unmeasured."""

    label: str
    posts: int
    posts_counting: int
    posts_without_count: int
    posts_unmeasured: int
    unique_clicks: int
    followers: int
    cpf: Rate

    @property
    def where(self) -> str:
        """The side's posts in words: "after the change", "on @JessesLinks"."""
        is_time = self.label in ("before", "after")
        return f"{self.label} the change" if is_time else f"on {self.label}"


@dataclass(frozen=True, slots=True)
class Week:
    """The posts of one side in one week; the first after the beginning is 1, that before it -1."""

    label: str
    number: int
    posts: int
    unique_clicks: int
    cpf: Rate

    @property
    def name(self) -> str:
        """The week in words: week 1, 2 weeks before."""
        if self.number > 0:
            return f"week {self.number}"
        return f"{counted(-self.number, 'week')} before"


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """Both sides of an experiment, what the looks found, and when the next is.

    `verdict` is one of the words above; `decided_at` is the look that found a difference.
    `difference` is in clicks per follower, after minus before; `ratio` after over before.
    `weeks` has both sides week by week; `besides` says what else happened then.
    """

    experiment: Experiment
    before: Arm
    after: Arm
    difference: float | None
    difference_interval: Interval | None
    ratio: float | None
    ratio_interval: Interval | None
    p: float | None
    verdict: Verdict
    decided_at: datetime | None
    next_look: datetime | None
    last_look: datetime
    days_needed: int | None
    weeks: list[Week]
    besides: list[str]

    @property
    def sentence(self) -> str:
        """What is known, in words."""
        before, after = self.before, self.after
        if self.verdict in (MORE, FEWER):
            return (
                f"Clearly {self.verdict}: posts {after.where} get {self.verdict} clicks per 1,000 "
                f"followers than posts {before.where}; as of now {per_thousand(after.cpf)}, and "
                f"{per_thousand(before.cpf)}."
            )
        if self.verdict == NONE_FOUND:
            within = self.ratio_interval
            if within is None:
                return "No difference was found."
            between = (
                f"posts {after.where} get something between {within.low:.2g} and "
                f"{within.high:.2g} times the clicks per follower of posts {before.where}"
            )
            if within.low <= 1 <= within.high:
                return f"No difference was found: {between}."
            return (
                f"No clear difference was found: it looks as if {between}, but so few posts, or "
                "posts that differ so much, often do by chance."
            )
        if self.verdict == TOO_FEW_POSTS:
            return (
                f"There were too few posts to tell: at least {FEWEST_POSTS} on each side are "
                f"needed, and {before.posts:,} {before.where} and {after.posts:,} {after.where} "
                "could be used."
            )
        if self.days_needed is not None:
            return f"Can't tell yet: about {counted(self.days_needed, 'more day')}."
        for arm in (before, after):
            if arm.posts < FEWEST_POSTS:
                return (
                    f"Can't tell yet: {counted(arm.posts, 'post')} {arm.where} "
                    f"{'is' if arm.posts == 1 else 'are'} complete, and at least "
                    f"{FEWEST_POSTS} are needed."
                )
        return "Can't tell yet, and at this pace probably not by the last check either."

    @property
    def on_looking(self) -> str:
        """What looking often does to the verdict: nothing, as long as only looks decide."""
        last = f"{self.last_look:%Y-%m-%d}"
        if self.decided_at is not None:
            return (
                f"Found at the check on {self.decided_at:%Y-%m-%d}; later checks don't change it."
            )
        if self.next_look is None:
            return f"Checked weekly on fixed dates. Last check: {last}."
        return (
            "Checked weekly on fixed dates, so peeking can't change the result. Next check: "
            f"{self.next_look:%Y-%m-%d}; last check: {last}."
        )
