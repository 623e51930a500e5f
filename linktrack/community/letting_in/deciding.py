"""Deciding on requests to join, one by one: let in, decline with or without a word, or later.

There is no deciding on several at once: each person introduced themselves.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, false, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.letting_in.known import make_known
from linktrack.community.letting_in.steps import plan_steps
from linktrack.community.models import JoinRequest, Member
from linktrack.db import take_edit_lock
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.owners.audit import note

KEPT: Final = timedelta(days=7)
"""For how long a request stays once it was decided: a tap too many is mended, a word is sent by
hand. Then all of it is deleted; what a member said stays with the member."""

LONGEST_WORD: Final = 2_000


def get_request(session: Session, request_id: int) -> JoinRequest:
    """Return a request that was confirmed, and lock it; raises `NotFound`.

    One that is not confirmed is nobody's yet, so it is as if it weren't there.
    """
    # Of two people who are let in at once, the second finds the segment that the first has made.
    take_edit_lock(session.connection())
    found = session.get(JoinRequest, request_id, with_for_update=True)
    if found is None or found.state == "unconfirmed":
        raise NotFound(
            f"There is no request number {request_id}: it was taken back, or it was decided more "
            f"than {KEPT.days} days ago."
        )
    return found


def approve(
    session: Session, request: JoinRequest, by: str, now: datetime, *, can_mail: bool
) -> Member:
    """Let somebody in; return the member. A second time changes nothing.

    What that takes on the network, and the welcome, are done by the service, or by hand where it
    can't: see `plan_steps`. `can_mail`: a mail server is set. Somebody who is a member already
    stays that, with what they agreed to now.
    """
    account = session.get_one(Account, request.account_id)
    member = _member(session, request)
    if member is not None:
        if request.state != "approved":
            member.agrees_links, member.agrees_mail = request.agrees_links, request.agrees_mail
            if request.sealed_mail is not None:
                member.sealed_mail, member.mail_digest = request.sealed_mail, request.mail_digest
            make_known(session, member, now)
            _decide(request, "approved", by, now)
        session.flush()
        return member
    if request.state == "approved":
        raise Conflict("They were let in with this request, and have left since.")
    member = Member(
        account_id=account.id,
        network=request.network,
        network_id=request.network_id,
        handle=request.handle,
        handle_key=request.handle_key,
        sealed_mail=request.sealed_mail,
        mail_digest=request.mail_digest,
        introduction=request.introduction,
        agrees_links=request.agrees_links,
        agrees_mail=request.agrees_mail,
        joined_at=now,
        feed_number=0,
    )
    session.add(member)
    session.flush()
    plan_steps(session, account, member, now, can_mail=can_mail)
    make_known(session, member, now)
    _decide(request, "approved", by, now)
    request.word = request.word_state = request.word_next_at = request.word_problem = None
    # Who it is, is not said: the log stays when they leave.
    note(session, f"Let member {member.id} into the community of {account.handle}.", now)
    session.flush()
    return member


def decline(
    session: Session, request: JoinRequest, word: str, by: str, now: datetime, *, can_mail: bool
) -> None:
    """Decline a request, with a word to the person or "" for none.

    The word is sent by mail where they gave an address and a server is set; else it is shown to be
    sent by hand. A second time changes nothing. Raises `Conflict` for somebody who was let in, and
    `Invalid` for a word that is too long.
    """
    if request.state == "approved":
        raise Conflict("They were let in already: remove the member instead.")
    if request.state == "declined":
        return
    word = word.strip()
    if len(word) > LONGEST_WORD or "\0" in word:
        raise Invalid(f"The word may have {LONGEST_WORD:,} characters.")
    account = session.get_one(Account, request.account_id)
    _decide(request, "declined", by, now)
    request.word = word or None
    if word:
        mails = can_mail and request.sealed_mail is not None and not account.simulated
        request.word_state = "due" if mails else "by_hand"
        request.word_next_at = now if mails else None
    note(session, f"Declined request {request.id} to join {account.handle}.", now)
    session.flush()


def told(session: Session, request: JoinRequest, now: datetime) -> None:
    """Keep that the owner has sent the word by hand; raises `Conflict` where there is none."""
    if request.word_state is None:
        raise Conflict("This request was not declined with a word.")
    if request.word_state == "begun":
        raise Conflict("linktrack is sending it right now: look again in some minutes.")
    if request.word_state != "done":
        request.word_state, request.word_next_at, request.word_problem = "done", None, None
        note(session, f"Sent the word on request {request.id} by hand.", now)
    session.flush()


def decide_later(session: Session, request: JoinRequest, now: datetime) -> None:
    """Put a request behind the others that wait; raises `Conflict` for one that was decided."""
    if request.state not in ("waiting", "later"):
        raise Conflict("This request was decided already.")
    if request.state == "waiting":
        request.state = "later"
        account = session.get_one(Account, request.account_id)
        note(session, f"Left request {request.id} to join {account.handle} for later.", now)
    session.flush()


def delete_decided(session: Session, now: datetime) -> int:
    """Delete the requests that were decided more than 7 days ago; return how many."""
    old = delete(JoinRequest).where(
        JoinRequest.state.in_(("approved", "declined")), JoinRequest.decided_at <= now - KEPT
    )
    return len(session.scalars(old.returning(JoinRequest.id)).all())


def _decide(request: JoinRequest, state: str, by: str, now: datetime) -> None:
    request.state = "approved" if state == "approved" else "declined"
    request.decided_at, request.decided_by = now, by[:100]
    request.secret_hash = None


def _member(session: Session, request: JoinRequest) -> Member | None:
    same: list[ColumnElement[bool]] = [
        false()
    ]  # neither a missing id nor a missing address is anybody's
    if request.network_id is not None:
        there = and_(Member.network == request.network, Member.network_id == request.network_id)
        same.append(there)
    if request.mail_digest is not None:
        same.append(Member.mail_digest == request.mail_digest)
    query = select(Member).where(Member.account_id == request.account_id, or_(*same))
    return session.scalars(query.order_by(Member.id)).first()
