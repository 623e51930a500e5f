"""What a command answers: a JSON value, and the same in words and tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

import click

from linktrack.cli.common import json_option, print_json, print_table, reading


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in columns; numbers to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]


class Answer:
    """What a command prints, as JSON for programs or as text for people."""

    def __init__(self, json: object, *said: str | Table) -> None:
        """`json` is printed with --json; without it what is `said`, one after the other."""
        self.json = json
        self.said = said

    def show(self, *, as_json: bool) -> None:
        """Print it."""
        if as_json:
            print_json(self.json)
            return
        for part in self.said:
            if isinstance(part, str):
                click.echo(part)
            else:
                print_table(part.header, part.rows)


def rows_answer(
    fields: Sequence[str], rows: Sequence[Sequence[object]], header: Sequence[str] | None = None
) -> Answer:
    """Return rows as JSON objects with these fields, and as a table; moments are ISO 8601 in JSON.

    The table is headed by `header`, or else by the fields' own words.
    """
    return Answer(
        [dict(zip(fields, map(_in_json, row), strict=True)) for row in rows],
        Table(header or [name.replace("_", " ") for name in fields], rows),
    )


def _in_json(value: object) -> object:
    from linktrack.calendar.times import utc

    return utc(value) if isinstance(value, datetime) else value


def answering(command: Callable[..., Answer]) -> Callable[..., None]:
    """Make a command of a function from `Work` and the options' values to an `Answer`.

    It adds --json, opens the installation to read, and prints the answer once that is closed.
    """

    @wraps(command)
    def run(*, as_json: bool, **given: object) -> None:
        with reading() as work:
            answer = command(work, **given)
        answer.show(as_json=as_json)

    return json_option(run)
