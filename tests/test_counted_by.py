"""What stored sums hang on is stored with them: a changed setting is noticed until a rebuild."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from browser import Browser, read
from clicking import FIREFOX, START, TABLES, counts
from commands import Run
from sqlalchemy import delete
from world import World

from linktrack.calendar.days import Days
from linktrack.clicks.counts import rebuild
from linktrack.clicks.counts.counted_by import changed_settings, keep_of_old_counts
from linktrack.clicks.models import counted_by
from linktrack.clicks.records import ClickRecord
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.service import greeting
from linktrack.settings import VisitorPeriod
from linktrack.upkeep.doctor import examine
from linktrack.upkeep.health.attention import pressing
from linktrack.upkeep.health.status import status_of

TOKYO = ZoneInfo("Asia/Tokyo")


def clicked(world: World) -> None:
    link = world.post(world.account(), "http://one.com/").links[0]
    step = 7 * 3_600_000
    for n in range(40):
        world.click([ClickRecord(START + n * step, link.id, FIREFOX, "//t.co", n % 9)])


@contextmanager
def under(world: World, timezone: ZoneInfo, period: VisitorPeriod = "month") -> Iterator[World]:
    """The same installation, under other settings."""
    settings = replace(world.settings, timezone=timezone, visitor_period=period)
    before, world.settings = world.settings, settings
    try:
        yield world
    finally:
        world.settings = before


def changed(world: World) -> list[tuple[str, str, str]]:
    days = Days(world.settings.timezone, world.settings.visitor_period)
    with world.database.engine.connect() as connection:
        found = changed_settings(connection, days)
    return [(each.name, each.counted, each.current) for each in found]


def test_an_empty_database_hangs_on_no_setting(world: World) -> None:
    """As long as nothing is counted, the time zone may change."""
    with under(world, TOKYO):
        assert changed(world) == []


@pytest.mark.parametrize("beside", [False, True])
def test_a_changed_setting_is_noticed_until_the_counts_are_made_anew(
    world: World, beside: bool
) -> None:
    """Clicks that come meanwhile change nothing about that; then every count is that of now."""
    clicked(world)
    assert changed(world) == []
    with under(world, TOKYO, "week"):
        assert changed(world) == [
            ("LINKTRACK_TIMEZONE", "UTC", "Asia/Tokyo"),
            ("LINKTRACK_VISITOR_PERIOD", "month", "week"),
        ]
        link = world.post(world.account("@more"), "http://two.com/").links[0]
        world.click([ClickRecord(START, link.id, FIREFOX, None, 5)])
        assert len(changed(world)) == 2
        days = Days(TOKYO, "week")
        if beside:
            rebuild.rebuild_beside(world.database.engine, days)
        else:
            with world.database.engine.begin() as connection:
                rebuild.rebuild(connection, days)
        assert changed(world) == []
        right = counts(world)
        with world.database.engine.begin() as connection:
            rebuild.rebuild(connection, days)
        assert counts(world) == right
    assert [name for name, *_ in changed(world)] == [
        "LINKTRACK_TIMEZONE", "LINKTRACK_VISITOR_PERIOD",
    ]  # fmt: skip


@pytest.mark.parametrize("period", get_args(VisitorPeriod))
def test_counts_made_anew_are_those_of_a_fresh_start(world: World, period: VisitorPeriod) -> None:
    """With another time zone and visitor period, as if these had always been set."""
    clicked(world)
    days = Days(TOKYO, period)
    rebuild.rebuild_beside(world.database.engine, days)
    right = counts(world)
    with world.database.engine.begin() as connection:
        for table in TABLES:
            connection.execute(delete(table))
    rebuild.rebuild_beside(world.database.engine, days)
    assert counts(world) == right


def test_every_page_of_the_owner_says_so_with_what_to_do(world: World) -> None:
    """At its top, in its footer, and beside what is counted by day."""
    clicked(world)
    sentence = (
        "LINKTRACK_TIMEZONE is Asia/Tokyo, but the figures by day so far are counted with UTC. "
        "Run linktrack rebuild, or set it back to UTC."
    )
    pages = ("/owner/", "/owner/links", "/owner/referrers", "/owner/timing", "/owner/settings")
    browser = Browser.signed_in(world)
    for page in pages:
        assert "linktrack rebuild" not in read(browser.get(page)), page
    with under(world, TOKYO):
        browser = Browser.signed_in(world, "Joe")
        for page in pages:
            shown = read(browser.get(page))
            assert sentence in shown, page
            assert "Daily figures still use UTC: run linktrack rebuild" in shown, page
        for page in ("/owner/", "/owner/referrers?from=2026-05-01&to=2026-05-31", "/owner/timing"):
            assert "Counted with UTC until linktrack rebuild." in read(browser.get(page)), page


def test_doctor_status_and_needs_say_so(world: World) -> None:
    """By the same judgement."""
    clicked(world)
    at = world.settings
    environ = {
        "LINKTRACK_DATA": str(at.data),
        "LINKTRACK_DATABASE": at.database,
        "LINKTRACK_BASE_URL": at.base_url,
    }

    def found(**more: str) -> dict[str, str | None]:
        seen = examine(environ | more, now())
        return {each.name: each.remedy for each in seen}

    assert found()["figures by day"] is None
    remedy = found(LINKTRACK_TIMEZONE="Asia/Tokyo")["figures by day"]
    assert remedy is not None and "linktrack rebuild" in remedy
    assert status_of(world.session, world.settings, now())["settings_to_rebuild_for"] == 0
    with under(world, TOKYO, "day"):
        assert status_of(world.session, world.settings, now())["settings_to_rebuild_for"] == 2
        needs = [need.sentence for need in pressing(world.session, world.settings, now())]
        assert sum("linktrack rebuild" in sentence for sentence in needs) == 2


def test_counts_of_before_are_taken_for_those_of_the_settings_then(world: World) -> None:
    """An upgraded database does not say; the first start after it does."""
    clicked(world)
    days = Days(world.settings.timezone, world.settings.visitor_period)
    with world.database.engine.begin() as connection:
        connection.execute(delete(counted_by))
        keep_of_old_counts(connection, days)
    assert changed(world) == []
    with under(world, TOKYO):
        assert len(changed(world)) == 1


def test_the_command_rebuilds_for_the_settings_of_now(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `serve` prints says before that it is needed."""
    clicked(world)
    before = counts(world)
    monkeypatch.setenv("LINKTRACK_TIMEZONE", "Asia/Tokyo")
    opened = Installation.open()
    assert "LINKTRACK_TIMEZONE is Asia/Tokyo" in greeting(opened)
    assert run("rebuild").exit_code == 0
    assert "LINKTRACK_TIMEZONE" not in greeting(opened)
    opened.database.close()
    world.session.rollback()
    after = counts(world)
    assert after != before
    with under(world, TOKYO), world.store().transaction() as connection:
        rebuild.rebuild(connection, Days(TOKYO))
    assert counts(world) == after
