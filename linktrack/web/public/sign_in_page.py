"""The page to sign in, with the ways that this installation has."""

from flask import render_template

from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.owners.signing_in.homes import home_of
from linktrack.owners.signing_in.passkeys import any_passkeys, request_options


def sign_in_page(error: str | None = None, name: str = "", wanted: str = "") -> str:
    """Return the page, with an error if something went wrong."""
    opened = installation()
    home, provider = home_of(opened.settings), opened.settings.oidc
    options, is_open = None, provider is None or provider.others_open
    if home is not None and is_open and any_passkeys(db_session()):
        options = request_options(home, opened.keys.sealing(), now())
    return render_template(
        "sign_in/show.html",
        error=error,
        name=name,
        wanted=wanted,
        provider=provider,
        others_open=is_open,
        passkey_home=home,
        passkey_options=options,
    )
