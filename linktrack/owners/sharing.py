"""Shared reports: an address that shows one account's posts, read-only, until it ends."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.errors import Invalid, NotFound
from linktrack.owners.access import hash_secret
from linktrack.owners.audit import note
from linktrack.owners.models import SharedReport

LONGEST_DAYS: Final = 366


def share_report(session: Session, account_id: int, days: int, now: datetime) -> str:
    """Return the secret of a new address for an account's posts, good for so many days.

    Raises `Invalid`.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"A shared report lasts from 1 to {LONGEST_DAYS} days.")
    secret = secrets.token_urlsafe(24)
    session.add(
        SharedReport(
            token_hash=hash_secret(secret),
            account_id=account_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    note(session, f"Shared the posts of account {account_id} for {days} days.", now)
    return secret


def find_shared(session: Session, secret: str, now: datetime) -> SharedReport:
    """Return what an address shows; raises `NotFound` if it never was, or is over."""
    found = session.scalar(
        select(SharedReport).where(SharedReport.token_hash == hash_secret(secret))
    )
    if found is None or found.revoked_at is not None or found.expires_at <= now:
        raise NotFound("This report is no longer shared: ask for a new link.")
    return found


def get_shared(session: Session, number: int) -> SharedReport:
    """Return a shared report by its number; raises `NotFound`."""
    found = session.get(SharedReport, number)
    if found is None:
        raise NotFound(f"There is no shared report number {number}.")
    return found


def revoke_shared(session: Session, number: int, now: datetime) -> None:
    """End an address at once; raises `NotFound`."""
    found = get_shared(session, number)
    if found.revoked_at is None:
        found.revoked_at = now
        note(session, f"Ended the shared report of account {found.account_id}.", now)


def list_shared(session: Session, now: datetime) -> Sequence[SharedReport]:
    """Return the addresses that work, newest first."""
    return session.scalars(
        select(SharedReport)
        .where(SharedReport.revoked_at.is_(None), SharedReport.expires_at > now)
        .order_by(SharedReport.id.desc())
    ).all()
