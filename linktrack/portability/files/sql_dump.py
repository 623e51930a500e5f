r"""Rows of a table in an SQL dump, read as a stream. Pure.

MySQL's dumps (`backticks`, several rows to an INSERT, \' in strings) and those with "standard"
names, where a backslash is only itself.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, TypeAlias

from linktrack.errors import Invalid

Value: TypeAlias = str | None

_BLOCK: Final = 1 << 16
_LONGEST: Final = 1 << 22  # characters of one token: a text longer than that is no column of ours
_SPACE: Final = r"\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\#[^\n]*(?:\n|\Z)"
# Doubled quotes are taken possessively: where the end of a string has not been read yet, the first
# half of such a pair must not stand for it.
_REST: Final = (
    r'"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|[A-Za-z_][A-Za-z0-9_]*|[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|.'
)
_MYSQL: Final = re.compile(rf"{_SPACE}|'(?:[^'\\]|\\.|'')*+'|{_REST}", re.DOTALL)
_STANDARD: Final = re.compile(rf"{_SPACE}|'(?:[^']|'')*+'|{_REST}", re.DOTALL)
_INTO: Final = re.compile(r"INSERT\s+(?:IGNORE\s+)?INTO\s+([`\"]?)\w", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}


def dump_rows(
    path: Path,
    suffix: str,
    columns: Sequence[str],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[dict[str, Value]]:
    """Yield the rows of the table whose name ends in `suffix`, whatever its prefix.

    `columns` are its columns where an INSERT does not name them. Raises `Invalid` if the file
    cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            standard = _is_standard(file.read(1 << 20))
            file.seek(0)
            yield from _inserted(_Tokens(file, standard, progress), suffix, columns)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error


def _is_standard(head: str) -> bool:
    found = _INTO.search(head)
    return found is not None and found[1] == '"'


class _Tokens:
    """The words, strings and marks of a dump, without spaces and comments."""

    def __init__(self, file: IO[str], standard: bool, progress: Callable[[int], None]) -> None:
        self._file = file
        self._pattern = _STANDARD if standard else _MYSQL
        self._standard = standard
        self._progress = progress
        self._text = ""
        self._place = 0
        self._ended = False

    def __iter__(self) -> Iterator[str]:
        while True:
            found = self._pattern.match(self._text, self._place)
            # A token that reaches the end of what was read may go on behind it; so may a string
            # whose closing quote has not been read: then only its first mark is found.
            torn = found is None or found.end() + 1 >= len(self._text) or found[0] in "'\"`/"
            if torn and not self._ended and len(self._text) - self._place < _LONGEST:
                self._read()
                continue
            if found is None:
                return
            self._place = found.end()
            token = found[0]
            if not (token[0].isspace() or token.startswith(("--", "/*", "#"))):
                yield token

    def _read(self) -> None:
        block = self._file.read(max(_BLOCK, len(self._text) - self._place))
        self._ended = not block
        self._text = self._text[self._place :] + block
        self._place = 0
        self._progress(len(block))

    def value(self, token: str) -> Value:
        """Return the value of a token of a row."""
        if not token.startswith("'"):
            return None if token.upper() == "NULL" else token
        text = token[1:-1].replace("''", "'")
        if self._standard or "\\" not in text:
            return text
        return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


def _inserted(tokens: _Tokens, suffix: str, columns: Sequence[str]) -> Iterator[dict[str, Value]]:
    stream = iter(tokens)
    for part in stream:
        if part.upper() != "INSERT":
            continue
        name = next((word for word in stream if word.upper() not in ("IGNORE", "INTO")), "")
        if not name.strip('`"').endswith(suffix):
            continue
        yield from _rows(tokens, stream, columns)


def _rows(
    tokens: _Tokens, stream: Iterator[str], columns: Sequence[str]
) -> Iterator[dict[str, Value]]:
    """Yield the rows of one INSERT, from behind the table's name to its end."""
    names: list[str] = list(columns)
    row: list[str] = []
    in_values = in_row = False
    for part in stream:
        if part == ";":
            return
        if part.upper() == "VALUES" and not in_row:
            in_values = True
        elif part == "(":
            in_row, row = True, []
        elif part == ")":
            in_row = False
            if not in_values:
                names = [name.strip('`"') for name in row]
            elif len(row) == len(names):
                yield {
                    name: tokens.value(written) for name, written in zip(names, row, strict=True)
                }
        elif in_row and part != ",":
            row.append(part)
