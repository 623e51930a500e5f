"""Whether the report of segments says the truth, where the truth is known.

python benchmarks/attribution.py [RUNS]: 10,000 followers in five segments whose click rates are
known and vary from post to post; versions for two segments, a fifth of whose clicks brings
another one from somebody it was passed on to; 3 % have said hello; boosts bring strangers, and
link previews and bots click too. Each run is 40 posts; the report's own functions make figures
of it. Printed is how often an interval held the truth. docs/attribution.md has the result.

Then the same where 40 % of those who click have said hello, and the community reads a feed: once
saying hello by chance, once by those who click twice as often.
"""

import math
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from linktrack.audience.hello import Hellos
from linktrack.audience.models import Segment
from linktrack.clicks.loading.personal import MOST_VISITORS
from linktrack.reports.figures.rate import Rate
from linktrack.reports.people.segment_queries import PostSegments
from linktrack.reports.people.segments import figures, recognised, share

POSTS: Final = 40
FOLLOWERS: Final = 10_000
STRANGERS: Final = 25.0  # a post's clicks by people who do not follow, on average
STRANGERS_RATE: Final = 0.01  # of those there are, who click on a post
PASSED_ON: Final = 0.2
SAID_HELLO: Final = 0.03
POST_VARIES: Final = 0.5  # coefficient of variation of what a post does to all rates
SEGMENT_VARIES: Final = 0.3  # and of what it does to one segment's
NOBODY: Final = 0
REST: Final = 5  # everyone else, whom strangers are taken for who say hello by the button
START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Group:
    """A segment, how many it has, how many of them click on a post, and whether by a version."""

    id: int
    name: str
    size: int
    rate: float
    has_version: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who says hello: of all who click so large a share, and `eager` times as frequent clickers.

    Of them `network` sign in with the network, which tells who follows. `strangers` do as the
    followers do, by the button: nobody has them on a list. Of the community's clicks, `personal`
    come by a personal link of its feed, the others by the links of its version.
    """

    said_hello: float = SAID_HELLO
    eager: float = 1.0
    network: float = 0.0
    strangers: bool = False
    personal: float = 0.0

    def hellos(self, people: int) -> int:
        """Return how many of so many people have said hello, to make that share of their clicks."""
        return round(people * self.said_hello / (self.eager - self.said_hello * (self.eager - 1)))

    def rates(self, people: int, rate: float) -> tuple[float, float]:
        """Return the rates of those who said hello and of the others, together `rate`."""
        said = self.hellos(people) / people
        others = rate / (said * self.eager + 1 - said)
        return min(1.0, self.eager * others), others

    @property
    def strangers_said(self) -> int:
        """How many who do not follow have said hello."""
        return self.hellos(round(STRANGERS / STRANGERS_RATE)) if self.strangers else 0


USUAL: Final = Scenario()
MANY: Final = Scenario(0.4, 1.0, 2 / 3, strangers=True, personal=0.5)
EAGER: Final = Scenario(0.4, 2.0, 2 / 3, strangers=True, personal=0.5)

GROUPS: Final = (
    Group(1, "community", 60, 0.05, has_version=True),
    Group(2, "newsletter", 400, 0.01, has_version=True),
    Group(3, "newcomers", 1_000, 0.01),
    Group(4, "quiet", 2_540, 0.002),
    Group(5, "everyone else", 6_000, 0.004),
)


@dataclass(slots=True)
class Run:
    """What happened in one run; `seen` are the people recognised at least once, by segment."""

    posts: list[PostSegments] = field(default_factory=list)
    seen: dict[int, set[int]] = field(default_factory=dict)
    left_out: int = 0
    attributed: int = 0
    known: int = 0
    by: list[Counter[tuple[int, str]]] = field(default_factory=list)
    """Of each post, clicks by (segment, how it is known)."""


def simulate(rng: random.Random, posts: int = POSTS, scenario: Scenario = USUAL) -> Run:
    """Let the followers see and click so many posts, one a day."""
    run = Run(seen={group.id: set() for group in GROUPS})
    for number in range(posts):
        good = _around_one(rng, POST_VARIES)
        unique: Counter[int] = Counter()
        by: Counter[tuple[int, str]] = Counter()
        said = scenario.strangers_said
        rate = min(1.0, STRANGERS_RATE * good)
        eager, others = scenario.rates(round(STRANGERS / STRANGERS_RATE), rate)
        known = binomial(rng, said, eager)
        run.seen[REST].update(-1 - each for each in rng.sample(range(said), known))
        run.known += known
        unique[REST] += known
        by[REST, "recognised"] += known
        unique[NOBODY] += poisson(rng, STRANGERS * good - said * eager)
        for group in GROUPS:
            rate = min(1.0, group.rate * good * _around_one(rng, SEGMENT_VARIES))
            if group.has_version:
                members = binomial(rng, group.size, rate)
                passed_on = binomial(rng, members, PASSED_ON)
                unique[group.id] += members + passed_on
                run.attributed += members + passed_on
                personal = binomial(rng, members, scenario.personal)
                by[group.id, "personal"] += personal
                by[group.id, "variant"] += members + passed_on - personal
                continue
            said = scenario.hellos(group.size)
            eager, others = scenario.rates(group.size, rate)
            known = binomial(rng, said, eager)
            run.seen[group.id].update(rng.sample(range(said), known))
            unique[group.id] += known
            run.known += known
            signed_in = binomial(rng, known, scenario.network)
            by[group.id, "recognised-network"] += signed_in
            by[group.id, "recognised"] += known - signed_in
            unique[NOBODY] += binomial(rng, group.size - said, others)
        run.by.append(by)
        run.left_out += poisson(rng, 12)  # previews and bots: never among people who clicked
        run.posts.append(
            PostSegments(
                number + 1,
                START + timedelta(days=number),
                measured_from=None,
                followers=FOLLOWERS,
                unique_clicks=unique.total(),
                unique=dict(unique),
                addressed={group.id: group.size for group in GROUPS if group.has_version},
            )
        )
    return run


def expected(scenario: Scenario = USUAL) -> tuple[float, float]:
    """Return how many people click on a post on average, and of how many it is known who."""
    known = scenario.strangers_said * scenario.rates(round(STRANGERS / STRANGERS_RATE), 0.01)[0]
    everybody = STRANGERS
    for group in GROUPS:
        clicks = group.size * group.rate
        if group.has_version:
            clicks *= 1 + PASSED_ON
            known += clicks
        else:
            known += scenario.hellos(group.size) * scenario.rates(group.size, group.rate)[0]
        everybody += clicks
    return everybody, known


def truths_held(run: Run, scenario: Scenario = USUAL) -> Iterator[tuple[str, bool]]:
    """Yield, for each figure of the report on a run, whether its interval holds the truth."""
    everybody, known = expected(scenario)
    yield "share of whom we can't tell", _holds(share(run.posts, NOBODY), 1 - known / everybody)
    for group in GROUPS:
        segment = Segment(id=group.id, account_id=1, name=group.name, size=group.size, kind="list")
        line = figures(segment, run.posts, None, None)
        if group.has_version:
            through = group.rate * (1 + PASSED_ON)
            yield f"{group.name}: clicks per 1,000 reached", _holds(line.cpf, through)
            lift = through / (everybody / FOLLOWERS)
            yield f"{group.name}: times as often as all", _holds(line.lift, lift)
            assert line.cpf.interval is not None
            name = f"({group.name}: its own members alone)"
            yield name, _holds(line.cpf, group.rate)
            yield name.replace("alone", "at most"), group.rate <= line.cpf.interval.high
        else:
            assert line.cpf.value is None  # never guessed from what is not known
            hellos = scenario.hellos(group.size)
            hellos += scenario.strangers_said if group.id == REST else 0
            said = {segment.id: Hellos(hellos, 0)}
            hello = recognised(segment, run.posts, said, _sizes(run.seen))
            if hello is not None and hello.low is not None and hello.high is not None:
                yield f"{group.name}: bounds by hellos", hello.low <= group.rate <= hello.high


def personal_links(rng: random.Random, people: int = 1_000) -> tuple[int, int, int, int]:
    """Return clicks that name the wrong person, and all that name one: without and with the rule.

    Of so many followers with a link of their own a fifth pass it on, to 1 to 12 people.
    """
    wrong = named = wrong_kept = named_kept = 0
    for _ in range(people):
        others = rng.randint(1, 12) if rng.random() < PASSED_ON else 0
        wrong += others
        named += 1 + others
        if 1 + others <= MOST_VISITORS:
            wrong_kept += others
            named_kept += 1 + others
    return wrong, named, wrong_kept, named_kept


def coverage(
    runs: int, seed: int = 1, scenario: Scenario = USUAL
) -> tuple[dict[str, float], float]:
    """Return how often each interval held the truth, and the share of unattributed people."""
    rng = random.Random(seed)
    held: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    nobody = everybody = 0
    for _ in range(runs):
        run = simulate(rng, scenario=scenario)
        for name, is_held in truths_held(run, scenario):
            asked[name] += 1
            held[name] += is_held
        unattributed = sum(post.unique[NOBODY] for post in run.posts)
        clicked = sum(post.unique_clicks for post in run.posts)
        assert clicked - unattributed == run.attributed + run.known  # nothing was spread
        nobody, everybody = nobody + unattributed, everybody + clicked
    return {name: held[name] / asked[name] for name in asked}, nobody / everybody


def _holds(rate: Rate, truth: float) -> bool:
    return rate.interval is not None and rate.interval.low <= truth <= rate.interval.high


def _sizes(sets: Mapping[int, set[int]]) -> dict[int, int]:
    return {key: len(values) for key, values in sets.items()}


def _around_one(rng: random.Random, variation: float) -> float:
    """Draw from a gamma distribution with mean 1."""
    shape = 1 / variation**2
    return rng.gammavariate(shape, 1 / shape)


def binomial(rng: random.Random, people: int, rate: float) -> int:
    """Draw how many of so many people click, by the waiting times between those who do."""
    if rate <= 0 or people == 0:
        return 0
    if rate >= 1:
        return people
    count, place = 0, 0
    step = math.log1p(-rate)
    while True:
        place += int(math.log(1 - rng.random()) / step) + 1
        if place > people:
            return count
        count += 1


def poisson(rng: random.Random, mean: float) -> int:
    """Draw a number of clicks."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def main() -> None:
    """Print the table of docs/attribution.md."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    for title, scenario in (("3 % said hello", USUAL), ("40 %", MANY), ("40 %, eager", EAGER)):
        held, nobody = coverage(runs, scenario=scenario)
        stated = 1 - expected(scenario)[1] / expected(scenario)[0]
        print(f"{title}: {runs:,} runs of {POSTS} posts; for {nobody:.1%} of people who clicked")
        print(f"nobody can tell who they are ({stated:.1%} by the rates)")
        for name, rate in held.items():
            print(f"{name:45} {rate:6.1%}")
    wrong, named, wrong_kept, named_kept = personal_links(random.Random(2), 10_000)
    print(f"personal links: {wrong / named:.1%} of named clicks are another's without the rule,")
    print(f"{wrong_kept / named_kept:.1%} with it")


if __name__ == "__main__":
    main()
