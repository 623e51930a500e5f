"""Which links were clicked in a month is counted by month: the same as by their days."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from clicking import FIREFOX, counts, forget_clicks
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keepings import days_of
from sqlalchemy import delete, select
from world import NOON, World

from linktrack.calendar.days import month_of
from linktrack.clicks.counts.changes import change_reasons
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.facet_models import account_link_months
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import EVERY
from linktrack.clicks.models import link_days
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import HUMAN, REASON_NUMBER
from linktrack.db import to_ms
from linktrack.ids import AccountId, LinkId
from linktrack.links.models import Link
from linktrack.reports.people.visit_queries import clicked_links, links_by_period

MONTHS = [(date(2026, month, 1), date(2026, month + 1, 1)) for month in (4, 5, 6, 7, 8)]


def by_days(world: World) -> Counter[tuple[int, int, int]]:
    """Return unique clicks by account, month and link, as the counts by day have them."""
    found: Counter[tuple[int, int, int]] = Counter()
    with world.database.engine.connect() as connection:
        query = select(Link.account_id, link_days).join(Link, Link.id == link_days.c.link_id)
        for row in connection.execute(query):
            month = month_of(date.fromordinal(row.day))
            found[row.account_id, month, row.link_id] += row.unique_clicks
    return +found


def by_months(world: World) -> dict[tuple[int, int, int], int]:
    return {row[:3]: row[3] for row in counts(world)["account_link_months"]}


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 10**9))
def test_months_have_what_their_days_have(world: World, seed: int) -> None:
    """Whatever is loaded in whatever order, and whatever turns out to be no person's."""
    chance = random.Random(seed)
    links = list(world.session.scalars(select(Link.id).order_by(Link.id)))
    if not links:
        for handle in ("@one", "@two"):
            post = world.post(world.account(handle), f"http://{handle[1:]}.com/ http://b.com/")
            links.extend(link.id for link in post.links)
    world.session.commit()  # and see what comes now
    forget_clicks(world)
    for _ in range(chance.randint(1, 4)):
        world.click([drawn(chance, links) for _ in range(chance.randint(1, 12))])
    assert by_months(world) == by_days(world)
    with world.store().transaction() as connection:
        seqs = [seq for (seq,) in clicks_of(connection).rows(EVERY, ("seq",))]
        some = chance.sample(seqs, chance.randint(1, len(seqs)))
        wanted = {seq: chance.choice([HUMAN, REASON_NUMBER["preview"]]) for seq in some}
        change_reasons(connection, wanted, days_of(world))
    moved = by_months(world)
    assert moved == by_days(world)
    with world.store().transaction() as connection:
        rebuild(connection, days_of(world))
    assert by_months(world) == moved
    for account_id in (AccountId(1), AccountId(2)):
        for first, end in MONTHS:
            right = {key[2] for key in moved if key[:2] == (account_id, month_of(first))}
            found = clicked_links(world.session, account_id, first.toordinal(), end.toordinal())
            assert found == len(right)
        spans = [(first.toordinal(), end.toordinal()) for first, end in MONTHS]
        weeks = [(day, day + 7) for day in range(spans[0][0], spans[-1][0], 7)]
        for some in (spans, weeks):
            apart = {span[0]: clicked_links(world.session, account_id, *span) for span in some}
            assert links_by_period(world.session, account_id, some) == apart
    world.session.rollback()


def drawn(chance: random.Random, links: list[LinkId]) -> ClickRecord:
    return ClickRecord(
        to_ms(NOON + timedelta(days=chance.randint(-30, 90))),
        chance.choice(links),
        chance.choice([FIREFOX, FIREFOX, "Twitterbot/1.0"]),
        None,
        chance.choice([None, *range(6)]),
    )


@pytest.mark.parametrize(("last", "is_by_month"), [(1, True), (2, False)])
def test_whole_months_are_read_from_their_own_count(
    world: World, last: int, is_by_month: bool
) -> None:
    """Other spans, as visitor periods of a week have them, from days."""
    account = world.account()
    post = world.post(account, "http://one.com/", NOON)
    world.click([ClickRecord(to_ms(NOON), post.links[0].id, FIREFOX, None, 1)])
    first, end = (date(2026, month, day).toordinal() for month, day in ((5, 1), (6, last)))
    assert clicked_links(world.session, account.id, first, end) == 1
    world.session.rollback()
    with world.database.engine.begin() as connection:
        connection.execute(delete(account_link_months if is_by_month else link_days))
    assert clicked_links(world.session, account.id, first, end) == 0
