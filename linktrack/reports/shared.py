"""What a shared report gives away of each post, as a file."""

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
