r"""The words, strings and marks of an SQL dump, by the dialect it is written in. Pure.

`'It\'s'` is one string for MySQL, in whatever quotes its names stand, and an unfinished one for
PostgreSQL and SQLite, for which a backslash is only itself (but in `E'…'`).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple, TextIO, TypeAlias

from linktrack.portability.files.texts import open_text

Dialect: TypeAlias = Literal["mysql", "standard"]

_BLOCK: Final = 1 << 16
_LONGEST: Final = 1 << 22  # characters of one token: a text longer than that is no column of ours
_HEAD: Final = 1 << 16
_MOST_TORN: Final = 20
"""Strings and comments that end nowhere: each is looked for to the end of what was read."""

_SPACE: Final = r"(?P<space>\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/{hash})"
# Doubled quotes are taken possessively: where the end of a string has not been read yet, the first
# half of such a pair must not stand for it.
_REST: Final = (
    r"|(?P<hex>0[xX][0-9A-Fa-f]+|[xX]'[0-9A-Fa-f]*')"
    r'|(?P<name>"(?:[^"]|"")*+"|`(?:[^`]|``)*+`)'
    r"|(?P<word>[^\W\d][\w$]*|[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)|(?P<mark>.)"
)
_ESCAPING: Final = r"'(?:[^'\\]|\\.|'')*+'"
_MYSQL: Final = re.compile(
    _SPACE.format(hash=r"|\#[^\n]*(?:\n|\Z)") + rf"|[eEnN]?(?P<escaped>{_ESCAPING})" + _REST,
    re.DOTALL,
)
_STANDARD: Final = re.compile(
    _SPACE.format(hash="") + rf"|[eE](?P<escaped>{_ESCAPING})|(?P<plain>'(?:[^']|'')*+')" + _REST,
    re.DOTALL,
)
_OPEN: Final = ("'", '"', "`", "/", *(f"{letter}'" for letter in "EeNnXx"))

_IS_MYSQL: Final = re.compile(
    r"^(?:--|/\*|\#)? *(?:MySQL dump|MariaDB dump|phpMyAdmin|Navicat M|Adminer|HeidiSQL)"
    r"|^ *Source Server Type *: *M(?:ySQL|ariaDB)|^/\*M?!\d{5}|^\) *(?:ENGINE|TYPE) *="
    r"|^(?:INSERT|REPLACE|CREATE|LOCK|DROP)\b[^\n'\"`]*`",
    re.IGNORECASE | re.MULTILINE,
)
_IS_STANDARD: Final = re.compile(
    r"^-- PostgreSQL database|^SET standard_conforming_strings = on"
    r"|^ *Source Server Type *: *PostgreSQL|^PRAGMA |^(?:/\*!\d+ )?SET .*NO_BACKSLASH_ESCAPES",
    re.IGNORECASE | re.MULTILINE,
)
# A quote behind a backslash ends a string for PostgreSQL: then a mark stands behind it.
_GOES_ON: Final = re.compile(r"(?<!\\)(?:\\\\)*\\'\s*[^\s,);:'\\]")

_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}


class Token(NamedTuple):
    """A word, a mark, a quoted name or a string: what it says, and in which line it begins."""

    text: str
    line: int
    is_string: bool = False
    is_name: bool = False

    @property
    def is_quoted(self) -> bool:
        """Whether it is no word and no mark, whatever it says."""
        return self.is_string or self.is_name


def unquoted(token: Token) -> str:
    """Return a name as columns and tables are known by."""
    return token.text.lower()


def sniff_dialect(path: Path) -> Dialect:
    """Return how a dump writes its strings: what its head says, else what its strings show.

    Raises `Invalid` if the file cannot be read.
    """
    with open_text(path) as text:
        head = text.read(_HEAD)
        if _IS_STANDARD.search(head):
            return "standard"
        if _IS_MYSQL.search(head):
            return "mysql"
        while head:
            if _GOES_ON.search(head):
                return "mysql"
            rest = text.read(_HEAD)
            head = head[-100:] + rest if rest else ""
    return "standard"


class Tokens:
    """The tokens of a dump, without spaces and comments."""

    def __init__(self, text: TextIO, dialect: Dialect) -> None:
        self.line = 1
        """Number of the line that is being read."""
        self.closed = True
        """Whether the last parenthesis that was read came to its end."""
        self._file = text
        self._pattern = _MYSQL if dialect == "mysql" else _STANDARD
        self._text = ""
        self._place = 0
        self._ended = False
        self._torn = 0

    def __iter__(self) -> Iterator[Token]:
        return self

    def __next__(self) -> Token:
        while True:
            found = self._pattern.match(self._text, self._place)
            # A token that reaches the end of what was read may go on behind it; so may a string
            # whose closing quote has not been read: then only its first mark is found.
            torn = found is None or found.end() + 1 >= len(self._text) or found[0] in _OPEN
            if torn and not self._ended and len(self._text) - self._place < _LONGEST:
                self._read()
                continue
            if found is None:
                raise StopIteration
            self._torn += self._ends_nowhere(found)
            if self._torn > _MOST_TORN:  # the rest is in one of them
                raise StopIteration
            self._place = found.end()
            line = self.line
            kind = found.lastgroup
            if kind in ("mark", "word"):
                return Token(found[0], line)
            self.line += found[0].count("\n")
            if kind != "space":
                return _read_token(found, line)

    def _ends_nowhere(self, found: re.Match[str]) -> bool:
        """Whether a mark begins a string, a name or a comment that has no end."""
        mark = found[0]
        return mark in ("'", '"', "`") or (mark == "/" and self._text[found.end() :][:1] == "*")

    def skip_statement(self) -> None:
        """Go on behind the end of this statement."""
        for token in self:
            if token.text == ";" and not token.is_quoted:
                return

    def copied(self) -> Iterator[tuple[int, str | None]]:
        r"""Yield the lines behind a COPY up to `\.`, with their numbers; None where it is cut."""
        self._line()  # the end of the statement's own line
        while True:
            line = self.line
            text = self._line()
            if text is None:
                yield line, None
                return
            if text == "\\.":
                return
            yield line, text

    def _line(self) -> str | None:
        """Return the text up to the end of this line; None where the file ends before it."""
        while (end := self._text.find("\n", self._place)) < 0:
            if self._ended or len(self._text) - self._place > _LONGEST:
                self._place = len(self._text)
                return None
            self._read()
        text = self._text[self._place : end].removesuffix("\r")
        self._place = end + 1
        self.line += 1
        return text

    def _read(self) -> None:
        block = self._file.read(max(_BLOCK, len(self._text) - self._place))
        self._ended = not block
        self._text = self._text[self._place :] + block
        self._place = 0


def _read_token(found: re.Match[str], line: int) -> Token:
    """Return what a quoted token or a hexadecimal literal says."""
    kind, text = found.lastgroup, found[0]
    if kind == "name":
        mark = text[0]
        return Token(text[1:-1].replace(mark * 2, mark), line, is_name=True)
    if kind == "hex":
        digits = text[2:].strip("'")
        read = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
        return Token(read.decode("utf-8", "replace"), line, is_string=True)
    assert kind is not None
    text = found[kind][1:-1].replace("''", "'")
    if kind == "escaped" and "\\" in text:
        text = _ESCAPED.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), text)
    return Token(text, line, is_string=True)
