"""Limits of links as the lane holds them: time, people's clicks, and passwords."""

import asyncio
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from asking import Client
from clicking import FIREFOX
from lanes import Street
from werkzeug.test import Client as WebClient

from linktrack.clicks.capture.asgi_lane import ASGILane
from linktrack.clicks.capture.gate import Gate
from linktrack.ids import LinkId
from linktrack.keys import Markers
from linktrack.links.redirects.leases import Drawn, Leases
from linktrack.links.redirects.limits import Limits, fingerprint, pass_name
from linktrack.links.redirects.plan import Plan
from linktrack.links.redirects.targets import Target

FEW = LinkId(7)
PASSES = Markers(b"k" * 32)


class Budget:
    """What is left of one link's clicks, where a database would keep it."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.asked = 0
        self.away = False
        self.threads: set[str] = set()

    def draw(self, link_ids: Collection[LinkId], again: Collection[LinkId]) -> dict[LinkId, Drawn]:
        """Draw two clicks, or the last one; there is one link only."""
        assert not again
        (link_id,) = link_ids
        self.asked += 1
        self.threads.add(threading.current_thread().name)
        if self.away:
            raise OSError("no database")
        clicks = min(2, self.left)
        self.left -= clicks
        return {link_id: Drawn(0, clicks)}

    def give_back(self, given: Mapping[LinkId, Drawn]) -> None:
        """Put back what was drawn."""
        self.left += sum(drawn.clicks for drawn in given.values())


def limited(folder: Path, limits: Limits, budget: Budget | None = None) -> Street:
    """Return a street with one link that has these limits, /few."""
    budget = budget or Budget(0)
    street = Street(folder, Gate(PASSES, Leases(budget)))
    street.client = WebClient(street.client.application, use_cookies=False)
    street.known["few"] = Target(FEW, "https://example.com/f", plan=Plan(limits))
    return street


def test_a_link_for_three_clicks_answers_three_people(tmp_path: Path) -> None:
    """Then the application says that it has ended; no click is counted of that."""
    budget = Budget(3)
    street = limited(tmp_path, Limits(most_clicks=3), budget)
    answered = [street.get("/few").status_code for _ in range(5)]
    assert answered == [302, 302, 302, 404, 404]
    assert len(street.clicks()) == 3
    assert budget.left == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"User_Agent": "Twitterbot/1.0"},
        {"User_Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User_Agent": ""},
        {"Sec_Purpose": "prefetch"},
        {"Accept": "image/avif,image/webp"},
    ],
)
def test_what_is_no_persons_click_uses_none(tmp_path: Path, headers: dict[str, str]) -> None:
    """Previews, bots and prefetches are redirected, and a person after them as well."""
    street = limited(tmp_path, Limits(most_clicks=1), Budget(1))
    assert {street.get("/few", **headers).status_code for _ in range(100)} == {302}
    assert [street.get("/few").status_code for _ in range(2)] == [302, 404]
    assert street.get("/few", **headers).status_code == 404


def test_a_link_that_has_ended_leads_where_its_owner_says(tmp_path: Path) -> None:
    """By its time and by its clicks, and none of that counts as a click."""
    street = limited(tmp_path, Limits())
    at, there = street.now, "https://example.com/over"
    for limits in (
        Limits(expires_at=at, ended_to=there),
        Limits(most_clicks=1, is_used_up=True, ended_to=there),
    ):
        street.known["few" + str(limits.most_clicks)] = Target(
            FEW, "https://x.example", plan=Plan(limits)
        )
        answer = street.get("/few" + str(limits.most_clicks))
        assert answer.headers["Location"] == there
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert street.clicks() == []


def test_a_password_is_asked_for_until_a_browser_brings_a_pass(tmp_path: Path) -> None:
    """A pass for another link, another password or of another's making opens nothing."""
    password = fingerprint("$argon2id$one")
    street = limited(tmp_path, Limits(password=password))
    name = pass_name(FEW)
    signed = PASSES.sign(name, password)
    other = PASSES.sign(pass_name(8), password)
    wrong = (
        "",
        f"{pass_name(8)}={other}",
        f"{name}={other}",
        f"{name}={PASSES.sign(name, fingerprint('$argon2id$two'))}",
        f"{name}={Markers(b'x' * 32).sign(name, password)}",
        f"{name}={password}",
        f"{name}=ü.ü",
    )
    for cookies in wrong:
        assert street.get("/few", Cookie=cookies).status_code == 404
    assert street.clicks() == []
    assert street.get("/few", Cookie=f"a=b; {name}={signed}").status_code == 302
    assert len(street.clicks()) == 1


def test_the_event_loop_draws_no_clicks_itself(tmp_path: Path) -> None:
    """What is in hand is taken there; all else happens in threads, and twenty at once get two."""
    budget = Budget(2)
    street = limited(tmp_path, Limits(most_clicks=2), budget)
    lane = ASGILane(lambda _scope, _receive, send: behind(send), street.lane)

    async def ask() -> int | None:
        headers = [(b"user-agent", FIREFOX.encode()), (b"accept-language", b"en")]
        return (await Client(path="/few", headers=headers).ask(lane)).status

    async def crowd() -> list[int | None]:
        return await asyncio.gather(*(ask() for _ in range(20)))

    assert sorted(filter(None, asyncio.run(crowd()))) == [302] * 2 + [404] * 18
    assert all(name.startswith(("draw", "leases")) for name in budget.threads)
    street.lane.close()


async def behind(send: object) -> None:
    assert callable(send)
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


def test_while_the_database_is_away_only_what_was_drawn_is_answered(tmp_path: Path) -> None:
    """Then the answer is 503, as for codes that can't be looked up; previews go on."""
    budget = Budget(10)
    street = limited(tmp_path, Limits(most_clicks=10), budget)
    assert street.get("/few").status_code == 302
    budget.away = True
    assert [street.get("/few").status_code for _ in range(3)] == [302, 503, 503]
    assert street.get("/few", User_Agent="Twitterbot/1.0").status_code == 302
    budget.away = False
    assert street.get("/few").status_code == 302


def test_clicks_that_are_added_are_answered_at_once(tmp_path: Path) -> None:
    """A higher number, or one that is counted anew, doesn't wait for what is remembered."""
    budget = Budget(1)
    street = limited(tmp_path, Limits(most_clicks=1), budget)
    assert [street.get("/few").status_code for _ in range(2)] == [302, 404]
    budget.left = 1
    first = street.known["few"]
    plan = Plan(Limits(most_clicks=2))
    street.known["few"] = replace(first, plan=plan)
    street.lane._targets.refresh([FEW])
    assert [street.get("/few").status_code for _ in range(2)] == [302, 404]
