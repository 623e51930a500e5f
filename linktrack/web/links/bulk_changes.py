"""What was done to many links at once: what came of it, and undoing it."""

from typing import Final

from flask import render_template, request
from werkzeug.wrappers import Response

from linktrack.audience.accounts import accounts_by_number
from linktrack.context import db_session, installation
from linktrack.links.many.recording import MOST_LISTED, get_change, list_changes
from linktrack.links.many.undoing import undo_change
from linktrack.reports.figures.words import counted
from linktrack.reports.links.many import changed_links_json
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID, row_id
from linktrack.web.forms import Sent, form
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("bulk_changes", __name__)

CHANGE: Final = f"/links/many/changes/<int(max={LARGEST_ID}):number>"
SHOWN: Final = 200
NAMED: Final = 10
"""Links left alone that the message names."""


@blueprint.get("/links/many/changes")
def list_all() -> str:
    """Show what was done to many links at once, newest first; only to owners."""
    require_writer()
    session = db_session()
    changes = list_changes(session, row_id(request.args, "before", "The change"))
    return render_template(
        "links/bulk_changes.html",
        changes=changes,
        handles={number: each.handle for number, each in accounts_by_number(session).items()},
        more=len(changes) == MOST_LISTED,
    )


@blueprint.get(CHANGE)
def show(number: int) -> str | Response:
    """Show the links of one, with their short addresses to copy; only to owners."""
    require_writer()
    session = db_session()
    change = get_change(session, number)
    handles = {number: each.handle for number, each in accounts_by_number(session).items()}
    links = changed_links_json(session, installation().shortener, change, handles)
    if is_table_wanted():
        return table_file("links", links)
    return render_template(
        "links/bulk_change.html", change=change, links=links, shown=links[:SHOWN]
    )


@form(blueprint, f"{CHANGE}/undo", back_to="bulk_changes.show")
def undo(sent: Sent, number: int) -> str:
    """Undo it as a whole; links changed since are left alone."""
    change = get_change(sent.session, number)
    undone = undo_change(sent.session, installation().shortener, change, sent.now)
    said = f"Undone: {counted(undone.restored, 'link')} restored."
    if undone.left:
        codes = [link.shown for link in undone.left]
        more = f" and {len(codes) - NAMED:,} more" if len(codes) > NAMED else ""
        said += f" Changed since, so left alone: {', '.join(codes[:NAMED])}{more}."
    return said
