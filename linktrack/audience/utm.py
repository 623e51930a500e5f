"""UTM values: what new links of an account add to their addresses, for the sites' statistics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypedDict

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, UtmName, UtmValue
from linktrack.audience.utm_fields import Facts, check_fields, filled
from linktrack.errors import Invalid

NAMES: Final[tuple[UtmName, ...]] = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
)
LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Utm:
    """What an account's new links add, with fields that are filled in for each link."""

    handle: str
    network: str
    values: Mapping[str, str]

    def filled(self, *, day: date, tag: str | None, slug: str) -> Mapping[str, str]:
        """Return what a link adds; a value that comes out empty, for want of a tag, isn't added."""
        known = Facts(self.handle, self.network, day, tag, slug).values()
        added = {name: filled(value, known).strip() for name, value in self.values.items()}
        return {name: value for name, value in added.items() if value}


def utm_of(session: Session, account: Account) -> Utm:
    """Return what is added to the addresses of an account's new links."""
    return Utm(account.handle, account.network, utm_values(session, account.id))


def utm_values(session: Session, account_id: int) -> Mapping[str, str]:
    """Return what is added to the addresses of an account, as written, in the usual order."""
    rows = session.scalars(select(UtmValue).where(UtmValue.account_id == account_id))
    found = {row.name: row.value for row in rows}
    return {name: found[name] for name in NAMES if name in found}


class UtmValues(TypedDict, total=False):
    """The UTM values that are added to an account's new links."""

    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_term: str
    utm_content: str


def utm_by_account(session: Session) -> Mapping[int, UtmValues]:
    """Return what is added to the addresses of each account that adds anything."""
    found: dict[int, UtmValues] = {}
    rows = session.scalars(select(UtmValue))
    for row in sorted(rows, key=lambda row: NAMES.index(row.name)):
        found.setdefault(row.account_id, {})[row.name] = row.value
    return found


def set_utm_values(
    session: Session, account: Account, values: Mapping[str, str] | Mapping[UtmName, str]
) -> None:
    """Let these, and only these, be added from now on; an empty value is none.

    They may have fields (`utm_fields`). Links that are there already stay as they are. Raises
    `Invalid`.
    """
    chosen = {name: value.strip() for name, value in values.items() if value.strip()}
    for name, value in chosen.items():
        if name not in NAMES:
            raise Invalid(f"{name[:40]!r} isn't a UTM value: choose among {', '.join(NAMES)}.")
        if len(value) > LONGEST or not value.isprintable():
            raise Invalid(f"{name} needs a value of 1 to {LONGEST} visible characters.")
        check_fields(name, value)
    session.execute(delete(UtmValue).where(UtmValue.account_id == account.id))
    session.add_all(
        UtmValue(account_id=account.id, name=name, value=value) for name, value in chosen.items()
    )
    session.flush()
