"""Segments: the first match wins, sizes add up to the roster, and what changed counts from then."""

import random
from datetime import datetime
from pathlib import Path

import pytest
from audiences import DAY, follow
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.models import Account, Follower, FollowerSegment, FollowPeriod, Roster
from linktrack.audience.segments import (
    REST,
    add_segment,
    change_segment,
    entry_key,
    find_segment,
    list_segments,
    move_segment,
    pending_entries,
    remove_segment,
    rename_segment,
)
from linktrack.audience.sorting import segment_of, sizes_at, sort_followers
from linktrack.db import now
from linktrack.errors import Conflict, Invalid, LinktrackError, NotFound
from linktrack.portability.followers.list_csv import read_list


def sizes(world: World, account: Account) -> dict[str, tuple[int | None, int | None]]:
    """Return name → (size, not judged), in order."""
    standing = sizes_at(world.session, account.id)
    unjudged = {} if standing is None else standing.unjudged
    return {
        segment.name: (segment.size, unjudged.get(segment.id))
        for segment in list_segments(world.session, account)
    }


def test_the_first_match_wins_and_everyone_else_is_last(world: World) -> None:
    """A follower is in one segment; whom a rule cannot judge is counted there, and goes on."""
    account = world.account()
    follow(
        world,
        account,
        [
            {"posts": 0, "followed_back": True},
            {"posts": 50, "followed_back": True},
            {"posts": 50, "followed_back": False},
            {"posts": None, "followed_back": True},
            {"posts": None, "followed_back": None},
        ],
    )
    session = world.session
    add_segment(session, account, "silent", None, NOON, rules=["posts = 0"])
    add_segment(session, account, "mutuals", None, NOON, rules=["we_follow = yes"])
    sort_followers(session, account, NOON)
    assert sizes(world, account) == {"silent": (1, 2), "mutuals": (2, 1), REST: (2, 0)}
    move_segment(session, account, find_segment(session, account, "mutuals"), 1, now())
    sort_followers(session, account, NOON + DAY)
    assert sizes(world, account) == {"mutuals": (3, 1), "silent": (0, 1), REST: (2, 0)}


def test_who_is_on_a_list_is_found_by_id_or_handle_and_the_others_wait(
    world: World, tmp_path: Path
) -> None:
    """An archive of X has ids alone: handles of a list wait for a list that has both."""
    account = world.account()
    people = follow(world, account, [{}, {"handle": "@Ann", "handle_key": "ann"}, {}])
    file = tmp_path / "friends.csv"
    file.write_text("name,handle\nAnn,@ANN\nBen,@ben\nOne,1\n")
    session = world.session
    entries = read_list(file, account.network)
    friends = add_segment(session, account, "Friends", None, NOON, entries=entries)
    sort_followers(session, account, NOON)
    assert sizes(world, account) == {"Friends": (2, 0), REST: (1, 0)}
    assert pending_entries(session, account) == {friends.id: 1}
    people[2].handle, people[2].handle_key = "@Ben", "ben"
    sort_followers(session, account, NOON + DAY)
    assert sizes(world, account) == {"Friends": (3, 0), REST: (0, 0)}
    assert pending_entries(session, account) == {}
    assert segment_of(session, account, people[2], NOON + DAY) == friends.id


def test_the_community_is_who_follows_the_we_account_too(world: World) -> None:
    """By the network's own id; without a list of the we account nobody can be judged."""
    account, we = world.account(), world.account("@OurCircle", role="we")
    follow(world, account, [{}, {}, {}])
    add_segment(world.session, account, "community", None, NOON, rules=["in_community = yes"])
    sort_followers(world.session, account, NOON)
    assert sizes(world, account) == {"community": (0, 3), REST: (3, 0)}
    follow(world, we, [{}, {"network_id": "77"}])
    sort_followers(world.session, account, NOON + DAY)
    assert sizes(world, account) == {"community": (1, 0), REST: (2, 0)}


def test_what_changes_today_counts_from_today(world: World) -> None:
    """The sizes of earlier moments stay; a roster's sizes are those of its own moment."""
    account = world.account()
    follow(world, account, [{"posts": number} for number in range(10)], NOON)
    session = world.session
    busy = add_segment(session, account, "busy", None, NOON, rules=["posts >= 5"])
    sort_followers(session, account, NOON)
    change_segment(session, busy, now(), rules=["posts >= 9"])
    sort_followers(session, account, NOON + 3 * DAY)
    for days, size in ((0, 5), (2, 5), (3, 1), (400, 1)):
        standing = sizes_at(session, account.id, NOON + days * DAY)
        assert standing is not None
        assert standing.sizes[busy.id] == size
    assert sizes_at(session, account.id, NOON - DAY) is None


def test_a_removed_segment_keeps_its_name_and_can_come_back(world: World) -> None:
    """Nobody is sorted into it while it is away."""
    account = world.account()
    follow(world, account, [{"posts": 7}, {"posts": 1}])
    session = world.session
    busy = add_segment(session, account, "busy", None, NOON, rules=["posts >= 5"])
    remove_segment(session, busy, NOON)
    sort_followers(session, account, NOON)
    assert sizes(world, account) == {REST: (2, 0)}
    with pytest.raises(NotFound, match="has no segment 'busy'"):
        find_segment(session, account, "busy")
    again = add_segment(session, account, "busy", None, NOON, rules=["posts >= 1"])
    sort_followers(session, account, NOON + DAY)
    assert again.id == busy.id
    assert sizes(world, account) == {"busy": (2, 0), REST: (0, 0)}


def test_segments_counted_by_hand_stand_beside_those_of_the_follower_list(world: World) -> None:
    """A chat has people who are on no list: its size is the owner's, and adds up with nothing."""
    account = world.account()
    follow(world, account, [{}, {}])
    session = world.session
    chat = add_segment(session, account, "chat", 120, NOON, place="the group chat")
    sort_followers(session, account, NOON)
    assert sizes(world, account) == {"chat": (120, None)}
    change_segment(session, chat, now(), size=130, place="")
    assert (chat.size, chat.place) == (130, None)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda s, a: add_segment(s, a, "Everyone Else", None, NOON), "is reserved for"),
        (lambda s, a: add_segment(s, a, "x", 3, NOON, rules=["posts > 1"]), "choose one"),
        (lambda s, a: add_segment(s, a, "x", None, NOON, rules=["posts"]), "isn't a rule"),
        (lambda s, a: add_segment(s, a, "busy", 1, NOON), "already"),
        (lambda s, a: add_segment(s, a, "x", 1, NOON, place="a\0b"), "A place is named"),
        (lambda s, a: rename_segment(s, a, find_segment(s, a, "busy"), "chat", now()), "already"),
        (
            lambda s, a: move_segment(s, a, find_segment(s, a, "busy"), 3, now()),
            "places 1 to 2, not 3",
        ),
        (lambda s, a: move_segment(s, a, find_segment(s, a, REST), 1, now()), "always comes last"),
        (lambda s, a: remove_segment(s, find_segment(s, a, REST), NOON), "cannot be removed"),
        (
            lambda s, a: change_segment(s, find_segment(s, a, "busy"), now(), size=3),
            "made by rules",
        ),
        (
            lambda s, a: change_segment(s, find_segment(s, a, "chat"), now(), rules=["posts > 1"]),
            "that you enter",
        ),
    ],
)
def test_what_cannot_be_is_said(sqlite_world: World, act, told: str) -> None:  # type: ignore[no-untyped-def]
    """One sentence each."""
    account = sqlite_world.account()
    session = sqlite_world.session
    add_segment(session, account, "busy", None, NOON, rules=["posts >= 5"])
    add_segment(session, account, "chat", 120, NOON)
    with pytest.raises(LinktrackError, match=told) as error:
        act(session, account)
    assert isinstance(error.value, Invalid | Conflict)


@pytest.mark.parametrize(
    ("network", "written", "key"),
    [
        ("x", "12345", "12345"),
        ("x", "@12345", "@12345"),
        ("x", "JesseStay", "@jessestay"),
        ("bluesky", "did:plc:abc", "did:plc:abc"),
        ("bluesky", "@Ann.bsky.social", "@ann.bsky.social"),
        ("mastodon", "https://example.social/users/ann", "https://example.social/users/ann"),
        ("mastodon", "@Ann@Example.social", "@ann@example.social"),
        ("other", "reader-7", "reader-7"),
    ],
)
def test_a_list_may_name_people_by_id_or_handle(network: str, written: str, key: str) -> None:
    """Ids are kept as they are, handles without their case."""
    assert entry_key(network, written) == key


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n1,2\n", "has no column named id or handle"),
        ("id\n\n", "names nobody"),
        ('id\n"a', "is not closed"),
        ("id,name\n1,x\na\x07b,y\n", "Line 3 of list.csv: 'a\\\\x07b' is neither"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path, content: str, told: str) -> None:
    """With the line, where one is at fault."""
    file = tmp_path / "list.csv"
    file.write_text(content)
    with pytest.raises(Invalid, match=told):
        read_list(file, "x")


def test_a_file_of_one_column_needs_no_header(tmp_path: Path) -> None:
    """Lists are often nothing but names."""
    file = tmp_path / "list.csv"
    file.write_text("@Ann\n'@ben\n\n123\n")
    assert read_list(file, "x") == {"@ann", "@ben", "123"}


RULES = (
    "posts > 1",
    "came_back = yes",
    "empty_signs >= 2",
    "we_follow = yes",
    "follows_since > 30 days ago",
    "followers >= 10",
)


@pytest.mark.slow
@settings(
    max_examples=examples(4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000))
def test_sizes_add_up_to_the_roster_on_every_day_of_a_year(sqlite_world: World, seed: int) -> None:
    """People come, leave and return; segments change; each day's sizes sum to its roster's."""
    world, rng = sqlite_world, random.Random(seed)
    session = world.session
    account = world.account(f"@a{seed}_{rng.randrange(10**9)}")
    people = _strangers(world, account, rng)
    rosters: dict[datetime, int] = {}
    for day in range(365):
        now = NOON + day * DAY
        change = rng.choices(["roster", "segments", "nothing"], [8, 6, 40])[0]
        if change == "roster" or not rosters:
            _take_roster(world, account, people, max(rosters, default=None), now, rng)
            rosters[now] = sum(period is not None for period in people.values())
            sort_followers(session, account, now, roster_came=True)
        elif change == "segments":
            _change_segments(world, account, day, rng)
            sort_followers(session, account, now)
    first = sizes_at(session, account.id, NOON + 364 * DAY)
    assert first is not None
    checked = 0
    for day in range(365):
        at = NOON + day * DAY
        standing = sizes_at(session, account.id, at)
        if standing is not None:
            taken = max(moment for moment in rosters if moment <= at)
            assert sum(standing.sizes.values()) == rosters[taken]
            checked += 1
    assert checked > 200
    session.rollback()


def _strangers(
    world: World, account: Account, rng: random.Random
) -> dict[int, FollowPeriod | None]:
    people: dict[int, FollowPeriod | None] = {}
    for number in range(60):
        follower = Follower(
            account_id=account.id,
            network_id=str(number),
            posts=rng.choice([None, 0, 5, 100]),
            followers=rng.choice([None, 0, 10, 1000]),
            following=rng.choice([None, 0, 200]),
            has_picture=rng.choice([None, True, False]),
            followed_back=rng.choice([None, True, False]),
        )
        world.session.add(follower)
        world.session.flush()
        people[follower.id] = None
    return people


def _change_segments(world: World, account: Account, day: int, rng: random.Random) -> None:
    session, now = world.session, NOON + day * DAY
    segments = [item for item in list_segments(session, account) if item.kind != "rest"]
    change = rng.choice(["rule", "list", "move", "remove"] if segments else ["rule", "list"])
    if change == "rule":
        add_segment(session, account, f"rule {day}", None, now, rules=[rng.choice(RULES)])
    elif change == "list":
        chosen = {str(number) for number in rng.sample(range(80), 20)}
        add_segment(session, account, f"list {day}", None, now, entries=chosen)
    elif change == "move":
        move_segment(session, account, rng.choice(segments), rng.randint(1, len(segments)), now)
    else:
        remove_segment(session, rng.choice(segments), now)


def _take_roster(
    world: World,
    account: Account,
    people: dict[int, FollowPeriod | None],
    last: datetime | None,
    now: datetime,
    rng: random.Random,
) -> None:
    for follower_id, period in list(people.items()):
        follows = rng.random() < 0.7
        if follows and period is None:
            people[follower_id] = FollowPeriod(
                follower_id=follower_id, account_id=account.id, began_by=now, began_after=last
            )
            world.session.add(people[follower_id])
        elif not follows and period is not None:
            period.ended_after, period.ended_by = last, now
            people[follower_id] = None
    size = sum(period is not None for period in people.values())
    world.session.add(Roster(account_id=account.id, taken_at=now, source="test", size=size))
    world.session.flush()


def members(world: World, account: Account, at: datetime) -> dict[str, set[str]]:
    """Return who was in each segment at a moment, by what the moves say."""
    names = {segment.id: segment.name for segment in list_segments(world.session, account)}
    found: dict[str, set[str]] = {}
    rows = world.session.execute(
        select(Follower.network_id, FollowerSegment.sorted_at, FollowerSegment.segment_id)
        .join(FollowerSegment, FollowerSegment.follower_id == Follower.id)
        .where(Follower.account_id == account.id)
        .order_by(FollowerSegment.sorted_at)
    ).all()
    newest = {person: number for person, moved_at, number in rows if moved_at <= at}
    for person, number in newest.items():
        found.setdefault(names[number], set()).add(person)
    return found


def test_who_was_in_a_segment_is_known_of_every_sorting(world: World) -> None:
    """Only those who change are written down; the same moment again takes the earlier's place."""
    account = world.account()
    follow(world, account, [{"posts": number} for number in range(4)], NOON)
    session = world.session
    busy = add_segment(session, account, "busy", None, NOON, rules=["posts >= 2"])
    sort_followers(session, account, NOON)
    sort_followers(session, account, NOON + DAY)
    assert session.scalar(select(func.count()).select_from(FollowerSegment)) == 4
    change_segment(session, busy, now(), rules=["posts >= 3"])
    sort_followers(session, account, NOON + 2 * DAY)
    change_segment(session, busy, now(), rules=["posts >= 1"])
    sort_followers(session, account, NOON + 2 * DAY)
    assert members(world, account, NOON + DAY) == {"busy": {"3", "4"}, REST: {"1", "2"}}
    assert members(world, account, NOON + 2 * DAY) == {"busy": {"2", "3", "4"}, REST: {"1"}}
    for at in (NOON, NOON + DAY, NOON + 2 * DAY):
        standing = sizes_at(session, account.id, at)
        assert standing is not None
        named = members(world, account, at)
        assert standing.sizes[busy.id] == len(named["busy"])
