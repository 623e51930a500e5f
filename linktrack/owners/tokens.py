"""Tokens: how programs prove to the JSON API that they may read, write or wrap."""

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Forbidden, Invalid
from linktrack.owners.access import hash_secret
from linktrack.owners.audit import note
from linktrack.owners.models import Token

SCOPES: Final = ("read", "write", "wrap")
ALLOWS: Final = {"read": {"read"}, "write": {"read", "write", "wrap"}, "wrap": {"wrap"}}
PREFIX: Final = "lt_"  # secret scanners find keys by their prefix


def create_token(
    session: Session, name: str, scope: str, account_id: int | None, now: datetime
) -> str:
    """Add a token and return its secret, which is stored nowhere and shown once.

    Raises `Invalid` or `Conflict`.
    """
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid("A token needs a name of 1 to 100 visible characters.")
    if scope not in SCOPES:
        raise Invalid(f"{scope[:40]!r} is no scope: choose read, write or wrap.")
    if session.scalar(select(Token).where(Token.name == name)) is not None:
        raise Conflict(f"There is a token {name!r} already: choose another name.")
    secret = PREFIX + secrets.token_urlsafe(32)
    session.add(
        Token(
            name=name,
            scope=scope,
            account_id=account_id,
            token_hash=hash_secret(secret),
            created_at=now,
        )
    )
    note(session, f"Made the token {name}, which may {scope}.", now)
    return secret


def check_token(session: Session, secret: str) -> Token:
    """Return the token of this secret; raises `Forbidden` where it is unknown.

    It is looked up by its hash, so that timing tells nothing about the secret.
    """
    token = session.scalar(select(Token).where(Token.token_hash == hash_secret(secret)))
    if token is None:
        raise Forbidden("This token is unknown: make one with linktrack token create.")
    return token


def require_scope(token: Token, needed: str) -> None:
    """Raise `Forbidden` unless the token's scope allows what is needed."""
    if needed not in ALLOWS[token.scope]:
        raise Forbidden(f"This token may {token.scope}; what you asked for needs {needed}.")
