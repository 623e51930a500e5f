"""API tokens: creating and revoking them."""

from functools import partial
from typing import Final

from flask import render_template, request

from linktrack.audience.accounts import accounts_by_number, list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.owners.tokens import (
    SCOPES,
    create_token,
    get_token,
    list_tokens,
    revoke_token,
    state_of,
)
from linktrack.web.context import owner_blueprint, signed_in
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, Shown, form

blueprint = owner_blueprint("tokens", __name__)

SCOPE_WORDS: Final = {
    "read": "read: reports and exports",
    "write": "write: everything the API can do",
    "wrap": "wrap: shorten links, nothing else",
    "goals": "goals: tell that goals were reached, nothing else",
}


@blueprint.get("/tokens")
def list_all() -> str:
    """Show all tokens and the form for a new one."""
    return _page()


tokens_form = partial(form, blueprint, back_to="tokens.list_all")


@tokens_form("/tokens", again=lambda error: _page(error=error.sentence))
def add(sent: Sent) -> Shown:
    """Create a token; its secret is shown only in this answer."""
    account = sent.account()
    secret = create_token(
        sent.session,
        sent.text("name", "The name"),
        sent.text("scope", "What it may do"),
        account.id if account else None,
        sent.now,
        expires_at=sent.moment("expires_at", "The end"),
        owner_id=signed_in().id,
    )
    return Shown(lambda: _page(secret=secret))


@tokens_form(f"/tokens/<int(max={LARGEST_ID}):token_id>/revoke")
def revoke(sent: Sent, token_id: int) -> str:
    """Revoke a token, at once and for good."""
    token = get_token(sent.session, token_id)
    revoke_token(sent.session, token, sent.now)
    return f"The token {token.name} is revoked."


def _page(error: str | None = None, secret: str | None = None) -> str:
    session = db_session()
    tokens = list_tokens(session)
    accounts = list_accounts(session)
    return render_template(
        "tokens/list.html",
        tokens=tokens,
        states={token.id: state_of(token, now()) for token in tokens},
        accounts=accounts,
        handles={number: each.handle for number, each in accounts_by_number(session).items()},
        scopes={scope: SCOPE_WORDS[scope] for scope in SCOPES},
        doors=installation().settings.doors,
        error=error,
        secret=secret,
        typed=request.form if error else {},
    )
