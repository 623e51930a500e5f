"""What reports say in whole sentences, the same at every door.

Over several posts a person counts once for each, so sums are "unique clicks"; of one post, and of
the average post, they are people. Those who clicked need not be followers, so no sentence says that
some of the followers clicked.
"""

from linktrack.reports.counting import set_apart
from linktrack.reports.cpf import CpfTotal
from linktrack.reports.figures.statistics.leaving import Excess
from linktrack.reports.figures.words import WITHIN, counted, month_name, one_in, percent, share
from linktrack.reports.people.followers import Event
from linktrack.reports.people.segments import SegmentsReport
from linktrack.reports.people.ways import Ways


def unattributed(report: SegmentsReport) -> str:
    """Say first for how many unique clicks it is not known whose they are."""
    if not report.unique_clicks:
        if not report.still_counting.unique_clicks and not report.posts_unmeasured:
            return "Nobody has clicked on these posts yet."
        if report.posts:
            return "Nobody has clicked on the posts that these figures are of."
        return "None of these posts is complete, so we can't tell yet who clicked."
    if report.posts == 1:
        clicked = f"{counted(report.unique_clicks, 'person', 'people')} who clicked"
    else:
        clicked = counted(report.unique_clicks, "unique click")
    return (
        f"For {report.unattributed:,} of {clicked} "
        f"({share(report.unattributed, report.unique_clicks)}) we can't tell who: they came "
        "through public links."
    )


def ways(found: Ways) -> list[str]:
    """Say what the newest month's clicks are known by, and what hellos are worth."""
    said = []
    month = found.newest
    if month is not None and month.by is not None and month.by.total:
        by = month.by
        parts = (
            (by.version, "by a version's link"),
            (by.personal, "by a personal link"),
            (by.hello_button, "by a hello with the button"),
            (by.hello_network, "by a hello with the network"),
        )
        told = ", ".join(f"{number:,} {how}" for number, how in parts if number)
        name = f"{month_name(month.first)} {month.first.year}"
        said.append(
            f"In {name}{'' if month.is_over else ', so far,'} we can tell who for "
            f"{share(by.total, month.unique_clicks)} of "
            f"{counted(month.unique_clicks, 'unique click')}: {told}."
        )
    if found.by_button or found.by_network:
        said.append(
            f"{counted(found.by_button, 'browser')} said hello by the button and "
            f"{found.by_network:,} by sign-in with the network, and didn't take it back. "
            "People who say hello click more than others, so they aren't the average of their "
            "segment."
        )
    return said


def living(report: SegmentsReport) -> str:
    """Say what the rate were if those who look empty never click; nothing where nobody does."""
    found = report.living
    if found.assumed_empty is None or found.followers is None or report.count is None:
        return ""
    if not report.posts:
        return ""
    if not report.unique_clicks:
        return (
            f"{found.assumed_empty:,} of {report.count:,} followers look empty. Nobody has clicked "
            "yet, so no rate depends on it."
        )
    people = report.unique_clicks / report.posts
    if report.posts == 1:
        clicked = f"{_rounded(people)} clicked the post"
    else:
        clicked = f"On average, {_rounded(people)} click a post"
    return (
        f"{clicked}: 1 for every {one_in(people / report.count)} of {report.count:,} followers. "
        f"If the {found.assumed_empty:,} that look empty never click, 1 for every "
        f"{one_in(people / found.followers)} of the other {found.followers:,}. That they never do "
        "is an assumption."
    )


def event_in_words(event: Event) -> str:
    """Return what an event cost in a sentence, as in "of 23,000 followers, 6,000 had left …"."""
    day = f"{event.at.day} {event.at:%B %Y}"
    if event.followers is None:
        return f"{day}: there is no follower list and no count from before, so nothing is known."
    if event.excess is None or event.left[2] is None:
        return (
            f"{day}: {event.followers:,} followed before. No follower list and no count was taken "
            "in the 30 days after, so nobody knows how many left."
        )
    gone = "fewer" if event.by_counts else "had left"
    told = [
        f"{left:,} {gone} within {words}"
        for words, left in zip(("one day", "7 days", "30 days"), event.left, strict=True)
        if left is not None
    ]
    excess = event.excess
    if event.by_counts:
        before = f"{day}: {event.followers:,} followers before, then {', '.join(told)}."
        if excess.share is None or excess.interval is None:
            return before
        cost = percent(excess.share, excess.interval)
        return (
            f"{before} In the end {cost} are gone, net of new followers; how many leave anyway is "
            "unknown."
        )
    return " ".join(
        [f"{day}: of {event.followers:,} followers before, {', '.join(told)}.", *_cost(excess)]
    )


def costs_in_words(event: Event) -> list[str]:
    """Return what an event cost beside followers, as far as there are posts to tell it by."""
    return [cost.sentence for cost in (event.clicks, event.engagement) if cost is not None]


def event_cost(event: Event) -> str:
    """Say what part of the followers an event cost, beyond those who leave anyway.

    Nothing where that isn't known.
    """
    if event.by_counts or event.excess is None:
        return ""
    return " ".join(_cost(event.excess))


def _cost(excess: Excess) -> list[str]:
    if excess.share is None or excess.interval is None:
        return []
    cost = percent(excess.share, excess.interval)
    if excess.usual is None:
        said = f"How many leave anyway is unknown, so this is everybody who left: {cost}"
        return [f"{said} of the followers."]
    usual = f"About {excess.usual:,.0f} leave anyway in that time"
    if excess.interval.low > 0:
        return [f"{usual}, so the event cost {cost} of the followers."]
    most = percent(excess.interval.high)
    doubt = f"we can't tell whether the event cost anybody ({most} of the followers at most)"
    return [f"{usual}: {doubt}."]


def post_in_words(total: CpfTotal, window: str, by: str = "") -> str:
    """Say in a sentence how many people click a post within the window, and who they are.

    `by` names the account, where nothing else does.

    "On average, 35 people click a post within 7 days, 1 for every 657 followers; we can tell who
    for 5 of them."
    """
    if not total.posts:
        if total.posts_without_count:
            return "The number of followers isn't known, so there is no rate."
        return " ".join(set_apart(total.still_counting, total.posts_unmeasured)) or (
            "No posts were published."
        )
    several, within = total.posts > 1, WITHIN[window]
    by = by and f" by {by}"
    base = counted(round(total.followers / total.posts), "follower")
    if not total.unique_clicks:
        what = f"any of {total.posts:,} posts{by}" if several else f"the post{by}"
        return (
            f"Nobody clicked {what} {within}; {'each had about' if several else 'it had'} {base}."
        )
    people = total.unique_clicks / total.posts
    if several:
        clicked = f"On average, {_rounded(people)} click a post{by} {within}"
    else:
        clicked = f"{_rounded(people)} clicked the post{by} {within}"
    if total.unique_clicks > total.followers:
        return f"{clicked}, more than its {base}; {_who(total)}."
    rate = total.unique_clicks / total.followers
    return f"{clicked}, 1 for every {one_in(rate)} followers; {_who(total)}."


def _rounded(people: float) -> str:
    """Return a mean number of people, as exactly as it matters: 35 people, 2.4 people."""
    if people >= 10 or people == round(people):
        return counted(round(people), "person", "people")
    return f"{people:.1f} people" if people >= 0.1 else f"{people:.1g} people"


def _who(total: CpfTotal) -> str:
    """Say of how many the segment is known: of one post's people, or of all unique clicks."""
    told = total.unique_clicks - total.unattributed
    if not told:
        return "we can't tell who"
    if told == total.unique_clicks:
        return "we can tell who"
    if total.posts == 1:
        return f"we can tell who for {told:,} of them"
    return f"we can tell who for {share(told, total.unique_clicks)} of the unique clicks"
