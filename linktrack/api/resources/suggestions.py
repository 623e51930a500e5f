"""Suggestions: what people found for an account to share, and what is done with it."""

from typing import Literal, TypedDict

from flask import Response

from linktrack.api.access import require_account
from linktrack.api.operations import AFTER, LIMIT, Parameter, asked, operation
from linktrack.api.paging import page_size
from linktrack.api.read import stored
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.audience.accounts import get_account
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.answering import Offer, ask
from linktrack.community.suggestions.deciding import decline, draft, get_suggestion, remove
from linktrack.community.suggestions.inbox import (
    WHICH,
    entries,
    list_suggestions,
    which_named,
)
from linktrack.community.suggestions.shapes import SuggestionJson, suggestion_json
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.post_json import post_json
from linktrack.publishing.sendings import PostJson, unsent_post_json
from linktrack.reports.links.suggested import (
    SuggestedPostsJson,
    suggested_posts,
    suggested_posts_json,
)

ONE = "/suggestions/<int:number>"
WHICH_ONES = Parameter("which", "Which ones; without it those that wait.", choices=WHICH)


class SuggestionPageJson(TypedDict):
    """Suggestions, newest first; `next` is the `before` of the next page."""

    data: list[SuggestionJson]
    next: int | None


@operation(
    "GET", f"{ACCOUNT}/suggestions", scope="read", query=(WHICH_ONES, LIMIT, AFTER), problems=(404,)
)
def read_suggestions(number: int) -> SuggestionPageJson:
    """List what people suggested to an account, newest first; of one page the newest."""
    fields, session = asked(), db_session()
    account = numbered_account(number)
    size = page_size(fields)
    found = list_suggestions(
        session,
        account.id,
        which_named(fields.text("which", "new")),
        before=fields.row_number("after"),
        limit=size + 1,
    )
    rows = [suggestion_json(entry) for entry in entries(session, found[:size])]
    return {"data": rows, "next": found[size - 1].id if len(found) > size else None}


@operation("GET", f"{ACCOUNT}/suggested-posts", scope="read", problems=(404,))
def read_suggested_posts(number: int) -> SuggestedPostsJson:
    """List the newest published posts that came from suggestions, beside the account's usual."""
    account = numbered_account(number)
    found = suggested_posts(db_session(), account, DEFAULT_WINDOW, as_of(now()))
    return suggested_posts_json(account, DEFAULT_WINDOW, found)


@operation("GET", ONE, scope="read", problems=(404,))
def read_suggestion(number: int) -> SuggestionJson:
    """Return a suggestion."""
    return _json(_numbered(number))


@operation("POST", f"{ONE}/draft", scope="write", problems=(404, 409))
def draft_suggestion(number: int) -> tuple[PostJson, Literal[201]]:
    """Create a draft with its addresses wrapped; asking again returns the same draft."""
    session, opened = db_session(), installation()
    found = _numbered(number)
    post = draft(session, opened.shortener, found, opened.settings.base_url, now())
    session.commit()
    return unsent_post_json(post_json(session, opened.shortener, post)), 201


@operation("POST", f"{ONE}/thanks", scope="write", problems=(404, 409))
def thank_for_suggestion(number: int) -> SuggestionJson:
    """Note that whoever sent it was thanked by hand; replies are for signed-in people to press."""
    session = db_session()
    found = _numbered(number)
    account = get_account(session, found.account_id)
    offer = Offer("thanks", "hand", "")
    ask(session, account, found, offer, now(), base_url=installation().settings.base_url)
    session.commit()
    return _json(found)


@operation("POST", f"{ONE}/decline", scope="write", problems=(404, 409))
def decline_suggestion(number: int) -> SuggestionJson:
    """Decline a suggestion; nobody hears of it."""
    session = db_session()
    found = _numbered(number)
    decline(session, found, now())
    session.commit()
    return _json(found)


@operation("DELETE", ONE, scope="write", answers={204: None}, problems=(404, 409))
def delete_suggestion(number: int) -> Response:
    """Delete a suggestion for good; its draft stays."""
    session = db_session()
    remove(session, _numbered(number), now())
    session.commit()
    return Response(status=204)


def _numbered(number: int) -> Suggestion:
    """Return a suggestion, if the token has access to it."""
    found = get_suggestion(db_session(), stored(number))
    require_account(found.account_id)
    return found


def _json(found: Suggestion) -> SuggestionJson:
    return suggestion_json(entries(db_session(), [found])[0])
