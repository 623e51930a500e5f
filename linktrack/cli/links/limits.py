"""Options for a link's limits, and what is said of them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Final, cast

import click

from linktrack.cli.common import Work, local

if TYPE_CHECKING:
    from linktrack.links.models import Link
    from linktrack.reports.links.link import LinkJson

_OPTIONS: Final = (
    click.option("--ended-to", metavar="ADDRESS", help="Where it leads once it has ended."),
    click.option("--password", help="Ask for this; '' for none, '-' to read it from a line."),
    click.option("--most-clicks", metavar="N", help="It ends after so many people's clicks."),
    click.option("--expires-at", metavar="ISO", help="When it ends; '' removes it."),
    click.option("--valid-from", metavar="ISO", help="From when on it redirects; '' removes it."),
)
STATES: Final = ("redirecting", "disabled", "not-begun", "ended")
_NAMES: Final = ("valid_from", "expires_at", "most_clicks", "ended_to")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The limits that were named; None leaves one as it is, "" removes it."""

    valid_from: str | None
    expires_at: str | None
    most_clicks: str | None
    password: str | None
    ended_to: str | None

    @property
    def is_any(self) -> bool:
        """Whether one was named."""
        named = (self.valid_from, self.expires_at, self.most_clicks, self.password, self.ended_to)
        return any(value is not None for value in named)

    def set(self, work: Work, link: "Link", *, anew: bool = False) -> None:
        """Give a link these limits, and count its clicks `anew` if asked to."""
        from linktrack.links.redirects.limiting import (
            count_anew,
            hash_link_password,
            limits_of,
            set_limits,
            set_password,
        )

        limits = limits_of(work.session, link)
        if self.valid_from is not None:
            limits = replace(limits, valid_from=_moment(work, self.valid_from))
        if self.expires_at is not None:
            limits = replace(limits, expires_at=_moment(work, self.expires_at))
        if self.most_clicks is not None:
            limits = replace(limits, most_clicks=_whole(self.most_clicks))
        if self.ended_to is not None:
            limits = replace(limits, ended_to=self.ended_to or None)
        set_limits(work.session, work.installation.shortener, link, limits, work.now)
        if self.password is not None:
            hashed = hash_link_password(self.password) if self.password else None
            set_password(work.session, link, hashed, work.now)
        if anew:
            count_anew(work.session, link, work.now)


def limiting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for limits; the command gets them as `limits`."""

    def limited(password: str | None, **values: object) -> None:
        if password == "-":  # noqa: S105 - not in the list of processes, nor in the shell's history
            password = sys.stdin.readline().rstrip("\r\n")
        named = {name: cast("str | None", values.pop(name)) for name in _NAMES}
        command(limits=Wanted(password=password, **named), **values)

    decorated: Callable[..., None] = wraps(command)(limited)
    for option in _OPTIONS:
        decorated = option(decorated)
    return decorated


def limits_in_words(found: "LinkJson") -> list[str]:
    """Return what limits a link, a line each."""
    said = {
        "begins": found["valid_from"] and _shown(found["valid_from"]),
        "ends": found["expires_at"] and _shown(found["expires_at"]),
        "clicks": found["most_clicks"]
        and f"{found['used_clicks']:,} of {found['most_clicks']:,} used",
        "password": "asked for" if found["has_password"] else None,
        "leads afterwards to": found["ended_to"],
    }
    lines = [f"{name}: {value}" for name, value in said.items() if value]
    return [*lines, "has ended"] if found["state"] == "ended" else lines


def _shown(written: str) -> str:
    return local(datetime.fromisoformat(written))


def _moment(work: Work, written: str) -> datetime | None:
    from linktrack.calendar.times import parse_moment

    return parse_moment(written, work.installation.settings.timezone) if written else None


def _whole(written: str) -> int | None:
    from linktrack.errors import Invalid

    if written and not (written.isascii() and written.isdigit() and len(written) < 19):
        raise Invalid(f"{written[:40]!r} isn't a number of clicks.")
    return int(written) if written else None
