"""Single clicks, and the marks of first ones, are named by the engine that keeps them alone."""

import ast
import re
from collections.abc import Iterator

import pytest
from house import SOURCE
from world import World

from linktrack.clicks.keeping.sql.reading import chosen
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import clicks

MODELS = "linktrack.clicks.models"
NAMES = {"clicks", "first_clicks", "IS_RECOGNISED", "IS_LEFT_OUT"}
ENGINES = ("clicks/keeping/sql/", "clicks/keeping/clickhouse/")
MAY_NAME_THEM = ("clicks/models.py", "migrations/", *ENGINES)
IN_SQL = re.compile(r'\b(FROM|JOIN|INTO|UPDATE|TABLE)\s+"?(clicks|first_clicks)\b')


def names_in(code: str) -> Iterator[str]:
    """Yield each name of the tables in a module: imported, of their module, by name, or in SQL."""
    tree = ast.parse(code)
    imports = [each for each in ast.walk(tree) if isinstance(each, ast.Import | ast.ImportFrom)]
    modules = {
        alias.asname or alias.name
        for each in imports
        for alias in each.names
        if f"{getattr(each, 'module', '')}.{alias.name}".lstrip(".") == MODELS
    }
    for each in ast.walk(tree):
        match each:
            case ast.ImportFrom(module=module, names=names) if module == MODELS:
                yield from (alias.name for alias in names if alias.name in NAMES)
            case ast.Attribute(value=value, attr=name) if ast.unparse(value) in modules:
                yield from {name} & NAMES
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name))):
                if ast.unparse(value).endswith("tables"):
                    yield from {name} & NAMES
            case ast.Constant(value=str(text)) if IN_SQL.search(text):
                yield text[:60]


def test_only_their_engine_names_the_tables_of_single_clicks() -> None:
    """All else asks `clicks_of`, so that another engine can keep what grows with the clicks."""
    named = {
        place: found
        for path in sorted(SOURCE.rglob("*.py"))
        if not (place := path.relative_to(SOURCE).as_posix()).startswith(MAY_NAME_THEM)
        and (found := list(names_in(path.read_text())))
    }
    assert named == {}


def test_every_way_to_name_them_is_seen() -> None:
    """The test above would say so."""
    ways = (
        "from linktrack.clicks.models import agents, clicks",
        "from linktrack.clicks import models\nmodels.first_clicks.c",
        "from linktrack.clicks import models as tables\ntables.clicks",
        "import linktrack.clicks.models\nlinktrack.clicks.models.clicks",
        "Base.metadata.tables['clicks']",
        "text('SELECT count(*) FROM clicks')",
        "text(f'DELETE FROM first_clicks WHERE {condition}')",
    )
    assert [way for way in ways if not list(names_in(way))] == []
    assert not list(names_in("from linktrack.clicks.models import agents\ncounts.clicks"))


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (Which(left_out=True, since=1, until=2), "ix_clicks_left_out"),
        (Which(recognised=True, segments=[1, 2], since=1), "ix_clicks_recognised"),
        (Which(named=True, accounts=[1], since=1), "ix_clicks_personal"),
        (Which(followers=[1, 2], since=1), "ix_clicks_personal"),
        (Which(links=[1, 2], since=1, reasons=[0]), "ix_clicks_of_link"),
        (Which(links=[1, 2], left_out=True, after=1, upto=2), "INTEGER PRIMARY KEY"),
    ],
)
def test_each_question_is_read_by_its_index(sqlite_world: World, which: Which, index: str) -> None:
    """SQLite sees it by the words of the condition alone, which a change of them may lose."""
    connection = sqlite_world.session.connection()
    query = chosen(connection, which, clicks.c.clicked_at).compile(
        connection, compile_kwargs={"render_postcompile": True}
    )
    plan = connection.exec_driver_sql(
        f"EXPLAIN QUERY PLAN {query}", tuple(query.params[name] for name in query.positiontup or ())
    )
    assert index in next(row[3] for row in plan)
