"""After composing: the texts to copy, one press to say that each is posted, and the first click."""

from collections.abc import Sequence
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import accounts_by_number
from linktrack.audience.first_account import is_unnamed, name_account
from linktrack.audience.models import Account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, TooLarge
from linktrack.links.formats.guess import FORMAT_WORDS
from linktrack.links.lengths import length
from linktrack.links.models import Post
from linktrack.links.post_json import left_in_post
from linktrack.links.posts import get_post, version_segments
from linktrack.networks.network import Length
from linktrack.networks.registry import networks
from linktrack.owners.passwords import hash_password, set_password
from linktrack.owners.signing_in.provided import own_ways_closed
from linktrack.owners.stored_settings import change_settings
from linktrack.owners.viewers import get_owner, signed_in_lately
from linktrack.publishing import states
from linktrack.publishing.sendings import sendings_of
from linktrack.reports.sources.first_click import awaited
from linktrack.upkeep.health.freshness import latest_click
from linktrack.web.context import current_owner, own_hash, require_writer
from linktrack.web.fields import LARGEST_ID, row_id
from linktrack.web.forms import Done, Sent, form
from linktrack.web.posts.compose import MOST, blueprint
from linktrack.web.posts.posts import time_of

MADE: Final = "/compose/made"
ZONE: Final = "LINKTRACK_TIMEZONE"


def _back(*_: object, **__: object) -> str:
    return url_for("compose.made", post=request.form.getlist("post")[:MOST])


@blueprint.get(MADE)
def made() -> str:
    """Show the wrapped texts, one for each account, and what comes of them."""
    require_writer()
    return _page(request.args.getlist("post"))


@form(
    blueprint,
    f"{MADE}/<int(max={LARGEST_ID}):post_id>",
    back_to=_back,
    again=lambda error, **_: _page(request.form.getlist("post"), error.sentence),
    edits=time_of,
)
def posted(sent: Sent, post_id: int) -> Done:
    """Mark a post as posted just now, and stay on the page for the others."""
    post = get_post(sent.session, post_id)
    states.publish(sent.session, post, None, sent.now, installation().days())
    return Done("Marked as posted.", f"{_back()}#post-{post_id}")


@form(
    blueprint,
    f"{MADE}/account",
    back_to=_back,
    again=lambda error: _page(request.form.getlist("post"), error.sentence),
)
def name(sent: Sent) -> str:
    """Say whose followers the first links are for, and choose a password where there is none."""
    password = request.form.get("password", "")
    hashed = hash_password(password) if password else None  # takes a while: nothing is locked yet
    account = sent.account()
    if account is None:
        raise Invalid("Choose the account that this is about.")
    name_account(
        sent.session,
        account,
        sent.text("handle", "The handle"),
        sent.now,
        network=sent.text("network", "The network") or None,
        followers=sent.whole("followers", "The number of followers"),
    )
    zone = sent.text("timezone", "The time zone")
    if zone and asks_for_zone():
        change_settings(sent.session, installation().environment, {ZONE: zone}, sent.now)
    if hashed is not None and needs_password():
        owner = current_owner()
        assert owner is not None  # strangers do not come here
        set_password(sent.session, get_owner(sent.session, owner.id), hashed, sent.now)
    return f"These links are {account.handle}'s now."


def asks_for_zone() -> bool:
    """Whether the time zone is still to be chosen: later, all days would have to be recounted."""
    opened = installation()
    return ZONE not in opened.environment.in_environment and not latest_click(db_session())


def needs_password() -> bool:
    """Whether who is signed in has no password yet, and may choose one: as on the page Profile."""
    owner = current_owner()
    if owner is None or owner.password_hash is not None:
        return False
    session, provider = db_session(), installation().settings.oidc
    is_closed = own_ways_closed(session, provider, owner.id) is not None
    return not is_closed and signed_in_lately(session, own_hash(), now())


def _page(numbers: Sequence[str], error: str | None = None) -> str:
    session = db_session()
    chosen = [row_id({"post": value}, "post", "Post") or 0 for value in numbers[:MOST]]
    posts = [get_post(session, number) for number in dict.fromkeys(chosen)]
    accounts = accounts_by_number(session)  # one may have been removed since
    pairs = [(post, accounts[post.account_id]) for post in posts]
    sendings = sendings_of(session, [post.id for post in posts])
    links = [link for post in posts for link in post.links]
    return render_template(
        "compose/made.html",
        pairs=pairs,
        links=links,
        versions={post.id: _versions(post) for post in posts},
        left={post.id: left_in_post(session, installation().shortener, post) for post in posts},
        lengths={post.id: _length(post, account) for post, account in pairs},
        sendings={number: each for number, each in sendings.items() if each.state != "withdrawn"},
        waiting=awaited(session, [link.id for link in links]),
        unnamed=next((account for _, account in pairs if is_unnamed(account)), None),
        needs_password=needs_password(),
        asks_for_zone=asks_for_zone(),
        networks=networks(),
        format_words=FORMAT_WORDS,
        short_url=installation().shortener.short_url,
        error=error,
        typed=request.form,
    )


def _versions(post: Post) -> list[tuple[str, str]]:
    """Return the segment and the text of each version; most posts have none."""
    if not post.versions:
        return []
    segments = version_segments(db_session(), post)
    return [(segments[version.segment_id].name, version.text) for version in post.versions]


def _length(post: Post, account: Account) -> Length | None:
    if post.state == "published":
        return None
    base_url = installation().settings.base_url
    try:
        return length(post.text, account.network, base_url, account.text_limits, post.format)
    except (Invalid, TooLarge):  # longer than any network takes, now that it is wrapped
        return None
