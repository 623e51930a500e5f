"""A member's feed at their own address, and what they can change about it themselves."""

from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.http import is_resource_modified
from werkzeug.wrappers import Response as AnyResponse

from linktrack import __version__
from linktrack.audience.accounts import get_account
from linktrack.community.feed.formats import Addresses, atom, feed_title, json_feed, shown
from linktrack.community.feed.reading import FeedRows, MemberFeed, read_rows
from linktrack.community.feed_addresses import (
    feed_member,
    feed_token,
    leaking,
    member_of,
    member_token,
    renew_addresses,
)
from linktrack.community.models import Member
from linktrack.context import db_session, installation
from linktrack.db import now

blueprint = Blueprint("feed", __name__, url_prefix="/feed")

ATOM: Final = "application/atom+xml; charset=utf-8"
JSON: Final = "application/feed+json; charset=utf-8"


@blueprint.after_request
def keep_to_themselves(response: Response) -> Response:
    """Let neither a destination nor a search engine learn an address that is a secret."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Vary"] = "Sec-GPC, DNT, Sec-Fetch-Dest"
    return response


@blueprint.get("/<token>")
def show(token: str) -> AnyResponse | str:
    """Give the feed: as Atom, as JSON Feed behind `.json`, as a page behind `.html`.

    A browser that opens the address itself is led to the page: it shows no feeds.
    """
    token, _, kind = token.partition(".")
    member = feed_member(db_session(), installation().keys.markers(), token)
    if kind not in ("", "json", "html"):
        return redirect(url_for("feed.show", token=token), 301)
    if not kind and request.headers.get("Sec-Fetch-Dest") == "document":
        return redirect(url_for("feed.show", token=f"{token}.html"), 303)
    rows = _read(member)
    addresses = _addresses(member)
    if kind == "html":
        return _page(rows.feed(), addresses)
    etag = f"{rows.mark}-{kind or 'atom'}-{__version__}"
    if is_resource_modified(request.environ, etag=etag, last_modified=rows.changed_at):
        feed = rows.feed()
        made = json_feed(feed, addresses) if kind else atom(feed, addresses)
        response = Response(made, content_type=JSON if kind else ATOM)
    else:
        response = Response(status=304)
    response.set_etag(etag)
    response.last_modified = rows.changed_at
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/member/<token>")
def own(token: str) -> str:
    """Show a member the addresses of their feed, and how to get new ones."""
    session = db_session()
    member = member_of(session, installation().keys.markers(), "member", token)
    return render_template(
        "feed/own.html",
        account=get_account(session, member.account_id),
        addresses=_addresses(member),
        token=token,
        is_leaking=member.id in leaking(session, [member]),
        was_renewed="renewed" in request.args,
    )


@blueprint.post("/member/<token>")
def renew(token: str) -> AnyResponse:
    """End a member's addresses, and lead to the new ones."""
    session, markers = db_session(), installation().keys.markers()
    member = member_of(session, markers, "member", token)
    renew_addresses(session, member, now())
    session.commit()
    new = member_token(markers, "member", member)
    return redirect(url_for("feed.own", token=new, renewed=1), 303)


@blueprint.get("/mails/<token>")
def mails(token: str) -> str:
    """Ask whether to end the mails: programs look at addresses in mails, and must not end them."""
    member = member_of(db_session(), installation().keys.markers(), "mails", token)
    return _mails_page(member, token)


@blueprint.post("/mails/<token>")
def end_mails(token: str) -> str:
    """End the mails, and nothing else; also the one click of a mail program (RFC 8058)."""
    session = db_session()
    member = member_of(session, installation().keys.markers(), "mails", token)
    member.agrees_mail = False
    session.commit()
    return _mails_page(member, token)


def _read(member: Member) -> FeedRows:
    opened = installation()
    asks_not_to = "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))
    personal = opened.settings.personal_links and not asks_not_to
    return read_rows(db_session(), opened.shortener, member, personal=personal)


def _addresses(member: Member) -> Addresses:
    opened = installation()
    address = f"{opened.settings.base_url}/feed/{feed_token(opened.keys.markers(), member)}"
    return Addresses(atom=address, json=f"{address}.json", page=f"{address}.html")


def _page(feed: MemberFeed, addresses: Addresses) -> str:
    entries = [
        (entry, item, Markup(entry.content))  # noqa: S704 - made safe as for every feed reader
        for entry, item in zip(shown(feed), feed.items, strict=True)
    ]
    return render_template(
        "feed/page.html", title=feed_title(feed), entries=entries, addresses=addresses, feed=feed
    )


def _mails_page(member: Member, token: str) -> str:
    account = get_account(db_session(), member.account_id)
    return render_template("feed/mails.html", account=account, member=member, token=token)
