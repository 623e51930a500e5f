"""Properties are of all followers: no segment, and no order of segments, takes anybody away."""

import json
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import pytest
from audiences import DAY, follow, followers
from browser import Browser, read
from clicking import people
from commands import Run
from sqlalchemy import delete
from world import NOON, World

from linktrack.audience.models import Account, Follower, FollowerProperties
from linktrack.audience.properties import PROPERTIES
from linktrack.audience.segments import add_segment, list_segments, move_segment
from linktrack.audience.sorting import properties_of, sort_followers
from linktrack.reports.people.properties import properties_json
from linktrack.reports.people.segments import SegmentsReport, segments_report
from linktrack.reports.sentences import living

EMPTY = {"posts": 0, "followers": 1}
BUSY = {
    "posts": 9, "followers": 90, "following": 80, "has_picture": True, "has_description": True,
}  # fmt: skip


def report(world: World, account: Account) -> SegmentsReport:
    return segments_report(
        world.session, account, window="7d", settings=world.settings, now=NOON + 20 * DAY
    )


def crowd(world: World, account: Account) -> None:
    """Twelve look empty, of whom five are mutuals and four quiet, one of them both."""
    quiet, active = NOON - 400 * DAY, NOON - DAY
    follow(
        world,
        account,
        [
            *[{**EMPTY, "followed_back": True, "last_active_at": active}] * 4,
            {**EMPTY, "followed_back": True, "last_active_at": quiet},
            *[{**EMPTY, "followed_back": False, "last_active_at": quiet}] * 3,
            *[{**EMPTY, "followed_back": False, "last_active_at": active}] * 4,
            *[{**BUSY, "followed_back": True, "last_active_at": active}] * 6,
            *[{**BUSY, "followed_back": False, "last_active_at": quiet}] * 2,
        ],
    )
    world.session.commit()


def test_who_looks_empty_is_counted_whatever_segment_they_are_in(world: World) -> None:
    """In every order of three segments the same people look empty, and the same rate follows."""
    account = world.account()
    followers(world, account, 1_000)
    crowd(world, account)
    session = world.session
    for name in ("mutuals", "quiet"):
        rule = {"mutuals": "we_follow = yes", "quiet": "last_active < 180 days ago"}[name]
        add_segment(session, account, name, None, NOON, rules=[rule])
    add_segment(session, account, "looks empty", None, NOON, rules=["empty_signs >= 2"])
    post = world.post(account, "http://one.com/")
    people(world, post, 0, 44)
    leftover = set()
    for order in permutations(("mutuals", "quiet", "looks empty")):
        for place, name in enumerate(order, 1):
            (segment,) = [each for each in list_segments(session, account) if each.name == name]
            move_segment(session, account, segment, place, NOON)
        sort_followers(session, account, NOON)
        session.commit()
        found = report(world, account)
        assert found.living.assumed_empty == 12
        assert found.living.followers == 988
        assert found.properties is not None
        assert found.properties.people("looks empty", "mutuals") == 5
        assert found.properties.people("looks empty", "quiet") == 4
        assert found.properties.people("looks empty", "quiet", "mutuals") == 1
        sizes = {each.name: each.size or 0 for each in list_segments(session, account)}
        assert sum(sizes.values()) == 20, "segments are a partition still"
        leftover.add(sizes["looks empty"])
    assert min(leftover) == 4
    assert max(leftover) == 12


def test_properties_are_counted_without_any_segment(world: World) -> None:
    """Every pair of them, and of how many it is not known."""
    account = world.account()
    crowd(world, account)
    follow_nobody_knows(world, account)
    sort_followers(world.session, account, NOON)
    world.session.commit()
    found = {line["property"]: line for line in properties_json(report(world, account).properties)}
    assert {name: (line["people"], line["unknown"]) for name, line in found.items()} == {
        "looks empty": (12, 1),
        "quiet": (6, 1),
        "newcomers": (None, 21),  # nobody knows since when people of the first list follow
        "mutuals": (11, 1),
        "came back": (None, 21),
    }
    pairs = {
        (name, other["property"]): other["people"]
        for name, line in found.items()
        for other in line["overlaps"]
    }
    assert pairs["quiet", "mutuals"] == pairs["mutuals", "quiet"] == 1
    assert len(pairs) == 20


def follow_nobody_knows(world: World, account: Account) -> None:
    """One more, of whom nothing is known."""
    from linktrack.audience.models import FollowPeriod

    stranger = Follower(account_id=account.id, network_id="stranger")
    world.session.add(stranger)
    world.session.flush()
    period = FollowPeriod(follower_id=stranger.id, account_id=account.id, began_by=NOON - DAY)
    world.session.add(period)
    world.session.commit()


def test_a_list_sorted_before_there_were_properties_is_read_for_them(world: World) -> None:
    """The report of an upgraded database is that of a freshly sorted one."""
    account = world.account()
    crowd(world, account)
    sort_followers(world.session, account, NOON)
    world.session.commit()
    kept = properties_of(world.session, account, NOON)
    world.session.execute(delete(FollowerProperties))
    world.session.commit()
    read_anew = properties_of(world.session, account, NOON)
    assert kept is not None
    assert read_anew is not None
    assert read_anew.groups == kept.groups
    assert properties_of(world.session, world.account("@other"), NOON) is None


def test_several_may_sort_the_followers_of_an_account_at_once(world: World) -> None:
    """A list that comes in and a segment that is changed take turns, on PostgreSQL too."""
    account = world.account()
    crowd(world, account)
    threads = 4
    ready = threading.Barrier(threads, timeout=10)

    def sort(_: int) -> None:
        ready.wait()
        with world.database.session(writes=True) as session:
            sort_followers(session, session.get_one(Account, account.id), NOON)
            session.commit()

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(3):
            list(pool.map(sort, range(threads)))
            world.session.execute(delete(FollowerProperties))
            world.session.commit()


@pytest.mark.parametrize(
    ("rules", "size", "expected"),
    [
        (["empty_signs >= 2"], None, 12),
        (["empty_signs >= 2", "we_follow = yes"], None, 12),
        (["empty_signs >= 4"], None, 0),
        (["posts = 0"], None, 12),
        (None, 600, 600),
    ],
)
def test_the_owner_says_what_looks_empty(
    sqlite_world: World, rules: list[str] | None, size: int | None, expected: int
) -> None:
    """By a rule of their own, which may ask for more to be in the segment; or by hand."""
    account = sqlite_world.account()
    followers(sqlite_world, account, 1_000)
    crowd(sqlite_world, account)
    add_segment(sqlite_world.session, account, "Looks empty", size, NOON, rules=rules or [])
    sort_followers(sqlite_world.session, account, NOON)
    sqlite_world.session.commit()
    assert report(sqlite_world, account).living.assumed_empty == expected


def test_nobody_is_taken_for_full_of_whom_nothing_is_known(sqlite_world: World) -> None:
    """A list of ids alone says of nobody whether they look empty: that is not known, not 0."""
    account = sqlite_world.account()
    followers(sqlite_world, account, 1_000)
    follow(sqlite_world, account, [{}, {}])
    add_segment(sqlite_world.session, account, "empty", None, NOON, rules=["empty_signs >= 2"])
    sort_followers(sqlite_world.session, account, NOON)
    sqlite_world.session.commit()
    found = report(sqlite_world, account)
    assert (found.living.assumed_empty, found.living.followers) == (None, None)
    assert living(found) == ""


def test_every_overlap_is_that_of_the_people_themselves(world: World) -> None:
    """A hundred people with facts at random, counted one by one."""
    chance = random.Random(7)
    people_at_random: list[dict[str, object]] = [
        {
            "posts": chance.choice([None, 0, 9]),
            "followers": chance.choice([None, 1, 90]),
            "followed_back": chance.choice([None, True, False]),
            "last_active_at": chance.choice([None, NOON - 400 * DAY, NOON]),
        }
        for _ in range(100)
    ]
    account = world.account()
    follow(world, account, people_at_random)
    sort_followers(world.session, account, NOON)
    world.session.commit()
    found = properties_of(world.session, account, NOON)
    assert found is not None
    mutual = [one["followed_back"] is True for one in people_at_random]
    quiet = [one["last_active_at"] == NOON - 400 * DAY for one in people_at_random]
    assert found.people("mutuals") == sum(mutual)
    assert found.people("quiet") == sum(quiet)
    assert found.people("mutuals", "quiet") == sum(map(all, zip(mutual, quiet, strict=True)))
    assert found.unknown("mutuals") == sum(one["followed_back"] is None for one in people_at_random)
    assert found.people() == 100


def test_the_page_and_its_file_show_the_overlaps(world: World) -> None:
    """As a table that says that its numbers don't add up."""
    account = world.account()
    crowd(world, account)
    sort_followers(world.session, account, NOON)
    world.session.commit()
    browser = Browser.signed_in(world)
    page = read(browser.get("/owner/segments"))
    assert "One person can have several, so these numbers don't add up." in page
    assert "looks empty two or more signs of an empty profile 12 0 – 4 unknown 5 unknown" in page
    lines = browser.get("/owner/segments?format=json&table=properties").get_json()
    assert [line["property"] for line in lines] == list(PROPERTIES)
    assert lines[0]["also mutuals"] == 5
    assert browser.get("/owner/segments?format=json").get_json() != lines


def test_the_command_shows_them(run: Run, tmp_path: Path) -> None:
    """The same as its JSON."""
    run("account", "add", "@you", "--network", "other", "--followers", "100")
    path = tmp_path / "people.csv"
    path.write_text("id,handle\n1,ann\n2,bob\n")
    assert run("followers", "import", "@you", str(path)).exit_code == 0
    found = json.loads(run("report", "segments", "@you", "--json").output)
    assert [(line["property"], line["unknown"]) for line in found["properties"]] == [
        (name, 2) for name in PROPERTIES
    ]
    text = run("report", "segments", "@you").output
    assert "of all followers" in text
    assert re.search(r"looks empty +— +2\n", text)
