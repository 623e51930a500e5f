"""The installation and the database session of the current request."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from flask import current_app, g, request

from linktrack.clicks.capture.visitors import client_address
from linktrack.clicks.loading.loaded import loaded_until
from linktrack.db import Session
from linktrack.installation import Installation
from linktrack.owners.audit import acting
from linktrack.owners.visibility import show_only

EXTENSION = "linktrack"


def installation() -> Installation:
    """Return the installation this application serves."""
    return cast("Installation", current_app.extensions[EXTENSION])


def db_session(*, writes: bool | None = None) -> Session:
    """Return this request's session, made at the first call and closed after the answer.

    Requests that may change something take the write lock at once; a GET that does so says it,
    and so does a POST that changes nothing.
    """
    if "db_session" not in g:
        if writes is None:
            writes = request.method not in ("GET", "HEAD", "OPTIONS")
        _begin(installation().database.session(writes=writes))
    return cast("Session", g.db_session)


@contextmanager
def one_commit() -> Iterator[Session]:
    """Let whatever commits this request's session commit at the end, and all at once.

    Nothing is stored where an error leaves the block.
    """
    close_db_session()
    with installation().database.joined() as session:
        _begin(session)
        try:
            yield session
        finally:
            close_db_session()


def _begin(session: Session) -> None:
    g.db_session = session
    if "actor" in g:  # set by the door that found out who asks
        acting(session, g.actor)
    if g.get("shown_accounts") is not None:  # set by the door that found out who asks
        show_only(session, g.shown_accounts)


def client_network() -> str:
    """Return what stands for the network this request comes from; it holds no address."""
    opened = installation()
    return opened.keys.network(client_address(request.environ, opened.settings.trusted_proxies))


def as_of(now: datetime) -> datetime:
    """Return the moment of which this request's figures are: up to it every click is loaded."""
    if "as_of" not in g:
        g.as_of = loaded_until(db_session(), installation().settings.journals, now)
    return cast("datetime", g.as_of)


def reading() -> Session:
    """Return a session of its own that only reads: who asks is found out without a write lock."""
    return installation().database.session()


def close_db_session(_error: BaseException | None = None) -> None:
    """Close this request's session; what was not committed is undone."""
    session = g.pop("db_session", None)
    if session is not None:
        session.close()
