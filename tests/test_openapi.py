"""The document of the API tells the truth: whatever is sent, the answers are those it names."""

from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from clicking import FIREFOX, START
from communing import asks, member
from doorways import Caller, client_of, problem
from examples import examples
from hypothesis import HealthCheck, Phase, settings
from missing import asked_for
from sqlalchemy import Connection, Engine, event
from sqlalchemy import text as sql
from world import NOON, World

from linktrack.api.limits import NAME, Limiter
from linktrack.api.operations import OPERATIONS
from linktrack.api.problems import PROBLEMS
from linktrack.audience.accounts import remove_account
from linktrack.audience.counts import record_count
from linktrack.audience.segments import add_segment
from linktrack.clicks.records import ClickRecord
from linktrack.community.communities import open_community
from linktrack.community.models import Suggestion
from linktrack.db import now
from linktrack.owners.tokens import create_token


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


@pytest.fixture
def checked_schema(sqlite_world: World) -> Any:
    """The document of a small installation, with its application behind it."""
    world = sqlite_world
    account = world.account()
    record_count(world.session, account, 23_000, NOON, "entered", now=NOON)
    add_segment(world.session, account, "community", 120, NOON)
    post = world.post(account, "http://one.com/", segments=("community",))
    world.click([ClickRecord(START + n, post.links[0].id, FIREFOX, "//t.co", n) for n in range(3)])
    caller = Caller(world)
    app = caller.client.application
    app.extensions["limiter"] = Limiter(
        1_000_000, world.settings.data / NAME
    )  # else most answers were 429
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    headers = {"Authorization": f"Bearer {caller.secret}", "Accept-Encoding": "identity"}
    schema.config.update(headers=headers)  # it doesn't unpack what is compressed
    return schema


schema = schemathesis.pytest.from_fixture("checked_schema")

CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=examples(25),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_is_answered_but_as_the_document_says(case: schemathesis.Case[Any]) -> None:
    """No 5xx, no status, media type or JSON that it does not name."""
    case.call_and_validate(checks=CHECKS)


def test_every_route_of_the_api_is_in_the_document(call: Caller) -> None:
    """But for the document itself and its page."""
    document = call("GET", "/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    rules = {
        rule.endpoint
        for rule in call.client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
    }
    assert rules - {"api.openapi", "api.page"} == OPERATIONS.keys()
    told = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert told == {(each.method, each.path) for each in OPERATIONS.values()}


def undescribed(value: Any, schema: Any, named: Any) -> set[str]:
    """Return the fields of an answer that its schema does not name."""
    if "$ref" in schema:
        return undescribed(value, named[schema["$ref"].rpartition("/")[2]], named)
    if "anyOf" in schema:
        fits = [each for each in schema["anyOf"] if (each.get("type") == "null") == (value is None)]
        return min((undescribed(value, each, named) for each in fits), key=len)
    if isinstance(value, list):
        return set().union(*(undescribed(each, schema["items"], named) for each in value))
    if not isinstance(value, dict) or "properties" not in schema:
        return set()
    known = schema["properties"]
    inner = (undescribed(value[name], known[name], named) for name in value.keys() & known.keys())
    return set(value.keys() - known.keys()).union(*inner)


def test_every_field_of_an_answer_is_in_the_document(call: Caller, world: World) -> None:
    """Of every GET that answers JSON, for an account with some of everything."""
    account = world.account("@mine")
    record_count(world.session, account, 23_000, NOON, "entered", now=NOON)
    add_segment(world.session, account, "community", 120, NOON)
    open_community(world.session, account, NOON)
    asks(world, account)
    member(world, account)
    suggestion = Suggestion(
        account_id=account.id, way="form", state="new", text="http://one.com/", said_at=NOON,
        received_at=NOON,
    )  # fmt: skip
    world.session.add(suggestion)
    world.session.commit()
    post = world.post(account, "http://one.com/", segments=("community",))
    world.click([ClickRecord(START + n, post.links[0].id, FIREFOX, "//t.co", n) for n in range(3)])
    code = str(post.links[0].code)
    for path, body in (
        ("/experiments", {"name": "evenings", "account": "@mine", "at": "2026-05-01"}),
        ("/people", {"name": "Ann", "hosts": ["one.com"]}),
        ("/sites", {"host": "me.example"}),
        (f"/accounts/{account.id}/rosters", {"followers": [{"id": "7"}]}),
        ("/shared-reports", {"account": "@mine", "days": 7}),
        ("/webhooks", {"url": "https://example.com/"}),
        ("/webhooks/1/test", None),
        ("/links/bulk/changes", {"found": {"q": "one.com"}, "add_tags": ["seen"]}),
    ):
        assert call("POST", path, body).status_code in (200, 201)
    asked_for(world, "missing", 3)
    document = call("GET", "/openapi.json").get_json()
    named = document["components"]["schemas"]
    for operation in OPERATIONS.values():
        if operation.method != "GET" or operation.path.startswith("/export/"):
            continue
        known = {"account": "@mine", "event": "2026-05-01"}
        taken = {parameter.name for parameter in operation.query} & known.keys()
        asked = "&".join(f"{name}={known[name]}" for name in taken)
        number = post.id if operation.path.startswith("/posts/") else 1
        answer = call("GET", f"{operation.path.format(number=number, code=code)}?{asked}")
        assert answer.status_code == 200, answer.text
        said = document["paths"][f"/api/v1{operation.path}"]["get"]["responses"]["200"]
        if not answer.is_json:  # a picture
            assert answer.mimetype in said["content"], operation.path
            continue
        schema = said["content"]["application/json"]["schema"]
        assert undescribed(answer.get_json(), schema, named) == set(), operation.path


def test_strangers_read_the_document_and_its_page(world: World) -> None:
    """It names every operation and every kind of error, and needs no script."""
    client = client_of(world)
    assert client.get("/api/v1/openapi.json").status_code == 200
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    for operation in OPERATIONS.values():
        assert f"{operation.method} /api/v1{operation.path}" in page.text
    for kind in PROBLEMS.values():
        assert f'id="{kind.name}"' in page.text


def test_the_type_of_a_problem_leads_to_its_explanation(call: Caller) -> None:
    """An address on our own origin."""
    body = call("GET", "/posts/99999").get_json()
    assert body["type"] == "https://go.jessestay.com/api/v1/docs#not-found"
    assert problem(call("GET", "/posts?limit=0"), 422)


def test_what_the_pages_can_do_the_api_can(call: Caller) -> None:
    """Accounts, counts, segments, posts and links: made, read, changed."""
    made = call("POST", "/accounts", {"network": "x", "handle": "@JessesLinks", "role": "you"})
    assert made.status_code == 201
    number = made.get_json()["id"]
    counted = {"count": 23_000, "counted_at": "2026-05-04T00:00:00Z"}
    assert call("POST", f"/accounts/{number}/counts", counted).status_code == 201
    assert call("POST", f"/accounts/{number}/counts", counted | {"count": 5}).status_code == 409
    replaced = counted | {"count": 24_000, "replace": True}
    assert call("POST", f"/accounts/{number}/counts", replaced).status_code == 201
    (account,) = call("GET", "/accounts").get_json()["data"]
    assert (account["followers"], account["followers_at"]) == (24_000, "2026-05-04T00:00:00Z")
    assert call("GET", f"/accounts/{number}").get_json() == account
    assert len(call("GET", f"/accounts/{number}/counts").get_json()["data"]) == 1
    segment = call("POST", f"/accounts/{number}/segments", {"segment": "community", "size": 120})
    made = segment.get_json()
    community = {"position": 1, "segment": "community", "size": 120, "kind": "size"}
    assert made == community | {"id": made["id"], "rules": [], "place": None}
    assert call("GET", f"/accounts/{number}/segments").get_json()["data"] == [segment.get_json()]

    wish = {"account": "@JessesLinks", "text": "See http://one.com/", "state": "draft"}
    post = call("POST", "/posts", wish).get_json()
    path = f"/posts/{post['id']}"
    assert call("PATCH", path, {"state": "published"}).get_json()["state"] == "published"
    assert call("PATCH", path, {"state": "discarded"}).get_json()["state"] == "discarded"
    assert call("PATCH", path, {"state": "published"}).status_code == 409
    assert call("PATCH", path, {"state": "draft"}).get_json()["state"] == "published"
    assert call("GET", path).get_json()["links"] == post["links"]

    link = f"/links/{post['links'][0]['code']}"
    change = {"destination": "http://two.com/", "forward_query": True, "disabled": True}
    changed = call("PATCH", link, change).get_json()
    assert (changed["destination"], changed["forward_query"]) == ("http://two.com/", True)
    assert changed["disabled_at"] is not None
    assert call("PATCH", link, {"disabled": False}).get_json()["disabled_at"] is None
    assert len(call("GET", link).get_json()["history"]) == 2


def test_follower_lists_and_segments_by_rule(call: Caller, world: World) -> None:
    """A list changes who follows, and rules sort it at once; nonsense changes nothing."""
    number = world.account("@JessesLinks").id
    people = [{"id": str(n), "handle": f"@reader{n}", "followers": n} for n in range(10)]
    first = {"taken_at": "2026-05-03T00:00:00Z", "followers": people}
    made = call("POST", f"/accounts/{number}/rosters", first)
    assert made.status_code == 201, made.text
    assert (made.get_json()["size"], made.get_json()["gained"]) == (10, None)
    assert call("POST", f"/accounts/{number}/rosters", first).get_json()["new"] is False
    rules = {"segment": "known", "rules": ["followers >= 4"], "place": "a chat"}
    segment = call("POST", f"/accounts/{number}/segments", rules).get_json()
    assert (segment["size"], segment["kind"], segment["rules"]) == (6, "rule", ["followers >= 4"])
    rest = call("GET", f"/accounts/{number}/segments").get_json()["data"][-1]
    assert (rest["segment"], rest["size"], rest["kind"]) == ("everyone else", 4, "rest")

    second = {"taken_at": "2026-05-04T00:00:00Z", "followers": people[1:]}
    taken = call("POST", f"/accounts/{number}/rosters", second).get_json()
    assert (taken["gained"], taken["returned"], taken["lost"]) == (0, 0, 1)
    shrunk = {"taken_at": "2026-05-05T00:00:00Z", "followers": []}
    assert problem(call("POST", f"/accounts/{number}/rosters", shrunk), 409)
    nobody = {"followers": [{"followers": 3}]}
    assert "neither an id" in problem(call("POST", f"/accounts/{number}/rosters", nobody), 422)
    assert problem(call("POST", f"/accounts/{number}/rosters", {"followers": [3]}), 422)
    listed = call("GET", f"/accounts/{number}/rosters").get_json()["data"]
    assert [(each["taken_at"], each["size"]) for each in listed] == [
        ("2026-05-03T00:00:00Z", 10),
        ("2026-05-04T00:00:00Z", 9),
    ]
    rows = call("GET", "/export/followers")
    assert rows.status_code == 200
    assert len(rows.text.splitlines()) == 10


def test_experiments_are_begun_listed_and_forgotten(call: Caller, world: World) -> None:
    """One of two accounts is out of reach for a token of one of them."""
    mine, other = world.account("@mine"), world.account("@other")
    wish = {"name": "evenings", "account": "@mine", "at": "2026-05-04T00:00:00Z"}
    made = call("POST", "/experiments", wish)
    assert made.status_code == 201, made.text
    told = made.get_json()
    assert (told["account"], told["other"], told["days"], told["window"]) == (
        "@mine",
        None,
        28,
        "7d",
    )
    assert problem(call("POST", "/experiments", wish), 409)
    pair = {"name": "pair", "account": "@mine", "other": "@other", "days": 14, "window": "24h"}
    paired = call("POST", "/experiments", pair).get_json()
    assert (paired["other"], paired["days"], paired["window"]) == ("@other", 14, "24h")
    assert problem(call("POST", "/experiments", pair | {"name": "long", "days": 0}), 422)
    assert len(call("GET", f"/experiments?account={other.handle}").get_json()["data"]) == 1
    assert len(call("GET", "/experiments").get_json()["data"]) == 2
    assert call("GET", "/reports/experiment?account=@mine&name=evenings").status_code == 200

    whole = call.secret
    call.secret = create_token(world.session, "mine", "write", mine.id, NOON)
    world.session.commit()
    assert problem(call("DELETE", f"/experiments/{paired['id']}"), 403)
    assert problem(call("POST", "/experiments", pair | {"name": "again"}), 403)
    assert call("DELETE", f"/experiments/{told['id']}").status_code == 204
    assert problem(call("DELETE", f"/experiments/{told['id']}"), 404)
    call.secret = whole
    assert [each["name"] for each in call("GET", "/experiments").get_json()["data"]] == ["pair"]


def test_what_a_removed_account_had_keeps_its_name(call: Caller, world: World) -> None:
    """In lists of all accounts: posts, links, experiments."""
    account = world.account("@gone")
    world.post(account, "http://one.com/")
    assert call("POST", "/experiments", {"name": "evenings", "account": "@gone"}).status_code == 201
    remove_account(world.session, account, NOON)
    world.session.commit()
    for path in ("/posts", "/links", "/experiments"):
        assert [row["account"] for row in call("GET", path).get_json()["data"]] == ["@gone"]
    assert call("GET", "/accounts").get_json() == {"data": []}


def test_people_and_sites_are_named_and_forgotten(call: Caller, world: World) -> None:
    """They belong to no account, so a token of one account reaches none of them."""
    account = world.account("@JessesLinks")
    wish = {"name": "Ann", "hosts": ["https://www.ann.example/"], "mentions": ["Ann"]}
    made = call("POST", "/people", wish)
    assert made.status_code == 201, made.text
    ann = made.get_json()
    assert (ann["hosts"], ann["mentions"], ann["public"]) == (["ann.example"], ["@ann"], False)
    assert problem(call("POST", "/people", wish), 409)
    half = {"name": "Bob", "hosts": ["no site"]}
    assert problem(call("POST", "/people", half), 422)
    assert call("GET", "/people").get_json()["data"] == [ann]
    post = {"account": "@JessesLinks", "text": "http://one.com/", "promotes": ["Ann"]}
    assert call("POST", "/posts", post).status_code == 201
    (person,) = call("GET", "/reports/people").get_json()["people"]
    assert (person["name"], person["links"]) == ("Ann", 1)
    assert call("DELETE", f"/people/{ann['id']}").status_code == 204
    assert call("GET", "/people").get_json() == {"data": []}

    site = {"host": "me.example", "click_ids": False}
    assert call("POST", "/sites", {"host": "https://me.example/about"}).get_json() == site
    assert call("GET", "/sites").get_json() == {"data": [site]}
    switched = call("PATCH", "/sites/me.example", {"click_ids": True}).get_json()
    assert switched == {**site, "click_ids": True}
    assert call("DELETE", "/sites/me.example").status_code == 204
    assert problem(call("DELETE", "/sites/me.example"), 404)
    call.secret = create_token(world.session, "one", "write", account.id, NOON)
    world.session.commit()
    assert problem(call("GET", "/people"), 403)
    assert problem(call("POST", "/sites", {"host": "me.example"}), 403)


def test_texts_that_no_database_keeps_are_refused(call: Caller, world: World) -> None:
    """NUL, and halves of characters."""
    world.account("@mine")
    for text in ("a\0b", "\ud800"):
        wish = {"name": "n", "account": "@mine", "hypothesis": text}
        assert problem(call("POST", "/experiments", wish), 422)
        assert problem(call("POST", "/people", {"name": "n", "hosts": [text]}), 422)


def test_lists_are_paged_by_a_cursor(call: Caller, world: World) -> None:
    """`next` is the `after` of the next page; nothing is given twice, whatever is added."""
    account = world.account()
    for number in range(5):
        world.post(account, f"http://one.com/{number}")
    for path in ("/posts", "/links?account=@JessesLinks"):
        joint = "&" if "?" in path else "?"
        first = call("GET", f"{path}{joint}limit=2").get_json()
        world.post(account, "http://late.com/")
        second = call("GET", f"{path}{joint}limit=2&after={first['next']}").get_json()
        third = call("GET", f"{path}{joint}limit=100&after={second['next']}").get_json()
        ids = [row["id"] for page in (first, second, third) for row in page["data"]]
        assert ids == sorted(set(ids), reverse=True)
        assert third["next"] is None
    assert len(call("GET", "/links?q=late").get_json()["data"]) == 2
    assert call("GET", "/posts?state=draft").get_json() == {"data": [], "next": None}


def test_who_has_an_answer_already_gets_304(call: Caller, world: World) -> None:
    """By its ETag; once something has changed, the whole answer again."""
    account = world.account()
    first = call("GET", "/links")
    tag = first.headers["ETag"]
    again = call("GET", "/links", If_None_Match=tag)
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    world.post(account, "http://one.com/")
    assert call("GET", "/links", If_None_Match=tag).status_code == 200


def test_a_post_with_a_key_is_done_once(call: Caller, world: World) -> None:
    """Sent again it is answered again; another request under the key is refused."""
    world.account()
    wish = {"account": "@JessesLinks", "text": "http://one.com/"}
    first = call("POST", "/posts", wish, Idempotency_Key="a-1")
    again = call("POST", "/posts", wish, Idempotency_Key="a-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = call("POST", "/posts", wish | {"text": "http://two.com/"}, Idempotency_Key="a-1")
    assert "another request" in problem(other, 422)
    assert call("POST", "/posts", wish, Idempotency_Key="a-2").get_json() != first.get_json()
    assert len(call("GET", "/posts").get_json()["data"]) == 2
    assert problem(call("POST", "/posts", wish, Idempotency_Key="x" * 256), 422)


def test_the_answer_of_a_key_is_committed_with_what_was_done(call: Caller, world: World) -> None:
    """Killed between two commits, a service once had done it and lost the answer."""
    world.account()
    kept: list[tuple[int, int]] = []

    def look(connection: Connection) -> None:
        posts = connection.execute(sql("SELECT count(*) FROM posts")).scalar_one()
        answers = "SELECT count(*) FROM idempotent_answers WHERE status = 201"
        kept.append((posts, connection.execute(sql(answers)).scalar_one()))

    event.listen(Engine, "commit", look)
    try:
        wish = {"account": "@JessesLinks", "text": "http://one.com/"}
        assert call("POST", "/posts", wish, Idempotency_Key="k").status_code == 201
    finally:
        event.remove(Engine, "commit", look)
    assert kept[-1] == (1, 1)
    assert set(kept) <= {(0, 0), (1, 1)}


def test_a_key_of_a_request_that_failed_is_free_again(call: Caller, world: World) -> None:
    """Nothing was done, so there is nothing to repeat; after a day a key is forgotten."""
    from linktrack.owners.answers import remember_answer, reserve_answer

    wish = {"account": "@JessesLinks", "text": "http://one.com/"}
    assert call("POST", "/posts", wish, Idempotency_Key="b").status_code == 404
    world.account()
    assert call("POST", "/posts", wish, Idempotency_Key="b").status_code == 201

    assert reserve_answer(world.session, 1, "c", "hash", now()) is None
    remember_answer(world.session, 1, "c", 201, "{}")
    known = reserve_answer(world.session, 1, "c", "hash", now())
    assert known is not None
    assert known.status == 201
    assert reserve_answer(world.session, 1, "c", "hash", now() + timedelta(days=2)) is None


def test_a_token_of_one_account_reaches_its_own_only(call: Caller, world: World) -> None:
    """In lists and by number alike."""
    mine, other = world.account("@mine"), world.account("@other")
    posts = [world.post(account, "http://one.com/") for account in (mine, other)]
    call.secret = create_token(world.session, "mine", "write", mine.id, NOON)
    world.session.commit()
    assert [row["handle"] for row in call("GET", "/accounts").get_json()["data"]] == ["@mine"]
    for path in ("/posts", "/links"):
        assert {row["account"] for row in call("GET", path).get_json()["data"]} == {"@mine"}
    for path in (
        f"/posts/{posts[1].id}",
        f"/links/{posts[1].links[0].code}",
        f"/accounts/{other.id}",
        f"/accounts/{other.id}/counts",
    ):
        assert problem(call("GET", path), 403)
    assert problem(call("PATCH", f"/posts/{posts[1].id}", {"state": "discarded"}), 403)
    assert problem(call("POST", "/accounts", {"network": "x", "handle": "@new"}), 403)
