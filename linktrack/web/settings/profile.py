"""Profile: what signs you in, and the browsers where you are signed in."""

from datetime import datetime
from functools import partial

from flask import render_template, request

from linktrack.context import client_network, db_session, installation, reading
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid
from linktrack.owners.models import Owner
from linktrack.owners.passwords import (
    begin_attempt,
    end_attempt,
    hash_password,
    remove_password,
    set_password,
)
from linktrack.owners.signing_in.codes import codes_on_since, recovery_codes_left
from linktrack.owners.signing_in.homes import home_of
from linktrack.owners.signing_in.passkeys import creation_options, list_passkeys
from linktrack.owners.signing_in.provided import own_ways_closed, provided
from linktrack.owners.viewers import (
    end_session,
    end_sessions,
    get_owner,
    list_sessions,
    signed_in_lately,
)
from linktrack.web.context import OWN, current_owner, own_hash, owner_blueprint
from linktrack.web.devices import seen_here
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint(OWN, __name__)


@blueprint.get("/profile")
def show() -> str:
    """Show whether a password is set, and where you are signed in."""
    return page()


own_form = partial(form, blueprint, back_to="own.show", again=lambda error: page(error.sentence))


@own_form("/profile/password")
def change_password(sent: Sent) -> str:
    """Set a password; the present one is asked for. An empty form changes nothing."""
    password = request.form.get("password", "")
    if not password:
        raise Invalid("Nothing was changed: enter a new password.")
    if password != request.form.get("again", ""):
        raise Invalid("The two passwords differ: type the same one twice.")
    hashed = hash_password(password)
    require_present(request.form.get("present", ""), sent.now)
    set_password(sent.session, self_here(), hashed, sent.now)
    end_sessions(sent.session, self_here(), sent.now, own_hash())
    return "Your password is set. Your other browsers are signed out."


@own_form("/profile/password/remove")
def take_password_away(sent: Sent) -> str:
    """Remove the password; it is asked for, so that nobody at an open browser does it."""
    require_present(request.form.get("present", ""), sent.now)
    remove_password(sent.session, self_here(), sent.now)
    return "Your password is removed. Sign-in links still sign you in."


@own_form("/profile/sessions/end")
def end_others(sent: Sent) -> str:
    """Sign out everywhere else."""
    ended = end_sessions(sent.session, self_here(), sent.now, own_hash())
    return f"Signed out of {ended} other browser{'' if ended == 1 else 's'}."


@own_form("/profile/sessions/end-one")
def end_one(sent: Sent) -> str:
    """Sign out in one other browser."""
    end_session(sent.session, self_here(), sent.text("session", "The browser"), sent.now)
    return "Signed out of that browser."


def require_present(password: str, now: datetime) -> None:
    """Raise `Invalid` unless this is the password now; guesses are counted.

    Who has none must have signed in within the hour: nobody at a browser left open takes it over.
    """
    owner = current_owner()
    assert owner is not None  # strangers do not come here
    with reading() as session:
        closed = own_ways_closed(session, installation().settings.oidc, owner.id)
    if closed is not None:
        raise Invalid(closed)
    if owner.password_hash is None:
        if not signed_in_lately(db_session(), own_hash(), now):
            raise Invalid("You signed in more than an hour ago: sign out and in again first.")
        return
    with installation().database.session(writes=True) as session:
        attempt = begin_attempt(session, owner.name, client_network(), now)
        session.commit()
    is_right = attempt.is_right(password)
    with installation().database.session(writes=True) as session:
        try:
            end_attempt(session, attempt, now, is_right=is_right)
        except Forbidden as error:
            raise Invalid(
                "Your current password is wrong, or there were too many wrong attempts. If you "
                "have forgotten it, set another with linktrack owner password."
            ) from error
        finally:
            session.commit()


def page(error: str | None = None) -> str:
    """Return the page, with an error if something went wrong."""
    owner = self_here()
    sessions = [one for one in list_sessions(db_session(), owner) if one.expires_at > now()]
    opened, at = installation(), now()
    home, key = home_of(opened.settings), opened.keys.sealing()
    provider = opened.settings.oidc
    connected = provider and owner.id in provided(db_session(), provider, brought=False)
    return render_template(
        "own/show.html",
        owner=owner,
        sessions=sessions,
        here_hash=own_hash(),
        provider=provider,
        is_connected=connected,
        is_closed=own_ways_closed(db_session(), provider, owner.id) is not None,
        is_brought=provider and owner.id in provided(db_session(), provider, brought=True),
        passkey_home=home,
        passkeys=list_passkeys(db_session(), owner),
        passkey_options=home and creation_options(db_session(), owner, home, key, at),
        device=seen_here().device,
        codes_since=codes_on_since(db_session(), owner.id),
        recovery_left=recovery_codes_left(db_session(), owner),
        error=error,
    )


def self_here() -> Owner:
    """Return who is signed in, as this request's session has them."""
    owner = current_owner()
    assert owner is not None  # strangers do not come here
    return get_owner(db_session(), owner.id)
