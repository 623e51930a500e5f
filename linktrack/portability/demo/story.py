"""What happens in the demonstration, and when. Pure: moments are days before its end.

Somebody unfollows everybody by mistake. Six thousand followers leave within days: they had followed
only to be followed. Some come back. Those who read hardly change.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from math import exp
from typing import Final

from linktrack.networks.registry import NetworkName

DAYS: Final = 728  # two years of whole weeks

ACCIDENT: Final = 75
"""Everybody is unfollowed by mistake."""

APOLOGY: Final = 72
"""A post says so, and asks the readers to join the letter."""

BLUESKY: Final = 420
MENTIONED: Final = 436
"""A large account passes one post on."""

FEWER_POSTS: Final = 668
"""From here on there are fewer posts a week, and each gets more clicks: an experiment."""

HOLIDAYS: Final = (470, 456)
"""No posts between these days."""

GROUP_OPENED: Final = 520
COMMUNITY: Final = "community"
"""The segment of the you account that the letter reaches too."""

MEMBERS: Final = 140  # of the segment: readers of the letter who follow the you account
SAID_HELLO: Final = 58  # of them, in their own browsers
COMMUNITY_SHARE: Final = 0.25  # of the you account's posts that get a version for it


@dataclass(frozen=True, slots=True)
class Profile:
    """How an account behaves; `followers` gives their number so many days before the end.

    `clicks` is the mean number of people who click a post, `spread` the standard deviation of its
    logarithm. They come from `readers` people, of whom some click far more often than others.
    """

    role: str
    network: NetworkName
    handle: str
    _: KW_ONLY
    opened: int
    followers: Callable[[float], float]
    weekly_posts: Callable[[float], float]
    clicks: Callable[[float], float]
    readers: Callable[[float], int]
    spread: float
    own_site: float  # the share of posts that link to the owner's own site


LOVED: Final = "handmade"
"""The topic of which readers on Bluesky can't get enough: `LOVED_MORE` times as many click."""

LOVED_MORE: Final = 1.7


def signs_in(person: int) -> bool:
    """Whether one of those who said hello did so by sign-in with the network."""
    return person % 3 == 0


def grown(first: float, last: float, opened: int = DAYS) -> Callable[[float], float]:
    """Return a number that grows evenly from one to the other until the end."""
    return lambda ago: first + (last - first) * (opened - ago) / opened


def _members(ago: float) -> float:
    """Return how many read the letter: many join after the apology."""
    if ago > APOLOGY:
        return grown(40, 130)(ago)
    return 118 + 200 * (1 - exp((ago - APOLOGY) / 12)) + 0.4 * (APOLOGY - ago)


ME: Final = Profile(
    "me",
    "x",
    "@demo_me",
    opened=DAYS,
    followers=grown(8_200, 9_400),
    weekly_posts=lambda _: 1.4,
    clicks=grown(36, 42),
    readers=lambda _: 450,
    spread=0.6,
    own_site=0.9,
)
YOU: Final = Profile(
    "you",
    "x",
    "@demo_you",
    opened=DAYS,
    followers=grown(20_600, 23_000),  # but for the accident: crowd.py says who follows
    weekly_posts=lambda ago: 10 if ago > FEWER_POSTS else 6,
    # The community, which comes on top of these, clicks from then on.
    clicks=lambda ago: 16 if ago > FEWER_POSTS else 28 if ago > GROUP_OPENED else 21,
    readers=lambda _: 680,
    spread=0.45,
    own_site=0.15,
)
BLUE: Final = Profile(
    "you",
    "bluesky",
    "@demo-you.example.com",
    opened=BLUESKY,
    followers=grown(90, 2_900, BLUESKY),
    weekly_posts=lambda _: 4,
    clicks=grown(1.5, 17, BLUESKY),
    readers=lambda ago: round(grown(20, 300, BLUESKY)(ago)),
    spread=0.6,
    own_site=0.15,
)
WE: Final = Profile(
    "we",
    "other",
    "demo_we",
    opened=DAYS,
    followers=_members,
    weekly_posts=lambda _: 1,
    clicks=lambda ago: 0.42 * _members(ago),
    readers=lambda ago: round(0.8 * _members(ago)),
    spread=0.25,
    own_site=0.5,
)
PROFILES: Final = (ME, YOU, BLUE, WE)

OWN_SITE: Final = "notes.example.net"
"""Names below example.net are kept free for examples (RFC 2606): they are nobody's."""
