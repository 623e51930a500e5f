"""Codes that people ask for and no link has: list them, make links of them, ignore them."""

from datetime import date
from typing import Final, Literal, TypedDict

from linktrack.api.access import named_account, require_all
from linktrack.api.operations import AFTER, LIMIT, Parameter, asked, operation, sent
from linktrack.api.paging import page_size
from linktrack.api.read import stored
from linktrack.clicks.unknown.likely import likely_links
from linktrack.clicks.unknown.listing import (
    UnknownCode,
    UnknownCodeJson,
    get_unknown,
    list_unknown,
    unknown_json,
)
from linktrack.clicks.unknown.making import lead_to, make_link, set_ignored, short_urls
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports.links.link import LinkJson, link_json

STATE: Final = Parameter(
    "state", "Those to decide on (as without it), or ignored ones.", choices=("open", "ignored")
)


class UnknownCodePageJson(TypedDict):
    """Codes that no link has, those that most people asked for first; `next` as usual."""

    data: list[UnknownCodeJson]
    next: int | None


@operation("GET", "/unknown-codes", scope="read", query=(STATE, LIMIT, AFTER))
def read_unknown_codes() -> UnknownCodePageJson:
    """List codes that people asked for and no link has, with how many people did."""
    require_all()
    fields = asked()
    size, skip = page_size(fields), fields.row_number("after") or 0
    ignored = fields.text("state", "open") == "ignored"
    found = list_unknown(db_session(), _today(), ignored=ignored, skip=skip, most=size + 1)
    rows = [*_told(*found[:size])]
    return {"data": rows, "next": skip + size if len(found) > size else None}


@operation(
    "GET",
    "/unknown-codes/<int:number>",
    scope="read",
    problems=(404,),
    figures=("people", "requests", "first_day", "last_day", "probably", "why"),
)
def read_unknown_code(number: int) -> UnknownCodeJson:
    """Return a code that people asked for and no link has."""
    require_all()
    (row,) = _told(_unknown(number))
    return row


class UnknownCodeLink(TypedDict, total=False):
    """Where the code is to lead: `account` and `destination`, or where the link `same_as` leads."""

    account: str
    destination: str
    same_as: str


@operation(
    "POST",
    "/unknown-codes/<int:number>/link",
    scope="write",
    body=UnknownCodeLink,
    problems=(404, 409),
)
def create_link_of_unknown_code(number: int) -> tuple[LinkJson, Literal[201]]:
    """Make a code that people asked for a link: to an address, or where another link leads."""
    require_all()
    fields, session, shortener = sent(), db_session(), installation().shortener
    unknown = _unknown(number)
    other = fields.optional_text("same_as")
    if (other is None) == (fields.value("destination") is None):
        raise Invalid("Send 'destination' and 'account', or 'same_as'.")
    if other is not None:
        link = lead_to(session, shortener, unknown, other, now())
    else:
        link = make_link(
            session,
            shortener,
            unknown,
            account_id=named_account(fields.text("account")).id,
            written=fields.text("destination"),
            at=now(),
        )
    session.commit()
    return link_json(session, shortener, link, now()), 201


class UnknownCodeChange(TypedDict, total=False):
    """An ignored code is neither listed nor counted."""

    ignored: bool


@operation(
    "PATCH",
    "/unknown-codes/<int:number>",
    scope="write",
    body=UnknownCodeChange,
    problems=(404,),
)
def change_unknown_code(number: int) -> UnknownCodeJson:
    """Ignore a code that no link has, or no longer."""
    require_all()
    fields, session = sent(), db_session()
    unknown = _unknown(number)
    if fields.value("ignored") is not None:
        set_ignored(session, unknown, fields.truth("ignored"), now())
    (row,) = _told(_unknown(number))
    session.commit()
    return row


def _unknown(number: int) -> UnknownCode:
    return get_unknown(db_session(), stored(number), _today())


def _told(*unknown: UnknownCode) -> list[UnknownCodeJson]:
    session, shortener = db_session(), installation().shortener
    likely = likely_links(session, shortener.codes, unknown)
    urls = short_urls(session, shortener, unknown)
    return [unknown_json(each, likely.get(each.id), urls[each.id]) for each in unknown]


def _today() -> date:
    return now().astimezone(installation().settings.timezone).date()
