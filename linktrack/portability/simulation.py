"""A simulated year of three accounts: posts, follower counts and clicks. Pure, and seeded.

The guide describes the model. Every name and address in it is invented or reserved for examples.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from linktrack.clicks.vocabulary import HEAD, NO_VISITOR

DAYS: Final = 364  # 52 weeks: the first and the last day have a count
HALF_LIFE_HOURS: Final = 2.8  # of a link on X: bitly, 2011
LATE_SHARE: Final = 0.15  # of clicks that come days later
AGAIN_SHARE: Final = 0.12  # of people who click the same link twice
PRIVATE_SHARE: Final = 0.04  # of browsers that ask not to be told apart
DIFFERENCE: Final = 0.7  # standard deviation of a post's log rate


@dataclass(frozen=True, slots=True)
class Profile:
    """How an account behaves: followers on the first and last day, posts a week, usual rate."""

    role: str
    handle: str
    _: KW_ONLY
    followers: tuple[int, int]
    weekly_posts: float
    rate: float
    clickers: float  # the share of followers who click anything at all


ME: Final = Profile(
    "me", "@demo_me", followers=(8_200, 9_400), weekly_posts=1, rate=0.0045, clickers=0.05
)
YOU: Final = Profile(
    "you", "@demo_you", followers=(21_400, 23_000), weekly_posts=11, rate=0.0013, clickers=0.03
)
WE: Final = Profile("we", "@demo_we", followers=(40, 130), weekly_posts=3, rate=0.16, clickers=0.7)
PROFILES: Final = (ME, YOU, WE)

COMMUNITY: Final = "community"  # the segment of the you account that the we account reaches
COMMUNITY_SHARE: Final = 0.25  # of the you account's posts that get a version for it
LEFT_AT_ONCE: Final = 5_400  # people who went when the you account unfollowed everybody
LEFT_BEFORE_END: Final = 130  # days


@dataclass(frozen=True, slots=True)
class SimulatedClick:
    """One click: when, on which link of its post, and what the request said.

    `visitor` is None for browsers that ask not to be tracked, and for programs a number like
    any other.
    """

    at: datetime
    link: int
    agent: str
    referrer: str | None
    visitor: int | None
    flags: int = 0
    of_community: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedPost:
    """A post: its text with addresses as written, and every click it will ever get."""

    at: datetime
    text: str
    for_community: bool
    clicks: tuple[SimulatedClick, ...]


def follower_counts(profile: Profile, end: datetime) -> Iterator[tuple[datetime, int]]:
    """Yield an account's weekly follower counts, daily around the day of the accident."""
    first, last = profile.followers
    for ago in range(DAYS, -1, -1):
        near = profile is YOU and LEFT_BEFORE_END - 10 <= ago <= LEFT_BEFORE_END + 4
        if ago % 7 and not near:
            continue
        grown = first + (last - first) * (DAYS - ago) / DAYS
        yield end - timedelta(days=ago), round(grown - _lost(profile, ago))


def _lost(profile: Profile, days_ago: int) -> float:
    """How many are missing on a day: gone within days of the accident, half of them made good."""
    if profile is not YOU or days_ago > LEFT_BEFORE_END:
        return 0.0
    since = LEFT_BEFORE_END - days_ago
    gone = LEFT_AT_ONCE * min(1.0, (since + 1) / 4)
    return gone * (1 - 0.5 * since / LEFT_BEFORE_END)


def posts(profile: Profile, end: datetime, seed: int) -> Iterator[SimulatedPost]:
    """Yield an account's posts of the year that ends with `end` (aware), oldest first."""
    chance = random.Random(f"{seed} {profile.handle}")
    first, last = profile.followers
    people = round(last * profile.clickers)
    keenness = [chance.gammavariate(0.6, 1) + 0.01 for _ in range(people)]
    for ago in range(DAYS - 1, 0, -1):
        for _ in range(_poisson(chance, profile.weekly_posts / 7)):
            at = (
                (end - timedelta(days=ago))
                .astimezone(UTC)
                .replace(
                    hour=chance.choice((7, 8, 9, 11, 12, 13, 15, 16, 17, 18, 19, 20)),
                    minute=chance.randrange(60),
                    second=chance.randrange(60),
                    microsecond=0,
                )
            )
            followers = first + (last - first) * (DAYS - ago) / DAYS - _lost(profile, ago)
            rate = profile.rate * chance.lognormvariate(0, DIFFERENCE)
            for_community = profile is YOU and chance.random() < COMMUNITY_SHARE
            links = 2 if chance.random() < 0.15 else 1
            clicked: list[SimulatedClick] = []
            for person in _draw(chance, keenness, _poisson(chance, followers * rate)):
                clicked += _visit(chance, profile, at, links, person, community=False)
            if for_community:
                members = _poisson(chance, WE.followers[0] * 2 * 0.14)
                for person in range(people, people + members):
                    clicked += _visit(chance, WE, at, links, person, community=True)
            clicked += _programs(chance, at, links)
            done = sorted((click for click in clicked if click.at <= end), key=lambda it: it.at)
            yield SimulatedPost(at, _text(chance, links), for_community, tuple(done))


def _visit(
    chance: random.Random,
    profile: Profile,
    posted: datetime,
    links: int,
    person: int,
    *,
    community: bool,
) -> list[SimulatedClick]:
    """Return one person's clicks on a post: usually one."""
    hours = (
        chance.lognormvariate(3.6, 1)
        if chance.random() < LATE_SHARE
        else chance.expovariate(0.693 / HALF_LIFE_HOURS)
    )
    at = posted + timedelta(milliseconds=round(hours * 3_600_000))
    own = random.Random(f"{profile.handle} {person}")  # a person keeps their browser
    agent = own.choices(*zip(*_BROWSERS, strict=True))[0]
    private = own.random() < PRIVATE_SHARE
    visitor = None if private else _pseudonym(profile, person, at)
    referrer = None if community else chance.choices(*zip(*_REFERRERS, strict=True))[0]
    link = chance.randrange(links)
    flags = NO_VISITOR if private else 0
    click = SimulatedClick(
        at=at,
        link=link,
        agent=agent,
        referrer=referrer,
        visitor=visitor,
        flags=flags,
        of_community=community,
    )
    if chance.random() >= AGAIN_SHARE:
        return [click]
    later = at + timedelta(milliseconds=chance.randrange(5_000, 40_000_000))
    again = SimulatedClick(
        at=later,
        link=link,
        agent=agent,
        referrer=referrer,
        visitor=visitor,
        flags=flags,
        of_community=community,
    )
    return [click, again]


def _pseudonym(profile: Profile, person: int, at: datetime) -> int:
    """Return a person's visitor, another one every month as for real readers."""
    text = f"{profile.handle} {person} {at:%Y-%m}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def _programs(chance: random.Random, posted: datetime, links: int) -> Iterator[SimulatedClick]:
    """Yield previews in the first minutes, and crawlers in the days after."""
    for link in range(links):
        for _ in range(2 + _poisson(chance, 3)):
            at = posted + timedelta(milliseconds=chance.randrange(800, 90_000))
            flags = HEAD if chance.random() < 0.15 else 0
            yield SimulatedClick(
                at=at,
                link=link,
                agent=chance.choice(_PREVIEWS),
                referrer=None,
                visitor=chance.getrandbits(62),
                flags=flags,
            )
        for _ in range(_poisson(chance, 3)):
            at = posted + timedelta(milliseconds=chance.randrange(60_000, 500_000_000))
            yield SimulatedClick(at, link, chance.choice(_CRAWLERS), None, chance.getrandbits(62))


def _draw(chance: random.Random, keenness: Sequence[float], number: int) -> set[int]:
    """Return at most so many different people, the keen ones more often."""
    return set(chance.choices(range(len(keenness)), keenness, k=min(number, 5 * len(keenness))))


def _poisson(chance: random.Random, mean: float) -> int:
    """Return a Poisson number: by counting below 30, else by its normal neighbour."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    number, left = -1, 1.0
    limit = 2.718281828459045**-mean
    while left > limit:
        left *= chance.random()
        number += 1
    return max(0, number)


def _text(chance: random.Random, links: int) -> str:
    topic = chance.choice(_TOPICS)
    slug = topic.replace(" ", "-")
    number = chance.randrange(10_000)
    first = f"{chance.choice(_OPENINGS)} {topic}: https://example.com/{slug}/{number}"
    return first if links == 1 else f"{first} and https://example.org/notes/{number}"


_OPENINGS: Final = (
    "Worth your time:", "A friend wrote about", "Read this on", "New today:", "Still thinking of",
    "Thanks to a reader:", "Short and good:", "The best thing I read on",
)  # fmt: skip
_TOPICS: Final = (
    "a small river", "bread without haste", "maps of old harbours", "repairing a radio",
    "teaching by letters", "the first garden year", "night trains", "a library of tools",
    "bees in the city", "choirs that travel", "paper from grass", "wind on the hill",
    "quiet software", "how towns share", "walking to work", "salt and weather",
)  # fmt: skip
_REFERRERS: Final = (
    ("//t.co", 52), (None, 31), ("android-app://com.twitter.android", 5), ("//l.facebook.com", 4),
    ("//www.google.com", 3), ("//www.linkedin.com", 2), ("//news.ycombinator.com", 1),
    ("//mail.google.com", 1), ("//bsky.app", 1),
)  # fmt: skip
_BROWSERS: Final = (
    (("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Version/18.6 Mobile/15E148 Safari/604.1"), 34),
    (("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Mobile Safari/537.36"), 30),
    (("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Safari/537.36"), 16),
    (("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.6 Safari/605.1.15"), 10),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", 6),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", 4),
)  # fmt: skip
_PREVIEWS: Final = (
    "Twitterbot/1.0", "facebookexternalhit/1.1", "Slackbot-LinkExpanding 1.0",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "TelegramBot (like TwitterBot)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)", "WhatsApp/2.23.20.0",
)  # fmt: skip
_CRAWLERS: Final = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/8.5.0", "python-requests/2.32.3",
)  # fmt: skip
