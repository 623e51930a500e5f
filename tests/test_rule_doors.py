"""Rules of a link on the page, by command and through the API."""

from browser import Browser, field, read
from commands import Run, good, parsed
from doorways import Caller, Door, problem
from world import NOON, World

from linktrack.links.catalog import get_link
from linktrack.links.redirects.rules.written import conditions_written
from linktrack.links.redirects.ruling import Wanted, set_rules

STORE = "https://apps.apple.com/app/id1"
PLAY = "https://play.google.com/store/apps/details?id=x"
WEB = "http://one.com/"


def link_of(world: World) -> str:
    return world.post(world.account(), WEB).links[0].code or ""


def test_rules_are_made_ordered_and_removed_on_the_page(sqlite_world: World) -> None:
    """By buttons up and down; the page says where a visitor would be led."""
    code = link_of(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/links/{code}/rules"
    browser.send(f"{page}/apps", {"ios": STORE, "android": PLAY}, page)
    sent: dict[str, str | list[str]] = {
        "language": "de, fr",
        "weekday": ["mon"],
        "time-from": "09:00",
        "destination": ["https://a.com/", "https://b.com/", "https://c.com/"],
        "percent": ["", "", ""],
    }
    assert browser.send(page, sent).status_code == 303
    shown = browser.get(page)
    assert "1. With iOS https://apps.apple.com" in read(shown)
    assert "3. Who prefer de or fr, on Monday, from 09:00 to 24:00 34%: https://a.com/" in read(
        shown
    )
    assert "3 rules" in read(browser.get(f"/owner/links/{code}"))
    browser.send(f"{page}/move", {"rule": "3", "to": "up"}, page)
    browser.send(f"{page}/remove", {"rule": "1"}, page)
    shown = browser.get(page)
    assert "1. Who prefer de or fr" in read(shown)
    assert "2. With Android" in read(shown)
    tried = read(browser.get(f"{page}?try=yes&language=de-at&at=2026-11-30T10:00"))
    assert "each visitor gets one of these, the same one each time. 34%: https://a.com/" in tried
    assert "Everyone else http://one.com/" in read(browser.get(f"{page}?try=yes&system=iOS"))
    changed = browser.get(f"{page}?rule=3").text
    for text in (
        'value="de, fr"',
        'value="09:00"',
        'value="mon" checked',
        'value="https://b.com/"',
    ):
        assert text in changed
    refused = browser.send(page, {**sent, "destination": ["myapp://x"], "percent": [""]})
    assert refused.status_code == 422
    assert "is not the address of a web page" in read(refused)
    assert 'value="myapp://x"' in refused.text


def test_nobody_replaces_rules_they_have_not_seen(sqlite_world: World) -> None:
    """Whoever had the page open while somebody else changed them is told, and nothing changes."""
    code = link_of(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/links/{code}/rules"
    version = field(browser.get(page).text, page, "made_from")
    browser.send(f"{page}/apps", {"ios": STORE, "android": ""}, page)
    answer = browser.send(page, {"destination": PLAY, "percent": "", "made_from": version})
    assert answer.status_code == 422
    assert "Somebody changed this while you had it open. It is now: Rule 1: With iOS" in read(
        answer
    )


def test_a_rule_that_the_form_cannot_show_is_left_to_programs(sqlite_world: World) -> None:
    """One with the same kind of condition twice, as another shortener's may be."""
    world = sqlite_world
    post = world.post(world.account(), WEB)
    conditions = conditions_written(["query=a=1,2", "query=b"])
    set_rules(
        world.session, world.shortener, post.links[0], [Wanted(conditions, ((STORE, 100),))], NOON
    )
    world.session.commit()
    shown = Browser.signed_in(world).get(f"/owner/links/{post.links[0].code}/rules")
    assert "With ?a=1,2 in the address, with ?b in the address" in read(shown)
    assert "Change it with the API" in read(shown)


def test_rules_by_command(world: World, run: Run) -> None:
    """Add, change, move, try and remove; a failure is one sentence."""
    code = link_of(world)
    good(run("link", "rules", "apps", code, "--ios", STORE))
    split = ["--to", f"60={STORE}", "--to", f"40%={PLAY}"]
    good(run("link", "rules", "add", code, "--if", "country=de,at", "--if", "query=a=1,2", *split))
    good(run("link", "rules", "move", code, "2", "1"))
    assert good(run("link", "rules", "list", code)).splitlines() == [
        f"2  In DE or AT, with ?a=1,2 in the address: 60% {STORE}, 40% {PLAY}",
        f"1  With iOS: {STORE}",
        f"Everyone else: {WEB}",
    ]
    tried = parsed(
        run("link", "rules", "try", code, "--country", "AT", "--query", "a=1,2", "--json")
    )
    assert [option["percent"] for option in tried["options"]] == [60, 40]
    changed = parsed(run("link", "rules", "change", code, "2", "--if", "device=tablet", "--json"))
    assert changed["rules"][0]["said"] == "On a tablet"
    assert [option["id"] for option in changed["rules"][0]["options"]] == [2, 3]
    good(run("link", "rules", "remove", code, "1"))
    wrong = run("link", "rules", "add", code, "--if", "browser=Firefox", "--to", PLAY)
    assert wrong.exit_code == 1
    assert wrong.stderr.startswith(
        "Error: 'browser' isn't a condition: choose one of device, system"
    )
    assert (
        run("link", "rules", "remove", code, "7").stderr
        == "Error: The link no longer has a rule 7.\n"
    )


def test_rules_through_the_api(sqlite_world: World) -> None:
    """Read, replaced as a whole, tried; what can be no rule is a problem with one sentence."""
    call, code = Caller(sqlite_world), ""
    code = sqlite_world.post(sqlite_world.account(), WEB).links[0].code or ""
    path = f"/links/{code}/rules"
    rule = {
        "conditions": [{"kind": "system", "values": ["ios"]}],
        "options": [{"destination": STORE}],
    }
    made = call("PATCH", path, {"rules": [rule]}).get_json()
    assert made == {
        "destination": WEB,
        "rules": [
            {
                "id": 1,
                "said": "With iOS",
                "conditions": [{"kind": "system", "values": ["iOS"]}],
                "options": [{"id": 1, "destination": STORE, "percent": 100}],
            }
        ],
    }
    split = [{"destination": STORE, "percent": 50}, {"destination": PLAY, "percent": 50}]
    again = {"rules": [{"conditions": [], "options": split}, made["rules"][0]]}
    assert [each["id"] for each in call("PATCH", path, again).get_json()["rules"]] == [2, 1]
    assert call("GET", path).get_json()["rules"][1] == made["rules"][0]
    assert call("GET", f"{path}/try?system=iOS").get_json()["rule"] == 2
    for body, said in (
        ({"rules": [{"conditions": 5, "options": split}]}, "The conditions of a rule are a list"),
        ({"rules": [{"conditions": [{}], "options": split}]}, "A condition has a kind"),
        ({"rules": [{"conditions": [], "options": [{"destination": 7}]}]}, "is a text"),
        ({"rules": [{**rule, "options": split[:1] + split[:1]}]}, "the same destination twice"),
        ({"rules": [{**rule, "id": "1"}]}, "is a whole number"),
    ):
        assert said in problem(call("PATCH", path, body), 422)
    problem(call("PATCH", path, {"rules": [{**rule, "id": 77}]}), 404)


def test_the_public_preview_and_the_privacy_page_tell_of_rules(sqlite_world: World) -> None:
    """Every destination a link can lead to; the cookie only while a link sets one."""
    world = sqlite_world
    link = world.post(world.account(), WEB).links[0]
    browser = Browser.on(world)
    assert "clicking sets no cookie." in read(browser.get("/privacy"))
    returning = Wanted(conditions_written(["visitor=returning"]), ((STORE, 50), (PLAY, 50)))
    set_rules(world.session, world.shortener, link, [returning], NOON)
    world.session.commit()
    shown = read(browser.get(f"/{link.code}+"))
    assert f"Some visitors go elsewhere Returning visitors: {STORE} or {PLAY}" in shown
    told = read(browser.get("/privacy"))
    assert "these set a cookie that says “has been here”" in told
    assert "sets no cookie, but for the links named below." in told


def test_clients_of_shlink_read_and_set_rules(open_world: World) -> None:
    """In its own words; rules that it has no words for are never lost by a client."""
    door = Door(open_world, "write")
    made = door.shlink("/short-urls", {"longUrl": WEB}).get_json()
    path = f"/short-urls/{made['shortCode']}/redirect-rules"
    conditions = [
        {"type": "device", "matchKey": None, "matchValue": "ios"},
        {"type": "device", "matchKey": None, "matchValue": "mobile"},
        {"type": "language", "matchKey": None, "matchValue": "de"},
        {"type": "geolocation-country-code", "matchKey": None, "matchValue": "AT"},
        {"type": "query-param", "matchKey": "ref", "matchValue": "mail"},
        {"type": "any-value-query-param", "matchKey": "a", "matchValue": ""},
        {"type": "valueless-query-param", "matchKey": "b", "matchValue": ""},
    ]
    rules = [
        {"longUrl": PLAY, "priority": 2, "conditions": conditions[:1]},
        {"longUrl": STORE, "priority": 1, "conditions": conditions},
    ]
    told = door.shlink(path, {"redirectRules": rules}).get_json()
    assert told == {"defaultLongUrl": WEB, "redirectRules": rules[::-1]}
    assert door.shlink(path).get_json() == told
    refused = door.shlink(path, {"redirectRules": [{"longUrl": STORE, "conditions": [5]}]})
    assert refused.status_code == 400
    link = get_link(open_world.session, open_world.shortener.codes, made["shortCode"])
    split = Wanted((), ((STORE, 50), (PLAY, 50)))
    set_rules(open_world.session, open_world.shortener, link, [split], NOON)
    open_world.session.commit()
    assert door.shlink(path).get_json()["redirectRules"] == []
    lost = door.shlink(path, {"redirectRules": rules})
    assert "would be lost" in lost.get_json()["detail"]
