"""What the report of engagement says in whole sentences, the same at every door.

Who likes a public post need not follow: no sentence says of counts that so many followers liked.
Of people who are named and on the follower list it may be said.
"""

from typing import Final

from linktrack.reports.engagement.figures import KindFigure
from linktrack.reports.engagement.report import EngagementReport
from linktrack.reports.figures.words import WITHIN, counted, per_thousand

KIND_WORDS: Final = {
    "any": ("like, repost, reply or quote", "likes, reposts, replies and quotes"),
    "like": ("like", "likes"),
    "repost": ("repost", "reposts"),
    "reply": ("reply", "replies"),
    "quote": ("quote", "quotes"),
    "bookmark": ("bookmark", "bookmarks"),
    "view": ("view", "views"),
}
"""Each kind in the singular and the plural."""


def plural(what: str) -> str:
    """Return how pages call a kind: likes."""
    return KIND_WORDS[what][1]


def sentences_of(report: EngagementReport) -> list[str]:
    """Return what there is to say, most important first."""
    said = (rates_in_words(report), people_in_words(report), _apart(report))
    return [each for each in said if each]


def rates_in_words(report: EngagementReport, handle: str = "") -> str:
    """Say what a post gets for every 1,000 followers; of "you", or of the account that is named."""
    total = report.total
    if not total.posts:
        return _nothing(report)
    told = [figure for figure in total.kinds[1:5] if figure.count is not None]
    if not told:
        return "The network tells nobody how often these posts were liked or reposted."
    figures = [f"{per_thousand(figure.rate)} {_named(figure)}" for figure in told]
    listed = figures[0] if len(figures) == 1 else f"{', '.join(figures[:-1])} and {figures[-1]}"
    by, whom = (f" by {handle}", handle) if handle else ("", "you")
    return (
        f"For every 1,000 followers, a post{by} gets {listed} {WITHIN[report.window]} "
        f"({counted(total.posts, 'post')}). This includes people who don't follow {whom}."
    )


def _named(figure: KindFigure) -> str:
    return plural(figure.what)


def people_in_words(report: EngagementReport, handle: str = "") -> str:
    """Say how many followers did anything; "" if nobody is named."""
    found = report.different
    if found.roster_at is None or not report.names_known:
        return ""
    when = "in these days" if report.since or report.until else "so far"
    whose = f"the newest list of {handle}" if handle else "your newest list"
    return (
        f"{found.people:,} of the {found.followers:,} followers on {whose} liked, "
        f"reposted, replied or quoted {when}."
    )


def _nothing(report: EngagementReport) -> str:
    total = report.total
    if total.posts_without_count:
        return (
            "The number of followers when these posts were made isn't known, so there is no rate."
        )
    if total.posts_still_counting or total.posts_unread:
        return ""
    return "No posts were read from the network in these days."


def _apart(report: EngagementReport) -> str:
    total = report.total
    said = []
    if total.posts_still_counting:
        many = counted(total.posts_still_counting, "post")
        said.append(
            f"{many} {'is' if total.posts_still_counting == 1 else 'are'} still counting: not in "
            "rates yet."
        )
    if total.posts and total.posts_without_count:
        many = counted(total.posts_without_count, "post")
        said.append(f"{many} from before the first follower count: not in rates.")
    if total.posts_unread:
        many = counted(total.posts_unread, "post")
        said.append(f"{many} {'was' if total.posts_unread == 1 else 'were'} not read yet.")
    return " ".join(said)
