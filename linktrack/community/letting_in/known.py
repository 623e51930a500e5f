"""By what members are known in figures: a segment of their own, and agreements to personal links.

The segment is a list on every account of the member's network. It is the first in order, since the
first match wins: a member counts as one of the community whatever else is true of them. Where the
owner moves it, it stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import (
    Account,
    Consent,
    Follower,
    FollowerSegment,
    Segment,
    SegmentEntry,
)
from linktrack.audience.segments import add_segment, entry_key, move_segment
from linktrack.audience.sorting import sort_followers
from linktrack.calendar.days import Days
from linktrack.community.models import Member, MemberEntry
from linktrack.errors import NotFound
from linktrack.ids import AccountId
from linktrack.publishing.personal import withdraw

COMMUNITY: Final = "community"
"""The name of the segment of members, until the owner chooses another."""

_OTHER_NAME: Final = "community (let in by hand)"
"""Its name where another kind of segment has the first one, such as the ready-made rule."""


def make_known(session: Session, member: Member, now: datetime) -> None:
    """Put a member into the segment of members, and keep that they agreed to personal links.

    On every account of their network that is not removed. Whoever gave a mail address alone is
    nobody in a follower list.
    """
    if member.network is None or member.network_id is None:
        return
    home = session.get_one(Account, member.account_id)
    accounts = session.scalars(
        select(Account)
        .where(Account.network == member.network, Account.removed_at.is_(None))
        .where(Account.simulated.is_(home.simulated))
        .order_by(Account.id)
    ).all()
    key = entry_key(member.network, member.network_id)
    followed = _followed_by(session, member.network_id)
    for account in accounts:
        segment = members_segment(session, account, now)
        is_new = segment.created_at == now
        session.merge(MemberEntry(member_id=member.id, segment_id=segment.id))
        if session.get(SegmentEntry, (segment.id, key)) is None:
            session.add(SegmentEntry(segment_id=segment.id, key=key))
        session.flush()
        # Sorting takes seconds where a million follow: not where nobody changes their segment.
        if is_new or account.id in followed:
            sort_followers(session, account, now)
    keep_agreements(session, now)


def _followed_by(session: Session, network_id: str) -> set[AccountId]:
    """Return the accounts that know a person as a follower."""
    query = select(Follower.account_id).where(Follower.network_id == network_id)
    return set(session.scalars(query))


def keep_agreements(session: Session, now: datetime) -> int:
    """Keep the agreement of each member who has become known as a follower; return how many.

    A later follower list may be the first that has them.
    """
    query = (
        select(Follower.id)
        .join(Account, Account.id == Follower.account_id)
        .join(
            Member,
            and_(
                Member.network == Account.network,
                Member.network_id == Follower.network_id,
                Member.agrees_links,
            ),
        )
        .where(~exists().where(Consent.follower_id == Follower.id))
        .distinct()
    )
    found = session.scalars(query).all()
    if found:
        rows = [{"follower_id": number, "agreed_at": now} for number in found]
        session.execute(insert(Consent), rows)
    return len(found)


def withdraw_agreement(session: Session, follower: Follower, now: datetime, days: Days) -> None:
    """Withdraw a follower's agreement to personal links, which they may have given as a member.

    No click names them from now on, earlier ones included; their links keep working.
    """
    account = session.get_one(Account, follower.account_id)
    session.execute(
        update(Member)
        .where(Member.network == account.network, Member.network_id == follower.network_id)
        .values(agrees_links=False)
    )
    withdraw(session, follower, now, days)


def take_entries_away(session: Session, members: Sequence[Member], now: datetime) -> None:
    """Take members off the lists that letting them in has put them on, and out of what was kept.

    A list on which another membership has put the same person keeps them. The sizes that were
    kept stay: they are sums.
    """
    for member in members:
        mine = session.scalars(
            select(MemberEntry.segment_id).where(MemberEntry.member_id == member.id)
        ).all()
        session.execute(delete(MemberEntry).where(MemberEntry.member_id == member.id))
        if member.network is None or member.network_id is None:
            continue
        others = select(MemberEntry.segment_id).where(
            MemberEntry.member_id.in_(
                select(Member.id).where(
                    Member.network == member.network,
                    Member.network_id == member.network_id,
                    Member.id != member.id,
                )
            )
        )
        gone = set(mine).difference(session.scalars(others))
        session.execute(
            delete(SegmentEntry).where(
                SegmentEntry.segment_id.in_(gone),
                SegmentEntry.key == entry_key(member.network, member.network_id),
            )
        )
        followers = select(Follower.id).where(Follower.network_id == member.network_id)
        session.execute(
            delete(FollowerSegment)
            .where(FollowerSegment.segment_id.in_(gone))
            .where(FollowerSegment.follower_id.in_(followers))
            .execution_options(synchronize_session=False)
        )
        accounts = select(Account).where(
            Account.id.in_(select(Segment.account_id).where(Segment.id.in_(gone))),
            Account.id.in_(_followed_by(session, member.network_id)),
        )
        for account in session.scalars(accounts.order_by(Account.id)).all():
            sort_followers(session, account, now)


def members_segment(session: Session, account: Account, now: datetime) -> Segment:
    """Return the account's segment of members, made where it is missing, as the first."""
    made = session.scalars(
        select(Segment)
        .where(Segment.account_id == account.id, Segment.removed_at.is_(None))
        .where(Segment.id.in_(select(MemberEntry.segment_id)))
        .order_by(Segment.id)
    ).first()
    if made is not None:
        return made
    for name in (COMMUNITY, _OTHER_NAME):
        named = session.scalar(
            select(Segment).where(Segment.account_id == account.id, Segment.name == name)
        )
        if named is None or named.removed_at is not None:
            made = add_segment(session, account, name, None, now, entries=())
            move_segment(session, account, made, 1, now)
            return made
        if named.kind == "list":
            return named
    raise NotFound(
        f"{account.handle} has segments named {COMMUNITY!r} and {_OTHER_NAME!r} that are no lists: "
        "rename one of them."
    )
