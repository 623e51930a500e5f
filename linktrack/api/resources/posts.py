"""Posts: wrapping a text, and the post's states."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from flask import g

from linktrack.api.access import named_account, named_domain, require_account
from linktrack.api.operations import (
    ACCOUNT,
    AFTER,
    LIMIT,
    Parameter,
    asked,
    operation,
    sent,
)
from linktrack.api.paging import page_size
from linktrack.api.read import Fields, stored
from linktrack.api.resources.queue import enqueue
from linktrack.audience.accounts import accounts_by_number
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.cards.previews import (
    CardPreviewJson,
    card_preview_json,
    preview_of_page,
)
from linktrack.links.catalog import newest_link
from linktrack.links.formats.guess import Format
from linktrack.links.hosts.finding import domain_of_account
from linktrack.links.models import Post, State
from linktrack.links.own_addresses import own_hosts
from linktrack.links.post_json import NotWrappedJson, no_post_json, not_wrapped_json
from linktrack.links.posts import STATES, Wish, get_post, list_posts, wrap_post
from linktrack.links.preview import preview
from linktrack.links.wrapping import left_in, parse_format
from linktrack.owners.tokens import require_scope
from linktrack.publishing import states
from linktrack.publishing.queue import rewrite
from linktrack.publishing.sendings import PostJson, full_post_json, unsent_post_json

POST = "/posts/<int:number>"
STATE = Parameter("state", "Only posts in this state.", choices=STATES)


class PostRowJson(TypedDict):
    """A post in a list."""

    id: int
    account: str
    state: State
    text: str
    written: str
    posted_at: str | None
    created_at: str


def _row(post: Post, handle: str) -> PostRowJson:
    return {
        "id": post.id,
        "account": handle,
        "state": post.state,
        "text": post.text,
        "written": post.written,
        "posted_at": None if post.posted_at is None else utc(post.posted_at),
        "created_at": utc(post.created_at),
    }


class NewPost(TypedDict):
    """A text to wrap.

    `format` says how to read the text: plain by default. `slugs` are custom codes, in
    order of its addresses; `addressed` is how many people each segment's version reaches;
    `promotes` names people; the links are on `domain`, or else on the account's. With `send`
    linktrack posts the main text itself, now or at `posted_at`; that needs scope write, an account
    that is connected, and no `state`. `confirmed` is as in sending a draft.
    """

    account: str
    text: str
    format: NotRequired[Format]
    state: NotRequired[Literal["draft", "scheduled", "published"]]
    posted_at: NotRequired[str | None]
    segments: NotRequired[list[str]]
    slugs: NotRequired[list[str]]
    addressed: NotRequired[dict[str, int]]
    promotes: NotRequired[list[str]]
    domain: NotRequired[str | None]
    send: NotRequired[bool]
    confirmed: NotRequired[bool]


@operation(
    "POST",
    "/posts",
    scope="wrap",
    body=NewPost,
    problems=(404, 409),
)
def create_post() -> tuple[PostJson, Literal[201, 200]]:
    """Wrap a text and record it as a post; 200 if it has no new address."""
    fields = sent()
    sends = fields.flag("send")
    if sends:
        _check_may_send(fields)
    wish = Wish(
        text=fields.text("text"),
        state="draft" if sends else fields.text("state", "published"),
        posted_at=None if sends else fields.moment("posted_at"),
        segments=fields.texts("segments"),
        slugs=fields.texts("slugs"),
        addressed=fields.wholes("addressed"),
        promotes=fields.texts("promotes"),
        written_in=fields.text("format", "plain"),
        domain=named_domain(fields.optional_text("domain")),
    )
    shortener = installation().shortener
    session = db_session()
    account = named_account(fields.text("account"))
    post = wrap_post(session, shortener, account, wish, now())
    if post is None and sends:
        raise Invalid(
            "There is no address in this text that could become a short link: nothing was sent."
        )
    if post is None:
        written_in = parse_format(wish.written_in)
        hosts = own_hosts(session)
        left = left_in(
            wish.text, account.network, shortener.base_url, written_in, more_own_hosts=hosts
        )
        return unsent_post_json(no_post_json(wish.text, left)), 200
    if sends:
        enqueue(post, fields)
    session.commit()
    return full_post_json(session, shortener, post), 201


def _check_may_send(fields: Fields) -> None:
    require_scope(g.token, "write")
    if fields.optional_text("state") is not None:
        raise Invalid("Leave state out where you send: posted_at says when, by default now.")


class NewPreview(TypedDict):
    """A text to preview; nothing is created."""

    account: str
    text: str
    format: NotRequired[Format]
    slugs: NotRequired[list[str]]


class LengthJson(TypedDict):
    """A text's length by its network's rules, and the limit (null: no limit)."""

    used: int
    limit: int | None
    fits: bool


class PreviewJson(TypedDict):
    """The wrapped text, with `•` for each character of a code that doesn't exist yet."""

    text: str
    length: LengthJson
    destinations: list[str]
    not_wrapped: list[NotWrappedJson]
    card: CardPreviewJson | None


@operation("POST", "/posts/preview", scope="wrap", body=NewPreview, problems=(404,))
def preview_post() -> PreviewJson:
    """Preview a wrapped text and its length; nothing is created."""
    fields, session = sent(), db_session(writes=False)
    account = named_account(fields.text("account"))
    newest = newest_link(session)
    seen = preview(
        installation().shortener.on(domain_of_account(session, account.id)),
        fields.text("text"),
        account.network,
        fields.texts("slugs"),
        newest.id if newest else 0,
        own_hosts=own_hosts(session),
        limits=account.text_limits,
        written_in=parse_format(fields.text("format", "plain")),
    )
    used, limit, fits = seen.length.used, seen.length.limit, seen.length.fits
    return {
        "text": seen.text,
        "length": {"used": used, "limit": limit, "fits": fits},
        "destinations": list(seen.destinations),
        "not_wrapped": not_wrapped_json(seen.not_wrapped),
        "card": None if not seen.destinations else _card(account, seen.destinations[0]),
    }


def _card(account: Account, destination: str) -> CardPreviewJson | None:
    shortener = installation().shortener
    return card_preview_json(preview_of_page(db_session(), shortener, account, destination))


class PostPageJson(TypedDict):
    """Posts, newest first; `next` is the `after` of the next page."""

    data: list[PostRowJson]
    next: int | None


@operation("GET", "/posts", scope="read", query=(ACCOUNT, STATE, LIMIT, AFTER), problems=(404,))
def read_posts() -> PostPageJson:
    """List posts, newest first."""
    fields = asked()
    session = db_session()
    handle = fields.optional_text("account")
    account_id = g.token.account_id if handle is None else named_account(handle).id
    size = page_size(fields)
    found = list_posts(
        session, account_id, fields.optional_text("state"), size + 1, fields.row_number("after")
    )
    accounts = accounts_by_number(session)
    rows = [_row(post, accounts[post.account_id].handle) for post in found[:size]]
    return {"data": rows, "next": rows[-1]["id"] if len(found) > size else None}


@operation("GET", POST, scope="read", problems=(404,))
def read_post(number: int) -> PostJson:
    """Return a post with its links and versions."""
    session = db_session()
    post = get_post(session, stored(number))
    require_account(post.account_id)
    return full_post_json(session, installation().shortener, post)


class PostChange(TypedDict):
    """Changes to a post: a new text if it isn't published yet, a new state or time.

    `confirmed` means the same as in `Send`, for a text that is in the queue.
    """

    text: NotRequired[str]
    state: NotRequired[State]
    posted_at: NotRequired[str | None]
    confirmed: NotRequired[bool]


@operation("PATCH", POST, scope="write", body=PostChange, problems=(404, 409))
def change_post(number: int) -> PostJson:
    """Publish, schedule, discard or restore a post, or change its time or text.

    `draft` restores what was discarded. What waits to be sent is sent at its new time, and not
    at all where it was published by hand.
    """
    fields = sent()
    confirmed = fields.flag("confirmed")
    session = db_session()
    post = get_post(session, stored(number))
    require_account(post.account_id)
    if fields.value("text") is not None:
        written, shortener = fields.text("text"), installation().shortener
        rewrite(session, shortener, post, written, now(), confirmed=confirmed)
    state = fields.optional_text("state")
    if state is not None:
        _change_state(post, state, fields.moment("posted_at"))
    elif fields.value("text") is None:
        raise Invalid("Send a state, or a text.")
    session.commit()
    return full_post_json(session, installation().shortener, post)


def _change_state(post: Post, state: str, posted_at: datetime | None) -> None:
    session, days = db_session(), installation().days()
    if state == "published":
        states.publish(session, post, posted_at, now(), days)
    elif state == "scheduled":
        if posted_at is None:
            raise Invalid("A scheduled post needs posted_at, a time in the future.")
        states.schedule(session, post, posted_at, now(), days)
    elif state == "discarded":
        states.discard(session, post, now())
    elif state == "draft":
        states.restore(session, post, now())
    else:
        raise Invalid(f"{state[:40]!r} isn't a state: choose one of {', '.join(STATES)}.")
