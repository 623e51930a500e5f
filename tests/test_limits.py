"""Limits of links at every door, and what readers see of them."""

from datetime import timedelta

import pytest
from browser import Browser, read
from clicking import FIREFOX
from commands import Run, good, parsed
from doorways import Caller, Door, problem
from filling import filled
from lanes import lane
from werkzeug.test import Client, TestResponse
from world import NOON, World

from linktrack.calendar.times import parse_moment
from linktrack.community.feed.reading import _links
from linktrack.db import now
from linktrack.errors import Invalid, TooMany
from linktrack.ids import LinkId
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import (
    LinkLimits,
    Standing,
    hash_link_password,
    limits_of,
    set_limits,
    set_password,
)
from linktrack.links.redirects.models import LinkPasswordFailure
from linktrack.links.redirects.passwords import MOST_NETWORKS, begin_try
from linktrack.owners.passwords import FREE_ATTEMPTS
from linktrack.reports.links.listed import STATES, LinkSearch, links_page

HOUR = timedelta(hours=1)
HIDDEN = "https://hidden.org/page"


def secret_link(world: World, limits: LinkLimits, password: str | None = None) -> Link:
    """Return a published link to HIDDEN with these limits."""
    link = world.post(world.account(), f"Read {HIDDEN}").links[0]
    set_limits(world.session, world.shortener, link, limits, now())
    if password is not None:
        set_password(world.session, link, hash_link_password(password), now())
    world.session.commit()
    return link


class Reader:
    """Somebody with a browser, who clicks."""

    def __init__(self, world: World) -> None:
        self.client = Client(lane(world).application)

    def get(self, path: str) -> TestResponse:
        return self.client.get(
            path, headers={"User-Agent": FIREFOX}, base_url="https://go.jessestay.com"
        )

    def give(self, path: str, password: str, **headers: str) -> TestResponse:
        sent = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin", **headers}
        return self.client.post(
            path, data={"password": password}, headers=sent, base_url="https://go.jessestay.com"
        )


@pytest.mark.parametrize(
    ("limits", "status", "says"),
    [
        (LinkLimits(valid_from=now() + HOUR), 404, "doesn’t work yet"),
        (LinkLimits(expires_at=now() - HOUR), 410, "This link has ended"),
    ],
)
def test_readers_are_told_when_and_not_where(
    sqlite_world: World, limits: LinkLimits, status: int, says: str
) -> None:
    """Neither the page nor its preview names the destination, and no cache keeps them."""
    link = secret_link(sqlite_world, limits)
    reader = Reader(sqlite_world)
    answer = reader.get(f"/{link.code}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "private, no-store")
    assert says in read(answer)
    for shown in (answer, reader.get(f"/{link.code}+")):
        assert "hidden.org" not in shown.text


def test_a_password_opens_a_link_for_a_session(sqlite_world: World) -> None:
    """One wrong, then the right one; the cookie is for this link, and a new password ends that."""
    link = secret_link(sqlite_world, LinkLimits(), "open sesame")
    reader = Reader(sqlite_world)
    path = f"/{link.code}"
    asked = reader.get(path)
    assert asked.status_code == 200
    assert "asks for a password" in read(asked)
    wrong = reader.give(path, "open barley")
    assert (wrong.status_code, "is wrong" in read(wrong)) == (403, True)
    assert reader.get(f"{path}+").status_code == 200
    right = reader.give(f"{path}?a=1", "open sesame")
    assert (right.status_code, right.headers["Refresh"]) == (200, f"0; url={path}?a=1")
    assert right.headers["Referrer-Policy"] == "no-referrer"
    kept = right.headers["Set-Cookie"]
    for part in ("Secure", "HttpOnly", f"Path={path}", "SameSite=Lax"):
        assert part in kept
    assert "Expires" not in kept
    assert "Max-Age" not in kept
    assert reader.get(path).location == HIDDEN
    for answer in (asked, wrong, right, reader.get(f"{path}+")):
        assert "hidden.org" not in answer.text
    set_password(sqlite_world.session, link, hash_link_password("open sesame"), now())
    sqlite_world.session.commit()
    assert Reader(sqlite_world).get(path).status_code == 200


def test_another_site_gives_no_password(sqlite_world: World) -> None:
    """And a link without one leads the form back to itself."""
    link = secret_link(sqlite_world, LinkLimits(), "open sesame")
    reader = Reader(sqlite_world)
    path = f"/{link.code}"
    assert reader.give(path, "open sesame", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    set_password(sqlite_world.session, link, None, now())
    sqlite_world.session.commit()
    assert reader.give(path, "open sesame").headers["Refresh"] == f"0; url={path}"
    assert reader.give("/nowhere", "open sesame").status_code == 404


def test_guesses_wait_longer_and_longer(world: World) -> None:
    """From their network; others try on, but for those beyond very many."""
    link = secret_link(world, LinkLimits(), "open sesame")
    at = now()
    for _ in range(FREE_ATTEMPTS):
        assert begin_try(world.session, link.id, "here", at) is not None
    with pytest.raises(TooMany):
        begin_try(world.session, link.id, "here", at)
    assert begin_try(world.session, link.id, "there", at) is not None
    assert begin_try(world.session, link.id, "here", at + HOUR) is not None
    with pytest.raises(TooMany):
        begin_try(world.session, link.id, "here", at + HOUR + timedelta(seconds=50))
    world.session.add_all(
        LinkPasswordFailure(link_id=link.id, network=str(number), number=1, failed_at=at + HOUR)
        for number in range(MOST_NETWORKS)
    )
    with pytest.raises(TooMany):
        begin_try(world.session, link.id, "anywhere", at + HOUR)
    assert begin_try(world.session, link.id, "anywhere", at + timedelta(days=2)) is not None


def test_what_is_shared_names_no_destination_of_a_link_with_limits(world: World) -> None:
    """Members' feeds, and reports that are shared, have the short address."""
    from linktrack.links.redirects.limiting import texts_with_limits

    link = secret_link(world, LinkLimits(most_clicks=5))
    assert link.post_id is not None
    assert texts_with_limits(world.session, [link.post_id]) == {
        link.post_id: f"Read {world.shortener.short_url(link.code or '')}"
    }
    assert _links(world.session, [link.post_id])[link.post_id][0].destination == ""


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (LinkLimits(valid_from=NOON, expires_at=NOON), "ends after it begins"),
        (LinkLimits(most_clicks=0), "1 to 1,000,000,000 clicks"),
        (LinkLimits(ended_to="javascript:alert(1)"), "not the address of a web page"),
        (LinkLimits(ended_to="https://go.jessestay.com/x"), "another short link"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    sqlite_world: World, limits: LinkLimits, why: str
) -> None:
    """In one sentence."""
    link = sqlite_world.post(sqlite_world.account(), "http://one.com/").links[0]
    with pytest.raises(Invalid, match=why):
        set_limits(sqlite_world.session, sqlite_world.shortener, link, limits, NOON)


def test_a_link_is_in_one_state_at_a_time(world: World) -> None:
    """Each link is found by its state, and by no other."""
    account = world.account()
    wanted: dict[Standing, LinkLimits] = {
        "redirecting": LinkLimits(valid_from=NOON, expires_at=NOON + HOUR),
        "not-begun": LinkLimits(valid_from=NOON + HOUR),
        "ended": LinkLimits(valid_from=NOON - HOUR, expires_at=NOON),
        "disabled": LinkLimits(expires_at=NOON),
    }
    links: dict[Standing, LinkId] = {}
    for state, limits in wanted.items():
        link = world.post(account, f"http://{state}.com/").links[0]
        set_limits(world.session, world.shortener, link, limits, NOON)
        link.disabled_at = NOON if state == "disabled" else None
        links[state] = link.id
    bare = world.post(account, "http://bare.com/").links[0]
    for state in STATES:
        search = LinkSearch(state=state)
        page = links_page(world.session, world.shortener, search, None, 9, at=NOON)
        assert {facts.state for facts in page} == {state}
        extra = [bare.id] if state == "redirecting" else []
        assert [facts.link.id for facts in page] == [*extra, links[state]]
    for limits in (LinkLimits(), LinkLimits(most_clicks=3)):  # taken away, a link costs nothing
        set_limits(world.session, world.shortener, bare, limits, NOON)
        assert bare.has_plan is (limits.most_clicks is not None)


def test_the_api_limits_links(sqlite_world: World) -> None:
    """What is left out stays, null removes; no answer has a password."""
    call = Caller(sqlite_world)
    sqlite_world.account("@JessesLinks")
    made = call(
        "POST",
        "/links",
        {
            "account": "@JessesLinks", "destination": HIDDEN, "slug": "few",
            "expires_at": "2030-01-01T00:00:00Z", "most_clicks": 10, "password": "sesame",
        },
    ).get_json()  # fmt: skip
    assert (made["expires_at"], made["most_clicks"], made["used_clicks"]) == (
        "2030-01-01T00:00:00Z", 10, 0,
    )  # fmt: skip
    assert (made["has_password"], made["state"]) == (True, "redirecting")
    changed = call("PATCH", "/links/few", {"expires_at": None, "ended_to": "https://a.example"})
    assert changed.get_json() == made | {"expires_at": None, "ended_to": "https://a.example"}
    assert "sesame" not in changed.text
    assert "argon2" not in changed.text
    assert call("PATCH", "/links/few", {"count_anew": True, "password": None}).status_code == 200
    over = call("PATCH", "/links/few", {"expires_at": "2020-01-01"}).get_json()
    assert (over["state"], over["has_password"]) == ("ended", False)
    (row,) = call("GET", "/links?state=ended").get_json()["data"]
    assert (row["code"], row["state"]) == ("few", "ended")
    for wrong in ({"most_clicks": -1}, {"password": "abc"}, {"valid_from": "soon"}):
        assert problem(call("PATCH", "/links/few", wrong), 422)


def test_the_pages_limit_links(sqlite_world: World) -> None:
    """A new link, a link of a post; the password stays where none is typed."""
    _, posts = filled(sqlite_world)
    link = posts[0].links[0]
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/links/{link.code}"
    fields: dict[str, str | list[str]] = {
        "valid_from": "2026-05-04T12:00", "most_clicks": "1,000", "password": "open sesame",
        "ended_to": "https://a.example/over",
    }  # fmt: skip
    assert browser.send(f"{page}/limits", fields, page).status_code == 303
    shown = read(browser.get(page))
    assert "0 of 1,000" in shown
    assert "asked for" in shown
    assert browser.send(f"{page}/limits", fields | {"password": ""}, page).status_code == 303
    sqlite_world.session.expire_all()
    limits = limits_of(sqlite_world.session, link)
    assert (limits.has_password, limits.most_clicks) == (True, 1000)
    wrong = browser.send(f"{page}/limits", fields | {"most_clicks": "0"}, page)
    assert (wrong.status_code, "1 to 1,000,000,000" in read(wrong)) == (422, True)
    assert browser.send(f"{page}/count-anew", {}, page).status_code == 303
    gone = fields | {"no_password": "yes", "expires_at": "2026-05-05"}
    assert browser.send(f"{page}/limits", gone, page).status_code == 303
    assert "ended" in read(browser.get("/owner/links?state=ended"))
    new: dict[str, str | list[str]] = {
        "account": str(link.account_id), "destination": HIDDEN, "slug": "later",
        "valid_from": "2099-01-01T00:00",
    }  # fmt: skip
    assert browser.send("/owner/links", new).status_code == 303
    assert "not yet open" in read(browser.get("/owner/links?state=not-begun"))


def test_the_command_line_limits_links(run: Run) -> None:
    """A password may come from standard input."""
    good(run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000"))
    made = parsed(
        run(
            *("link", "add", "@JessesLinks", HIDDEN, "--slug", "few", "--most-clicks", "100"),
            *("--expires-at", "2030-01-01", "--password", "-", "--json"),
            text="open sesame\n",
        )
    )
    assert (made["most_clicks"], made["has_password"]) == (100, True)
    shown = good(run("link", "show", "few"))
    assert "clicks: 0 of 100 used" in shown
    assert "password: asked for" in shown
    edited = ("link", "edit", "few")
    good(run(*edited, "--expires-at", "2020-01-01", "--password", "", "--count-anew"))
    assert "has ended" in good(run("link", "show", "few"))
    assert [row["code"] for row in parsed(run("link", "list", "--state", "ended", "--json"))] == [
        "few"
    ]
    refused = run(*edited, "--most-clicks", "many")
    assert (refused.exit_code, "isn't a number of clicks" in refused.stderr) == (1, True)
    assert run(*edited, "--most-clicks", "", "--expires-at", "").exit_code == 0


def test_clients_of_other_shorteners_limit_links(open_world: World) -> None:
    """In their own words; a password is never sent back, and a link with limits is a new one."""
    door = Door(open_world, "write")
    body = {"target": HIDDEN, "password": "sesame", "expire_in": "2 days", "reuse": True}
    kutt = [door.kutt("/links", body).get_json() for _ in range(2)]
    assert kutt[0]["id"] != kutt[1]["id"]
    assert kutt[0]["password"] is True
    in_two_days = parse_moment(kutt[0]["expire_in"], open_world.settings.timezone) - now()
    assert abs(in_two_days - timedelta(days=2)) < timedelta(minutes=5)
    path = f"/links/{kutt[0]['id']}"
    opened = door.kutt(path, {"password": "", "expire_in": None}, "PATCH").get_json()
    assert (opened["password"], opened["expire_in"]) == (False, None)
    meta = {
        "validSince": "2029-01-01T00:00:00+00:00",
        "validUntil": "2030-01-01T00:00:00+00:00",
        "maxVisits": 5,
    }
    shlink = door.shlink("/short-urls", {"longUrl": HIDDEN, **meta}).get_json()
    assert shlink["meta"] == meta
    sent = {"expiresAt": "2030-01-01T00:00:00Z", "expiredUrl": "https://a.org/", "password": "open"}
    dub = door.dub("/links", {"url": HIDDEN, **sent})
    assert dub.get_json() | sent | {"password": None} == dub.get_json()
    reader = Door(open_world, name="another")
    for link in (shlink, dub.get_json()):
        code = link.get("shortCode") or link["key"]
        assert reader.yourls("expand", shorturl=code).status_code == 404
