"""Roles: owners may do everything; viewers only look, at all accounts or at some."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.db import take_edit_lock
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.owners.audit import note
from linktrack.owners.models import Owner, OwnerSession, SignInLink, ViewedAccount
from linktrack.owners.tokens import revoke_tokens_of

ROLES: Final = ("owner", "viewer")
LATELY: Final = timedelta(hours=1)
ONLY_OWNER: Final = "{} is the only owner: make another person an owner first."


def list_owners(session: Session) -> Sequence[Owner]:
    """Return everybody who may sign in, oldest first."""
    return session.scalars(select(Owner).order_by(Owner.id)).all()


def get_owner(session: Session, owner_id: int) -> Owner:
    """Return an owner by number; raises `NotFound`."""
    owner = session.get(Owner, owner_id)
    if owner is None:
        raise NotFound(f"There is no owner number {owner_id}.")
    return owner


def set_role(
    session: Session, owner: Owner, role: str, now: datetime, account_ids: Iterable[int] = ()
) -> int:
    """Make somebody an owner, or a viewer of all accounts or of these alone.

    A viewer changes nothing, so the tokens they made end. Return how many that were.
    Raises `Invalid` for an unknown role and `Conflict` if nobody would be left who may change
    anything.
    """
    if role not in ROLES:
        raise Invalid(f"{role[:40]!r} isn't a role here: choose owner or viewer.")
    ended = 0
    if role == "viewer":
        keep_one_owner(session, owner)
        ended = revoke_tokens_of(session, owner, now)
    chosen = set(account_ids) if role == "viewer" else set()
    owner.role, owner.limited = role, bool(chosen)
    session.execute(delete(ViewedAccount).where(ViewedAccount.owner_id == owner.id))
    session.add_all(ViewedAccount(owner_id=owner.id, account_id=number) for number in chosen)
    session.flush()
    limit = f" of {len(chosen)} account{'s' if len(chosen) > 1 else ''}" if chosen else ""
    what = "an owner" if role == "owner" else f"a viewer{limit}"
    note(session, f"Made {owner.name} {what}.", now)
    return ended


def viewed_accounts(session: Session, owner: Owner) -> frozenset[int] | None:
    """Return the accounts somebody is limited to, or None for all."""
    if not owner.limited:
        return None
    query = select(ViewedAccount.account_id).where(ViewedAccount.owner_id == owner.id)
    return frozenset(session.scalars(query))


def limits(session: Session) -> dict[int, set[int]]:
    """Return for every limited viewer the accounts they see."""
    found: dict[int, set[int]] = {}
    for row in session.scalars(select(ViewedAccount)):
        found.setdefault(row.owner_id, set()).add(row.account_id)
    return found


def list_sessions(session: Session, owner: Owner) -> Sequence[OwnerSession]:
    """Return the browsers in which somebody is signed in, newest first."""
    return session.scalars(
        select(OwnerSession)
        .where(OwnerSession.owner_id == owner.id)
        .order_by(OwnerSession.created_at.desc())
    ).all()


def signed_in_lately(session: Session, token_hash: str, now: datetime) -> bool:
    """Whether a session was begun within the hour: it is no browser that was left open."""
    found = session.get(OwnerSession, token_hash)
    return found is not None and found.created_at >= now - LATELY


def end_sessions(session: Session, owner: Owner, now: datetime, but: str | None = None) -> int:
    """Sign somebody out everywhere, but for the session with the hash `but`; return how many.

    Their sign-in links that nobody has used end, too.
    """
    end_links(session, owner)
    ended = session.execute(
        delete(OwnerSession)
        .where(OwnerSession.owner_id == owner.id, OwnerSession.token_hash != (but or ""))
        .returning(OwnerSession.token_hash)
    )
    count = len(ended.all())
    if count:
        browsers = f"{count} browser{'s' if count > 1 else ''}"
        note(session, f"Signed {owner.name} out of {browsers}.", now)
    return count


def end_links(session: Session, owner: Owner) -> None:
    """End the sign-in links of somebody that nobody has used."""
    session.execute(
        delete(SignInLink).where(SignInLink.owner_id == owner.id, SignInLink.used_at.is_(None))
    )


def open_links(session: Session, now: datetime) -> dict[int, datetime]:
    """Return until when a sign-in link works that nobody has used, by whom it is for."""
    query = select(SignInLink.owner_id, func.max(SignInLink.expires_at).label("until")).where(
        SignInLink.used_at.is_(None), SignInLink.expires_at > now
    )
    rows = session.execute(query.group_by(SignInLink.owner_id))
    return {row.owner_id: row.until for row in rows}


def open_sessions(session: Session, now: datetime) -> dict[int, list[OwnerSession]]:
    """Return for everybody who is signed in the browsers they are signed in with, newest first."""
    found: dict[int, list[OwnerSession]] = {}
    query = select(OwnerSession).where(OwnerSession.expires_at > now)
    for one in session.scalars(query.order_by(OwnerSession.created_at.desc())):
        found.setdefault(one.owner_id, []).append(one)
    return found


def end_session(session: Session, owner: Owner, mark: str, now: datetime) -> None:
    """Sign somebody out of the browser whose session has this `mark`; raises `NotFound`."""
    found = [one for one in list_sessions(session, owner) if one.mark == mark]
    if not found:
        raise NotFound(f"{owner.name} is no longer signed in with that browser.")
    session.delete(found[0])
    note(session, f"Signed {owner.name} out of 1 browser.", now)


def keep_one_owner(session: Session, owner: Owner) -> None:
    """Raise `Conflict` if there is no other owner; none of them can go meanwhile."""
    take_edit_lock(session.connection())
    if is_only_owner(session, owner):
        raise Conflict(ONLY_OWNER.format(owner.name))


def is_only_owner(session: Session, owner: Owner) -> bool:
    """Whether nobody would be left who may change anything, if this person couldn't."""
    others = select(func.count()).where(Owner.role == "owner", Owner.id != owner.id)
    return owner.role == "owner" and not session.scalar(others)
