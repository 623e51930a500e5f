"""Read what people send in forms and addresses; every error names the field."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from flask import request

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange, check_days
from linktrack.calendar.times import parse_moment
from linktrack.context import db_session, installation
from linktrack.errors import Invalid, NotFound
from linktrack.links.catalog import get_link
from linktrack.links.models import Link
from linktrack.web.context import today

LARGEST_ID: Final = 2**31 - 1
DAYS: Final = (7, 28, 91, 365)
RANGE: Final = ("days", "from", "to")
COMPARISONS: Final = ("before", "year")
LONGEST_RANGE: Final = timedelta(days=3653)

Values = Mapping[str, str]


def text(values: Values, name: str, label: str) -> str:
    """Return a text without surrounding spaces, "" if missing; raises `Invalid`."""
    value = values.get(name, "").strip().replace("\r\n", "\n")
    if "\0" in value:
        raise Invalid(f"{label} contains a NUL character, which cannot be stored; take it out.")
    return value


def whole(values: Values, name: str, label: str, such_as: int = 23000) -> int | None:
    """Return a whole number, None if the field is empty.

    Raises `Invalid`, which gives an example `such_as` one would write here.
    """
    value = re.sub(r"[\s,]", "", text(values, name, label))
    if not value:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise Invalid(f"{label} must be a whole number, such as {such_as}.")
    return int(value)


def row_id(values: Values, name: str, label: str) -> int | None:
    """Return the number of something stored, None if missing; raises `Invalid`."""
    number = whole(values, name, label, such_as=1)
    if number is not None and not 0 < number <= LARGEST_ID:
        raise NotFound(f"{label} {number} does not exist.")
    return number


def moment(values: Values, name: str, label: str) -> datetime | None:
    """Return a date or time in the owner's zone, None if missing; raises `Invalid`."""
    value = text(values, name, label)
    return parse_moment(value, installation().settings.timezone) if value else None


def day(values: Values, name: str, label: str) -> date | None:
    """Return a calendar day, None if missing; raises `Invalid`."""
    at = moment(values, name, label)
    return None if at is None else at.astimezone(installation().settings.timezone).date()


def chosen_account(values: Values) -> Account | None:
    """Return the account whose number is in the address; raises `NotFound`."""
    number = row_id(values, "account", "The account")
    if number is None:
        return None
    account = get_account(db_session(), number)
    if account.removed_at is not None:
        raise NotFound(f"{account.handle} was removed: restore it on the page Accounts first.")
    return account


def account_or_main(values: Values, accounts: Sequence[Account]) -> Account:
    """Return the account in the address, else the one that shares links, else the first.

    Raises `NotFound`.
    """
    main = next((account for account in accounts if account.role == "you"), accounts[0])
    return chosen_account(values) or main


def named_link(code: str) -> Link:
    """Return the link whose code, and perhaps domain, is in the address; raises `NotFound`."""
    domain = request.args.get("domain")
    name = f"{code}@{domain}" if domain and "@" not in code else code
    return get_link(db_session(), installation().shortener.codes, name)


def chosen_comparison(values: Values, days: DayRange) -> DayRange | None:
    """Return the days to compare these with, as `compare` says; raises `Invalid`."""
    choice = text(values, "compare", "The comparison")
    if not choice:
        return None
    if choice not in COMPARISONS:
        raise Invalid(f"Compare with one of {', '.join(COMPARISONS)}, or with nothing.")
    return days.compared(choice)


def chosen_range_or_all(values: Values) -> DayRange | None:
    """Return the days in the address as `chosen_range` does, None if there are none."""
    return chosen_range(values) if any(values.get(name) for name in RANGE) else None


def chosen_range(values: Values, default: int = 28) -> DayRange:
    """Return the days in the address: `days` until today, or `from` and `to`, both included.

    Raises `Invalid`.
    """
    timezone = installation().settings.timezone
    last = day(values, "to", "The last day")
    first = day(values, "from", "The first day")
    if first is None and last is None:
        length = whole(values, "days", "The number of days", such_as=default)
        if length is not None and length not in DAYS:
            raise Invalid(f"Choose {', '.join(map(str, DAYS))} days, or a first and a last day.")
        return DayRange.until(today(), length or default, timezone)
    last = min(last or today(), today())
    if first is None:
        return DayRange.until(last, default, timezone)
    check_days(first, last)
    if last - first > LONGEST_RANGE:
        raise Invalid("The range is too long: choose at most ten years.")
    return DayRange(first, last, timezone)
