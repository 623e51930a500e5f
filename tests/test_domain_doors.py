"""Every door has domains: pages, commands, the API, and programs made for other shorteners."""

import pytest
from browser import Browser, read
from commands import Run, good, parsed
from doorways import Caller, Door
from world import NOON, World

from linktrack.errors import Invalid
from linktrack.keys import load_keys
from linktrack.links.domains.domains import add_domain, links_by_domain, set_domain_of
from linktrack.links.domains.faces import set_default_account, set_on_front_page
from linktrack.links.hosts.finding import domains_open_to, further_domains
from linktrack.links.own_addresses import remember_address
from linktrack.owners.tokens import create_token
from linktrack.portability.demo.removing import remove_demo
from linktrack.upkeep.probing import look_at_domain

BASE = "https://go.jessestay.com"


def test_commands_name_a_link_with_its_domain(run: Run) -> None:
    """A code alone is the first domain's; the domain is edited and removed by its host."""
    good(run("account", "add", "@you", "--network", "x"))
    good(run("domain", "add", "shop.example"))
    good(run("domain", "edit", "shop.example", "--account", "@you", "--title", "Our shop"))
    for domain in ("", "shop.example"):
        named = ["--domain", domain] if domain else []
        good(run("link", "add", "@you", f"https://a.com/{domain}", "--slug", "sale", *named))
    for name in ("shop.example/sale", "sale@shop.example", "https://shop.example/sale"):
        assert parsed(run("link", "show", name, "--json"))["destination"].endswith("shop.example")
    assert parsed(run("link", "show", "sale", "--json"))["domain"] is None
    line = parsed(run("domain", "list", "--json"))["data"][1]
    assert (line["address"], line["links"]) == ("https://shop.example", 1)
    assert (line["account"], line["front_title"]) == ("@you", "Our shop")
    refused = run("domain", "remove", "shop.example")
    assert refused.exit_code == 1
    assert "would be dead" in refused.stderr
    assert run("domain", "remove", "first").exit_code == 1
    good(run("account", "domain", "@you", "shop.example"))
    wrapped = parsed(run("wrap", "@you", "Read http://one.com/", "--json"))
    assert wrapped["text"].startswith("Read https://shop.example/")
    assert "first" not in good(run("account", "domain", "@you", "first"))


def test_the_api_has_domains_and_their_default_accounts(world: World) -> None:
    """`CODE@DOMAIN` and `?domain=` name a link; a domain with links stays."""
    call, account = Caller(world), world.account()
    made = call("POST", "/domains", {"address": "shop.example"})
    assert made.status_code == 201
    number = made.get_json()["id"]
    wish = {"destination": "https://a.com/", "slug": "sale", "domain": "shop.example"}
    assert call("POST", "/links", wish).status_code == 422
    call("PATCH", f"/domains/{number}", {"account": account.handle, "missing_text": "Not here."})
    link = call("POST", "/links", wish).get_json()
    assert (link["short_url"], link["domain"]) == ("https://shop.example/sale", "shop.example")
    for path in ("/links/sale@shop.example", "/links/sale?domain=shop.example"):
        assert call("GET", path).get_json()["destination"] == "https://a.com/"
    assert call("GET", "/links/sale").status_code == 404
    assert call("GET", "/links/sale?domain=other.example").status_code == 404
    assert call("DELETE", f"/domains/{number}").status_code == 409
    (first, second) = call("GET", "/domains").get_json()["data"]
    assert (first["id"], first["address"]) == (0, BASE)
    assert (second["links"], second["missing_text"]) == (1, "Not here.")
    changed = call("PATCH", f"/accounts/{account.id}", {"domain": "shop.example"}).get_json()
    assert (changed["domain"], changed["on_front_page"]) == ("shop.example", False)


def test_the_page_adds_changes_and_removes_a_domain(sqlite_world: World) -> None:
    """What can't be is said in place; strangers see what was chosen, and nobody who wasn't."""
    world, account = sqlite_world, sqlite_world.account()
    browser = Browser.signed_in(world)
    again = browser.send("/owner/domains", {"address": BASE})
    assert again.status_code == 422
    assert "was, an address of short links here already" in read(again)
    assert browser.send("/owner/domains", {"address": "shop.example"}).status_code == 303
    fields = {"address": "shop.example", "account": str(account.id), "front_title": "Our shop"}
    face = {"front_text": "All we like.\nEvery day.", "missing_address": "https://shop.com/404"}
    page = browser.send("/owner/domains/1", {**fields, **face}, form="/owner/domains")
    assert page.status_code == 303
    shop = Browser.on(world).client
    front = shop.get("/", base_url="https://shop.example")
    assert "Our shop" in front.text
    assert "Every day." in front.text
    assert account.handle not in front.text
    unknown = shop.get("/nothere", base_url="https://shop.example")
    assert (unknown.status_code, unknown.headers["Location"]) == (302, "https://shop.com/404")
    for path in ("/owner/sign-in", "/api/v1/accounts", "/people/x", "/feed/x"):
        assert shop.get(path, base_url="https://shop.example").status_code == 404
    for path in ("/healthz", "/robots.txt", "/privacy"):
        assert shop.get(path, base_url="https://shop.example").status_code == 200
    removed = browser.send("/owner/domains/1/remove", {}, form="/owner/domains")
    assert removed.status_code == 303
    assert "shop.example" not in browser.get("/owner/domains").text.partition("<main")[2].replace(
        "shop.example is removed", ""
    )


def test_an_account_is_named_on_the_front_page_of_its_own_domain(sqlite_world: World) -> None:
    """Where its owner says so; on no other."""
    world, account = sqlite_world, sqlite_world.account()
    shop = add_domain(world.session, BASE, "shop.example", NOON)
    set_domain_of(world.session, account, shop, NOON)
    set_on_front_page(world.session, account, True, NOON)
    world.session.commit()
    client = Browser.on(world).client
    assert account.handle in client.get("/", base_url="https://shop.example").text
    assert account.handle not in client.get("/", base_url=BASE).text


def test_programs_shorten_on_a_domain_that_they_name(open_world: World) -> None:
    """Shlink's `domain`, and Kutt's; a name that is none is refused with those there are."""
    add_domain(open_world.session, BASE, "shop.example", NOON)
    remember_address(open_world.session, BASE, NOON)
    open_world.session.commit()
    door = Door(open_world)
    wish = {"longUrl": "http://a.com/", "customSlug": "sale"}
    first = door.shlink("/short-urls", wish).get_json()
    made = door.shlink("/short-urls", {**wish, "domain": "shop.example"}).get_json()
    assert (first["shortUrl"], first["domain"]) == (f"{BASE}/sale", None)
    assert (made["shortUrl"], made["domain"]) == ("https://shop.example/sale", "shop.example")
    there = door.shlink("/short-urls/sale?domain=shop.example").get_json()
    assert there["shortUrl"] == made["shortUrl"]
    hosts = [each["domain"] for each in door.shlink("/domains").get_json()["domains"]["data"]]
    assert hosts == ["go.jessestay.com", "shop.example"]
    refused = door.shlink("/short-urls", {**wish, "domain": "other.example"})
    assert refused.status_code == 400
    assert "go.jessestay.com and shop.example" in refused.get_json()["detail"]
    assert door.yourls("expand", shorturl=made["shortUrl"]).get_json()["keyword"] == "sale"


def test_the_doctor_says_what_doesnt_lead_here(sqlite_world: World) -> None:
    """A name without an address, and one that is the first domain's."""
    keys = load_keys(sqlite_world.settings.data)
    says, remedy = look_at_domain("https://shop.invalid", sqlite_world.settings, keys)
    assert "shop.invalid" in says
    assert remedy is not None
    assert look_at_domain(BASE, sqlite_world.settings, keys)[1] is not None


def test_the_first_domain_is_a_setting(world: World) -> None:
    """Its address is changed there, and it isn't removed."""
    from linktrack.links.domains.domains import move_domain, remove_domain
    from linktrack.links.domains.faces import first_face

    first = first_face(world.session, NOON)
    with pytest.raises(Invalid, match="LINKTRACK_BASE_URL"):
        remove_domain(world.session, first, NOON)
    with pytest.raises(Invalid, match="LINKTRACK_BASE_URL"):
        move_domain(world.session, BASE, first, "new.example", NOON)


def test_a_token_of_one_account_sees_no_domain_of_another(world: World) -> None:
    """Neither is it told of one whose default account is another, nor may it take codes there."""
    ours, theirs = world.account(), world.account("@theirs")
    shared = add_domain(world.session, BASE, "shared.example", NOON)
    shop = add_domain(world.session, BASE, "shop.example", NOON)
    set_default_account(world.session, shop, theirs, NOON)
    secret = create_token(world.session, "ours", "write", ours.id, NOON)
    world.session.commit()
    assert domains_open_to(world.session, ours.id) == [shared]
    assert domains_open_to(world.session, theirs.id) == [shared, shop]
    call = Caller(world)
    head = {"Authorization": f"Bearer {secret}"}
    wish = {"account": ours.handle, "destination": "https://a.com/"}
    for host, status in (("shared.example", 201), ("shop.example", 404)):
        answer = call.client.post("/api/v1/links", json={**wish, "domain": host}, headers=head)
        assert answer.status_code == status, host
    assert call.client.get("/api/v1/domains", headers=head).status_code == 403


def test_a_domain_stays_when_the_demonstration_goes(world: World) -> None:
    """Also where one of its accounts was the default; its links and choices go."""
    account, shop = world.account(), add_domain(world.session, BASE, "shop.example", NOON)
    account.simulated = True
    set_default_account(world.session, shop, account, NOON)
    set_domain_of(world.session, account, shop, NOON)
    wrapped = world.post(account, "Read http://one.com/")
    assert wrapped.text.startswith("Read https://shop.example/")
    remove_demo(world.database)
    world.session.expire_all()
    (left,) = further_domains(world.session)
    assert (left.address, left.account_id) == ("https://shop.example", None)
    assert links_by_domain(world.session) == {}
