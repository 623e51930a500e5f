"""Limits of links in the words of other shorteners' clients."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from linktrack.api.read import Fields
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import (
    LinkLimits,
    hash_link_password,
    limits_of,
    set_limits,
    set_password,
)

Meaning: TypeAlias = Literal[
    "valid_from", "expires_at", "expires_in", "most_clicks", "ended_to", "password"
]
Names: TypeAlias = Mapping[str, Meaning]
"""What a shortener's fields are called here."""

_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365.25),
}
_SPAN: Final = re.compile(
    r"([0-9]{1,6}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|y|years?)",
    re.IGNORECASE,
)


def sends_any(fields: Fields, names: Names) -> bool:
    """Whether a client asks for a limit."""
    return any(fields.value(name) for name in names)


def limit(link: Link, fields: Fields, names: Names) -> None:
    """Change those of a link's limits that were sent; null or "" removes one. Raises `Invalid`."""
    session, at = db_session(), now()
    wanted = limits_of(session, link)
    for name, meaning in names.items():
        if fields.has(name) and meaning != "password":
            wanted = _with(wanted, fields, name, meaning, at)
    set_limits(session, installation().shortener, link, wanted, at)
    for name, meaning in names.items():
        if fields.has(name) and meaning == "password":
            password = fields.optional_text(name)
            hashed = hash_link_password(password) if password else None
            set_password(session, link, hashed, at)


def _with(
    limits: LinkLimits, fields: Fields, name: str, meaning: Meaning, at: datetime
) -> LinkLimits:
    if meaning == "most_clicks":
        return replace(limits, most_clicks=fields.whole(name))
    text = fields.optional_text(name) or None
    if meaning == "ended_to":
        return replace(limits, ended_to=text)
    if meaning == "expires_in":
        return replace(limits, expires_at=text and at + _span(name, text))
    moment = fields.moment(name) if text else None
    if meaning == "valid_from":
        return replace(limits, valid_from=moment)
    return replace(limits, expires_at=moment)


def _span(name: str, text: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip())
    if found is None or int(found[1]) * _UNITS[found[2][0].lower()] > timedelta(days=36_525):
        raise Invalid(f"{name!r} must be a time from now, such as 2 days.")
    return int(found[1]) * _UNITS[found[2][0].lower()]
