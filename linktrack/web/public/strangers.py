"""What forms of strangers have in common: no other site sends them, and few programs do."""

from typing import Final
from urllib.parse import urlsplit

from flask import request

from linktrack.community.floods import count_attempt, refuse_more
from linktrack.community.models import Attempted
from linktrack.context import client_network, close_db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden

TRAP: Final = "homepage"
"""A field that people don't see, and that programs fill in."""


def is_trapped() -> bool:
    """Whether a program has filled in the form: it is answered as if all were well."""
    return bool(request.form.get(TRAP))


def asks_not_to_be_tracked() -> bool:
    """Whether the browser says so, by Global Privacy Control or Do Not Track."""
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


def refuse_other_sites() -> None:
    """Accept a form from our own page only; raises `Forbidden`.

    There is no session to hold a CSRF token, and no cookie is set for strangers. Browsers say
    where a form comes from (Fetch Metadata; Origin, Fetch standard). A program that sends neither
    is no browser, in which nobody can be made to send something.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    own = {request.host, urlsplit(installation().settings.base_url).netloc}
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and urlsplit(origin).netloc not in own
    if foreign:
        raise Forbidden("Send the form on this page itself: another site can't do it for you.")


def count_stranger(attempted: Attempted) -> None:
    """Count what a stranger sends, whatever becomes of it; raises `TooMany`."""
    close_db_session()
    database, network, at = installation().database, client_network(), now()
    with database.session() as session:
        refuse_more(session, attempted, network, at)
    with database.session(writes=True) as session:
        count_attempt(session, attempted, network, at)
        session.commit()
