"""Signing in with a passkey."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden
from linktrack.owners.signing_in.codes import asks_for_code, forget_wrong_codes
from linktrack.owners.signing_in.homes import home_of
from linktrack.owners.signing_in.passkeys import use_passkey
from linktrack.owners.signing_in.provided import own_ways_closed
from linktrack.web.public import entering
from linktrack.web.public.sign_in_codes import ask_for_code
from linktrack.web.public.sign_in_page import sign_in_page
from linktrack.web.wanted import safe

blueprint = Blueprint("sign_in_passkeys", __name__, url_prefix="/owner/sign-in")


@blueprint.post("/passkey")
def use() -> Response | tuple[str, int]:
    """Sign in with what the browser has signed; without finger, face or PIN, a code is asked for.

    Passkeys can't be guessed, so they don't wait while somebody guesses the password.
    """
    opened, at = installation(), now()
    home, wanted = home_of(opened.settings), safe(request.form.get("next", ""))
    sent, key = request.form.get("credential", ""), opened.keys.sealing()
    try:
        proved = use_passkey(db_session(), sent, home, key, at)
    except Forbidden as error:
        db_session().commit()
        return sign_in_page(error=error.sentence, wanted=wanted), 403
    closed = own_ways_closed(db_session(), opened.settings.oidc, proved.owner.id)
    if closed is not None:
        db_session().commit()
        return sign_in_page(error=closed, wanted=wanted), 403
    if not proved.is_verified and asks_for_code(db_session(), proved.owner.id):
        db_session().commit()
        return ask_for_code(proved.owner, "a passkey", wanted)
    forget_wrong_codes(db_session(), proved.owner.id)
    return entering.enter(proved.owner.id, "a passkey", wanted)
