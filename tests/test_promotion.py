"""People promoted and own sites: by rule and by hand, counted, thanked, and never guessed."""

import pytest
from audiences import followers
from browser import Browser, read
from clicking import people
from commands import Run, good, parsed
from world import NOON, World

from linktrack.db import now
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.keys import load_keys
from linktrack.links.models import Link, Person
from linktrack.links.people import (
    add_own_site,
    add_person,
    add_rule,
    page_secret,
    promote,
    promoted_by,
    public_person,
    remove_own_site,
    remove_person,
    remove_promotion,
    remove_rule,
    replace_rules,
    share_page,
)
from linktrack.links.promotion import (
    HOST,
    MENTION,
    Rule,
    Rules,
    check_host,
    check_mention,
    is_on_host,
)
from linktrack.owners.tokens import create_token
from linktrack.reports.links.kinds import own_links_json, own_links_report, people_report, thanks


@pytest.mark.parametrize(
    ("destination", "host", "expected"),
    [
        ("https://example.org/a", "example.org", True),
        ("https://www.example.org/a", "example.org", True),
        ("https://blog.example.org:8443/a", "example.org", True),
        ("https://EXAMPLE.org/", "example.org", True),
        ("https://notexample.org/", "example.org", False),
        ("https://example.org.evil.com/", "example.org", False),
        ("https://evil.com/?u=example.org", "example.org", False),
        ("https://evil.com/@example.org", "example.org", False),
    ],
)
def test_a_site_holds_those_below_it_and_no_other(
    destination: str, host: str, expected: bool
) -> None:
    """The host decides, never a part of the path or of another name."""
    assert is_on_host(destination, host) is expected
    rules = Rules.of([Rule(1, HOST, host), Rule(2, HOST, "other.org")])
    assert rules.people(destination, None) == ({1} if expected else set())


@pytest.mark.parametrize(
    ("text", "handle", "expected"),
    [
        ("by @jo, who else", "@jo", True),
        ("By @JO.", "@jo", True),
        ("(@jo)", "@jo", True),
        ("@joanna wrote", "@jo", False),
        ("email me@jo.com", "@jo", False),
        ("@jo.bsky.social wrote", "@jo", False),
        ("@jo.bsky.social wrote", "@jo.bsky.social", True),
        ("@jo@example.org wrote", "@jo", False),
        ("@jo@example.org.", "@jo@example.org", True),
    ],
)
def test_a_mention_is_a_whole_handle(text: str, handle: str, expected: bool) -> None:
    """Neither the beginning of a longer one nor a part of an address."""
    rules = Rules.of([Rule(1, MENTION, handle), Rule(2, MENTION, "@other")])
    assert rules.people("https://example.com/", text) == ({1} if expected else set())


def test_rules_are_kept_in_one_spelling() -> None:
    """Sites and handles as people write them; nonsense is refused."""
    assert check_host(" https://WWW.Example.org/page ") == "example.org"
    assert check_host("münchen.de") == "xn--mnchen-3ya.de"
    assert check_mention("Jo") == "@jo"
    for written in ("", "localhost", "a b", "javascript:1", "http://", "x" * 300 + ".org"):
        with pytest.raises(Invalid):
            check_host(written)
    for written in ("", "@", "@a b", "\0", "@-"):
        with pytest.raises(Invalid):
            check_mention(written)


def test_links_promote_by_host_by_mention_and_by_hand(world: World) -> None:
    """Each link counts once for a person; rules find links that were made before them."""
    account = world.account()
    followers(world, account, 1_000, days=-1)
    posts = [
        world.post(account, "https://blog.jo.org/1 and https://other.com/"),
        world.post(account, "Ask @jo: https://third.com/ and https://jo.org/"),
        world.post(account, "https://fourth.com/"),
    ]
    for number, post in enumerate(posts):
        people(world, post, 0, 10 * (number + 1))
    jo, ann = (add_person(world.session, name, NOON) for name in ("Jo", "Ann"))
    add_rule(world.session, jo, "host", "jo.org", now())
    add_rule(world.session, jo, "host", "jo.org", now())
    add_rule(world.session, jo, "mention", "@jo", now())
    promote(world.session, posts[2].links[0], ann, now())
    promote(world.session, posts[1].links[1], jo, now())
    world.session.commit()
    (first, to_ann), (second, to_jo) = people_report(world.session).people
    assert (first.name, second.name) == ("Ann", "Jo")
    assert (to_jo.links, to_jo.posts, to_jo.clicks, to_jo.unique_clicks) == (3, 2, 30, 30)
    assert to_jo.cpf.value == pytest.approx(30 / 2_000)
    assert to_jo.best is not None
    assert (to_jo.best.id, to_jo.best.unique_clicks) == (posts[1].id, 20)
    assert (to_ann.links, to_ann.unique_clicks) == (1, 30)
    assert thanks(people_report(world.session, people=[jo])) == (
        "30 unique clicks went to Jo from 3 links in 2 posts; each person counts once per link."
    )
    assert [(p.name, hand) for p, hand in promoted_by(world.session, posts[1].links[1], "")] == [
        ("Jo", True)
    ]
    assert promoted_by(world.session, posts[0].links[0], posts[0].written) == [(jo, False)]
    with pytest.raises(NotFound):
        remove_promotion(world.session, posts[0].links[0], jo, now())
    remove_promotion(world.session, posts[2].links[0], ann, now())
    remove_rule(world.session, jo, "mention", "@jo", now())
    with pytest.raises(NotFound):
        remove_rule(world.session, jo, "mention", "@jo", now())
    report = people_report(world.session, account)
    assert {person.name: line.links for person, line in report.people} == {"Ann": 0, "Jo": 2}
    assert thanks(people_report(world.session, people=[ann])) == (
        "Nobody has clicked a link to Ann yet."
    )
    remove_person(world.session, jo, now())
    assert [person.name for person, _ in people_report(world.session).people] == ["Ann"]
    with pytest.raises(Conflict):
        add_person(world.session, "Ann", NOON)
    with pytest.raises(Invalid):
        add_person(world.session, "\n", NOON)


def test_a_thousand_rules_are_as_good_as_one(world: World) -> None:
    """More were an expression too large for the database; a person has no more of them."""
    account = world.account()
    world.post(account, "By @name7: https://site8.com/one", at=NOON)
    world.post(account, "https://blog.site9.com/two", at=NOON)
    person = add_person(world.session, "Ann", NOON)
    replace_rules(world.session, person, "host", (f"site{n}.com" for n in range(500)), NOON)
    replace_rules(world.session, person, "mention", (f"@name{n}" for n in range(500)), NOON)
    world.session.commit()
    ((_, line),) = people_report(world.session).people
    assert line.links == 2
    with pytest.raises(Invalid, match="1,000 rules"):
        add_rule(world.session, person, "host", "one-more.com", NOON)
    with pytest.raises(Invalid, match="1,000 rules"):
        replace_rules(world.session, person, "host", (f"s{n}.com" for n in range(50_000)), NOON)
    assert "Ann" in read(Browser.signed_in(world).get("/owner/people"))


def test_a_public_page_has_one_address_that_dies_when_it_is_closed(world: World) -> None:
    """Nothing but the whole address opens it, and not before it is open."""
    keys = load_keys(world.settings.data)
    jo, ann = (add_person(world.session, name, NOON) for name in ("Jo", "Ann"))
    share_page(world.session, ann, now(), is_public=True)
    secret = page_secret(keys, jo)
    with pytest.raises(NotFound):
        public_person(world.session, keys, secret)
    share_page(world.session, jo, now(), is_public=True)
    assert public_person(world.session, keys, secret) is jo
    number, _, signature = secret.partition("-")
    for wrong in (
        f"{ann.id}-{signature}",
        f"0{number}-{signature}",
        f"{number}-{signature}0",
        f"{number}-{signature[:-1]}",
        number,
        "",
        "-",
        "9" * 40 + "-x",
        "٣-x",
        "1-é",
    ):
        with pytest.raises(NotFound):
            public_person(world.session, keys, wrong)
    share_page(world.session, jo, now(), is_public=False)
    share_page(world.session, jo, now(), is_public=True)
    with pytest.raises(NotFound):
        public_person(world.session, keys, secret)
    assert len(signature) == 32


def test_own_sites_beside_other_peoples(world: World) -> None:
    """A sure difference is said, an unsure one is not, and what is missing is named."""
    account = world.account()
    followers(world, account, 10_000, days=-1)
    report = own_links_report(world.session, account)
    assert report.sentence.startswith("Add your own sites to compare them")
    assert add_own_site(world.session, "https://www.me.org/", now()) == "me.org"
    add_own_site(world.session, "me.org", now())
    world.session.commit()
    for number in range(6):
        post = world.post(account, f"https://blog.me.org/{number}")
        people(world, post, 0, 60 + number)
    assert own_links_report(world.session, account).sentence == (
        "There are no links to other people's sites to compare."
    )
    for number in range(6):
        post = world.post(account, f"https://else.org/{number}")
        people(world, post, 0, 20 + number)
        if number == 3:
            assert own_links_report(world.session, account).sentence.startswith("Too little")
    report = own_links_report(world.session, account)
    assert (report.own.links, report.own.unique_clicks) == (6, 375)
    assert (report.others.links, report.others.unique_clicks) == (6, 135)
    assert report.ratio == pytest.approx(375 / 135)
    assert report.sentence.startswith("Links to your own sites clearly get more clicks per foll")
    assert own_links_json(report)["own_sites"] == ["me.org"]
    remove_own_site(world.session, "me.org", now())
    with pytest.raises(NotFound):
        remove_own_site(world.session, "me.org", now())


def test_people_and_sites_by_command(run: Run) -> None:
    """Add with rules, wrap for somebody, promote a link, report, share, remove."""
    run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000")
    assert good(run("people", "add", "Jo", "--host", "jo.org")) == "Added Jo.\n"
    assert good(run("people", "add", "Jo", "--mention", "jo")) == "Added rules for Jo.\n"
    assert run("people", "add", "Jo").exit_code == 1
    assert run("people", "add", "X", "--host", "nonsense").exit_code == 1
    good(run("people", "add", "Ann"))
    answer = parsed(
        run("wrap", "@JessesLinks", "https://a.org/ https://b.org/", "--promotes", "Ann", "--json")
    )
    assert run("wrap", "@JessesLinks", "https://a.org/", "--promotes", "Nobody").exit_code == 1
    code = answer["links"][0]["code"]
    good(run("link", "promote", code, "Jo"))
    found = {each["name"]: each for each in parsed(run("report", "people", "--json"))["people"]}
    assert (found["Ann"]["links"], found["Jo"]["links"]) == (2, 1)
    assert (found["Jo"]["hosts"], found["Jo"]["mentions"]) == (["jo.org"], ["@jo"])
    good(run("link", "promote", code, "Jo", "--remove"))
    assert run("link", "promote", code, "Jo", "--remove").exit_code == 1
    assert good(run("people", "share", "Jo")).startswith("https://go.jessestay.com/people/")
    assert "is off" in good(run("people", "share", "Jo", "--stop"))
    assert "Ann" in good(run("report", "people", "@JessesLinks"))
    good(run("people", "remove", "Ann"))
    assert "Ann" not in good(run("people", "list"))
    good(run("site", "add", "a.org"))
    assert parsed(run("site", "list", "--json")) == [{"host": "a.org", "click_ids": False}]
    own = parsed(run("report", "own", "@JessesLinks", "--json"))
    assert (own["own"]["links"], own["others"]["links"]) == (1, 1)
    assert "Too little is known" in good(run("report", "own", "@JessesLinks"))
    good(run("site", "remove", "a.org"))
    assert run("site", "remove", "a.org").exit_code == 1


def test_people_on_pages_and_by_api(sqlite_world: World) -> None:
    """Forms add and change; the public page shows no more than it should, to nobody else."""
    world = sqlite_world
    browser = Browser.signed_in(world)
    assert "No one yet" in read(browser.get("/owner/people"))
    account = world.account()
    post = world.post(account, "Read <i> https://jo.org/ now", now())
    link = world.session.query(Link).one()
    world.session.commit()
    assert browser.send("/owner/people", {"name": "Jo", "host": "x y"}).status_code == 422
    answer = browser.send("/owner/people", {"name": "Jo", "host": "jo.org", "mention": ""})
    assert answer.status_code == 303
    page = answer.headers["Location"]
    rule: dict[str, str | list[str]] = {"kind": "mention", "value": "@jo"}
    assert browser.send(f"{page}/rules", rule, form=page).status_code == 303
    assert "Links in posts that mention @jo" in read(browser.get(page))
    assert browser.send(f"{page}/rules/remove", rule, form=page).status_code == 303
    assert (
        browser.send(f"{page}/rules", {"kind": "host", "value": ""}, form=page).status_code == 422
    )
    browser.send(f"{page}/page", {"public": "yes"}, form=page)
    person = world.session.query(Person).one()
    secret = page_secret(load_keys(world.settings.data), person)
    world.session.commit()
    assert f"https://go.jessestay.com/people/{secret}" in browser.get(page).text
    people(world, post, 0, 3)
    stranger = Browser.on(world)
    public = stranger.get(f"/people/{secret}")
    assert "3 people clicked through to Jo from 1 link in 1 post." in read(public)
    assert "Read" not in public.text, "what the posts say is between their account and its readers"
    assert "@JessesLinks" not in public.text
    assert stranger.get(f"/people/{secret}x").status_code == 404
    browser.send(f"{page}/page", {}, form=page)
    assert stranger.get(f"/people/{secret}").status_code == 404

    assert "by a rule" in read(browser.get(f"/owner/links/{link.code}"))
    where = f"/owner/links/{link.code}/promotes"
    by_hand: dict[str, str | list[str]] = {"person": "Jo"}
    assert browser.send(where, by_hand, form=f"/owner/links/{link.code}").status_code == 303
    assert "Remove" in read(browser.get(f"/owner/links/{link.code}"))
    assert browser.get("/owner/own-links").status_code == 200
    assert browser.send("/owner/own-links", {"host": "jo.org"}).status_code == 303
    assert "jo.org" in read(browser.get("/owner/own-links?days=7"))
    assert browser.send("/owner/own-links", {"host": "?"}).status_code == 422
    gone = browser.send("/owner/own-links/remove", {"host": "jo.org"}, form="/owner/own-links")
    assert gone.status_code == 303
    assert "Who this promotes" in read(browser.get("/owner/compose"))
    form: dict[str, str | list[str]] = {
        "account": str(account.id), "text": "https://x.org/", "promotes": ["Jo"],
        "state": "published",
    }  # fmt: skip
    assert browser.send("/owner/compose", form).status_code == 303

    narrow = create_token(world.session, "n", "read", account.id, now())
    world.session.commit()
    bearer = {"Authorization": f"Bearer {narrow}"}
    get = browser.client.get
    assert get("/api/v1/reports/people", headers=bearer).status_code == 403
    found = get("/api/v1/reports/people?account=@JessesLinks", headers=bearer).json
    assert found is not None
    assert [each["links"] for each in found["people"]] == [2]
    own = get("/api/v1/reports/own?account=@JessesLinks", headers=bearer).json
    assert own is not None
    assert own["others"]["links"] == 2
    assert browser.send(f"{page}/remove", {}, form=page).status_code == 303
