"""What there is to do: one page, and notices on all pages."""

from typing import Final

from flask import g, render_template, request, url_for

from linktrack.audience.accounts import list_accounts
from linktrack.clicks.counts.counted_by import changed_settings
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.publishing.queue import failed_posts
from linktrack.reports.overview import account_cards
from linktrack.reports.sources.first_fetches import first_fetches
from linktrack.upkeep.health.attention import Need, Place, pressing, to_do
from linktrack.upkeep.link_checks import dead_links
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range

blueprint = owner_blueprint("needs", __name__)

MOST: Final = 100

FAILED: Final = Place("queue.show")
SHOW_FAILED: Final = ("queue.show", "needs.show")
"""The pages that show which posts failed, and need not say that some did."""


def notices() -> list[Need]:
    """Return the urgent notices that every page shows; computed once per request."""
    if "notices" not in g:
        found = pressing(db_session(), installation().settings, now())
        is_shown = request.endpoint in SHOW_FAILED
        g.notices = [need for need in found if not (is_shown and need.place == FAILED)]
    kept: list[Need] = g.notices
    return kept


def not_rebuilt() -> str:
    """Return with which other settings figures by day are counted, "" where with those of now."""
    if "not_rebuilt" not in g:
        changed = changed_settings(db_session().connection(), installation().days())
        g.not_rebuilt = " and ".join(each.counted for each in changed)
    return str(g.not_rebuilt)


def address(place: Place) -> str:
    """Return the address of the page where something can be fixed."""
    values: dict[str, str] = {name: str(value) for name, value in place.values.items()}
    return url_for(place.endpoint, **values)  # type: ignore[arg-type]  # none is an option's name


@blueprint.get("/needs-you")
def show() -> str:
    """Show what there is to do: posts that failed or seem posted, missing counts, broken links."""
    session, at = db_session(), now()
    accounts = list_accounts(session)
    shown = [account.id for account in accounts]
    days = chosen_range({})
    cards = account_cards(session, accounts, days, DEFAULT_WINDOW, now=as_of(at))
    needs = to_do(session, installation().settings, cards, days, at)
    return render_template(
        "needs/show.html",
        needs=[need for need in needs if need.place != Place(request.endpoint or "")],
        failed=failed_posts(session),
        dead=dead_links(session, at, MOST),
        fetched=first_fetches(session, shown, at),
    )
