"""Who may see the service's details: this machine, and programs that may read all accounts."""

import ipaddress
from typing import Final

from flask import request

from linktrack.context import installation, reading
from linktrack.db import now
from linktrack.errors import Forbidden, Unavailable
from linktrack.owners.tokens import check_token, require_scope

_BEARER: Final = "bearer "
_OF_PROXIES: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def may_see_details() -> bool:
    """Whether this request comes from loopback, not through a proxy, or has a reading token.

    One of a single account doesn't do: the figures are those of all accounts together.

    A proxy on this machine is on loopback too: a request with a proxy's header came through one.
    """
    header = request.headers.get("Authorization", "")
    if header.casefold().startswith(_BEARER):
        try:
            with installation().database.reachable(), reading() as session:
                token = check_token(session, header[len(_BEARER) :].strip(), now())
                require_scope(token, "read")
        except (Forbidden, Unavailable):  # without a database nobody can prove anything
            return False
        return token.account_id is None
    if any(name in request.headers for name in _OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket: a proxy's
        return False
