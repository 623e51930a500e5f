"""SQL dumps as programs write them: every row, by the rules of its own dialect, or named."""

import gzip
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linktrack.portability.files import sql_tokens
from linktrack.portability.files.sql_dump import DumpRow, dump_rows

COLUMNS: Final = ("keyword", "url", "clicks")

Written = tuple[str | None, str, int]


def read(content: str, block: int = 1 << 16, columns: Sequence[str] = COLUMNS) -> list[DumpRow]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump.sql"
        path.write_bytes(content.encode())
        before, sql_tokens._BLOCK = sql_tokens._BLOCK, block  # type: ignore[misc]
        try:
            return list(dump_rows(path, "_url", columns))
        finally:
            sql_tokens._BLOCK = before  # type: ignore[misc]


def values(rows: Sequence[DumpRow]) -> list[tuple[str | None, ...]]:
    assert [row.broken for row in rows] == [None] * len(rows)
    return [tuple(row.values.values()) for row in rows]


def escaped(text: str | None) -> str:
    if text is None:
        return "NULL"
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def doubled(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def hexadecimal(text: str | None) -> str:
    return "NULL" if text is None else f"0x{text.encode().hex()}" if text else "''"


def copied(text: str | None) -> str:
    if text is None:
        return "\\N"
    for mark, letter in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(mark, letter)
    return text


def inserts(
    head: str, name: str, quote: Callable[[str | None], str], rows: Sequence[Written]
) -> str:
    tuples = ",\n".join(f"({quote(a)}, {quote(b)}, {number})" for a, b, number in rows)
    return f"{head}\nINSERT INTO {name} VALUES {tuples};\n/* end ' */\n"


def one_by_one(
    head: str, name: str, quote: Callable[[str | None], str], rows: Sequence[Written]
) -> str:
    lines = [f"INSERT INTO {name} VALUES({quote(a)},{quote(b)},{n});\n" for a, b, n in rows]
    return head + "\n" + "".join(lines)


def copy(rows: Sequence[Written]) -> str:
    lines = "".join(f"{copied(a)}\t{copied(b)}\t{number}\n" for a, b, number in rows)
    return (
        "--\n-- PostgreSQL database dump\n--\n\n"
        "CREATE TABLE public.\"y_url\" (\n    keyword character varying(9) DEFAULT '('::text,\n"
        "    url text,\n    clicks numeric(9,0),\n    CONSTRAINT x PRIMARY KEY (keyword, url)\n);\n"
        f'COPY public."y_url" (keyword, url, clicks) FROM stdin;\n{lines}\\.\n\nSELECT 1;\n'
    )


def of_sqlite(rows: Sequence[Written]) -> str:
    """What SQLite's own .dump writes, by Python's copy of it."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute('CREATE TABLE "y_url" (keyword TEXT, url TEXT, clicks INTEGER)')
        connection.executemany('INSERT INTO "y_url" VALUES (?, ?, ?)', rows)
        return "PRAGMA foreign_keys=OFF;\n" + "\n".join(connection.iterdump()) + "\n"


WRITERS: Final[dict[str, Callable[[Sequence[Written]], str]]] = {
    "mysqldump": lambda rows: inserts("-- MySQL dump 10.13", "`y_url`", escaped, rows),
    "mariadb": lambda rows: inserts("-- MariaDB dump 10.19", "`y_url`", escaped, rows),
    "ANSI mode": lambda rows: one_by_one("-- phpMyAdmin SQL Dump", '"y_url"', escaped, rows),
    "Navicat": lambda rows: one_by_one("SET NAMES utf8mb4;", "`y_url`", hexadecimal, rows),
    "no head": lambda rows: one_by_one("", "`db`.`y_url`", escaped, rows),
    "ANSI, no head": lambda rows: one_by_one("", '"y_url"', doubled, rows),
    "pg_dump --inserts": lambda rows: one_by_one(
        "SET standard_conforming_strings = on;", "public.y_url", doubled, rows
    ),
    "pg_dump": copy,
    "SQLite": of_sqlite,
}

TEXT: Final = st.text(
    st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("'\"`\\;(),\n\t#-/*%N")
)
ROWS: Final = st.lists(st.tuples(st.none() | TEXT, TEXT, st.integers(-9, 10**9)), min_size=1)


@pytest.mark.parametrize("program", WRITERS)
@given(ROWS, st.integers(1, 40))
@example([("00'0", "x", 0)], 1)  # the file is read up to between two quotes that are one
@example([("It's", "a\\", 0), (None, "\\'", -1), ("\\N", "\\\\N", 2)], 7)
def test_a_dump_gives_back_every_row(program: str, rows: list[Written], block: int) -> None:
    """Quotes, backslashes, line breaks, comments and semicolons inside strings, however read."""
    found = values(read(WRITERS[program](rows), block))
    assert found == [(first, second, str(number)) for first, second, number in rows]


def test_a_quote_behind_a_backslash_tells_the_dialect_where_nothing_else_does() -> None:
    """Names in double quotes are written in MySQL's ANSI mode and by PostgreSQL alike."""
    mysql = "INSERT INTO \"y_url\" VALUES ('a', 'It\\'s two', 1);\n"
    assert values(read(mysql)) == [("a", "It's two", "1")]
    standard = "INSERT INTO \"y_url\" VALUES ('C:\\', 'x', 1);\n"
    assert values(read(standard)) == [("C:\\", "x", "1")]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT IGNORE INTO `y_url` VALUES ('a','b',1)",
        "REPLACE INTO `y_url` VALUES ('a','b',1)",
        "INSERT INTO `db`.`y_url` (`clicks`,`url`,`keyword`) VALUES (1,'b','a')",
        "INSERT INTO y_url VALUES (_utf8mb4'a', N'b', +1)",
        "INSERT INTO y_url VALUES (X'61', 0x62, 1)",
        "INSERT INTO public.y_url VALUES ('a'::text, E'b', 1) ON CONFLICT DO NOTHING",
        "INSERT INTO y_url VALUES ROW('a','b',1) ON DUPLICATE KEY UPDATE url='c'",
        "insert into `y_url` /* it's */ values # more\n ('a', -- one\n 'b',1)",
    ],
)
def test_the_ways_to_write_one_row(statement: str) -> None:
    """By their words, their columns, their literals, and what stands behind."""
    dump = f"-- MySQL dump\nINSERT INTO `other` VALUES (1,'(');\n{statement};\n"
    (row,) = read(dump)
    assert row.broken is None
    assert {**row.values} == {"keyword": "a", "url": "b", "clicks": "1"}


def test_columns_come_from_the_table_where_it_is_created() -> None:
    """Plugins add some; keys and checks are none."""
    dump = (
        "CREATE TABLE IF NOT EXISTS `y_url` (\n  `keyword` varchar(100) NOT NULL DEFAULT ',',\n"
        "  `extra` decimal(9,2) COMMENT 'a ) and a (',\n  `url` text, `clicks` int,\n"
        "  PRIMARY KEY (`keyword`,`url`), KEY `timestamp` (`extra`)\n) ENGINE=InnoDB;\n"
        "INSERT INTO `y_url` VALUES ('a',1.5,'b',7);\n"
    )
    (row,) = read(dump)
    assert {**row.values} == {"keyword": "a", "extra": "1.5", "url": "b", "clicks": "7"}


@pytest.mark.parametrize(
    ("dump", "line", "why"),
    [
        ("INSERT INTO `y_url` VALUES\n('a','b');\n", 2, "it has 2 values for 3 columns"),
        ("INSERT INTO `y_url` VALUES ('a','b',now());\n", 1, "'now ( )' isn't a value"),
        ("INSERT INTO `y_url` SET url='b';\n", 1, "its row is not written as values"),
        ("INSERT INTO `y_url` SELECT * FROM x;\n", 1, "its row is not written as values"),
        ("INSERT INTO `y_url` VALUES ('a','b',1),\n", 2, "the dump is cut short here"),
        ("\nINSERT INTO `y_url` VALUES ('a','b\n", 2, "the dump is cut short here"),
        ("COPY y_url (keyword, url) FROM stdin;\na\tb\nc", 3, "the dump is cut short here"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named(dump: str, line: int, why: str) -> None:
    """By its line, and once."""
    broken = [(row.line, row.broken) for row in read(dump) if row.broken is not None]
    assert len(broken) == 1
    assert broken[0][0] == line
    assert str(broken[0][1]).startswith(why)


def test_a_broken_row_costs_no_other() -> None:
    """Rows and statements behind it are read."""
    dump = (
        "INSERT INTO `y_url` VALUES ('a','1',1),('b','2'),('c','3',3);\n"
        "INSERT INTO `y_url` VALUES ('d','4',(;\nINSERT INTO `y_url` VALUES ('e','5',5);\n"
    )
    rows = read(dump)
    assert [row.values.get("keyword") for row in rows if row.broken is None] == ["a", "c", "e"]
    assert sum(row.broken is not None for row in rows) == 2


@given(st.text(max_size=200))
def test_any_text_is_read_to_its_end(content: str) -> None:
    """And nothing is raised."""
    text = content.encode("utf-8", "replace").decode()
    assert all(row.table.endswith("_url") for row in read(f"INSERT INTO y_url VALUES {text}"))


def test_a_compressed_dump_that_was_cut_off_is_named(tmp_path: Path) -> None:
    """The rows before the damage are read."""
    text = "".join(f"INSERT INTO `y_url` VALUES ('k{n}','u{n * 7919}',{n});\n" for n in range(3000))
    packed = gzip.compress(text.encode(), mtime=0)
    path = tmp_path / "dump.sql.gz"
    path.write_bytes(packed[: len(packed) // 2])
    rows = list(dump_rows(path, "_url", COLUMNS))
    assert rows[-1].broken == "the dump is cut short here"
    assert all(row.broken is None for row in rows[:-2])
    whole = [row for row in rows if row.broken is None]
    assert 500 < len(whole) < 3000
    assert whole[-1].values["keyword"] == f"k{len(whole) - 1}"
