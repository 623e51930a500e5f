"""Compose: turn a text into the same text with short links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import list_accounts
from linktrack.audience.credentials import connections
from linktrack.audience.first_account import first_account, unnamed
from linktrack.audience.models import Account
from linktrack.audience.segments import segments_of
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, Unconfirmed
from linktrack.links.cards.cards import agent_of
from linktrack.links.cards.looking import look_at
from linktrack.links.cards.previews import CardPreview, preview_of_page
from linktrack.links.catalog import newest_link
from linktrack.links.formats.guess import FORMAT_WORDS, Format, guess
from linktrack.links.hosts.finding import domain_of_account
from linktrack.links.models import Post
from linktrack.links.own_addresses import own_hosts
from linktrack.links.people import list_people
from linktrack.links.posts import Wish, wrap_post
from linktrack.links.preview import Preview, preview
from linktrack.links.wrapping import parse_format
from linktrack.networks.network import Length
from linktrack.networks.registry import network_of, networks
from linktrack.publishing.checks import check_duplicate
from linktrack.publishing.queue import enqueue
from linktrack.reports.similar import SimilarPosts, similar_posts
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import chosen_account, text
from linktrack.web.forms import MENDABLE, UNPROCESSABLE, Done, Sent, form

blueprint = owner_blueprint("compose", __name__)

BOOKMARKLET: Final = (
    "javascript:location.href='{}?title='+encodeURIComponent(document.title)"
    "+'&url='+encodeURIComponent(location.href)"
)
MOST_READ: Final = 2
"""Pages that are read for one preview, at most."""

MOST: Final = 50
"""Accounts that one text is wrapped for at once, at most."""


@blueprint.get("/compose")
def show() -> str:
    """Show the form: empty, or with the text from a bookmarklet or a phone's share menu."""
    require_writer()
    return _page()


@blueprint.post("/compose/preview")
def look() -> str | tuple[str, int]:
    """Show the form as sent, with a preview of the wrapped texts; nothing is created."""
    session = db_session(writes=False)  # asked with every pause of the writer, beside the loader
    try:
        accounts = _chosen_accounts() or [unnamed()]
        slugs = text(request.form, "slugs", "The short code").split()
        newest = newest_link(session)
        seen = [
            (
                account,
                preview(
                    installation().shortener.on(domain_of_account(session, account.id)),
                    _text_for(account),
                    account.network,
                    slugs,
                    newest.id if newest else 0,
                    own_hosts=own_hosts(session),
                    limits=account.text_limits,
                    written_in=_written_in(account, _text_for(account)),
                ),
            )
            for account in accounts
        ]
        links = len(seen[0][1].destinations)
        similar = similar_posts(session, accounts[0], links, DEFAULT_WINDOW, as_of(now()))
    except MENDABLE as error:
        return _page(error.sentence), UNPROCESSABLE
    if "read" in request.form:
        _look_at_pages(seen)
    written = any(shown.text for _, shown in seen)
    return _page(seen=_together(seen) if written else (), similar=similar if links else None)


def _look_at_pages(seen: Sequence[tuple[Account, Preview]]) -> None:
    """Read the pages behind the texts' first links, as the owner asked: 20 seconds each at most."""
    opened = installation()
    first = dict.fromkeys(shown.destinations[0] for _, shown in seen if shown.destinations)
    close_db_session()  # nothing is held while others' servers are asked
    for destination in [*first][:MOST_READ]:
        look_at(opened.database, destination, agent_of(opened.shortener.base_url), now())
    db_session(writes=False)


@dataclass(frozen=True, slots=True)
class AsPosted:
    """A text as it will look on a network, and the accounts it is for there."""

    network: str
    handles: list[str]
    text: str
    card: CardPreview


def _as_posted(
    seen: Sequence[tuple[Preview, list[tuple[Account, Length]]]],
) -> list[AsPosted]:
    """Return how each text will look on each network that shows cards."""
    found: dict[tuple[str, str, CardPreview], AsPosted] = {}
    for shown, lengths in seen:
        for account, _ in lengths if shown.destinations else ():
            first, shortener = shown.destinations[0], installation().shortener
            card = preview_of_page(db_session(), shortener, account, first)
            if card is not None:
                key = (account.network, shown.text, card)
                new = AsPosted(account.network, [], shown.text, card)
                found.setdefault(key, new).handles.append(account.handle)
    return list(found.values())


def _together(
    seen: Sequence[tuple[Account, Preview]],
) -> list[tuple[Preview, list[tuple[Account, Length]]]]:
    """Return each text once, with the accounts it is for and how long it is on each."""
    found: dict[tuple[str, Format], tuple[Preview, list[tuple[Account, Length]]]] = {}
    for account, shown in seen:
        _, lengths = found.setdefault((shown.text, shown.written_in), (shown, []))
        lengths.append((account, shown.length))
    return list(found.values())


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
    return Done(said, url_for("compose.made", post=[post.id for post in posts]))


def _chosen_accounts() -> list[Account]:
    """Return the accounts that are ticked, in their order, each once."""
    values = [*request.form.getlist("account"), *request.form.getlist("also")][:MOST]
    found = [chosen_account({"account": value}) for value in values]
    return list({each.id: each for each in found if each is not None}.values())


def _accounts(sent: Sent) -> list[Account]:
    """Return the accounts the text is for: where there is none yet, the first is made."""
    accounts = _chosen_accounts()
    if not accounts:
        first = first_account(sent.session, sent.now)
        if first is None:
            raise Invalid("Choose at least one account.")
        return [first]
    if len(accounts) > 1 and sent.text("slugs", "The short code"):
        raise Invalid(
            "Each account gets its own links, and a short code can only lead to one place: leave "
            "the codes out, or do this for one account at a time."
        )
    _refuse_strange(accounts)
    return accounts


def _refuse_strange(accounts: Sequence[Account]) -> None:
    """Raise `Invalid` for a version or a text that is meant for an account that isn't chosen."""
    numbers = {str(account.id) for account in accounts}
    for name in request.form:
        kind, _, number = name.partition("-")
        if number in numbers or not request.form[name].strip():
            continue
        if kind == "segment":
            raise Invalid(
                f"The segment {request.form[name][:100]!r} belongs to an account that isn't "
                "chosen: choose that account, or untick it."
            )
        if kind == "text" and number:
            raise Invalid(
                "You wrote a text for an account that isn't chosen: choose it, or clear its text."
            )


def _text_for(account: Account) -> str:
    """Return the account's own text, else the one for all."""
    own = text(request.form, f"text-{account.id}", "The text")
    return own or text(request.form, "text", "The text")


def _wrapped(sent: Sent, account: Account) -> Post:
    wish = _wish(sent, account)
    post = wrap_post(sent.session, installation().shortener, account, wish, sent.now)
    if post is None:
        which = f" for {account.handle}" if request.form.get(f"text-{account.id}") else ""
        raise Invalid(
            f"There is no link in this text{which}, so there is nothing to shorten: paste an "
            "address such as https://example.com/page."
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
        raise Invalid("Choose when to publish it.")
    if posted_at is not None and not later:
        raise Invalid("You chose a time: publish at that time, or remove it to publish now.")
    return posted_at


def _said(count: int, by_hand: int) -> str:
    if not count:
        return ""
    posts = f" {count} post{'s' * (count > 1)} {'are' if count > 1 else 'is'} in the queue."
    return posts + f" Post the other {'one' if by_hand == 1 else by_hand} yourself." * bool(by_hand)


def _wish(sent: Sent, account: Account) -> Wish:
    written = _text_for(account)
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
    seen: Sequence[tuple[Preview, list[tuple[Account, Length]]]] = (),
    similar: SimilarPosts | None = None,
    *,
    duplicate: bool = False,
) -> str:
    accounts = list_accounts(db_session())
    return render_template(
        "compose/show.html",
        accounts=accounts,
        ticked_accounts=_ticked(accounts),
        connected=connections(db_session()),
        duplicate=duplicate or "confirmed" in request.form,
        people=list_people(db_session()),
        segments=segments_of(db_session(), [account.id for account in accounts]),
        ticked={(name, value) for name in request.form for value in request.form.getlist(name)},
        error=error,
        seen=seen,
        as_posted=_as_posted(seen),
        similar=similar,
        bookmarklet=BOOKMARKLET.format(url_for("compose.show", _external=True)),
        written=request.form.get("text") or _handed_over(request.args),
        typed=request.form,
        format_words=FORMAT_WORDS,
        named=[each.name for each in networks() if each.is_named],
    )


def _ticked(accounts: Sequence[Account]) -> set[str]:
    """Return the numbers of the accounts whose boxes are ticked; at first, the main account's."""
    known = {str(account.id) for account in accounts}
    if request.form:
        return known & {*request.form.getlist("account"), *request.form.getlist("also")}
    wanted = known.intersection(request.args.getlist("account"))
    return wanted or {str(account.id) for account in _main(accounts)}


def _main(accounts: Sequence[Account]) -> Sequence[Account]:
    """Return the account that shares links, else the first one."""
    return [each for each in accounts if each.role == "you"][:1] or accounts[:1]
