"""Compose: turn a text into the same text with short links."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import accounts_by_number
from linktrack.audience.credentials import connections
from linktrack.audience.models import Account
from linktrack.audience.segments import segments_of
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, Unconfirmed
from linktrack.links.catalog import newest_link
from linktrack.links.formats.guess import FORMAT_WORDS, Format, guess
from linktrack.links.models import Post
from linktrack.links.own_addresses import own_hosts
from linktrack.links.people import list_people
from linktrack.links.post_json import left_in_post
from linktrack.links.posts import Wish, get_post, wrap_post
from linktrack.links.preview import Preview, preview
from linktrack.links.wrapping import parse_format
from linktrack.networks.registry import network_of, networks
from linktrack.publishing.checks import check_duplicate
from linktrack.publishing.queue import enqueue
from linktrack.publishing.sendings import sendings_of
from linktrack.reports.similar import SimilarPosts, similar_posts
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import chosen_account, row_id, text
from linktrack.web.forms import MENDABLE, UNPROCESSABLE, Done, Sent, form
from linktrack.web.subject import some_accounts

blueprint = owner_blueprint("compose", __name__)

BOOKMARKLET: Final = (
    "javascript:location.href='{}?title='+encodeURIComponent(document.title)"
    "+'&url='+encodeURIComponent(location.href)"
)
MOST: Final = 50
"""Accounts that one text is wrapped for at once, at most."""


@blueprint.get("/compose")
def show() -> str:
    """Show the form: empty, or with the text from a bookmarklet or a phone's share menu."""
    require_writer()
    return _page()


@blueprint.post("/compose/preview")
def look() -> str | tuple[str, int]:
    """Show the form as sent, with a preview of the wrapped text; nothing is created."""
    session = db_session(writes=False)  # asked with every pause of the writer, beside the loader
    try:
        account = chosen_account(request.form)
        if account is None:
            raise Invalid("Choose the account the text is for.")
        written = text(request.form, "text", "The text")
        newest = newest_link(session)
        seen = preview(
            installation().shortener,
            written,
            account.network,
            text(request.form, "slugs", "The short code").split(),
            newest.id if newest else 0,
            own_hosts=own_hosts(session),
            limits=account.text_limits,
            written_in=_written_in(account, written),
        )
        links = len(seen.destinations)
        similar = similar_posts(session, account, links, DEFAULT_WINDOW, as_of(now()))
    except MENDABLE as error:
        return _page(error.sentence), UNPROCESSABLE
    return _page(seen=seen if written else None, similar=similar if links else None)


@form(
    blueprint,
    "/compose",
    back_to="compose.made",
    again=lambda error: _page(error.sentence, duplicate=isinstance(error, Unconfirmed)),
)
def wrap(sent: Sent) -> Done:
    """Wrap a text for one or several accounts: as a draft, scheduled, published, or queued."""
    accounts = _accounts(sent)
    posts = [_wrapped(sent, account) for account in accounts]
    count = _enqueued(sent, posts, accounts) if _sends() else 0
    made = sum(len(post.links) for post in posts)
    said = f"{made} short link{'s' * (made > 1)} made.{_said(count, len(posts) - count)}"
    if len(posts) == 1:
        return Done(said, url_for("posts.show", post_id=posts[0].id))
    return Done(said, url_for("compose.made", post=[post.id for post in posts]))


@blueprint.get("/compose/made")
def made() -> str:
    """Show the wrapped texts, one for each account, to copy and post."""
    require_writer()
    session = db_session()
    posts = [get_post(session, _number(value)) for value in request.args.getlist("post")[:MOST]]
    accounts = accounts_by_number(session)  # one may have been removed since
    sendings = sendings_of(session, [post.id for post in posts])
    return render_template(
        "compose/made.html",
        pairs=[(post, accounts[post.account_id]) for post in posts],
        left={post.id: left_in_post(session, installation().shortener, post) for post in posts},
        sendings={number: each for number, each in sendings.items() if each.state != "withdrawn"},
    )


def _number(value: str) -> int:
    return row_id({"post": value}, "post", "Post") or 0


def _accounts(sent: Sent) -> list[Account]:
    """Return the account the text is for, and the others it is also for."""
    first = sent.account()
    if first is None:
        raise Invalid("Choose the account the text is for.")
    also = [chosen_account({"account": value}) for value in sent.all_of("also")[:MOST]]
    found = {each.id: each for each in (first, *also) if each is not None}
    if len(found) > 1 and sent.text("slugs", "The short code"):
        raise Invalid(
            "Each account gets links of its own, and a short code leads one way only: leave the "
            "codes out, or wrap the text for one account at a time."
        )
    ticked = [name for name in request.form if name.startswith("segment-")]
    strange = [name for name in ticked if name.removeprefix("segment-") not in map(str, found)]
    if strange:
        segment = request.form[strange[0]]
        raise Invalid(
            f"The segment {segment[:100]!r} belongs to another account than "
            f"{first.handle}: take its tick away."
        )
    return list(found.values())


def _wrapped(sent: Sent, account: Account) -> Post:
    wish = _wish(sent, account)
    post = wrap_post(sent.session, installation().shortener, account, wish, sent.now)
    if post is None:
        raise Invalid(
            "There is no address in this text that could become a short link: nothing was made."
        )
    return post


def _sends() -> bool:
    return request.form.get("state") in ("send", "send-later")


def _enqueued(sent: Sent, posts: list[Post], accounts: list[Account]) -> int:
    """Queue the posts that linktrack can publish; return how many.

    Accounts that aren't connected keep a draft to post by hand, unless none is connected.
    """
    due_at = _due_at(sent)
    connected = connections(sent.session)
    confirmed = sent.has("confirmed")
    every = list(zip(posts, accounts, strict=True))
    pairs = [pair for pair in every if pair[1].id in connected]
    for post, _ in pairs or every[:1]:
        enqueue(
            sent.session,
            post,
            due_at,
            sent.now,
            installation().days(),
            base_url=installation().settings.base_url,
            confirmed=confirmed,
        )
    if not confirmed:
        for post, account in every:
            if account.id not in connected:
                check_duplicate(sent.session, account, post)
    return len(pairs)


def _due_at(sent: Sent) -> datetime | None:
    posted_at = sent.moment("posted_at", "The time")
    later = request.form.get("state") == "send-later"
    if later and posted_at is None:
        raise Invalid("Choose the time at which it is to be published.")
    if posted_at is not None and not later:
        raise Invalid("A time is chosen: publish at that time, or take it away to publish now.")
    return posted_at


def _said(count: int, by_hand: int) -> str:
    if not count:
        return ""
    posts = f" {count} post{'s' * (count > 1)} {'wait' if count > 1 else 'waits'} to be published."
    return posts + f" {by_hand} must be posted by hand." * bool(by_hand)


def _wish(sent: Sent, account: Account) -> Wish:
    written = sent.text("text", "The text")
    if not written:
        raise Invalid("Write the text first.")
    posted_at = None if _sends() else sent.moment("posted_at", "The time")
    return Wish(
        text=written,
        state=_state(posted_at, sent.now),
        posted_at=posted_at,
        segments=tuple(sent.all_of(f"segment-{account.id}")),
        slugs=tuple(sent.text("slugs", "The short code").split()),
        promotes=tuple(sent.all_of("promotes")),
        written_in=_written_in(account, written),
    )


def _written_in(account: Account, written: str) -> Format:
    """Return the text's format: for a newsletter or a group the chosen one, otherwise plain.

    It is guessed if none was chosen. On networks it is always plain.
    """
    if network_of(account.network).is_named:
        return "plain"
    chosen = request.form.get("format", "")
    return parse_format(chosen) if chosen else guess(written)


def _state(posted_at: datetime | None, now: datetime) -> str:
    """Return the state for the button pressed; a draft with a future time is scheduled."""
    if request.form.get("state") == "published":
        return "published"
    return "scheduled" if posted_at is not None and posted_at > now else "draft"


def _handed_over(values: Mapping[str, str]) -> str:
    """Return the text in the address: a share menu sends three parts, which become one."""
    parts = [text(values, name, "The text") for name in ("title", "text", "url")]
    title, said, url = parts
    return " ".join(
        part for part in (title * (title not in said), said, url * (url not in said)) if part
    )


def _page(
    error: str | None = None,
    seen: Preview | None = None,
    similar: SimilarPosts | None = None,
    *,
    duplicate: bool = False,
) -> str:
    accounts = some_accounts()
    values = request.form or request.args
    wanted = values.get("account", "")
    chosen = next((each for each in accounts if str(each.id) == wanted), None)
    chosen = chosen or next((each for each in accounts if each.role == "you"), accounts[0])
    return render_template(
        "compose/show.html",
        accounts=accounts,
        chosen=chosen,
        connected=connections(db_session()),
        duplicate=duplicate or "confirmed" in request.form,
        people=list_people(db_session()),
        segments=segments_of(db_session(), [account.id for account in accounts]),
        ticked={(name, value) for name in request.form for value in request.form.getlist(name)},
        error=error,
        seen=seen,
        similar=similar,
        bookmarklet=BOOKMARKLET.format(url_for("compose.show", _external=True)),
        written=request.form.get("text") or _handed_over(request.args),
        typed=request.form,
        format_words=FORMAT_WORDS,
        named=[each.name for each in networks() if each.is_named],
    )
