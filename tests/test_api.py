"""The JSON API: the same report as everywhere, and errors that programs can read."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from clicking import FIREFOX, START
from doorways import client_of, problem
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import add_segment
from linktrack.clicks.records import ClickRecord
from linktrack.db import now
from linktrack.networks.records import FollowerRecord
from linktrack.owners.tokens import create_token
from linktrack.reports.cpf import cpf_json, cpf_report

Call = Callable[..., TestResponse]


@pytest.fixture
def call(world: World) -> Call:
    """Call the API with a token of a scope, `write` where none is named."""
    client = client_of(world)
    secrets = {
        scope: create_token(world.session, scope, scope, None, NOON)
        for scope in ("read", "write", "wrap")
    }
    world.session.commit()

    def call(method: str, path: str, scope: str | None = "write", **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {secrets[scope]}"} if scope else {}
        return client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    return call


def test_a_post_is_made_with_its_links_and_versions(world: World, call: Call) -> None:
    """201 with the shape of the contract."""
    account = world.account()
    add_segment(world.session, account, "community", 120, NOON)
    world.session.commit()
    response = call(
        "POST",
        "/posts",
        json={
            "account": "@JessesLinks",
            "text": "See http://one.com/ now",
            "state": "draft",
            "segments": ["community"],
        },
    )
    assert response.status_code == 201
    answer = response.get_json()
    assert list(answer) == ["id", "state", "text", "links", "not_wrapped", "versions"]
    (link,) = answer["links"]
    assert link == {
        "code": link["code"],
        "short_url": f"https://go.jessestay.com/{link['code']}",
        "destination": "http://one.com/",
    }
    assert answer["text"] == f"See {link['short_url']} now"
    (version,) = answer["versions"]
    assert list(version) == ["segment", "text", "links"]


def test_the_report_is_the_same_object_from_every_door(world: World, call: Call) -> None:
    """JSON of the API equals what the command line prints."""
    account = world.account()
    record_count(world.session, account, 23_000, NOON, "entered", now=NOON)
    world.session.commit()
    post = world.post(account, "http://one.com/")
    world.click([ClickRecord(START + 1, post.links[0].id, FIREFOX, None, 1)])
    world.session.commit()
    response = call("GET", "/reports/cpf?account=@JessesLinks&window=24h", "read")
    assert response.get_json() == cpf_json(
        cpf_report(world.session, account, window="24h", now=now())
    )
    assert response.get_json()["posts"][0]["unique_clicks"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/posts", {}, 422),
        ("POST", "/posts", {"account": "@nobody", "text": "http://one.com/"}, 404),
        ("POST", "/posts", {"account": "@JessesLinks", "text": 5}, 422),
        ("POST", "/posts", {"account": "@JessesLinks", "text": "x", "color": "red"}, 422),
        ("POST", "/posts", {"account": "@JessesLinks", "text": "a\0b http://one.com/"}, 422),
        (
            "POST",
            "/posts",
            {"account": "@JessesLinks", "text": "http://a.com", "state": "sent"},
            422,
        ),
        (
            "POST",
            "/posts",
            {"account": "@JessesLinks", "text": "http://a.com", "segments": "x"},
            422,
        ),
        (
            "POST",
            "/posts",
            {"account": "@JessesLinks", "text": "http://a.com", "segments": ["x"]},
            404,
        ),
        (
            "POST",
            "/posts",
            {"account": "@JessesLinks", "text": "http://a.com", "posted_at": "soon"},
            422,
        ),
        (
            "POST",
            "/posts",
            {"account": "@JessesLinks", "text": "http://a.com", "posted_at": "2999-01-01"},
            422,
        ),
        ("POST", "/posts", {"account": "@JessesLinks", "text": "y" * 500_000}, 413),
        ("POST", "/posts", {"account": "@JessesLinks", "text": "y" * 3_000_000}, 413),
        ("POST", "/posts", [], 422),
        ("GET", "/reports/cpf", None, 422),
        ("GET", "/reports/cpf?account=@nobody", None, 404),
        ("GET", "/reports/cpf?account=%00", None, 404),
        ("GET", "/reports/referrers?account=@JessesLinks&link=%00", None, 404),
        ("GET", "/reports/half-life?account=@JessesLinks&link=%00", None, 404),
        ("GET", "/reports/cpf?account=@JessesLinks&window=1y", None, 422),
        ("GET", "/reports/cpf?account=@JessesLinks&limit=1000", None, 422),
        ("GET", "/reports/cpf?account=@JessesLinks&limit=-1", None, 422),
        ("GET", "/reports/cpf?account=@JessesLinks&after=5", None, 404),
        ("GET", "/reports/cpf?account=@JessesLinks&after=99999999999999999999", None, 422),
        ("GET", "/reports/cpf?account=@JessesLinks&from=x", None, 422),
        ("GET", "/reports/cpf?account=@JessesLinks&colour=red", None, 422),
        ("GET", "/export/feelings", None, 404),
        ("GET", "/export/clicks?format=xml", None, 422),
        ("GET", "/export/clicks?after=x", None, 422),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/posts", None, 405),
    ],
)
def test_wrong_input_is_a_problem_with_a_sentence(
    world: World, call: Call, method: str, path: str, body: object, status: int
) -> None:
    """A fitting status, and nothing is stored."""
    world.account()
    options = {} if body is None else {"json": body}
    assert problem(call(method, path, **options), status)
    assert call("GET", "/export/posts").text == ""


def test_a_body_that_is_no_json_is_said(call: Call) -> None:
    """Whatever its content type claims."""
    for data in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        assert "JSON object" in problem(call("POST", "/posts", data=data), 422)


def test_tokens_open_what_their_scope_says(world: World, call: Call) -> None:
    """401 for strangers, 403 for a scope too narrow, 404 nowhere by guessing."""
    world.account()
    report = "/reports/cpf?account=@JessesLinks"
    wish = {"account": "@JessesLinks", "text": "http://one.com/"}
    response = call("GET", report, None)
    assert "Authorization" in problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    client = client_of(world)
    for header in ("Bearer wrong", "Basic abc", "Bearer ", "Bearer \xe4"):
        response = client.get(f"/api/v1{report}", headers={"Authorization": header})
        assert problem(response, 401)
    problem(call("GET", report, "wrap"), 403)
    problem(call("POST", "/posts", "read", json=wish), 403)
    assert call("GET", report, "read").status_code == 200
    assert call("POST", "/posts", "wrap", json=wish).status_code == 201


def test_a_token_of_one_account_reaches_no_other(world: World) -> None:
    """Not its report, not its posts, not its clicks."""
    mine, other = world.account("@mine"), world.account("@other")
    world.post(mine, "http://one.com/")
    post = world.post(other, "http://two.com/")
    world.click([ClickRecord(START, post.links[0].id, FIREFOX, None, 1)])
    secret = create_token(world.session, "mine", "write", mine.id, NOON)
    world.session.commit()
    client = client_of(world)
    headers = {"Authorization": f"Bearer {secret}"}

    def get(path: str) -> TestResponse:
        return client.get(f"/api/v1{path}", headers=headers)

    assert get("/reports/cpf?account=@mine").status_code == 200
    problem(get("/reports/cpf?account=@other"), 403)
    problem(get("/export/clicks?account=@other"), 403)
    assert get("/export/clicks").text == ""
    assert [json.loads(line)["account"] for line in get("/export/links").text.splitlines()] == [
        "@mine"
    ]
    response = client.post(
        "/api/v1/posts", json={"account": "@other", "text": "http://a.com"}, headers=headers
    )
    problem(response, 403)


def test_clicks_are_exported_line_by_line_and_resumed(world: World, call: Call) -> None:
    """NDJSON in order of `seq`; `after` takes up behind one; CSV has the same fields."""
    post = world.post(world.account(), "http://one.com/")
    world.click([ClickRecord(START + n, post.links[0].id, FIREFOX, "//t.co", n) for n in range(5)])
    response = call("GET", "/export/clicks", "read")
    assert response.mimetype == "application/x-ndjson"
    rows = [json.loads(line) for line in response.text.splitlines()]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert list(rows[0]) == [
        "seq", "clicked_at", "code", "destination", "account", "post", "segment", "attribution",
        "visitor", "referrer_host", "source", "medium", "device", "browser", "os", "country",
        "human", "reason", "rule", "installation", "recognised_by",
        "language", "option",
    ]  # fmt: skip
    assert rows[0]["clicked_at"] == "2026-05-04T12:00:00.000Z"
    assert (rows[0]["source"], rows[0]["medium"], rows[0]["human"]) == ("X", "social", True)
    rest = call("GET", f"/export/clicks?after={rows[2]['seq']}", "read").text.splitlines()
    assert [json.loads(line) for line in rest] == rows[3:]
    assert len(call("GET", "/export/clicks?source=X&human=true").text.splitlines()) == 5
    assert call("GET", "/export/clicks?human=false").text == ""
    assert problem(call("GET", "/export/clicks?human=maybe"), 422)
    assert problem(call("GET", "/export/clicks?segment=nobody"), 404)
    assert problem(call("GET", "/export/links?human=true"), 422)
    table = list(csv.DictReader(io.StringIO(call("GET", "/export/clicks?format=csv").text)))
    assert [row["seq"] for row in table] == [str(row["seq"]) for row in rows]


def test_answers_are_never_cached_or_framed(call: Call) -> None:
    """Private figures stay with who asked."""
    response = call("GET", "/export/counts", "read")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_followers_report_is_that_of_every_door(world: World, call: Call) -> None:
    """Several events at once; a wrong one is a sentence."""
    account = world.account()
    for hours, people in ((0, range(100)), (24, range(20, 100))):
        take_roster(
            world.session, account, [FollowerRecord(str(one)) for one in people],
            NOON + timedelta(hours=hours), "test",
            forgotten=Forgotten("x", b"k", frozenset()), now=NOON + timedelta(days=9),
        )  # fmt: skip
    world.session.commit()
    query = {"account": "@JessesLinks", "event": ["2026-05-04T13:00Z", "2026-06-04"]}
    found = call("GET", "/reports/followers", "read", query_string=query).get_json()
    assert found["days"] == [
        {"day": "2026-05-05", "gained": 0, "lost": 20, "returned": 0, "net": -20,
         "precision_days": 1.0, "jump": False},
    ]  # fmt: skip
    assert (found["event"]["left_1d"], found["event"]["share"]) == (20, 0.2)
    assert [event["left_30d"] for event in found["events"]] == [20, None]
    query["event"] = ["never"]
    wrong = call("GET", "/reports/followers", "read", query_string=query)
    assert "'never' isn't a date or time" in problem(wrong, 422)
    lines = call("GET", "/export/followers?format=csv", "read").text.splitlines()
    assert len(lines) == 101


def test_a_newsletter_is_wrapped_by_its_format(world: World, call: Call) -> None:
    """What is not wrapped is named with the reason, whether a post is made or not."""
    world.account("news", "other")
    text = '<a href="https://example.com/?a=1&amp;b=2">x</a><img src="https://example.com/a.png">'
    wish = {"account": "news", "text": text, "format": "html"}
    seen = call("POST", "/posts/preview", json=wish).get_json()
    answer = call("POST", "/posts", json=wish).get_json()
    (link,) = answer["links"]
    assert link["destination"] == "https://example.com/?a=1&b=2"
    assert answer["text"] == text.replace("https://example.com/?a=1&amp;b=2", link["short_url"])
    why = "It is a picture, or something else that is loaded and not clicked."
    assert answer["not_wrapped"] == [{"address": "https://example.com/a.png", "why": why}]
    assert seen["not_wrapped"] == answer["not_wrapped"]
    assert call("GET", f"/posts/{answer['id']}").get_json() == answer
    again = call("POST", "/posts", json={**wish, "text": answer["text"]})
    assert again.status_code == 200
    assert again.get_json()["not_wrapped"] == answer["not_wrapped"]
    refused = call("POST", "/posts", json={**wish, "format": "rtf"})
    assert refused.status_code in (400, 422)
