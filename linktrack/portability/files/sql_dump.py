"""Rows of a table in an SQL dump, read as a stream. Pure.

Dumps of MySQL, MariaDB, PostgreSQL (INSERT and COPY) and SQLite, by mysqldump, phpMyAdmin, Navicat
and their like: each is read by its own rules for strings, and the columns are those that an INSERT
names, or CREATE TABLE before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from linktrack.portability.files.sql_tokens import Token, Tokens, sniff_dialect, unquoted
from linktrack.portability.files.texts import Progress, open_text

Value: TypeAlias = str | None

_BEFORE_NAME: Final = frozenset(
    ("INTO", "IGNORE", "DELAYED", "LOW_PRIORITY", "HIGH_PRIORITY", "OR", "REPLACE", "ONLY")
)
_NO_COLUMN: Final = frozenset(
    (
        "PRIMARY", "UNIQUE", "KEY", "INDEX", "CONSTRAINT", "FOREIGN", "FULLTEXT", "SPATIAL",
        "CHECK", "EXCLUDE", "LIKE", "PERIOD",
    )
)  # fmt: skip
_CONSTANTS: Final[Mapping[str, Value]] = {"NULL": None, "TRUE": "1", "FALSE": "0", "DEFAULT": None}
_MOST_TOKENS: Final = 10_000  # of one row
CUT_SHORT: Final = "the dump is cut short here"
NOT_VALUES: Final = "its row is not written as values: dump the table again, with INSERT statements"


class DumpRow(NamedTuple):
    """A row of a table, with the number of its line, or why it cannot be read."""

    line: int
    table: str
    values: Mapping[str, Value] = {}
    broken: str | None = None


def dump_rows(
    path: Path,
    suffix: str,
    columns: Sequence[str],
    progress: Progress = lambda _: None,
) -> Iterator[DumpRow]:
    """Yield the rows of the tables whose names end in `suffix`, whatever their prefix.

    `columns` are their columns where neither an INSERT nor CREATE TABLE names them. A row that
    cannot be understood, or does not fit its columns, is broken. Raises `Invalid` if the file
    cannot be read.
    """
    dialect = sniff_dialect(path)
    with open_text(path, progress) as text:
        tokens = Tokens(text, dialect)
        yield from _Dump(tokens, suffix, columns).rows()
        if text.is_damaged:
            yield DumpRow(tokens.line, "", broken=CUT_SHORT)


class _Dump:
    """One dump under way."""

    def __init__(self, tokens: Tokens, suffix: str, columns: Sequence[str]) -> None:
        self._tokens = tokens
        self._suffix = suffix
        self._usual = tuple(columns)
        self._created: dict[str, tuple[str, ...]] = {}

    def rows(self) -> Iterator[DumpRow]:
        """Yield the rows of all statements."""
        for token in self._tokens:
            word = token.text.upper()
            if word in ("INSERT", "REPLACE"):
                yield from self._insert()
            elif word == "COPY":
                yield from self._copy()
            elif word == "CREATE":
                self._create()
            elif word != ";":
                self._tokens.skip_statement()

    def _create(self) -> None:
        """Learn the columns of a table of ours."""
        for token in self._tokens:
            if token.text.upper() == "TABLE":
                break
            if token.text == ";":
                return
        name, behind = self._name()
        if name is None or behind is None or behind.text != "(" or not self._is_ours(name):
            if behind is None or behind.text != ";":
                self._tokens.skip_statement()
            return
        self._created[name] = self._columns()
        self._tokens.skip_statement()

    def _columns(self) -> tuple[str, ...]:
        """Return the names of the columns up to the parenthesis that closes."""
        names: list[str] = []
        depth, begins = 1, True
        for token in self._tokens:
            if token.is_string:
                continue
            if token.text == "(":
                depth += 1
            elif token.text == ")":
                depth -= 1
            elif begins and (token.is_quoted or token.text.upper() not in _NO_COLUMN):
                names.append(unquoted(token))
            if depth == 0:
                break
            begins = depth == 1 and token.text == ","
        return tuple(names)

    def _is_ours(self, table: str) -> bool:
        return table.endswith(self._suffix)

    def _name(self) -> tuple[str | None, Token | None]:
        """Return the table's name that stands next, and what stands behind it.

        The last of a name with its database's or schema's in front.
        """
        name = None
        for token in self._tokens:
            if token.text == ".":
                continue
            if token.text in ("(", ";") or (name is not None and _is_clause(token)):
                return name, token
            if token.is_quoted or token.text.upper() not in ("IF", "NOT", "EXISTS", *_BEFORE_NAME):
                name = unquoted(token)
        return name, None

    def _insert(self) -> Iterator[DumpRow]:
        """Yield the rows of one INSERT or REPLACE, from behind that word to its end."""
        table, token = self._name()
        if table is None or not self._is_ours(table):
            if token is None or token.text != ";":
                self._tokens.skip_statement()
            return
        names = self._created.get(table, self._usual)
        if token is not None and token.text == "(":
            names = tuple(unquoted(token) for token in self._parenthesis() if token.text != ",")
            token = next(self._tokens, None)
        while token is not None and token.text.upper() not in ("VALUES", "VALUE", ";", "SELECT"):
            if token.text.upper() == "SET":
                break
            token = next(self._tokens, None)
        if token is None:
            yield DumpRow(self._tokens.line, table, broken=CUT_SHORT)
        elif token.text.upper() not in ("VALUES", "VALUE"):
            yield DumpRow(token.line, table, broken=NOT_VALUES)
            if token.text != ";":
                self._tokens.skip_statement()
        else:
            yield from self._values(table, names)

    def _values(self, table: str, names: tuple[str, ...]) -> Iterator[DumpRow]:
        for token in self._tokens:
            if token.text == "(":
                yield self._row(token.line, table, names)
                if not self._tokens.closed:
                    return
            elif token.text == ";":
                return
            elif token.text != "," and token.text.upper() != "ROW":
                self._tokens.skip_statement()  # ON DUPLICATE KEY UPDATE, ON CONFLICT, RETURNING
                return
        yield DumpRow(self._tokens.line, table, broken=CUT_SHORT)

    def _row(self, line: int, table: str, names: tuple[str, ...]) -> DumpRow:
        cells: list[Value] = []
        cell: list[Token] = []
        tokens = self._parenthesis()
        if not self._tokens.closed:
            return DumpRow(line, table, broken=CUT_SHORT)
        try:
            for token in tokens:
                if token.text == "," and not token.is_quoted:
                    cells.append(_value(cell))
                    cell = []
                else:
                    cell.append(token)
            cells.append(_value(cell))
        except ValueError as error:
            return DumpRow(line, table, broken=str(error))
        return _named(line, table, names, cells)

    def _parenthesis(self) -> list[Token]:
        """Return what stands up to the parenthesis that closes; sets whether one does."""
        found: list[Token] = []
        depth = 1
        for token in self._tokens:
            if token.is_quoted:
                pass
            elif token.text == "(":
                depth += 1
            elif token.text == ")":
                depth -= 1
                if depth == 0:
                    self._tokens.closed = True
                    return found
            elif (token.text == ";" and not token.is_quoted) or len(found) > _MOST_TOKENS:
                break  # no row of a dump has one outside of its strings
            found.append(token)
        self._tokens.closed = False
        return found

    def _copy(self) -> Iterator[DumpRow]:
        """Yield the rows of PostgreSQL's COPY … FROM stdin."""
        table, token = self._name()
        names = self._created.get(table or "", self._usual)
        if token is not None and token.text == "(":
            names = tuple(unquoted(token) for token in self._parenthesis() if token.text != ",")
        if token is None or token.text != ";":
            self._tokens.skip_statement()
        is_ours = table is not None and self._is_ours(table)
        for line, text in self._tokens.copied():
            if text is None:
                if is_ours:
                    yield DumpRow(line, table or "", broken=CUT_SHORT)
            elif is_ours:
                cells = [_copied(cell) for cell in text.split("\t")]
                yield _named(line, table or "", names, cells)


def _is_clause(token: Token) -> bool:
    return not token.is_quoted and token.text.upper() in (
        "VALUES", "VALUE", "SELECT", "SET", "FROM", "AS", "OVERRIDING", "DEFAULT", "PARTITION",
    )  # fmt: skip


def _named(line: int, table: str, names: Sequence[str], cells: Sequence[Value]) -> DumpRow:
    if len(cells) != len(names):
        why = f"it has {len(cells)} values for {len(names)} columns"
        return DumpRow(line, table, broken=why)
    return DumpRow(line, table, dict(zip(names, cells, strict=True)))


def _value(tokens: Sequence[Token]) -> Value:
    """Return what the tokens of one value stand for.

    A string, a number, a constant, with a character set's name in front (_utf8mb4 'x') or a cast
    behind it ('x'::text). Raises `ValueError` with a clause for anything else.
    """
    if tokens and not tokens[0].is_string and tokens[0].text.startswith("_"):
        tokens = tokens[1:]
    if len(tokens) > 2 and [token.text for token in tokens[1:3]] == [":", ":"]:
        tokens = tokens[:1]
    if tokens and all(token.is_string for token in tokens):
        return "".join(token.text for token in tokens)
    if len(tokens) == 2 and tokens[0].text in "+-" and tokens[1].text[:1].isdigit():
        return tokens[0].text.strip("+") + tokens[1].text
    if len(tokens) == 1:
        text = tokens[0].text
        if text.upper() in _CONSTANTS:
            return _CONSTANTS[text.upper()]
        if text[:1].isdigit() or text[:1] == ".":
            return text
    written = " ".join(token.text for token in tokens)[:40]
    raise ValueError(f"{written!r} isn't a value")


_BY_LETTER: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _copied(cell: str) -> Value:
    if cell == "\\N":
        return None
    if "\\" not in cell:
        return cell
    parts = iter(cell.split("\\"))
    found = [next(parts)]
    for part in parts:
        if part:
            found.append(_BY_LETTER.get(part[0], part[0]) + part[1:])
        else:  # two backslashes are one
            found.append("\\" + next(parts, ""))
    return "".join(found)
