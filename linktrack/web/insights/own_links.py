"""My sites: links to the owner's sites compared with other links."""

from functools import partial

from flask import render_template, request
from werkzeug.wrappers import Response

from linktrack.clicks.conversions.sites import own_sites, set_click_ids
from linktrack.context import db_session
from linktrack.links.people import add_own_site, remove_own_site
from linktrack.reports.links.kinds import links_line_json, own_links_report
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import chosen_range
from linktrack.web.forms import Sent, form
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("own_links", __name__)


@blueprint.get("/own-links")
def show() -> str | Response:
    """Show both kinds of links, and the list of the owner's sites."""
    return _page()


own_links_form = partial(
    form, blueprint, back_to="own_links.show", again=lambda error: _page(error.sentence)
)


@own_links_form("/own-links")
def add(sent: Sent) -> str:
    """Add one of the owner's sites."""
    host = add_own_site(sent.session, sent.text("host", "The site"), sent.now)
    return f"Added {host} to your sites."


@own_links_form("/own-links/remove")
def remove(sent: Sent) -> str:
    """Remove one of the owner's sites."""
    host = remove_own_site(sent.session, sent.text("host", "The site"), sent.now)
    return f"Removed {host} from your sites."


@own_links_form("/own-links/click-ids")
def switch(sent: Sent) -> str:
    """Give the visitors of a site click ids, or no more."""
    on = sent.says_yes("click_ids")
    host = set_click_ids(sent.session, sent.text("host", "The site"), on, sent.now)
    return f"Readers come to {host} {'with' if on else 'without'} a click id."


def _page(error: str | None = None) -> str | Response:
    session = db_session()
    accounts, account = accounts_and_chosen()
    days = chosen_range(request.args, default=365)
    report = own_links_report(session, account, days.since, days.end)
    if is_table_wanted():
        kinds = (("own", report.own), ("others", report.others))
        return table_file(
            "own-links", [{"kind": name, **links_line_json(line)} for name, line in kinds]
        )
    return render_template(
        "own_links/show.html",
        accounts=accounts,
        account=account,
        days=days,
        report=report,
        sites=own_sites(session),
        error=error,
        typed=request.form,
    )
