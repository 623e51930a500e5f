"""Asking to join: a request is stored, proved, and only then there for the owner.

Whoever asks has a secret of the request, of which only the hash is stored. What isn't proved within
7 days is deleted, is never shown, and changes nothing that was there before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from linktrack.audience.accounts import check_handle
from linktrack.audience.models import Account
from linktrack.community.asking.codes import new_secret
from linktrack.community.communities import is_open
from linktrack.community.contacts import seal_mail
from linktrack.community.models import JoinMail, JoinRequest, Member, Proof
from linktrack.db import take_edit_lock
from linktrack.errors import Forbidden, Invalid, NotFound
from linktrack.networks.identity import Identity
from linktrack.owners.access import hash_secret

LIFE: Final = timedelta(days=7)
"""For how long a request waits for its proof."""

LONGEST: Final = 1_000
"""Characters of an introduction: a few words, which the owner reads one by one."""

MOST_UNCONFIRMED: Final = 1_000
"""Of an account, so many are kept at most: beyond that the oldest goes."""

Outcome: TypeAlias = Literal["waiting", "member", "declined"]
"""What whoever has proved who they are finds out: nobody else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody sends who asks to join; `handle` and `mail` are "" where they gave none."""

    proof: Proof
    introduction: str
    handle: str = ""
    mail: str = ""
    agrees_links: bool = False
    agrees_mail: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that was stored, and the secret by which its browser goes on."""

    request: JoinRequest
    secret: str


def ask_to_join(
    session: Session, account: Account, wish: Wish, sealing: bytes, now: datetime
) -> Begun:
    """Store a request that is not proved yet; it changes none that is there.

    Raises `Invalid` with a sentence for the form, and `Forbidden` where the community is closed.
    """
    if not is_open(session, account):
        raise Forbidden(f"{account.handle} doesn't take requests to join.")
    introduction = wish.introduction.strip().replace("\r\n", "\n")
    if not introduction:
        raise Invalid("Introduce yourself in a few words.")
    if len(introduction) > LONGEST:
        raise Invalid(
            f"Your introduction has {len(introduction):,} characters, and may have {LONGEST:,}."
        )
    if any("\ud800" <= each <= "\udfff" or each == "\0" for each in introduction):
        raise Invalid("Your introduction has a character that can't be stored: take it out.")
    handle = None
    if wish.proof == "code":
        handle = check_handle(account.network, wish.handle)
    if not wish.mail and (wish.proof == "mail" or wish.agrees_mail):
        raise Invalid("Enter your email address.")
    # An address that nothing is agreed for isn't kept.
    has_mail = wish.proof == "mail" or wish.agrees_mail
    mail = seal_mail(sealing, wish.mail) if has_mail else None
    delete_unconfirmed(session, now, account)
    secret = new_secret()
    request = JoinRequest(
        account_id=account.id,
        state="unconfirmed",
        proof=wish.proof,
        network=None if wish.proof == "mail" else account.network,
        handle=handle,
        handle_key=None if handle is None else handle.removeprefix("@").casefold(),
        sealed_mail=None if mail is None else mail.sealed,
        mail_digest=None if mail is None else mail.digest,
        introduction=introduction,
        agrees_links=wish.agrees_links,
        agrees_mail=wish.agrees_mail,
        secret_hash=hash_secret(secret),
        asked_at=now,
    )
    session.add(request)
    session.flush()
    return Begun(request, secret)


def find_unconfirmed(session: Session, account: Account, secret: str, now: datetime) -> JoinRequest:
    """Return the request that a secret is of; raises `NotFound`, also where it was proved."""
    query = select(JoinRequest).where(
        JoinRequest.secret_hash == hash_secret(secret), JoinRequest.account_id == account.id
    )
    found = session.scalar(query)
    if found is None or found.state != "unconfirmed" or found.asked_at + LIFE <= now:
        raise NotFound(
            "This request was sent already, or it wasn't finished within 7 days and is deleted: "
            "ask again if need be."
        )
    return found


def confirm(
    session: Session,
    request: JoinRequest,
    identity: Identity | None,
    now: datetime,
    *,
    agrees_links: bool = True,
) -> Outcome:
    """Keep that a request's person is proved: by `identity`, or by their mail where it is None.

    Who has asked before changes that request. For a member, and for somebody whom the owner has
    declined, nothing changes. A mail address beside an identity is kept only once a mail was
    confirmed there: `queue_mail` takes it from the request before. `agrees_links` false takes
    back what they agreed to: their browser asks not to be tracked.
    """
    take_edit_lock(session.connection())
    wants_mail = request.agrees_mail
    if identity is not None:
        request.network_id, request.handle = identity.network_id, identity.handle
        request.handle_key = identity.handle.removeprefix("@").casefold()
        request.sealed_mail = request.mail_digest = None
        request.agrees_mail = False
    request.agrees_links = request.agrees_links and agrees_links
    member = select(Member.id).where(Member.account_id == request.account_id)
    if session.scalar(member.where(_is_them(Member, request))) is not None:
        session.delete(request)
        session.flush()
        return "member"
    before = session.scalar(
        select(JoinRequest)
        .where(
            JoinRequest.account_id == request.account_id,
            JoinRequest.state.in_(("waiting", "later", "declined")),
            JoinRequest.id != request.id,
            _is_them(JoinRequest, request),
        )
        .order_by(JoinRequest.id)
        .limit(1)
    )
    if before is not None and before.state == "declined":
        session.delete(request)
        session.flush()
        return "declined"
    if before is not None:
        before.agrees_mail = wants_mail and (request.agrees_mail or before.agrees_mail)
        _take_over(session, before, request)
        before.confirmed_at = now
    else:
        request.state, request.confirmed_at, request.secret_hash = "waiting", now, None
    session.flush()
    return "waiting"


def confirm_address(session: Session, mail: JoinMail) -> None:
    """Keep that somebody who was proved otherwise gets mail at an address, as they had agreed."""
    request = session.get_one(JoinRequest, mail.request_id)
    request.sealed_mail, request.mail_digest = mail.sealed_mail, mail.mail_digest
    request.agrees_mail = True
    member = session.scalar(
        select(Member).where(
            Member.account_id == request.account_id,
            Member.network == request.network,
            Member.network_id == request.network_id,
        )
    )
    taken = select(Member.id).where(
        Member.account_id == request.account_id, Member.mail_digest == mail.mail_digest
    )
    if member is not None and session.scalar(taken) is None:
        member.sealed_mail, member.mail_digest = mail.sealed_mail, mail.mail_digest
        member.agrees_mail = True
    session.delete(mail)
    session.flush()


def delete_unconfirmed(session: Session, now: datetime, account: Account | None = None) -> None:
    """Delete what wasn't proved within 7 days, and the mails of it.

    Of an account, also the oldest of those that are more than are kept.
    """
    unproved = JoinRequest.state == "unconfirmed"
    session.execute(
        delete(JoinRequest)
        .where(unproved, JoinRequest.asked_at <= now - LIFE)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(JoinMail)
        .where(JoinMail.made_at <= now - LIFE)
        .execution_options(synchronize_session=False)
    )
    if account is None:
        return
    theirs = and_(unproved, JoinRequest.account_id == account.id)
    count = session.scalar(select(func.count()).select_from(JoinRequest).where(theirs)) or 0
    if count >= MOST_UNCONFIRMED:
        oldest = (
            select(JoinRequest.id)
            .where(theirs)
            .order_by(JoinRequest.id)
            .limit(count - MOST_UNCONFIRMED + 1)
        )
        numbers = session.scalars(oldest).all()
        session.execute(
            delete(JoinRequest)
            .where(JoinRequest.id.in_(numbers))
            .execution_options(synchronize_session=False)
        )


def _is_them(table: type[Member] | type[JoinRequest], request: JoinRequest) -> ColumnElement[bool]:
    """Whether a row is of the same person, by what was proved."""
    by_network = and_(table.network == request.network, table.network_id == request.network_id)
    if request.mail_digest is None:
        return by_network
    return or_(by_network, table.mail_digest == request.mail_digest)


def _take_over(session: Session, before: JoinRequest, request: JoinRequest) -> None:
    """Let a request of before say what the new one says; the new one goes."""
    before.introduction = request.introduction
    before.agrees_links = request.agrees_links
    if request.network_id is not None:
        before.proof = request.proof
        before.handle, before.handle_key = request.handle, request.handle_key
    session.execute(
        update(JoinMail)
        .where(JoinMail.request_id == request.id)
        .values(request_id=before.id)
        .execution_options(synchronize_session=False)
    )
    session.delete(request)
