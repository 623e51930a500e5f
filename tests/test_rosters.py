"""Rosters: who came, left and came back, with the precision the lists allow."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, or_, select
from world import NOON, World

from linktrack.audience.accounts import add_account
from linktrack.audience.counts import list_counts, record_count
from linktrack.audience.forgetting import Forgotten, find_people, forget_people
from linktrack.audience.models import Account, Follower, FollowPeriod, Roster
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.networks.records import FollowerRecord

KEY = b"k" * 32


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


def take(
    world: World,
    account: Account,
    number: int,
    people: Iterable[str | FollowerRecord],
    confirmed: bool = True,
) -> TakenRoster:
    """Take a list of ids on a day."""
    records = [one if isinstance(one, FollowerRecord) else FollowerRecord(one) for one in people]
    done = take_roster(
        world.session,
        account,
        records,
        day(number),
        "test",
        forgotten=Forgotten.read(world.session, account.network, KEY),
        confirmed=confirmed,
        now=day(1000),
    )
    world.session.commit()
    return done


def periods(world: World, account: Account) -> str:
    """Show an account's periods as days since noon: began (after, by], ended (after, by]."""
    query = (
        select(Follower.network_id, FollowPeriod)
        .join(Follower, Follower.id == FollowPeriod.follower_id)
        .where(FollowPeriod.account_id == account.id)
        .order_by(Follower.network_id, FollowPeriod.began_by)
    )
    lines = []
    for network_id, period in world.session.execute(query):
        moments = (period.began_after, period.began_by, period.ended_after, period.ended_by)
        shown = ["-" if moment is None else str((moment - NOON).days) for moment in moments]
        lines.append(f"{network_id}: {shown[0]}..{shown[1]} to {shown[2]}..{shown[3]}")
    world.session.rollback()
    return "\n".join(lines)


def test_two_lists_say_who_came_left_and_came_back_between_them(world: World) -> None:
    """Between 3 and 10 May is between 3 and 10 May."""
    account = world.account()
    assert take(world, account, 0, "abc").gained is None
    assert take(world, account, 7, "ad") == TakenRoster(day(7), 2, True, 1, 0, 2, 0)
    assert take(world, account, 9, "abd") == TakenRoster(day(9), 3, True, 0, 1, 0, 0)
    assert periods(world, account) == (
        "a: -..0 to -..-\nb: -..0 to 0..7\nb: 7..9 to -..-\nc: -..0 to 0..7\nd: 0..7 to -..-"
    )


def test_an_older_list_is_placed_in_its_time(world: World) -> None:
    """A list between two others makes what they say more exact, and may show an absence."""
    account = world.account()
    take(world, account, 0, "ab")
    take(world, account, 8, "ac")
    done = take(world, account, 4, "bc")
    assert (done.gained, done.returned, done.lost) == (1, 0, 1)
    assert periods(world, account) == (
        "a: -..0 to 0..4\na: 4..8 to -..-\nb: -..0 to 4..8\nc: 0..4 to -..-"
    )


def test_the_same_list_twice_changes_nothing(world: World) -> None:
    """Another list at the same moment is refused."""
    account = world.account()
    take(world, account, 0, "abc")
    take(world, account, 1, "abd")
    before = periods(world, account)
    again = take(world, account, 1, "dba")
    assert (again.is_new, again.size) == (False, 3)
    assert periods(world, account) == before
    with pytest.raises(Conflict, match="already another follower list of @JessesLinks at"):
        take(world, account, 1, "abe")
    world.session.rollback()
    assert periods(world, account) == before
    assert world.session.scalar(select(func.count()).select_from(Roster)) == 2


def model(rosters: dict[int, frozenset[str]]) -> str:
    """Say by plain loops what the periods must be."""
    days = sorted(rosters)
    lines = []
    for person in sorted(frozenset().union(*rosters.values())):
        start: int | None = None
        for place, number in enumerate(days):
            here = person in rosters[number]
            if here and start is None:
                start = place
            if start is not None and (not here or place == len(days) - 1):
                after = "-" if start == 0 else str(days[start - 1])
                end = f"{days[place - 1]}..{number}" if not here else "-..-"
                lines.append(f"{person}: {after}..{days[start]} to {end}")
                start = None
    return "\n".join(lines)


people = st.frozensets(st.sampled_from("abcdef"), max_size=6)


@pytest.mark.slow
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rosters=st.dictionaries(st.integers(0, 30), people, min_size=1, max_size=6),
    data=st.data(),
)
def test_lists_taken_in_any_order_give_the_same_periods(
    world: World, rosters: dict[int, frozenset[str]], data: st.DataObject
) -> None:
    """And these are the ones that counting by hand gives; a roster's size is who is in it."""
    order = data.draw(st.permutations(sorted(rosters)))
    number = world.session.scalar(select(func.count()).select_from(Account)) or 0
    account = add_account(world.session, "x", f"@account{number}", None, NOON)
    for at in order:
        take(world, account, at, sorted(rosters[at]))
    assert periods(world, account) == model(rosters)
    for at, expected in rosters.items():
        held = select(func.count()).where(
            FollowPeriod.account_id == account.id,
            FollowPeriod.began_by <= day(at),
            or_(FollowPeriod.ended_after.is_(None), FollowPeriod.ended_after >= day(at)),
        )
        assert world.session.scalar(held) == len(expected)
    world.session.rollback()


def test_a_list_that_is_suddenly_a_tenth_needs_a_yes(world: World) -> None:
    """It was cut off on its way, more likely than ninety per cent have left."""
    account = world.account()
    take(world, account, 0, [str(number) for number in range(40)])
    take(world, account, 1, [str(number) for number in range(5)], confirmed=False)
    with pytest.raises(Conflict, match="0 people, and the one of 2026-05-05 has 5"):
        take(world, account, 2, [], confirmed=False)
    world.session.rollback()
    assert periods(world, account).count("-..-") == 5


@pytest.mark.parametrize(
    ("counted", "listed", "is_doubted"),
    [
        ((1000, 1000), (990, 560), True),  # nobody left by the count, and 430 are missing
        ((1000, 1000), (990, 400), True),
        ((1000, 570), (990, 560), False),  # they left: the count has lost them too
        ((1000, 1000), (560, 560), False),  # this network always shows so many
        ((1000, 1000), (990, 930), False),  # a few are missing, as some always are
        ((12, 12), (12, 8), False),
    ],
)
def test_a_list_that_lost_people_whom_the_count_has_not_lost_needs_a_yes(
    sqlite_world: World, counted: tuple[int, int], listed: tuple[int, int], is_doubted: bool
) -> None:
    """Networks sometimes give a part of a list as if it were all."""
    world, account = sqlite_world, sqlite_world.account()
    for number, count in enumerate(counted):
        record_count(world.session, account, count, day(number), "mastodon", now=day(1000))
    take(world, account, 0, map(str, range(listed[0])))
    second = list(map(str, range(listed[1])))
    if is_doubted:
        with pytest.raises(Conflict, match="may be incomplete"):
            take(world, account, 1, second, confirmed=False)
        world.session.rollback()
    else:
        take(world, account, 1, second, confirmed=False)
    assert take(world, account, 1, second).size == listed[1]


def test_a_list_from_the_future_is_refused(world: World) -> None:
    """Nobody can have taken it."""
    account = world.account()
    with pytest.raises(Invalid, match="in the future"):
        take(world, account, 1001, "a")


def test_facts_are_those_of_the_newest_list_that_has_them(world: World) -> None:
    """An older list fills what is unknown, and never takes a newer fact's place."""
    account = world.account()
    take(world, account, 5, [FollowerRecord("1", "@New", followers=50, has_picture=False)])
    take(world, account, 9, ["1"])
    take(world, account, 0, [FollowerRecord("1", "@old", followers=10, posts=3)])
    person = world.session.scalars(select(Follower)).one()
    assert (person.handle, person.followers, person.posts) == ("@New", 50, 3)
    assert (person.has_picture, person.followed_back, person.facts_at) == (False, None, day(5))
    world.session.rollback()
    take(world, account, 12, [FollowerRecord("1", "@Newer", followers=60)])
    person = world.session.scalars(select(Follower)).one()
    assert (person.handle, person.followers, person.posts) == ("@Newer", 60, 3)


def test_people_known_by_handle_alone_become_those_of_the_id(world: World) -> None:
    """Lists with handles and lists with ids meet, in either order."""
    account = world.account()
    take(world, account, 0, [FollowerRecord(None, "@Ann"), FollowerRecord(None, "@Bob")])
    take(world, account, 1, [FollowerRecord("7", "@ann"), FollowerRecord("8", "@Cy")])
    take(world, account, 2, [FollowerRecord(None, "@ANN"), FollowerRecord(None, "@bob")])
    assert periods(world, account) == (
        "7: -..0 to -..-\n8: 0..1 to 1..2\n@bob: -..0 to 0..1\n@bob: 1..2 to -..-"
    )


def test_a_person_twice_in_a_list_is_one(world: World) -> None:
    """Parts of archives overlap."""
    account = world.account()
    rows: Sequence[str | FollowerRecord] = [
        "1", "1", FollowerRecord("2", "@Bo"), FollowerRecord(None, "@bo"),
    ]  # fmt: skip
    assert take(world, account, 0, rows).size == 2


def test_a_list_counts_followers_where_nothing_else_does(world: World) -> None:
    """A figure that somebody has entered is not put aside by a list."""
    account = world.account()
    take(world, account, 0, "abc")
    take(world, account, 30, "abcd")
    record_count(world.session, account, 5, day(40), "entered", now=day(1000))
    take(world, account, 50, "abc")
    take(world, account, 131, "ab")
    found = [
        ((row.counted_at - NOON).days, row.count) for row in list_counts(world.session, account.id)
    ]
    assert found == [(0, 3), (30, 4), (40, 5), (131, 2)]


def test_two_accounts_share_nothing(world: World) -> None:
    """The same person may follow both; each has periods of its own."""
    one, two = world.account(), world.account("@other")
    take(world, one, 0, "ab")
    take(world, two, 0, "bc")
    take(world, one, 1, "b")
    assert periods(world, two) == "b: -..0 to -..-\nc: -..0 to -..-"


def test_who_is_forgotten_does_not_come_back_with_the_next_list(world: World) -> None:
    """By id or by handle; the lists they were in become smaller by one."""
    one, two = world.account(), world.account("@other")
    ann = FollowerRecord("1", "@Ann")
    take(world, one, 0, [ann, "2"])
    take(world, one, 1, ["2"])
    take(world, one, 2, [ann, "2"])
    take(world, two, 0, [ann])
    gone = find_people(world.session, "@ann")
    assert len(gone) == 2
    forget_people(world.session, gone, KEY, day(3))
    world.session.commit()
    sizes = select(Roster.size).order_by(Roster.account_id, Roster.taken_at)
    assert world.session.scalars(sizes).all() == [1, 1, 1, 0]
    assert take(world, one, 3, [ann, "2"]).forgotten == 1
    assert take(world, one, 4, [FollowerRecord(None, "@ANN"), "2"]).forgotten == 1
    assert periods(world, one) == "2: -..0 to -..-"
    with pytest.raises(NotFound, match="There is no follower '@ann'"):
        find_people(world.session, "@ann")
