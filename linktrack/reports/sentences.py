"""What reports say in whole sentences, the same at every door."""

from linktrack.reports.counting import set_apart
from linktrack.reports.cpf import CpfTotal
from linktrack.reports.figures.words import counted, percent
from linktrack.reports.people.followers import Event
from linktrack.reports.people.segments import SegmentsReport


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
        sentence += f": the event cost {percent(excess.share, excess.interval)} of them"
    if event.by_counts:
        return sentence + ". Told from follower counts: those who came hide as many who left."
    return sentence + "."


def reach(total: CpfTotal) -> str:
    """Say in a sentence how many of an account's followers a post reaches, and who they are.

    "Each post reaches about 35 of 23,000 followers, 1 in 657; we can tell who for 5 of them."
    """
    if not total.posts:
        if total.posts_without_count:
            return "How many followers there were is not known, so nothing can be set against them."
        return " ".join(set_apart(total.still_counting, total.posts_unmeasured)) or (
            "No posts were published."
        )
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
