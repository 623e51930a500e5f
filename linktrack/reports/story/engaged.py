"""The chapter on what people did with posts besides clicking, where the network tells it."""

from collections.abc import Sequence

from linktrack.engagement.vocabulary import NAMED
from linktrack.reports.engagement.report import EngagementReport
from linktrack.reports.engagement.sentences import people_in_words, rates_in_words
from linktrack.reports.story.facts import Facts
from linktrack.reports.story.telling import (
    Chapter,
    Figure,
    Passage,
    Sentence,
    chapter,
    figures,
    report_path,
)


def on_engagement(told: Sequence[Facts]) -> list[Chapter]:
    """Return the chapter on likes, reposts, replies and quotes per follower."""
    passages = [
        Passage(facts.account, [*_engagement(facts, facts.engagement), *_regulars(facts)])
        for facts in told
        if facts.engagement is not None
    ]
    return chapter("engagement", "Likes, replies and regulars", passages)


def _regulars(facts: Facts) -> list[Sentence]:
    """Say how many come back week after week; nobody is named."""
    found = facts.regulars
    text = "" if found is None else found.told_of(facts.account.handle)
    if found is None or not text:
        return []
    path = report_path("regulars", facts.account)
    counts = figures(
        path,
        regulars=found.regulars,
        followers=found.followers,
        before=found.before,
        stayed=found.stayed,
    )
    return [Sentence(text, (Figure(path, "/stay", *found.stay.written), *counts))]


def _engagement(facts: Facts, report: EngagementReport) -> list[Sentence]:
    known = [
        (i, each)
        for i, each in enumerate(report.total.kinds)
        if each.what in NAMED and each.count is not None
    ]
    if not report.total.posts or not known:
        return []
    handle, path = facts.account.handle, report_path("engagement", facts.account, facts.days)
    rates = [
        Figure(path, f"/total/kinds/{i}/per_follower", *each.rate.written) for i, each in known
    ]
    cited = (*rates, *figures(path, total__posts=report.total.posts))
    said = [Sentence(rates_in_words(report, handle), cited)]
    different = report.different
    if people := people_in_words(report, handle):
        cited = figures(
            path,
            different__people=different.people,
            different__followers=different.followers,
        )
        said.append(Sentence(people, cited))
    return said
