"""Links with rules, from the table to the redirect."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import pytest
from asking import Client
from clicking import FIREFOX
from lanes import Street, lane
from sqlalchemy import select
from waiting import wait_until
from world import NOON, World

from linktrack.clicks.capture.asgi_lane import ASGILane
from linktrack.clicks.capture.ruled import Ruling
from linktrack.errors import Invalid, NotFound
from linktrack.ids import LinkId
from linktrack.keys import Markers
from linktrack.links.models import Link
from linktrack.links.redirects.lookup import find_target
from linktrack.links.redirects.plan import Plan
from linktrack.links.redirects.rules.conditions import condition
from linktrack.links.redirects.rules.deciding import OWN, Option, Rule
from linktrack.links.redirects.rules.models import LinkOption
from linktrack.links.redirects.ruling import (
    Wanted,
    apps_else_web,
    moved,
    rules_of,
    set_rules,
    wanted_now,
)
from linktrack.links.redirects.targets import Target

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1"
)
TELEGRAM = "TelegramBot (like TwitterBot)"
STORE = "https://apps.apple.com/app/id1"
PLAY = "https://play.google.com/store/apps/details?id=x"


def ruled(*rules: tuple[list[tuple[str, str]], list[tuple[str, int]]]) -> Target:
    """Return a target with these rules: conditions, and destinations with their percents."""
    made, number = [], 0
    for place, (conditions, options) in enumerate(rules, 1):
        led = []
        for destination, percent in options:
            number += 1
            led.append(Option(number, destination, percent))
        asked = tuple(condition(kind, [value]) for kind, value in conditions)
        made.append(Rule(place, asked, tuple(led)))
    return Target(LinkId(3), "https://own.com/", plan=Plan(rules=tuple(made)))


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.lane.close()


def test_the_lane_leads_by_the_first_rule_that_holds(street: Street) -> None:
    """Each click is written down with where it was led; without a rule, to the link's own."""
    street.known["ruled"] = ruled(
        ([("system", "iOS")], [(STORE, 100)]),
        ([("language", "de")], [("https://example.com/de", 100)]),
        ([("query", "ref=mail")], [("https://example.com/mail", 100)]),
    )
    asked = [
        ({"User_Agent": IPHONE, "Accept_Language": "de"}, "", STORE, 1),
        ({"Accept_Language": "en;q=0.5,de-AT"}, "", "https://example.com/de", 2),
        ({"Accept_Language": "en"}, "?ref=mail", "https://example.com/mail", 3),
        ({"Accept_Language": "en"}, "", "https://own.com/", OWN),
    ]
    for headers, query, destination, option in asked:
        answer = street.get(f"/ruled{query}", **headers)
        assert (answer.status_code, answer.headers["Location"]) == (302, destination)
        assert "Set-Cookie" not in answer.headers
        assert street.clicks()[-1]["o"] == option


def test_programs_get_the_links_own_destination(street: Street) -> None:
    """Bots, fetchers of previews, and who says nothing of itself; even where a rule is for all."""
    street.known["ruled"] = ruled(([], [(STORE, 50), (PLAY, 50)]))
    for agent in (TELEGRAM, "curl/8.5.0", "", "Googlebot/2.1 (+http://www.google.com/bot.html)"):
        assert street.get("/ruled", User_Agent=agent).headers["Location"] == "https://own.com/"
    assert street.get("/ruled").headers["Location"] in (STORE, PLAY)


def test_a_split_leads_a_visitor_to_the_same_place_each_time(street: Street) -> None:
    """And about as many to each as it says; whoever asks not to be tracked gets any."""
    street.known["ruled"] = ruled(([], [(STORE, 50), (PLAY, 50)]))
    led = {}
    for number in range(60):
        agent = f"{FIREFOX} {number}"
        found = {street.get("/ruled", User_Agent=agent).headers["Location"] for _ in range(2)}
        assert len(found) == 1
        led[number] = found.pop()
    assert 10 < list(led.values()).count(STORE) < 50
    untracked = {street.get("/ruled", Sec_GPC="1").headers["Location"] for _ in range(60)}
    assert untracked == {STORE, PLAY}


def test_a_rule_goes_by_the_owners_clock(street: Street) -> None:
    """The time zone that visitors are counted in, at once when it is changed."""
    street.known["ruled"] = ruled(([("time", "09:00-10:00")], [(STORE, 100)]))
    street.now = datetime(2026, 7, 1, 7, 30, tzinfo=ZoneInfo("UTC")).timestamp()
    visitors = street.lane._visitors
    for zone, destination in (("UTC", "https://own.com/"), ("Europe/Berlin", STORE)):
        visitors.timezone = ZoneInfo(zone)
        assert street.get("/ruled").headers["Location"] == destination


def test_returning_visitors_are_known_by_a_marker_of_that_link_alone(world: World) -> None:
    """It holds no number; nobody who asks not to be tracked, and no program, gets or shows one."""
    link = world.post(world.account(), "http://one.com/").links[0]
    wanted = [Wanted((condition("visitor", ["returning"]),), ((STORE, 100),))]
    set_rules(world.session, world.shortener, link, wanted, NOON)
    world.session.commit()
    client, path = lane(world), f"/{link.code}"
    first = client.get(path, headers={"User-Agent": FIREFOX})
    assert first.headers["Location"] == "http://one.com/"
    cookie = first.headers["Set-Cookie"]
    assert cookie.startswith("linktrack_been_here=1.")
    assert cookie.endswith(f"; Path={path}; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure")
    sent = {"User-Agent": FIREFOX, "Cookie": cookie.partition(";")[0]}
    assert client.get(path, headers=sent).headers["Location"] == STORE
    for more in ({"Sec-GPC": "1"}, {"DNT": "1"}, {"User-Agent": TELEGRAM}):
        answer = client.get(path, headers={**sent, **more})
        assert answer.headers["Location"] == "http://one.com/"
        assert "Set-Cookie" not in answer.headers
    forged = {**sent, "Cookie": f"linktrack_been_here={Markers(b'else').sign('been', '1')}"}
    assert client.get(path, headers=forged).headers["Location"] == "http://one.com/"


def test_an_option_keeps_its_number_as_long_as_its_destination_stays(world: World) -> None:
    """However shares, conditions and order change; what is taken away is kept, closed."""
    link = world.post(world.account(), "http://one.com/").links[0]
    session, shortener = world.session, world.shortener
    split = Wanted((), ((STORE, 50), (PLAY, 50)))
    (rule,) = set_rules(session, shortener, link, [split], NOON)
    assert link.has_plan
    store, play = rule.options
    changed = replace(
        wanted_now(session, link)[0],
        conditions=(condition("device", ["mobile"]),),
        options=((PLAY, 80), ("https://new.com/", 20)),
    )
    first = Wanted((condition("country", ["DE"]),), (("https://de.com/", 100),))
    set_rules(session, shortener, link, [changed, first], NOON)
    set_rules(session, shortener, link, moved(wanted_now(session, link), rule.id, 5), NOON)
    german, now_split = rules_of(session, link.id)
    assert german.options[0].destination == "https://de.com/"
    assert (now_split.id, now_split.options[0]) == (rule.id, replace(play, percent=80))
    set_rules(session, shortener, link, [], NOON)
    assert world.session.scalar(select(Link.has_plan)) is False
    kept = {row.id: row for row in session.scalars(select(LinkOption))}
    assert len(kept) == 4
    assert {row.rule_id for row in kept.values()} == {None}
    assert (kept[store.id].said, kept[play.id].said) == ("Everyone", "On a phone")
    with pytest.raises(NotFound, match="no longer has"):
        moved(wanted_now(session, link), rule.id, 0)


def test_what_can_be_no_rule_is_said_in_one_sentence(world: World) -> None:
    """A destination that no browser opens or that leads here, and shares that don't fit."""
    link = world.post(world.account(), "http://one.com/").links[0]
    refused = [
        ((), "1 to 10 destinations"),
        ((("myapp://open", 100),), "not the address of a web page"),
        ((("https://go.jessestay.com/x", 100),), "cannot lead to another short link"),
        (((STORE, 60), (PLAY, 50)), "sum to 110%"),
        (((STORE, 100), (PLAY, 0)), "sum to 100%"),
        (((STORE, 50), (STORE, 50)), "the same destination twice"),
    ]
    for options, sentence in refused:
        with pytest.raises(Invalid, match=sentence):
            set_rules(world.session, world.shortener, link, [Wanted((), options)], NOON)


@pytest.mark.slow
def test_a_link_is_looked_up_with_its_rules_and_workers_follow_changes(world: World) -> None:
    """In their order, with their options; a change reaches a running lane within 2 seconds."""
    link = world.post(world.account(), "http://one.com/").links[0]
    code = link.code or ""
    client = lane(world)

    def led() -> str:
        return client.get(f"/{code}", headers={"User-Agent": IPHONE}).headers["Location"]

    assert led() == "http://one.com/"
    sleep(1.2)  # the first look of the lane's watcher
    set_rules(world.session, world.shortener, link, apps_else_web(STORE, PLAY), NOON)
    world.session.commit()
    target = find_target(world.database.engine, world.shortener.codes, code)
    assert target is not None
    assert target.plan is not None
    assert target.plan.rules == rules_of(world.session, link.id)
    assert [rule.options[0].destination for rule in target.plan.rules] == [STORE, PLAY]
    wait_until(lambda: led() == STORE, 2)
    set_rules(world.session, world.shortener, world.session.get_one(Link, link.id), [], NOON)
    world.session.commit()
    wait_until(lambda: led() == "http://one.com/", 2)


def test_an_event_loop_classifies_new_agents_in_a_thread(street: Street) -> None:
    """And answers what WSGI answers, with the marker of who was there."""
    street.known["ruled"] = ruled(
        ([("visitor", "returning")], [(STORE, 100)]), ([("system", "Linux")], [(PLAY, 100)])
    )
    threads = []

    class Noted(Ruling):
        def learn(self, user_agent: str | None) -> None:
            threads.append(threading.current_thread().name)
            super().learn(user_agent)

    street.lane._ruling = Noted(Markers(b"key"))
    application = ASGILane(nothing_behind, street.lane)

    def get(*more: tuple[bytes, bytes]) -> dict[bytes, bytes]:
        headers = [(b"user-agent", FIREFOX.encode()), *more]
        answer = asyncio.run(Client(path="/ruled", headers=headers).ask(application))
        assert answer.status == 302, answer.body
        return answer.answered

    first = get()
    assert first[b"location"] == PLAY.encode()
    sent = first[b"set-cookie"].partition(b";")[0]
    assert get((b"cookie", sent))[b"location"] == STORE.encode()
    assert [name.rpartition("_")[0] for name in threads] == ["draw"]


async def nothing_behind(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("nothing is behind the lane here")
