"""What all commands share: opening the installation, times, output, errors."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar, overload

import click

from linktrack.errors import Invalid, LinktrackError, NotFound

if TYPE_CHECKING:
    from linktrack.audience.models import Account
    from linktrack.db import Session
    from linktrack.installation import Installation
    from linktrack.links.hosts.models import Domain
    from linktrack.links.models import Link, Post
    from linktrack.reports.narrowing.wanted import Wanted

F = TypeVar("F", bound=Callable[..., None])

NUMBER: Final = click.IntRange(1, 2**31 - 1)
"""The number of something stored."""

ZONE: Final = "linktrack.timezone"
"""Where a command keeps the time zone in which it writes moments."""

COMMAND_LINE: Final = "command line"
"""Who acts, by the audit list, where a command does."""


class Commands(click.Group):
    """A group whose failures are one line on standard error and status 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what the user can mend is said, not traced."""
        try:
            return super().invoke(ctx)
        except LinktrackError as error:
            raise click.ClickException(error.sentence) from error
        except BrokenPipeError:
            raise  # whoever read our output has gone; click ends quietly
        except OSError as error:
            what = f"{error.filename} cannot be used" if error.filename else "Something went wrong"
            raise click.ClickException(f"{what}: {error.strerror}.") from error


@contextmanager
def installation(*, existing: bool = False) -> "Iterator[Installation]":
    """Open this environment's installation; a new one gets its tables.

    The driver's failures become one sentence (`Unavailable`); a database of an older or a newer
    linktrack is refused (`Conflict`). With `existing` nothing is made where there is none:
    `NotFound` says so.
    """
    from linktrack.db import Database
    from linktrack.installation import Installation
    from linktrack.keys import KEYS_FILE
    from linktrack.settings import load_settings

    settings = load_settings()
    nothing = NotFound(
        f"There is no linktrack in {settings.data}: name its folder with LINKTRACK_DATA, "
        "or start one there with linktrack serve."
    )
    place = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    if existing and place.is_dir() and not (settings.data / KEYS_FILE).exists():
        database = Database(settings)  # looked at first: opening an installation makes its keys
        if database.is_missing() or database.schema_state() == "new":
            raise nothing
    opened = Installation.open(settings)
    try:
        if existing and (opened.database.is_missing() or opened.database.schema_state() == "new"):
            raise nothing
        opened.database.prepare()
        click.get_current_context().meta[ZONE] = settings.timezone
        with opened.database.reachable():
            opened.keep_up()
            yield opened
    finally:
        opened.database.close()


@dataclass(frozen=True, slots=True)
class Work:
    """What a command works with: the opened installation, one session, and one moment.

    Its methods import what they need when they are called, so that help is quick.
    """

    installation: "Installation"
    session: "Session"
    now: datetime
    """When the command began to work: everything it does happened at this moment."""
    only: "Wanted | None" = None
    """The filters that a report is asked for with."""
    left: "Wanted | None" = None
    """Those of them that the command has to narrow to by itself."""

    @property
    def is_narrowed(self) -> bool:
        """Whether every count is narrowed already."""
        return self.only != self.left

    @overload
    def account(self, handle: str) -> "Account": ...
    @overload
    def account(self, handle: str | None) -> "Account | None": ...
    def account(self, handle: str | None) -> "Account | None":
        """Return the account that a handle names, None for None.

        Raises `NotFound`, and `Invalid` if several networks have the same handle.
        """
        from linktrack.audience.accounts import find_account

        return None if handle is None else find_account(self.session, handle)

    @property
    def as_of(self) -> datetime:
        """The moment of which figures are: up to it every click is loaded."""
        from linktrack.clicks.loading.loaded import loaded_until

        return loaded_until(self.session, self.installation.settings.journals, self.now)

    def account_id(self, handle: str | None) -> int | None:
        """Return the number of the account that a handle names, None for None; as `account`."""
        return None if handle is None else self.account(handle).id

    def handles(self) -> Mapping[int, str]:
        """Return the handle of each account, by its number."""
        from linktrack.audience.accounts import list_accounts

        return {account.id: account.handle for account in list_accounts(self.session)}

    def link(self, code: str) -> "Link":
        """Return the link with a code. Raises `NotFound`."""
        from linktrack.links.catalog import get_link

        return get_link(self.session, self.installation.shortener.codes, code)

    def domain(self, host: str) -> "Domain":
        """Return the domain of a host; of `first`, what that one's pages say. Raises `NotFound`."""
        from linktrack.links.domains.faces import first_face
        from linktrack.links.hosts.finding import find_domain

        base_url = self.installation.settings.base_url
        found = None if host == "first" else find_domain(self.session, base_url, host)
        return first_face(self.session, self.now) if found is None else found

    def post(self, number: int) -> "Post":
        """Return the post with a number. Raises `NotFound`."""
        from linktrack.links.posts import get_post

        return get_post(self.session, number)

    @overload
    def moment(self, written: str) -> datetime: ...
    @overload
    def moment(self, written: str | None) -> datetime | None: ...
    def moment(self, written: str | None) -> datetime | None:
        """Return the moment of an ISO date or time, None for None; as `parse_time`."""
        return parse_time(written, self.installation)


def this_moment() -> datetime:
    """Return the moment it is, for commands that begin without a session."""
    from linktrack.db import now

    return now()


@contextmanager
def reading() -> Iterator[Work]:
    """Open the installation, which must be there, and a session that only reads."""
    with installation(existing=True) as opened, opened.database.session() as session:
        yield Work(opened, session, this_moment())


@contextmanager
def writing() -> Iterator[Work]:
    """Open the installation and a session that is committed where the command succeeds."""
    from linktrack.owners.audit import acting

    with installation() as opened, opened.database.session(writes=True) as session:
        acting(session, COMMAND_LINE)
        yield Work(opened, session, this_moment())
        session.commit()


def tell(opened: "Installation", what: str) -> None:
    """Add a sentence on what a command did, outside any transaction, to the audit list."""
    from linktrack.owners.audit import note

    with opened.database.session(writes=True) as session:
        note(session, what, this_moment(), COMMAND_LINE)
        session.commit()


def parse_time(written: str | None, opened: "Installation") -> datetime | None:
    """Return the moment of an ISO date or time; without an offset it is in LINKTRACK_TIMEZONE.

    A date alone is its first moment. Raises `Invalid`.
    """
    from linktrack.calendar.times import parse_moment

    return None if written is None else parse_moment(written, opened.settings.timezone)


def local(at: datetime) -> str:
    """Write a moment as people do, in the time zone of the installation that a command opened."""
    there = at.astimezone(click.get_current_context().meta.get(ZONE, UTC))
    return f"{there.day} {there:%b %Y, %H:%M}"


def print_json(value: object) -> None:
    """Print one JSON value on a line of its own."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns; numbers to the right, moments as people write them."""
    texts = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *texts, strict=True)]
    numeric = [
        all(isinstance(row[column], int | float | None) for row in rows)
        for column in range(len(header))
    ]
    for line in (header, *texts):
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        click.echo("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "—"
    return local(value) if isinstance(value, datetime) else str(value)


@contextmanager
def counting(label: str) -> "Iterator[Callable[[int], None]]":
    """Show how many rows are done so far, on a terminal only: nobody knows how many there are."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    done = 0

    def more(rows: int) -> None:
        nonlocal done
        done += rows
        click.echo(f"\r{label}: {done:,} rows", nl=False, err=True)

    yield more
    click.echo("", err=True)


def read_text(argument: str) -> str:
    """Return the text of an argument, or of standard input for `-`.

    Raises `Invalid` if it is not UTF-8. A newline at its end is the terminal's.
    """
    if argument != "-":
        return argument
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("The text on standard input is not UTF-8.") from error
    return text.removesuffix("\n")


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

window_option = click.option(
    "--window", default="7d", show_default=True, help="1h, 24h, 7d, 30d or all."
)


def range_options(command: F) -> F:
    """Add --from and --to, which choose posts by their time."""
    until = click.option("--to", "until", metavar="DATE", help="Posts before this time.")
    since = click.option("--from", "since", metavar="DATE", help="Posts from this time on.")
    return since(until(command))
