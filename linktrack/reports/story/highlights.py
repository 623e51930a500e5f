"""The chapters on the best posts, and on the people whom links promoted."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.links.excerpts import title
from linktrack.networks.words import all_of
from linktrack.reports.figures.words import counted, per_thousand
from linktrack.reports.links.kinds import people_report
from linktrack.reports.post_lines import PostLine
from linktrack.reports.story.facts import MOST_BEST, Facts
from linktrack.reports.story.readers import is_too_early
from linktrack.reports.story.telling import (
    Chapter,
    Figure,
    Passage,
    Sentence,
    chapter,
    figures,
    rate_figure,
    report_path,
)

MOST_PEOPLE: Final = 5


def is_public(facts: Facts) -> bool:
    """Whether everybody may read an account's posts: a community's are its members' alone."""
    return facts.account.role != "we"


def on_posts(told: Sequence[Facts], timezone: ZoneInfo) -> list[Chapter]:
    """Return the chapter on each account's posts that certainly did best."""
    passages = [
        Passage(
            facts.account,
            [_post(facts, number, line, timezone) for number, line in enumerate(facts.best)],
            is_list=True,
        )
        for facts in told
        if is_public(facts) and not is_too_early(facts)
    ]
    return chapter("posts", "Best posts", passages)


def _post(facts: Facts, number: int, line: PostLine, timezone: ZoneInfo) -> Sentence:
    assert facts.days is not None
    path = report_path("cpf", facts.account, facts.days, sort="low", limit=MOST_BEST)
    at = line.facts.posted_at.astimezone(timezone)
    people = counted(line.unique_clicks, "person", "people")
    return Sentence(
        f"“{title(line.facts.written)}” ({at.day} {at:%B %Y}): {people} clicked, "
        f"{per_thousand(line.cpf)} per 1,000 followers.",
        (
            rate_figure(path, f"/posts/{number}/cpf", line.cpf),
            *figures(path, **{f"posts__{number}__unique_clicks": line.unique_clicks}),
            Figure(path, f"/posts/{number}/text", line.facts.text),
        ),
    )


def on_people(session: Session, told: Sequence[Facts]) -> list[Chapter]:
    """Return the chapter on the people whom the public posts of these accounts promoted."""
    passages = [
        Passage(facts.account, _people(session, facts))
        for facts in told
        if is_public(facts) and facts.days is not None
    ]
    return chapter("people", "People promoted", passages)


def _people(session: Session, facts: Facts) -> list[Sentence]:
    assert facts.days is not None
    found = people_report(
        session, facts.account, since=facts.days.since, until=facts.days.end
    ).people
    path = report_path("people", facts.account, facts.days)
    lines = [(person.name, line.unique_clicks) for person, line in found if line.unique_clicks]
    if not lines:
        return []
    shown = lines[:MOST_PEOPLE]
    names = [f"{clicks:,} to {name}" for name, clicks in shown[1:]]
    first = f"{counted(shown[0][1], 'unique click')} to {shown[0][0]}"
    if others := lines[MOST_PEOPLE:]:
        names.append(f"{sum(clicks for _, clicks in others):,} to {len(others)} others")
    cited = [
        figure
        for number, (name, clicks) in enumerate(lines)
        for figure in (
            Figure(path, f"/people/{number}/name", name),
            Figure(path, f"/people/{number}/unique_clicks", clicks),
        )
    ]
    said = f"Links by {facts.account.handle} brought {all_of([first, *names])}."
    return [Sentence(said, tuple(cited))]
