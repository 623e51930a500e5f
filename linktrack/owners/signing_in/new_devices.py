"""A mail about a sign-in on a device that is new: queued with the sign-in, sent in the background.

A device is known by a signed cookie that lies there after the first sign-in; nothing is stored.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from linktrack.db import Database
from linktrack.errors import Unavailable
from linktrack.keys import Markers
from linktrack.mail import MailServer, Unreached, send
from linktrack.owners.access import Seen
from linktrack.owners.models import Owner
from linktrack.owners.signing_in.models import SignInMail

log = logging.getLogger(__name__)

COOKIE_SECONDS: Final = 400 * 24 * 3600  # as long as browsers keep a cookie

INTERVAL: Final = 10.0  # seconds between two looks for mails that are due
AGAIN: Final = timedelta(minutes=10)
GIVEN_UP: Final = timedelta(days=1)


def device_cookie(owner: Owner) -> str:
    """Return the name of the cookie by which a device is known as this person's."""
    return f"device-{owner.id}"


def device_mark(markers: Markers, owner: Owner) -> str:
    """Return the content of that cookie."""
    return markers.sign(device_cookie(owner), _mark(owner))


def is_known(markers: Markers, owner: Owner, cookies: str) -> bool:
    """Whether this person has signed in on the device that sends these cookies."""
    return markers.read(device_cookie(owner), cookies) == _mark(owner)


def _mark(owner: Owner) -> str:
    """The moment they were added is in it: numbers of removed people may be given again."""
    return str(int(owner.created_at.timestamp()))


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in as the mail describes it: `at` is in the owner's zone, `by` is "a password"."""

    host: str
    name: str
    by: str
    seen: Seen
    at: datetime


def tell_of_new_device(session: Session, told: SignIn, now: datetime) -> None:
    """Queue the mail about a sign-in; it is stored with it, or not at all."""
    device = told.seen.device or "an unknown device"
    place = f", {told.seen.place}" if told.seen.place else ""
    at = f"{told.at.day} {told.at:%b %Y, %H:%M} ({told.at.tzinfo})"
    text = (
        f"{told.name} signed in to linktrack on {told.host} with {told.by}, on a device that was "
        f"new:\n\n{device}{place}\n{at}\n\n"
        "If that was you, there is nothing to do. If it wasn't: sign out everywhere and set a new "
        "password on Settings, Profile; or, on the server, run linktrack owner password.\n"
    )
    subject = f"{told.name} signed in on a new device: {told.host}"
    session.add(SignInMail(at=now, subject=subject[:200], text=text, due_at=now))
    session.flush()


def send_due(database: Database, server: MailServer | None, now: datetime) -> int:
    """Send the mails that are due; return how many.

    Each is marked before it is sent. Where the server can't be reached, nothing was sent, and it is
    tried again within a day; what a server was given is never sent again.
    """
    with database.session() as session:
        due = session.scalars(
            select(SignInMail)
            .where(SignInMail.begun_at.is_(None), SignInMail.due_at <= now)
            .order_by(SignInMail.id)
            .limit(20)
        ).all()
    return sum(_sent(database, server, mail, now) for mail in due)


def _sent(database: Database, server: MailServer | None, mail: SignInMail, now: datetime) -> bool:
    with database.session(writes=True) as session:
        session.execute(delete(SignInMail).where(SignInMail.at < now - GIVEN_UP))
        ours = session.execute(
            update(SignInMail)
            .where(SignInMail.id == mail.id, SignInMail.begun_at.is_(None))
            .values(begun_at=now)
            .returning(SignInMail.id)
        ).scalar_one_or_none()
        session.commit()
    if ours is None:
        return False
    was_taken = _given(server, mail)
    this = SignInMail.id == mail.id
    with database.session(writes=True) as session:
        if was_taken is None:
            later = update(SignInMail).where(this)
            session.execute(later.values(begun_at=None, due_at=now + AGAIN))
        else:
            session.execute(delete(SignInMail).where(this))
        session.commit()
    return was_taken is True


def _given(server: MailServer | None, mail: SignInMail) -> bool | None:
    """Give a mail to the server; return whether it took it, None where it was given nothing."""
    if server is None:  # the setting was removed meanwhile
        return False
    try:
        send(server, mail.subject, mail.text)
    except Unreached as error:
        log.warning("The email about a new device waits: %s", error)
        return None
    except Unavailable as error:
        log.warning("The email about a new device wasn't sent: %s", error)
        return False
    return True


def follow_mails(
    database: Database,
    server: MailServer | None,
    wait: Callable[[float], bool],
    clock: Callable[[], datetime],
) -> None:
    """Send due mails again and again; `wait(seconds)` returns whether to end."""
    failing = False
    while not wait(INTERVAL):
        try:
            send_due(database, server, clock())
            failing = False
        except Exception as error:  # noqa: BLE001 - the next look is another try
            if not failing:
                log.error("Emails about new devices wait: %s", error)
            failing = True
