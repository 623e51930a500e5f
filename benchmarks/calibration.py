"""How often the intervals cover the truth, and how often "clearly" is a false alarm.

    python benchmarks/calibration.py [--runs 2000] [--only NAME] [--write docs/calibration.md]

Prints the tables of docs/calibration.md, or puts them into it: each table there stands below the
heading that it has here, and the words around it stay. Needs the `test` extra (NumPy). Each table
takes from seconds to a few minutes with 2,000 runs.
"""

import argparse
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from quiet import ACCOUNTS, after_a_spike, after_silence, month_of_alarms
from scipy import stats

from linktrack.reports.figures.statistics.before_after import before_after
from linktrack.reports.figures.statistics.capture import chao2, chapman
from linktrack.reports.figures.statistics.comparisons import (
    difference,
    median_interval,
    ratio_of_ratios,
)
from linktrack.reports.figures.statistics.experiments import (
    FALSE_ALARMS,
    Counted,
    Look,
    decide,
    is_clear,
    looks,
    permutation_p,
)
from linktrack.reports.figures.statistics.half_life import Lifetime, middle
from linktrack.reports.figures.statistics.leaving import daily_rate, excess_of
from linktrack.reports.figures.statistics.lifts import Pair, lift
from linktrack.reports.figures.statistics.rates import (
    Interval,
    rate_interval,
    ratio_of_sums,
    wilson,
)
from linktrack.reports.figures.statistics.usual import Judged, clearly, usual_rates
from linktrack.reports.figures.words import WEEKDAYS
from linktrack.reports.people.growth import growth_of
from linktrack.reports.story.claims import Claims
from linktrack.reports.timing.hours import Slots, slots_of

RATE = 35 / 23_000
FOLLOWERS = 23_000
SPREADS = (0.3, 1.0, 3.0)
HOURS = [f"{hour:02}:00" for hour in range(24)]
Random = np.random.Generator
MADE: dict[str, str] = {}
Posts = list[tuple[int, int]]


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
    """Print a Markdown table, and keep it for the page."""
    lines = ["| " + " | ".join(line) + " |" for line in (head, _ruler(head), *rows)]
    MADE[title] = "\n".join(lines)
    print(f"\n## {title}\n\n{MADE[title]}", flush=True)


def _ruler(head: list[str]) -> list[str]:
    return ["---"] + ["---:"] * (len(head) - 1)


def put_into(page: str, made: dict[str, str]) -> str:
    """Return a page with these tables in the place of those below the same headings."""
    for title, lines in made.items():
        pattern = re.compile(rf"(## {re.escape(title)}\n(?:(?!\||## ).*\n)*)((?:\|.*\n)+)")
        page, found = pattern.subn(lambda at, lines=lines: f"{at[1]}{lines}\n", page)  # type: ignore[misc]
        if not found:
            raise SystemExit(f"There is no table below the heading {title!r}.")
    return page


def single(random: Random, runs: int) -> None:
    """One post: Wilson, or Poisson where more click than follow."""
    rows = []
    for mean, followers in ((0.5, 1_000), (3, 1_000), (35, 23_000), (60, 40)):
        found = [rate_interval(int(k), followers) for k in random.poisson(mean, runs)]
        hits = [covers(each, mean / followers) for each in found]
        rows.append([f"{mean:g} a post, {followers:,} followers", share(hits)])
    for mean, people in ((8, 80), (60, 80)):
        found = [
            rate_interval(int(k), people) for k in random.binomial(people, mean / people, runs)
        ]
        rows.append(
            [
                f"{mean} of the {people} whom a version reaches",
                share([covers(each, mean / people) for each in found]),
            ]
        )
    table("One post: clicks per follower", ["people who click on average", "covered"], rows)


def ratios(random: Random, runs: int) -> None:
    """All clicks over all followers, with the jackknife interval."""
    rows = []
    for mean, wording in ((RATE, ""), (RATE / 20, ", 1.75 people a post")):
        for size in (5, 12, 50, 200):
            row = [f"{size}{wording}"]
            for spread in SPREADS:
                hits = [_covered_sum(pairs(random, spread, size, mean), mean) for _ in range(runs)]
                row.append(share([hit for hit in hits if hit is not None]))
            rows.append(row)
    for size in (12, 51, 201):
        row = [f"{size}, in runs of three alike"]
        for spread in SPREADS:
            hits = []
            for _ in range(runs):
                true = np.repeat(rates(random, spread, size // 3), 3)
                people = random.poisson(true * FOLLOWERS)
                hits.append(_covered_sum([(int(k), FOLLOWERS) for k in people], RATE))
            row.append(share([hit for hit in hits if hit is not None]))
        rows.append(row)
    for size in (12, 50):
        row = [f"{size}, followers growing tenfold"]
        for spread in SPREADS:
            hits = []
            for _ in range(runs):
                followers = np.geomspace(2_300, 23_000, size).astype(int)
                people = random.poisson(rates(random, spread, size) * followers)
                posts = [(int(k), int(n)) for k, n in zip(people, followers, strict=True)]
                hits.append(_covered_sum(posts, RATE))
            row.append(share([hit for hit in hits if hit is not None]))
        rows.append(row)
    head = ["posts", *(f"CV {spread:g}" for spread in SPREADS)]
    table("Several posts together: clicks per follower", head, rows)


def _covered_sum(posts: Posts, truth: float) -> bool | None:
    found = ratio_of_sums(posts)
    return None if found is None or found.interval is None else covers(found.interval, truth)


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
    table("The median post", ["posts", *(f"CV {spread:g}" for spread in SPREADS)], rows)


def differences(random: Random, runs: int) -> None:
    """The difference of two accounts' clicks per follower."""
    rows = []
    for size in (12, 50):
        for second in (RATE, RATE / 2):
            row = [f"{size}, {'same rate' if second == RATE else 'half the rate'}"]
            for spread in SPREADS:
                cover, apart, clear = [], [], []
                for _ in range(runs):
                    posts = pairs(random, spread, size), pairs(random, spread, size, second)
                    a, b = ratio_of_sums(posts[0]), ratio_of_sums(posts[1])
                    if a is None or b is None or a.interval is None or b.interval is None:
                        continue
                    found = difference(a.value, a.interval, b.value, b.interval)
                    cover.append(covers(found, RATE - second))
                    apart.append(not covers(found, 0.0))
                    clear.append(apart[-1] and is_clear(*posts))
                row += [share(cover), share(apart), share(clear)]
            rows.append(row)
    head = by_spread("posts of each account", "covered", "zero left out", "told apart")
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
                found = middle(_lives(random, size, 10_080, sigma))
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


def half_lives(random: Random, runs: int) -> None:
    """The difference of two accounts' half-lives."""
    rows = []
    for size in (12, 50):
        for factor in (1.0, 2.0):
            row = [f"{size}, {'the same' if factor == 1 else 'half as long'}"]
            for spread in SPREADS:
                sigma = math.sqrt(math.log1p(spread**2))
                hits, alarm = [], []
                for _ in range(runs):
                    sides = [
                        middle(_lives(random, size, 10_080 / by, sigma)) for by in (1.0, factor)
                    ]
                    known = [
                        (each.seconds, Interval(each.low, each.high))
                        for each in sides
                        if each is not None and each.low is not None and each.high is not None
                    ]
                    if len(known) == 2:
                        found = difference(*known[0], *known[1])
                        hits.append(covers(found, 10_080 - 10_080 / factor))
                        alarm.append(not covers(found, 0.0))
                row += [share(hits), share(alarm)]
            rows.append(row)
    table(
        "Two accounts: difference of half-lives",
        by_spread("posts of each account", "covered", "told apart"),
        rows,
    )


def _lives(random: Random, size: int, median: float, sigma: float) -> list[Lifetime]:
    true = random.lognormal(math.log(median), sigma, size)
    seen = random.exponential(40_000, size)  # posts are younger or older
    return [Lifetime(float(min(t, s)), bool(t <= s)) for t, s in zip(true, seen, strict=True)]


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
                posts = [Judged(int(k), FOLLOWERS) for k in people]
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
    table('"Clearly" above or below the usual', head, rows)


def hours(random: Random, runs: int) -> None:
    """Weekdays and hours: how often one is named, and what the shrunk intervals cover."""
    runs //= 4  # each run has 7 or 24 intervals
    for names, title in ((WEEKDAYS, "days of the week"), (HOURS, "hours")):
        rows = []
        for size, mean in ((30, 35.0), (60, 35.0), (300, 35.0), (300, 1.75)):
            for effect in (0.0, 0.15, 0.3, 0.6):
                row = [f"{size}, {mean:g} people a post, differing by {effect:.0%}"]
                for spread in SPREADS:
                    found = [slots(random, names, size, mean, effect, spread) for _ in range(runs)]
                    named = [each.best is not None for _, each in found]
                    cover = [
                        covers(slot.cpf.interval, true)
                        for truth, each in found
                        for true, slot in zip(truth, each.slots, strict=True)
                        if slot.cpf.interval is not None
                    ]
                    row += [share(named), share(cover)]
                rows.append(row)
        table(f"When to post: {title}", by_spread("posts", "one is named", "covered"), rows)


def slots(
    random: Random, names: Sequence[str], size: int, mean: float, effect: float, spread: float
) -> tuple[Sequence[float], Slots]:
    """Draw posts of an account's weekdays or hours, and judge them; with the true rates.

    Weekdays have about as many posts each; most posts fall on a few hours.
    """
    count = len(names)
    true = random.gamma(1 / effect**2, effect**2, count) if effect else np.ones(count)
    habit = np.full(count, 1 / 7) if count == 7 else random.dirichlet(np.full(count, 0.7))
    at = random.choice(count, size, p=habit)
    people = random.poisson(rates(random, spread, size, mean) * true[at])
    groups: list[Posts] = [[] for _ in range(count)]
    for slot, k in zip(at, people, strict=True):
        groups[int(slot)].append((int(k), FOLLOWERS))
    return [mean * each / FOLLOWERS for each in true], slots_of(names, groups)


def segments(random: Random, runs: int) -> None:
    """A segment's share of those who clicked, and how many times as often it clicks."""
    rows = []
    for size in (5, 12, 50):
        for own in (80, 1_000):
            row = [f"{size}, {own:,} of 23,000 followers, clicking 20 times as often"]
            for spread in SPREADS:
                in_share, in_lift = [], []
                for _ in range(runs):
                    true = rates(random, spread, size)
                    mine = random.poisson(np.minimum(true * 20, 1) * own)
                    rest = random.poisson(true * (FOLLOWERS - own))
                    both = [(int(k), int(k + r)) for k, r in zip(mine, rest, strict=True)]
                    truth = 20 * own / (20 * own + FOLLOWERS - own)
                    part = ratio_of_sums(both)
                    if part is not None and part.interval is not None:
                        in_share.append(covers(part.interval, truth))
                    found = lift([Pair(k, own, all_k, FOLLOWERS) for k, all_k in both])
                    if found is not None and found[1] is not None:
                        in_lift.append(covers(found[1], truth * FOLLOWERS / own))
                row += [share(in_share), share(in_lift)]
            rows.append(row)
    table(
        "Segments: share of unique clicks, and times as often as all followers",
        by_spread("posts", "share covered", "times covered"),
        rows,
    )


def ratios_of_ratios(random: Random, runs: int) -> None:
    """Experiments and own sites: one ratio over another, with its interval."""
    rows = []
    for size in (5, 12, 50):
        for second in (RATE, RATE * 2):
            row = [f"{size} and {size}, {second / RATE:g} times"]
            for spread in SPREADS:
                hits, clear = [], []
                for _ in range(runs):
                    one, two = pairs(random, spread, size), pairs(random, spread, size, second)
                    a, b = ratio_of_sums(one), ratio_of_sums(two)
                    within = ratio_of_ratios(a, b) if a and b else None
                    if within is not None:
                        hits.append(covers(within, second / RATE))
                        clear.append(not covers(within, 1.0) and is_clear(one, two))
                row += [share(hits), share(clear)]
            rows.append(row)
    table(
        "Experiments and own sites: times as many clicks per follower",
        by_spread("posts", "covered", "clearly"),
        rows,
    )


def leaving(random: Random, runs: int) -> None:
    """What an event cost: the share of followers who left beyond the usual."""
    rows = []
    for known in (30, 90):
        for cost in (0.0, 0.002, 0.02, 0.26):
            row = [f"{known} days before, {cost:.1%}"]
            for usual in (0.0002, 0.002):
                hits = []
                for _ in range(runs):
                    before = random.poisson(FOLLOWERS * rates(random, 0.5, known, usual))
                    rate = daily_rate([(int(lost), FOLLOWERS, 1.0) for lost in before])
                    gone = 1 - (1 - usual) ** 30 * (1 - cost)
                    left = int(random.binomial(FOLLOWERS, gone))
                    found = excess_of(left, FOLLOWERS, rate, 30)
                    hits.append(covers(found.interval, gone - (1 - (1 - usual) ** 30)))
                row.append(share(hits))
            rows.append(row)
    table(
        "What an event cost: followers who left beyond the usual",
        ["known, and the cost", "0.02% leave a day", "0.2% leave a day"],
        rows,
    )


def event_in_clicks(random: Random, runs: int) -> None:
    """What an event cost in clicks: a quarter of the followers leaves, and with them so many."""
    rows = []
    left = -0.24
    after = round(FOLLOWERS * (1 + left))
    for mean, wording in ((35.0, ""), (1.75, ", 1.75 people a post"), (0.5, ", 0.5 people a post")):
        for size in (10, 30, 60):
            for change, who in ((left, "they clicked alike"), (0.0, "they never clicked")):
                row = [f"{size}{wording}: {who}"]
                for spread in SPREADS:
                    hits, like, other = [], [], []
                    for _ in range(runs // 4):
                        one = pairs(random, spread, size, mean / FOLLOWERS)
                        two = pairs(random, spread, size, mean * (1 + change) / FOLLOWERS)
                        found = before_after(one, [(k, after) for k, _ in two])
                        if found.interval is not None:
                            hits.append(covers(found.interval, change))
                        like.append(found.verdict == "like the others")
                        other.append(found.verdict in ("less", "more"))
                    row += [share(hits), share(like), share(other)]
                rows.append(row)
    table(
        "What an event cost: clicks",
        by_spread("posts a side", "covered", "like the others", "less or more"),
        rows,
    )


def digests(random: Random, runs: int) -> None:
    """A digest's "clearly more": how often it is cried in weeks without any change."""
    rows = []
    for size in (5, 7, 21):
        row = [str(size)]
        for spread in SPREADS:
            weeks = [
                (pairs(random, spread, size), pairs(random, spread, size)) for _ in range(runs // 2)
            ]
            row.append(share([permutation_p(one, two) <= FALSE_ALARMS for one, two in weeks]))
        rows.append(row)
    head = ["posts a week", *(f"CV {spread:g}" for spread in SPREADS)]
    table("Digest: weeks without a change that are said to have one", head, rows)


def engaged(random: Random, runs: int) -> None:
    """People of a segment who do anything with a post: the same people, post after post."""
    rows = []
    for people, mean in ((80, 0.2), (1_000, 0.02), (20_000, 0.002)):
        for size in (5, 12, 50):
            row = [f"{size}, a segment of {people:,}"]
            for spread in SPREADS:
                hits = []
                for _ in range(runs):
                    # People differ, too: some hardly ever do anything.
                    willing = random.gamma(0.5, 2 * mean, people)
                    posts = rates(random, spread, size, 1.0)
                    alike = 1 - np.exp(-np.outer(posts, willing)) if people <= 1_000 else None
                    if alike is None:
                        counts = random.binomial(people, 1 - np.exp(-posts * willing.mean()))
                        truth = _mean_of_posts(spread, np.array([willing.mean()]))
                    else:
                        counts = (random.random(alike.shape) < alike).sum(axis=1)
                        truth = _mean_of_posts(spread, willing)
                    hits.append(_covered_sum([(int(k), people) for k in counts], truth))
                row.append(share([hit for hit in hits if hit is not None]))
            rows.append(row)
    table(
        "Engagement by segment: people who do anything with a post",
        ["posts", *(f"CV {spread:g}" for spread in SPREADS)],
        rows,
    )


def _mean_of_posts(spread: float, willing: npt.NDArray[np.float64]) -> float:
    """Give the share of these people who do something with a post, on average over all posts.

    A post's pull is gamma with mean 1, so that share is the Laplace transform's complement.
    """
    shape = 1 / spread**2
    return float(np.mean(1 - (1 + willing / shape) ** -shape))


def engaged_accounts(random: Random, runs: int) -> None:
    """Two accounts' engagement per follower: likes of strangers too, far more than clicks."""
    rows = []
    rate = 0.004
    for size in (12, 50):
        for second in (rate, rate / 2):
            row = [f"{size}, {'same rate' if second == rate else 'half the rate'}"]
            for spread in SPREADS:
                cover, clear = [], []
                for _ in range(runs):
                    posts = pairs(random, spread, size, rate), pairs(random, spread, size, second)
                    a, b = ratio_of_sums(posts[0]), ratio_of_sums(posts[1])
                    if a is None or b is None or a.interval is None or b.interval is None:
                        continue
                    found = difference(a.value, a.interval, b.value, b.interval)
                    cover.append(covers(found, rate - second))
                    clear.append(not covers(found, 0.0) and is_clear(*posts))
                row += [share(cover), share(clear)]
            rows.append(row)
    table(
        "Two accounts: difference of engagement per follower",
        by_spread("posts of each account", "covered", "told apart"),
        rows,
    )


def regulars(random: Random, runs: int) -> None:
    """The share of regulars who stay, where people differ in how ready they are to."""
    rows = []
    for people in (5, 20, 100):
        row = [f"{people:,}"]
        for stay in (0.5, 0.8, 0.95):
            for even in (True, False):
                hits = []
                for _ in range(runs):
                    chance = np.full(people, stay)
                    if not even:
                        chance = random.beta(2 * stay, 2 * (1 - stay), people)
                    stayed = int((random.random(people) < chance).sum())
                    hits.append(covers(wilson(stayed, people), stay))
                row.append(share(hits))
        rows.append(row)
    head = ["regulars before"]
    for stay in (0.5, 0.8, 0.95):
        head += [f"{stay:.0%} stay, all alike", "people differ"]
    table("Regulars: the share that stays", head, rows)


def quiet_accounts(random: Random, runs: int) -> None:
    """Alarms of accounts to which nothing happens."""
    rows = []
    for name, quiet in ACCOUNTS.items():
        row = [name]
        for known in (42, 182):
            told = [month_of_alarms(random, quiet, known) for _ in range(runs // 10)]
            sums = [sum(kind) / len(told) for kind in zip(*told, strict=True)]
            row += [f"{mean:.2f}" for mean in (*sums, sum(sums))]
        rows.append(row)
    kinds = ("followers", "engagement", "all")
    head = ["account", "6 weeks known: clicks", *kinds, "26 weeks known: clicks", *kinds]
    table("Alarms", head, rows)


def noticed(random: Random, runs: int) -> None:
    """Alarms of accounts to which something happens."""
    rows = []
    for name, quiet in ACCOUNTS.items():
        row = [name]
        row += [
            share([after_a_spike(random, quiet, more) for _ in range(runs // 20)])
            for more in (10, 30, 100, 300)
        ]
        hours = [after_silence(random, quiet) for _ in range(runs // 20)]
        row += [
            share([hour is not None and hour <= within for hour in hours]) for within in (4, 12, 24)
        ]
        rows.append(row)
    head = ["account", "10 more clicks in an hour", "30", "100", "300"]
    head += ["silence noticed within 4 hours", "12", "24"]
    table("Alarms that are noticed", head, rows)


def by_spread(first: str, *others: str) -> list[str]:
    """Head a table that has several columns for each spread."""
    head = [first]
    for spread in SPREADS:
        head += [f"CV {spread:g}: {others[0]}", *others[1:]]
    return head


def stories(random: Random, runs: int) -> None:
    """Stories about nothing: clicks shuffled over time, and followers' moves too."""
    rows = []
    for accounts, experiments in ((1, 0), (1, 2), (3, 0), (3, 2)):
        row = [f"{accounts}, {experiments} experiments"]
        for spread in SPREADS:
            claims = [_claims(random, spread, accounts, experiments) for _ in range(runs)]
            row += [share([any(each) for each in claims])]
        rows.append(row)
    head = ["accounts", *(f"CV {spread:g}" for spread in SPREADS)]
    table("Stories in which nothing changed", head, rows)


def _claims(random: Random, spread: float, accounts: int, experiments: int) -> list[bool]:
    """Say of each comparison of one story whether it would say "clearly"."""
    claims = Claims(accounts + experiments)
    plan = [Look(look.day, look.alpha * claims.part) for look in looks(28, 7)]
    said, posts = [], 200
    for _ in range(accounts):
        moves = random.permutation(random.normal(0, 30, 364))
        followers = (FOLLOWERS + np.cumsum(moves)).astype(int)
        days = np.sort(random.uniform(0, 364, posts))
        people = random.permutation(random.poisson(rates(random, spread, posts) * FOLLOWERS))
        clicked = [(int(k), 1) for k in people]
        middle = int(np.searchsorted(days, 182))
        said.append(claims.change(clicked[:middle], clicked[middle:]))
    for number in range(experiments):  # of the last account
        at = 90 + 150 * number
        counted = [
            Counted(day - at + 7, day >= at, (int(k), int(followers[int(day)])))
            for day, k in zip(days, people, strict=True)
            if at - 28 <= day < at + 28
        ]
        said.append(decide(counted, plan).day is not None)
    return said


TABLES: dict[str, Callable[[Random, int], None]] = {
    function.__name__: function
    for function in (
        single,
        ratios,
        wilson_sums,
        medians,
        differences,
        never_clicked,
        trends,
        crowd,
        lifetimes,
        half_lives,
        alarms,
        hours,
        segments,
        ratios_of_ratios,
        leaving,
        event_in_clicks,
        digests,
        engaged,
        engaged_accounts,
        regulars,
        stories,
        quiet_accounts,
        noticed,
    )
}


def main() -> None:
    """Print all tables, or the one that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--only", choices=TABLES)
    parser.add_argument("--write", type=Path, help="the page to put the tables into")
    chosen = parser.parse_args()
    for name, function in TABLES.items():
        if chosen.only in (None, name):
            function(np.random.default_rng(23_000), chosen.runs)
    if chosen.write is not None:
        chosen.write.write_text(put_into(chosen.write.read_text("utf-8"), MADE), "utf-8")


if __name__ == "__main__":
    main()
