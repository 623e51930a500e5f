"""How often the intervals cover the truth, and how often "surely" is a false alarm.

    python benchmarks/calibration.py [--runs 2000] [--only NAME]

Prints the tables of docs/calibration.md. Needs the `test` extra (NumPy). Each table takes from
seconds to a few minutes with 2,000 runs.
"""

import argparse
import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from linktrack.reports.figures.statistics.capture import chao2, chapman
from linktrack.reports.figures.statistics.comparisons import difference, median_interval
from linktrack.reports.figures.statistics.half_life import Lifetime, middle
from linktrack.reports.figures.statistics.rates import Interval, ratio_of_sums, wilson
from linktrack.reports.figures.statistics.usual import Judged, clearly, usual_rates
from linktrack.reports.figures.words import WEEKDAYS
from linktrack.reports.people.growth import growth_of
from linktrack.reports.timing.hours import Slots, slots_of

RATE = 35 / 23_000
FOLLOWERS = 23_000
SPREADS = (0.3, 1.0, 3.0)
Random = np.random.Generator


def rates(random: Random, spread: float, size: int, mean: float = RATE) -> npt.NDArray[np.float64]:
    """Draw true rates of posts: gamma with this coefficient of variation."""
    shape = 1 / spread**2
    return random.gamma(shape, mean / shape, size)


def pairs(random: Random, spread: float, size: int, mean: float = RATE) -> list[tuple[int, int]]:
    """Draw posts of (people who clicked, followers)."""
    people = random.poisson(rates(random, spread, size, mean) * FOLLOWERS)
    return [(int(k), FOLLOWERS) for k in people]


def share(values: Sequence[bool]) -> str:
    """Write the part that is true in per cent."""
    return f"{100 * sum(values) / len(values):.1f}" if values else "–"


def covers(interval: Interval | None, truth: float) -> bool:
    """Say whether an interval holds the truth."""
    return interval is not None and interval.low <= truth <= interval.high


def table(title: str, head: list[str], rows: list[list[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n")
    for line in (head, ["---"] + ["---:"] * (len(head) - 1), *rows):
        print("| " + " | ".join(line) + " |")


def ratios(random: Random, runs: int) -> None:
    """All clicks over all followers, with the jackknife interval."""
    rows = []
    for size in (5, 12, 50, 200):
        row = [str(size)]
        for spread in SPREADS:
            found = [ratio_of_sums(pairs(random, spread, size)) for _ in range(runs)]
            row.append(share([covers(one.interval, RATE) for one in found if one]))
        rows.append(row)
    head = ["posts", *(f"CV {spread:g}" for spread in SPREADS)]
    table("Several posts together: clicks per follower", head, rows)


def wilson_sums(random: Random, runs: int) -> None:
    """Wilson over summed followers: how far it falls short."""
    row = ["50"]
    for spread in SPREADS:
        hits = []
        for _ in range(runs):
            posts = pairs(random, spread, 50)
            hits.append(covers(wilson(sum(k for k, _ in posts), 50 * FOLLOWERS), RATE))
        row.append(share(hits))
    table(
        "For comparison: Wilson over summed followers, which is not used",
        ["posts", *(f"CV {spread:g}" for spread in SPREADS)],
        [row],
    )


def medians(random: Random, runs: int) -> None:
    """The middle post, by order statistics."""
    rows = []
    for size in (6, 12, 50, 200):
        row = [str(size)]
        for spread in SPREADS:
            many = random.poisson(rates(random, spread, 400_000) * FOLLOWERS)
            truth = float(np.median(many)) / FOLLOWERS
            row.append(
                share(
                    [
                        covers(
                            median_interval([k / n for k, n in pairs(random, spread, size)]), truth
                        )
                        for _ in range(runs)
                    ]
                )
            )
        rows.append(row)
    table("The middle post (median)", ["posts", *(f"CV {spread:g}" for spread in SPREADS)], rows)


def differences(random: Random, runs: int) -> None:
    """The difference of two accounts' clicks per follower."""
    rows = []
    for size in (12, 50):
        for second in (RATE, RATE / 2):
            row = [f"{size}, {'same rate' if second == RATE else 'half the rate'}"]
            for spread in SPREADS:
                cover, alarm = [], []
                for _ in range(runs):
                    a = ratio_of_sums(pairs(random, spread, size))
                    b = ratio_of_sums(pairs(random, spread, size, second))
                    if a is None or b is None or a.interval is None or b.interval is None:
                        continue
                    found = difference(a.value, a.interval, b.value, b.interval)
                    cover.append(covers(found, RATE - second))
                    alarm.append(not covers(found, 0.0))
                row += [share(cover), share(alarm)]
            rows.append(row)
    head = by_spread("posts of each account", "covered", "told apart")
    table("Two accounts: difference of clicks per follower", head, rows)


def never_clicked(random: Random, runs: int) -> None:
    """The difference of two shares of posts never clicked."""
    rows = []
    for p, q in ((0.6, 0.6), (0.1, 0.1), (0.6, 0.3)):
        row = [f"{p:.0%} and {q:.0%}"]
        for size in (12, 50):
            hits = []
            for _ in range(runs):
                a, b = int(random.binomial(size, p)), int(random.binomial(size, q))
                found = difference(a / size, wilson(a, size), b / size, wilson(b, size))
                hits.append(covers(found, p - q))
            row.append(share(hits))
        rows.append(row)
    table(
        "Two accounts: difference of the shares of posts never clicked",
        ["true shares", "12 posts each", "50 posts each"],
        rows,
    )


def trends(random: Random, runs: int) -> None:
    """Hollow growth: the slope, and how often it is refused."""
    rows = []
    for size in (20, 100):
        followers = [int(n) for n in np.geomspace(10_000, 23_000, size)]
        for slope in (0.0, 1.0):
            row = [f"{size}, true slope {slope:g}"]
            for spread in SPREADS:
                hits, refused = [], []
                for _ in range(runs if size < 100 else runs // 2):
                    mean = 35 * (np.array(followers) / 23_000) ** slope
                    people = random.poisson(rates(random, spread, size, 1.0) * mean)
                    found = growth_of(list(zip(followers, map(int, people), strict=True)))
                    refused.append(found.slope is None)
                    if found.slope is not None:
                        hits.append(covers(found.slope.interval, slope))
                row += [share(hits), share(refused)]
            rows.append(row)
    table(
        "Does clicking grow with following: the slope",
        by_spread("posts", "covered", "refused"),
        rows,
    )


def crowd(random: Random, runs: int) -> None:
    """The engaged audience: Chao's lower bound, and two halves."""
    rows = []
    links = 30
    for people in (200, 1_000):
        for mean in (0.5, 1.0, 3.0):
            row = [f"{people:,}, {mean:g} links each"]
            for spread in SPREADS:
                ratio, cover, bound, two = [], [], [], []
                for _ in range(runs if people < 1_000 else runs // 4):
                    chance = np.minimum(rates(random, spread, people, mean / links), 1)
                    first = random.binomial(links // 2, chance)
                    second = random.binomial(links // 2, chance)
                    counts = Counter(int(k) for k in first + second if k)
                    found = chao2(counts, links)
                    if found is not None:
                        ratio.append(found.estimate / people)
                        cover.append(covers(found.interval, people))
                        bound.append(found.interval.low <= people)
                    both = int(np.sum((first > 0) & (second > 0)))
                    other = chapman(int(np.sum(first > 0)), int(np.sum(second > 0)), both)
                    if other is not None and both >= 7:
                        two.append(other.estimate / people)
                row.append(f"{np.mean(ratio):.2f}" if ratio else "–")
                row.append(share(cover))
                row.append(share(bound))
                row.append(f"{np.mean(two):.2f}" if two else "–")
            rows.append(row)
    head = ["people, and links each clicks"]
    for spread in SPREADS:
        head += [
            f"CV {spread:g}: estimate / truth",
            "covered",
            "low end holds",
            "two halves / truth",
        ]
    table("How many people click at all: at least", head, rows)


def lifetimes(random: Random, runs: int) -> None:
    """The median half-life where some are not over."""
    rows = []
    for size in (12, 50):
        row = [str(size)]
        for spread in SPREADS:
            sigma = math.sqrt(math.log1p(spread**2))
            hits, none = [], 0
            for _ in range(runs):
                true = random.lognormal(math.log(10_080), sigma, size)
                seen = random.exponential(40_000, size)  # posts are younger or older
                found = middle(
                    [
                        Lifetime(float(min(t, s)), bool(t <= s))
                        for t, s in zip(true, seen, strict=True)
                    ]
                )
                if found is None:
                    none += 1
                    continue
                high = math.inf if found.high is None else found.high
                low = 0.0 if found.low is None else found.low
                hits.append(low <= 10_080 <= high)
            row.append(share(hits))
        rows.append(row)
    table(
        "Half-life of an account's posts: the median, a third of them not over yet",
        ["posts", *(f"CV {spread:g}" for spread in SPREADS)],
        rows,
    )


def alarms(random: Random, runs: int) -> None:
    """False alarms of `surely` in one account and month."""
    rows = []
    for months, mean in ((1, RATE), (12, RATE), (1, RATE / 20), (12, RATE / 20)):
        row = [f"{months * 30}, {mean * FOLLOWERS:.3g} people a post"]
        for spread in SPREADS:
            shape = 1 / spread**2
            usual = stats.gamma.ppf(0.5, shape, scale=mean / shape)
            alarm, flagged = [], 0
            for _ in range(runs):
                true = rates(random, spread, 30 * months, mean)
                people = random.poisson(true * FOLLOWERS)
                posts = [Judged(int(k), FOLLOWERS, True) for k in people]
                found = usual_rates(posts)
                verdicts = clearly(posts[:30], found) if found else []
                flagged += sum(verdict is not None for verdict in verdicts)
                alarm.append(
                    any(
                        (verdict == "above" and rate <= usual)
                        or (verdict == "below" and rate >= usual)
                        for verdict, rate in zip(verdicts, true[:30], strict=False)
                    )
                )
            row += [share(alarm), f"{flagged / runs:.1f}"]
        rows.append(row)
    head = by_spread("posts known", "months with a false alarm", "posts marked of 30")
    table('"Surely" above or below the usual', head, rows)


def hours(random: Random, runs: int) -> None:
    """Weekdays: how often one is named, and what the shrunk intervals cover."""
    rows = []
    for size in (60, 300):
        for effect in (0.0, 0.3):
            row = [f"{size}, {'days differ by 30 %' if effect else 'no day is better'}"]
            for spread in SPREADS:
                found = [week(random, size, effect, spread) for _ in range(runs)]
                named = [slots.best is not None for _, slots in found]
                cover = [
                    covers(slot.cpf.interval, RATE * day)
                    for days, slots in found
                    for day, slot in zip(days, slots.slots, strict=True)
                    if slot.cpf.interval is not None
                ]
                row += [share(named), share(cover)]
            rows.append(row)
    head = by_spread("posts", "a day is named", "covered")
    table("When to post: days of the week", head, rows)


def week(random: Random, size: int, effect: float, spread: float) -> tuple[Sequence[float], Slots]:
    """Draw posts of a week, and judge them; also return the days' true effects."""
    days = random.gamma(1 / effect**2, effect**2, 7) if effect else np.ones(7)
    at = random.integers(0, 7, size)
    people = random.poisson(rates(random, spread, size) * days[at] * FOLLOWERS)
    groups: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for day, k in zip(at, people, strict=True):
        groups[int(day)].append((int(k), FOLLOWERS))
    return list(days), slots_of(WEEKDAYS, groups)


def by_spread(first: str, *others: str) -> list[str]:
    """Head a table that has several columns for each spread."""
    head = [first]
    for spread in SPREADS:
        head += [f"CV {spread:g}: {others[0]}", *others[1:]]
    return head


TABLES: dict[str, Callable[[Random, int], None]] = {
    function.__name__: function
    for function in (
        ratios,
        wilson_sums,
        medians,
        differences,
        never_clicked,
        trends,
        crowd,
        lifetimes,
        alarms,
        hours,
    )
}


def main() -> None:
    """Print all tables, or the one that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--only", choices=TABLES)
    chosen = parser.parse_args()
    for name, function in TABLES.items():
        if chosen.only in (None, name):
            function(np.random.default_rng(23_000), chosen.runs)


if __name__ == "__main__":
    main()
