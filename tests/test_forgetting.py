"""Forgetting a person: nothing names them, and every count stays what a rebuild makes."""

import json
from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, select
from world import NOON, World

from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Follower, ForgottenFollower
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import add_segment
from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.counts.rollups import COUNTS
from linktrack.clicks.models import clicks, first_clicks
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms, writing
from linktrack.engagement.forgetting import forget_follower
from linktrack.networks.records import FollowerRecord
from linktrack.publishing.personal import agree

KEY = b"k" * 32
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def everything(connection: Connection) -> dict[str, list[Any]]:
    tables = [first_clicks, *(table for table, _ in COUNTS)]
    return {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in tables}


def test_a_forgotten_persons_clicks_are_of_nobody_we_can_tell(world: World) -> None:
    """Loaded or still in a journal, and the counts are those of a rebuild."""
    account = world.account()
    post = world.post(account, "Two: https://example.com/1 and https://example.com/2")
    segment = add_segment(world.session, account, "friends", 2, NOON)
    people = [FollowerRecord("1", "@ann"), FollowerRecord("2", "@bob")]
    take_roster(
        world.session, account, people, NOON, "test",
        forgotten=Forgotten.read(world.session, "x", KEY), now=NOON,
    )  # fmt: skip
    world.session.commit()
    for follower in world.session.scalars(select(Follower)).all():
        agree(world.session, follower, NOON)  # or no link would name them
    world.session.commit()
    numbers = dict(world.session.execute(select(Follower.handle, Follower.id)).all())
    world.session.rollback()
    at = to_ms(NOON) + 60_000

    def click(number: int, who: str | None, visitor: int | None, link: int = 0) -> ClickRecord:
        personal = ClickRecord(
            at + number, post.links[link].id, AGENT, "t.co", visitor,
            segment_id=segment.id, follower_id=numbers[who or "@ann"], attribution="personal",
        )  # fmt: skip
        if who is None:
            return replace(personal, follower_id=None, segment_id=None, attribution=None)
        return personal

    world.click(
        [
            click(1, "@ann", 5), click(2, None, 5), click(3, "@ann", 6, 1), click(4, "@bob", 7),
            click(5, "@ann", None), click(6, None, 8), click(7, "@ann", 8),
        ]
    )  # fmt: skip
    world.session.rollback()
    days = Days(world.settings.timezone)
    forget_follower(world.session, "@Ann", KEY, days, NOON)
    world.session.commit()
    world.click([click(8, "@ann", 9), click(9, "@bob", 9)])  # what was still in a journal
    world.session.rollback()

    with writing(world.database.engine) as connection:
        stored = connection.execute(
            select(clicks.c.follower_id, clicks.c.segment_id, clicks.c.attribution)
        ).all()
        assert len(stored) == 9
        bob = numbers["@bob"]
        assert sorted(map(str, stored)) == sorted(
            [str((None, 0, 0))] * 7 + [str((bob, segment.id, 1))] * 2
        )
        before = everything(connection)
        rebuild(connection, days)
        assert everything(connection) == before
    assert world.session.scalars(select(Follower.handle)).all() == ["@bob"]
    traces = world.session.scalars(select(ForgottenFollower.digest)).all()
    assert len(traces) == 2
    assert "ann" not in json.dumps(list(traces))


def test_a_number_is_never_given_twice(world: World) -> None:
    """The next follower is not whom the links of the last one name."""
    account = world.account()

    def take(name: str, minute: int) -> int:
        take_roster(
            world.session, account, [FollowerRecord(name)], NOON + timedelta(minutes=minute), "t",
            forgotten=Forgotten.read(world.session, "x", KEY), confirmed=True,
            now=NOON + timedelta(days=1),
        )  # fmt: skip
        world.session.commit()
        found = world.session.scalars(select(Follower.id).where(Follower.network_id == name)).one()
        world.session.rollback()
        return found

    first = take("1", 0)
    forget_follower(world.session, "x:1", KEY, Days(world.settings.timezone), NOON)
    world.session.commit()
    assert take("2", 1) > first
