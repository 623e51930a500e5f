"""What a story is made of: chapters, their sentences, and the figures that each comes from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.reports.figures.rate import Rate, rounded

API: Final = "/api/v1"

Claim: TypeAlias = Literal["clear", "open"]
"""What a sentence that compares says: that there clearly is a difference, or that we can't tell."""

Value: TypeAlias = float | str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the JSON API: a GET of `path` answers it at `field`, a JSON pointer.

    `low` and `high` are the ends of its interval; None where it has none.
    """

    path: str
    field: str
    value: Value
    low: float | None = None
    high: float | None = None

    @property
    def where(self) -> str:
        """The field as people write it: total.cpf."""
        return self.field.strip("/").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, or two that belong together, and every figure that is in it."""

    text: str
    figures: tuple[Figure, ...]
    claim: Claim | None = None

    @property
    def main(self) -> Figure:
        """The figure that it is about: the first with an interval, else the first."""
        return next((each for each in self.figures if each.low is not None), self.figures[0])

    @property
    def by_path(self) -> list[tuple[str, list[Figure]]]:
        """The figures by path, each path once."""
        paths = dict.fromkeys(each.path for each in self.figures)
        return [(path, [each for each in self.figures if each.path == path]) for path in paths]


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, of one account or of several (None); or a list, an item for each sentence."""

    account: Account | None
    sentences: Sequence[Sentence]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """One topic; a chapter of which nothing is known isn't there."""

    name: str
    title: str
    passages: Sequence[Passage]

    @property
    def sentences(self) -> Iterator[Sentence]:
        """All its sentences."""
        return (each for passage in self.passages for each in passage.sentences)


def chapter(name: str, title: str, passages: Sequence[Passage]) -> list[Chapter]:
    """Return a chapter with those passages that say something; none where nothing is said."""
    said = [each for each in passages if each.sentences]
    return [Chapter(name, title, said)] if said else []


def report_path(
    name: str, account: Account, days: DayRange | None = None, /, **query: str | int | date
) -> str:
    """Return the path of a report on an account, on some days of it."""
    asked = {"account": f"{account.network}:{account.handle}"}
    if days is not None:
        after = days.last + timedelta(days=1)
        asked |= {"from": days.first.isoformat(), "to": after.isoformat()}
    asked |= {key: str(value) for key, value in query.items()}
    return f"{API}/reports/{name}?{urlencode(asked, safe=':@')}"


def since_path(name: str, account: Account, first: date) -> str:
    """Return the path of a report on an account since a day."""
    return report_path(name, account, **{"from": first})


def rate_figure(path: str, field: str, rate: Rate) -> Figure:
    """Return a rate as the API has it, with its interval."""
    value, low, high = rate.written
    return Figure(path, field, value, low, high)


def figures(path: str, **values: float | str | None) -> tuple[Figure, ...]:
    """Return some figures of one answer; `__` in a name is a step down: total__posts."""
    return tuple(
        Figure(path, f"/{name.replace('__', '/')}", _plain(value)) for name, value in values.items()
    )


def _plain(value: Value) -> Value:
    return rounded(value) if isinstance(value, float) else value
