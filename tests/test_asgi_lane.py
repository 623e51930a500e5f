"""The lane in an event loop: it answers as under WSGI, and nothing slow holds it."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from asking import Client
from clicking import FIREFOX
from lanes import Street
from werkzeug.test import EnvironBuilder, run_wsgi_app

from linktrack.clicks.capture.asgi_lane import ASGILane
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.lane import CARD, Lane
from linktrack.clicks.capture.visitors import Visitors
from linktrack.clicks.capture.wsgi_lane import WSGILane
from linktrack.ids import LinkId
from linktrack.links.redirects.targets import Changes, Target, Targets
from linktrack.settings import LOOPBACK

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import Receive, Scope, Send


class Loop:
    """The lane of a street, with an ASGI application behind it that says what it was asked."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.behind_paths: list[str] = []
        self.application = ASGILane(self.behind, street.lane)

    async def behind(self, scope: "Scope", _receive: "Receive", send: "Send") -> None:
        assert scope["type"] == "http"
        self.behind_paths.append(scope["path"])
        card = CARD in scope.get("extensions", {})
        await send({"type": "http.response.start", "status": 200 if card else 404, "headers": []})
        await send({"type": "http.response.body", "body": b"behind"})

    async def ask(self, path: str) -> Client:
        headers = [(b"user-agent", FIREFOX.encode()), (b"accept-language", b"en")]
        return await Client(path=path, headers=headers).ask(self.application)

    def get(self, path: str) -> Client:
        return asyncio.run(self.ask(path))


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """A lane in an event loop, on a real journal."""
    street = Street(tmp_path)
    street.known["card1"] = Target(LinkId(3), "https://example.com/c", shows_card=True)
    street.known["query"] = Target(LinkId(4), "https://example.com/q", forward_query=True)
    yield Loop(street)
    street.lane.close()


REQUESTS: Sequence[tuple[str, str, str, dict[str, str]]] = [
    ("GET", "/abcde", "", {"User-Agent": FIREFOX, "Accept-Language": "de, en"}),
    ("HEAD", "/abcde", "", {"User-Agent": FIREFOX}),
    ("GET", "/forseg", "fbclid=1", {"User-Agent": FIREFOX, "Referer": "https://t.co/x"}),
    ("GET", "/abcde)", "", {"User-Agent": FIREFOX, "Sec-Purpose": "prefetch"}),
    ("GET", "/abcde”", "", {"User-Agent": FIREFOX, "Purpose": "preview"}),
    ("GET", "/abcde", "", {"X-Moz": "prefetch", "Accept": "image/png"}),
    ("GET", "/abcde", "", {"User-Agent": "Größe", "Sec-Fetch-Dest": "image"}),
    ("GET", "/query", "a=1&b=%C3%A4", {"User-Agent": FIREFOX, "DNT": "1"}),
    ("GET", "/abcde", "", {"User-Agent": FIREFOX, "Sec-GPC": "1", "Cookie": "a=b"}),
    ("GET", "/abcde", "", {"X-Forwarded-For": "203.0.113.7, 198.51.100.2"}),
    ("GET", "/card1", "", {"User-Agent": "Twitterbot/1.0"}),
    ("GET", "/gone1", "", {"User-Agent": FIREFOX}),
    ("GET", "/nobody.", "", {"User-Agent": FIREFOX}),
    ("POST", "/abcde", "", {"User-Agent": FIREFOX}),
    ("GET", "/", "", {"User-Agent": FIREFOX}),
]


@pytest.mark.parametrize(("method", "path", "query", "headers"), REQUESTS)
def test_both_faces_answer_and_write_down_the_same(
    loop: Loop, method: str, path: str, query: str, headers: dict[str, str]
) -> None:
    """Status, destination, headers, who answers in our place, and each field of the click."""
    street = loop.street
    builder = EnvironBuilder(path, method=method, query_string=query, headers=headers.items())
    environ = builder.get_environ() | {"REMOTE_ADDR": "127.0.0.1"}
    _, status, answered = run_wsgi_app(WSGILane(street.behind, street.lane), environ)
    before = street.clicks()
    sent = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
    client = asyncio.run(
        Client(method, path, query.encode(), sent).ask(loop.application),
    )
    if client.body == b"behind":
        asked = [one.encode("latin-1").decode() for one in street.behind_paths]
        assert asked == loop.behind_paths
        assert client.status == (200 if path == "/card1" else 404)
    else:
        assert str(client.status) == status[:3]
        assert {name.lower(): text for name, text in answered} == {
            name.decode(): text.decode() for name, text in client.answered.items()
        }
    both = street.clicks()
    assert both == before + before


def test_a_header_that_comes_twice_is_read_as_one_list(loop: Loop) -> None:
    """Else a client's own X-Forwarded-For could stand in front of the proxy's."""
    headers = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-for", b"198.51.100.2")]
    asyncio.run(Client(path="/abcde", headers=headers).ask(loop.application))
    asyncio.run(
        Client(path="/abcde", headers=[(b"x-forwarded-for", b"203.0.113.7,198.51.100.2")]).ask(
            loop.application
        )
    )
    first, second = loop.street.clicks()
    assert first == second


def test_an_underscore_forges_no_address(loop: Loop) -> None:
    """X_Forwarded_For is another header than X-Forwarded-For."""
    forged = [(b"x_forwarded_for", b"203.0.113.7")]
    asyncio.run(Client(path="/abcde", headers=forged).ask(loop.application))
    asyncio.run(Client(path="/abcde").ask(loop.application))
    first, second = loop.street.clicks()
    assert first == second


def test_a_database_that_hangs_holds_no_known_link(tmp_path: Path) -> None:
    """Twenty unknown codes wait for it; a known one is answered meanwhile, in the loop."""
    hanging = threading.Event()
    known = Target(LinkId(1), "https://example.com/a")

    def find(code: str) -> Target | None:
        if code != "abcde":
            hanging.wait(30)
        return known

    lane = Lane(
        Targets(find, lambda _since: Changes(0, ())),
        Journal(tmp_path / "journals"),
        Visitors(tmp_path / "visitor_keys", "month", ZoneInfo("UTC")),
        LOOPBACK,
    )
    application = ASGILane(_nobody, lane)

    async def ask() -> list[int]:
        assert (await Client(path="/abcde").ask(application)).status == 302
        waiting = [
            asyncio.create_task(Client(path=f"/other{n}").ask(application)) for n in range(20)
        ]
        await asyncio.sleep(0)  # the other tasks' turn
        answered = [(await Client(path="/abcde").ask(application)).status for _ in range(50)]
        assert not any(one.done() for one in waiting)
        hanging.set()
        answered += [one.status for one in await asyncio.gather(*waiting)]
        return answered

    assert asyncio.run(ask()) == [302] * 70
    lane.close()


def test_while_the_database_is_away_known_links_go_on(loop: Loop) -> None:
    """An unknown one is answered with 503 and a sentence."""
    assert loop.get("/abcde").status == 302
    loop.street.away = True
    assert loop.get("/abcde").status == 302
    refused = loop.get("/other")
    assert (refused.status, refused.answered[b"retry-after"]) == (503, b"60")
    assert b"try again in a minute" in refused.body


def test_a_click_is_on_disk_before_its_answer(loop: Loop) -> None:
    """Under `always` a thread waits for the disk, and the answer for the thread."""
    assert loop.street.lane.waits
    for _ in range(3):
        assert loop.get("/abcde").status == 302
    lines = [
        json.loads(line)
        for path in loop.street.folder.glob("journals/*.journal")
        for line in path.read_text().splitlines()
    ]
    assert [line["l"] for line in lines] == [1, 1, 1]


async def _nobody(_scope: "Scope", _receive: "Receive", _send: "Send") -> None:
    raise AssertionError("nothing is behind this lane")
