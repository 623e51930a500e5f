"""Who asks to join, as the owner sees it: with what is known of them, and nobody else."""

import json
from datetime import timedelta

import pytest
from browser import Browser, read
from commands import Run
from communing import asks, opened
from doorways import Caller
from sqlalchemy import func, select
from statements import Statements
from world import NOON, World

from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account, Follower
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import add_segment
from linktrack.audience.sorting import sort_followers
from linktrack.community.asking.facts import known_about
from linktrack.community.asking.listing import (
    count_requests,
    find_request,
    list_requests,
    request_page,
)
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.errors import Invalid, NotFound
from linktrack.networks.records import FollowerRecord

DAY = timedelta(days=1)


def followed(world: World) -> Account:
    """An account that Ann follows since its second list, and Ben since its first, until today."""
    account = world.account("@jesse@mastodon.social", "mastodon", "me")
    ann = FollowerRecord("mastodon/ann", "@ann", followers=120, following=80, posts=7)
    ben = FollowerRecord("mastodon/ben", "@ben")
    only_handle = FollowerRecord(None, "@cleo")
    add_segment(world.session, account, "painters", None, NOON, entries={"mastodon/ann"})
    for days, people in ((90, [ben]), (60, [ben, ann]), (1, [ann, only_handle])):
        take_roster(
            world.session, account, people, NOON - days * DAY, "json", confirmed=True, now=NOON,
            forgotten=Forgotten.read(world.session, "mastodon", b"key"),
        )  # fmt: skip
    sort_followers(world.session, account, NOON)
    post = world.post(account, "Birds https://example.com/birds", NOON - 9 * DAY)
    read_post = NetworkPost(
        account_id=account.id, network_id="1", posted_at=NOON - 9 * DAY, post_id=post.id,
        names_read_at=NOON, readings=1,
    )  # fmt: skip
    world.session.add(read_post)
    world.session.flush()
    found = world.session.scalars(select(Follower).where(Follower.handle_key == "ann")).one()
    for kind, days in ((1, 8), (3, 7), (2, 100)):
        world.session.add(
            Engagement(
                network_post_id=read_post.id, kind=kind, follower_id=found.id, reading=1,
                first_seen_at=NOON - days * DAY,
            )
        )  # fmt: skip
    world.session.commit()
    return account


def test_what_is_known_of_somebody_is_what_all_accounts_of_the_network_know(world: World) -> None:
    """Since when they follow, their segment, their figures, and what they did in 90 days."""
    jesse, we = followed(world), opened(world)
    request = asks(world, we, "ann")
    (known,) = find_request(world.session, request.id, NOON).known
    assert (known.account, known.segment, known.follower.followers) == (jesse, "painters", 120)
    assert known.began_after == NOON - 90 * DAY
    assert (known.began_by, known.left_by) == (NOON - 60 * DAY, None)
    assert known.did == {"like": 1, "reply": 1}  # the repost was 100 days ago
    assert [(each.kind, (each.text or "")[:5]) for each in known.newest] == [
        ("reply", "Birds"),
        ("like", "Birds"),
    ]


def test_who_left_and_who_is_known_by_the_handle_alone_is_said_so(world: World) -> None:
    """A mail address is on no list; a handle that has an id of another person's isn't theirs."""
    followed(world)
    we = opened(world)
    ben, cleo = asks(world, we, "ben"), asks(world, we, "cleo")
    other = asks(world, we, "ann")
    other.network_id = "mastodon/another-ann"
    mail = asks(world, we, "dora", proof="mail")
    world.session.commit()
    known = known_about(world.session, [ben, cleo, other, mail], NOON)
    assert known[ben.id][0].left_by == NOON - DAY
    assert known[cleo.id][0].follower.network_id == "@cleo"
    assert list(known[other.id]) == []
    assert mail.id not in known


def test_nobody_sees_a_request_that_is_not_confirmed(world: World) -> None:
    """Neither in a list nor by its number nor in a count."""
    we = opened(world)
    request = asks(world, we, introduction="I am not confirmed")
    request.state, request.confirmed_at = "unconfirmed", None
    world.session.commit()
    assert list_requests(world.session, we, "waiting", NOON) == []
    assert set(count_requests(world.session, we).values()) == {0}
    with pytest.raises(NotFound):
        find_request(world.session, request.id, NOON)
    with pytest.raises(Invalid, match="There is no state 'unconfirmed'"):
        request_page(world.session, we, "unconfirmed", NOON, after=None, limit=10)


def test_requests_are_listed_page_by_page_the_oldest_first(
    world: World, statements: Statements
) -> None:
    """In as many queries for twenty as for two; `next` continues."""
    followed(world)
    we = opened(world)
    asks(world, we, "ann")
    asks(world, we, "ben")
    world.session.expunge_all()
    we = world.session.get_one(Account, we.id)
    with statements(world.database.engine) as few:
        list_requests(world.session, we, "waiting", NOON)
    for number in range(18):
        asks(world, we, f"p{number}", at=NOON + timedelta(minutes=number))
    world.session.expunge_all()
    we = world.session.get_one(Account, we.id)
    with statements(world.database.engine) as many:
        found = list_requests(world.session, we, "waiting", NOON, limit=100)
    assert (len(found), len(many)) == (20, len(few))
    page = request_page(world.session, we, "waiting", NOON, after=None, limit=15)
    rest = request_page(world.session, we, "waiting", NOON, after=page["next"], limit=15)
    numbers = [each["number"] for each in (*page["data"], *rest["data"])]
    assert (numbers == sorted(numbers), len(numbers), rest["next"]) == (True, 20, None)


def test_owners_read_who_asks_and_viewers_do_not(sqlite_world: World) -> None:
    """With the mail address of somebody who gave nothing else."""
    followed(sqlite_world)
    we = opened(sqlite_world)
    ann = asks(sqlite_world, we, "ann", agrees_mail=True, introduction="<b>I paint</b>\nbirds")
    dora = asks(sqlite_world, we, "dora", proof="mail")
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/community/requests")
    assert "&lt;b&gt;I paint&lt;/b&gt;" in page.text
    assert "follow @jesse@mastodon.social since" in read(page)
    assert "Agrees to personal links and email." in read(page)
    one = read(browser.get(f"/owner/community/requests/{ann.id}"))
    assert "painters" in one
    assert "follows since 5 Mar 2026" in one
    assert "ann@example.org" in one
    assert "dora@example.org" in read(browser.get(f"/owner/community/requests/{dora.id}"))
    assert "dora@example.org" not in read(page)


def test_a_token_for_one_account_reads_nothing_of_the_lists_of_others(sqlite_world: World) -> None:
    """One for all accounts reads what each list knows of whoever asks."""
    followed(sqlite_world)
    we = opened(sqlite_world)
    asks(sqlite_world, we, "ann")
    whole, limited = Caller(sqlite_world), Caller(sqlite_world, "limited", we.id)
    known = [
        caller("GET", f"/accounts/{we.id}/requests").get_json()["data"][0]["known"]
        for caller in (whole, limited)
    ]
    assert [each["account"]["handle"] for each in known[0]] == ["@jesse@mastodon.social"]
    assert known[1] == []


def test_the_command_lists_who_asks(run: Run) -> None:
    """Empty where nobody does; an unknown state is refused."""
    run("account", "add", "@jessestay", "--network", "x", "--role", "we")
    run("community", "open", "@jessestay")
    found = json.loads(run("community", "requests", "@jessestay", "--json").output)
    assert found == {"data": [], "next": None}
    assert run("community", "requests", "@jessestay", "--state", "unconfirmed").exit_code == 2


def test_known_people_are_counted_once_however_many_lists_have_them(world: World) -> None:
    """Two requests of one person are told the same."""
    followed(world)
    we = opened(world)
    first, second = asks(world, we, "ann"), asks(world, we, "ann")
    known = known_about(world.session, [first, second], NOON)
    assert len(known[first.id]) == len(known[second.id]) == 1
    assert world.session.scalar(select(func.count()).select_from(Follower)) == 3


def test_the_page_to_do_says_that_people_ask(sqlite_world: World) -> None:
    """Those who were put off for later don't press; nor does what isn't confirmed."""
    we = opened(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    for name, state in (("ann", "waiting"), ("ben", "later"), ("cleo", "unconfirmed")):
        asks(sqlite_world, we, name).state = state  # type: ignore[assignment]
    sqlite_world.session.commit()
    said = browser.get("/owner/needs-you")
    assert "1 person asks to join @jessestay@mastodon.social. Read what they say" in read(said)
    assert f"/owner/community/requests?account={we.id}" in said.text
