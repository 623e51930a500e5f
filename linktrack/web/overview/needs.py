"""What waits for the owner: one page, and the notices on all pages."""

from dataclasses import dataclass
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import list_accounts
from linktrack.audience.credentials import connections
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.publishing.queue import count_failed, failed_posts
from linktrack.reports.sources.first_fetches import first_fetches
from linktrack.upkeep.health.attention import is_behind, old_counts, space_of
from linktrack.upkeep.health.status import Capture
from linktrack.upkeep.link_checks import dead_links
from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("needs", __name__)

MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to do: a sentence, where to do it, and what that is called."""

    sentence: str
    href: str | None = None
    label: str = ""


def notices() -> list[Notice]:
    """Return what every page says: no space, clicks that wait, posts that failed, old counts."""
    found = []
    data = installation().settings.data
    space = space_of(data)
    if space.is_scarce:
        found.append(
            Notice(
                f"The disk is nearly full: {space.free // 1000**2:,} MB are free. When it is full, "
                "clicks are lost; links go on redirecting."
            )
        )
    capture = Capture.read(db_session(), installation().settings.journals)
    if is_behind(capture.backlog, now()):
        found.append(
            Notice(
                "Clicks have waited for more than a minute to be counted. None of them is lost; "
                "linktrack doctor, on the server, says what to do."
            )
        )
    failed = count_failed(db_session())
    if failed and request.endpoint not in ("queue.show", "needs.show"):
        posts = "A post" if failed == 1 else f"{failed} posts"
        found.append(Notice(f"{posts} could not be published.", url_for("queue.show"), "See why"))
    old = old_counts(db_session(), now())
    if old:
        names = ", ".join(line.handle for line in old[:3])
        more = f" and {len(old) - 3} more" if old[3:] else ""
        href = url_for("accounts.show", account_id=old[0].id)
        found.append(
            Notice(
                f"No follower count of the last 30 days: {names}{more}.",
                href if len(old) == 1 else url_for("accounts.list_all"),
                "Record one",
            )
        )
    for number, connection in sorted(connections(db_session()).items()):
        if connection.problem is not None:
            href = url_for("connections.show", account_id=number)
            found.append(Notice(f"{connection.handle}: {connection.problem}", href, "Connect"))
    return found


@blueprint.get("/needs-you")
def show() -> str:
    """Show what waits for the owner: posts that failed or seem to be out, dead destinations."""
    session = db_session()
    shown = [account.id for account in list_accounts(session)]
    return render_template(
        "needs/show.html",
        failed=failed_posts(session),
        dead=dead_links(session, now(), MOST),
        fetched=first_fetches(session, shown, now()),
    )
