"""Leaving a community: everything of the person goes, sums stay, links keep working."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Consent, Follower, MadeFollow
from linktrack.calendar.days import Days
from linktrack.clicks.loading.personal import take_follower_away
from linktrack.community.letting_in.known import take_entries_away
from linktrack.community.members.persons import Person, make_anonymous
from linktrack.community.models import FeedMail, JoinRequest, Member, MemberStep
from linktrack.db import take_write_lock
from linktrack.owners.audit import note


def leave(session: Session, member: Member, days: Days, now: datetime) -> None:
    """Delete a member who leaves, with everything of theirs.

    Their request, steps and mails go, the list entries that letting them in made, their agreement
    to personal links with the names on their clicks, and the follow in the log of follows; what
    they suggested stays without them. Sums stay. Where they are a member of another community,
    too, what that needs stays. Whom the account follows on its network, it still follows.
    """
    _delete(session, member, days, now)
    account = session.get_one(Account, member.account_id)
    note(session, f"A member left the community of {account.handle}.", now)


def remove_member(session: Session, member: Member, days: Days, now: datetime) -> None:
    """Delete a member as `leave` does, because the owner wants it."""
    _delete(session, member, days, now)
    account = session.get_one(Account, member.account_id)
    note(session, f"Removed a member from the community of {account.handle}.", now)


def _delete(session: Session, member: Member, days: Days, now: datetime) -> None:
    take_write_lock(session.connection())
    delete_members(session, [member], days, now)


def delete_members(session: Session, members: Sequence[Member], days: Days, now: datetime) -> None:
    """Delete members with everything of theirs; the caller holds the write lock."""
    take_entries_away(session, members, now)
    for member in members:  # one person: as many as communities they are in
        person = Person.of(member)
        for table in (FeedMail, MemberStep):
            session.execute(delete(table).where(table.member_id == member.id))
        session.execute(delete(Member).where(Member.id == member.id))
        theirs = delete(JoinRequest).where(JoinRequest.account_id == member.account_id)
        session.execute(theirs.where(person.is_of(JoinRequest)))
        make_anonymous(session, person, now)
        if member.network_id is None:
            continue
        session.execute(
            delete(MadeFollow).where(
                MadeFollow.account_id == member.account_id,
                MadeFollow.network_id == member.network_id,
            )
        )
        _withdraw(session, member, days)
    session.flush()


def _withdraw(session: Session, member: Member, days: Days) -> None:
    """Take the agreement to personal links back, unless another membership has it."""
    same = and_(Member.network == member.network, Member.network_id == member.network_id)
    if session.scalar(select(Member.id).where(same, Member.agrees_links).limit(1)) is not None:
        return
    followers = session.scalars(
        select(Follower.id)
        .join(Account, Account.id == Follower.account_id)
        .where(Account.network == member.network, Follower.network_id == member.network_id)
    ).all()
    session.execute(delete(Consent).where(Consent.follower_id.in_(followers)))
    for follower_id in followers:  # as many as accounts they follow
        take_follower_away(session.connection(), follower_id, days)
