"""Goals: what clicks become on own sites, told by a script or a server, and each once."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from clicking import FIREFOX
from hypothesis import given
from hypothesis import strategies as st
from lanes import lane
from sqlalchemy import func, select
from werkzeug.test import Client, TestResponse
from world import World

from linktrack.calendar.days import Days
from linktrack.clicks.click_ids import MINUTE, PARAMETER, Carried, ClickIds, with_click_id
from linktrack.clicks.conversions.declaring import Terms, add_goal, edit_goal, get_goal
from linktrack.clicks.conversions.models import GoalReached, link_click_ids
from linktrack.clicks.conversions.reaching import reach_goal
from linktrack.clicks.conversions.sites import set_click_ids
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.vocabulary import ATTRIBUTION_NUMBER
from linktrack.db import now, to_ms
from linktrack.errors import Conflict, Invalid
from linktrack.ids import LinkId, SegmentId
from linktrack.keys import load_keys
from linktrack.links.people import add_own_site
from linktrack.links.redirects.rules.conditions import condition
from linktrack.links.redirects.ruling import Wanted, set_rules
from linktrack.owners.tokens import create_token

SHOP = "https://shop.example.org"
KEY = bytes(range(32))


def shop(world: World, **terms: int | str | bool | None) -> str:
    """Name the shop an own site with click ids, declare a goal, and return a link's code to it."""
    add_own_site(world.session, "example.org", now())
    set_click_ids(world.session, "example.org", on=True, now=now())
    add_goal(world.session, "order", Terms(**terms), now())  # type: ignore[arg-type]
    post = world.post(world.account(), f"Buy {SHOP}/tea?x=1#top and read http://news.test/", now())
    assert post.links[0].code is not None
    return post.links[0].code


def ids_of(world: World) -> ClickIds:
    return ClickIds(load_keys(world.settings.data).click_ids())


def click(client: Client, code: str, **headers: str) -> str | None:
    """Click a link as a person would; return the id in the address it leads to."""
    sent = {"User-Agent": FIREFOX, "Accept-Language": "en"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.get(f"/{code}", headers=sent)
    assert answer.status_code == 302
    found = parse_qs(urlsplit(answer.headers["Location"]).query).get(PARAMETER)
    return None if found is None else found[0]


def tell(
    client: Client, click_id: str, goal: str = "order", origin: str = SHOP, **headers: str
) -> TestResponse:
    """Tell of a goal as the script does."""
    sent = {"User-Agent": FIREFOX, "Origin": origin, "Content-Type": "text/plain;charset=UTF-8"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/goals/{goal}", data=click_id, headers=sent)


def reached(world: World) -> int:
    world.session.rollback()
    return world.session.scalar(select(func.count()).select_from(GoalReached)) or 0


def carried_clicks(world: World) -> list[tuple[int, ...]]:
    """Return (link, day, segment, clicks) as they are counted."""
    with world.database.engine.connect() as connection:
        query = select(link_click_ids).order_by(*link_click_ids.primary_key)
        return [tuple(row) for row in connection.execute(query)]


# Click ids ------------------------------------------------------------------------------------


@given(
    link=st.integers(1, 2**31 - 1),
    segment=st.none() | st.integers(1, 2**31 - 1),
    way=st.sampled_from([None, "variant", "recognised", "recognised-network"]),
    at=st.integers(0, 2**31 * 1000),
)
def test_a_click_id_holds_what_finds_its_click(
    link: int, segment: int | None, way: str | None, at: int
) -> None:
    """It fits into an address, each is another one, and under another key it is nothing."""
    ids = ClickIds(KEY)
    said = None if segment is None else SegmentId(segment)
    first, second = (ids.make(LinkId(link), said, way, at) for _ in range(2))
    assert first != second
    assert re.fullmatch(r"[\w-]{60}", first)
    held = ids.read(first)
    assert held is not None
    minute = at // MINUTE * MINUTE
    assert held == Carried(held.number, LinkId(link), said or SegmentId(0),
                           ATTRIBUTION_NUMBER[way], minute)  # fmt: skip
    assert ClickIds(bytes(32)).read(first) is None


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9_-]{60}", fullmatch=True))
def test_nobody_makes_a_click_id_up(written: str) -> None:
    """Anything that was not made under the key is nothing, and no failure."""
    assert ClickIds(KEY).read(written) is None


def test_a_damaged_click_id_is_nothing() -> None:
    """Each character of it is sealed."""
    ids = ClickIds(KEY)
    whole = ids.make(LinkId(7), None, None, 0)
    for place in range(len(whole) - 1):  # the last has bits that say nothing
        other = "A" if whole[place] != "A" else "B"
        assert ids.read(f"{whole[:place]}{other}{whole[place + 1 :]}") is None


def test_a_personal_link_tells_an_own_site_no_segment() -> None:
    """It might be taken back later, when the link turns out to be passed on."""
    ids = ClickIds(KEY)
    held = ids.read(ids.make(LinkId(7), SegmentId(3), "personal", 0))
    assert held is not None
    assert (held.segment_id, held.attribution) == (0, 0)


@pytest.mark.parametrize(
    ("address", "led_to"),
    [
        ("https://a.com/", "https://a.com/?lt_click=NEW"),
        ("https://a.com/?b=1#c", "https://a.com/?b=1&lt_click=NEW#c"),
        ("https://a.com/?lt_click=OLD", "https://a.com/?lt_click=NEW"),
        ("https://a.com/?lt_click=OLD&b=1#c", "https://a.com/?b=1&lt_click=NEW#c"),
        ("https://a.com/?b=1&lt_click=OLD", "https://a.com/?b=1&lt_click=NEW"),
        (
            "https://a.com/?b=1&lt_click=OLD&d#lt_click=",
            "https://a.com/?b=1&d&lt_click=NEW#lt_click=",
        ),
    ],
)
def test_an_address_has_one_click_id(address: str, led_to: str) -> None:
    """One that somebody copied with the address makes room, and nothing else of it changes."""
    assert with_click_id(address, "NEW") == led_to


# The lane -------------------------------------------------------------------------------------


def test_only_people_on_their_way_to_an_own_site_get_a_click_id(world: World) -> None:
    """Nobody who asks not to be tracked, no preview, no prefetch, and no other site."""
    code = shop(world)
    client = lane(world)
    assert click(client, code)
    assert click(client, code, Sec_GPC="1") is None
    assert click(client, code, DNT="1") is None
    assert click(client, code, Sec_Purpose="prefetch") is None
    assert click(client, code, Sec_Fetch_Dest="image") is None
    assert (
        click(client, code, User_Agent="Mastodon/4.5.0 (http.rb/5.3.1; +https://m.example/)")
        is None
    )
    assert click(client, code, User_Agent="") is None
    head = client.head(f"/{code}", headers={"User-Agent": FIREFOX})
    assert PARAMETER not in head.headers["Location"]
    other = world.post(world.account("@other"), "http://notexample.org/", now()).links[0].code
    assert click(client, str(other)) is None


def test_the_first_click_of_a_worker_that_waited_long_carries_an_id(world: World) -> None:
    """A site that was named after the worker had begun is known to it by then."""
    worker = lane(world)
    code = shop(world)
    assert click(worker, code) is not None


def test_clicks_with_an_id_are_counted_and_rebuilt_alike(world: World) -> None:
    """By link, day and segment; clicks without one are not among them."""
    code = shop(world)
    client = lane(world)
    for _ in range(3):
        click(client, code)
    click(client, code, DNT="1")
    world.loader().load()
    (counted,) = carried_clicks(world)
    assert counted[2:] == (0, 3)
    with world.database.engine.begin() as connection:
        connection.execute(link_click_ids.update().values(clicks=9))
        rebuild(connection, Days(world.settings.timezone))
    assert carried_clicks(world) == [counted]


# Telling --------------------------------------------------------------------------------------


def test_the_script_of_an_own_site_tells_a_goal_once(world: World) -> None:
    """Its page may read the answer, which is empty; the same click again is the same goal."""
    client = lane(world)
    code = shop(world)
    client = lane(world)
    click_id = click(client, code)
    assert click_id
    for _ in range(2):
        answer = tell(client, click_id)
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert reached(world) == 1
    other = click(client, code)
    assert other
    tell(client, other)
    assert reached(world) == 2


def test_what_is_wrong_is_answered_alike_and_counts_nothing(world: World) -> None:
    """Forged, too old, by a program, by another site, under GPC or DNT, of an unknown goal."""
    client = lane(world)
    code = shop(world, days=1)
    client = lane(world)
    click_id = click(client, code)
    assert click_id
    link_id = ids_of(world).read(click_id)
    assert link_id is not None
    old = ids_of(world).make(link_id.link_id, None, None, to_ms(now() - timedelta(hours=25)))
    ahead = ids_of(world).make(link_id.link_id, None, None, to_ms(now() + timedelta(hours=1)))
    nowhere = ids_of(world).make(LinkId(999_999), None, None, to_ms(now()))
    answers = [
        tell(client, "x" * 60),
        tell(client, "x" * 5_000),
        tell(client, "\0ü"),
        tell(client, ""),
        tell(client, old),
        tell(client, ahead),
        tell(client, nowhere),
        tell(client, click_id, "nothing"),
        tell(client, click_id, origin="https://evil.test"),
        tell(client, click_id, origin="null"),
        tell(client, click_id, Sec_GPC="1"),
        tell(client, click_id, DNT="1"),
        tell(client, click_id, User_Agent="curl/8.5.0"),
    ]
    assert {(answer.status_code, answer.data) for answer in answers} == {(204, b"")}
    assert reached(world) == 0
    goal = get_goal(world.session, "order")
    edit_goal(world.session, goal, Terms(days=1, by_script=False), now())
    world.session.commit()
    assert tell(client, click_id).status_code == 204
    assert reached(world) == 0


def test_a_flood_of_goals_is_stopped(sqlite_world: World) -> None:
    """A network has sixty requests a minute; the next is told when to try again."""
    shop(sqlite_world)
    client = lane(sqlite_world)
    statuses = [tell(client, "x" * 60).status_code for _ in range(62)]
    assert statuses.count(204) == 60
    assert statuses[-1] == 429


def test_a_server_tells_a_goal_with_its_value(world: World) -> None:
    """By a token that may do nothing else; it is told whether that was new, and what is wrong."""
    code = shop(world, currency="EUR", value=500)
    secret = create_token(world.session, "shop", "goals", None, now())
    world.session.commit()
    client = lane(world)
    bearer = {"Authorization": f"Bearer {secret}"}

    def post(value: int | None, click_id: str, goal: str = "order") -> TestResponse:
        body = {"click": click_id} | ({} if value is None else {"value": value})
        return client.post(f"/api/v1/goals/{goal}", json=body, headers=bearer)

    first, second = click(client, code), click(client, code)
    assert first
    assert second
    assert post(1999, first).json == {"goal": "order", "counted": True}
    assert post(1999, first).json == {"goal": "order", "counted": False}
    assert post(None, second).json == {"goal": "order", "counted": True}
    assert set(world.session.scalars(select(GoalReached.value))) == {500, 1999}
    assert post(1, "x" * 60).status_code == 404
    assert post(-1, first).status_code == 422
    assert post(1, first, "nothing").status_code == 404
    assert client.get("/api/v1/goals", headers=bearer).status_code == 403


def test_a_token_for_one_account_tells_nothing_of_another(world: World) -> None:
    """The click of another account's link is as unknown to it as a forged one."""
    code = shop(world)
    other = world.account("@other")
    secret = create_token(world.session, "other", "goals", other.id, now())
    world.session.commit()
    client = lane(world)
    click_id = click(client, code)
    answer = client.post(
        "/api/v1/goals/order",
        json={"click": click_id},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 404
    assert reached(world) == 0


def test_goals_are_named_beforehand_and_keep_their_currency(world: World) -> None:
    """Strangers invent none, and values of two currencies are never added up."""
    code = shop(world, currency="EUR", value=500)
    client = lane(world)
    click_id = click(client, code)
    assert click_id
    goal = get_goal(world.session, "order")
    reach_goal(world.session, goal, click_id, ids=ids_of(world),
               days=Days(world.settings.timezone), now=now())  # fmt: skip
    with pytest.raises(Conflict, match="EUR"):
        edit_goal(world.session, goal, Terms(currency="USD"), now())
    with pytest.raises(Conflict, match="already"):
        add_goal(world.session, "order", Terms(), now())
    for name in ("", "Ünder", "a b", "x" * 41, "-a"):
        with pytest.raises(Invalid):
            add_goal(world.session, name, Terms(), now())
    for terms in (Terms(days=0), Terms(days=31), Terms(value=5), Terms(currency="EURO"),
                  Terms(currency="EUR", value=-1)):  # fmt: skip
        with pytest.raises(Invalid):
            add_goal(world.session, "other", terms, now())


def test_the_script_is_small() -> None:
    """A kilobyte at most, uncompressed."""
    script = Path(__file__).parent.parent / "linktrack/web/static/goal.js"
    assert len(script.read_bytes()) <= 1024


def test_readers_are_told_of_click_ids_where_there_are_some(world: World) -> None:
    """On the page on privacy, and in the text to paste."""
    assert "lt_click" not in lane(world).get("/privacy").text
    shop(world)
    page = lane(world).get("/privacy").text
    assert "lt_click" in page
    assert "encrypted click id" in page


def test_a_rule_that_leads_to_an_own_site_carries_a_click_id(world: World) -> None:
    """The destination of the click counts, not the link's own."""
    shop(world)
    other = world.post(world.account("@other"), "http://elsewhere.org/", now()).links[0]
    wanted = Wanted((condition("language", ["de"]),), ((f"{SHOP}/de", 100),))
    set_rules(world.session, world.shortener, other, [wanted], now())
    world.session.commit()
    client = lane(world)
    german = {"Accept_Language": "de"}
    assert click(client, str(other.code), **german)
    assert click(client, str(other.code)) is None
