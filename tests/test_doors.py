"""Doors of other shorteners: their clients wrap links here with no new code."""

import base64
import http.server
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from databases import Maker
from doorways import Door, click_link, client_of
from listening import listening
from servers import answer, command, environment, serving
from world import NOON, World

from linktrack.audience.accounts import find_account
from linktrack.audience.utm import set_utm_values
from linktrack.db import now
from linktrack.links.catalog import get_link, set_disabled
from linktrack.owners.tokens import find_token, revoke_token

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "guide"


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


def test_an_address_is_known_again_whatever_its_values_were_filled_with(door: Door) -> None:
    """By the fields of each link; after another value, it is another link."""
    world = door.world
    account = find_account(world.session, "@JessesLinks")
    set_utm_values(world.session, account, {"utm_term": "{slug}", "utm_source": "x"})
    world.session.commit()
    first = door.yourls("shorturl", url="http://one.com/?a=1").get_json()
    code = first["url"]["keyword"]
    assert first["url"]["url"] == f"http://one.com/?a=1&utm_source=x&utm_term={code}"
    again = door.yourls("shorturl", url="http://one.com/?a=1").get_json()
    assert (again["code"], again["shorturl"]) == ("error:url", first["shorturl"])
    assert door.yourls("shorturl", url="http://one.com/").get_json()["status"] == "success"
    set_utm_values(world.session, account, {"utm_term": "{slug}", "utm_source": "y"})
    world.session.commit()
    assert door.yourls("shorturl", url="http://one.com/?a=1").get_json()["status"] == "success"


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


@pytest.mark.parametrize("form", ["json", "xml", "simple", "jsonp", ""])
@pytest.mark.parametrize(
    "written",
    [
        "tel:+4915112345", "https:x", "http://a.com:99999/", "javascript:x",
        "http://[::1", "http://", "data:text/html,x", "example.com:99999", "http://a b/", "\0",
        "mailto:me@example.com",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_in_the_format_asked_for(
    door: Door, written: str, form: str
) -> None:
    response = door.yourls("shorturl", url=written, format=form)
    assert response.status_code == 400
    kinds = {"json": "application/json", "simple": "text/plain"}
    assert response.mimetype == kinds.get(form, "application/xml")
    assert door.yourls("db-stats").get_json()["db-stats"]["total_links"] == "0"


def test_an_address_with_nul_is_refused(door_everywhere: Door) -> None:
    """Not every database can store one."""
    refused = door_everywhere.yourls("shorturl", url="https://example.com/\0")
    assert (refused.status_code, refused.get_json()["code"]) == (400, "error:nourl")


def test_more_than_a_database_can_look_for_is_refused(door_everywhere: Door) -> None:
    door = door_everywhere
    tags = [f"t{number}" for number in range(1_500)]
    many, long = "&".join(f"{{}}={tag}" for tag in tags), "x" * 60_000
    for query in (many.replace("{}", "tags[]"), many.replace("{}", "excludeTags[]")):
        assert door.shlink(f"/short-urls?{query}").status_code == 400
    assert door.shlink(f"/short-urls?searchTerm={long}").status_code == 400
    assert door.kutt(f"/links?search={long}").status_code == 400
    for query in (f"tagNames={','.join(tags)}", f"search={long}"):
        assert door.dub(f"/links?{query}").status_code == 422
        assert door.dub(f"/links/count?{query}").status_code == 422


def test_another_method_is_refused_in_the_format_asked_for(door: Door) -> None:
    refused = door.client.delete("/yourls-api.php?format=json")
    assert (refused.status_code, refused.get_json()["status"]) == (405, "fail")


def test_totals_are_of_the_tokens_own_links(door_everywhere: Door) -> None:
    """People's clicks, on the links that were made through it and no others."""
    door = door_everywhere
    world = door.world
    other = Door(world, name="other")
    code = door.yourls("shorturl", url="http://one.com/").get_json()["url"]["keyword"]
    door.yourls("shorturl", url="http://two.com/")
    theirs = other.yourls("shorturl", url="http://three.com/").get_json()["url"]["keyword"]
    click_link(world, code, 1, 2, None)
    click_link(world, theirs, 3)
    stats = door.yourls("stats", filter="top", limit=9).get_json()
    assert [link["clicks"] for link in stats["links"].values()] == ["2", "0"]
    assert stats["links"]["link_1"]["keyword"] == code
    assert stats["stats"] == {"total_links": "2", "total_clicks": "2"}
    assert (
        door.yourls("url-stats", shorturl=f"https://x/{code}").get_json()["link"]["clicks"] == "2"
    )
    assert door.yourls("url-stats", shorturl=theirs).status_code == 404
    assert door.yourls("expand", shorturl=theirs).get_json()["longurl"] == "http://three.com/"
    link = get_link(world.session, world.shortener.codes, theirs)
    set_disabled(world.session, link, True, NOON)
    world.session.commit()
    assert door.yourls("expand", shorturl=theirs).status_code == 404
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
    """A token of one account that wraps, not revoked; else 403, in the client's format.

    One that may change everything stays out of addresses, where YOURLS has it.
    """
    door = Door(open_world)
    wide = Door(open_world, "write", "wide")
    assert wide.yourls("version").status_code == 403
    assert wide.shlink("/short-urls").status_code == 200
    reader = Door(open_world, "read", "reader")
    assert reader.yourls("version").status_code == 403
    assert reader.shlink("/short-urls").status_code == 401
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
    click_link(door.world, code, 1, 2, None)
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
    ("/short-urls", {"longUrl": "http://a.com/", "maxVisits": -5}, 400, "invalid-data"),
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


def test_short_urls_are_filtered_and_sorted_as_asked(door_everywhere: Door) -> None:
    """By tags, all or any, and without; by date; by every field there is."""
    door = door_everywhere
    codes = [
        door.shlink("/short-urls", {"longUrl": f"http://{name}.com/", "title": name, "tags": tags})
        .get_json()["shortCode"]
        for name, tags in (("b", ["news", 'a "b"']), ("c", ["news"]), ("a", []))
    ]  # fmt: skip
    click_link(door.world, codes[1], 1)
    click_link(door.world, codes[2], None, None)

    def listed(query: str) -> list[int]:
        found = door.shlink(f"/short-urls?{query}").get_json()["shortUrls"]["data"]
        return [codes.index(link["shortCode"]) for link in found]

    assert listed("tags[]=news") == [1, 0]
    assert listed("tags[]=news&tags[]=a+%22b%22&tagsMode=all") == [0]
    assert listed("tags[]=b") == []
    assert listed("excludeTags[]=news") == [2]
    assert listed("excludeTags[]=news&excludeTags[]=none&excludeTagsMode=all") == [2, 1, 0]
    assert listed("endDate=2020-01-01T00:00:00Z") == []
    assert listed("startDate=2020-01-01T00:00:00Z&excludeMaxVisitsReached=true") == [2, 1, 0]
    assert listed("orderBy=longUrl-ASC") == [2, 0, 1]
    assert listed("orderBy=title-DESC") == [1, 0, 2]
    assert listed("orderBy=visits-DESC") == [2, 1, 0]
    assert listed("orderBy=nonBotVisits-DESC") == [1, 2, 0]
    for refused in ("orderBy=price-ASC", "tagsMode=some", "apiKeyName=me", "domain=other.com"):
        assert door.shlink(f"/short-urls?{refused}").status_code == 400, refused


def test_a_token_that_wraps_changes_nothing(door: Door) -> None:
    """403 with a sentence that names the token to make."""
    code = door.shlink("/short-urls", {"longUrl": "http://a.com/"}).get_json()["shortCode"]
    for path, method in (
        (f"/short-urls/{code}", "PATCH"),
        (f"/short-urls/{code}", "DELETE"),
        (f"/short-urls/{code}/visits", "DELETE"),
        ("/tags", "PUT"),
    ):
        refused = door.shlink(path, {}, method)
        assert refused.status_code == 403, path
        assert "--scope write" in refused.get_json()["detail"]


def test_a_short_url_is_changed_and_taken_away(open_world: World) -> None:
    """What is deleted there answers 410 here, keeps its clicks, and is listed no more."""
    door = Door(open_world, "write")
    made = door.shlink("/short-urls", {"longUrl": "http://a.com/", "tags": ["x", "y"]}).get_json()
    path = f"/short-urls/{made['shortCode']}"
    changed = door.shlink(path, {"longUrl": "http://b.com/", "forwardQuery": True}, "PATCH")
    assert changed.get_json() == {**made, "longUrl": "http://b.com/", "forwardQuery": True}
    refused = door.shlink(path, {"crawlable": True}, "PATCH")
    assert (refused.status_code, refused.get_json()["detail"][:9]) == (400, "crawlable")
    limits = {"validUntil": "2030-01-01T00:00:00+00:00", "maxVisits": 5}
    limited = door.shlink(path, limits, "PATCH").get_json()
    assert limited["meta"] == {"validSince": None, **limits}
    assert door.shlink(path, {"validUntil": None, "maxVisits": None}, "PATCH").status_code == 200
    asked = {"type": "ip-address", "matchKey": None, "matchValue": "10.0.0.1"}
    rules = {"redirectRules": [{"longUrl": "http://c.com/", "conditions": [asked]}]}
    assert door.shlink(f"{path}/redirect-rules", rules).status_code == 400
    assert door.shlink("/tags", {"oldName": "x", "newName": "y"}, "PUT").status_code == 409
    assert door.shlink("/tags", {"oldName": "q", "newName": "z"}, "PUT").status_code == 404
    assert door.shlink("/domains/redirects", {"domain": "other.com"}, "PATCH").status_code == 400
    assert door.shlink(path, method="DELETE").status_code == 204
    assert door.shlink(path).status_code == 404
    assert door.shlink("/short-urls").get_json()["shortUrls"]["data"] == []
    link = get_link(open_world.session, open_world.shortener.codes, made["shortCode"])
    assert link.disabled_at is not None


def test_unknown_addresses_and_methods_are_problems_of_shlink(door: Door) -> None:
    nothing = door.shlink("/nothing")
    assert (nothing.status_code, nothing.get_json()["type"]) == (
        404,
        "https://shlink.io/api/error/not-found",
    )
    other = door.shlink("/short-urls", {}, "PUT")
    assert (other.status_code, other.mimetype) == (405, "application/problem+json")
    assert "POST" in other.headers["Allow"]


def test_shlinks_web_client_may_read_from_its_own_origin(door: Door) -> None:
    """Its key is in a header, so any page may ask; without a key there is nothing to read."""
    asked = door.client.options("/rest/v3/short-urls")
    assert asked.headers["Access-Control-Allow-Headers"] == "X-Api-Key, Content-Type"
    assert door.client.get("/rest/v3/short-urls").status_code == 401
    assert door.client.get("/rest/v3/health").get_json()["status"] == "pass"


# The guide's own client


@pytest.mark.slow
def test_the_posting_script_of_the_guide_posts(sqlite_databases: Maker, tmp_path: Path) -> None:
    """Ten lines: the text is wrapped here, and posted with a link that is one."""
    guide = (GUIDE / "api.md").read_text()
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
