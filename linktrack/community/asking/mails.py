"""Mails with a link that confirms an address: queued with the request, sent in the background.

Such a mail has no word of whoever asked: nobody can have us send their text to somebody.
"""

import hmac
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.asking.requests import LIFE, delete_unconfirmed
from linktrack.community.communities import name_of
from linktrack.community.contacts import read_mail
from linktrack.community.floods import delete_attempts
from linktrack.community.models import JoinMail, JoinRequest
from linktrack.db import Database, to_ms
from linktrack.errors import Invalid, NotFound, Unavailable
from linktrack.keys import Keys, Markers
from linktrack.mail import MailServer, Unreached, send, to_one

log = logging.getLogger(__name__)

MOST_A_DAY: Final = 3
"""Mails to one address within 24 hours, whoever asks for them."""

INTERVAL: Final = 10.0  # seconds between two looks for mails that are due
AGAIN: Final = timedelta(minutes=10)
GIVEN_UP: Final = timedelta(days=1)
SWEEP: Final = timedelta(hours=1)

_DAY: Final = timedelta(days=1)
_MARK: Final = "join email"
_TOKEN: Final = re.compile(r"([1-9][0-9]{0,17})-([0-9]{1,17})-[0-9a-f]{32}")
_UNKNOWN: Final = (
    "This link isn't valid: it was used already, it is older than 7 days, or a part of it is "
    "missing."
)


def queue_mail(session: Session, request: JoinRequest, now: datetime) -> None:
    """Queue the mail that confirms a request's address; it is stored with it, or not at all.

    Beyond MOST_A_DAY to one address nothing is queued, and nobody learns that.
    """
    if request.sealed_mail is None or request.mail_digest is None:
        return
    lately = (
        select(func.count())
        .select_from(JoinMail)
        .where(JoinMail.mail_digest == request.mail_digest, JoinMail.made_at > now - _DAY)
    )
    if (session.scalar(lately) or 0) >= MOST_A_DAY:
        return
    session.add(
        JoinMail(
            request_id=request.id,
            state="due",
            sealed_mail=request.sealed_mail,
            mail_digest=request.mail_digest,
            made_at=now,
            due_at=now,
        )
    )
    session.flush()


def mail_token(markers: Markers, mail: JoinMail) -> str:
    """Return what stands for a mail in its link: letters, digits and `-`."""
    return _written(markers, mail.id, to_ms(mail.made_at))


def find_mail(
    session: Session, markers: Markers, account: Account, token: str, now: datetime
) -> tuple[JoinMail, JoinRequest]:
    """Return the mail whose link has this token, and its request; raises `NotFound`."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise NotFound(_UNKNOWN)
    number, made = int(match[1]), int(match[2])
    if not hmac.compare_digest(token, _written(markers, number, made)):
        raise NotFound(_UNKNOWN)
    mail = session.get(JoinMail, number)
    if mail is None or to_ms(mail.made_at) != made or mail.made_at + LIFE <= now:
        raise NotFound(_UNKNOWN)
    request = session.get_one(JoinRequest, mail.request_id)
    if request.account_id != account.id:
        raise NotFound(_UNKNOWN)
    return mail, request


def _written(markers: Markers, number: int, made: int) -> str:
    return markers.sign(_MARK, f"{number}-{made}").replace(".", "-")


@dataclass(frozen=True, slots=True)
class Post:
    """Who carries the mails: the server, and what their links are made of."""

    database: Database
    server: MailServer | None
    keys: Keys
    base_url: str


def send_due(post: Post, now: datetime) -> int:
    """Send the mails that are due; return how many.

    Each is marked before it is sent. Where the server can't be reached, nothing was sent, and it is
    tried again within a day; what a server was given is never sent again.
    """
    with post.database.session() as session:
        query = (
            select(JoinMail.id)
            .where(JoinMail.state == "due", JoinMail.due_at <= now)
            .order_by(JoinMail.id)
            .limit(20)
        )
        due = session.scalars(query).all()
    return sum(_is_sent(post, number, now) for number in due)


def _is_sent(post: Post, number: int, now: datetime) -> bool:
    with post.database.session(writes=True) as session:
        ours = session.execute(
            update(JoinMail)
            .where(JoinMail.id == number, JoinMail.state == "due")
            .values(state="begun", begun_at=now)
            .returning(JoinMail.id)
        ).scalar_one_or_none()
        if ours is None:
            return False
        mail = session.get_one(JoinMail, number)
        request = session.get_one(JoinRequest, mail.request_id)
        account = session.get_one(Account, request.account_id)
        letter = _letter(post, name_of(session, account), account, request, mail)
        sealed, made_at = mail.sealed_mail, mail.made_at
        session.commit()
    was_taken = _given(post, sealed, letter)
    with post.database.session(writes=True) as session:
        this = update(JoinMail).where(JoinMail.id == number, JoinMail.state == "begun")
        if was_taken is None and made_at + GIVEN_UP > now:
            session.execute(this.values(state="due", begun_at=None, due_at=now + AGAIN))
        else:
            session.execute(this.values(state="sent" if was_taken else "refused"))
        session.commit()
    return was_taken is True


def _letter(
    post: Post, name: str, account: Account, request: JoinRequest, mail: JoinMail
) -> tuple[str, str]:
    """Return subject and text, in which nothing is what a stranger wrote."""
    token = mail_token(post.keys.markers(), mail)
    address = f"{post.base_url}/join/{quote(name, safe=':@')}/mail/{token}"
    asked = (
        f"Somebody asked to join {account.handle} with this email address."
        if request.proof == "mail"
        else f"Somebody who asked to join {account.handle} would like email at this address."
    )
    text = (
        f"{asked} If that was you, confirm it within 7 days:\n\n{address}\n\n"
        "If it wasn't you, there is nothing to do: without it the address is deleted, and "
        "you get no other email.\n"
    )
    return f"Confirm your email address for {account.handle}", text


def _given(post: Post, sealed: str, letter: tuple[str, str]) -> bool | None:
    """Give a mail to the server; return whether it took it, None where it was given nothing."""
    if post.server is None:  # the setting was removed meanwhile
        return False
    try:
        send(to_one(post.server, read_mail(post.keys.sealing(), sealed)), *letter)
    except Unreached:  # what the server says may name the address
        log.warning(
            "An email that confirms an address waits: the mail server takes none right now."
        )
        return None
    except (Unavailable, Invalid):
        log.warning("An email that confirms an address wasn't sent.")
        return False
    return True


def follow_asking(post: Post, wait: Callable[[float], bool], clock: Callable[[], datetime]) -> None:
    """Send due mails, and delete what wasn't proved in time, until `wait(seconds)` says to end."""
    failing, swept = False, None
    while not wait(INTERVAL):
        try:
            now = clock()
            send_due(post, now)
            if swept is None or swept + SWEEP <= now:
                with post.database.session(writes=True) as session:
                    delete_unconfirmed(session, now)
                    delete_attempts(session, now)
                    session.commit()
                swept = now
            failing = False
        except Exception as error:  # noqa: BLE001 - the next look is another try
            if not failing:
                log.error("Requests to join wait: %s", type(error).__name__)
            failing = True
