"""Reports narrowed by several things at once: counts of some clicks laid over the stored ones."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from scattered import BOT, PHONE, some
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.facet_models import link_facets
from linktrack.clicks.keeping.sql.clicks import SqlClicks
from linktrack.clicks.models import post_segments
from linktrack.clicks.vocabulary import FACETS
from linktrack.errors import Invalid, Unavailable
from linktrack.reports.narrowing.counts import COUNTS
from linktrack.reports.narrowing.shadows import narrowed
from linktrack.reports.narrowing.wanted import Wanted, wanted_of
from linktrack.reports.sources.facet_days import days_report
from linktrack.reports.sources.facets import places_report

LEFT_OUT = {"not_human"}


def tables(session: Session) -> dict[str, Counter[tuple[int, ...]]]:
    """Return every count that can be narrowed, by table, key and column; nothing of zeros."""
    found = {}
    for table in COUNTS:
        keys = [column.name for column in table.primary_key]
        counts: Counter[tuple[int, ...]] = Counter()
        for row in session.execute(select(table)).mappings():
            if row.get("facet") == FACETS.index("city"):
                continue
            for place, column in enumerate(table.columns):
                if column.name not in keys and column.name not in LEFT_OUT and row[column.name]:
                    counts[(*(row[key] for key in keys), place)] += row[column.name]
        found[table.name] = counts
    for of_left_out in ("post_reasons", "account_agent_months"):
        del found[of_left_out]
    return found


def under(
    session: Session, world: World, accounts: Sequence[int], wanted: Wanted
) -> dict[str, Counter[tuple[int, ...]]]:
    with narrowed(session, accounts, wanted, Days(world.settings.timezone)):
        return tables(session)


def test_the_narrowed_counts_of_all_values_add_up_to_the_stored_ones(world: World) -> None:
    """Every click is in one country and one language: each count is the sum of its parts."""
    account, _, _ = some(world)
    with world.database.session() as session:
        stored = tables(session)
        places = places_report(session, account).places
        for parts in (
            [wanted_of({"country": line.key or "-"}) for line in places],
            [
                wanted_of({"country": line.key or "-", "segment": segment})
                for line in places
                for segment in ("-",)
            ],
        ):
            added: dict[str, Counter[tuple[int, ...]]] = {name: Counter() for name in stored}
            for wanted in parts:
                for name, counts in under(session, world, [account.id], wanted).items():
                    added[name] += counts
            assert added == stored
        assert len(places) > 2
        assert tables(session) == stored


def test_several_things_at_once_are_those_that_have_them_all(world: World) -> None:
    """A country, a device, a language and a segment: the clicks that fit, and each person once."""
    account, posts, records = some(world)
    of_link = {post.links[0].id: post.id for post in posts}
    firsts: dict[tuple[int, int], int] = {}
    people = [one for one in records if one.user_agent != BOT]
    for one in sorted(people, key=lambda one: one.clicked_at):
        if one.visitor is not None:
            firsts.setdefault((of_link[one.link_id], one.visitor), id(one))
    wanted = wanted_of({"country": "DE", "device": "mobile", "language": "de", "segment": "-"})
    fitting = [
        one for one in people if (one.country, one.language, one.user_agent) == ("DE", "de", PHONE)
    ]
    unique = [one for one in fitting if one.visitor is None or id(one) in firsts.values()]
    assert fitting
    days = Days(world.settings.timezone)
    with (
        world.database.session() as session,
        narrowed(session, [account.id], wanted, days),
    ):
        found = places_report(session, account).places
        assert [(line.key, line.clicks) for line in found] == [("DE", len(fitting))]
        assert sum(line.unique_clicks for line in found) == len(unique)
        since = min(one.clicked_at for one in fitting)
        assert days_report(session, account).days[0].day.toordinal() == days.day(since)


def test_statements_that_were_prepared_before_are_narrowed_too(world: World) -> None:
    """PostgreSQL would go on reading the table that a prepared statement was made for."""
    account, _, _ = some(world, 50)
    with world.database.session() as session:
        for _ in range(8):
            whole = days_report(session, account).days
        wanted = wanted_of({"country": "DE", "language": "fil"})
        with narrowed(session, [account.id], wanted, Days(world.settings.timezone)):
            part = days_report(session, account).days
        assert sum(day.clicks for day in part) < sum(day.clicks for day in whole)
        assert days_report(session, account).days == whole


def test_too_many_clicks_for_the_database_are_refused_in_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page doesn't read millions of rows: it says what to do instead."""
    account, _, _ = some(world, 60)
    monkeypatch.setattr(SqlClicks, "most_condensed", 10)
    wanted = wanted_of({"country": "DE", "language": "de"})
    with (
        world.database.session() as session,
        pytest.raises(Unavailable, match="choose fewer days"),
        narrowed(session, [account.id], wanted, Days(world.settings.timezone)),
    ):
        pass


def test_only_days_that_are_looked_at_are_read(world: World) -> None:
    """From a day on; a value that there can't be is named."""
    account, _, _ = some(world)
    days, wanted = Days(world.settings.timezone), wanted_of({"country": "US"})
    later = (NOON + timedelta(days=40)).date()
    with world.database.session() as session:
        with narrowed(session, [account.id], wanted, days):
            every = days_report(session, account).days
        with narrowed(session, [account.id], wanted, days, since=later):
            some_days = days_report(session, account).days
    assert some_days == [day for day in every if day.day >= later]
    assert some_days
    with pytest.raises(Invalid, match="isn't a country's code"):
        wanted_of({"country": "Germany"})


def test_only_counts_that_are_read_are_made(world: World) -> None:
    """Each once, before the first statement that names it; and so are clicks condensed for them."""
    account, _, _ = some(world, 50)
    wanted = wanted_of({"country": "DE"})
    made: list[str] = []

    def note(_: object, _cursor: object, statement: str, *_more: object) -> None:
        made.extend(re.findall(r"INSERT INTO (?:pg_)?temp\.(\w+)", statement))

    with world.database.session() as session:
        event.listen(session.connection(), "before_cursor_execute", note)
        with narrowed(session, [account.id], wanted, Days(world.settings.timezone)):
            assert made == []
            for _ in range(2):
                days_report(session, account)
                assert made == ["account_days"]
            session.execute(select(func.count()).select_from(post_segments)).all()
            assert made == ["account_days", "post_segments"]
            clicks = text("SELECT (SELECT count(*) FROM narrowed), count(*) FROM narrowed_facets")
            ((by_link, by_facet),) = session.execute(clicks)
            assert by_link > by_facet == 0
            session.execute(select(func.count()).select_from(link_facets)).all()
            assert session.execute(clicks).one()[1] > 0
