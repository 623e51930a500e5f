"""Deciding on a request: let in, decline, later; and keeping that a word was sent by hand."""

from functools import partial
from typing import Final

from flask import url_for

from linktrack.community.letting_in.deciding import (
    LONGEST_WORD,
    approve,
    decide_later,
    decline,
    get_request,
    told,
)
from linktrack.context import installation
from linktrack.web.community.requests import REQUEST, request_page
from linktrack.web.context import owner_blueprint, signed_in
from linktrack.web.forms import Done, Sent, form

blueprint = owner_blueprint("deciding", __name__)

LATER: Final = "It stays under Later."


@blueprint.app_context_processor
def longest_word() -> dict[str, int]:
    """Tell the page of a request how long a word may be."""
    return {"longest_word": LONGEST_WORD}


deciding_form = partial(
    form,
    blueprint,
    back_to=lambda request_id: url_for("requests.show", request_id=request_id),
    again=lambda error, request_id: request_page(request_id, error.sentence),
)


def _can_mail() -> bool:
    return installation().settings.mail is not None


@deciding_form(f"{REQUEST}/let-in")
def let_in(sent: Sent, request_id: int) -> Done:
    """Let somebody in; a second time leads to the same member."""
    request = get_request(sent.session, request_id)
    member = approve(sent.session, request, signed_in().name, sent.now, can_mail=_can_mail())
    said = f"{member.handle or 'They'} {'is' if member.handle else 'are'} a member now."
    return Done(said, url_for("members.show", member_id=member.id))


@deciding_form(f"{REQUEST}/decline")
def refuse(sent: Sent, request_id: int) -> str:
    """Decline a request, with a word or without."""
    request = get_request(sent.session, request_id)
    word = sent.text("word", "The word")
    decline(sent.session, request, word, signed_in().name, sent.now, can_mail=_can_mail())
    return "Declined. All of the request is deleted in 7 days."


@deciding_form(f"{REQUEST}/later")
def postpone(sent: Sent, request_id: int) -> Done:
    """Put a request behind the others."""
    request = get_request(sent.session, request_id)
    decide_later(sent.session, request, sent.now)
    return Done(LATER, url_for("requests.list_all", account=request.account_id))


@deciding_form(f"{REQUEST}/told")
def keep_told(sent: Sent, request_id: int) -> str:
    """Keep that the owner has sent the word by hand."""
    told(sent.session, get_request(sent.session, request_id), sent.now)
    return "Ticked off."
