"""Personal links: for a follower who agreed to them, and only where the owner switched them on."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Consent, Follower
from linktrack.audience.segments import entry_key, rest_segment
from linktrack.audience.sorting import segment_of
from linktrack.calendar.days import Days
from linktrack.clicks.loading.personal import take_follower_away
from linktrack.db import take_write_lock
from linktrack.errors import Invalid, NotFound
from linktrack.links.catalog import Shortener
from linktrack.links.codes import Bearer
from linktrack.links.models import Link
from linktrack.owners.audit import note


def find_follower(session: Session, account: Account, written: str) -> Follower:
    """Return a follower by the network's id or a handle; raises `NotFound`."""
    key = entry_key(account.network, written)
    who = Follower.handle_key == key[1:] if key.startswith("@") else Follower.network_id == key
    query = select(Follower).where(
        Follower.account_id == account.id, who | (Follower.network_id == key)
    )
    follower = session.scalars(query.order_by(Follower.id)).first()
    if follower is None:
        raise NotFound(f"No follower {written[:60]!r} of {account.handle} is known.")
    return follower


def agree(session: Session, follower: Follower, now: datetime) -> None:
    """Keep that a follower agreed to personal links; agreeing again changes nothing."""
    if session.get(Consent, follower.id) is None:
        session.add(Consent(follower_id=follower.id, agreed_at=now))
        note(session, "A follower agreed to personal links.", now)


def withdraw(session: Session, follower: Follower, now: datetime, days: Days) -> None:
    """Withdraw an agreement: no click names the follower from now on, earlier ones included.

    Their links keep working.
    """
    take_write_lock(session.connection())
    consent = session.get(Consent, follower.id)
    if consent is not None:
        session.delete(consent)
        note(session, "A follower took the agreement to personal links back.", now)
    take_follower_away(session.connection(), follower.id, days)


def personal_url(
    session: Session, shortener: Shortener, link: Link, follower: Follower, now: datetime
) -> str:
    """Return the address of a link for one follower; it carries the segment they are in now.

    Raises `Invalid` if they have not agreed, or follow another account than the link's.
    """
    if follower.account_id != link.account_id:
        raise Invalid("The link is another account's than the follower's.")
    if session.get(Consent, follower.id) is None:
        raise Invalid(
            f"{follower.handle or follower.network_id} has not agreed to personal links: ask "
            "first, and record it with linktrack personal agree."
        )
    account = session.get_one(Account, link.account_id)
    rest_segment(session, account, now)
    segment_id = segment_of(session, account, follower, now)
    if segment_id is None:
        raise Invalid(
            f"{follower.handle or follower.network_id} is not on the newest follower list of "
            f"{account.handle}."
        )
    bearer = Bearer(link.id, segment_id, follower.id)
    return shortener.short_url(shortener.codes.compute(bearer), link.domain)
