"""The members of a community: who they are, since when, and what letting them in still takes."""

from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.community.letting_in.steps import MemberStepJson, step_json
from linktrack.community.models import JoinRequest, Member, MemberStep
from linktrack.errors import NotFound


def get_member(session: Session, member_id: int) -> Member:
    """Return a member; raises `NotFound`."""
    found = session.get(Member, member_id)
    if found is None:
        raise NotFound(f"There is no member number {member_id}: they may have left.")
    return found


def list_members(
    session: Session, account: Account, limit: int, after: int | None = None
) -> Sequence[Member]:
    """Return the members of an account, newest first, behind number `after`."""
    query = select(Member).where(Member.account_id == account.id)
    if after is not None:
        query = query.where(Member.id < after)
    return session.scalars(query.order_by(Member.id.desc()).limit(limit)).all()


def named(member: Member | JoinRequest) -> str:
    """Return what a person is called on pages: their handle, or that they gave a mail address."""
    return member.handle or member.network_id or "somebody with an email address"


class MemberJson(TypedDict):
    """A member; mail addresses are never in it. `feed_renewed` is how often their feed was."""

    id: int
    network: str | None
    network_id: str | None
    handle: str | None
    introduction: str
    has_mail: bool
    agrees_links: bool
    agrees_mail: bool
    joined_at: str
    feed_renewed: int
    steps: list[MemberStepJson]


def member_json(member: Member, steps: Sequence[MemberStep]) -> MemberJson:
    """Return a member as the API and the command line show them."""
    return {
        "id": member.id,
        "network": member.network,
        "network_id": member.network_id,
        "handle": member.handle,
        "introduction": member.introduction,
        "has_mail": member.sealed_mail is not None,
        "agrees_links": member.agrees_links,
        "agrees_mail": member.agrees_mail,
        "joined_at": utc(member.joined_at),
        "feed_renewed": member.feed_number,
        "steps": [step_json(step) for step in steps],
    }
