"""What the API changes besides posts: segments, people, accounts, links, shares, webhooks."""

import re
from typing import Any

import pytest
from doorways import Caller, problem
from flask import Flask
from paths import REPOSITORY
from world import NOON, World

from linktrack.api.clients.doors import DOORS
from linktrack.api.operations import OPERATIONS
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.owners.audit import entries
from linktrack.owners.models import IdempotentAnswer
from linktrack.owners.tokens import create_token

GUIDE = REPOSITORY / "docs" / "guide" / "api.md"


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


def token_of(world: World, account: Account, scope: str = "write") -> str:
    """Return a token of one account."""
    secret = create_token(world.session, f"only {account.handle}", scope, account.id, NOON)
    world.session.commit()
    return secret


def web_forms(app: Flask) -> set[str]:
    """Return the endpoints that take a form: every POST but those of the API and the doors."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.partition(".")[0] not in ("api", *DOORS)
    }


def test_every_form_of_the_pages_has_its_operation_or_its_reason(call: Caller) -> None:
    """The guide's table names each: a new form needs a line there, and most an operation."""
    section = GUIDE.read_text().partition("## What the pages do")[2].partition("\n## ")[0]
    table = dict(re.findall(r"^\| `(\w+\.\w+)` \| (.+) \|$", section, re.MULTILINE))
    forms = web_forms(call.client.application)
    assert forms - table.keys() == set(), "say in docs/guide/api.md where the API does it"
    assert table.keys() - forms == set()
    known = {f"{each.method} {each.path}" for each in OPERATIONS.values()}
    for form, does in table.items():
        named = re.findall(r"`((?:POST|PATCH|DELETE) [^`]+)`", does)
        assert set(named) <= known, form
        assert named or does.startswith("not here: "), form


def test_a_list_of_texts_has_a_bound(call: Caller, world: World) -> None:
    """50,000 hosts of one person once took minutes, in which nobody else could write."""
    hosts = [f"h{number}.org" for number in range(50_000)]
    answer = call("POST", "/people", {"name": "Ann", "hosts": hosts})
    assert "at most 1,000" in problem(answer, 422)
    assert call("GET", "/people").get_json()["data"] == []


def test_segments_are_changed_ordered_and_removed(call: Caller, world: World) -> None:
    """The first match wins, so moving one moves people at once."""
    number = world.account("@JessesLinks").id
    people = [{"id": str(n), "handle": f"@reader{n}", "followers": n} for n in range(10)]
    roster = {"taken_at": "2026-05-03T00:00:00Z", "followers": people}
    assert call("POST", f"/accounts/{number}/rosters", roster).status_code == 201
    base = f"/accounts/{number}/segments"
    big = call("POST", base, {"segment": "big", "rules": ["followers >= 4"]}).get_json()
    wish = {"segment": "friends", "people": ["@Reader9", "8", "@nobody"]}
    friends = call("POST", base, wish).get_json()
    assert (big["size"], friends["size"], friends["kind"]) == (6, 0, "list")
    moved = call("PATCH", f"/segments/{friends['id']}", {"position": 1}).get_json()
    assert (moved["position"], moved["size"]) == (1, 2)
    sizes = {each["segment"]: each["size"] for each in call("GET", base).get_json()["data"]}
    assert sizes == {"friends": 2, "big": 4, "everyone else": 4}

    change = {"segment": "crew", "people": ["@reader9"], "place": "a chat"}
    crew = call("PATCH", f"/segments/{friends['id']}", change).get_json()
    assert (crew["segment"], crew["size"], crew["place"]) == ("crew", 1, "a chat")
    assert call("PATCH", f"/segments/{crew['id']}", {"place": ""}).get_json()["place"] is None
    listed = call("GET", f"/segments/{crew['id']}/people").get_json()
    assert listed == {"data": ["@reader9"]}
    ruled = call("PATCH", f"/segments/{big['id']}", {"rules": ["followers >= 8"]}).get_json()
    assert (ruled["size"], ruled["rules"]) == (1, ["followers >= 8"])
    ready = call("POST", base, {"segment": "quiet", "preset": "looks empty"}).get_json()
    assert ready["rules"]

    assert call("DELETE", f"/segments/{crew['id']}").status_code == 204
    assert problem(call("GET", f"/segments/{crew['id']}"), 404)
    assert call("GET", f"/segments/{big['id']}").get_json()["size"] == 2


def test_a_segment_that_cannot_be_so_stays_as_it_was(call: Caller, world: World) -> None:
    """Rules for a list, people for rules, a place in the order that is none, a name in use."""
    number = world.account("@JessesLinks").id
    base = f"/accounts/{number}/segments"
    ruled = call("POST", base, {"segment": "big", "rules": ["followers >= 4"]}).get_json()
    path = f"/segments/{ruled['id']}"
    wrong: list[dict[str, object]] = [
        {"people": ["@ann"]},
        {"people": []},
        {"size": 3},
        {"rules": ["size of feet >= 4"]},
        {"position": 7},
        {"segment": "renamed", "position": 0},
        {"colour": "red"},
    ]
    for body in wrong:
        assert problem(call("PATCH", path, body), 422), body
    other = call("POST", base, {"segment": "known", "size": 5}).get_json()
    assert problem(call("PATCH", path, {"segment": "known"}), 409)
    assert problem(call("POST", base, {"segment": "x", "size": 5, "people": ["@ann"]}), 422)
    rest = call("GET", base).get_json()["data"][-1]
    assert problem(call("DELETE", f"/segments/{rest['id']}"), 422)
    assert call("GET", path).get_json() == ruled
    assert call("GET", f"/segments/{other['id']}/people").get_json() == {"data": []}


def test_segments_of_another_account_are_out_of_reach(call: Caller, world: World) -> None:
    """For reading and changing alike."""
    mine, other = world.account("@mine"), world.account("@other")
    segment = add_segment(world.session, other, "theirs", 5, NOON)
    call.secret = token_of(world, mine)
    for method, path in (("GET", ""), ("GET", "/people"), ("PATCH", ""), ("DELETE", "")):
        body = {"size": 1} if method == "PATCH" else None
        assert problem(call(method, f"/segments/{segment.id}{path}", body), 403)


def test_an_account_is_renamed_given_a_role_removed_and_brought_back(
    call: Caller,
    world: World,
) -> None:
    """And says what wrapping adds to its addresses; what fails changes nothing."""
    path = f"/accounts/{world.account('@old', role=None).id}"
    utm = {"utm_source": "x", "utm_campaign": "spring"}
    changed = call("PATCH", path, {"handle": "@new", "role": "you", "utm": utm}).get_json()
    assert (changed["handle"], changed["role"], changed["utm"]) == ("@new", "you", utm)
    wrapped = call("POST", "/posts", {"account": "@new", "text": "http://one.com/"}).get_json()
    (link,) = wrapped["links"]
    assert link["destination"] == "http://one.com/?utm_source=x&utm_campaign=spring"
    for body in ({"role": "boss"}, {"utm": {"color": "red"}}, {"utm": 5}, {"handle": "no good"}):
        assert problem(call("PATCH", path, {"handle": "@other"} | body), 422), body
    assert call("GET", path).get_json() == changed
    nothing = call("PATCH", path, {"role": None, "utm": {}}).get_json()
    assert (nothing["role"], nothing["utm"]) == (None, {})

    gone = call("PATCH", path, {"removed": True}).get_json()
    assert gone["removed_at"] is not None
    assert call("GET", "/accounts").get_json() == {"data": []}
    assert call("GET", "/accounts?removed=true").get_json() == {"data": [gone]}
    assert problem(call("GET", "/accounts?removed=maybe"), 422)
    assert call("PATCH", path, {"removed": False}).get_json()["removed_at"] is None
    assert len(call("GET", "/accounts").get_json()["data"]) == 1


def test_a_person_has_other_rules_and_a_page(call: Caller, world: World) -> None:
    """What is sent replaces what there is; a closed page opens again at another address."""
    ann = call("POST", "/people", {"name": "Ann", "hosts": ["ann.com", "a.org"]}).get_json()
    path = f"/people/{ann['id']}"
    rules = {"hosts": ["https://www.ann.com/x", "new.org"], "mentions": ["Ann"]}
    changed = call("PATCH", path, rules).get_json()
    assert (changed["hosts"], changed["mentions"]) == (["ann.com", "new.org"], ["@ann"])
    assert problem(call("PATCH", path, {"hosts": [], "mentions": ["no name!"]}), 422)
    assert call("PATCH", path, {"mentions": []}).get_json()["hosts"] == ["ann.com", "new.org"]
    first = call("PATCH", path, {"public": True}).get_json()["page"]
    assert call.client.get(first).status_code == 200
    assert call("PATCH", path, {"public": False}).get_json()["page"] is None
    assert call.client.get(first).status_code == 404
    assert call("PATCH", path, {"public": True}).get_json()["page"] != first
    call.secret = token_of(world, world.account())
    assert problem(call("PATCH", path, {"public": False}), 403)


def test_a_link_without_a_post_and_whom_it_promotes(call: Caller, world: World) -> None:
    """For a poster: made with a code of one's own, in one account's name."""
    mine, other = world.account("@mine"), world.account("@other")
    wish = {"account": "@mine", "destination": "http://one.com/", "slug": "poster"}
    made = call("POST", "/links", wish)
    assert made.status_code == 201, made.text
    assert (made.get_json()["code"], made.get_json()["post"]) == ("poster", None)
    assert problem(call("POST", "/links", wish), 409)
    assert problem(call("POST", "/links", wish | {"destination": "javascript:1"}), 422)
    for name in ("Ann", "Bob"):
        assert call("POST", "/people", {"name": name}).status_code == 201
    both = call("PATCH", "/links/poster", {"promotes": ["Bob", "Ann", "Bob"]}).get_json()
    assert both["promotes"] == ["Ann", "Bob"]
    assert problem(call("PATCH", "/links/poster", {"promotes": ["Ann", "Eve"]}), 404)
    assert call("GET", "/links/poster").get_json()["promotes"] == ["Ann", "Bob"]
    assert call("PATCH", "/links/poster", {"promotes": ["Bob"]}).get_json()["promotes"] == ["Bob"]
    call.secret = token_of(world, other, "wrap")
    assert problem(call("POST", "/links", wish | {"slug": "mine"}), 403)
    assert mine.id != other.id


def test_a_text_is_looked_at_before_it_is_wrapped(call: Caller, world: World) -> None:
    """Nothing is made, and it is as long as it will be."""
    world.account()
    wish = {"account": "@JessesLinks", "text": "See http://one.com/a", "slugs": ["spring"]}
    seen = call("POST", "/posts/preview", wish)
    assert seen.status_code == 200, seen.text
    said = seen.get_json()
    assert said.pop("card")["site"] == "one.com"
    assert said == {
        "text": "See https://go.jessestay.com/spring",
        "length": {"used": 27, "limit": 280, "fits": True},
        "destinations": ["http://one.com/a"],
        "not_wrapped": [],
    }
    assert call("GET", "/posts").get_json()["data"] == []
    assert problem(call("POST", "/posts/preview", wish | {"text": "x" * 100_000}), 413)


def test_a_report_is_shared_listed_and_ended(call: Caller, world: World) -> None:
    """Its address is told once, and kept nowhere: not for an Idempotency-Key either."""
    mine, other = world.account("@mine"), world.account("@other")
    wish = {"account": "@mine", "days": 7}
    key = {"Idempotency_Key": "once"}
    assert "leave the Idempotency-Key out" in problem(
        call("POST", "/shared-reports", wish, **key), 422
    )
    made = call("POST", "/shared-reports", wish).get_json()
    assert world.session.query(IdempotentAnswer).count() == 0
    assert call.client.get(made["url"]).status_code == 200
    told = {name: value for name, value in made.items() if name != "url"}
    assert call("GET", "/shared-reports").get_json() == {"data": [told]}
    assert told["account"] == "@mine"
    for days in (0, 400, "long", None):
        assert problem(call("POST", "/shared-reports", wish | {"days": days}), 422)
    whole, path = call.secret, f"/shared-reports/{made['id']}"
    call.secret = token_of(world, other)
    assert call("GET", "/shared-reports").get_json() == {"data": []}
    assert problem(call("DELETE", path), 403)
    assert problem(call("POST", "/shared-reports", wish), 403)
    call.secret = whole
    assert call("DELETE", path).status_code == 204
    assert call.client.get(made["url"]).status_code == 404
    assert problem(call("DELETE", "/shared-reports/99"), 404)
    assert mine.id != other.id


def test_webhooks_are_added_tested_and_removed(call: Caller, world: World) -> None:
    """The secret is told once; a token of one account reaches its own webhooks alone."""
    mine, other = world.account("@mine"), world.account("@other")
    wish: dict[str, Any] = {"url": "https://example.com/hook/s3cret", "account": "@mine"}
    made = call("POST", "/webhooks", wish | {"events": ["post.wrapped"]}).get_json()
    assert made["secret"].startswith("whsec_")
    told = {name: value for name, value in made.items() if name != "secret"}
    assert (told["account"], told["events"]) == ("@mine", ["post.wrapped"])
    assert call("GET", "/webhooks").get_json() == {"data": [told]}
    assert problem(call("POST", "/webhooks", {"url": "http://10.0.0.1/"}), 422)
    assert problem(call("POST", "/webhooks", wish | {"events": ["x"]}), 422)
    path = f"/webhooks/{made['id']}"
    test = call("POST", f"{path}/test").get_json()
    assert (test["event"], test["attempts"], test["answer"]) == ("webhook.test", 0, None)
    assert call("GET", f"{path}/deliveries").get_json() == {"data": [test]}

    whole = call.secret
    call.secret = token_of(world, other)
    assert call("GET", "/webhooks").get_json() == {"data": []}
    for method, below in (("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        assert problem(call(method, path + below), 403)
    assert problem(call("POST", "/webhooks", {"url": "https://example.com/"}), 403)
    call.secret = token_of(world, mine, "read")
    assert problem(call("GET", "/webhooks"), 403)
    call.secret = whole
    assert call("DELETE", path).status_code == 204
    assert problem(call("DELETE", path), 404)
    said = [entry.what for entry in entries(world.session, None, 20) if "webhook" in entry.what]
    assert said == ["Removed the webhook to example.com.", "Added a webhook to example.com."]
