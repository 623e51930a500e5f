"""The demonstration: made and removed by a button."""

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Conflict, NotFound
from linktrack.owners.audit import note
from linktrack.portability import demo
from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("demo")


@blueprint.post("/demo")
def make() -> Response:
    """Make the simulated accounts; it takes some seconds."""
    try:
        demo.make_demo(installation().database, installation().shortener, now())
        _tell("Made the demonstration.")
        flash("The demonstration is here: three simulated accounts and their year.")
    except Conflict as error:
        flash(error.sentence)
    return redirect(url_for("overview.show"), 303)


@blueprint.post("/demo/remove")
def remove() -> Response:
    """Remove the simulated accounts with all that belongs to them."""
    try:
        demo.remove_demo(installation().database)
        _tell("Removed the demonstration.")
        flash("The demonstration is gone.")
    except NotFound as error:
        flash(error.sentence)
    return redirect(url_for("overview.show"), 303)


def _tell(what: str) -> None:
    note(db_session(), what, now())
    db_session().commit()
