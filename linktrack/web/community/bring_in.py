"""Bring in: posts of the other accounts that members should get, and what they have got."""

from functools import partial
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.community.feed.bringing_in import (
    LONGEST_NOTE,
    AnyPost,
    bring_in,
    get_entry,
    list_entries,
    set_note,
    take_out,
)
from linktrack.community.models import Brought
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.posts import get_post
from linktrack.publishing.unwrapped.posts import get_unwrapped
from linktrack.reports.community.candidates import candidates, recent_own_words
from linktrack.web.community.chosen import chosen
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID, row_id
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("bring_in", __name__)

OF_ACCOUNT: Final = f"/community/<int(max={LARGEST_ID}):account_id>"
ENTRY: Final = f"{OF_ACCOUNT}/feed/<int(max={LARGEST_ID}):entry_id>"
PAGE: Final = 20


@blueprint.get("/community/bring-in")
def show() -> str:
    """Show what did clearly better than usual, and what was brought in."""
    return _page()


bring_in_form = partial(
    form,
    blueprint,
    back_to=lambda account_id, **_: url_for("bring_in.show", account=account_id),
    again=lambda error, account_id, **_: _page(account_id, error.sentence),
)


@bring_in_form(f"{OF_ACCOUNT}/bring-in")
def add(sent: Sent, account_id: int) -> str:
    """Bring a post in; a second time changes nothing."""
    session = sent.session
    community = get_account(session, account_id)
    why: Brought = "above_usual" if sent.has("above_usual") else "picked"
    bring_in(
        session,
        installation().shortener,
        community,
        _post(sent.row_id("post", "The post"), sent.row_id("unwrapped", "The post")),
        written=sent.text("note", "The note"),
        why=why,
        now=sent.now,
    )
    return "It is in the feed of the members."


def _entry(account_id: int, entry_id: int) -> dict[str, object]:
    session = db_session()
    entry = get_entry(session, get_account(session, account_id), entry_id)
    return {"Note": entry.note}


@bring_in_form(f"{ENTRY}/note", edits=_entry)
def say(sent: Sent, account_id: int, entry_id: int) -> str:
    """Change what is said of a post."""
    community = get_account(sent.session, account_id)
    entry = get_entry(sent.session, community, entry_id)
    set_note(sent.session, entry, sent.text("note", "The note"))
    return "Saved."


@bring_in_form(f"{ENTRY}/take-out")
def remove(sent: Sent, account_id: int, entry_id: int) -> str:
    """Take a post out of the feed."""
    community = get_account(sent.session, account_id)
    take_out(sent.session, get_entry(sent.session, community, entry_id), sent.now)
    return "It is out of the feed. Who has read it already keeps it."


def _post(post_id: int | None, unwrapped_id: int | None) -> AnyPost:
    if post_id is not None:
        return get_post(db_session(), post_id)
    if unwrapped_id is not None:
        return get_unwrapped(db_session(), unwrapped_id)
    raise Invalid("Choose a post to bring in.")


def _picked() -> tuple[AnyPost, Account] | None:
    """Return the post that a link on its page names, and its account."""
    post_id = row_id(request.values, "post", "The post")
    unwrapped_id = row_id(request.values, "unwrapped", "The post")
    if post_id is None and unwrapped_id is None:
        return None
    post = _post(post_id, unwrapped_id)
    return post, get_account(db_session(), post.account_id)


def _page(account_id: int | None = None, error: str | None = None) -> str:
    session, found = db_session(), chosen(account_id)
    after = row_id(request.args, "after", "The entry")
    lines = list_entries(session, found.account, PAGE + 1, after=after)
    is_first = after is None
    return render_template(
        "community/bring_in.html",
        chosen=found,
        picked=_picked() if is_first else None,
        candidates=candidates(session, found.account, as_of(now())) if is_first else [],
        own_words=recent_own_words(session, found.account) if is_first else [],
        lines=lines[:PAGE],
        is_later_page=not is_first,
        more=lines[PAGE - 1].entry.id if len(lines) > PAGE else None,
        longest_note=LONGEST_NOTE,
        typed=request.form,
        error=error,
    )
