"""What programs say of a link's limits, where a link is made and where it is changed."""

from dataclasses import replace

from linktrack.api.read import Fields
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import (
    count_anew,
    hash_link_password,
    limits_of,
    set_limits,
    set_password,
)


def limit(link: Link, fields: Fields) -> None:
    """Change those of a link's limits that were sent."""
    session = db_session()
    wanted = limits_of(session, link)
    if fields.has("valid_from"):
        wanted = replace(wanted, valid_from=fields.moment("valid_from"))
    if fields.has("expires_at"):
        wanted = replace(wanted, expires_at=fields.moment("expires_at"))
    if fields.has("most_clicks"):
        wanted = replace(wanted, most_clicks=fields.whole("most_clicks"))
    if fields.has("ended_to"):
        wanted = replace(wanted, ended_to=fields.optional_text("ended_to"))
    set_limits(session, installation().shortener, link, wanted, now())
    if fields.has("password"):
        password = fields.optional_text("password")
        hashed = hash_link_password(password) if password else None
        set_password(session, link, hashed, now())
    if fields.flag("count_anew"):
        count_anew(session, link, now())
