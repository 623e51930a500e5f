"""Links: destinations, clicks, and changing them."""

from typing import Literal, NotRequired, TypedDict

from flask import g

from linktrack.api.access import named_account, named_domain, require_account
from linktrack.api.operations import ACCOUNT, AFTER, LIMIT, Parameter, asked, operation, sent
from linktrack.api.paging import page_size
from linktrack.api.read import Fields
from linktrack.api.resources.links.limits import limit
from linktrack.audience.accounts import accounts_by_number
from linktrack.audience.models import Account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.cards.cards import read_again, set_own_words
from linktrack.links.catalog import (
    add_lone_link,
    change_destination,
    get_link,
    set_disabled,
    set_forwarding,
)
from linktrack.links.domains.faces import default_account
from linktrack.links.labels import describe
from linktrack.links.looks.encoding import from_text
from linktrack.links.looks.pictures import set_picture
from linktrack.links.models import Link
from linktrack.links.people import promote_these
from linktrack.reports.links.link import LinkJson, link_json
from linktrack.reports.links.listed import (
    ORDERS,
    STATES,
    LinkRowJson,
    LinkSearch,
    link_rows,
    links_page,
    order_named,
    state_named,
)

SEARCH = Parameter("q", "Search code, destination, title, note and tags, or for a short address.")
TAG = Parameter("tag", "Only links with this tag.")
STATE = Parameter("state", "Only links that do this now.", choices=STATES)
DOMAIN = Parameter("domain", "The link's domain, if it isn't the first; CODE@DOMAIN is the same.")
SORT = Parameter("sort", "Newest first, or most clicked first.", choices=ORDERS)


class LinkPageJson(TypedDict):
    """Links, newest first; `next` is the `after` of the next page."""

    data: list[LinkRowJson]
    next: int | None


@operation(
    "GET",
    "/links",
    scope="read",
    query=(ACCOUNT, SEARCH, TAG, STATE, SORT, LIMIT, AFTER),
    problems=(404,),
)
def read_links() -> LinkPageJson:
    """List links with their clicks, newest or most clicked first."""
    fields = asked()
    session = db_session()
    handle = fields.optional_text("account")
    account_id = g.token.account_id if handle is None else named_account(handle).id
    size = page_size(fields)
    wanted = LinkSearch(
        account_id=account_id,
        search=fields.text("q", "").replace("\0", ""),
        tag=fields.optional_text("tag"),
        state=state_named(fields.text("state", "")),
        order=order_named(fields.text("sort", "")),
    )
    shortener = installation().shortener
    found = links_page(session, shortener, wanted, fields.row_number("after"), size + 1, at=now())
    accounts = accounts_by_number(session)
    handles = {number: account.handle for number, account in accounts.items()}
    rows = link_rows(found[:size], shortener, handles)
    return {"data": rows, "next": rows[-1]["id"] if len(found) > size else None}


class NewLink(TypedDict):
    """A link without a post, for a poster or a profile; `slug` is a custom code.

    Without `domain` it is on the one that the account's links are on; without `account` it is the
    default account's of its domain.
    """

    account: NotRequired[str]
    destination: str
    slug: NotRequired[str | None]
    domain: NotRequired[str | None]
    title: NotRequired[str]
    tags: NotRequired[list[str]]
    note: NotRequired[str]
    valid_from: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    most_clicks: NotRequired[int | None]
    password: NotRequired[str | None]
    ended_to: NotRequired[str | None]


@operation("POST", "/links", scope="wrap", body=NewLink, problems=(404, 409))
def create_link() -> tuple[LinkJson, Literal[201]]:
    """Create a link without a post, for a poster or a profile."""
    fields, session, shortener = sent(), db_session(), installation().shortener
    link = add_lone_link(
        session,
        shortener,
        account_id=_account_of(fields).id,
        written=fields.text("destination"),
        at=now(),
        slug=fields.optional_text("slug"),
        on=named_domain(fields.optional_text("domain")),
        tags=fields.texts("tags") if fields.value("tags") is not None else (),
    )
    _describe(link, fields)
    limit(link, fields)
    session.commit()
    return link_json(session, shortener, link, now()), 201


def _account_of(fields: Fields) -> Account:
    handle, host = fields.optional_text("account"), fields.optional_text("domain")
    if handle is not None:
        return named_account(handle)
    found = default_account(db_session(), installation().settings.base_url, host)
    require_account(found.id)
    return found


@operation(
    "GET",
    "/links/<code>",
    scope="read",
    query=(DOMAIN,),
    problems=(404,),
    figures=("clicks", "unique_clicks", "not_human", "imported"),
)
def read_link(code: str) -> LinkJson:
    """Return a link with its history and its clicks."""
    return link_json(db_session(), installation().shortener, named_link(code), now())


class LinkChange(TypedDict, total=False):
    """Changes to a link; fields you leave out stay as they are.

    Null removes a limit. With `count_anew` the clicks that a link has left are counted from 0.

    `tags` and `promotes` replace the whole list; "" removes a title or a note. `card_title` and
    `card_description` replace the page's own on its card; "" removes them; with `read_card` the
    page is read again.
    """

    destination: str
    title: str
    tags: list[str]
    note: str
    disabled: bool
    forward_query: bool
    promotes: list[str]
    card_title: str
    card_description: str
    card_picture: str
    read_card: bool
    valid_from: str | None
    expires_at: str | None
    most_clicks: int | None
    password: str | None
    ended_to: str | None
    count_anew: bool


@operation(
    "PATCH", "/links/<code>", scope="write", query=(DOMAIN,), body=LinkChange, problems=(404,)
)
def change_link(code: str) -> LinkJson:
    """Change a link's destination, limits, title, tags, note and card, or disable it."""
    fields = sent()
    session, shortener = db_session(), installation().shortener
    link = named_link(code)
    if fields.value("destination") is not None:
        change_destination(session, shortener, link, fields.text("destination"), now())
    if fields.value("forward_query") is not None:
        set_forwarding(session, link, fields.truth("forward_query"), now())
    if fields.value("disabled") is not None:
        set_disabled(session, link, fields.truth("disabled"), now())
    if fields.value("promotes") is not None:
        promote_these(session, link, fields.texts("promotes"), now())
    _describe(link, fields)
    _change_card(link, fields)
    limit(link, fields)
    session.commit()
    return link_json(session, shortener, link, now())


def _describe(link: Link, fields: Fields) -> None:
    describe(
        db_session(),
        link,
        now(),
        title=fields.optional_text("title"),
        note=fields.optional_text("note"),
        tags=fields.texts("tags") if fields.value("tags") is not None else None,
    )


def _change_card(link: Link, fields: Fields) -> None:
    words = [
        None if fields.value(name) is None else fields.text(name).replace("\0", "")
        for name in ("card_title", "card_description")
    ]
    if any(said is not None for said in words):
        set_own_words(db_session(), link, *words)
    if fields.value("card_picture") is not None:
        set_picture(db_session(), link, from_text(fields.text("card_picture")), now())
    if fields.value("read_card") is not None and fields.truth("read_card"):
        read_again(db_session(), link)


def named_link(code: str) -> Link:
    """Return the link of a code, on the domain that is asked for, that the token may know."""
    domain = asked().optional_text("domain")
    name = f"{code}@{domain}" if domain else code
    link = get_link(db_session(), installation().shortener.codes, name)
    require_account(link.account_id)
    return link
