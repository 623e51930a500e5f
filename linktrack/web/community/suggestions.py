"""The inbox of suggestions: drafts, thanks, declining, and telling who sent them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.community.communities import name_of
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.answering import Offer, Offers, ask, offers_for
from linktrack.community.suggestions.boxes import box_of, reads_mentions, set_box
from linktrack.community.suggestions.deciding import (
    decline,
    draft,
    get_suggestion,
    remove,
    reopen,
)
from linktrack.community.suggestions.inbox import (
    ON_A_PAGE,
    Entry,
    entries,
    list_suggestions,
    watch_problem,
    which_named,
)
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.excerpts import excerpt
from linktrack.reports.links.suggested import suggested_posts
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID, chosen_account, row_id, text
from linktrack.web.forms import Done, Sent, form
from linktrack.web.subject import some_accounts

blueprint = owner_blueprint("suggestions", __name__)

ONE: Final = f"/suggestions/<int(max={LARGEST_ID}):number>"


@blueprint.get("/suggestions")
def list_all() -> str:
    """Show what was suggested, newest first: what waits, or everything."""
    require_writer()
    session, accounts = db_session(), some_accounts()
    account = chosen_account(request.args) or (accounts[0] if len(accounts) == 1 else None)
    which = which_named(text(request.args, "which", "The filter") or "new")
    before = row_id(request.args, "before", "Suggestion")
    found = list_suggestions(
        session,
        None if account is None else account.id,
        which,
        before=before,
        limit=ON_A_PAGE + 1,
    )
    return render_template(
        "suggestions/list.html",
        excerpt=excerpt,
        accounts=accounts,
        account=account,
        which=which,
        entries=_shown(entries(session, found[:ON_A_PAGE])),
        more=len(found) > ON_A_PAGE,
        box=None if account is None else box_of(session, account),
        form_address=None if account is None else _form_address(account),
        problem=None if account is None else watch_problem(session, account),
        can_read=account is not None and reads_mentions(account),
        published=None
        if account is None
        else suggested_posts(session, account, DEFAULT_WINDOW, as_of(now())),
        window=DEFAULT_WINDOW,
    )


def _form_address(account: Account) -> str:
    """Return where anybody can suggest something, to be posted and pinned."""
    path = url_for("suggest.show", account=name_of(db_session(), account))
    return f"{installation().settings.base_url}{path}"


@blueprint.get(ONE)
def show(number: int) -> str:
    """Show one suggestion."""
    require_writer()
    return _page(number)


def _page(number: int, error: str | None = None) -> str:
    session = db_session()
    found = entries(session, [get_suggestion(session, number)])
    [each] = _shown(found)
    return render_template(
        "suggestions/show.html",
        each=each,
        account=found[0].account,
        error=error,
        excerpt=excerpt,
    )


def _shown(found: Sequence[Entry]) -> list[dict[str, object]]:
    """Return entries with how their senders can be answered."""
    offers = _offers([entry.suggestion for entry in found])
    return [
        {
            "entry": entry,
            "thanks": offers[entry.suggestion.id].thanks,
            "word": offers[entry.suggestion.id].word,
        }
        for entry in found
    ]


def _offers(suggestions: Sequence[Suggestion]) -> Mapping[int, Offers]:
    can_mail = installation().settings.mail is not None
    return offers_for(db_session(), suggestions, can_mail=can_mail)


suggestion_form = partial(
    form,
    blueprint,
    back_to="suggestions.show",
    again=lambda error, number: _page(number, error.sentence),
)


def _locked(sent: Sent, number: int) -> tuple[Suggestion, Account]:
    found = get_suggestion(sent.session, number, lock=True)
    return found, get_account(sent.session, found.account_id)


@suggestion_form(f"{ONE}/draft")
def make_draft(sent: Sent, number: int) -> Done:
    """Make a draft of a suggestion; pressed again it is the same one."""
    found = get_suggestion(sent.session, number)
    account = get_account(sent.session, found.account_id)
    opened = installation()
    post = draft(sent.session, opened.shortener, found, opened.settings.base_url, sent.now)
    return Done(
        f"A draft for {account.handle}. Nothing is posted until you do.",
        url_for("posts.show", post_id=post.id),
    )


@suggestion_form(f"{ONE}/decline")
def decline_it(sent: Sent, number: int) -> Done:
    """Decline a suggestion; nobody hears of it."""
    found, _ = _locked(sent, number)
    decline(sent.session, found, sent.now)
    return Done("Declined. Nobody hears of it.", url_for("suggestions.list_all"))


@suggestion_form(f"{ONE}/reopen")
def reopen_it(sent: Sent, number: int) -> str:
    """Let a declined suggestion wait again."""
    found, _ = _locked(sent, number)
    reopen(sent.session, found, sent.now)
    return "It waits again."


@suggestion_form(f"{ONE}/delete")
def delete_it(sent: Sent, number: int) -> Done:
    """Delete a suggestion for good."""
    found, _ = _locked(sent, number)
    remove(sent.session, found, sent.now)
    return Done("Deleted.", url_for("suggestions.list_all"))


@suggestion_form(f"{ONE}/thanks")
def thank(sent: Sent, number: int) -> str:
    """Thank whoever sent it: by a reply of the account, or by hand."""
    found, account = _locked(sent, number)
    offer = _offers([found])[found.id].thanks
    if offer is None:
        return "Nobody knows who sent this."
    return _answer(sent, found, account, offer)


@suggestion_form(f"{ONE}/tell")
def tell(sent: Sent, number: int) -> str:
    """Tell whoever sent it that it is published: by mail, by a reply, or by hand."""
    found, account = _locked(sent, number)
    offer = _offers([found])[found.id].word
    if offer is None:
        return "They know already, or nobody can be told."
    return _answer(sent, found, account, offer)


def _answer(sent: Sent, found: Suggestion, account: Account, offer: Offer) -> str:
    """Keep the answer in the owner's words; what can be sent is sent within a minute."""
    way = "hand" if sent.has("by_hand") else offer.way
    words = sent.text("text", "The answer") or ("" if way == "hand" else offer.text)
    answer = ask(
        sent.session,
        account,
        found,
        Offer(offer.kind, way, words),
        sent.now,
        base_url=installation().settings.base_url,
    )
    if answer.state == "done":
        return "Noted."
    what = "The email goes out" if answer.way == "mail" else f"{account.handle} replies"
    return f"{what} within a minute."


def _set(account_id: int) -> dict[str, object]:
    box = box_of(db_session(), get_account(db_session(), account_id))
    return {
        "Form": "on" if box.form_since else "off",
        "Mentions and replies": "on" if box.mentions_since else "off",
    }


@form(
    blueprint,
    f"/suggestions/from/<int(max={LARGEST_ID}):account_id>",
    back_to=lambda account_id: url_for("suggestions.list_all", account=account_id),
    edits=_set,
)
def switch(sent: Sent, account_id: int) -> str:
    """Switch on or off where an account's suggestions come from."""
    account = get_account(sent.session, account_id)
    set_box(
        sent.session,
        account,
        sent.now,
        form=sent.has("form"),
        mentions=sent.has("mentions"),
    )
    return "Saved."
