"""Leaving the team: everything that lets a person in ends; what they did stays in the log."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from linktrack.owners.audit import note
from linktrack.owners.models import (
    Owner,
    OwnerSession,
    PasswordFailure,
    SignInLink,
    Token,
    ViewedAccount,
)
from linktrack.owners.signing_in.models import (
    OneTimeCodes,
    Passkey,
    ProvidedPerson,
    RecoveryCode,
)
from linktrack.owners.tokens import revoke_tokens_of
from linktrack.owners.viewers import keep_one_owner


def remove_owner(session: Session, owner: Owner, now: datetime) -> int:
    """Remove a person: whatever signs them in ends, and so do the tokens they made.

    Return how many tokens that were. Raises `Conflict` if nobody would be left who can change
    anything. What they made and changed stays, under their name.
    """
    if owner.role == "owner":
        keep_one_owner(session, owner)
    tokens = revoke_tokens_of(session, owner, now)
    session.execute(update(Token).where(Token.owner_id == owner.id).values(owner_id=None))
    proofs = (SignInLink, PasswordFailure, Passkey, RecoveryCode, OneTimeCodes, ProvidedPerson)
    for model in (OwnerSession, ViewedAccount, *proofs):
        session.execute(delete(model).where(model.owner_id == owner.id))
    session.delete(owner)
    note(session, f"Removed {owner.name}.", now)
    return tokens
