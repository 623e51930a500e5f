"""Tokens: how programs prove to the JSON API that they may read, write or wrap."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Forbidden, Invalid, NotFound
from linktrack.owners.access import hash_secret
from linktrack.owners.audit import note
from linktrack.owners.models import Owner, Token

SCOPES: Final = ("read", "write", "wrap", "goals")
ALLOWS: Final = {
    "read": {"read"},
    "write": {"read", "write", "wrap", "goals"},
    "wrap": {"wrap"},
    "goals": {"goals"},
}
PREFIX: Final = "lt_"  # secret scanners find keys by their prefix
MARK_EVERY: Final = timedelta(minutes=5)
"""How exact "last used" is: marking every request would make every reader a writer."""


def create_token(
    session: Session,
    name: str,
    scope: str,
    account_id: int | None,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    owner_id: int | None = None,
) -> str:
    """Add a token and return its secret, which is stored nowhere and shown once.

    `owner_id` is who makes it: it ends when they are removed or become a viewer.
    Raises `Invalid` or `Conflict`.
    """
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid("A token needs a name of 1 to 100 visible characters.")
    if scope not in SCOPES:
        raise Invalid(f"{scope[:40]!r} isn't a scope: choose read, write, wrap or goals.")
    if expires_at is not None and expires_at <= now:
        raise Invalid("A token can't expire in the past: give a time in the future.")
    if session.scalar(select(Token).where(Token.name == name)) is not None:
        raise Conflict(f"There is a token {name!r} already: choose another name.")
    secret = PREFIX + secrets.token_urlsafe(32)
    session.add(
        Token(
            name=name,
            scope=scope,
            account_id=account_id,
            owner_id=owner_id,
            token_hash=hash_secret(secret),
            created_at=now,
            expires_at=expires_at,
        )
    )
    note(session, f"Made the token {name}, which may {scope}.", now)
    return secret


def list_tokens(session: Session) -> Sequence[Token]:
    """Return all tokens, also those that are over, newest first."""
    return session.scalars(select(Token).order_by(Token.id.desc())).all()


def find_token(session: Session, name: str) -> Token:
    """Return the token of that name; raises `NotFound`."""
    token = session.scalar(select(Token).where(Token.name == name.strip().replace("\0", "")))
    if token is None:
        raise NotFound(f"There is no token {name[:100]!r}: look at linktrack token list.")
    return token


def get_token(session: Session, token_id: int) -> Token:
    """Return a token by its number; raises `NotFound`."""
    token = session.get(Token, token_id)
    if token is None:
        raise NotFound(f"There is no token number {token_id}.")
    return token


def revoke_token(session: Session, token: Token, now: datetime) -> None:
    """End a token at once and for good; doing so again changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = now
        note(session, f"Revoked the token {token.name}.", now)


def working_tokens(session: Session, owner: Owner, now: datetime) -> Sequence[Token]:
    """Return the tokens that somebody made and that still work, oldest first."""
    made = session.scalars(select(Token).where(Token.owner_id == owner.id).order_by(Token.id))
    return [token for token in made if state_of(token, now) == "active"]


def revoke_tokens_of(session: Session, owner: Owner, now: datetime) -> int:
    """End the tokens that somebody made; return how many that were."""
    tokens = working_tokens(session, owner, now)
    for token in tokens:
        revoke_token(session, token, now)
    return len(tokens)


def state_of(token: Token, now: datetime) -> str:
    """Return `active`, `expired` or `revoked`."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "active"


def check_token(session: Session, secret: str, now: datetime) -> Token:
    """Return the token of this secret; raises `Forbidden` if it is unknown or over.

    It is looked up by its hash, so that timing tells nothing about the secret.
    """
    token = session.scalar(select(Token).where(Token.token_hash == hash_secret(secret)))
    if token is None:
        raise Forbidden("This token is unknown: make one with linktrack token create.")
    state = state_of(token, now)
    if state != "active":
        raise Forbidden(f"This token is {state}: make another with linktrack token create.")
    return token


def is_mark_due(token: Token, now: datetime) -> bool:
    """Whether it is time to store again when a token was last used."""
    return token.last_used_at is None or token.last_used_at + MARK_EVERY <= now


def require_scope(token: Token, needed: str) -> None:
    """Raise `Forbidden` unless the token's scope allows what is needed."""
    if needed not in ALLOWS[token.scope]:
        raise Forbidden(f"This token may {token.scope}; what you asked for needs {needed}.")
