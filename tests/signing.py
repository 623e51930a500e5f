"""Signing in with a password, as the page does it."""

from datetime import datetime

from sqlalchemy.orm import Session

from linktrack.owners.models import Owner
from linktrack.owners.passwords import begin_attempt, end_attempt


def check_password(
    session: Session, name: str, password: str, now: datetime, network: str = "home"
) -> Owner:
    """Make one attempt; raises `Forbidden`."""
    attempt = begin_attempt(session, name, network, now)
    return end_attempt(session, attempt, now, is_right=attempt.is_right(password))
