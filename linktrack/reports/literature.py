"""What others have found: clicks per follower in the literature, as lines to compare with."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Finding:
    """A published rate (a fraction, low to high), what it counts, and who found it."""

    low: float
    high: float
    counts: str
    source: str


FINDINGS: Final = (
    Finding(
        1 / 7_800,
        1 / 7_800,
        "clicks for every time a post of five news sites could have been seen on Twitter",
        "Gabielkov, Ramachandran, Chaintreau and Legout, Social Clicks, SIGMETRICS 2016; "
        "9.6 million clicks, 75 billion possible views",
    ),
    Finding(
        0.00087,
        0.00217,
        "clicks per follower, one account with 23,000",
        "Jesse Stay 2009; 20 to 50 clicks a link",
    ),
    Finding(
        0.009,
        0.009,
        "clicks per follower, accounts with more than 5,000",
        "Barefoot, July 2009; about 140 people, 333,000 followers",
    ),
    Finding(
        0.0019,
        0.0156,
        "clicks per follower at the time of the tweet, celebrities",
        "Zarrella, about December 2009; at least 100 links each",
    ),
    Finding(
        0.0237,
        0.0237,
        "clicks per follower, the mean of a poll among readers; 0.9% without three of them",
        "DailyBlogTips 2009, which named the measure",
    ),
)
"""Lowest first. They count clicks, not people, and were made before today's bots were known."""
