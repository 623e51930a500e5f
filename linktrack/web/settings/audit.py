"""The activity log: who changed what, newest first."""

from typing import Final

from flask import render_template, request

from linktrack.context import db_session
from linktrack.errors import Forbidden
from linktrack.owners.audit import entries
from linktrack.web.context import current_owner, owner_blueprint
from linktrack.web.fields import row_id

blueprint = owner_blueprint("audit", __name__)

PAGE: Final = 100


@blueprint.get("/activity")
def show() -> str:
    """Show a page of the activity log."""
    owner = current_owner()
    if owner is not None and owner.limited:
        raise Forbidden("The activity log covers all accounts, and you see only some of them.")
    found = entries(db_session(), row_id(request.args, "before", "Entry"), PAGE + 1)
    return render_template("audit/show.html", entries=found[:PAGE], more=len(found) > PAGE)
