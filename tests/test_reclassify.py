"""Today's rules on clicks that were stored under others."""

import random

from clicking import FIREFOX, START, counts, records_of, some_clicks
from sqlalchemy import select, update
from world import World

from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.loading.reclassify import reclassify
from linktrack.clicks.models import agents, clicks, referrers, sources
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import EMBEDDED


def pretend_older_rules(world: World) -> None:
    """Make the bot a person, and X's referrer a site, as an earlier version might have said."""
    with world.store().transaction() as connection:
        bot = agents.c.user_agent == "Twitterbot/1.0"
        connection.execute(update(agents).where(bot).values(reason=0, rule=None))
        connection.execute(update(agents).values(rules_version=1))
        number = connection.scalar(select(agents.c.id).where(bot))
        human = clicks.c.reason.in_((5, 6)) & (clicks.c.agent_id == number)
        connection.execute(update(clicks).where(human).values(reason=0))
        site = sources.insert().values(name="t.co", medium="site").returning(sources.c.id)
        here = referrers.c.referrer == "//t.co"
        connection.execute(
            update(referrers).where(here).values(source_id=connection.scalar(site), rule="site")
        )
        connection.execute(update(referrers).values(rules_version=1))
        rebuild(connection, Days(world.settings.timezone))


def test_clicks_from_before_a_reason_was_asked_keep_theirs(sqlite_world: World) -> None:
    """They have no flag that says so: new rules leave them a person's, and a picture a picture."""
    links, _ = some_clicks(sqlite_world)
    sqlite_world.click(
        [
            ClickRecord(START, links[0], FIREFOX, None, 1),
            ClickRecord(START, links[0], FIREFOX, None, 2, EMBEDDED),
        ]
    )

    def stored() -> list[int]:
        with sqlite_world.database.engine.connect() as connection:
            return list(connection.scalars(select(clicks.c.reason).order_by(clicks.c.seq)))

    before = stored()
    assert before[-2:] == [0, 8]
    with sqlite_world.store().transaction() as connection:
        connection.execute(update(agents).values(rules_version=1))
    done = reclassify(sqlite_world.store(), Days(sqlite_world.settings.timezone))
    assert (stored(), done.reasons) == (before, {})


def test_stored_clicks_are_judged_by_the_rules_of_today(world: World) -> None:
    """Classes, sources, marks and counts are then as if loaded today, and it says what changed."""
    links, _ = some_clicks(world)
    chance = random.Random(4)
    drawn = [
        (
            chance.randint(-30, 900),
            chance.randrange(4),
            chance.randrange(3),
            chance.choice([None, *range(20)]),
            chance.choice([FIREFOX, "Twitterbot/1.0"]),
            chance.choice(["", "//t.co", "//example.org"]),
            0,
        )
        for _ in range(400)
    ]
    world.click(records_of(drawn, links))
    as_loaded = counts(world)
    pretend_older_rules(world)
    assert counts(world) != as_loaded
    days = Days(world.settings.timezone)
    done = reclassify(world.store(), days)
    assert counts(world) == as_loaded
    bots = sum(row[4] == "Twitterbot/1.0" for row in drawn)
    assert done.reasons == {("human", "preview"): bots}
    assert (done.agents, done.agents_changed, done.referrers_changed) == (2, 1, 1)
    assert done.clicks_of_other_sources == sum(row[5] == "//t.co" for row in drawn)
    with world.store().transaction() as connection:
        rebuild(connection, days)
    assert counts(world) == as_loaded
    again = reclassify(world.store(), days)
    assert (again.agents, again.referrers, again.reasons) == (0, 0, {})


def test_a_running_loader_heeds_new_rules(world: World) -> None:
    """What it remembers of an agent is forgotten when another process has judged it anew."""
    links, _ = some_clicks(world)
    store = world.store()

    def load(visitor: int) -> None:
        record = ClickRecord(START, links[0], "Twitterbot/1.0", "//t.co", visitor)
        with store.transaction() as connection:
            store.append(connection, [record])

    load(1)
    pretend_older_rules(world)
    store = world.store()
    load(2)
    reclassify(world.store(), Days(world.settings.timezone))
    load(3)
    with world.database.engine.connect() as connection:
        assert connection.scalars(select(clicks.c.reason)).all() == [5, 5, 5]
    loaded = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == loaded
