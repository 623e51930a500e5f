"""The posts of the demonstration, and every click on them. Pure, and seeded.

The guide describes the model (docs/guide/demonstration.md).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import Final

from linktrack.clicks.vocabulary import EMBEDDED, HEAD, NO_LANGUAGES, NO_VISITOR, OWNER, PREFETCH
from linktrack.portability.demo import story
from linktrack.portability.demo.story import BLUE, ME, WE, YOU, Profile
from linktrack.portability.demo.texts import (
    APOLOGY,
    BROWSERS,
    COUNTRIES,
    CRAWLERS,
    MENTION,
    PREVIEWS,
    REFERRERS,
    post_text,
    tags_of,
)

HALF_LIFE_HOURS: Final = 2.8  # of a link on X: bitly, 2011
KEENNESS: Final = 2.0  # shape of how often people click: some are far keener than others
LATE_SHARE: Final = 0.15  # of clicks that come days later
AGAIN_SHARE: Final = 0.12  # of people who click the same link twice
PRIVATE_SHARE: Final = 0.04  # of browsers that ask not to be told apart
EVENING: Final = 1.25  # a post from 17:00 on, beside the others
WEEKEND: Final = 0.8
MEMBER_RATE: Final = 0.14  # of the community, who click a version made for them
HELLO_RATE: Final = 0.045  # of those who said hello, who click any post
PASSED_ON: Final = 900  # people who click the post that a large account passes on
BURST: Final = 14  # browsers in one minute that are one program
BURST_SHARE: Final = 0.01  # of posts with one
_POOL: Final = 100_000  # numbers of people beyond an account's own readers begin here


@dataclass(frozen=True, slots=True)
class SimulatedClick:
    """One click: when, on which link of its post, and what the request said.

    `visitor` is None for browsers that ask not to be tracked. `attribution` says how the click is
    known to be of the community, None for: it is not.
    """

    at: datetime
    link: int
    agent: str | None
    referrer: str | None
    visitor: int | None
    _: KW_ONLY
    flags: int = 0
    country: str | None = None
    attribution: str | None = None


@dataclass(frozen=True, slots=True)
class SimulatedPost:
    """A post: its text with addresses as written, and every click it has got by the end."""

    at: datetime
    text: str
    for_community: bool
    clicks: tuple[SimulatedClick, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who clicks now and then: they keep their browser, and stay where they are."""

    account: str
    number: int
    agent: str
    country: str | None
    is_private: bool

    def visitor(self, at: datetime) -> int | None:
        """Return their pseudonym, another one every month as for real readers."""
        if self.is_private:
            return None
        text = f"{self.account} {self.number} {at:%Y-%m}".encode()
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


@cache
def reader(account: str, number: int) -> Reader:
    """Return a reader; the same number is the same person."""
    own = random.Random(f"{account} {number}")
    return Reader(
        account=account,
        number=number,
        agent=own.choices(*zip(*BROWSERS, strict=True))[0],
        country=own.choices(*zip(*COUNTRIES, strict=True))[0],
        is_private=own.random() < PRIVATE_SHARE,
    )


def posts(profile: Profile, end: datetime, seed: int) -> Iterator[SimulatedPost]:
    """Yield an account's posts of the years that end with `end` (aware), oldest first."""
    chance = random.Random(f"{seed} {profile.handle}")
    keenness = [chance.gammavariate(KEENNESS, 1) + 0.01 for _ in range(profile.readers(0))]
    for ago in range(profile.opened - 1, 0, -1):
        if story.HOLIDAYS[0] > ago > story.HOLIDAYS[1]:
            continue
        for number in range(_posts_on(chance, profile, ago, end)):
            at = _moment(chance, profile, end, ago)
            yield _post(chance, profile, at, keenness, number=number, end=end)


def _posts_on(chance: random.Random, profile: Profile, ago: int, end: datetime) -> int:
    if profile is WE:  # a letter every Sunday
        return int((end - timedelta(days=ago)).weekday() == 6)
    if profile is ME:  # own words, and now and then a link
        return int(ago % 5 == 0)
    found = poisson(chance, profile.weekly_posts(ago) / 7)
    told = profile is YOU and ago in (story.MENTIONED, story.APOLOGY)
    return max(1, found) if told else found


def _moment(chance: random.Random, profile: Profile, end: datetime, ago: int) -> datetime:
    hours = (8,) if profile is WE else (7, 8, 9, 11, 12, 13, 15, 16, 17, 18, 19, 20)
    day = (end - timedelta(days=ago)).astimezone(UTC)
    return day.replace(
        hour=chance.choice(hours),
        minute=chance.randrange(60),
        second=chance.randrange(60),
        microsecond=0,
    )


def _post(
    chance: random.Random,
    profile: Profile,
    at: datetime,
    keenness: Sequence[float],
    *,
    number: int,
    end: datetime,
) -> SimulatedPost:
    ago = (end.date() - at.date()).days
    links = 2 if profile is WE or chance.random() < 0.15 else 1
    is_told = profile is YOU and not number
    if is_told and ago in (story.MENTIONED, story.APOLOGY):
        links = 1
    text = post_text(chance, profile, links)
    mean = profile.clicks(ago) * chance.lognormvariate(-(profile.spread**2) / 2, profile.spread)
    if profile in (ME, YOU, BLUE):
        mean *= (EVENING if at.hour >= 17 else 1) * (WEEKEND if at.weekday() > 4 else 1)
    if profile is BLUE and story.LOVED in tags_of(text):
        mean *= story.LOVED_MORE
    people = _draw(chance, keenness[: profile.readers(ago)], poisson(chance, mean))
    found: list[SimulatedClick] = []
    if is_told and ago == story.MENTIONED:
        text = f"{MENTION}: https://{text.partition('https://')[2]}"
        people |= set(range(_POOL, _POOL + PASSED_ON))
    if is_told and ago == story.APOLOGY:
        text = f"{APOLOGY} https://{story.OWN_SITE}/the-you-the-me-and-the-we"
        people |= _draw(chance, keenness, 160)
    for person in sorted(people):
        found += _visit(chance, profile.network, reader(profile.handle, person), at, links)
    for_community = profile is YOU and chance.random() < story.COMMUNITY_SHARE
    if profile is YOU and ago < story.GROUP_OPENED:
        found += _community(chance, at, links, by_version=for_community)
    found += _programs(chance, at, links)
    done = sorted((click for click in found if click.at <= end), key=lambda click: click.at)
    return SimulatedPost(at, text, for_community and ago < story.GROUP_OPENED, tuple(done))


def _community(
    chance: random.Random, at: datetime, links: int, *, by_version: bool
) -> Iterator[SimulatedClick]:
    """Yield clicks that are known to be the community's: of a version, or after a hello."""
    ways = [("recognised", range(story.SAID_HELLO), HELLO_RATE, YOU.network)]
    if by_version:
        ways.append(("variant", range(story.SAID_HELLO, story.MEMBERS), MEMBER_RATE, WE.network))
    for attribution, people, rate, network in ways:
        for person in people:
            if chance.random() < rate:
                for click in _visit(chance, network, reader(WE.handle, person), at, links):
                    if click.visitor is not None:  # whoever is not to be tracked says no hello
                        signed_in = attribution == "recognised" and story.signs_in(person)
                        yield replace(
                            click, attribution="recognised-network" if signed_in else attribution
                        )


def _visit(
    chance: random.Random, network: str, person: Reader, posted: datetime, links: int
) -> list[SimulatedClick]:
    """Return one person's clicks on a post: usually one."""
    hours = (
        chance.lognormvariate(3.6, 1)
        if chance.random() < LATE_SHARE
        else chance.expovariate(0.693 / HALF_LIFE_HOURS)
    )
    at = posted + timedelta(milliseconds=round(hours * 3_600_000))
    click = SimulatedClick(
        at,
        chance.randrange(links),
        person.agent,
        chance.choices(*zip(*REFERRERS[network], strict=True))[0],
        person.visitor(at),
        flags=NO_VISITOR if person.is_private else 0,
        country=person.country,
    )
    if chance.random() >= AGAIN_SHARE:
        return [click]
    later = at + timedelta(milliseconds=chance.randrange(5_000, 40_000_000))
    return [click, replace(click, at=later, visitor=person.visitor(later))]


def _programs(chance: random.Random, posted: datetime, links: int) -> Iterator[SimulatedClick]:
    """Yield what is no reader: previews in the first minutes, crawlers, the owner, a burst."""
    for link in range(links):
        for _ in range(2 + poisson(chance, 3)):
            at = posted + timedelta(milliseconds=chance.randrange(800, 90_000))
            agent = chance.choice(PREVIEWS)
            flags = HEAD if chance.random() < 0.15 else 0
            yield SimulatedClick(at, link, agent, None, _anyone(chance), flags=flags)
        for _ in range(poisson(chance, 3)):
            at = posted + timedelta(milliseconds=chance.randrange(60_000, 500_000_000))
            yield SimulatedClick(at, link, chance.choice(CRAWLERS), None, _anyone(chance))
        for flags, share in ((PREFETCH, 0.3), (OWNER, 0.5), (EMBEDDED, 0.05)):
            if chance.random() < share:
                at = posted + timedelta(milliseconds=chance.randrange(5_000, 90_000_000))
                agent = BROWSERS[0][0]
                yield SimulatedClick(at, link, agent, None, _anyone(chance), flags=flags)
    if chance.random() < BURST_SHARE:
        minute = (posted + timedelta(hours=chance.randrange(2, 40))).replace(second=0)
        for second in range(BURST):
            agent = BROWSERS[second % len(BROWSERS)][0]
            at = minute + timedelta(seconds=2 * second)
            yield SimulatedClick(at, 0, agent, None, _anyone(chance), flags=NO_LANGUAGES)


def _anyone(chance: random.Random) -> int:
    return chance.getrandbits(62)


def _draw(chance: random.Random, keenness: Sequence[float], number: int) -> set[int]:
    """Return at most so many different people, the keen ones more often."""
    if not keenness:
        return set()
    return set(chance.choices(range(len(keenness)), keenness, k=min(number, 5 * len(keenness))))


def poisson(chance: random.Random, mean: float) -> int:
    """Return a Poisson number: by counting below 30, else by its normal neighbour."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    number, left = -1, 1.0
    limit = 2.718281828459045**-mean
    while left > limit:
        left *= chance.random()
        number += 1
    return max(0, number)
