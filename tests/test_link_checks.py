"""Dead destinations: visited politely, never on a private network, dead at the second failure."""

import ipaddress
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from clicking import FIREFOX
from listening import listening
from world import NOON, World

from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.links.catalog import change_destination
from linktrack.links.models import Link
from linktrack.links.redirects.ruling import Wanted, set_rules
from linktrack.links.visiting import Visit, visit
from linktrack.outside.addresses import Address, is_public
from linktrack.upkeep.link_checks import check_links, dead_links

DAY = timedelta(days=1)


def anybody(_address: Address) -> bool:
    """Let the tests' own server be visited."""
    return True


class Site(BaseHTTPRequestHandler):
    """A site with every kind of page; `asked` is what was asked of it."""

    asked: list[tuple[str, str, str]]

    def answer(self) -> None:
        type(self).asked.append((self.command, self.path, self.headers["User-Agent"]))
        kind = self.path.removeprefix("/").partition("?")[0]
        if kind == "no-head":
            status = 405 if self.command == "HEAD" else 200
        elif kind in ("moved", "round", "inside"):
            status = 302
        else:
            status = int(kind)
        self.send_response(status)
        where = {"moved": "/200", "round": "/round", "inside": "http://10.0.0.1/"}
        if kind in where:
            self.send_header("Location", where[kind])
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = answer  # noqa: N815 - the names are http.server's

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """A web site on loopback."""
    Site.asked = []
    with listening(Site) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("200", None),
        ("moved", None),
        ("no-head", None),
        ("403", None),
        ("429", None),
        ("404", "Not found (404)."),
        ("410", "Gone (410)."),
        ("503", "Its server fails (503)."),
        ("round", "It redirects more than 5 times."),
    ],
)
def test_a_visit_finds_what_a_reader_would(site: str, path: str, problem: str | None) -> None:
    """HEAD, then GET where HEAD is refused; who refuses programs is alive."""
    assert visit(f"{site}/{path}?a=b", "me", anybody) == Visit(problem)
    methods = [method for method, _, _ in Site.asked]
    assert methods[0] == "HEAD"
    assert ("GET" in methods) == (path in ("no-head", "403", "429", "404", "410", "503"))
    assert all("a=b" in asked or path != "200" for _, asked, _ in Site.asked)


def test_a_site_that_is_not_there_is_said_so() -> None:
    """No name, no server."""
    assert visit("http://no.such.site.invalid/", "me").problem is not None
    assert visit("http://127.0.0.1:1/", "me", anybody).problem == "It cannot be reached."


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104 - no binding
        "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "2002:a00:1::1", "::a00:1", "64:ff9b:1::a00:1", "fec0::1",
    ],
)  # fmt: skip
def test_private_addresses_are_never_visited(address: str) -> None:
    """Neither as such nor wrapped into an IPv6 one."""
    assert not is_public(ipaddress.ip_address(address))


def test_public_addresses_may_be_visited() -> None:
    """Of both kinds."""
    assert is_public(ipaddress.ip_address("93.184.215.14"))
    assert is_public(ipaddress.ip_address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"))


def test_a_private_site_is_refused_and_asked_nothing(site: str) -> None:
    """Also where a public site redirects there: each hop is judged anew."""
    assert visit(f"{site}/200", "me") == Visit(None, is_refused=True)
    assert Site.asked == []
    only_here = ipaddress.ip_address("127.0.0.1").__eq__
    found = visit(f"{site}/inside", "me", lambda address: bool(only_here(address)))
    assert found == Visit(None, is_refused=True)


def clicked(world: World, *destinations: str) -> list[Link]:
    """Make a link to each destination, with one click at noon."""
    links = world.post(world.account(), " ".join(destinations)).links
    world.click(
        [
            ClickRecord(
                clicked_at=int(NOON.timestamp() * 1000),
                link_id=link.id,
                user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                referrer=None,
                visitor=1,
                flags=0,
                segment_id=None,
                follower_id=None,
                attribution=None,
            )
            for link in links
        ]
    )
    return links


def test_a_destination_is_dead_at_the_second_failure_a_day_apart(world: World) -> None:
    """Once may be a bad hour; when it answers again it is forgotten."""
    alive, dead = clicked(world, "https://example.com/alive", "https://example.com/dead")
    found = {"https://example.com/alive": None, "https://example.com/dead": "Not found (404)."}
    visited: list[str] = []

    def visiting(destination: str) -> Visit:
        visited.append(destination)
        return Visit(found[destination])

    def check(at: timedelta) -> list[str | None]:
        visited.clear()
        check_links(world.database, NOON + at, visiting, pause=0)
        world.session.rollback()
        return [item.link.code for item in dead_links(world.session, NOON + at, 10)]

    assert check(timedelta(hours=1)) == []
    assert sorted(visited) == sorted(found)
    assert check(timedelta(hours=2)) == []
    assert visited == []
    assert check(2 * DAY) == [dead.code]
    assert visited == ["https://example.com/dead"]
    found["https://example.com/dead"] = None
    assert check(4 * DAY) == []
    assert check(9 * DAY) == []
    assert visited == ["https://example.com/alive"]
    assert alive.code != dead.code


def test_links_nobody_clicks_and_disabled_ones_are_left_alone(world: World) -> None:
    """Each visit is somebody's bandwidth; a link that leads elsewhere now is judged anew."""
    first, second = clicked(world, "https://example.com/1", "https://example.com/2")
    world.post(world.account("@other", "other", None), "Read https://example.com/unclicked")
    first.disabled_at = NOON
    world.session.commit()
    visited: list[str] = []

    def visiting(destination: str) -> Visit:
        visited.append(destination)
        return Visit("Gone (410).")

    check_links(world.database, NOON + DAY, visiting, pause=0)
    check_links(world.database, NOON + 3 * DAY, visiting, pause=0)
    assert visited == ["https://example.com/2"] * 2
    world.session.rollback()
    assert len(dead_links(world.session, NOON + 3 * DAY, 10)) == 1
    change_destination(world.session, world.shortener, second, "https://example.com/3", NOON)
    world.session.commit()
    assert dead_links(world.session, NOON + 3 * DAY, 10) == []
    visited.clear()
    check_links(world.database, NOON + 40 * DAY, visiting, pause=0)
    assert visited == []


def test_where_rules_lead_is_visited_too(world: World) -> None:
    """A link is dead where any of its destinations is; the sentence says which."""
    link = world.post(world.account(), "https://own.com/").links[0]
    world.click([ClickRecord(to_ms(NOON), link.id, FIREFOX, None, 1)])
    rule = Wanted((), (("https://a.com/", 50), ("https://b.com/", 50)))
    set_rules(world.session, world.shortener, link, [rule], NOON)
    world.session.commit()
    asked: list[str] = []

    def visiting(destination: str) -> Visit:
        asked.append(destination)
        return Visit("It answers 404." if "b.com" in destination else None)

    for day in (0, 2):
        check_links(world.database, NOON + day * DAY, visiting, pause=0)
    assert asked == 2 * ["https://own.com/", "https://a.com/", "https://b.com/"]
    world.session.rollback()
    (dead,) = dead_links(world.session, NOON + 2 * DAY, 10)
    assert dead.check.problem == "Where a rule leads, at b.com: It answers 404."
