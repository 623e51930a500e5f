"""Asking ClickHouse: SQL goes there, and only integers come back.

No answer counts before its end: a server that fails in the middle writes its complaint behind the
rows, and no complaint is an integer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from linktrack.errors import Unavailable

Row: TypeAlias = tuple[int, ...]
Setting: TypeAlias = int | str

NO_SETTINGS: Final[Mapping[str, Setting]] = {}

LIMITS: Final[Mapping[str, Setting]] = {
    # 10,000 pairs of numbers are 400 KB of SQL; a server takes 256 KB by itself.
    "max_query_size": 16_000_000,
    "max_ast_elements": 1_000_000,
    "max_expanded_ast_elements": 1_000_000,
    # Whatever a profile says: an answer is whole, or it is an error.
    "read_overflow_mode": "throw",
    "result_overflow_mode": "throw",
    "timeout_overflow_mode": "throw",
    "skip_unavailable_shards": 0,
}
"""Settings that go with every query."""


class Refused(Unavailable):
    """ClickHouse answers, but with an error; `code` is its number, 0 if it said none."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


class Unclear(Unavailable):
    """Rows may be stored or not, or some of them: store the same ones again."""


class ClickHouse(Protocol):
    """What is asked of an engine, wherever it runs.

    All raise `Unavailable`, and none tries again by itself.
    """

    def rows(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> Iterator[Row]:
        """Yield a query's rows; all its columns are integers.

        It may raise after some rows: nobody may act on these before the last one has come.
        """
        ...

    def run(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> None:
        """Execute what answers with nothing that is needed."""
        ...

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        settings: Mapping[str, Setting] = NO_SETTINGS,
    ) -> None:
        """Store rows; raises `Unclear` unless the engine has said that they are stored."""
        ...


def written(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return rows as the format TabSeparated has them."""
    line = "\t".join(["%d"] * len(columns)) + "\n"
    return "".join([line % row for row in rows]).encode("ascii")


def read(parts: Iterable[bytes]) -> Iterator[Row]:
    """Yield the rows of an answer as its bytes come.

    Raises `ValueError` with what stands there instead of a row, such as the engine's complaint.
    """
    rest = b""
    for part in parts:
        lines = (rest + part).split(b"\n")
        rest = lines.pop()
        for line in lines:
            try:
                row = tuple(map(int, line.split(b"\t")))
            except ValueError:
                raise ValueError(complaint(b"\n".join([line, *lines[-20:], rest]))) from None
            yield row
    if rest:
        raise ValueError(complaint(rest) or "its answer ends in the middle of a row")


_SAID: Final = re.compile(r"Code: (\d+).{0,40}?DB::\w*Exception: (.*)", re.DOTALL)
_ENDS: Final = re.compile(
    r"(?:, e\.what\(\)|: While executing|\(version |\. Stack trace|\n).*", re.DOTALL
)


def complaint(answer: bytes) -> str:
    """Return an engine's complaint as one short line: its number and what it says."""
    text = answer.decode("utf-8", "replace")
    found = _SAID.search(text)
    if found is None:
        return " ".join(text.split())[:200]
    return f"{_ENDS.sub('', found[2]).strip().rstrip('.')[:300]} (code {found[1]})"


def code_of(answer: str) -> int:
    """Return the number of an error that `complaint` has shortened, 0 if it has none."""
    found = re.search(r"\(code (\d+)\)\Z", answer)
    return int(found[1]) if found else 0
