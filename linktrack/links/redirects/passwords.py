"""A reader gives a link's password: tried a few times in a row from each network, then later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.errors import Forbidden, TooMany
from linktrack.ids import LinkId
from linktrack.links.redirects.limits import fingerprint
from linktrack.links.redirects.models import LinkLimit, LinkPasswordFailure
from linktrack.owners.passwords import FREE_ATTEMPTS, REMEMBERED, matches, wait_after

MOST_NETWORKS: Final = 1_000
"""Networks from which a link's password may be wrong within a day; from others it waits."""

LATER: Final = "There were too many wrong passwords: try again later, or ask who gave you the link."
WRONG: Final = "That password is wrong."


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a link's password, counted before it is made."""

    link_id: LinkId
    network: str
    stored: str

    def check(self, password: str) -> str:
        """Return what the reader's pass names the password by; needs no transaction.

        It takes some 20 ms. Raises `Forbidden` where the password is wrong.
        """
        if not matches(self.stored, password):
            raise Forbidden(WRONG)
        return fingerprint(self.stored)


def begin_try(session: Session, link_id: LinkId, network: str, now: datetime) -> Try | None:
    """Count a try; the caller commits before it is made. None: the link asks for no password.

    `network` stands for where it comes from. After five wrong ones in a row from there, the next
    waits, twice as long each time. Raises `TooMany` for one that comes before; the caller commits
    nothing then.
    """
    stored = session.scalar(
        select(LinkLimit.password_hash).where(LinkLimit.link_id == link_id).with_for_update()
    )
    if stored is None:
        return None
    session.execute(
        delete(LinkPasswordFailure).where(LinkPasswordFailure.failed_at < now - REMEMBERED)
    )
    failure = session.get(LinkPasswordFailure, (link_id, network))
    if failure is None:
        elsewhere = select(func.count()).where(LinkPasswordFailure.link_id == link_id)
        if (session.scalar(elsewhere) or 0) >= MOST_NETWORKS:
            raise TooMany(LATER)
        failure = LinkPasswordFailure(link_id=link_id, network=network, number=0, failed_at=now)
        session.add(failure)
    elif failure.wait_until is not None and failure.wait_until > now:
        raise TooMany(LATER)
    failure.number, failure.failed_at = failure.number + 1, now
    if failure.number >= FREE_ATTEMPTS:
        failure.wait_until = now + wait_after(failure.number)
    session.flush()
    return Try(link_id, network, stored)


def forget_failures(session: Session, right: Try) -> None:
    """Forget the wrong ones before, once the password was right."""
    session.execute(
        delete(LinkPasswordFailure).where(
            LinkPasswordFailure.link_id == right.link_id,
            LinkPasswordFailure.network == right.network,
        )
    )
