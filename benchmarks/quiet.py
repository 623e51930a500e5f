"""Accounts to which nothing happens, and some to which something does, for alarms to judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from linktrack.reports.figures.statistics.alarms import Day, Usual

Random = np.random.Generator
Counts = npt.NDArray[np.int64]
CLOCK = np.array(
    [
        *(0.3, 0.2, 0.15, 0.1, 0.1, 0.2, 0.4, 0.8, 1.2, 1.4, 1.4, 1.3),
        *(1.4, 1.3, 1.2, 1.2, 1.2, 1.3, 1.4, 1.5, 1.5, 1.3, 0.9, 0.6),
    ]
)
WEEK = np.array([1.2, 1.2, 1.1, 1.1, 1.0, 0.7, 0.7])


@dataclass(frozen=True, slots=True)
class Quiet:
    """How an account is clicked: `steady` clicks a day, and posts that bring some each.

    Posts differ by a gamma distribution with the coefficient of variation `spread`; half of the
    clicks come within three hours, the rest over days.
    """

    steady: float
    posts: float = 0.0
    each: float = 0.0
    spread: float = 0.0
    growth: float = 0.0
    """The part by which steady clicks grow in a month."""


def clicks_of(random: Random, quiet: Quiet, days: int) -> Counts:
    """Draw the clicks of so many days, by day and hour; the first is a Monday."""
    hours = np.arange(days * 24)
    rhythm = (WEEK / WEEK.mean())[(hours // 24) % 7] * (CLOCK / CLOCK.sum())[hours % 24]
    found = random.poisson(quiet.steady * rhythm * (1 + quiet.growth) ** (hours / 24 / 30))
    for hour in np.repeat(hours, random.poisson(quiet.posts * rhythm)):
        rate = quiet.each
        if quiet.spread:
            rate *= random.gamma(1 / quiet.spread**2, quiet.spread**2)
        after = hour + np.floor(random.lognormal(np.log(3), 1.5, random.poisson(rate))).astype(int)
        np.add.at(found, after[after < len(found)], 1)
    by_day: Counts = found.reshape(days, 24)
    return by_day


def days_of(counts: Counts, first: int, end: int) -> list[Day]:
    """Return some of the days as they are judged."""
    return [Day(i % 7, counts[i].tolist()) for i in range(first, end)]


def first_spike(usual: Usual, day: int, counts: Counts) -> int | None:
    """Return the first hour of a day with a spike."""
    found = (h for h, count in enumerate(counts) if count > usual.most(day % 7, h))
    return next(found, None)


def first_drop(usual: Usual, day: int, before: Counts, counts: Counts) -> int | None:
    """Return the first hour of a day by the end of which too little has come."""
    both = [*before.tolist(), *counts.tolist()]
    slots = len(counts)
    wanted = [*usual.expected[(day - 1) % 7], *usual.expected[day % 7]]
    for hour in range(slots):
        for window in usual.fewest:
            part = slice(slots + hour + 1 - window, slots + hour + 1)
            if sum(both[part]) < usual.least(window, sum(wanted[part])):
                return hour
    return None


def false_alarms(counts: Counts, known: int) -> tuple[int, int]:
    """Count the spikes and drops that are told after so many days; days in a row are one."""
    told = [0, 0]
    last = [-9, -9]
    for day in range(known, len(counts)):
        usual = Usual.of(days_of(counts, max(0, day - 182), day))
        if usual is None:
            continue
        found = (
            first_spike(usual, day, counts[day]),
            first_drop(usual, day, counts[day - 1], counts[day]),
        )
        for kind, hour in enumerate(found):
            if hour is not None:
                told[kind] += day - last[kind] > 1
                last[kind] = day
    return told[0], told[1]


def month_of_alarms(random: Random, quiet: Quiet, known: int) -> tuple[int, int, int]:
    """Count what is told in a month of clicks, of a follower count, and of engagement."""
    days = known + 30
    clicks = false_alarms(clicks_of(random, quiet, days), known)
    daily = quiet.steady + quiet.posts * quiet.each
    came, left = (random.poisson(random.gamma(1, daily / 20 + 1, days)) for _ in range(2))
    net = (came - left).reshape(days, 1)
    followers = [false_alarms(np.maximum(0, sign * net), known)[0] for sign in (1, -1)]
    engagement = false_alarms(clicks_of(random, quiet, days).sum(axis=1, keepdims=True), known)
    return sum(clicks), sum(followers), sum(engagement)


def after_a_spike(random: Random, quiet: Quiet, more: int) -> bool:
    """Whether so many more clicks in one hour of an afternoon are noticed."""
    counts = clicks_of(random, quiet, 183)
    usual = Usual.of(days_of(counts, 0, 182))
    counts[182][14] += random.poisson(more)
    return usual is not None and counts[182][14] > usual.most(182 % 7, 14)


def after_silence(random: Random, quiet: Quiet) -> int | None:
    """Return how many hours after clicks ceased, at eight in the morning, that is noticed."""
    counts = clicks_of(random, quiet, 184)
    usual = Usual.of(days_of(counts, 0, 182))
    if usual is None:
        return None
    counts[182][8:] = 0
    counts[183] = 0
    hour = first_drop(usual, 182, counts[181], counts[182])
    if hour is not None:
        return max(0, hour - 7)
    hour = first_drop(usual, 183, counts[182], counts[183])
    return None if hour is None else hour + 17


ACCOUNTS: Final[Mapping[str, Quiet]] = {
    "1 click a day": Quiet(1),
    "3 a day, mostly by a post every other day": Quiet(1, 0.5, 4, 1),
    "40 a day": Quiet(40),
    "40 a day, growing by a fifth a month": Quiet(40, growth=0.2),
    "40 a day, 2 posts, CV 1": Quiet(10, 2, 15, 1),
    "40 a day, 2 posts, CV 3": Quiet(10, 2, 15, 3),
    "1,000 a day": Quiet(1_000),
    "1,000 a day, 10 posts, CV 1": Quiet(200, 10, 80, 1),
    "1,000 a day, 10 posts, CV 3": Quiet(200, 10, 80, 3),
    "5 a day, and a post a week with 300, CV 1": Quiet(5, 1 / 7, 300, 1),
    "5 a day, and a post a week with 300, CV 3": Quiet(5, 1 / 7, 300, 3),
}
"""Accounts to which nothing happens, by how they are clicked."""
