"""Counting the SQL statements that a page, a report or a command takes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Engine, event

Statements = Callable[[Engine], AbstractContextManager[list[str]]]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Yield a list that grows by each statement this engine executes meanwhile.

    BEGIN, COMMIT and PRAGMA of the engine itself are not among them.
    """
    executed: list[str] = []

    def note(*about: object) -> None:
        statement = str(about[2])
        if not statement.startswith(("BEGIN", "PRAGMA")):
            executed.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield executed
    finally:
        event.remove(engine, "before_cursor_execute", note)
