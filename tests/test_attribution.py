"""Whose click it was: by the code, by a hello, by a personal link, or nobody's."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from audiences import follow
from browser import read
from clicking import counts, forget_clicks
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import Client
from world import NOON, World

from linktrack.app import create_app
from linktrack.audience.hello import Said, cookie_name, cookie_value, count_hello, hellos
from linktrack.audience.models import Follower, HelloNetwork, Segment
from linktrack.audience.segments import add_segment, rest_segment
from linktrack.audience.sorting import sort_followers
from linktrack.calendar.days import Days
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.lane import Lane
from linktrack.clicks.capture.visitors import Visitors
from linktrack.clicks.capture.wsgi_lane import WSGILane
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.loading.personal import MOST_VISITORS
from linktrack.clicks.models import clicks, forwarded_links
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import NO_VISITOR
from linktrack.db import now, to_ms, writing
from linktrack.errors import Invalid, NotFound
from linktrack.ids import FollowerId
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.links.codes import ALPHABET, Bearer
from linktrack.links.models import Link
from linktrack.links.redirects.lookup import find_target
from linktrack.links.redirects.targets import Changes, Targets
from linktrack.publishing import personal

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
START = to_ms(NOON)
HOUR = 3_600_000


@contextmanager
def serving(world: World) -> Iterator[Client]:
    """Open the lane and the pages behind it, on a real journal."""
    keys = load_keys(world.settings.data)
    app = create_app(Installation(world.settings, keys, world.database, world.shortener))
    engine, codes = world.database.engine, world.shortener.codes
    lane = Lane(
        Targets(lambda code: find_target(engine, codes, code), lambda _since: Changes(0, ())),
        Journal(world.settings.journals),
        Visitors(world.settings.data / "visitor_keys", "month", world.settings.timezone),
        markers=keys.markers(),
    )
    yield Client(WSGILane(app.wsgi_app, lane), use_cookies=False)


@pytest.fixture
def short_domain(world: World) -> Iterator[Client]:
    """The short domain of a world."""
    with serving(world) as client:
        yield client


def click(client: Client, code: str, address: str = "203.0.113.1", **headers: str) -> int:
    """Click a short link as a person with Firefox; return the status."""
    sent = {"User-Agent": FIREFOX, **{name.replace("_", "-"): headers[name] for name in headers}}
    response = client.get(f"/{code}", headers=sent, environ_overrides={"REMOTE_ADDR": address})
    return response.status_code


def stored(world: World) -> list[dict[str, Any]]:
    """Load what was clicked; return the clicks in order."""
    world.loader().load()
    with world.database.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(clicks)).mappings()]


def test_thousands_of_forged_codes_lead_nowhere_and_are_nobody_s(sqlite_world: World) -> None:
    """5,000 codes made by guessing, changing and recombining real ones: 404 and no click."""
    world = sqlite_world
    account = world.account()
    segment = add_segment(world.session, account, "community", 120, NOON, place="chat")
    post = world.post(account, "See http://one.com/ and http://two.com/", segments=("community",))
    codes = world.shortener.codes
    real = [
        codes.compute(Bearer(link.id, segment.id, follower))
        for link in post.links
        for follower in (None, FollowerId(5))
    ]
    other = type(codes)("another salt", b"another key of thirty-two bytes!")
    rng = random.Random(5)
    hashids = codes._hashids
    forged: set[str] = set()
    while len(forged) < 5_000:
        code = rng.choice(real)
        place = rng.randrange(len(code))
        forged |= {
            code[:place] + rng.choice(ALPHABET) + code[place + 1 :],
            str(hashids.encode(post.links[0].id, segment.id, rng.getrandbits(32))),
            str(hashids.encode(post.links[0].id, 2, rng.randrange(99), rng.getrandbits(32))),
            other.compute(Bearer(post.links[0].id, segment.id, rng.choice([None, FollowerId(7)]))),
            "".join(rng.choices(ALPHABET, k=len(code))),
        }
    forged -= {*real, *(link.code or "" for link in post.links)}
    engine = world.database.engine
    assert {find_target(engine, codes, code) for code in forged} == {None}
    with serving(world) as short_domain:
        assert {click(short_domain, code) for code in sorted(forged)[::100]} == {404}
        assert stored(world) == []
        assert {click(short_domain, code) for code in real} == {302}
    assert {row["attribution"] for row in stored(world)} == {0, 2}  # nobody agreed to a name


def test_a_hello_is_recognised_on_the_account_s_links_alone(
    world: World, short_domain: Client
) -> None:
    """The button is the consent; forgetting is another button; nothing else is set or stored."""
    account, other = world.account(), world.account("@other")
    segment = add_segment(world.session, account, "community", 120, NOON)
    mine = world.post(account, "http://one.com/").links[0].code or ""
    theirs = world.post(other, "http://one.com/").links[0].code or ""
    token = load_keys(world.settings.data).markers().sign("invitation", str(segment.id))
    page = short_domain.get(f"/hello/@JessesLinks/{token}")
    assert "Count me in as one of community" in page.text
    assert "Set-Cookie" not in page.headers
    assert click(short_domain, mine) == 302
    pressed = short_domain.post(f"/hello/@JessesLinks/{token}")
    assert pressed.status_code == 303
    cookie = pressed.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/", f"hello-{account.id}="):
        assert part in cookie
    said = {"Cookie": cookie.partition(";")[0]}
    again = short_domain.get(f"/hello/@JessesLinks/{token}", headers=said)
    assert "You are counted as one of community" in read(again)
    click(short_domain, mine, **said)
    click(short_domain, theirs, **said)
    click(short_domain, mine, **said, Sec_GPC="1")
    click(short_domain, mine, Cookie=said["Cookie"][:-1] + "_")
    forgot = short_domain.post(f"/hello/@JessesLinks/{token}/forget", headers=said)
    assert "Max-Age=0" in forgot.headers["Set-Cookie"]
    found = [(row["segment_id"], row["attribution"]) for row in stored(world)]
    assert found == [(0, 0), (segment.id, 3), (0, 0), (0, 0), (0, 0)]


def test_clicks_tell_a_hello_by_the_button_from_one_by_sign_in_with_the_network(
    world: World, short_domain: Client
) -> None:
    """Also cookies from before there were two ways; pressing again takes nothing back."""
    account = world.account()
    segment = add_segment(world.session, account, "newcomers", 120, NOON)
    code = world.post(account, "http://one.com/").links[0].code or ""
    markers, name = load_keys(world.settings.data).markers(), cookie_name(account)

    def says(value: str) -> dict[str, str]:
        return {"Cookie": f"a=b; {name}={value}"}

    by_network = says(cookie_value(markers, account, Said(segment, "network"), NOON.date()))
    by_button = says(cookie_value(markers, account, Said(segment), NOON.date()))
    old = says(markers.sign(name, str(segment.id)))
    others = [says(markers.sign(name, text)) for text in (
        f"{segment.id}-20260504-oracle", f"{segment.id}-2026-network", f"{segment.id}-", "²", "-",
        "-20260504-network", f"{segment.id}-20261304-button", f"{'9' * 11}--button",
    )]  # fmt: skip
    for cookie in (by_network, by_button, old, *others):
        click(short_domain, code, **cookie)
    click(short_domain, code, **by_network, DNT="1")
    found = [(row["segment_id"], row["attribution"]) for row in stored(world)]
    assert found == [(segment.id, 4), (segment.id, 3), (segment.id, 3), *[(0, 0)] * 9]
    again = short_domain.post("/hello/@JessesLinks", headers=by_network).headers["Set-Cookie"]
    assert f"{name}={segment.id}-20260504-network." in again  # no newer than the network's word
    token = markers.sign("invitation", str(segment.id))
    invited = short_domain.post(f"/hello/@JessesLinks/{token}", headers=by_network)
    assert "-network." in invited.headers["Set-Cookie"]


def test_hellos_are_counted_by_their_way(sqlite_world: World) -> None:
    """Who signs in after pressing the button has said it by the network alone."""
    session, account = sqlite_world.session, sqlite_world.account()
    rest, day = rest_segment(session, account, NOON), NOON.date()
    button, network = Said(rest), Said(rest, "network")
    for said, before in ((button, None), (network, None), (network, button), (None, network)):
        count_hello(session, day, "home", said, before)
    found = hellos(session, account)[rest.id]
    assert (found.said, found.most_now, found.most_by_network) == (3, 1, 1)


def test_a_script_says_hello_30_times_a_day_at_most(world: World, short_domain: Client) -> None:
    """From one network; the cookie is given all the same, and tomorrow it may go on."""
    account = world.account()
    for _ in range(35):
        assert "Set-Cookie" in short_domain.post("/hello/@JessesLinks").headers
    rest = rest_segment(world.session, account, NOON)
    assert hellos(world.session, account)[rest.id].said == 30
    day = date(2031, 1, 1)
    count_hello(world.session, day, "elsewhere", Said(rest), None)
    assert hellos(world.session, account)[rest.id].said == 31
    assert world.session.scalars(select(HelloNetwork.network)).all() == ["elsewhere"]
    world.session.rollback()


def test_nobody_names_themselves_into_a_segment_by_guessing(
    world: World, short_domain: Client
) -> None:
    """Without an invitation a reader is one of everyone else; a made-up one is no invitation."""
    account = world.account()
    segment = add_segment(world.session, account, "community", 120, NOON)
    world.session.commit()
    for token in (f"{segment.id}.{'0' * 32}", str(segment.id), f"{segment.id}.", "x.y"):
        assert short_domain.get(f"/hello/@JessesLinks/{token}").status_code == 404
        assert short_domain.post(f"/hello/@JessesLinks/{token}").status_code == 404
    assert short_domain.get("/hello/@nobody").status_code == 404
    page = short_domain.get("/hello/@JessesLinks")
    assert "Count me in as one of the readers of @JessesLinks" in page.text
    cookie = short_domain.post("/hello/@JessesLinks").headers["Set-Cookie"]
    rest = rest_segment(world.session, account, NOON)
    assert f"hello-{account.id}={rest.id}-{now():%Y%m%d}-button." in cookie


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://go.jessestay.com"},
        {"Origin": "null"},
    ],
)
def test_another_site_cannot_press_the_button(sqlite_world: World, headers: dict[str, str]) -> None:
    """A press is a consent: browsers say where a form comes from."""
    sqlite_world.account()
    with serving(sqlite_world) as client:
        for path in ("/hello/@JessesLinks", "/hello/@JessesLinks/forget"):
            answer = client.post(path, headers=headers)
            assert answer.status_code == 403
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_asks_not_to_be_tracked_is_offered_no_button(
    world: World, short_domain: Client, header: str
) -> None:
    """And pressing sets no cookie."""
    world.account()
    page = short_domain.get("/hello/@JessesLinks", headers={header: "1"})
    assert "asks not to be tracked" in page.text
    assert "<button>" not in page.text
    answer = short_domain.post("/hello/@JessesLinks", headers={header: "1"})
    assert "Set-Cookie" not in answer.headers


def a_reader(world: World) -> tuple[Segment, Follower, list[Link]]:
    """Return a segment, a follower of it who agreed, and the links of a post."""
    account = world.account()
    (follower, _) = follow(world, account, [{"posts": 9}, {}])
    segment = add_segment(world.session, account, "busy", None, NOON, rules=["posts > 5"])
    sort_followers(world.session, account, NOON)
    personal.agree(world.session, follower, NOON)
    world.session.commit()
    post = world.post(account, "http://one.com/ http://two.com/")
    return segment, follower, post.links


def test_a_personal_link_names_a_follower_who_agreed(world: World, short_domain: Client) -> None:
    """Until they take it back: then earlier clicks and those not loaded yet name nobody."""
    segment, follower, links = a_reader(world)
    session = world.session
    url = personal.personal_url(session, world.shortener, links[0], follower, NOON)
    session.commit()
    code = url.rpartition("/")[2]
    click(short_domain, code)
    click(short_domain, code, Sec_GPC="1")
    found = [(row["segment_id"], row["follower_id"], row["attribution"]) for row in stored(world)]
    assert found == [(segment.id, follower.id, 1), (0, None, 0)]
    click(short_domain, code)
    personal.withdraw(session, follower, NOON, Days(world.settings.timezone))
    session.commit()
    assert click(short_domain, code) == 302
    found = [(row["segment_id"], row["follower_id"], row["attribution"]) for row in stored(world)]
    assert found == [(0, None, 0)] * 4
    with pytest.raises(Invalid, match="has not agreed"):
        personal.personal_url(session, world.shortener, links[0], follower, NOON)


def test_who_is_not_known_has_no_personal_link(sqlite_world: World) -> None:
    """By id or handle; of the link's own account."""
    _, follower, links = a_reader(sqlite_world)
    session = sqlite_world.session
    account = session.get_one(type(links[0]), links[0].id)
    owner = sqlite_world.account("@other")
    assert account is not None
    with pytest.raises(NotFound, match="No follower '999'"):
        personal.find_follower(session, owner, "999")
    elsewhere = sqlite_world.post(owner, "http://one.com/").links[0]
    with pytest.raises(Invalid, match="another account's"):
        personal.personal_url(session, sqlite_world.shortener, elsewhere, follower, NOON)


@st.composite
def reading(draw: st.DrawFn) -> list[tuple[int, int, bool, int | None, int]]:
    """Draw clicks as (hours, link, personal, visitor, batch)."""
    return draw(
        st.lists(
            st.tuples(
                st.integers(-2, 900),
                st.integers(0, 1),
                st.booleans(),
                st.none() | st.integers(1, MOST_VISITORS + 2),
                st.integers(0, 3),
            ),
            min_size=1,
            max_size=25,
        )
    )


@pytest.mark.slow
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=reading(), shuffle=st.randoms(use_true_random=False))
def test_a_forwarded_link_names_nobody_in_whatever_order_its_clicks_are_loaded(
    world: World, drawn: list[tuple[int, int, bool, int | None, int]], shuffle: random.Random
) -> None:
    """Counts and stored clicks are the same in every order, and equal to rebuilding."""
    engine = world.database.engine
    with engine.connect() as connection:
        known = connection.execute(select(Follower.id).order_by(Follower.id)).first()
    if known is None:
        a_reader(world)
    session = world.session
    follower_id = session.scalars(select(Follower.id).order_by(Follower.id)).first()
    segment_id = session.scalars(select(Segment.id).where(Segment.name == "busy")).one()
    links = session.scalars(select(Link.id).order_by(Link.id)).all()
    session.rollback()
    batches: dict[int, list[ClickRecord]] = {}
    for hours, link, named, visitor, batch in drawn:
        named = named and visitor is not None  # the lane names nobody without a visitor
        batches.setdefault(batch, []).append(
            ClickRecord(
                START + hours * HOUR,
                links[link],
                FIREFOX,
                None,
                visitor,
                0 if visitor is not None else NO_VISITOR,
                segment_id if named else None,
                follower_id if named else None,
                "personal" if named else None,
            )
        )
    found = []
    for order in (list(batches.values()), _shuffled(batches, shuffle)):
        forget_clicks(world)
        with engine.begin() as connection:
            connection.execute(forwarded_links.delete())
        for records in order:
            world.click(records)
        kept = counts(world)
        with writing(engine) as connection:
            rebuild(connection, Days(world.settings.timezone))
        assert counts(world) == kept
        with engine.connect() as connection:
            rows = connection.execute(
                select(clicks.c.clicked_at, clicks.c.link_id, clicks.c.visitor,
                       clicks.c.segment_id, clicks.c.follower_id, clicks.c.attribution)
            ).all()  # fmt: skip
            forwarded = connection.execute(select(forwarded_links)).all()
        found.append((kept, sorted(map(tuple, rows), key=repr), sorted(map(tuple, forwarded))))
    assert found[0] == found[1]
    people: dict[int, set[int | None]] = {}
    for _, link, named, visitor, _ in drawn:
        if named and visitor is not None:
            people.setdefault(links[link], set()).add(visitor)
    many = {link for link, visitors in people.items() if len(visitors) > MOST_VISITORS}
    assert {row[0] for row in found[0][2]} == many
    assert {row[1] for row in found[0][1] if row[4] is not None} == people.keys() - many


def _shuffled(
    batches: dict[int, list[ClickRecord]], shuffle: random.Random
) -> list[list[ClickRecord]]:
    records = [record for batch in batches.values() for record in batch]
    shuffle.shuffle(records)
    return [records[start : start + 3] for start in range(0, len(records), 3)]
