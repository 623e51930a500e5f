"""Regulars: who did something in at least three of the last four weeks, and who of them stays."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from audiences import DAY, day, follow, take
from engaging import engage, network_post
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account, Follower
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.storing import store_reading
from linktrack.errors import Invalid, NotFound
from linktrack.networks.engagement import EngagedPerson
from linktrack.reports.engagement.regulars import RegularsReport, regulars_report
from linktrack.reports.figures.statistics.rates import wilson

UTC_ZONE = ZoneInfo("UTC")


def regulars(
    world: World, account: Account, now: datetime, limit: int = 100, after: int | None = None
) -> RegularsReport:
    return regulars_report(
        world.session, account, timezone=UTC_ZONE, now=now, limit=limit, after=after
    )


def liked(world: World, account: Account, did: dict[float, str], first: int = 0) -> None:
    """Let people like a new post on each of these days; the network says when."""
    for number, (when, names) in enumerate(did.items(), first):
        post = network_post(world, account, number, day(when))
        at = day(when) + timedelta(hours=1)
        people = [EngagedPerson("like", name, at=at) for name in names.split()]
        store_reading(world.session, post, {"like": len(people)}, people, at)
    world.session.commit()


def test_three_of_four_weeks_make_a_regular_who_follows(world: World) -> None:
    """Weeks end with yesterday; who has left is none; most weeks come first."""
    account = world.account("@me.test", "bluesky", role="me")
    take(world, account, -40, range(1, 9))
    liked(world, account, {-35: "1", -27: "1 2 3 4", -20: "1 2 3", -13: "1 4 5", -6: "1 2 3 4 5"})
    take(world, account, -1, [1, 2, 4, 5, 6, 7, 8])
    found = regulars(world, account, NOON)
    assert found.refused is None
    assert [(each.network_id, each.weeks, each.engagements) for each in found.people] == [
        ("1", 4, 4), ("2", 3, 3), ("4", 3, 3),
    ]  # fmt: skip
    assert (found.regulars, found.followers, found.before) == (3, 7, None)
    assert found.sentence == (
        "3 followers did something in at least 3 of the last 4 weeks, of 7 on your list."
    )
    first = regulars(world, account, NOON, limit=2)
    assert first.after == first.people[-1].number
    rest = regulars(world, account, NOON, 2, first.after)
    assert [each.network_id for each in rest.people] == ["4"]


def test_who_stays_is_counted_among_the_regulars_of_the_weeks_before(world: World) -> None:
    account = world.account("@me.test", "bluesky", role="me")
    take(world, account, -70, range(1, 9))
    before = dict.fromkeys((-55.0, -48.0, -41.0, -34.0), "1 2 3 4 5")
    now = {-27.0: "1 2 3 8", -20.0: "1 2 8", -13.0: "1 2 3 8", -6.0: "4"}
    liked(world, account, {-60: "1", **before, **now})
    take(world, account, -1, [1, 2, 3, 4, 8])
    found = regulars(world, account, NOON)
    assert {each.network_id for each in found.people} == {"1", "2", "8"}
    assert (found.before, found.stayed, found.left) == (5, 2, 1)
    assert found.stay.value == 0.4
    assert found.stay.interval == wilson(2, 5)
    assert "Of the 5 regulars of the 4 weeks before, 2 still are: 40.0%" in found.sentence


def test_a_click_on_a_personal_link_counts_like_a_like(world: World) -> None:
    """Only who agreed to such links has them."""
    account = world.account("@me.test", "bluesky")
    (one, *_) = follow(world, account, [{}, {}], day(-40))
    liked(world, account, {-35: "1", -27: "1", -20: "1"})
    post = world.post(account, "Read https://example.com", day(-9))
    click = ClickRecord(
        to_ms(day(-8)), post.links[0].id, visitor=1, user_agent="Mozilla/5.0", referrer=None
    )
    world.click([click])
    world.session.commit()
    assert regulars(world, account, NOON).people == []
    personal(world, one.id)
    (person,) = regulars(world, account, NOON).people
    assert (person.weeks, person.engagements, person.clicks) == (3, 2, 1)


def personal(world: World, number: int) -> None:
    """Say that all clicks are those of one follower, as a personal link does."""
    from sqlalchemy import update

    from linktrack.clicks.models import clicks

    world.session.execute(update(clicks).values(follower_id=number, reason=0))
    world.session.commit()


def test_what_is_not_known_for_four_weeks_is_refused_with_a_day(world: World) -> None:
    account = world.account("@me.test", "bluesky")
    assert "import a follower list" in regulars(world, account, NOON).sentence
    take(world, account, -40, range(3))
    assert "hasn't named anybody yet" in regulars(world, account, NOON).sentence
    post = network_post(world, account, 0, day(-25))
    engage(world, post, day(-20), {"like": ["1"]})  # nobody says when: it was read then
    found = regulars(world, account, NOON)
    assert (found.regulars, found.before, found.people) == (None, None, [])
    assert found.sentence == (
        "Regulars need 4 weeks of engagement, and it is known since 14 April 2026: look again on "
        "13 May 2026."
    )
    assert regulars(world, account, datetime(2026, 5, 12, 23, tzinfo=UTC)).refused is not None
    assert regulars(world, account, datetime(2026, 5, 13, 1, tzinfo=UTC)).refused is None
    with pytest.raises(NotFound):
        regulars(world, account, NOON + 9 * DAY, after=77)
    with pytest.raises(Invalid):
        regulars(world, account, NOON, limit=0)


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000))
def test_regulars_equal_a_recount_of_the_raw_deeds(sqlite_world: World, seed: int) -> None:
    """Likes at random moments of ten weeks, of people who come and go."""
    world, draw = sqlite_world, random.Random(seed)
    taken = world.session.scalars(select(Account.id)).all()
    account = world.account(f"@me{len(taken)}.test", "bluesky")
    everyone = [str(number) for number in range(8)]
    lists = {
        float(when): set(draw.sample(everyone, draw.randint(4, 8))) | {"0"}
        for when in (-90, -45, -29, -2)
    }
    for when, people in lists.items():
        take(world, account, when, sorted(people))
    by_chance = [(-draw.uniform(0, 69), draw.choice(everyone)) for _ in range(60)]
    deeds: list[tuple[float, str]] = [(-70, "0"), *by_chance]
    for number, (when, who) in enumerate(deeds):
        post: NetworkPost = network_post(world, account, number, day(when - 0.01))
        person = EngagedPerson("like", who, at=day(when))
        store_reading(world.session, post, {"like": 1}, [person], day(when) + timedelta(hours=2))
    known = set(world.session.scalars(
        select(Follower.network_id).where(Follower.account_id == account.id)
    ))  # fmt: skip
    today = -0.5  # NOON is half a day after midnight

    def regular(ends: float) -> set[str]:
        weeks = {(who, int((ends - when) // 7)) for when, who in deeds if ends - 28 <= when < ends}
        return {one for one in known if sum(who == one for who, _ in weeks) >= 3}

    found = regulars(world, account, NOON)
    now, before = regular(today) & lists[-2], regular(today - 28) & lists[-29]
    assert {each.network_id for each in found.people} == now
    assert (found.regulars, found.before) == (len(now), len(before))
    assert found.stayed == len(before & now)
    assert found.left == len(before - lists[-2])
