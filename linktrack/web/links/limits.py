"""A link's limits in forms: read, and shown as they are or as they were typed."""

from collections.abc import Mapping
from typing import Final

from flask import request

from linktrack.context import db_session, installation
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import (
    LinkLimits,
    hash_link_password,
    limits_of,
    set_limits,
    set_password,
)
from linktrack.web.forms import Sent

FIELDS: Final = ("valid_from", "expires_at", "most_clicks", "ended_to")


def limits_said(link: Link) -> dict[str, object]:
    """Return what the form changes, each value by its label."""
    limits = limits_of(db_session(), link)
    return {
        "Opens": str(limits.valid_from or ""),
        "Ends": str(limits.expires_at or ""),
        "Clicks": limits.most_clicks,
        "Password": "yes" if limits.has_password else "no",
        "Then leads to": limits.ended_to,
    }


def typed_limits() -> Mapping[str, str] | None:
    """Return what was typed into the form that was sent, None if it was another."""
    return request.form if FIELDS[0] in request.form else None


def change_limits(sent: Sent, link: Link) -> None:
    """Give a link the limits that were sent; an empty password leaves it as it is."""
    wanted = LinkLimits(
        valid_from=sent.moment("valid_from", "The beginning"),
        expires_at=sent.moment("expires_at", "The end"),
        most_clicks=sent.whole("most_clicks", "The number of clicks"),
        ended_to=sent.text("ended_to", "The address for afterwards") or None,
    )
    set_limits(sent.session, installation().shortener, link, wanted, sent.now)
    password = request.form.get("password", "")
    if sent.says_yes("no_password"):
        set_password(sent.session, link, None, sent.now)
    elif password:
        set_password(sent.session, link, hash_link_password(password), sent.now)
