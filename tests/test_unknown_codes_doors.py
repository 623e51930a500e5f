"""Unknown codes on every door: a running service, the pages, commands and the API."""

from pathlib import Path
from typing import Final

import pytest
from browser import Browser, read
from clicking import FIREFOX
from missing import asked_for
from servers import Server, answer, command, environment, serving
from waiting import wait_until
from world import World

from linktrack.clicks.unknown.making import number_of
from linktrack.db import now
from linktrack.links.catalog import add_lone_link
from linktrack.owners.tokens import create_token

ELSEWHERE: Final = "https://example.com/old"


def asks(server: Server, code: str, address: str) -> int:
    return server.request(
        f"/{code}", User_Agent=FIREFOX, Accept_Language="de", X_Forwarded_For=address
    )[0]


@pytest.mark.slow
def test_two_workers_count_each_person_once_and_follow(database_url: str, tmp_path: Path) -> None:
    """A scanner isn't counted whichever worker it met, and links are there within two seconds."""
    environ = environment(tmp_path / "data", database_url)
    assert command(environ, "account", "add", "@jesse", "--network", "x").returncode == 0
    command(environ, "link", "add", "@jesse", "https://example.com/shop", "--slug", "abcde")
    with serving(environ, tmp_path / "log", "--workers", "2") as server:
        for _ in range(3):
            for number in range(6):
                assert asks(server, "abcdf", f"203.0.113.{number}") == 404
        for number in range(30):
            assert asks(server, f"guess{number}", "198.51.100.7") == 404
            asks(server, "wp-login.php", f"198.51.100.{number}")

        def counted() -> list[tuple[str, int, int]]:
            rows = answer(environ, "link", "unknown", "list")
            return [(row["code"], row["people"], row["requests"]) for row in rows]

        wait_until(lambda: counted() == [("abcdf", 6, 18)], 90, why="people are counted")
        made = answer(environ, "link", "unknown", "lead", "abcdf", "abcde")
        assert made["destination"] == "https://example.com/shop"
        wait_until(
            lambda: [asks(server, "abcdf", "203.0.113.9") for _ in range(8)] == [302] * 8,
            4,
            why="every worker follows",
        )
        assert counted() == []


@pytest.fixture
def asked(sqlite_world: World) -> World:
    """An installation with the link abcde; seven people asked for abcdf, one for other-1."""
    world = sqlite_world
    account = world.account()
    with world.database.session(writes=True) as session:
        add_lone_link(
            session,
            world.shortener,
            account_id=account.id,
            written="https://example.com/shop",
            at=now(),
            slug="abcde",
        )
        session.commit()
    asked_for(world, "abcdf", 7)
    asked_for(world, "other-1", 1)
    return world


def test_the_pages_show_what_people_asked_for_and_make_links_of_it(asked: World) -> None:
    """The likeliest link is suggested; what is refused is said beside what was typed."""
    browser = Browser.signed_in(asked)
    page = read(browser.get("/owner/unknown-codes"))
    assert "abcdf 7 7" in page
    assert "abcde one character is different" in page
    assert "7 people opened the short link abcdf" in read(browser.get("/owner/needs-you"))
    here = f"/owner/unknown-codes/{number_of(asked.session, asked.settings.base_url, 'abcdf')}"
    refused = browser.send(f"{here}/lead", {"code": "nobody"}, here)
    assert refused.status_code == 422
    assert "There is no link with the code 'nobody'" in read(refused)
    again = browser.send(f"{here}/link", {"account": "1", "destination": "not an address"}, here)
    assert again.status_code == 422
    assert 'value="not an address"' in again.text
    browser.send(f"{here}/lead", {"code": "https://go.jessestay.com/abcde"}, here)
    other = f"/owner/unknown-codes/{number_of(asked.session, asked.settings.base_url, 'other-1')}"
    assert browser.send(f"{other}/ignore", {"ignored": "yes"}, other).status_code == 303
    page = read(browser.get("/owner/unknown-codes"))
    assert "Nobody has opened a short link that doesn't exist" in page
    assert "other-1" in read(browser.get("/owner/unknown-codes?state=ignored"))
    assert "abcdf" in read(browser.get("/owner/links"))


def test_programs_do_the_same(asked: World) -> None:
    """Pages of a list, a link to an address or where another leads, and ignoring."""
    with asked.database.session(writes=True) as session:
        secret = create_token(session, "program", "write", None, now())
        session.commit()
    client = Browser.on(asked).client
    headers = {"Authorization": f"Bearer {secret}"}
    first = client.get("/api/v1/unknown-codes?limit=1", headers=headers).get_json()
    (row,) = first["data"]
    assert (row["code"], row["people"], row["probably"]) == ("abcdf", 7, "abcde")
    after = client.get(f"/api/v1/unknown-codes?after={first['next']}", headers=headers).get_json()
    assert [each["code"] for each in after["data"]] == ["other-1"]
    assert after["next"] is None
    path = f"/api/v1/unknown-codes/{row['id']}"
    both = {"same_as": "abcde", "destination": ELSEWHERE, "account": "@JessesLinks"}
    assert client.post(f"{path}/link", headers=headers, json=both).status_code == 422
    del both["same_as"]
    made = client.post(f"{path}/link", headers=headers, json=both)
    assert (made.status_code, made.get_json()["destination"]) == (201, ELSEWHERE)
    assert client.get(path, headers=headers).status_code == 404
    other = f"/api/v1/unknown-codes/{after['data'][0]['id']}"
    assert client.patch(other, headers=headers, json={"ignored": True}).get_json()["ignored"]
    ignored = client.get("/api/v1/unknown-codes?state=ignored", headers=headers).get_json()
    assert [each["code"] for each in ignored["data"]] == ["other-1"]
