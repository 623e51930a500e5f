"""Own links: those to the owner's own sites, beside other people's."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session
from linktrack.db import now
from linktrack.links.people import add_own_site, remove_own_site
from linktrack.reports.links.kinds import own_links_report
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import account_or_main, chosen_range, text
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("own_links")


@blueprint.get("/own-links")
def show() -> str | Response:
    """Show both kinds side by side, and which sites are the owner's own."""
    return _page()


@blueprint.post("/own-links")
def add() -> Response | tuple[str, int]:
    """Say that a site is one's own."""

    def act(host: str) -> str:
        return f"Links to {add_own_site(db_session(), host, now())} are your own."

    return _act(act)


@blueprint.post("/own-links/remove")
def remove() -> Response | tuple[str, int]:
    """Say that it is not."""

    def act(host: str) -> str:
        return f"Links to {remove_own_site(db_session(), host, now())} are other people's."

    return _act(act)


def _act(act: Callable[[str], str]) -> Response | tuple[str, int]:
    try:
        said = act(text(request.form, "host", "The site"))
    except MENDABLE as error:
        db_session().rollback()
        return str(_page(error.sentence)), UNPROCESSABLE
    db_session().commit()
    flash(said)
    return redirect(url_for("own_links.show"), 303)


def _page(error: str | None = None) -> str | Response:
    session = db_session()
    accounts = list_accounts(session)
    if not accounts:
        return render_template("no_accounts.html")
    account = account_or_main(request.args, accounts)
    days = chosen_range(request.args, default=365)
    report = own_links_report(session, account, days.since, days.end)
    if is_table_wanted():
        kinds = (("own", report.own), ("others", report.others))
        return table_file("own-links", [{"kind": name, **line.as_json()} for name, line in kinds])
    return render_template(
        "own_links/show.html",
        accounts=accounts,
        account=account,
        days=days,
        report=report,
        error=error,
        typed=request.form,
    )
