"""The database: one engine per process, plain sessions, shared column shapes, migrations."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Engine,
    Integer,
    MetaData,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.orm import Session as Session  # doors name it from here
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from linktrack.db_failures import (
    DUPLICATE,
    is_database_away,
    is_duplicate,
    keep_short,
    said_by,
    take_long_lists,
)
from linktrack.errors import Conflict, Invalid, Unavailable
from linktrack.ids import AccountId, FollowerId, LinkId, PostId, SegmentId
from linktrack.settings import Settings

if TYPE_CHECKING:
    import psycopg
    from alembic.config import Config

PATIENCE: Final = 15.0  # seconds to wait for another writer, before it is said
WRITE_LOCK: Final = 0x6C696E6B  # PostgreSQL advisory lock held while clicks are appended ("link")
EDIT_LOCK: Final = 0x65646974  # held while an owner's change compares versions ("edit")

SchemaState = Literal["new", "older", "current", "newer"]

OLDER: Final = (
    "The database is from an older linktrack: bring it up to date with linktrack upgrade, "
    "which makes a backup first."
)
NEWER: Final = (
    "The database is from a newer linktrack than this one: install that version again, "
    "or restore the backup that was made before the upgrade."
)

_SQLITE: Final = "sqlite:///"
_POOLED: Final = "pooled"
_connecting = partial(create_engine, hide_parameters=True, pool_use_lifo=True)  # warm ones first

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970 UTC; the moment must be aware."""
    return (moment - EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC moment of milliseconds since 1970."""
    # In half the time that naming them takes: reports read two moments a post.
    return EPOCH + _MILLISECOND * milliseconds


def now() -> datetime:
    """Return this moment in UTC, cut to the milliseconds that are stored."""
    return from_ms(to_ms(datetime.now(UTC)))


class Utc(TypeDecorator[datetime]):
    """An aware UTC moment, stored as integer milliseconds: the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        """Return what is stored."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return what was stored."""
        return None if value is None else from_ms(value)


# SQLite numbers rows by itself only where the key's type is exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")

Id = Annotated[int, mapped_column(Integer, primary_key=True)]
Moment = Annotated[datetime, mapped_column(Utc)]
OptionalMoment = Annotated[datetime | None, mapped_column(Utc)]


class Base(DeclarativeBase):
    """All tables; constraint names follow one convention, so that migrations can name them."""

    type_annotation_map: ClassVar = dict.fromkeys(
        (AccountId, PostId, LinkId, SegmentId, FollowerId), Integer
    )

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def make_engine(url: str, patience: float = PATIENCE) -> Engine:
    """Return an engine with the settings linktrack relies on; nothing is connected yet.

    `patience` is how many seconds a statement waits for another writer before it fails. No message
    of a failure has the parameters of its statement: they hold drafts, and hashes of passwords.
    """
    sqlite = url.startswith(_SQLITE)
    engine = _sqlite(url, patience) if sqlite else _postgresql(url, int(patience * 1000))
    keep_short(engine)
    take_long_lists(engine)
    return engine


def _sqlite(url: str, patience: float) -> Engine:
    # Everything behind it is a path, also with ? and %, which SQLAlchemy would read as its own.
    file = URL.create("sqlite", database=url.removeprefix(_SQLITE))
    engine = _connecting(file, connect_args={"timeout": patience})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: str, wait_ms: int) -> Engine:
    """Return an engine that waits `wait_ms` for a lock, directly or through a pooler of sessions.

    A pooler such as pgbouncer may give each transaction another session of the server: what is set
    or prepared in one is not there in the next. It refuses such settings in the first message, or
    passes them over, and it shows itself by a process number that is not the server's.
    """
    address = make_url(url)
    theirs = address.query.get("options", "")
    options = f"{theirs if isinstance(theirs, str) else ' '.join(theirs)} -c lock_timeout={wait_ms}"
    # The user's own come from the address; as an argument they would replace each other.
    engine = _connecting(
        address.difference_update_query(["options"]),
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": options.strip()},
    )

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: Dialect, _entry: ConnectionPoolEntry, args: list[Any], chosen: dict[str, Any]
    ) -> "psycopg.Connection":
        import psycopg

        try:
            return psycopg.connect(*args, **chosen)
        except psycopg.ProgrammingError as error:  # an option that there is none of
            raise Invalid(f"LINKTRACK_DATABASE is not a database address: {error}.") from error
        except psycopg.OperationalError as error:
            if "unsupported startup parameter" not in str(error) or theirs:
                raise
            return psycopg.connect(*args, **{**chosen, "options": ""})

    @event.listens_for(engine, "connect")
    def look(connection: "psycopg.Connection", entry: ConnectionPoolEntry) -> None:
        server = connection.execute("SELECT pg_backend_pid()").fetchone()
        connection.rollback()
        if server != (connection.info.backend_pid,):
            entry.info[_POOLED] = True
            connection.prepare_threshold = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.info.get(_POOLED):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")

    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # SQLAlchemy begins transactions itself (below): the driver would begin them too late for
    # SAVEPOINT, and never for reading.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # Whoever is deleted is overwritten in the file, too; Debian's SQLite does so anyway.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("linktrack_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def is_sqlite(bind: Engine | Connection) -> bool:
    """Whether this is SQLite (else PostgreSQL)."""
    return bind.dialect.name == "sqlite"


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that appends clicks under the write lock: `seq` is in order of commit.

    SQLite has one writer anyway; beginning as one avoids a failing upgrade of the lock. On
    PostgreSQL an advisory lock ends with the transaction.
    """
    with engine.execution_options(linktrack_writes=True).begin() as connection:
        take_write_lock(connection)
        yield connection


def take_write_lock(connection: Connection) -> None:
    """Wait until no other transaction appends or recounts clicks; held until this one ends."""
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})


def take_edit_lock(connection: Connection) -> None:
    """Wait until no other owner's change that compares versions is under way; held to the end.

    On SQLite a transaction that writes is alone from its beginning.
    """
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": EDIT_LOCK})


class Database:
    """One engine and its sessions. Doors commit; capabilities flush."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self.settings = settings
        self.engine = make_engine(settings.database, patience)
        # Fails at once where it would wait for another program. Reading beside SQLite's log waits
        # only while one holds the whole file; a server may always take its time.
        self.at_once = make_engine(settings.database, 0) if is_sqlite(self.engine) else None

    def session(self, *, writes: bool = False) -> Session:
        """Return a new session; the caller commits and closes it.

        With `writes` SQLite takes its write lock at the beginning: a transaction that has read
        cannot wait for the lock later, it fails at once (SQLITE_BUSY_SNAPSHOT).
        """
        engine = self.engine.execution_options(linktrack_writes=True) if writes else self.engine
        return Session(engine, expire_on_commit=False)

    @contextmanager
    def joined(self) -> Iterator[Session]:
        """Open a session that writes, whose commits all become one when the block ends."""
        with self.engine.execution_options(linktrack_writes=True).begin() as whole:
            yield Session(whole, expire_on_commit=False, join_transaction_mode="create_savepoint")

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to `revision`; running it again changes nothing.

        Raises `Unavailable` if the database cannot be reached.
        """
        from alembic import command

        self._make_folder()
        with self.reachable():
            with self.engine.connect() as connection:
                state = schema_state(connection)
            if state == "newer":
                raise Conflict(NEWER)
            if revision == "head" and state == "current":
                return  # the usual case, which waits for nobody
            with writing(self.engine) as connection:  # two may start at once
                command.upgrade(alembic_config(connection), revision)

    def schema_state(self) -> SchemaState:
        """Return if the tables are new, older, newer or current; raises `Unavailable`."""
        self._make_folder()
        with self.reachable(), self.engine.connect() as connection:
            return schema_state(connection)

    def is_missing(self) -> bool:
        """Whether there is no file at an SQLite database's address, and one could be made there."""
        if not is_sqlite(self.engine):
            return False
        file = Path(self.engine.url.database or "").absolute()
        return not file.exists() and next(x for x in file.parents if x.exists()).is_dir()

    def prepare(self) -> None:
        """Make the tables of a new database; a current one is left as it is.

        Raises `Conflict` for an older one, which `linktrack upgrade` brings up to date after a
        backup, and for a newer one, which nothing here may write to.
        """
        state = self.schema_state()
        if state == "older":
            raise Conflict(OLDER)
        if state != "current":
            self.migrate()

    def _make_folder(self) -> None:
        """SQLite makes files, not folders."""
        if is_sqlite(self.engine):
            folder = Path(self.engine.url.database or "").parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Unavailable(
                    f"The database's folder {folder} cannot be used ({error.strerror})."
                ) from error

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Turn the driver's failures into one clear sentence."""
        try:
            yield
        except DatabaseError as error:
            if is_duplicate(error):
                raise Conflict(DUPLICATE) from error
            if not is_database_away(error):
                raise
            # Without its query, which may hold a password too.
            url = self.engine.url.set(query={}).render_as_string(hide_password=True)
            raise Unavailable(
                f"The database {url} cannot be used right now: {said_by(error)}."
            ) from error

    def wipe(self) -> None:
        """Empty SQLite's log of changes, which has what was deleted; wait for nobody who reads."""
        if self.at_once is not None:
            with suppress(OperationalError), self.at_once.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()
        if self.at_once is not None:
            self.at_once.dispose()


def revision_of(connection: Connection) -> str | None:
    """Return the revision that the tables of a database have."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def schema_state(connection: Connection) -> SchemaState:
    """Return if the tables of a database are new, older, newer or current."""
    revision = None
    if inspect(connection).has_table("alembic_version"):
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if revision is None:
        return "new"
    if revision == newest_revision():
        return "current"  # the usual case, without Alembic's 15 MB and 0.3 s
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(alembic_config(connection))
    known = {script.revision for script in scripts.walk_revisions()}
    return "older" if revision in known else "newer"


def newest_revision() -> str:
    """Return the newest of our revisions, whose files' names begin with their numbers."""
    files = (resource("migrations") / "versions").glob("[0-9]*_*.py")
    return max(file.name.partition("_")[0] for file in files)


def alembic_config(connection: Connection) -> "Config":
    """Return Alembic's configuration for our migrations, on an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def resource(name: str) -> Path:
    """Return a folder that lies inside the package in a wheel, beside it in a checkout.

    Editable installs cannot find mapped folders by `importlib.resources` (setuptools #4943).
    """
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
