"""The owner's own clicks are kept, and counted nowhere."""

import json
from pathlib import Path

import pytest
from browser import Browser, read
from lanes import lane
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from sqlalchemy import select
from werkzeug.test import Client
from world import NOON, World

from linktrack.clicks.capture.geoip import NOWHERE, place_lookup
from linktrack.clicks.capture.own_clicks import COOKIE
from linktrack.clicks.models import clicks
from linktrack.clicks.vocabulary import FORWARDED, OWNER, REASONS
from linktrack.errors import Invalid
from linktrack.installation import Installation
from linktrack.settings import load_settings

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HEADERS = {"User-Agent": FIREFOX, "Accept-Language": "en"}


def follow(client: Client, code: str | None, **headers: str) -> None:
    """Click a link as somebody on this machine, or through its proxy."""
    answer = client.get(
        f"/{code}",
        headers=HEADERS | {name.replace("_", "-"): value for name, value in headers.items()},
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
    )
    assert answer.status_code == 302


def flags(world: World) -> list[int]:
    """Return the flags of all journalled clicks."""
    return [
        json.loads(line).get("x", 0)
        for path in sorted(world.settings.journals.glob("*.journal"))
        for line in path.read_bytes().splitlines()
    ]


def test_signing_in_marks_the_browser(sqlite_world: World) -> None:
    """A cookie for the whole host, which scripts cannot read, for a year."""
    browser = Browser.on(sqlite_world)
    answer = browser.send(browser.sign_in_address(sqlite_world), {})
    (marker,) = (each for each in answer.headers.getlist("Set-Cookie") if COOKIE in each)
    for part in ("Path=/;", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=31536000"):
        assert part in marker + ";"


def test_a_marked_browsers_clicks_are_the_owners(sqlite_world: World) -> None:
    """From the lane through the journal into the class of the stored click."""
    world = sqlite_world
    (link,) = world.post(world.account(), "http://example.com/").links
    content = Installation.open(world.settings).own_clicks().content()
    client = lane(world)
    for cookie in (f"a=b; {COOKIE}={content}", f"{COOKIE}=1.made-up", ""):
        follow(client, link.code, Cookie=cookie)
    assert flags(world) == [OWNER, 0, 0]
    world.loader().load()
    with world.database.engine.connect() as connection:
        stored = [REASONS[number] for number in connection.scalars(select(clicks.c.reason))]
    assert stored == ["owner", "human", "human"]


def test_clicks_from_ignored_networks_are_the_owners(sqlite_world: World) -> None:
    """IPv4 and IPv6, as seen behind a trusted proxy."""
    world = sqlite_world
    (link,) = world.post(world.account(), "http://example.com/").links
    client = lane(
        world,
        LINKTRACK_IGNORE="198.51.100.0/24, 2001:db8:1::/48",
        LINKTRACK_TRUSTED_PROXIES="127.0.0.1",
    )
    for address in ("198.51.100.7", "2001:db8:1::5", "203.0.113.9"):
        follow(client, link.code, X_Forwarded_For=address)
    assert flags(world) == [OWNER, OWNER, 0]


def test_an_untrusted_proxy_is_noticed_and_said(sqlite_world: World) -> None:
    """Nine clicks in ten through a proxy that is not believed: a page says what to set."""
    world = sqlite_world
    (link,) = world.post(world.account(), "http://example.com/").links
    client = lane(world)
    for number in range(10):
        follow(client, link.code, X_Forwarded_For=f"203.0.113.{number}")
    assert flags(world) == [FORWARDED] * 10
    browser = Browser.signed_in(world)
    assert "A proxy isn't trusted" not in read(browser.get("/owner/left-out"))
    world.loader().load()
    assert "A proxy isn't trusted" in read(browser.get("/owner/left-out"))


def test_a_device_is_marked_where_nobody_is_signed_in(sqlite_world: World) -> None:
    """Under an address that is not guessed; pressing again counts the device again."""
    world = sqlite_world
    owner = Browser.signed_in(world)
    page = owner.get("/owner/own-clicks")
    own = Installation.open(world.settings).own_clicks()
    address = f"/uncounted/{own.secret()}"
    assert f"{world.settings.base_url}{address}" in page.text
    app = Browser.on(world)
    assert "Ignore this device" in read(app.get(address))
    answer = app.client.post(address)
    assert answer.status_code == 303 and own.content() in answer.headers["Set-Cookie"]
    app.client.set_cookie(COOKIE, own.content(), domain="localhost")
    assert "Count this device again" in read(app.get(address))
    assert f"{COOKIE}=;" in app.client.post(address, data={"count": "yes"}).headers["Set-Cookie"]
    for wrong in ("/uncounted/x", f"/uncounted/{own.secret()[:-1]}", "/uncounted/%ff"):
        assert app.get(wrong).status_code == 404
        assert app.client.post(wrong).status_code == 404


def test_the_owners_page_marks_this_browser_and_unmarks_it(sqlite_world: World) -> None:
    """By a form with a token, as all owner pages."""
    browser = Browser.signed_in(sqlite_world)
    answer = browser.send("/owner/own-clicks", {"count": "yes"})
    assert answer.status_code == 303 and f"{COOKIE}=;" in answer.headers["Set-Cookie"]
    answer = browser.send("/owner/own-clicks", {})
    assert "Max-Age=31536000" in answer.headers["Set-Cookie"]


def country_file(path: Path) -> Path:
    """Write a MaxMind-format file in which two networks have countries."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-Country")
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"country": {"iso_code": "DE"}})
    writer.insert_network(IPSet(["2001:db8:2::/48"]), {"country": {"iso_code": "JP"}})
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"traits": {}})
    writer.to_db_file(str(path))
    return path


def test_a_country_is_looked_up_and_the_address_dropped(
    sqlite_world: World, tmp_path: Path
) -> None:
    """Only with a file that the owner gives."""
    world = sqlite_world
    (link,) = world.post(world.account(), "http://example.com/").links
    client = lane(
        world,
        LINKTRACK_GEOIP=str(country_file(tmp_path / "countries.mmdb")),
        LINKTRACK_TRUSTED_PROXIES="127.0.0.1",
    )
    for address in ("198.51.100.7", "2001:db8:2::5", "203.0.113.9", "192.0.2.1"):
        follow(client, link.code, X_Forwarded_For=address)
    (journal,) = world.settings.journals.glob("*.journal")
    lines = [json.loads(line) for line in journal.read_bytes().splitlines()]
    assert [line.get("c") for line in lines] == ["DE", "JP", None, None]


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    """A missing file stops the start, a wrong one too."""
    with pytest.raises(Invalid, match="LINKTRACK_GEOIP"):
        load_settings({"LINKTRACK_GEOIP": str(tmp_path / "missing.mmdb")})
    wrong = tmp_path / "wrong.mmdb"
    wrong.write_bytes(b"no such thing")
    with pytest.raises(Invalid, match="LINKTRACK_GEOIP"):
        place_lookup(wrong)
    assert place_lookup(country_file(tmp_path / "right.mmdb"))("no address") == NOWHERE


def test_no_address_stays_anywhere_in_the_data_folder(sqlite_world: World, tmp_path: Path) -> None:
    """Database, journals, keys and what is set aside hold none of the clients' addresses."""
    world = sqlite_world
    (link,) = world.post(world.account(), "http://example.com/", NOON).links
    client = lane(
        world,
        LINKTRACK_TRUSTED_PROXIES="127.0.0.1",
        LINKTRACK_GEOIP=str(country_file(tmp_path / "countries.mmdb")),
    )
    addresses = ["198.51.100.77", "203.0.113.99", "2001:db8:2:3:4:5:6:7"]
    for address in addresses:
        forwarded = f"192.0.2.55, {address}"
        follow(client, link.code, X_Forwarded_For=forwarded)
        follow(client, link.code, X_Forwarded_For=forwarded, DNT="1")
        missing = client.get("/nothing-here", headers={**HEADERS, "X-Forwarded-For": forwarded})
        assert missing.status_code == 404
    world.loader().load()
    with world.database.engine.connect() as connection:
        assert len(connection.scalars(select(clicks.c.seq)).all()) == 6
    database = Path(world.settings.database.removeprefix("sqlite:///"))
    files = [*world.settings.data.rglob("*"), *database.parent.glob(f"{database.name}*")]
    looked_at = 0
    for path in filter(Path.is_file, files):
        content = path.read_bytes()
        looked_at += 1
        for address in [*addresses, "192.0.2.55", "2001:db8:2:3::", "198.51.100"]:
            assert address.encode() not in content, path
    assert looked_at >= 4
