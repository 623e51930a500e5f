"""Tokens: which programs may read, write or wrap, and ending that."""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

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
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, moment, text

blueprint = owner_blueprint("tokens")

SCOPE_WORDS: Final = {
    "read": "read: reports and exports",
    "write": "write: everything the API can do",
    "wrap": "wrap: make short links, nothing else",
}


@blueprint.get("/tokens")
def list_all() -> str:
    """Show all tokens and the form for another."""
    return _page()


@blueprint.post("/tokens")
def add() -> str | tuple[str, int]:
    """Make a token; its secret is on this one answer and nowhere else."""
    session = db_session()
    try:
        account = chosen_account(request.form)
        secret = create_token(
            session,
            text(request.form, "name", "The name"),
            text(request.form, "scope", "What it may do"),
            account.id if account else None,
            now(),
            moment(request.form, "expires_at", "The end"),
        )
    except MENDABLE as error:
        session.rollback()
        return _page(error=error.sentence), UNPROCESSABLE
    session.commit()
    return _page(secret=secret)


@blueprint.post(f"/tokens/<int(max={LARGEST_ID}):token_id>/revoke")
def revoke(token_id: int) -> Response:
    """End a token at once and for good."""
    session = db_session()
    token = get_token(session, token_id)
    revoke_token(session, token, now())
    session.commit()
    flash(f"The token {token.name} is revoked.")
    return redirect(url_for("tokens.list_all"), 303)


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
