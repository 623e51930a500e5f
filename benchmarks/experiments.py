"""How often experiments cry "effect" where there is none, and find one where there is.

Posts are simulated as they come: click rates differ between posts (log-normal, with the given
coefficient of variation), clicks are Poisson around them. Every verdict is that of
`linktrack.reports.figures.statistics.experiments.decide`. Run by hand:

    python benchmarks/experiments.py [--runs 2000] [--seed 1]

It prints the table of docs/experiments.md.
"""

import argparse
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from linktrack.reports.figures.statistics.experiments import (
    FALSE_ALARMS,
    Counted,
    decide,
    groups_at,
    looks,
    permutation_p,
)
from linktrack.reports.figures.statistics.rates import wilson

RATE = 0.0015
DAYS = 28
COUNTING = 7


@dataclass(frozen=True)
class Design:
    """Posts a day, followers of the first and the second group, whether the first is earlier."""

    name: str
    posts_a_day: float
    first: Callable[[float], int]
    second: Callable[[float], int]
    is_earlier: bool


DESIGNS = (
    Design("before and after, 1 post a day", 1, lambda _: 23_000, lambda _: 23_000, True),
    Design(
        "before and after, 3 posts a week, growing tenfold",
        3 / 7,
        lambda day: round(23_000 * 10 ** (day / 56)),
        lambda day: round(23_000 * 10 ** (day / 56)),
        True,
    ),
    Design("two accounts, 23,000 and 2,000 followers", 1, lambda _: 23_000, lambda _: 2_000, False),
)


def poisson(chance: random.Random, mean: float) -> int:
    """Draw a Poisson number; by the normal law where the mean is large."""
    if mean > 200:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, product, k = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        k += 1
    return k


def posts(chance: random.Random, design: Design, cv: float, effect: float) -> Iterator[Counted]:
    """Simulate an experiment; the second group gets `effect` times the clicks."""
    sigma = math.sqrt(math.log1p(cv * cv))
    for is_after, followers in ((False, design.first), (True, design.second)):
        begin = -DAYS if design.is_earlier and not is_after else 0
        day = begin + chance.expovariate(design.posts_a_day)
        while day < begin + DAYS:
            people = followers(day)
            rate = RATE * chance.lognormvariate(-sigma * sigma / 2, sigma)
            k = poisson(chance, rate * people * (effect if is_after else 1))
            yield Counted(day + COUNTING, is_after, (k, people))
            day += chance.expovariate(design.posts_a_day)


def peeking(simulated: list[Counted], seed: int) -> bool:
    """Whether somebody who tests every day at 5 % and stops at the first "effect" finds one."""
    for day in range(COUNTING + 5, DAYS + COUNTING + 1):
        first, second = groups_at(simulated, day)
        if min(len(first), len(second)) >= 5 and permutation_p(first, second, seed) <= FALSE_ALARMS:
            return True
    return False


def share(hits: int, runs: int) -> str:
    """Write a share with its 95 % interval, in per cent."""
    within = wilson(hits, runs)
    return f"{100 * hits / runs:.1f} ({100 * within.low:.1f} to {100 * within.high:.1f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peeking", type=int, default=200, help="runs of the daily tests")
    options = parser.parse_args()
    plan = looks(DAYS, COUNTING)
    print("| posts | CV | no effect: cries one | tested daily: cries one | 1.5 times | 2 times |")
    print("|---|---|---|---|---|---|")
    for design in DESIGNS:
        for cv in (0.3, 1.0, 3.0):
            chance = random.Random(options.seed)
            hits = {}
            for effect, runs in (
                (1.0, options.runs),
                (1.5, options.runs // 20),
                (2.0, options.runs // 20),
            ):
                drawn = [list(posts(chance, design, cv, effect)) for _ in range(runs)]
                found = [decide(each, plan, i).day is not None for i, each in enumerate(drawn)]
                hits[effect] = share(sum(found), runs)
                if effect == 1.0:
                    early = drawn[: options.peeking]
                    peeked = share(sum(peeking(each, 0) for each in early), len(early))
            print(
                f"| {design.name} | {cv:g} | {hits[1.0]} | {peeked} | {hits[1.5]} | {hits[2.0]} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
