"""Figures in words, the same on the command line and on pages. Pure."""

from datetime import date
from typing import Final

from linktrack.reports.build import CpfTotal, Rate
from linktrack.reports.followers import Event
from linktrack.reports.segments import SegmentsReport
from linktrack.reports.statistics.rates import Interval

WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def per_thousand(rate: Rate) -> str:
    """Return a rate per 1,000 followers with its interval, as in "1.52 (1.09 to 2.12)"."""
    if rate.value is None:
        return "unknown"
    told = thousandths(rate.value)
    if rate.interval is None:
        return told
    return f"{told} ({thousandths(rate.interval.low)} to {thousandths(rate.interval.high)})"


def thousandths(fraction: float) -> str:
    """Return how many of a thousand, with three digits: 1.52."""
    return f"{fraction * 1000:.3g}" if fraction < 0.9995 else f"{fraction * 1000:,.0f}"


def about(people: float) -> str:
    """Return a number of people as exactly as an estimate may be told: two digits from 100 on."""
    if people < 100:
        return f"{people:.0f}"
    size = 10 ** (len(str(int(people))) - 2)
    return f"{round(people / size) * size:,}"


def percent(fraction: float) -> str:
    """Return a fraction in per cent with two digits: 1.8 %; whole ones from 10 % on."""
    number = fraction * 100
    return f"{number:.0f} %" if number >= 10 or number == 0 else f"{number:.2g} %"


def duration(seconds: float) -> str:
    """Return a time as people say it: 40 minutes, 2.8 hours, 3.1 days."""
    if seconds < 90 * 60:
        minutes = max(1, round(seconds / 60))
        return counted(minutes, "minute")
    if seconds < 36 * 3600:
        return f"{_short(seconds / 3600)} hours"
    return f"{_short(seconds / 86400)} days"


def durations(low: float, high: float) -> str:
    """Return a range of times: 2.9 to 3.4 hours."""
    (first, unit), (last, last_unit) = (duration(x).split(" ") for x in (low, high))
    if unit.rstrip("s") == last_unit.rstrip("s"):
        return f"{first} to {last} {last_unit}"
    return f"{first} {unit} to {last} {last_unit}"


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its word: 1 post, 2 posts."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def listed(names: list[str]) -> str:
    """Return names as a list in a sentence: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def days_from(first: date, end: date) -> str:
    """Return the days from the first to the one before `end`: May 2026, or 4 to 10 May 2026."""
    last = date.fromordinal(end.toordinal() - 1)
    name = f"{_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return f"{last.day} {name}"
    if first.day == 1 and end.day == 1:
        return name if first.month == last.month else f"{_MONTHS[first.month - 1]} to {name}"
    if first.month == last.month:
        return f"{first.day} to {last.day} {name}"
    return f"{first.day} {_MONTHS[first.month - 1]} to {last.day} {name}"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 9.95 else f"{number:.1f}".removesuffix(".0")


def times(rate: Rate) -> str:
    """Return how many times as often, as in "27 (19 to 38)"."""
    if rate.value is None:
        return "unknown"
    told = f"{rate.value:.2g}"
    if rate.interval is None:
        return told
    return f"{told} ({rate.interval.low:.2g} to {rate.interval.high:.2g})"


def unattributed(report: SegmentsReport) -> str:
    """Say first for how many people it is not known who they are."""
    if not report.unique_clicks:
        return "Nobody has clicked on these posts yet."
    people = "person" if report.unique_clicks == 1 else "people"
    return (
        f"For {report.unattributed:,} of {report.unique_clicks:,} {people} who clicked we can't "
        "tell who: they came through links that everybody sees."
    )


def living(report: SegmentsReport) -> str:
    """Say what the rate were if those who look empty never click; nothing where nobody does.

    People are those who clicked on a post, on average: "35 of 23,000".
    """
    found = report.living
    if found.assumed_empty is None or found.followers is None or report.count is None:
        return ""
    if not report.posts:
        return ""
    average = report.unique_clicks / report.posts
    people = f"{average:,.0f}" if average >= 10 or average == round(average) else f"{average:.1f}"
    return (
        f"{people} of {report.count:,} click; if the {found.assumed_empty:,} that look empty never "
        f"click, {people} of {found.followers:,}. That they never do is an assumption."
    )


def per_cent(share: float, interval: Interval | None) -> str:
    """Return a fraction in per cent with its interval, as in "26.1 % (25.5 to 26.7)"."""
    told = f"{share * 100:.1f} %"
    if interval is None:
        return told
    return f"{told} ({interval.low * 100:.1f} to {interval.high * 100:.1f})"


def event_in_words(event: Event) -> str:
    """Return what an event cost in a sentence, as in "6,000 of 23,000 left …: 26.1 % (…)"."""
    day = f"{event.at.day} {event.at:%B %Y}"
    if event.followers is None:
        return f"{day}: nothing is known from before, no follower list and no count."
    if event.excess is None or event.left[2] is None:
        return (
            f"{day}: {event.followers:,} followed before. No follower list and no count was taken "
            "in the 30 days after, so nobody knows how many left."
        )
    told = []
    for words, left in zip(("one day", "7 days", "30 days"), event.left, strict=True):
        told.append(f"{words}: {'unknown' if left is None else f'{left:,}'}")
    sentence = (
        f"{day}: of {event.followers:,} followers before, these had left within {', '.join(told)}."
    )
    excess = event.excess
    if excess.usual is None:
        sentence += " How many leave usually is not known from before, so nothing is taken off"
    else:
        sentence += f" Usually {excess.usual:,.0f} would have left"
    if excess.share is not None and excess.interval is not None:
        sentence += f": the event cost {per_cent(excess.share, excess.interval)} of them"
    if event.by_counts:
        return sentence + ". Told from follower counts: those who came hide as many who left."
    return sentence + "."


def share(part: int, whole: int) -> str:
    """Write a part of a whole in per cent; a part that is neither none nor all shows as such."""
    percent = round(100 * part / whole)
    if 0 < part < whole:
        percent = min(max(percent, 1), 99)
    return f"{percent} %"


def reach(total: CpfTotal) -> str:
    """Say in a sentence how many of an account's followers a post reaches, and who they are.

    "Each post reaches about 35 of 23,000 followers, 1 in 657; we can tell who for 5 of them."
    """
    if not total.posts:
        if total.posts_without_count:
            return "How many followers there were is not known, so nothing can be set against them."
        return "No posts were published."
    several = total.posts > 1
    people, followers = total.unique_clicks / total.posts, total.followers / total.posts
    each = "Each post reaches about" if several else "The post reached"
    base = counted(round(followers), "follower")
    if not total.unique_clicks:
        what = f"None of {total.posts:,} posts was" if several else "The post was not"
        return f"{what} clicked; {'they' if several else 'it'} had {base}{' each' * several}."
    if total.unique_clicks > total.followers:
        reached = (
            f"{each} {counted(max(1, round(people)), 'person', 'people')}, more than the {base} it "
            "has"
        )
    elif people < 1:
        reached = f"Each post reaches fewer than 1 of {base}, 1 in {_turned(total)}"
    else:
        reached = f"{each} {round(people):,} of {base}, 1 in {_turned(total)}"
    return f"{reached}; {_who(total)}."


def _turned(total: CpfTotal) -> str:
    one_in = total.followers / total.unique_clicks
    return f"{one_in:,.0f}" if one_in >= 10 else f"{one_in:.2g}"


def _who(total: CpfTotal) -> str:
    """Say of how many the segment is known: of one post's people, or of all where it is too few."""
    told = total.unique_clicks - total.unattributed
    if not told:
        return "we can't tell who"
    if told == total.unique_clicks:
        return "we can tell who"
    each, people = round(told / total.posts), round(total.unique_clicks / total.posts)
    if each < 1 or (each == people and total.posts > 1):
        return f"we can tell who for {told:,} of {total.unique_clicks:,} in all"
    return f"we can tell who for {each:,} of them"
