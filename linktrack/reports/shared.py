"""What a shared report gives away of each post, as a file."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from linktrack.links.redirects.limiting import texts_with_limits
from linktrack.reports.figures.rate import RateJson, rate_json
from linktrack.reports.post_lines import PostLine


class SharedRow(RateJson):
    """A post as those with the address may download it: what the page shows."""

    posted_at: str
    text: str
    clicks: int | None
    people: int | None
    followers: int | None
    complete: bool


def without_secrets(session: Session, lines: Sequence[PostLine]) -> list[PostLine]:
    """Return posts as strangers may read them: of a link with limits, its short address alone."""
    texts = texts_with_limits(session, [line.facts.id for line in lines])
    return [
        replace(line, facts=replace(line.facts, written=texts[line.facts.id]))
        if line.facts.id in texts
        else line
        for line in lines
    ]


def shared_row(line: PostLine) -> SharedRow:
    """Return a post as a row of the file; what was not measured is not known."""
    measured = line.is_measured
    return {
        "posted_at": line.facts.posted_at.isoformat(),
        "text": line.facts.written,
        "clicks": line.clicks if measured else None,
        "people": line.unique_clicks if measured else None,
        "followers": line.facts.followers,
        "complete": line.state == "complete",
        **rate_json(line.cpf),
    }
