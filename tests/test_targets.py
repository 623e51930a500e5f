"""What a worker remembers of where codes lead: bounded, and never stale for long."""

import sqlite3
import time

import pytest
from waiting import wait_until
from world import World

from linktrack.ids import LinkId, SegmentId
from linktrack.links.redirects.lookup import changed_links, find_target
from linktrack.links.redirects.targets import MOST_REFRESHED, MOST_RESPELT, Changes, Target, Targets


class Catalog:
    """A database in a dictionary, which counts its questions."""

    def __init__(self) -> None:
        self.known = {f"code{n}": Target(LinkId(n), f"http://{n}.com/") for n in range(100)}
        self.number = 0
        self.changed: list[LinkId] = []
        self.asked = 0

    def find(self, code: str) -> Target | None:
        self.asked += 1
        return self.known.get(code)

    def changed_since(self, _since: int | None) -> Changes:
        return Changes(self.number, self.changed)


def test_the_memory_is_bounded() -> None:
    """The oldest code gives way; all of them go on being answered."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since, most=10)
    for number in range(100):
        found = targets.get(f"code{number}")
        assert found is not None and found.link_id == number
    assert len(targets._known) == 10
    assert sum(map(len, targets._codes.values())) == 10
    assert targets.get("code0") is not None


def test_unknown_codes_are_remembered_in_bounds_too() -> None:
    """A scan of random codes fills no memory."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since, most=100)
    for number in range(1_000):
        assert targets.get(f"none{number}") is None
    assert len(targets._missing) <= 10


def test_a_changed_link_is_looked_up_anew() -> None:
    """All codes of it, its versions' included."""
    catalog = Catalog()
    catalog.known["version"] = Target(LinkId(1), "http://1.com/", SegmentId(7), None, "variant")
    targets = Targets(catalog.find, catalog.changed_since)
    targets.get("code1"), targets.get("version"), targets.get("code2")
    catalog.known["code1"] = Target(LinkId(1), None)
    catalog.known["version"] = Target(LinkId(1), None, SegmentId(7), None, "variant")
    catalog.asked = 0
    targets.refresh([LinkId(1)])
    for code in ("code1", "version"):
        found = targets.get(code)
        assert found is not None and found.location is None
    targets.get("code2")
    assert catalog.asked == 2


def test_a_change_during_the_look_up_is_not_remembered_over() -> None:
    """What was read before the change is answered once, and not kept."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)

    def slow(code: str) -> Target | None:
        found = catalog.find(code)
        targets.refresh([LinkId(1)])
        return found

    targets._find = slow
    targets.get("code1")
    assert targets._known == {}


@pytest.mark.slow
def test_a_new_link_is_found_after_a_second() -> None:
    """Somebody tried the code before it was there."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)
    assert targets.get("new") is None
    catalog.known["new"] = Target(LinkId(500), "http://new.com/")
    assert targets.get("new") is None
    time.sleep(1.1)  # that it is forgotten after a second is what is tested
    assert targets.get("new") is not None


@pytest.mark.slow
def test_changes_are_followed_in_the_background_and_through_outages() -> None:
    """A failing database changes nothing; when it is back, what was missed is caught up."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)
    asked: list[int | None] = []
    away = [True]

    def changed_since(since: int | None) -> Changes:
        asked.append(since)
        if away[0]:
            raise OSError("away")
        return Changes(8, [LinkId(1)])

    targets._changed_since = changed_since
    old = targets.get("code1")
    catalog.known["code1"] = Target(LinkId(1), "http://new.com/")
    targets.watch()
    wait_until(lambda: asked)
    assert targets.get("code1") == old
    away[0] = False
    wait_until(lambda: targets.get("code1") == catalog.known["code1"])
    assert asked[0] == asked[1]
    targets.close()


def test_a_database_that_goes_away_after_a_change_takes_no_target_along() -> None:
    """What was changed a moment ago leads where it led, until it can be looked up."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)
    old = targets.get("code1")

    def gone(_code: str) -> Target | None:
        raise OSError("away")

    targets._find = gone
    with pytest.raises(OSError, match="away"):
        targets.refresh([LinkId(1)])
    assert targets.get("code1") == old


def test_of_very_many_changed_codes_some_wait_for_their_next_click() -> None:
    """No change of everything keeps the others waiting."""
    catalog = Catalog()
    codes = [f"version{number}" for number in range(MOST_REFRESHED + 10)]
    catalog.known |= {code: Target(LinkId(1), "http://1.com/") for code in codes}
    targets = Targets(catalog.find, catalog.changed_since)
    for code in codes:
        targets.get(code)
    catalog.known |= {code: Target(LinkId(1), "http://new.com/") for code in codes}
    catalog.asked = 0
    targets.refresh([LinkId(1)])
    assert catalog.asked == MOST_REFRESHED
    assert {targets.get(code) for code in codes} == {Target(LinkId(1), "http://new.com/")}


def test_a_deleted_link_is_forgotten() -> None:
    """Its codes lead nowhere any more."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)
    targets.get("code1")
    del catalog.known["code1"]
    targets.refresh([LinkId(1)])
    assert targets.get("code1") is None


def test_another_spelling_is_remembered_until_a_link_of_its_own_is_made() -> None:
    """A mark at the end is noise as long as no link has it; then the exact code wins."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)
    assert targets.get("code1_") == Target(LinkId(1), "http://1.com/", code="code1")
    catalog.asked = 0
    assert targets.get("code1_") is not None
    assert catalog.asked == 0
    catalog.known["code1_"] = Target(LinkId(500), "http://new.com/")
    targets.refresh([LinkId(500)])
    assert targets.get("code1_") == catalog.known["code1_"]


def test_another_spelling_follows_its_link() -> None:
    """Where the link leads elsewhere, or nowhere, so does every spelling."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)
    targets.get("code1_")
    catalog.known["code1"] = Target(LinkId(1), None)
    targets.refresh([LinkId(1)])
    assert targets.get("code1_") == Target(LinkId(1), None, code="code1")
    del catalog.known["code1"]
    targets.refresh([LinkId(1)])
    assert targets.get("code1_") is None


def test_other_spellings_crowd_no_code_out() -> None:
    """There is no end of them; beyond some they are looked up each time."""
    catalog = Catalog()
    targets = Targets(catalog.find, catalog.changed_since)
    for number in range(MOST_RESPELT + 100):
        tail = f"{number:b}".replace("0", "-").replace("1", "_")
        assert targets.get(f"code1{tail}") == Target(LinkId(1), "http://1.com/", code="code1")
    assert len(targets._known) == len(targets._respelt) == MOST_RESPELT
    targets = Targets(catalog.find, catalog.changed_since, most=10)
    for number in range(1, 100):
        targets.get(f"code{number}_")
    assert len(targets._known) == len(targets._respelt) == 10


def test_a_code_is_found_at_once_without_handing_it_on(sqlite_world: World) -> None:
    """Known or not, an event loop learns it beside a writer; and changes are followed."""
    targets = _at_once(sqlite_world)
    code = _new_code(sqlite_world)
    try:
        with sqlite_world.database.session(writes=True):  # a writer disturbs nobody
            found = targets.known(code)
            assert found is not None and found.location == "https://example.org/"
            assert targets.known("nothing") is None
        assert targets._watcher is not None
    finally:
        targets.close()


def test_a_database_that_is_held_is_waited_for_by_those_who_may(sqlite_world: World) -> None:
    """An event loop is told at once that it would have to wait; later it finds the code."""
    targets = _at_once(sqlite_world)
    code = _new_code(sqlite_world)
    sqlite_world.database.close()
    path = sqlite_world.database.engine.url.database
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        begun = time.process_time()
        with pytest.raises(LookupError):
            targets.known(code)
        assert time.process_time() - begun < 1
        other.execute("COMMIT")
        other.close()
        found = targets.known(code)
        assert found is not None and found.location == "https://example.org/"
    finally:
        other.close()
        targets.close()


def _at_once(world: World) -> Targets:
    engine, at_once = world.database.engine, world.database.at_once
    codes = world.shortener.codes
    assert at_once is not None
    return Targets(
        lambda _code: pytest.fail("It was handed on."),
        lambda since: changed_links(engine, since),
        find_at_once=lambda code: find_target(at_once, codes, code),
    )


def _new_code(world: World) -> str:
    link = world.post(world.account(), "https://example.org/").links[0]
    world.session.commit()
    assert link.code is not None
    return link.code
