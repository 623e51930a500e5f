"""Passkeys on the page Profile: adding one, and removing one."""

from flask import request

from linktrack.context import installation
from linktrack.errors import Conflict, Forbidden, Invalid
from linktrack.owners.signing_in.homes import home_of
from linktrack.owners.signing_in.passkeys import add_passkey, remove_passkey
from linktrack.web.forms import Sent
from linktrack.web.settings.profile import own_form, require_present, self_here


@own_form("/profile/passkeys")
def add_key(sent: Sent) -> str:
    """Add a passkey that this browser has made; the password is asked for, if there is one."""
    opened = installation()
    home = home_of(opened.settings)
    if home is None:
        raise Conflict("Passkeys need https and a name: set LINKTRACK_BASE_URL.")
    name, made = sent.text("name", "The name"), request.form.get("credential", "")
    if not made:
        raise Invalid("Your browser made no passkey: it needs JavaScript.")
    require_present(request.form.get("present", ""), sent.now)
    key = opened.keys.sealing()
    try:
        add_passkey(sent.session, self_here(), name, made, home, key=key, now=sent.now)
    except Forbidden as error:
        raise Invalid(error.sentence) from error
    return f"The passkey {name} is added."


@own_form("/profile/passkeys/remove")
def remove_key(sent: Sent) -> str:
    """Remove a passkey: it no longer signs in."""
    remove_passkey(sent.session, self_here(), sent.row_id("passkey", "The passkey"), sent.now)
    return "The passkey is removed. Delete it on your device, too."
