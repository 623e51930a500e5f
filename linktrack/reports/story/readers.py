"""The chapter on who is really there: clicks per follower, different people, and any change."""

from collections.abc import Sequence
from datetime import timedelta

from linktrack.calendar.ranges import DayRange
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS
from linktrack.reports.figures.words import counted
from linktrack.reports.sentences import post_in_words
from linktrack.reports.story.changes import changes
from linktrack.reports.story.claims import Claims
from linktrack.reports.story.facts import Facts
from linktrack.reports.story.telling import (
    Chapter,
    Figure,
    Passage,
    Sentence,
    chapter,
    figures,
    rate_figure,
    report_path,
    since_path,
)


def is_too_early(facts: Facts) -> bool:
    """Whether too few posts are complete to say how many click."""
    return facts.total.posts < FEWEST_POSTS


def on_readers(told: Sequence[Facts], window: str, claims: Claims) -> list[Chapter]:
    """Return the chapter on the people who click, account by account, and on what changed."""
    passages = [
        Passage(
            facts.account,
            [_too_early(facts)] if is_too_early(facts) else [_post(facts, window), *_people(facts)],
        )
        for facts in told
    ]
    passages.append(Passage(None, changes(told, claims)))
    return chapter("readers", "Who is really there", passages)


def _too_early(facts: Facts) -> Sentence:
    """As in "Too early to tell how many click what @demo_you posts: 3 posts so far."."""
    total = facts.so_far
    posts = total.posts + total.still_counting.posts + total.posts_without_count
    path = since_path("cpf", facts.account, facts.first)
    cited = figures(
        path,
        total__posts=total.posts,
        total__posts_without_count=total.posts_without_count,
        total__still_counting__posts=total.still_counting.posts,
    )
    so_far = f"{counted(posts, 'post')} so far" if posts else "no posts with links so far"
    return Sentence(
        f"Too early to tell how many people click what {facts.account.handle} posts: {so_far}.",
        cited,
        "open",
    )


def _post(facts: Facts, window: str) -> Sentence:
    path, total = report_path("cpf", facts.account, facts.days), facts.total
    return Sentence(
        post_in_words(total, window, facts.account.handle),
        (
            rate_figure(path, "/total/cpf", total.cpf),
            *figures(
                path,
                total__posts=total.posts,
                total__unique_clicks=total.unique_clicks,
                total__followers=total.followers,
                total__unattributed=total.unattributed,
            ),
        ),
    )


def _people(facts: Facts) -> list[Sentence]:
    """The sentence of the audience report on the last period that is over."""
    latest = facts.presence.latest
    if latest.end <= facts.first or latest.period == "day":
        return []
    days = DayRange(latest.first, latest.end - timedelta(days=1), facts.timezone)
    path = report_path("audience", facts.account, days)
    people = latest.people
    if people is None:
        return [Sentence(latest.sentence, (Figure(path, "/sentence", latest.sentence),), "open")]
    low, high = round(people.interval.low, 4), round(people.interval.high, 4)
    return [
        Sentence(
            latest.sentence,
            (
                Figure(path, "/at_least", round(people.estimate, 4), low, high),
                *figures(path, seen=latest.seen, followers=latest.followers),
            ),
        )
    ]
