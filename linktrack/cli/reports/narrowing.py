"""The option --only of reports: filters that all must hold."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import click

from linktrack.cli.answers import Answer
from linktrack.cli.common import Work
from linktrack.errors import Invalid

if TYPE_CHECKING:
    from linktrack.audience.models import Account

Kind: TypeAlias = Literal["OF_CLICKS", "OF_POSTS", "OF_RANKED_POSTS", "BY_DAY", "BY_SOURCE"]
"""One of `reports.narrowing.ranges`, by its name: help is printed without importing it."""

NAMES: Final = ("source", "segment", "country", "device", "browser", "system", "language")


def narrowing(kind: Kind) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Give a report --only, and narrow clicks to what it names while the command runs.

    Options of the command with the name of a filter are filters, too.
    """

    def decorate(command: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(command)
        def run(work: Work, *, only: Sequence[str], **given: object) -> Answer:
            from linktrack.reports.narrowing import ranges
            from linktrack.reports.narrowing.wanted import wanted_of

            own = {name: cast("str", value) for name in NAMES if (value := given.get(name))}
            wanted = wanted_of(_read(only, own))
            since = work.moment(cast("str | None", given.get("since")))
            narrows: ranges.Narrows = getattr(ranges, kind)
            with ranges.narrowed_range(
                work.session,
                _accounts(work, given),
                wanted,
                work.installation.days(),
                narrows=narrows,
                since=since,
            ) as left:
                return command(replace(work, only=wanted, left=left), **given)

        return click.option(
            "--only",
            metavar="NAME=VALUE",
            multiple=True,
            help=f"Only clicks that fit this: {', '.join(NAMES)}; - if unknown. Repeatable.",
        )(run)

    return decorate


def _read(written: Sequence[str], own: dict[str, str]) -> dict[str, str]:
    found = dict(own)
    for each in written:
        name, _, value = each.partition("=")
        if name not in NAMES or not value:
            raise Invalid(
                f"{each[:60]!r} isn't a filter: write NAME=VALUE, such as country=DE, "
                f"with one of the names {', '.join(NAMES)}."
            )
        if name in found:
            raise Invalid(f"There are two filters by {name}: give one.")
        found[name] = value
    return found


def _accounts(work: Work, given: dict[str, object]) -> "Sequence[Account]":
    from linktrack.audience.accounts import list_accounts

    handles = cast("Sequence[str]", given.get("handles", (given.get("handle"),)))
    return [work.account(handle) for handle in handles] or list_accounts(work.session)
