"""What databases say of a failure, how it is told apart, and lists of any length."""

import logging
import os
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import Browser, read
from databases import Maker
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from world import World

from linktrack.audience.models import Account
from linktrack.db import Database, is_sqlite, make_engine, to_ms
from linktrack.db_failures import said_by, trouble_of
from linktrack.links.models import Link, Post
from linktrack.settings import load_settings

TELLING = "4c1f-of-somebody-9e2b"


def failed(engine: Engine, sql: str, **values: object) -> DBAPIError:
    """Run a statement that must fail."""
    with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
        connection.execute(text(sql), values)
    return raised.value


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 10, 501, 100_000])
def test_a_column_is_compared_with_a_list_of_any_length(world: World, number: int) -> None:
    """SQLite takes 32,766 values in a statement, PostgreSQL 65,535; each was named."""
    account = world.account()
    posts = [world.post(account, f"http://one.com/{place}") for place in range(3)]
    ids = [-1 - place for place in range(number - 1)] + [posts[1].id][:number]
    codes = [f"no such {place}, 'quoted' \\ {place}%" for place in range(number - 1)]
    codes += [posts[1].links[0].code or ""][:number]
    with world.database.session() as session:
        found = select(Post.id).where(Post.id.in_(ids))
        assert list(session.scalars(found)) == ([posts[1].id] if number else [])
        others = select(Post.id).where(Post.id.not_in(ids)).order_by(Post.id)
        rest = [post.id for post in posts if not number or post != posts[1]]
        assert list(session.scalars(others)) == rest
        named = select(Link.post_id).where(
            Link.code.in_(codes), Link.account_id.in_([*ids, account.id])
        )
        assert list(session.scalars(named)) == ([posts[1].id] if number else [])


def test_long_lists_of_moments_are_compared_as_they_are_stored(world: World) -> None:
    """What is stored otherwise than it is handed over stays in the statement one by one."""
    account = world.account()
    made = account.created_at
    moments = [made.replace(year=1970 + place % 50, microsecond=0) for place in range(600)]
    with world.database.session() as session:
        found = session.scalars(select(Account.id).where(Account.created_at.in_([*moments, made])))
        assert list(found) == [account.id]
    assert to_ms(made) > 0


def test_no_failure_names_what_is_in_a_row(world: World) -> None:
    """PostgreSQL's DETAIL has the values, and its message a value that is of the wrong type."""
    engine = world.database.engine
    same = f"INSERT INTO own_sites (host) VALUES ('{TELLING}')"
    with engine.begin() as connection:
        connection.execute(text(same))
        connection.execute(
            text("CREATE TABLE of_numbers (number INTEGER NOT NULL CHECK (number > 5))")
        )
    failures = [
        failed(engine, same.replace(f"'{TELLING}'", ":host"), host=TELLING),
        failed(engine, "INSERT INTO of_numbers VALUES (:number)", number=1),
        failed(engine, "INSERT INTO of_numbers SELECT 1 FROM nowhere"),
    ]
    if engine.dialect.name == "postgresql":
        failures.append(failed(engine, "SELECT CAST(:number AS INTEGER)", number=TELLING))
    for failure in failures:
        whole = "".join(traceback.format_exception(failure))
        assert TELLING not in whole
        assert "DETAIL" not in whole
        assert "\n" not in said_by(failure)


@pytest.mark.parametrize("length", [3_000, 300_000])
def test_a_failed_statement_of_any_length_is_told_in_a_few_lines(world: World, length: int) -> None:
    """0.4 MB were written to the log for each request."""
    long = " OR ".join(f"number = {place}" for place in range(length // 12))
    failure = failed(world.database.engine, f"SELECT nothing FROM nowhere WHERE {long}")
    assert len("".join(traceback.format_exception(failure))) < 6_000
    assert trouble_of(failure) is None


@pytest.mark.slow
def test_what_is_wrong_with_a_question_is_not_the_databases(world: World) -> None:
    """Too long, too deep, of no table, or with a parameter too few or too many."""
    engine = world.database.engine
    questions: list[tuple[str, dict[str, object]]] = [
        ("SELECT 1 FROM nowhere", {}),
        ("SELEC 1", {}),
        ("SELECT " + " + ".join(["1"] * (2_000 if is_sqlite(engine) else 100_000)), {}),
    ]
    if not is_sqlite(engine):  # whose limit of parameters depends on who built it
        many: dict[str, object] = {f"p{place}": place for place in range(66_000)}
        questions.append((f"SELECT 1 WHERE 1 IN ({', '.join(f':{name}' for name in many)})", many))
    for sql, values in questions:
        failure = failed(engine, sql, **values)
        assert trouble_of(failure) is None, failure


def test_a_database_that_is_away_locked_full_or_damaged_is_told_apart(tmp_path: Path) -> None:
    """SQLite says each by a number of its own."""
    file = tmp_path / "a.db"
    engine = make_engine(f"sqlite:///{file}", 0)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (b TEXT)"))
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    assert trouble_of(failed(engine, "INSERT INTO a VALUES ('c')")) == "locked"
    other.rollback()
    with engine.begin() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    full = failed(engine, "INSERT INTO a VALUES (:long)", long=TELLING * 10_000)
    assert trouble_of(full) == "full"
    other.close()
    engine.dispose()
    assert trouble_of(failed(make_engine(f"sqlite:///{tmp_path}/b/c"), "SELECT 1")) == "away"
    file.write_bytes(b"This is no database at all." * 1_000)
    assert trouble_of(failed(make_engine(f"sqlite:///{file}"), "SELECT 1")) == "damaged"


def test_postgresql_that_is_away_or_locked_is_told_apart(postgresql_databases: Maker) -> None:
    """No server, a password that is wrong, a lock that is held, a session that was ended."""
    url = postgresql_databases()
    engine = make_engine(url, 0.2)
    with engine.begin() as holding:
        holding.execute(text("LOCK TABLE own_sites"))
        locked = failed(engine, "INSERT INTO own_sites (host) VALUES ('a.com')")
    engine.dispose()
    assert trouble_of(locked) == "locked"
    engine = make_engine(url, 0.2)
    with engine.connect() as one, engine.connect() as two:
        pid = one.execute(text("SELECT pg_backend_pid()")).scalar_one()
        two.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError) as raised:
            one.execute(text("SELECT 1"))
    engine.dispose()
    assert trouble_of(raised.value) == "away"
    nobody = make_engine("postgresql+psycopg://me:hunter2@127.0.0.1:1/x?password=hunter3")
    failure = failed(nobody, "SELECT 1")
    assert trouble_of(failure) == "away"
    assert "hunter" not in "".join(traceback.format_exception(failure))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("break_it", "status", "said"),
    [
        (lambda engine: _drop(engine, "day_notes"), 500, "did not take this question"),
        (lambda engine: _hold(engine), 503, "is busy"),
    ],
)
def test_a_page_says_which_failure_it_is_and_the_log_in_one_line(
    sqlite_world: World,
    caplog: pytest.LogCaptureFixture,
    break_it: Callable[[Engine], object],
    status: int,
    said: str,
) -> None:
    """A mistake of ours is no database that is away: waiting does not mend it."""
    browser = Browser.signed_in(sqlite_world)
    held = break_it(sqlite_world.database.engine)
    with caplog.at_level(logging.ERROR):
        answer = browser.client.get("/owner/notes")
    assert answer.status_code == status
    assert said in read(answer)
    (line,) = [record for record in caplog.records if record.name == "linktrack.app"]
    assert line.exc_info is None
    assert len(line.getMessage()) < 1_000
    assert "\n" not in line.getMessage()
    if isinstance(held, sqlite3.Connection):
        held.close()


def _drop(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {name}"))


def _hold(engine: Engine) -> sqlite3.Connection:
    """Hold the whole file, which readers beside SQLite's log wait for too."""
    engine.dispose()
    other = sqlite3.connect(engine.url.database or "")
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    return other


def test_a_password_in_the_databases_address_is_in_no_sentence(tmp_path: Path) -> None:
    """Also where it is written behind the question mark."""
    url = "postgresql+psycopg://127.0.0.1:1/x?user=me&password=hunter3"
    settings = load_settings({"LINKTRACK_DATA": str(tmp_path), "LINKTRACK_DATABASE": url})
    with pytest.raises(Exception, match="cannot be used") as raised:
        Database(settings).schema_state()
    assert "hunter3" not in "".join(traceback.format_exception(raised.value))
    assert os.environ.get("PGPASSWORD") is None
