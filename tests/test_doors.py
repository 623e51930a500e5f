"""Doors of other shorteners: their clients wrap links here with no new code."""

import base64
import http.server
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from clicking import FIREFOX
from databases import Maker, skip_or_fail
from doorways import client_of
from flask.testing import FlaskClient
from listening import listening
from servers import answer, command, environment, serving
from waiting import wait_until
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.audience.accounts import find_account
from linktrack.audience.utm import set_utm_values
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.links.catalog import get_link
from linktrack.owners.tokens import create_token, find_token, revoke_token

CLIENTS = Path(__file__).resolve().parent / "clients"


class Door:
    """A client of one door."""

    def __init__(self, world: World, scope: str = "wrap", name: str = "phone") -> None:
        self.world = world
        if name == "phone":
            world.account()
        self.secret = create_token(world.session, name, scope, 1, NOON)
        world.session.commit()
        self.client: FlaskClient = client_of(world)

    def yourls(self, action: str, method: str = "GET", **arguments: object) -> TestResponse:
        values = {"action": action, "signature": self.secret, "format": "json", **arguments}
        key = "query_string" if method == "GET" else "data"
        return self.client.open("/yourls-api.php", method=method, **{key: values})  # type: ignore[arg-type]

    def shlink(self, path: str, body: object = None, key: str | None = None) -> TestResponse:
        headers = {"X-Api-Key": self.secret if key is None else key}
        options: dict[str, Any] = {} if body is None else {"json": body}
        method = "GET" if body is None else "POST"
        return self.client.open(f"/rest/v3{path}", method=method, headers=headers, **options)


OPEN = {"LINKTRACK_DOORS": "yourls, shlink"}


@pytest.fixture
def open_world(sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    with World.at(tmp_path / "data", sqlite_databases(), **OPEN) as world:
        yield world


@pytest.fixture
def door(open_world: World) -> Door:
    return Door(open_world)


@pytest.fixture
def door_everywhere(database_url: str, tmp_path: Path) -> Iterator[Door]:
    """A door on each kind of database, for what asks it much."""
    with World.at(tmp_path / "data", database_url, **OPEN) as world:
        yield Door(world)


def click(world: World, code: str, *visitors: int | None) -> None:
    link_id = get_link(world.session, world.shortener.codes, code).id
    at = to_ms(now() - timedelta(hours=1))
    agents = [FIREFOX if visitor is not None else "Twitterbot/1.0" for visitor in visitors]
    world.click(
        [
            ClickRecord(at, link_id, agent, "//t.co", visitor)
            for agent, visitor in zip(agents, visitors, strict=True)
        ]
    )
    world.session.rollback()


# YOURLS


def test_a_doors_link_is_a_post_of_its_tokens_account(door: Door) -> None:
    """With the account's UTM values, published now, and its title kept."""
    world = door.world
    account = find_account(world.session, "@JessesLinks")
    set_utm_values(world.session, account, {"utm_source": "x"})
    world.session.commit()
    body = door.yourls("shorturl", url="http://one.com/?a=1", title="One").get_json()
    assert body["status"] == "success"
    assert body["title"] == body["url"]["title"] == "One"
    assert body["url"]["url"] == "http://one.com/?a=1&utm_source=x"
    assert (body["url"]["ip"], body["statusCode"]) == ("", "200")
    assert body["shorturl"] == f"https://go.jessestay.com/{body['url']['keyword']}"
    made = get_link(world.session, world.shortener.codes, body["url"]["keyword"])
    assert made.account_id == 1
    assert made.post_id is not None


def test_an_address_shortened_before_is_told_again(door_everywhere: Door) -> None:
    """`shorturl` is there also then; another keyword makes another link."""
    door = door_everywhere
    first = door.yourls("shorturl", url="http://one.com/").get_json()
    again = door.yourls("shorturl", "POST", url="http://one.com/")
    assert again.status_code == 200
    assert again.get_json()["code"] == "error:url"
    assert again.get_json()["shorturl"] == first["shorturl"]
    assert again.get_json()["url"]["clicks"] == "0"
    named = door.yourls("shorturl", url="http://one.com/", keyword="mine").get_json()
    assert named["shorturl"] == "https://go.jessestay.com/mine"
    assert door.yourls("shorturl", url="one.com/bare").get_json()["url"]["url"] == (
        "http://one.com/bare"
    )


def test_errors_are_those_of_yourls(door: Door) -> None:
    """Code, message and status for each, and no link is made."""
    door.yourls("shorturl", url="http://one.com/", keyword="mine")
    own = "https://go.jessestay.com/mine"
    cases = [
        ({"url": ""}, 400, "error:nourl"),
        ({"url": "javascript://x"}, 400, "error:nourl"),
        ({"url": own}, 400, "error:noloop"),
        ({"url": "http://two.com/", "keyword": "mine"}, 200, "error:keyword"),
        ({"url": "http://two.com/", "keyword": "a/b"}, 200, "error:keyword"),
        ({"url": "http://two.com/", "keyword": "owner"}, 200, "error:keyword"),
    ]
    for arguments, status, code in cases:
        response = door.yourls("shorturl", **arguments)
        assert (response.status_code, response.get_json()["code"]) == (status, code), arguments
        assert response.get_json()["status"] == "fail"
    for action, status in (("dance", 400), ("expand", 404), ("url-stats", 404)):
        assert door.yourls(action, shorturl="nobody\0").status_code == status
    assert door.yourls("db-stats").get_json()["db-stats"]["total_links"] == "1"


def test_totals_are_of_the_tokens_own_links(door_everywhere: Door) -> None:
    """People's clicks, on the links that were made through it and no others."""
    door = door_everywhere
    world = door.world
    other = Door(world, name="other")
    code = door.yourls("shorturl", url="http://one.com/").get_json()["url"]["keyword"]
    door.yourls("shorturl", url="http://two.com/")
    theirs = other.yourls("shorturl", url="http://three.com/").get_json()["url"]["keyword"]
    click(world, code, 1, 2, None)
    click(world, theirs, 3)
    stats = door.yourls("stats", filter="top", limit=9).get_json()
    assert [link["clicks"] for link in stats["links"].values()] == ["2", "0"]
    assert stats["links"]["link_1"]["keyword"] == code
    assert stats["stats"] == {"total_links": "2", "total_clicks": "2"}
    assert (
        door.yourls("url-stats", shorturl=f"https://x/{code}").get_json()["link"]["clicks"] == "2"
    )
    assert door.yourls("url-stats", shorturl=theirs).status_code == 404
    assert door.yourls("expand", shorturl=theirs).get_json()["longurl"] == "http://three.com/"
    for order in ("bottom", "rand", "last", ""):
        assert len(door.yourls("stats", filter=order, limit=1).get_json()["links"]) == 1


def test_all_formats_are_written(door: Door) -> None:
    """XML, JSON, JSONP for a plain callback, and plain text."""
    plain = door.yourls("shorturl", url="http://one.com/?a=1&b=<2>", format="simple")
    assert plain.mimetype == "text/plain"
    assert plain.text.startswith("https://go.jessestay.com/")
    again = door.yourls("shorturl", url="http://one.com/?a=1&b=<2>", format="xml")
    tree = ET.fromstring(again.text)
    assert tree.findtext("shorturl") == plain.text
    assert tree.findtext("url/url") == "http://one.com/?a=1&b=%3C2%3E"
    script = door.yourls("version", format="jsonp", callback="tell.me")
    assert script.text.startswith('tell.me({"version"')
    assert (
        door.yourls("version", format="jsonp", callback="alert(1)//").mimetype == "application/xml"
    )
    ET.fromstring(
        door.yourls("shorturl", url="http://a.com/\x01\x0c", title="\x01", format="").text
    )


def test_a_door_needs_a_token_of_its_own(open_world: World) -> None:
    """A wrap token of one account, not revoked; else 403, in the client's format."""
    door = Door(open_world)
    wide = Door(open_world, "write", "wide")
    assert wide.yourls("version").status_code == 403
    assert wide.shlink("/short-urls").status_code == 401
    door.secret, secret = "", door.secret
    assert door.yourls("version").get_json()["errorCode"] == "403"
    door.secret = secret
    assert door.yourls("version").status_code == 200
    revoke_token(open_world.session, find_token(open_world.session, "phone"), now())
    open_world.session.commit()
    assert "revoked" in door.yourls("version").get_json()["message"]


def test_doors_are_closed_unless_they_are_switched_on(sqlite_world: World) -> None:
    """404, as if there were nothing."""
    sqlite_world.account()
    client = client_of(sqlite_world)
    assert client.get("/yourls-api.php").status_code == 404
    assert client.get("/rest/v3/short-urls").status_code == 404


# Shlink


def test_short_urls_are_made_found_and_listed(door_everywhere: Door) -> None:
    """In Shlink's shape; `findIfExists` finds, without it the same address is another link."""
    door = door_everywhere
    wish = {"longUrl": "http://one.com/", "tags": ["a", "b"], "title": "One", "forwardQuery": True}
    first = door.shlink("/short-urls", wish).get_json()
    assert first["shortUrl"] == f"https://go.jessestay.com/{first['shortCode']}"
    assert (first["longUrl"], first["tags"], first["title"]) == (
        "http://one.com/",
        ["a", "b"],
        "One",
    )
    assert (first["forwardQuery"], first["domain"]) == (True, None)
    assert first["dateCreated"].endswith("+00:00")
    found = door.shlink("/short-urls", {**wish, "findIfExists": True}).get_json()
    assert found == first
    other = door.shlink("/short-urls", {"longUrl": "http://one.com/", "tags": "c"}).get_json()
    assert (other["shortCode"] != first["shortCode"], other["tags"]) == (True, ["c"])
    listed = door.shlink("/short-urls?itemsPerPage=1&orderBy=dateCreated-ASC").get_json()[
        "shortUrls"
    ]
    assert [link["shortCode"] for link in listed["data"]] == [first["shortCode"]]
    assert listed["pagination"] == {
        "currentPage": 1,
        "pagesCount": 2,
        "itemsPerPage": 1,
        "itemsInCurrentPage": 1,
        "totalItems": 2,
    }
    assert door.shlink("/short-urls?searchTerm=One&page=1").get_json()["shortUrls"]["data"]
    assert door.shlink(f"/short-urls/{first['shortCode']}").get_json() == first


def test_visits_say_how_many_and_not_who(door_everywhere: Door) -> None:
    """Bots apart; nothing of an agent but its families."""
    door = door_everywhere
    code = door.shlink("/short-urls", {"longUrl": "http://one.com/"}).get_json()["shortCode"]
    click(door.world, code, 1, 2, None)
    visits = door.shlink(f"/short-urls/{code}/visits").get_json()["visits"]
    assert visits["pagination"]["totalItems"] == 3
    people = door.shlink(f"/short-urls/{code}/visits?excludeBots=true").get_json()["visits"]
    assert people["pagination"]["totalItems"] == 2
    assert people["data"][0] == {
        "referer": "https://t.co/", "date": people["data"][0]["date"],
        "userAgent": "Firefox on Linux", "visitLocation": None, "potentialBot": False,
        "visitedUrl": f"https://go.jessestay.com/{code}", "redirectUrl": "http://one.com/",
    }  # fmt: skip
    summary = door.shlink(f"/short-urls/{code}").get_json()["visitsSummary"]
    assert summary == {"total": 3, "nonBots": 2, "bots": 1}


PROBLEMS = [
    ("/short-urls", {"longUrl": "javascript:alert(1)"}, 400, "invalid-data"),
    ("/short-urls", {"longUrl": 5}, 400, "invalid-data"),
    ("/short-urls", {"longUrl": "http://a.com/", "domain": "other.test"}, 400, "invalid-data"),
    ("/short-urls", {"longUrl": "http://a.com/", "maxVisits": 5}, 400, "invalid-data"),
    ("/short-urls", {"longUrl": "http://a.com/", "customSlug": "owner"}, 400, "invalid-data"),
    (
        "/short-urls",
        {"longUrl": "http://a.com/", "customSlug": "taken"},
        400,
        "non-unique-slug",
    ),
    ("/short-urls/nobody", None, 404, "short-url-not-found"),
    ("/short-urls/nobody/visits?page=99999999999999999999", None, 404, "short-url-not-found"),
]


def test_problems_are_those_of_shlink(door: Door) -> None:
    """problem+json with Shlink's type."""
    door.shlink("/short-urls", {"longUrl": "http://b.com/", "customSlug": "taken"})
    for path, body, status, kind in PROBLEMS:
        response = door.shlink(path, body)
        assert (response.status_code, response.mimetype) == (status, "application/problem+json")
        assert response.get_json()["type"] == f"https://shlink.io/api/error/{kind}"


def test_shlinks_web_client_may_read_from_its_own_origin(door: Door) -> None:
    """Its key is in a header, so any page may ask; without a key there is nothing to read."""
    asked = door.client.options("/rest/v3/short-urls")
    assert asked.headers["Access-Control-Allow-Headers"] == "X-Api-Key, Content-Type"
    assert door.client.get("/rest/v3/short-urls").status_code == 401
    assert door.client.get("/rest/v3/health").get_json()["status"] == "pass"


# Real clients


@pytest.mark.slow
def test_real_clients_make_links_and_read_their_clicks(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """PyPI's yourls, and Shlink's own JavaScript SDK, against a running service."""
    import yourls
    from yourls.exceptions import YOURLSKeywordExistsError, YOURLSURLExistsError

    environ = environment(tmp_path / "data", sqlite_databases(), LINKTRACK_DOORS="yourls,shlink")
    command(environ, "account", "add", "@JessesLinks", "--network", "x")

    def token(name: str) -> str:
        made = answer(
            environ, "token", "create", name, "--scope", "wrap", "--account", "@JessesLinks"
        )
        return str(made["token"])

    with serving(environ, tmp_path / "log") as server:
        client = yourls.YOURLSClient(f"{server.base_url}/yourls-api.php", signature=token("yourls"))
        made = client.shorten("https://example.com/story", keyword="story", title="A story")
        assert (made.keyword, made.title) == ("story", "A story")
        with pytest.raises(YOURLSURLExistsError):
            client.shorten("https://example.com/story")
        with pytest.raises(YOURLSKeywordExistsError):
            client.shorten("https://example.com/other", keyword="story")
        assert server.request("/story", User_Agent=FIREFOX)[0] == 302
        wait_until(lambda: client.url_stats("story").clicks > 0, 15, every=0.2)
        assert client.url_stats("story").clicks == 1
        assert client.expand("story") == "https://example.com/story"
        links, totals = client.stats("top", 1)
        assert (links[0].clicks, totals.total_clicks, client.db_stats().total_links) == (1, 1, 1)

        told = run_shlink_client(tmp_path, server.base_url, token("shlink"))
        assert (told["status"], told["made"]["title"]) == ("pass", "A story")
        assert told["visits"]["data"][0]["potentialBot"] is False
        assert told["again"]["visitsSummary"]["nonBots"] == 1
        assert told["list"]["pagination"]["totalItems"] == 1
        assert told["refused"]["type"].endswith("non-unique-slug")
        assert "lt_" not in (tmp_path / "log").read_text()


def run_shlink_client(folder: Path, base_url: str, key: str) -> Any:
    """Install Shlink's SDK beside a copy of the script, and run that."""
    if shutil.which("npm") is None:
        skip_or_fail("Node and npm are not here: install Debian's packages nodejs and npm")
    home = folder / "clients"
    shutil.copytree(CLIENTS, home)
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund"], cwd=home, capture_output=True, check=False
    )
    if installed.returncode:
        skip_or_fail("npm cannot install Shlink's client: is there a network?")
    done = subprocess.run(
        ["node", "shlink.mjs", base_url, key, FIREFOX],
        cwd=home, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


# The guide's own client


@pytest.mark.slow
def test_the_posting_script_of_the_guide_posts(sqlite_databases: Maker, tmp_path: Path) -> None:
    """Ten lines: the text is wrapped here, and posted with a link that is one."""
    guide = (CLIENTS.parent.parent / "docs" / "guide" / "api.md").read_text()
    (script,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len([line for line in script.splitlines() if line]) == 10
    heard: dict[str, Any] = {}

    claims = base64.urlsafe_b64encode(json.dumps({"exp": 2**33}).encode()).decode().rstrip("=")
    told = {
        "accessJwt": f"e30.{claims}.eHg",
        "refreshJwt": f"e30.{claims}.eHg",
        "did": "did:plc:me",
        "handle": "me.bsky.social",
        "uri": "at://did:plc:me/app.bsky.feed.post/1",
        "cid": "bafyreib",
    }

    class Bluesky(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def do_GET(self) -> None:
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    environ = environment(tmp_path / "data", sqlite_databases())
    command(environ, "account", "add", "@me.bsky.social", "--network", "bluesky")
    made = answer(environ, "token", "create", "poster", "--scope", "wrap")
    with listening(Bluesky) as port, serving(environ, tmp_path / "log") as server:
        script = script.replace("https://go.example.org", server.base_url)
        script = script.replace("https://bsky.social", f"http://127.0.0.1:{port}")
        subprocess.run(
            [sys.executable, "-c", script, "Größe: https://example.com/story"],
            env={**environ, "LINKTRACK_TOKEN": made["token"], "BLUESKY_APP_PASSWORD": "x"},
            check=True,
            timeout=60,
        )
    record = heard["/xrpc/com.atproto.repo.createRecord"]["record"]
    (facet,) = record["facets"]
    linked = record["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]]
    assert linked.decode() == facet["features"][0]["uri"]
    assert linked.decode().startswith(server.base_url)
