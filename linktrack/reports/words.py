"""Figures in words, the same on the command line and on pages. Pure."""

from linktrack.reports.build import CpfTotal, Rate


def counted(number: int, one: str, several: str | None = None) -> str:
    """Write a number with its noun: 1 click, 23,000 clicks."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def share(part: int, whole: int) -> str:
    """Write a part of a whole in per cent; a part that is neither none nor all shows as such."""
    percent = round(100 * part / whole)
    if 0 < part < whole:
        percent = min(max(percent, 1), 99)
    return f"{percent} %"


def per_thousand(rate: Rate) -> str:
    """Return a rate per 1,000 followers with its interval, as in "1.52 (1.09 to 2.12)"."""
    if rate.value is None:
        return "unknown"
    told = f"{rate.value * 1000:.3g}"
    if rate.interval is None:
        return told
    return f"{told} ({rate.interval.low * 1000:.3g} to {rate.interval.high * 1000:.3g})"


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
