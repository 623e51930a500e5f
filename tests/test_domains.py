"""Several domains on one installation: codes of their own, and a lane that knows whose they are."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from waiting import wait_until
from werkzeug.test import Client
from world import NOON, World

from linktrack.app import create_app
from linktrack.clicks.capture.wsgi_lane import WSGILane
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.ids import SegmentId
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.links.catalog import add_link, get_link
from linktrack.links.domains.domains import add_domain, move_domain, remove_domain
from linktrack.links.domains.faces import Face, set_face
from linktrack.links.hosts.finding import find_domain, further_domains, name_link
from linktrack.links.hosts.models import Domain
from linktrack.links.hosts.names import bare_host, hosts_of_domains
from linktrack.links.models import Link
from linktrack.links.own_addresses import remember_address
from linktrack.links.redirects.lookup import find_hosts, find_target

BASE = "https://go.jessestay.com"
SHOP = "https://shop.example"


def domain(world: World, address: str = SHOP) -> Domain:
    """Add a domain."""
    added = add_domain(world.session, BASE, address, NOON)
    world.session.commit()
    return added


def link(world: World, slug: str | None, to: str, on: Domain | None = None) -> Link:
    """Make a link of the only account, on a domain."""
    made = new_link(world, slug, to, on)
    world.session.commit()
    return made


def new_link(world: World, slug: str | None, to: str, on: Domain | None) -> Link:
    """Make a link, and leave it to be committed."""
    return add_link(
        world.session,
        world.shortener,
        account_id=world.session.info["account"],
        post_id=None,
        destination=to,
        at=NOON,
        slug=slug,
        domain=on,
    )


@pytest.fixture(autouse=True)
def account(request: pytest.FixtureRequest) -> None:
    """Whose links these are."""
    for name in ("world", "sqlite_world"):
        if name in request.fixturenames:
            world = request.getfixturevalue(name)
            world.session.info["account"] = world.account().id


@contextmanager
def asked(world: World) -> Iterator[Client]:
    """Ask the whole application, lane and pages."""
    keys = load_keys(world.settings.data)
    opened = Installation(world.settings, keys, world.database, world.shortener)
    lane = opened.lane()
    yield Client(WSGILane(create_app(opened).wsgi_app, lane), use_cookies=False)
    lane._targets.close()


def where(client: Client, address: str) -> str | None:
    """Return where a request for a short address is sent, None if nowhere."""
    base, _, code = address.rpartition("/")
    answer = client.get(f"/{code}", base_url=base)
    return answer.headers.get("Location") if answer.status_code == 302 else None


def test_each_domain_has_codes_of_its_own(world: World) -> None:
    """The same code leads where each of them says; unknown on one, it isn't taken from another."""
    shop = domain(world)
    link(world, "sale", "https://example.com/first")
    link(world, "sale", "https://example.com/shop", shop)
    link(world, "mine", "https://example.com/mine")
    link(world, "theirs", "https://example.com/theirs", shop)
    with pytest.raises(Conflict):
        link(world, "sale", "https://example.com/again", shop)
    world.session.rollback()
    with asked(world) as client:
        assert where(client, f"{BASE}/sale") == "https://example.com/first"
        assert where(client, f"{SHOP}/sale") == "https://example.com/shop"
        assert where(client, f"{SHOP}/Theirs") == "https://example.com/theirs"
        assert where(client, f"{SHOP}/theirs-") == "https://example.com/theirs"
        assert where(client, f"{SHOP}/mine") is None
        assert where(client, f"{BASE}/theirs") is None
        # By a number, or from a monitor: as ever.
        assert where(client, "http://192.0.2.7/mine") == "https://example.com/mine"
        for host in ("SHOP.example:443", "shop.example."):
            answer = client.get("/sale", headers={"Host": host})
            assert answer.headers["Location"] == "https://example.com/shop"
        forged = {"Host": "go.jessestay.com", "X-Forwarded-Host": "shop.example"}
        assert client.get("/sale", headers=forged).headers["Location"].endswith("/first")


def test_a_version_is_on_its_links_domain(world: World) -> None:
    """A computed code leads nowhere on another one."""
    shop = domain(world)
    number = link(world, "sale", "https://example.com/shop", shop).id
    code = world.shortener.version_code(number, SegmentId(3))
    engine, codes = world.database.engine, world.shortener.codes
    assert find_target(engine, codes, code) is None
    found = find_target(engine, codes, f"{shop.id}/{code}")
    assert found is not None
    assert (found.link_id, found.segment_id) == (number, 3)
    with pytest.raises(NotFound):
        get_link(world.session, codes, code)
    assert get_link(world.session, codes, code, shop.id).id == number


def test_every_worker_follows_what_becomes_of_a_domain(world: World) -> None:
    """Within two seconds: one that is added, and one that gets another address; the old goes on."""
    link(world, "sale", "https://example.com/first")
    with asked(world) as client:
        assert where(client, f"{SHOP}/sale") == "https://example.com/first"
        shop = domain(world)
        link(world, "sale", "https://example.com/shop", shop)
        wait_until(lambda: where(client, f"{SHOP}/sale") == "https://example.com/shop", 2.5)
        move_domain(world.session, BASE, shop, "new.example", NOON)
        world.session.commit()
        wait_until(
            lambda: where(client, "https://new.example/sale") == "https://example.com/shop", 2.5
        )
        assert where(client, f"{SHOP}/sale") == "https://example.com/shop"
    assert find_domain(world.session, BASE, SHOP) is shop
    assert world.shortener.short_url("sale", shop) == "https://new.example/sale"


def test_a_domain_is_one_that_was_never_ours(world: World) -> None:
    """With its host alone; and it is removed only where no link begins with it."""
    shop = domain(world, "Shop.Example/")
    assert shop.address == SHOP
    for taken in (BASE, "go.jessestay.com:443", "http://SHOP.example"):
        with pytest.raises(Conflict):
            add_domain(world.session, BASE, taken, NOON)
    for wrong in ("", "https://", "ftp://a.example", "https://a.example/path", "https://u@a.b"):
        with pytest.raises(Invalid):
            add_domain(world.session, BASE, wrong, NOON)
    with pytest.raises(Invalid, match="circle"):
        set_face(world.session, BASE, shop, Face(front_address=f"{SHOP}/"), NOON)
    made = link(world, None, "https://example.com/", shop)
    with pytest.raises(Conflict, match="1 link begins with https://shop"):
        remove_domain(world.session, shop, NOON)
    world.session.rollback()
    made = world.session.get_one(Link, made.id)
    made.domain_id = None
    world.session.commit()
    remove_domain(world.session, shop, NOON)
    world.session.commit()
    assert further_domains(world.session) == []
    assert find_hosts(world.database.engine, BASE) == {}


def test_links_are_named_with_their_domain(world: World) -> None:
    """By a code, a host and a code, or as they were posted."""
    shop = domain(world)
    remember_address(world.session, BASE, NOON)
    for written in (
        "shop.example/sale",
        "sale@shop.example",
        f"{SHOP}/sale",
        " HTTPS://SHOP.example/sale/ ",
    ):
        assert name_link(world.session, written) == ("sale", shop)
    for written in ("sale", "go.jessestay.com/sale", f"{BASE}/sale"):
        assert name_link(world.session, written) == ("sale", None)
    with pytest.raises(NotFound, match="no domain"):
        name_link(world.session, "elsewhere.example/sale")


@given(
    st.lists(st.tuples(st.sampled_from([None, 0, 1]), st.sampled_from("ab")), max_size=8),
)
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_codes_are_unique_on_each_domain(
    sqlite_world: World, made: list[tuple[int | None, str]]
) -> None:
    """Whatever is made in which order: what is taken on one is free on the others."""
    world, taken = sqlite_world, dict[tuple[int | None, str], Link]()
    shops = further_domains(world.session) or [domain(world), domain(world, "https://b.example")]
    for number, code in made:
        on = None if number is None else shops[number]
        if (number, code) in taken:
            with pytest.raises(Conflict), world.session.begin_nested():
                new_link(world, code, "https://example.com/", on)
        else:
            taken[number, code] = new_link(world, code, "https://example.com/", on)
    for (number, code), one in taken.items():
        domain_id = None if number is None else shops[number].id
        assert get_link(world.session, world.shortener.codes, code, domain_id) is one
    world.session.rollback()


def test_the_database_itself_keeps_codes_apart(world: World) -> None:
    """Two processes cannot give out one code twice, on whichever domain."""
    shop = domain(world)
    for on in (None, shop.id):
        first, second = (link(world, None, "https://example.com/") for _ in range(2))
        first.domain_id = second.domain_id = on
        first.code = "same" if on is None else "other"
        world.session.commit()
        second.code = first.code
        with pytest.raises(IntegrityError):
            world.session.flush()
        world.session.rollback()


@given(
    st.sampled_from(["go.example", "shop.example", "[2001:db8::1]", "192.0.2.7"]),
    st.sampled_from(["", ".", ":80", ":443", ":8080"]),
)
def test_a_host_is_compared_without_what_means_nothing(name: str, behind: str) -> None:
    """Capitals, a last dot and the usual ports; another port is another host."""
    found = bare_host(f"{name.upper()}{behind}")
    assert found == (f"{name}:8080" if behind == ":8080" else name)


def test_a_proxy_may_leave_a_port_out_where_a_name_is_one_domains() -> None:
    """As nginx's $host does."""
    hosts = hosts_of_domains(
        [("http://shop.test:8000", 1), ("http://two.test:1", 2), ("http://go.test:9", 4)],
        ["http://go.test:8000"],
    )
    assert (hosts["shop.test:8000"], hosts["shop.test"], hosts["go.test:9"]) == (1, 1, 4)
    assert "go.test" not in hosts
    assert "go.test:8000" not in hosts
