"""Following back: within its limit, each person once, and only what it did is ever undone."""

from datetime import UTC, datetime, timedelta

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from square import DAY, KEY, Clock, Killed, Square, crowd, person, roster
from world import NOON, World

from linktrack.audience.follow_back.log import (
    done_by_hand,
    dry_run,
    follow_log,
    status_of,
    switch_off,
    switch_on,
    undo,
    undoable,
)
from linktrack.audience.follow_back.worker import (
    FollowedBack,
    claim_follow_back,
    due_follow_backs,
    follow_back,
)
from linktrack.audience.forgetting import find_people, forget_people
from linktrack.audience.models import Account, FollowBack, MadeFollow
from linktrack.errors import Conflict, Invalid, LinktrackError, Unavailable
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear

MINUTE = timedelta(minutes=1)


def turned_on(world: World, account: Account, limit: int = 20) -> None:
    dry_run(world.session, account, NOON - 2 * DAY, limit, NOON)
    switch_on(world.session, account, NOON)
    world.session.commit()


def run(world: World, account: Account, square: Square) -> FollowedBack:
    """One turn of the service, where it is due."""
    world.session.rollback()
    with world.database.session(writes=True) as session:
        claimed = claim_follow_back(session, account.id, square.clock.now)
        session.commit()
        there = session.get_one(Account, account.id)
    assert claimed
    world.session.rollback()
    done = follow_back(world.database, there, square.open, square.clock)
    assert not square.is_open
    return done


def states(world: World, account: Account) -> list[str]:
    world.session.rollback()
    return [f"{row.handle} {row.state}" for row in follow_log(world.session, account.id, 100)][::-1]


def test_who_followed_since_the_date_is_followed_once(world: World) -> None:
    """Not those of before, nor of the first list, which says nothing on when they came."""
    account = crowd(world, "ab")
    clock = Clock()
    square = Square(clock)
    turned_on(world, account)
    assert run(world, account, square) == FollowedBack("@you.test", followed=2)
    assert square.followed() == ["did:plc:a", "did:plc:b"]
    assert states(world, account) == ["@a.test followed", "@b.test followed"]
    row = follow_log(world.session, account.id, 1)[0]
    assert row.why == "Began to follow by 2026-05-04."
    assert (row.begun_at, row.followed) == (NOON, "at://me/follow/2")
    clock.now += 2 * 60 * MINUTE
    assert run(world, account, square).followed == 0
    assert square.asked_lists == 1  # with nobody to follow the network is not asked


def test_nobody_is_followed_before_the_dry_run_was_shown_and_it_was_switched_on(
    world: World,
) -> None:
    """Off by default; other settings need another dry run."""
    account = crowd(world, "ab")
    with pytest.raises(Conflict, match="preview first"):
        switch_on(world.session, account, NOON)
    plan = dry_run(world.session, account, NOON - 2 * DAY, 1, NOON)
    assert [each.handle for each in plan.now] == ["@a.test"]
    assert plan.later == 1
    world.session.commit()
    assert due_follow_backs(world.session, NOON) == []
    switch_on(world.session, account, NOON)
    world.session.commit()
    assert [one.id for one in due_follow_backs(world.session, NOON)] == [account.id]
    dry_run(world.session, account, NOON - 2 * DAY, 5, NOON)
    world.session.commit()
    assert world.session.get_one(FollowBack, account.id).on_since is None
    assert due_follow_backs(world.session, NOON) == []
    assert follow_log(world.session, account.id, 1) == []


def test_who_looks_empty_or_is_followed_already_is_skipped_and_it_says_why(world: World) -> None:
    """By the signs that segments know."""
    account = world.account("@you.test", "bluesky")
    roster(world, account, [person("old")], NOON - DAY)
    newcomers = [person("a"), person("e", empty=True), person("f", followed_back=True)]
    roster(world, account, [person("old"), *newcomers], NOON)
    plan = dry_run(world.session, account, NOON - 2 * DAY, 5, NOON)
    assert [each.handle for each in plan.now] == ["@a.test"]
    assert {each.handle: each.skipped for each in plan.skipped} == {
        "@e.test": "Looks empty: never posted; fewer than 5 followers.",
        "@f.test": "You follow them already.",
    }


def test_whom_the_owner_follows_already_is_no_follow_of_ours(world: World) -> None:
    """The list of the network is looked at first, so that undoing leaves them alone."""
    account = crowd(world, "ab")
    square = Square(Clock())
    square.records["at://me/follow/by-hand"] = ("did:plc:a", NOON - DAY)
    turned_on(world, account)
    assert run(world, account, square).followed == 1
    assert states(world, account) == ["@b.test followed"]
    plan = status_of(world.session, account, NOON).plan
    assert [each.skipped for each in plan.skipped] == ["You follow them already."]
    undo(world.session, account, undoable(world.session, account.id), None, NOON)
    world.session.commit()
    square.clock.now += 60 * MINUTE
    run(world, account, square)
    assert square.followed() == ["did:plc:a"]


def test_the_daily_limit_holds_within_any_24_hours(world: World) -> None:
    """Those who wait are followed on the days after, the oldest first."""
    account = crowd(world, "abcde")
    square = Square(Clock())
    turned_on(world, account, limit=2)
    for hours, expected in ((0, 2), (12, 0), (12, 2), (12, 0), (12, 1)):
        square.clock.now += timedelta(hours=hours)
        assert run(world, account, square).followed == expected
    assert square.followed() == [f"did:plc:{name}" for name in "abcde"]


def test_switched_off_nobody_is_followed_any_more(world: World) -> None:
    """In the middle of a turn, too."""
    account = crowd(world, "abc")
    square = Square(Clock())
    turned_on(world, account)

    class Interrupted(Square):
        def follow(self, network_id: str) -> str:
            with world.database.session(writes=True) as session:
                switch_off(session, session.get_one(Account, account_id), NOON)
                session.commit()
            return super().follow(network_id)

    account_id = account.id
    square = Interrupted(Clock())
    assert run(world, account, square).followed == 1
    assert square.followed() == ["did:plc:a"]


def test_a_refused_person_stays_refused_and_the_others_are_followed(world: World) -> None:
    """With the network's reason."""
    account = crowd(world, "abc")
    square = Square(Clock())
    square.before["did:plc:b"] = Refused("They have blocked you.")
    turned_on(world, account)
    assert run(world, account, square).followed == 2
    assert states(world, account) == ["@a.test followed", "@b.test refused", "@c.test followed"]
    square.clock.now += DAY
    assert run(world, account, square).followed == 0


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Unavailable("It is out."), "@you.test: It is out."),
        (SignedOut("Connect again."), "@you.test: Connect again."),
        (Pause(NOON + 5 * MINUTE), "@you.test: asked to wait until 2026-05-04 12:05:00 UTC."),
    ],
)
def test_what_was_not_done_is_done_later(
    world: World, trouble: LinktrackError | Pause, said: str
) -> None:
    """And it does not count for the day."""
    account = crowd(world, "ab")
    square = Square(Clock())
    square.before["did:plc:b"] = trouble
    turned_on(world, account, limit=2)
    assert run(world, account, square).problem == said
    world.session.rollback()
    assert world.session.get_one(FollowBack, account.id).problem == said
    assert states(world, account) == ["@a.test followed"]
    square.clock.now += 61 * MINUTE
    assert run(world, account, square) == FollowedBack("@you.test", followed=1)


@pytest.mark.parametrize("end", [Killed(), Unclear("No answer came.")])
@pytest.mark.parametrize("done", [True, False])
def test_a_follow_whose_end_is_not_known_is_found_out_later(
    world: World, end: BaseException, done: bool
) -> None:
    """It was stored before; minutes later the network shows whether it is there."""
    account = crowd(world, "ab")
    square = Square(Clock())
    (square.after if done else square.before)["did:plc:a"] = end
    turned_on(world, account)
    if isinstance(end, Killed):
        with pytest.raises(Killed):
            run(world, account, square)
    else:
        assert run(world, account, square).problem == "@you.test: No answer came."
    assert states(world, account) == ["@a.test following"]
    square.clock.now += 61 * MINUTE
    assert run(world, account, square).followed == 2
    assert square.followed() == ["did:plc:a", "did:plc:b"]
    assert states(world, account) == ["@a.test followed", "@b.test followed"]


def test_in_doubt_and_switched_off_nobody_new_is_followed(world: World) -> None:
    """What is there is kept as ours; what is not is dropped."""
    account = crowd(world, "ab")
    square = Square(Clock())
    square.after["did:plc:a"] = Killed()
    turned_on(world, account)
    with pytest.raises(Killed):
        run(world, account, square)
    world.session.add(
        MadeFollow(account_id=account.id, network_id="did:plc:b", handle="@b.test",
                   state="following", why="", begun_at=NOON)
    )  # fmt: skip
    switch_off(world.session, account, NOON)
    world.session.commit()
    square.clock.now += 61 * MINUTE
    run(world, account, square)
    assert square.followed() == ["did:plc:a"]
    assert states(world, account) == ["@a.test followed"]


def test_only_what_linktrack_made_is_undone(world: World) -> None:
    """One, a day's, or all; nobody who was undone is followed again."""
    account = crowd(world, "abc")
    square = Square(Clock())
    square.records["at://me/follow/by-hand"] = ("did:plc:friend", NOON - DAY)
    turned_on(world, account, limit=2)
    run(world, account, square)
    square.clock.now += DAY
    run(world, account, square)
    first = follow_log(world.session, account.id, 9)[-1].id
    assert undoable(world.session, account.id, number=first) == [first]
    late = undoable(world.session, account.id, since=NOON + 2 * MINUTE)
    assert len(late) == 1
    assert len(undoable(world.session, account.id, until=NOON + MINUTE)) == 2
    undo(world.session, account, [first, *late], None, NOON)
    world.session.commit()
    square.clock.now += DAY
    assert run(world, account, square).undone == 2
    assert square.followed() == ["did:plc:b", "did:plc:friend"]
    assert states(world, account) == ["@a.test undone", "@b.test followed", "@c.test undone"]
    with pytest.raises(Conflict, match="nothing to undo"):
        undo(world.session, account, undoable(world.session, account.id, number=first), None, NOON)


def test_undoing_more_than_twenty_asks_for_the_number(world: World) -> None:
    """The right one, to be typed."""
    account = world.account("@you.test", "bluesky")
    for number in range(21):
        world.session.add(
            MadeFollow(account_id=account.id, network_id=f"did:{number}", state="followed",
                       why="", begun_at=NOON, followed=f"at://{number}")
        )  # fmt: skip
    world.session.commit()
    everything = undoable(world.session, account.id)
    for typed in (None, 20, 22):
        with pytest.raises(Conflict, match="undoes 21 follows"):
            undo(world.session, account, everything, typed, NOON)
    assert undo(world.session, account, everything[1:], None, NOON) == 20
    world.session.rollback()
    assert undo(world.session, account, everything, 21, NOON) == 21


def test_undoing_goes_on_where_it_was_killed(world: World) -> None:
    """What is gone already is no error."""
    account = crowd(world, "ab")
    square = Square(Clock())
    turned_on(world, account)
    run(world, account, square)
    undo(world.session, account, undoable(world.session, account.id), None, NOON)
    world.session.commit()
    kept = square.unfollow

    def dies(followed: str) -> None:
        kept(followed)
        square.unfollow = kept  # type: ignore[method-assign]  # this network's own fault
        raise Killed

    square.unfollow = dies  # type: ignore[method-assign]
    square.clock.now += 60 * MINUTE
    with pytest.raises(Killed):
        run(world, account, square)
    square.clock.now += 60 * MINUTE
    assert run(world, account, square).undone == 2
    assert square.followed() == []


def test_x_is_followed_by_hand(world: World) -> None:
    """Its rules forbid programs to: a list, ticked off, within the same limit."""
    account = crowd(world, "abc", "x")
    dry_run(world.session, account, NOON - 2 * DAY, 2, NOON)
    with pytest.raises(Invalid, match="X forbids"):
        switch_on(world.session, account, NOON)
    plan = status_of(world.session, account, NOON).plan
    assert [each.network_id for each in plan.now] == ["did:plc:a", "did:plc:b"]
    strangers = ["did:plc:a", "did:plc:nobody", "did:plc:old"]
    assert done_by_hand(world.session, account, strangers, NOON) == 1
    status = status_of(world.session, account, NOON)
    assert status.followed == 1
    assert [each.network_id for each in status.plan.now] == ["did:plc:b"]
    assert undoable(world.session, account.id) == []


def test_only_the_you_account_follows_back(world: World) -> None:
    """And settings that cannot be are said."""
    other = world.account("@me.test", "bluesky", "me")
    with pytest.raises(Invalid, match="Only your account with the role you"):
        dry_run(world.session, other, NOON, 5, NOON)
    letter = world.account("Letter", "other", "you")
    with pytest.raises(Invalid, match="no network"):
        dry_run(world.session, letter, NOON, 5, NOON)
    account = world.account("@you.test", "bluesky")
    for since, limit, match in (
        (NOON, 0, "1 to 100"),
        (NOON, 101, "1 to 100"),
        (NOON + DAY, 5, "in the future"),
    ):
        with pytest.raises(Invalid, match=match):
            dry_run(world.session, account, since, limit, NOON)


def test_who_is_forgotten_is_taken_out_of_the_log(world: World) -> None:
    """All that is kept of them goes."""
    account = crowd(world, "ab")
    square = Square(Clock())
    turned_on(world, account)
    run(world, account, square)
    forget_people(world.session, find_people(world.session, "did:plc:a"), KEY, NOON)
    world.session.commit()
    assert states(world, account) == ["@b.test followed"]


def test_two_machines_do_not_both_follow(world: World) -> None:
    """One claims the account; and who is stored is stored once."""
    account = crowd(world, "a")
    turned_on(world, account)
    number = account.id
    world.session.rollback()
    claims = []
    for _ in range(2):
        with world.database.session(writes=True) as session:
            claims.append(claim_follow_back(session, number, NOON))
            session.commit()
    assert claims == [True, False]


FAULTS = st.sampled_from(
    [
        None,
        None,
        Killed(),
        Unclear("?"),
        Unavailable("out"),
        Pause(datetime(2026, 5, 4, tzinfo=UTC)),
    ]
)


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_dies_when_nobody_is_followed_twice_and_the_limit_holds(
    sqlite_world: World, data: st.DataObject
) -> None:
    """Over days of faults, kills, being switched off and on again, and undoing."""
    world = sqlite_world
    number = world.session.scalar(select(func.count()).select_from(Account)) or 0
    account = world.account(f"@you{number}.test", "bluesky")
    names = [f"p{place}" for place in range(data.draw(st.integers(1, 8)))]
    roster(world, account, [person("old")], NOON - DAY)
    roster(world, account, [person("old"), *map(person, names)], NOON)
    limit = data.draw(st.integers(1, 4))
    square = Square(Clock())
    turned_on(world, account, limit)
    account_id = account.id
    made: list[datetime] = []
    for _ in range(data.draw(st.integers(1, 12))):
        square.before = {f"did:plc:{name}": fault for name in names if (fault := data.draw(FAULTS))}
        square.after = {
            f"did:plc:{name}": fault
            for name in names
            if isinstance(fault := data.draw(FAULTS), Killed | Unclear)
        }
        square.clock.now += data.draw(st.sampled_from([MINUTE, 11 * MINUTE, DAY / 2, DAY]))
        world.session.rollback()
        account = world.session.get_one(Account, account_id)
        act = data.draw(st.sampled_from(["nothing", "off", "on", "undo"]))
        if act == "off":
            switch_off(world.session, account, square.clock.now)
        elif act == "on":
            switch_on(world.session, account, square.clock.now)
        elif act == "undo" and (numbers := undoable(world.session, account_id)):
            undo(world.session, account, numbers, len(numbers), square.clock.now)
        world.session.commit()
        before = square.made
        due = {one.id for one in due_follow_backs(world.session, square.clock.now)}
        world.session.rollback()
        if account_id in due:
            try:
                run(world, account, square)
            except Killed:
                square.close()
        made += [square.clock.now] * (square.made - before)
        assert len(square.followed()) == len(set(square.followed()))
        recent = [at for at in made if at > square.clock.now - DAY]
        assert len(recent) <= limit
    square.before, square.after = {}, {}
    made_for = world.session.scalars(
        select(MadeFollow.network_id).where(MadeFollow.account_id == account_id)
    ).all()
    assert len(made_for) == len(set(made_for))
