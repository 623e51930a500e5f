"""Which posts a figure is of: complete, still counting, or unmeasured. Every report asks here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Generic, Literal, Protocol, TypeAlias, TypedDict, TypeVar

from sqlalchemy import ColumnElement, and_, or_

from linktrack.clicks.vocabulary import WINDOW_LENGTHS, WINDOWS, window_number
from linktrack.db import to_ms
from linktrack.links.models import Post
from linktrack.reports.figures.words import counted

CountState: TypeAlias = Literal["complete", "counting", "so far", "unmeasured"]

_UNITS: Final = {
    "1h": ("minute", timedelta(minutes=1)),
    "24h": ("hour", timedelta(hours=1)),
    "7d": ("day", timedelta(days=1)),
    "30d": ("day", timedelta(days=1)),
}


class Dated(Protocol):
    """A published post: when it was posted, and since when its clicks are known."""

    @property
    def posted_at(self) -> datetime:
        """When it was posted."""

    @property
    def measured_from(self) -> datetime | None:
        """The moment from which its clicks are known; None: from the beginning."""


P = TypeVar("P", bound=Dated)


@cache
def _length(window: str) -> timedelta | None:
    """Return how long a window is; asked for every post."""
    number = window_number(window)
    if number == len(WINDOW_LENGTHS):
        return None
    return timedelta(milliseconds=WINDOW_LENGTHS[number])


@dataclass(frozen=True, slots=True)
class Split(Generic[P]):
    """Posts apart: those that figures are of, those that are still counting, the unmeasured.

    Under the window `all`, which never ends, figures are of every measured post, so far.
    """

    pooled: list[P]
    counting: list[P]
    unmeasured: list[P]


@dataclass(frozen=True, slots=True)
class Counting:
    """A window, as of a moment up to which every click is loaded.

    A post is complete when its window has ended by then, and still counting before. It is
    unmeasured where clicks from before `measured_from` are unknown: that is never zero.
    """

    window: str
    as_of: datetime

    @property
    def length(self) -> timedelta | None:
        """How long a post is counted; None: without an end."""
        return _length(self.window)

    def until(self, posted_at: datetime) -> datetime | None:
        """Return when a post's window ends; None: never."""
        return None if self.length is None else posted_at + self.length

    def state_of(self, post: Dated) -> CountState:
        """Return how far a published post is counted."""
        ((_, state),) = self.states_of([post])
        return state

    def states_of(self, posts: Iterable[P]) -> Iterator[tuple[P, CountState]]:
        """Yield posts, each with how far it is counted."""
        # Asked of ten thousand posts at once: written out, it takes a third of the time.
        end = None if self.length is None else self.as_of - self.length
        for post in posts:
            posted_at, measured_from = post.posted_at, post.measured_from
            if measured_from is not None and not has_all_clicks(posted_at, measured_from):
                yield post, "unmeasured"
            elif end is None:
                yield post, "so far"
            else:
                yield post, "complete" if posted_at <= end else "counting"

    def states_at(self, posted_at: Iterable[int]) -> list[CountState]:
        """Return how far posts of these moments (ms) are counted of which all clicks are known."""
        if self.length is None:
            return ["so far" for _ in posted_at]
        end = to_ms(self.as_of - self.length)
        return ["complete" if at <= end else "counting" for at in posted_at]

    def progress_of(self, post: Dated) -> str | None:
        """Return how far a post has come that is still counting, as in "day 2 of 7"."""
        if self.length is None or self.state_of(post) != "counting":
            return None
        unit, long = _UNITS[self.window]
        whole = self.length // long
        passed = max(0, (self.as_of - post.posted_at) // long)
        return f"{unit} {min(whole, passed + 1)} of {whole}"

    def split(self, posts: Iterable[P]) -> Split[P]:
        """Take posts apart by their state."""
        found: Split[P] = Split([], [], [])
        for post, state in self.states_of(posts):
            if state == "unmeasured":
                found.unmeasured.append(post)
            elif state == "counting":
                found.counting.append(post)
            else:
                found.pooled.append(post)
        return found

    def pooled_posts(self) -> ColumnElement[bool]:
        """Return the condition for the posts that `split` pools, for queries that take few."""
        if self.length is None:
            return measured_posts()
        return and_(measured_posts(), Post.posted_at <= self.as_of - self.length)


def measured_posts() -> ColumnElement[bool]:
    """Return the condition for posts whose clicks are known from their beginning."""
    return or_(Post.measured_from.is_(None), Post.measured_from < Post.posted_at)


def is_measured(post: Dated) -> bool:
    """Whether a post's clicks are known from its beginning."""
    return has_all_clicks(post.posted_at, post.measured_from)


def has_all_clicks(posted_at: datetime, measured_from: datetime | None) -> bool:
    """Whether clicks that are known from a moment (None: always) are all of a post's.

    A link of which nobody knows when it was made has the moment of its import for both: not all.
    """
    return measured_from is None or measured_from < posted_at


def window_for(since: datetime | None, wanted: str, as_of: datetime) -> str:
    """Return the wanted window, or a shorter one where no post since then can be complete in it.

    Of the last 7 days no post can be complete at a window of 7 days: 24 hours can be told of it.
    """
    if since is None:
        return wanted
    shorter = [name for name in ("24h", "1h") if WINDOWS.index(name) < window_number(wanted)]
    for window in (wanted, *shorter):
        end = Counting(window, as_of).until(since)
        if end is None or end <= as_of:
            return window
    return wanted


class Clicked(Protocol):
    """A post's clicks within its window, so far."""

    @property
    def clicks(self) -> int:
        """People's clicks."""

    @property
    def unique_clicks(self) -> int:
        """People's first clicks on it."""


@dataclass(frozen=True, slots=True)
class StillCounting:
    """Posts whose window has not ended yet, and their clicks so far; they are in no rate."""

    posts: int = 0
    clicks: int = 0
    unique_clicks: int = 0

    @classmethod
    def of(cls, posts: Sequence[Clicked]) -> "StillCounting":
        """Add up these posts."""
        return cls(
            len(posts),
            sum(post.clicks for post in posts),
            sum(post.unique_clicks for post in posts),
        )


class StillCountingJson(TypedDict):
    """Posts whose window has not ended yet, and their clicks so far; they are in no rate."""

    posts: int
    clicks: int
    unique_clicks: int


def still_counting_json(found: StillCounting) -> StillCountingJson:
    """Return posts that are still counting as every door gives them."""
    return {
        "posts": found.posts,
        "clicks": found.clicks,
        "unique_clicks": found.unique_clicks,
    }


def set_apart(still: StillCounting, unmeasured: int) -> list[str]:
    """Say which posts are in none of the figures beside them, in sentences."""
    said = []
    if still.posts:
        are = "is" if still.posts == 1 else "are"
        clicks = counted(still.unique_clicks, "unique click")
        said.append(
            f"{counted(still.posts, 'post')} {are} still counting, with {clicks} so far: not in "
            "rates yet."
        )
    if unmeasured:
        one = unmeasured == 1
        said.append(
            f"{counted(unmeasured, 'imported post')} {'is' if one else 'are'} unmeasured: "
            f"{'its' if one else 'their'} clicks before the import are not known."
        )
    return said
