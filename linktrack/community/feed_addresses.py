"""The addresses that are a member's own: of their feed, of their membership, and to end mails.

Each is signed under the installation's key, so nothing of it is stored. The address of a feed is
put into feed readers, and may leak there; so it can be read with, and nothing else. What a member
can change has an address of its own, which is in their mails and in no feed.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Follower
from linktrack.clicks.loading.personal import close_leak, open_leaks
from linktrack.community.models import Member
from linktrack.errors import Ended, NotFound
from linktrack.ids import FollowerId
from linktrack.keys import Markers
from linktrack.owners.audit import note

Purpose: TypeAlias = Literal["feed", "member", "mails"]
"""What an address is for: to read the feed, to change the membership, or to end the mails."""

_TOKEN: Final = re.compile(r"([1-9][0-9]{0,17})-([0-9]{1,9})-[0-9a-f]{32}")


def feed_token(markers: Markers, member: Member) -> str:
    """Return what stands for a member's feed in its address."""
    return member_token(markers, "feed", member)


def member_token(markers: Markers, purpose: Purpose, member: Member) -> str:
    """Return what stands for a member in an address of that purpose: letters, digits and `-`."""
    return _written(markers, purpose, member.id, _number(purpose, member))


def feed_member(session: Session, markers: Markers, token: str) -> Member:
    """Return the member whose feed has this token.

    Raises `Ended` where it was renewed or the member left, `NotFound` for any other text.
    """
    return member_of(session, markers, "feed", token)


def member_of(session: Session, markers: Markers, purpose: Purpose, token: str) -> Member:
    """Return the member whose address of a purpose has this token; it opens no other purpose.

    Raises `Ended` where it was renewed or the member left, `NotFound` for any other text.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise NotFound(_UNKNOWN)
    member_id, number = int(match[1]), int(match[2])
    # Nobody learns by trying who is a member, nor a signature by how long a comparison takes.
    if not hmac.compare_digest(token, _written(markers, purpose, member_id, number)):
        raise NotFound(_UNKNOWN)
    member = session.get(Member, member_id)
    if member is None or _number(purpose, member) != number:
        raise Ended("This address has ended: it was replaced by a new one, or its member left.")
    return member


_UNKNOWN: Final = "There is no member's address like this: look whether all of it was copied."


def renew_addresses(session: Session, member: Member, now: datetime) -> None:
    """End a member's addresses, and give the member new ones; mails can be ended by the old.

    Where the links of the old feed were passed on, those that are made from now on are the
    member's own again.
    """
    member.feed_number += 1
    close_leak(session.connection(), [each for each, _ in _followers(session, [member])])
    note(session, "Renewed the feed address of a member.", now)
    session.flush()


def leaking(session: Session, members: Sequence[Member]) -> set[int]:
    """Return which members' links were passed on together: their addresses should be renewed."""
    found = _followers(session, members)
    leaked = open_leaks(session.connection(), [follower_id for follower_id, _ in found])
    return {member_id for follower_id, member_id in found if follower_id in leaked}


def _followers(session: Session, members: Sequence[Member]) -> list[tuple[FollowerId, int]]:
    """Return the followers that these members are, each with the member's number."""
    query = (
        select(Follower.id, Member.id)
        .join(Account, Account.id == Follower.account_id)
        .join(
            Member,
            and_(Member.network == Account.network, Member.network_id == Follower.network_id),
        )
        .where(Member.id.in_([member.id for member in members]))
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _number(purpose: Purpose, member: Member) -> int:
    """Return what ends an address; mails that were sent long ago can still be ended."""
    return 0 if purpose == "mails" else member.feed_number


def _written(markers: Markers, purpose: Purpose, member_id: int, number: int) -> str:
    return markers.sign(f"{purpose} of member", f"{member_id}-{number}").replace(".", "-")
