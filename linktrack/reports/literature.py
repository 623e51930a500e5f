"""What others have published: rates per follower, as lines to compare with, and never a target."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Counted: TypeAlias = Literal["clicks", "engagement"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A published rate (a fraction, low to high): what it counts, of whom, when, and who found it.

    `least` and `most` are how many followers those accounts had, None where it isn't said.
    """

    counted: Counted
    low: float
    high: float
    counts: str
    source: str
    year: int
    least: int | None = None
    most: int | None = None

    def is_of_size(self, followers: int | None) -> bool:
        """Whether it is of accounts with about so many followers."""
        if followers is None or (self.least is None and self.most is None):
            return False
        return (self.least or 0) <= followers <= (self.most or followers)


FINDINGS: Final = (
    Finding(
        counted="clicks",
        low=1 / 7_800,
        high=1 / 7_800,
        counts="clicks for every time a post of five news sites could have been seen on Twitter",
        source=(
            "Gabielkov, Ramachandran, Chaintreau and Legout, Social Clicks, SIGMETRICS 2016; "
            "9.6 million clicks, 75 billion possible views"
        ),
        year=2016,
    ),
    Finding(
        counted="clicks",
        low=0.00087,
        high=0.00217,
        counts="clicks per follower, one account with 23,000",
        source="Jesse Stay 2009; 20 to 50 clicks a link",
        year=2009,
        least=20_000,
        most=26_000,
    ),
    Finding(
        counted="clicks",
        low=0.00249,
        high=0.00372,
        counts="clicks per follower, accounts with 1,001 to 10,000 on Twitter (mean)",
        source="QW Consulting, July 2011; 61,577 tweets of 120 accounts of any size",
        year=2011,
        least=1_001,
        most=10_000,
    ),
    Finding(
        counted="clicks",
        low=0.009,
        high=0.009,
        counts="clicks per follower, accounts with more than 5,000",
        source="Barefoot, July 2009; about 140 people, 333,000 followers",
        year=2009,
        least=5_001,
    ),
    Finding(
        counted="clicks",
        low=0.00976,
        high=0.00976,
        counts="clicks per follower, accounts with 10,001 to 50,000 on Twitter (mean)",
        source="QW Consulting, July 2011; 61,577 tweets of 120 accounts of any size",
        year=2011,
        least=10_001,
        most=50_000,
    ),
    Finding(
        counted="clicks",
        low=0.0019,
        high=0.0156,
        counts="clicks per follower at the time of the tweet, celebrities",
        source="Zarrella, about December 2009; at least 100 links each",
        year=2009,
    ),
    Finding(
        counted="clicks",
        low=0.0237,
        high=0.0237,
        counts="clicks per follower, the mean of a poll among readers; 0.9% without three of them",
        source="DailyBlogTips 2009, which named the measure",
        year=2009,
    ),
    Finding(
        counted="clicks",
        low=0.06,
        high=0.06,
        counts="clicks per follower, accounts with fewer than 1,000",
        source="Barefoot, July 2009; about 140 people, 333,000 followers",
        year=2009,
        most=999,
    ),
    Finding(
        counted="engagement",
        low=0.00015,
        high=0.00015,
        counts="likes, replies and reposts per follower and post, brands on X (median)",
        source="Rival IQ 2025, quoted by TheBlue.social in October 2025; half of the year before",
        year=2025,
        least=5_000,
    ),
    Finding(
        counted="engagement",
        low=0.00035,
        high=0.00035,
        counts="likes, replies and reposts per follower and post, brands on Twitter (median)",
        source="Rival IQ 2023, quoted by Wishu; of 2022, 150 brands in each of 14 industries",
        year=2023,
        least=5_000,
    ),
    Finding(
        counted="engagement",
        low=0.00032,
        high=0.0244,
        counts="likes and reposts per follower, one post on Twitter (18,900) and Mastodon (2,500)",
        source="Dan Kennedy, February 2023",
        year=2023,
    ),
    Finding(
        counted="engagement",
        low=0.00085,
        high=0.0374,
        counts="likes and reposts per follower, one post on Twitter (305,000) and Mastodon (8,500)",
        source="Jay Rosen, November 2022",
        year=2022,
    ),
)
"""Lowest first, by what they count.

Clicks are all clicks, not people, and most were counted before today's bots were known. Studies
divide by followers, by impressions or by nothing: only those by followers are here. For Bluesky
none was found.
"""


def findings(counted: Counted, followers: int | None = None) -> list[Finding]:
    """Return what is published of clicks or engagement; accounts of about this size come first."""
    chosen = [each for each in FINDINGS if each.counted == counted]
    return sorted(chosen, key=lambda each: not each.is_of_size(followers))
