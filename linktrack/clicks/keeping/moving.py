"""Move single clicks from the SQL database to ClickHouse, or back.

In batches, each a transaction that also says how far they are moved: a killed run is resumed. What
they come from is emptied when both have the same clicks of each link and each day and the same
marks, and not before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine, delete, func, select

from linktrack.chunks import chunked
from linktrack.clicks.facts import DELETED_BEFORE, read_fact, write_fact
from linktrack.clicks.keeping.click import MARKED, Click, DayOf, Key, Mark
from linktrack.clicks.keeping.dressing import dressed, stored_of
from linktrack.clicks.keeping.interface import Clicks, Origin, Row, Walk
from linktrack.clicks.keeping.places import all_places
from linktrack.clicks.keeping.which import COLUMNS, EVERY, By, Every, Which
from linktrack.clicks.models import agents, click_facts
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import writing
from linktrack.errors import Conflict
from linktrack.ids import AccountId, LinkId, SegmentId
from linktrack.links.models import Link

MOVED: Final = "clicks_moved"
"""The fact that says up to which `seq` of where they come from clicks are moved."""

VERIFIED: Final = 2**62
"""As that fact: all are moved, and what they come from is being emptied."""

PART: Final = 20_000  # clicks in one transaction
LINKS: Final = 500  # in one query
DAY: Final = 86_400_000

Open: TypeAlias = Callable[[Connection], Clicks]


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where clicks are moved, and what empties the first."""

    source: Open
    target: Open
    empty: Callable[[Connection], None]
    day_of: DayOf


def move_clicks(engine: Engine, way: Way, told: Callable[[int], None]) -> int:
    """Move all clicks, and return how many there are where they are now.

    `told` hears how many this run has moved so far. Raises `Conflict` where the target has
    clicks that this didn't move there, or where both differ in the end.
    """
    with writing(engine) as connection:
        upto = read_fact(connection, MOVED)
        if upto is None:
            if way.target(connection).count(EVERY)[0][0]:
                raise Conflict(
                    "There are clicks already where these are to go: nothing is moved, lest any "
                    "be counted twice."
                )
            write_fact(connection, MOVED, 0)
    if upto != VERIFIED:
        moved, walk = 0, Walk()
        while number := _move_part(engine, way, walk):
            moved += number
            told(moved)
        _move_marks(engine, way)
    with writing(engine) as connection:
        if upto != VERIFIED:
            _verify(connection, way)
            write_fact(connection, MOVED, VERIFIED)
    with writing(engine) as connection:
        way.empty(connection)
        connection.execute(delete(click_facts).where(click_facts.c.name == MOVED))
    with engine.connect() as connection:
        return int(way.target(connection).count(EVERY)[0][0])


def _move_part(engine: Engine, way: Way, walk: Walk) -> int:
    with writing(engine) as connection:
        after = read_fact(connection, MOVED) or 0
        table = way.source(connection).table(Which(after=after), limit=PART, walk=walk)
        query = dressed(table)
        width = len(query.selected_columns)
        own = [table.c[name].label(f"own_{name}") for name in COLUMNS]
        found = connection.execute(query.add_columns(*own).order_by(table.c.seq)).all()
        if not found:
            return 0
        clicks = [stored_of(row, way.day_of).click for row in found]
        rows: list[Row] = [tuple(row[width:]) for row in found]
        first, last = found[0].seq, found[-1].seq
        way.target(connection).append(rows, clicks, Origin("moved clicks", first))
        write_fact(connection, MOVED, last)
    return len(found)


def _move_marks(engine: Engine, way: Way) -> None:
    """Move what the clicks alone don't say: marks that are stored, or those of deleted clicks."""
    with engine.connect() as connection:
        parts = list(all_places(connection))
    for places in parts:
        with writing(engine) as connection:
            wanted = dict(way.source(connection).marks_of(places))
            there = dict(way.target(connection).marks_of(places))
            missing = {key: mark for key, mark in wanted.items() if there.get(key) != mark}
            if not missing:
                continue
            target = way.target(connection)
            before = read_fact(connection, DELETED_BEFORE) or 0
            rows, clicks = _hidden(connection, missing, before, way.day_of)
            if target.keeps_marks:
                target.set_marks([key + mark for key, mark in missing.items()], [])
            else:
                target.append(rows, clicks, None)


def _hidden(
    connection: Connection, marks: dict[Key, Mark], before: int, day_of: DayOf
) -> tuple[list[Row], list[Click]]:
    """Return deleted clicks anew, as far as their marks say: nobody sees them but as marks."""
    query = select(agents.c.device_id, func.min(agents.c.id)).group_by(agents.c.device_id)
    agent_of = {row[0]: row[1] for row in connection.execute(query)}
    links = [key[2] for key in marks]
    home_of = {
        row.id: (row.account_id, row.post_id)
        for part in chunked(sorted(set(links)), LINKS)
        for row in connection.execute(
            select(Link.id, Link.account_id, Link.post_id).where(Link.id.in_(part))
        )
    }
    rows: list[Row] = []
    clicks: list[Click] = []
    for (_, visitor, link), mark in sorted(marks.items()):
        said = dict(zip(MARKED, mark, strict=True))
        if said["clicked_at"] >= before or link not in home_of:
            continue
        account_id, post_id = home_of[link]
        click = Click(
            link_id=LinkId(link),
            post_id=post_id,
            account_id=AccountId(account_id),
            posted_at=None,
            visitor=visitor,
            reason=HUMAN,
            day=day_of(said["clicked_at"]),
            window=0,
            segment_id=SegmentId(said.pop("segment_id")),
            **said,
        )
        clicks.append(click)
        rows.append(
            (
                click.clicked_at,
                link,
                click.segment_id,
                None,
                click.attribution,
                agent_of.get(click.device, 0),
                click.referrer_id,
                visitor,
                click.country - 1 if click.country else None,
                click.language,
                click.city or None,
                click.option - 1 if click.option else None,
                HUMAN,
                0,
            )
        )
    return rows, clicks


def _verify(connection: Connection, way: Way) -> None:
    """Compare all clicks by link and by day, and all marks; raises `Conflict`."""
    source, target = way.source(connection), way.target(connection)
    links = set(connection.scalars(select(Link.id)))
    groups: tuple[By, ...] = ("link_id", Every(DAY))
    for by in groups:
        sides = [sorted(clicks.count(EVERY, (by,))) for clicks in (source, target)]
        if by == "link_id":
            sides = [[row for row in side if row[0] in links] for side in sides]
        if sides[0] != sides[1]:
            different = len(set(sides[0]) ^ set(sides[1]))
            raise Conflict(f"{different} figures differ after moving: nothing is deleted.")
    for places in all_places(connection):
        if dict(source.marks_of(places)) != dict(target.marks_of(places)):
            raise Conflict("First clicks differ after moving: nothing is deleted.")
