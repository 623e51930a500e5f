"""People who come through an organisation's provider: known by issuer and subject, never by mail.

Whoever it brings has the role of their groups at each sign-in, and no way of their own beside it:
else a password would outlast the group. Somebody who was here before can connect themselves; their
role and their other ways stay.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Forbidden
from linktrack.owners.access import create_owner
from linktrack.owners.audit import note
from linktrack.owners.models import Owner
from linktrack.owners.signing_in.models import ProvidedPerson
from linktrack.owners.signing_in.provider import Person
from linktrack.owners.tokens import revoke_tokens_of
from linktrack.owners.viewers import end_sessions, set_role
from linktrack.setting_texts import Provider

OUTSIDE: Final = (
    "{} knows you, but you are in none of the groups that may come in here. Ask an owner."
)
ONLY_THERE: Final = "Sign in through {}: passwords and passkeys aren't possible here."
_MOST_NAMESAKES: Final = 100


def role_of(provider: Provider, person: Person) -> str | None:
    """Return the role that somebody's groups give them, None if they may not come in."""
    if person.groups & set(provider.owners):
        return "owner"
    return "viewer" if person.groups & set(provider.viewers) else None


def let_in(session: Session, provider: Provider, person: Person, now: datetime) -> Owner:
    """Return who has come through the provider, with the role of their groups.

    Raises `Forbidden` for who is in none of them, after which one commits: if they were brought by
    it, their sessions and tokens end. Raises `Conflict` if the only owner would become a viewer.
    """
    known = session.get(ProvidedPerson, (provider.issuer, person.subject))
    owner = None if known is None else session.get_one(Owner, known.owner_id)
    role = role_of(provider, person)
    if role is None:
        if owner is not None and known is not None and known.brought:
            end_sessions(session, owner, now)
            revoke_tokens_of(session, owner, now)
            note(session, f"Refused {owner.name}: in no group that may come in.", now)
        raise Forbidden(OUTSIDE.format(provider.name))
    if owner is None:
        owner = create_owner(session, _free_name(session, person.name), now)
        session.flush()
        _remember(session, provider, person, owner, now, brought=True)
        if role != owner.role:
            set_role(session, owner, role, now)
    elif known is not None and known.brought and owner.role != role:
        set_role(session, owner, role, now)
    return owner


def connect(
    session: Session, provider: Provider, person: Person, owner: Owner, now: datetime
) -> None:
    """Let somebody who is signed in sign in through the provider, too.

    Raises `Forbidden` for who is in no group, and `Conflict` if that is somebody else already.
    """
    if role_of(provider, person) is None:
        raise Forbidden(OUTSIDE.format(provider.name))
    known = session.get(ProvidedPerson, (provider.issuer, person.subject))
    if known is not None and known.owner_id != owner.id:
        raise Conflict(f"That person of {provider.name} is somebody else here already.")
    if known is None:
        _remember(session, provider, person, owner, now, brought=False)
        note(session, f"Connected {owner.name} with {provider.name}.", now)


def disconnect(session: Session, owner: Owner, now: datetime) -> None:
    """Let somebody sign in through the provider no longer; who was brought by it stays."""
    gone = session.execute(
        delete(ProvidedPerson)
        .where(ProvidedPerson.owner_id == owner.id, ProvidedPerson.brought.is_(False))
        .returning(ProvidedPerson.owner_id)
    )
    if gone.all():
        note(session, f"Disconnected {owner.name} from the organisation's sign-in.", now)


def own_ways_closed(session: Session, provider: Provider | None, owner_id: int) -> str | None:
    """Return why somebody's password and passkeys sign them in no longer, None if they do."""
    if provider is None:
        return None
    if not provider.others_open or owner_id in provided(session, provider, brought=True):
        return ONLY_THERE.format(provider.name)
    return None


def provided(session: Session, provider: Provider, *, brought: bool) -> frozenset[int]:
    """Return the numbers of those whom the provider brought, or who connected themselves."""
    found = select(ProvidedPerson.owner_id).where(
        ProvidedPerson.issuer == provider.issuer, ProvidedPerson.brought.is_(brought)
    )
    return frozenset(session.scalars(found))


def _remember(
    session: Session,
    provider: Provider,
    person: Person,
    owner: Owner,
    now: datetime,
    *,
    brought: bool,
) -> None:
    session.add(
        ProvidedPerson(
            issuer=provider.issuer,
            subject=person.subject,
            owner_id=owner.id,
            brought=brought,
            created_at=now,
        )
    )
    session.flush()


def _free_name(session: Session, name: str) -> str:
    """Return the name, or the name and a number: who has it already is somebody else."""
    alike = select(Owner.name).where(Owner.name.startswith(name, autoescape=True))
    taken = set(session.scalars(alike))
    names = (name, *(f"{name} {number}" for number in range(2, _MOST_NAMESAKES)))
    for each in names:
        if each not in taken:
            return each
    raise Conflict(f"There are too many people named {name!r} here.")
