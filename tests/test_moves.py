"""Who came, who came back and who left by name; and what they had ever done."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from audiences import KEY, day, take
from browser import Browser, read
from clicking import FIREFOX
from commands import Run, good, parsed
from doorways import Caller
from sqlalchemy import select
from world import World

from linktrack.audience.models import Account, Consent, Follower
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.engagement.forgetting import forget_follower
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.storing import store_reading
from linktrack.networks.engagement import EngagedPerson
from linktrack.reports.digest import as_letter, digests
from linktrack.reports.people.move_names import names_text
from linktrack.reports.people.move_queries import Wanted
from linktrack.reports.people.move_summary import Leavers, MoveSummary
from linktrack.reports.people.moves import every_move, moves_json, moves_page, place_of, place_text


def lists(world: World, network: str = "bluesky") -> Account:
    """Three lists: b and c come, a leaves, then a comes back and b and c leave."""
    account = world.account("@jesse.example.org", network)
    take(world, account, 0, ["a", "z"])
    take(world, account, 7, ["b", "c", "z"])
    take(world, account, 9, ["a", "z"])
    for follower in world.session.scalars(select(Follower)):
        follower.handle = f"@{follower.network_id}.bsky.social"
        follower.handle_key = f"{follower.network_id}.bsky.social"
    world.session.commit()
    return account


def told(world: World, account: Account, **wanted: Any) -> list[tuple[str, str]]:
    """Return the way and the id of each move that is wanted."""
    found = moves_page(world.session, account, Wanted(**wanted), limit=100).moves
    world.session.rollback()
    return [(move.way, move.network_id) for move in found]


def liked(world: World, account: Account, who: str, at: datetime, kind: str = "like") -> None:
    """Let somebody do something with a new post of the account."""
    number = len(world.session.scalars(select(NetworkPost)).all())
    post = NetworkPost(account_id=account.id, network_id=f"at://post/{number}", posted_at=at)
    world.session.add(post)
    world.session.flush()
    person = EngagedPerson(network_id=who, handle=None, kind=kind, at=at)  # type: ignore[arg-type]
    store_reading(world.session, post, {}, [person], at)
    world.session.commit()


def clicked(world: World, account: Account, who: str, at: datetime) -> None:
    """Let somebody who agreed to it click a link that was made for them."""
    follower = world.session.scalars(select(Follower).where(Follower.network_id == who)).one()
    world.session.add(Consent(follower_id=follower.id, agreed_at=day(0)))
    post = world.post(account, "https://example.com/", at)
    link = post.links[0].id
    record = ClickRecord(to_ms(at) + 1000, link, FIREFOX, None, 1, follower_id=follower.id)
    world.click([record])
    world.session.commit()


def test_all_moves_are_listed_newest_first(world: World) -> None:
    """Those on the first list didn't come: nobody knows when."""
    account = lists(world)
    assert told(world, account) == [
        ("left", "c"), ("left", "b"), ("returned", "a"),
        ("came", "c"), ("came", "b"), ("left", "a"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"way": "came"}, ["c", "b"]),
        ({"way": "returned"}, ["a"]),
        ({"way": "left"}, ["c", "b", "a"]),
        ({"since": day(8)}, ["c", "b", "a"]),
        ({"until": day(8)}, ["c", "b", "a"]),
        ({"list_at": day(7), "way": "left"}, ["a"]),
        ({"handle": "@A."}, ["a", "a"]),
        ({"handle": "b.bsky", "way": "left"}, ["b"]),
        ({"handle": "bsky"}, []),
    ],
)
def test_they_are_narrowed(world: World, wanted: dict[str, object], found: list[str]) -> None:
    """By way, days, list, and how the handle begins, in any case."""
    assert [who for _, who in told(world, lists(world), **wanted)] == found


def test_pages_follow_each_other_without_gap_or_double(world: World) -> None:
    """Also where many came by one list; a place is written in addresses and read back."""
    account = world.account()
    take(world, account, 0, range(5))
    take(world, account, 1, range(3, 40))
    take(world, account, 2, range(20, 60))
    seen: list[tuple[str, str]] = []
    after = None
    while True:
        page = moves_page(world.session, account, Wanted(), after=after, limit=7)
        assert (page.summary is None) is bool(seen)
        seen += [(move.way, move.network_id) for move in page.moves]
        if page.next is None:
            break
        after = place_of(place_text(page.next) or "")
        assert after == page.next
    assert len(seen) == len(set(seen)) == 3 + 35 + 17 + 20
    everyone = list(every_move(world.session, account, Wanted()))
    assert [(move.way, move.network_id) for move in everyone] == seen


def test_a_row_says_between_which_lists_and_since_when_they_had_followed(world: World) -> None:
    """B came between day 0 and 7, and left between day 7 and 9."""
    account = lists(world)
    (row,) = moves_json(moves_page(world.session, account, Wanted(handle="b", way="left")))["data"]
    assert row == {
        "way": "left", "handle": "@b.bsky.social", "id": "b",
        "after": "2026-05-11T12:00:00Z", "by": "2026-05-13T12:00:00Z",
        "came_after": "2026-05-04T12:00:00Z", "came_by": "2026-05-11T12:00:00Z",
        "likes": None, "reposts": None, "replies": None, "quotes": None, "links_clicked": None,
    }  # fmt: skip


def test_what_they_ever_did_stands_beside_them(world: World) -> None:
    """Likes and replies by name where the network names people; links only by consent."""
    account = lists(world)
    liked(world, account, "b", day(7.5))
    liked(world, account, "b", day(7.6))
    liked(world, account, "b", day(7.7), "reply")
    clicked(world, account, "c", day(8))
    did = {
        move.network_id: move.did.in_words
        for move in moves_page(world.session, account, Wanted(way="left")).moves
    }
    assert did == {"a": "nothing", "b": "2 likes, 1 reply", "c": "1 link clicked"}


def test_of_those_who_left_it_is_said_how_many_had_done_anything(world: World) -> None:
    """In the year before they left; what somebody does after leaving doesn't count."""
    account = lists(world)
    empty = moves_page(world.session, account, Wanted()).summary
    assert empty is not None
    assert empty.leavers == Leavers(3, None, 0, 0, 0)
    assert "we can't tell who had ever done anything" in empty.sentence
    liked(world, account, "b", day(7.5))
    liked(world, account, "a", day(8.5))  # a had left by day 7
    clicked(world, account, "c", day(8))
    found = moves_page(world.session, account, Wanted()).summary
    assert found is not None
    assert (found.came, found.returned, found.left) == (2, 1, 3)
    assert found.leavers == Leavers(3, 1, 1, 2, 1)
    assert found.sentence == (
        "Of 3 people who left, 2 had liked, reposted, replied, quoted or clicked anything in the "
        "year before. Who likes is known of posts since 12 May 2026. Clicks are known of 1 person "
        "who agreed to personal links."
    )
    later = moves_page(world.session, account, Wanted(since=day(400))).summary
    assert later is not None
    assert later.sentence == ""


def test_a_like_of_more_than_a_year_before_does_not_count(sqlite_world: World) -> None:
    """The year is that before each one left."""
    account = sqlite_world.account("@jesse.example.org", "bluesky")
    take(sqlite_world, account, 0, "ab")
    take(sqlite_world, account, 400, "b")
    liked(sqlite_world, account, "a", day(1))
    found = moves_page(sqlite_world.session, account, Wanted()).summary
    assert found is not None
    assert found.leavers == Leavers(1, 0, 0, 0, 0)
    liked(sqlite_world, account, "a", day(300))
    found = moves_page(sqlite_world.session, account, Wanted()).summary
    assert found is not None
    assert found.leavers == Leavers(1, 1, 0, 1, 0)


def test_where_too_many_left_they_are_counted_and_not_looked_at(sqlite_world: World) -> None:
    """A page of a million followers takes no longer than one of a thousand."""
    account = sqlite_world.account()
    take(sqlite_world, account, 0, range(10_001))
    take(sqlite_world, account, 1, range(10_001, 20_002))
    take(sqlite_world, account, 2, range(20_002))
    found = moves_page(sqlite_world.session, account, Wanted(until=day(2))).summary
    assert found == MoveSummary(10_001, None, 10_001, None, None)
    assert "Choose fewer days" in found.sentence
    returned = list(every_move(sqlite_world.session, account, Wanted(way="returned")))
    assert len({move.network_id for move in returned}) == len(returned) == 10_001
    page = moves_page(sqlite_world.session, account, Wanted(way="came"))
    assert (page.moves, page.next is None) == ([], False)  # the newest 2,000 all came back


def test_who_was_forgotten_appears_nowhere(world: World) -> None:
    """Neither in the list nor in its sums."""
    account = lists(world)
    liked(world, account, "b", day(7.5))
    forget_follower(world.session, "b", KEY, world.store().days, day(10))
    world.session.commit()
    assert "b" not in [who for _, who in told(world, account)]
    found = moves_page(world.session, account, Wanted()).summary
    assert found is not None
    assert found.leavers == Leavers(2, 0, 0, 0, 0)


def test_the_api_lists_them_page_by_page(world: World) -> None:
    """And refuses what it does not know."""
    lists(world)
    call = Caller(world)
    path = "/followers/moves?account=@jesse.example.org"
    first = call("GET", f"{path}&limit=4").get_json()
    assert [row["id"] for row in first["data"]] == ["c", "b", "a", "c"]
    assert first["summary"]["people_who_left"] == 3
    second = call("GET", f"{path}&limit=4&after={first['next']}").get_json()
    assert [row["id"] for row in second["data"]] == ["b", "a"]
    assert (second["next"], second["summary"]) == (None, None)
    one = call("GET", f"{path}&way=returned&from=2026-05-12&list=2026-05-13T12:00:00Z").get_json()
    assert [row["way"] for row in one["data"]] == ["returned"]
    for wrong in ("way=up", "after=x", "after=1-", "after=-5-1", "after=%00", "limit=0"):
        assert call("GET", f"{path}&{wrong}").status_code == 422


def test_a_mail_names_them_if_that_is_wanted(world: World) -> None:
    """By name, each with what they did; at most thirty of each way, and by default nobody."""
    account = lists(world)
    liked(world, account, "b", day(7.5))
    days = DayRange(day(9).date(), day(9).date(), ZoneInfo("UTC"))
    assert names_text(world.session, account, days) == (
        "\nLeft, by name\n  @c.bsky.social: nothing\n  @b.bsky.social: 1 like\n"
        "\nCame back, by name\n  @a.bsky.social: nothing\n"
    )
    quiet = DayRange(day(20).date(), day(20).date(), ZoneInfo("UTC"))
    assert names_text(world.session, account, quiet) == ""
    take(world, account, 30, range(40))
    many = DayRange(day(30).date(), day(30).date(), ZoneInfo("UTC"))
    named = names_text(world.session, account, many)
    assert named.count("nothing") == 30 + 2
    assert "and more: see Who came and left, by name" in named
    found = digests(
        world.session, [account], "day", day(10).date(), now=day(10), timezone=days.timezone
    )
    title, plain = as_letter(found)
    assert title == "Clicks of 13 May 2026: @jesse.example.org"
    assert plain.startswith("@jesse.example.org, 13 May 2026\n")
    assert "by name" not in plain
    assert "@b.bsky.social: 1 like" in as_letter(found, world.session)[1]


def test_the_command_mails_names_only_where_it_is_told_to(run: Run) -> None:
    """And gives names as JSON elsewhere."""
    good(run("account", "add", "@a", "--network", "other"))
    assert "@a" in good(run("digest", "@a", "--period", "day", "--names"))
    assert run("digest", "@a", "--names", "--json").exit_code == 2


def test_owners_see_them_on_a_page_and_take_them_as_a_file(world: World) -> None:
    """With the handle's beginning and the list to choose; viewers see no names."""
    account = lists(world)
    liked(world, account, "b", day(7.5))
    browser = Browser.signed_in(world)
    where = f"/owner/followers/moves?account={account.id}&from=2026-05-01&to=2026-06-01"
    page = read(browser.get(where))
    assert "Of 3 people who left, 1 had liked" in page
    assert "@b.bsky.social" in page
    assert "1 like" in page
    narrowed = read(browser.get(f"{where}&handle=c.&way=left"))
    assert "@b.bsky.social" not in narrowed
    assert "Nobody left" in read(browser.get(f"{where}&handle=nobody&way=left"))
    file = browser.get(f"{where}&format=csv&way=left").text.splitlines()
    assert file[0].startswith("way,handle,id,after,by,")
    assert len(file) == 4
    linked = browser.get(f"/owner/followers?account={account.id}&from=2026-05-01&to=2026-06-01")
    assert "/owner/followers/moves?account=" in linked.text


def test_the_command_lists_them(run: Run, tmp_path: Any) -> None:
    """With the sums first, and what continues the list last."""
    good(run("account", "add", "@a", "--network", "other"))
    for number, people in enumerate(("ab", "bc", "cd")):
        path = tmp_path / f"{number}.csv"
        path.write_text("handle\n" + "".join(f"@{one}\n" for one in people))
        at = f"2026-05-0{number + 1}"
        good(run("followers", "import", "@a", str(path), "--at", at, "--yes"))
    said = good(run("followers", "moves", "@a", "--limit", "1"))
    assert said.startswith("2 came, 0 came back, 2 left. Of 2 people who left")
    assert "There are more: --after " in said
    after = said.split("--after ")[1].strip()
    answer = parsed(run("followers", "moves", "@a", "--after", after, "--json"))
    assert [row["way"] for row in answer["data"]] == ["left", "came", "left"]
    assert run("followers", "moves", "@a", "--limit", "0").exit_code == 1
