"""The members of a community: the list, one member, their steps, and removing them."""

from functools import partial
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import get_account
from linktrack.community.communities import count_members
from linktrack.community.feed_addresses import leaking, renew_addresses
from linktrack.community.letting_in.messages import welcome
from linktrack.community.letting_in.steps import kind_named, steps_of, tick, try_again
from linktrack.community.members.leaving import remove_member
from linktrack.community.members.listing import get_member, list_members
from linktrack.context import db_session, installation
from linktrack.web.community.chosen import chosen, profile_of
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID, row_id
from linktrack.web.forms import Done, Sent, form

blueprint = owner_blueprint("members", __name__)

ON_A_PAGE: Final = 50
MEMBER: Final = f"/community/members/<int(max={LARGEST_ID}):member_id>"

STEPS: Final = {
    "accept": "Accept their follow request",
    "follow": "Follow them",
    "welcome": "Welcome them",
}
STATES: Final = {
    "due": "linktrack does it",
    "begun": "linktrack is at it",
    "done": "done",
    "by_hand": "by hand",
    "refused": "refused",
    "in_doubt": "in doubt",
}


@blueprint.get("/community/members")
def list_all() -> str:
    """Show who was let in, newest first; only to owners."""
    require_writer()
    found, session = chosen(), db_session()
    before = row_id(request.args, "before", "The member")
    rows = list_members(session, found.account, ON_A_PAGE + 1, before)
    shown = rows[:ON_A_PAGE]
    return render_template(
        "community/members.html",
        chosen=found,
        rows=shown,
        steps=steps_of(session, shown),
        leaks=leaking(session, shown),
        number=count_members(session, found.account),
        step_names=STEPS,
        states=STATES,
        is_later_page=before is not None,
        more=shown[-1].id if len(rows) > ON_A_PAGE else None,
    )


@blueprint.get(MEMBER)
def show(member_id: int) -> str:
    """Show one member, and what letting them in still takes; only to owners."""
    require_writer()
    return _page(member_id)


member_form = partial(
    form,
    blueprint,
    back_to=lambda member_id: url_for("members.show", member_id=member_id),
    again=lambda error, member_id: _page(member_id, error.sentence),
)


@member_form(f"{MEMBER}/tick")
def tick_off(sent: Sent, member_id: int) -> str:
    """Keep that the owner did a step by hand."""
    kind = kind_named(sent.text("step", "The step"))
    tick(sent.session, get_member(sent.session, member_id), kind, sent.now)
    return "Ticked off."


@member_form(f"{MEMBER}/again")
def do_again(sent: Sent, member_id: int) -> str:
    """Let linktrack try a step again that was refused or is in doubt."""
    kind = kind_named(sent.text("step", "The step"))
    try_again(sent.session, get_member(sent.session, member_id), kind, sent.now)
    return "linktrack tries it again within a minute."


def _addresses(member_id: int) -> dict[str, object]:
    return {"Addresses made": get_member(db_session(), member_id).feed_number + 1}


@member_form(f"{MEMBER}/renew", edits=_addresses)
def renew(sent: Sent, member_id: int) -> str:
    """End a member's addresses; the page has the new ones, to be sent to them."""
    renew_addresses(sent.session, get_member(sent.session, member_id), sent.now)
    return "They have new addresses: send them the text below."


@member_form(f"{MEMBER}/remove")
def remove(sent: Sent, member_id: int) -> Done:
    """Remove a member, with everything of theirs."""
    member = get_member(sent.session, member_id)
    account_id = member.account_id
    remove_member(sent.session, member, installation().days(), sent.now)
    return Done(
        "Removed, with everything about them.", url_for("members.list_all", account=account_id)
    )


def _page(member_id: int, error: str | None = None) -> str:
    session = db_session()
    member = get_member(session, member_id)
    return render_template(
        "community/member.html",
        member=member,
        account=get_account(session, member.account_id),
        profile=profile_of(member),
        steps=steps_of(session, [member])[member.id],
        step_names=STEPS,
        states=STATES,
        welcome=welcome(session, installation().member_addresses(), member),
        addresses=installation().member_addresses(),
        is_leaking=member.id in leaking(session, [member]),
        error=error,
    )
