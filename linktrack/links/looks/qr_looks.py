"""How the QR codes of an account's links look: two colours and a logo, kept for all of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.links.looks.colours import BLACK, WHITE, check_colours, parse_colour
from linktrack.links.looks.encoding import logo_of
from linktrack.links.looks.models import QrLook
from linktrack.owners.audit import note


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a code, darker on lighter, and the PNG of the logo in its middle."""

    colour: str = BLACK
    background: str = WHITE
    logo: bytes | None = None

    def but(
        self, colour: str | None = None, background: str | None = None, *, logo: bool = True
    ) -> "Look":
        """Return this look with other colours, or without its logo; raises `Invalid`."""
        changed = replace(
            self,
            colour=self.colour if colour is None else parse_colour(colour),
            background=self.background if background is None else parse_colour(background),
            logo=self.logo if logo else None,
        )
        check_colours(changed.colour, changed.background)
        return changed


PLAIN: Final = Look()
"""What an account has that has chosen nothing: black on white."""


class LookJson(TypedDict):
    """The colours of an account's QR codes, and whether they have a logo."""

    colour: str
    background: str
    logo: bool


def look_json(look: Look) -> LookJson:
    """Return a look as the API tells it."""
    return {"colour": look.colour, "background": look.background, "logo": look.logo is not None}


def look_of(session: Session, account_id: int) -> Look:
    """Return how the QR codes of an account look."""
    return looks_of(session, [account_id]).get(account_id, PLAIN)


def looks_of(session: Session, account_ids: Collection[int]) -> Mapping[int, Look]:
    """Return how the QR codes of these accounts look, where anything was chosen."""
    query = select(QrLook).where(QrLook.account_id.in_(account_ids))
    return {
        row.account_id: Look(row.colour, row.background, row.logo) for row in session.scalars(query)
    }


def set_look(
    session: Session,
    account: Account,
    now: datetime,
    *,
    colour: str | None = None,
    background: str | None = None,
    logo: bytes | None = None,
) -> Look:
    """Change how the codes of an account look from now on; None changes nothing, b"" is no logo.

    An empty colour is black or white again. Codes that are printed stay as they are. Raises
    `Invalid` for colours that cameras can't tell apart, and what `logo_of` raises.
    """
    before = look_of(session, account.id)
    changed = before.but(
        BLACK if colour == "" else colour, WHITE if background == "" else background
    )
    if logo is not None:
        changed = replace(changed, logo=logo_of(logo) if logo else None)
    if changed == before:
        return changed
    row = session.get(QrLook, account.id)
    if row is None:
        row = QrLook(account_id=account.id)
        session.add(row)
    row.colour, row.background, row.logo = changed.colour, changed.background, changed.logo
    row.changed_at = now
    session.flush()
    note(session, f"Changed how QR codes of {account.handle} look.", now)
    return changed
