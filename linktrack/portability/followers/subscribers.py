"""How many subscribers a newsletter has, counted in the table its service exports.

Email addresses are neither kept nor handed on: a row is looked at, counted and forgotten before
the next one is read. Substack, Mailchimp, Ghost, listmonk and Buttondown differ in the column that
says whether somebody still gets mail, and in its words.
"""

import csv
import io
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.counts import record_count
from linktrack.audience.models import Account
from linktrack.errors import Invalid
from linktrack.networks.archives import open_archive
from linktrack.networks.registry import network_of
from linktrack.portability.files.spreadsheets import restore
from linktrack.portability.followers.people_columns import plain

_ADDRESSES: Final = ("email", "email_address", "e_mail", "subscriber_email")
_NAMES: Final = ("handle", "account_address", "acct", "username", "user_name", "screen_name", "did")
_LINKEDIN: Final = "connected_on"
_STATES: Final = ("status", "type", "subscriber_type")
_GETS_MAIL: Final = re.compile(
    r"|enabled|active|subscribed|confirmed|regular|premium|gifted|trialed|churning|churned|past_due"
    r"|paused|free|paid|comped|complimentary|unpaid|member"
)
_GETS_NONE: Final = re.compile(
    r"disabled|blocklisted|blacklisted|unsubscribed|unactivated|unconfirmed|removed|cleaned|bounced"
    r"|complained|spammy|undeliverable|malformed|blocked|inactive|pending|archived|deleted|upcoming"
    r"|nonsubscribed"
)
_SAYS_YES: Final = ("subscribed_to_emails", "subscribed")
_SAYS_NO: Final = ("email_disabled", "unsubscribed", "suppressed")
_ENDED: Final = (
    *("unsubscribed_at", "unsubscription_date", "unsub_time", "clean_time", "deleted_at"),
    *("cleaned_at", "unsub_campaign_title"),
)
_TRUE: Final = frozenset(("true", "yes", "1", "t", "y"))


@dataclass(frozen=True, slots=True)
class Subscribers:
    """How many get mail, and how many rows are of those who do not, or not yet."""

    count: int
    left_out: int


def is_of_subscribers(header: Container[str]) -> bool:
    """Whether a table's columns know people by email address alone."""
    return (
        any(column in header for column in _ADDRESSES)
        and not any(column in header for column in _NAMES)
        and _LINKEDIN not in header
    )


def refuse_subscribers(header: Container[str], name: str) -> None:
    """Raise `Invalid` for a list of subscribers where a follower list is wanted."""
    if is_of_subscribers(header):
        raise Invalid(
            f"{name} knows people by email address, which linktrack does not keep: record their "
            "number with linktrack followers import, or enter it."
        )


def count_subscribers(path: Path) -> Subscribers | None:
    """Count the subscribers in a table; None if it isn't a table of subscribers.

    Raises `Invalid`, naming the line, for a row without an address or with an unknown state.
    """
    with open_archive(path) as archive:
        if path.is_dir() or len(archive.openers) != 1:
            return None
        (name,) = archive.openers
        with archive.open(name) as binary:
            mark = binary.read(2)
        if mark[:1] in (b"[", b"{", b""):
            return None
        encoding = "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        with archive.open(name) as binary:
            try:
                with io.TextIOWrapper(binary, encoding, newline="") as file:
                    return _count(file, name)
            except (UnicodeDecodeError, csv.Error):
                return None  # what reads follower lists says what is wrong


@dataclass(frozen=True, slots=True)
class CountedSubscribers:
    """What was recorded of a table of subscribers, and for when."""

    count: int
    left_out: int
    at: datetime


def subscribers_for(account: Account, path: Path) -> Subscribers | None:
    """Count the subscribers in a table; None for an account on a network, and for no such table.

    Raises what `count_subscribers` raises.
    """
    return None if network_of(account.network).is_named else count_subscribers(path)


def record_subscribers(
    session: Session,
    account: Account,
    found: Subscribers,
    path: Path,
    *,
    at: datetime | None,
    now: datetime,
) -> CountedSubscribers:
    """Record how many subscribers a newsletter has, `at` or when the file was last written.

    Raises what `record_count` raises.
    """
    moment = at or min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)
    record_count(session, account, found.count, moment, "list", now=now)
    return CountedSubscribers(found.count, found.left_out, moment)


def _count(file: io.TextIOWrapper, name: str) -> Subscribers | None:
    sample = file.readline()
    if "\0" in sample or not sample.strip():
        return None
    delimiter = max(",;\t", key=sample.count)
    header = [plain(restore(cell)) for cell in next(csv.reader([sample], delimiter=delimiter))]
    if not is_of_subscribers(header):
        return None
    count = left_out = 0
    rows = csv.reader(file, delimiter=delimiter)
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        where = f"{name}, line {rows.line_num + 1}"
        cells = dict(zip(header, row, strict=False))
        if len(row) > len(header) or not any("@" in cells.get(each, "") for each in _ADDRESSES):
            raise Invalid(f"{where} is broken: it has no email address, or too many cells.")
        if _gets_mail(cells, where):
            count += 1
        else:
            left_out += 1
    return Subscribers(count, left_out)


def _gets_mail(cells: dict[str, str], where: str) -> bool:
    for column in _STATES:
        state = cells.get(column, "").strip().casefold().replace("-", "").replace(" ", "_")
        if _GETS_NONE.fullmatch(state):
            return False
        if not _GETS_MAIL.fullmatch(state):
            raise Invalid(f"{where}: it is not known whether {state[:40]!r} is a subscriber.")
    if any(_is_true(cells, column) for column in _SAYS_NO):
        return False
    if any(column in cells and not _is_true(cells, column) for column in _SAYS_YES):
        return False
    return not any(_is_filled(cells, _ENDED))


def _is_true(cells: dict[str, str], column: str) -> bool:
    return cells.get(column, "").strip().casefold() in _TRUE


def _is_filled(cells: dict[str, str], columns: Sequence[str]) -> list[bool]:
    return [bool(cells.get(column, "").strip()) for column in columns]
