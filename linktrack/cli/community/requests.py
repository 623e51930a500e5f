"""Who asks to join."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Work
from linktrack.cli.community.group import community


@community.command()
@click.argument("handle")
@click.option(
    "--state",
    default="waiting",
    show_default=True,
    type=click.Choice(["waiting", "later", "approved", "declined"]),
    help="Which requests.",
)
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1, 100))
@click.option("--after", type=NUMBER, metavar="N", help="Continue after this request.")
@answering
def requests(work: Work, handle: str, state: str, limit: int, after: int | None) -> Answer:
    """List who asks to join, the oldest request first."""
    from linktrack.community.asking.listing import request_page

    page = request_page(
        work.session, work.account(handle), state, work.now, after=after, limit=limit
    )
    rows = [
        (
            each["number"],
            each["handle"] or each["id"] or "by email",
            each["asked_at"],
            each["proof"],
            "yes" if each["agrees_links"] else "no",
            "yes" if each["agrees_mail"] else "no",
            ", ".join(known["account"]["handle"] for known in each["known"]),
            " ".join(each["introduction"].split())[:100],
        )
        for each in page["data"]
    ]
    header = ("number", "who", "asked", "proof", "links", "mail", "follows", "introduction")
    return Answer(page, Table(header, rows))
