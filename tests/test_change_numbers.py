"""Changes of links reach every machine, whatever clocks say and in whatever order they commit."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from commands import Run
from waiting import wait_until
from world import NOON, World

from linktrack.audience.cards import set_card
from linktrack.change_numbers import number_at_commit
from linktrack.db import Database, is_sqlite
from linktrack.ids import LinkId
from linktrack.links.catalog import add_lone_link, change_destination, set_disabled, set_forwarding
from linktrack.links.models import Link
from linktrack.links.redirects.lookup import changed_links, find_target
from linktrack.links.redirects.targets import Targets
from linktrack.settings import load_settings

HOURS = timedelta(hours=7)


@contextmanager
def node(world: World, database: Database | None = None) -> Iterator[Targets]:
    """What a worker of one machine remembers, following changes."""
    engine, codes = (database or world.database).engine, world.shortener.codes
    targets = Targets(
        lambda code: find_target(engine, codes, code), lambda since: changed_links(engine, since)
    )
    targets.watch()
    try:
        yield targets
    finally:
        targets.close()


def leads_to(targets: Targets, link: Link, location: str | None) -> bool:
    target = targets.get(str(link.code))
    return target is not None and target.location == location


@pytest.mark.slow
def test_machines_whose_clocks_are_hours_apart_see_each_others_changes(world: World) -> None:
    """One is seven hours behind, one seven ahead: both follow what the other changed."""
    link = world.post(world.account(), "http://one.com/").links[0]
    other = Database(world.settings)
    with node(world) as behind, node(world, other) as ahead:
        for number, at in enumerate((NOON - HOURS, NOON + HOURS, NOON - 2 * HOURS)):
            assert link.code
            assert behind.get(link.code) == ahead.get(link.code)
            written = f"http://example.com/{number}"
            change_destination(world.session, world.shortener, link, written, at)
            world.session.commit()
            for targets in (behind, ahead):
                wait_until(partial(leads_to, targets, link, written))
        set_disabled(world.session, link, True, NOON - 3 * HOURS)
        world.session.commit()
        for targets in (behind, ahead):
            wait_until(partial(leads_to, targets, link, None))
    other.close()


def test_a_change_that_is_committed_late_is_seen(world: World) -> None:
    """It was made before another one that was committed, and seen, first."""
    one, two = world.post(world.account(), "http://one.com/ http://two.com/").links
    engine = world.database.engine
    before = changed_links(engine, None).number
    session = world.session
    if is_sqlite(engine):  # which has one writer at a time
        set_forwarding(session, two, True, NOON)
        session.commit()
        seen = changed_links(engine, before)
        set_forwarding(session, one, True, NOON - HOURS)
    else:
        set_forwarding(session, one, True, NOON - HOURS)
        with world.database.session() as quicker:
            set_forwarding(quicker, quicker.get_one(Link, two.id), True, NOON)
            quicker.commit()
        seen = changed_links(engine, before)
    assert seen.links == {two.id}
    assert changed_links(engine, seen.number).links == ()
    session.commit()
    assert changed_links(engine, seen.number).links == {one.id}


def test_no_change_is_missed_while_many_are_made_at_once(world: World) -> None:
    """Three writers, and a reader that asks for what is new as fast as it can."""
    links = [
        link.id
        for link in world.post(
            world.account(), " ".join(f"http://{n}.com/" for n in range(30))
        ).links
    ]
    engine = world.database.engine
    last = changed_links(engine, None).number

    def write(mine: list[LinkId]) -> None:
        for link_id in mine:
            with world.database.session(writes=True) as session:
                set_forwarding(session, session.get_one(Link, link_id), True, NOON)
                session.commit()

    writers = [threading.Thread(target=write, args=(links[part::3],)) for part in range(3)]
    for writer in writers:
        writer.start()
    seen: set[LinkId] = set()
    while any(writer.is_alive() for writer in writers):
        changes = changed_links(engine, last)
        seen.update(changes.links)
        last = changes.number
    seen.update(changed_links(engine, last).links)
    assert seen == set(links)


def test_a_change_that_is_taken_back_has_no_number(world: World) -> None:
    """Nor does it lend one to what the same session commits next."""
    link = world.post(world.account(), "http://one.com/").links[0]
    engine = world.database.engine
    before = changed_links(engine, None).number
    set_forwarding(world.session, link, True, NOON)
    world.session.rollback()
    world.session.commit()
    assert changed_links(engine, before).number == before
    with world.session.begin_nested():
        number_at_commit(world.session, link)
    assert world.session.is_active
    world.session.commit()
    assert changed_links(engine, before).links == {link.id}


def test_the_choice_of_a_card_changes_all_links_of_the_account(world: World) -> None:
    """And no other account's."""
    account, other = world.account(), world.account("@other")
    link = world.post(account, "http://one.com/").links[0]
    world.post(other, "http://two.com/")
    before = changed_links(world.database.engine, None).number
    set_card(world.session, account, "ours", NOON - HOURS)
    world.session.commit()
    assert changed_links(world.database.engine, before).links == {link.id}


@pytest.mark.slow
def test_a_new_link_takes_over_the_spelling_it_is_written_in(world: World) -> None:
    """Until then the code led, in other capitals, to the only link that was meant."""
    make = partial(add_lone_link, world.session, world.shortener, account_id=world.account().id)
    make(written="http://old.com/", at=NOON, slug="winter")
    world.session.commit()
    with node(world) as targets:
        assert (found := targets.get("Winter")) is not None
        assert found.location == "http://old.com/"
        new = make(written="http://new.com/", at=NOON - HOURS, slug="Winter")
        world.session.commit()
        wait_until(lambda: leads_to(targets, new, "http://new.com/"))


@pytest.mark.slow
def test_a_database_that_went_back_to_a_backup_is_looked_up_anew(world: World) -> None:
    """The numbers begin again at those of the backup: whatever is remembered may be wrong."""
    link = world.post(world.account(), "http://one.com/").links[0]
    world.session.connection().exec_driver_sql("UPDATE change_numbers SET number = 900")
    world.session.commit()
    with node(world) as targets:
        assert leads_to(targets, link, "http://one.com/")
        wait_until(lambda: targets._generation > 0)
        assert leads_to(targets, link, "http://one.com/")
        world.session.connection().exec_driver_sql("UPDATE change_numbers SET number = 3")
        world.session.connection().exec_driver_sql(
            "UPDATE links SET destination = 'http://two.com/'"
        )
        world.session.commit()
        wait_until(lambda: leads_to(targets, link, "http://two.com/"))


def test_imported_links_are_new_links_too(run: Run, tmp_path: Path) -> None:
    """Workers that know a code in other capitals hear of them."""
    run("account", "add", "@you", "--network", "x")
    database = Database(load_settings(os.environ))
    engine = database.engine
    before = changed_links(engine, None).number
    (tmp_path / "links.csv").write_text("Long URL,Short code\nhttp://new.com/,Winter\n")
    arguments = ("import", "links", "csv", str(tmp_path / "links.csv"), "--account", "@you")
    assert run(*arguments).exit_code == 0
    first = changed_links(engine, before).number
    assert first > before
    assert run(*arguments).exit_code == 0
    assert changed_links(engine, before).number == first
    database.close()
