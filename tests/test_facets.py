"""Places and devices: counted in every door as a recount of single clicks says."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from browser import Browser, read
from click.testing import CliRunner
from clicking import FIREFOX, counts
from scattered import BOT, PHONE, some
from sqlalchemy import update
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.cli import main
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.loading.reclassify import reclassify
from linktrack.clicks.models import agents
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import first_language, pack_language, unpack_language
from linktrack.db import to_ms
from linktrack.errors import Invalid, NotFound
from linktrack.owners.tokens import create_token
from linktrack.reports.sources.facet_days import days_report, facet_of
from linktrack.reports.sources.facets import (
    FacetLine,
    devices_json,
    devices_report,
    places_json,
    places_report,
)

ZONE = ZoneInfo("UTC")
DAY = 86_400_000
EPOCH = date(1970, 1, 1)


def lines(found: Iterable[FacetLine]) -> list[tuple[str | None, str, int, int]]:
    return [(line.key, line.name, line.clicks, line.unique_clicks) for line in found]


def test_an_accounts_places_are_a_recount_of_its_clicks(world: World) -> None:
    """Of any days, whole months among them; a person is one on each post, programs are nobody."""
    account, posts, records = some(world)
    of_link = {post.links[0].id: post.id for post in posts}
    people = sorted(
        (one for one in records if one.user_agent != BOT), key=lambda one: one.clicked_at
    )
    firsts = set()
    seen = set()
    for one in people:
        key = (of_link[one.link_id], one.visitor)
        if one.visitor is None or key not in seen:
            firsts.add(id(one))
        seen.add(key)
    for since, until in (
        (None, None),
        (date(2026, 5, 20), date(2026, 5, 25)),
        (date(2026, 5, 20), date(2026, 8, 2)),
        (date(2026, 6, 1), date(2026, 7, 1)),
    ):
        chosen = [
            one
            for one in people
            if (since is None or one.clicked_at >= _midnight(since))
            and (until is None or one.clicked_at < _midnight(until))
        ]
        found = places_report(world.session, account, since=since, until=until)
        assert {line.key: line.clicks for line in found.places} == Counter(
            one.country for one in chosen
        )
        assert {line.key: line.unique_clicks for line in found.places if line.unique_clicks} == (
            Counter(one.country for one in chosen if id(one) in firsts)
        )
        told = devices_report(world.session, account, since=since, until=until)
        for part in (told.devices, told.browsers, told.systems, told.languages):
            assert sum(line.clicks for line in part) == len(chosen)
        assert {line.key: line.clicks for line in told.languages} == Counter(
            one.language for one in chosen
        )
        phones = sum(one.user_agent == PHONE for one in chosen)
        assert told.in_apps == phones
        assert {line.key: line.clicks for line in told.systems} == {
            "iOS": phones, "Linux": len(chosen) - phones,
        }  # fmt: skip


def _midnight(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400_000


def test_a_links_places_are_of_all_days_and_each_person_is_one(world: World) -> None:
    """Days can't be asked of it; nor can another account's link."""
    account, posts, records = some(world)
    link = posts[0].links[0]
    mine = [one for one in records if one.link_id == link.id and one.user_agent != BOT]
    found = places_report(world.session, account, link=link)
    assert {line.key: line.clicks for line in found.places} == Counter(one.country for one in mine)
    people = len({one.visitor for one in mine} - {None}) + sum(one.visitor is None for one in mine)
    assert sum(line.unique_clicks for line in found.places) == people
    with pytest.raises(Invalid, match="leave out the days"):
        places_report(world.session, account, link=link, since=date(2026, 5, 4))
    other = world.account("@Other")
    with pytest.raises(NotFound, match="no such link"):
        devices_report(world.session, other, link=link)


def test_what_is_not_known_is_said_first(world: World) -> None:
    """Nothing was clicked; nothing is known; something is."""
    account = world.account()
    post = world.post(account, "http://one.com/", NOON)
    assert places_report(world.session, account).sentence == ""
    assert devices_report(world.session, account).sentence == ""
    at, link = to_ms(NOON), post.links[0].id
    world.session.commit()
    world.click([ClickRecord(at, link, FIREFOX, None, 1)])
    assert places_report(world.session, account).sentence == (
        "We don't know the country of any click."
    )
    world.session.commit()
    world.click([ClickRecord(at, link, PHONE, None, 2, country="DE", language="de")])
    found = places_report(world.session, account)
    assert found.sentence == "We don't know the country of 1 of 2 clicks (50%)."
    assert lines(found.places) == [("DE", "Germany", 1, 1), (None, "Not known", 1, 1)]
    told = devices_report(world.session, account)
    assert told.sentence == "1 of 2 clicks (50%) was made in the browser of an app."
    assert lines(told.browsers) == [
        ("Firefox", "Firefox", 1, 1), ("Instagram app", "Instagram app", 1, 1),
    ]  # fmt: skip
    assert lines(told.languages) == [("de", "German", 1, 1), (None, "Not known", 1, 1)]


def test_agents_described_otherwise_are_counted_otherwise(world: World) -> None:
    """By today's rules, after earlier ones; also where an earlier run was killed in between."""
    some(world)
    right = counts(world)
    with world.store().transaction() as connection:
        phone = agents.c.user_agent == PHONE
        connection.execute(update(agents).where(phone).values(browser="Safari", device_id=0))
        connection.execute(update(agents).values(rules_version=1))
        rebuild(connection, Days(ZONE))
    assert counts(world)["link_facets"] != right["link_facets"]
    reclassify(world.store(), Days(ZONE))
    assert counts(world) == right
    with world.store().transaction() as connection:  # as if killed before counts were moved
        connection.execute(update(agents).where(phone).values(device_id=0))
        rebuild(connection, Days(ZONE))
    reclassify(world.store(), Days(ZONE))
    assert counts(world) == right


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("EN", "en"),
        (" fil ; q=0.3", "fil"),
        ("zh-Hant-TW", "zh"),
        ("*", None),
        ("", None),
        (None, None),
        ("deutsch", None),
        ("d" * 5000, None),
        ("ä-DE", None),
    ],
)
def test_the_language_is_the_first_that_a_browser_names(
    header: str | None, language: str | None
) -> None:
    """Its first part alone, and only where it can be one."""
    found = first_language(header)
    assert found == language
    assert unpack_language(pack_language(found)) == language


def test_every_door_tells_the_same(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API, the commands, the pages and their files; days are refused with a link."""
    world = sqlite_world
    account, posts, _ = some(world)
    code = posts[0].links[0].code
    token = create_token(world.session, "reader", "read", None, NOON)
    world.session.commit()
    places = places_json(places_report(world.session, account))
    devices = devices_json(devices_report(world.session, account))
    of_link = places_json(places_report(world.session, account, link=posts[0].links[0]))
    browser = Browser.signed_in(world)
    bearer = {"Authorization": f"Bearer {token}"}
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)
    for name, right, more in (
        ("places", places, ()),
        ("devices", devices, ()),
        ("places", of_link, ("link", code)),
    ):
        query = f"&link={code}" if more else ""
        address = f"/api/v1/reports/{name}?account=@JessesLinks{query}"
        assert browser.client.get(address, headers=bearer).get_json() == right
        options = ["--link", str(code)] if more else []
        printed = CliRunner().invoke(main, ["report", name, "@JessesLinks", *options, "--json"])
        assert printed.exit_code == 0, printed.output
        assert json.loads(printed.output) == right
    refused = browser.client.get(
        f"/api/v1/reports/places?account=@JessesLinks&link={code}&from=2026-05-04", headers=bearer
    )
    assert refused.status_code == 422
    assert "leave out the days" in refused.get_json()["detail"]
    words = CliRunner().invoke(main, ["report", "devices", "@JessesLinks"]).output
    assert "Instagram app" in words
    assert "Filipino" in words
    days = "from=2026-05-01&to=2026-09-01"
    page = read(browser.get(f"/owner/places?{days}"))
    assert "Germany" in page
    assert "We don't know the country of" in page
    assert "Instagram app" in read(browser.get(f"/owner/devices?{days}"))
    assert browser.get(f"/owner/places?{days}&format=json").get_json() == places["places"]
    table = browser.get(f"/owner/devices?{days}&format=csv").text
    assert "browser,Instagram app," in table
    assert "Of all time" in read(browser.get(f"/owner/devices?link={code}"))
    assert "Look at a year" in read(browser.get("/owner/places?from=2026-01-01&to=2026-01-02"))


def test_clicks_by_day_are_narrowed_to_one_facet(world: World) -> None:
    """By every one that is counted, whatever days; together they are all clicks of a day."""
    account, _, records = some(world)
    people = [one for one in records if one.user_agent != BOT]
    since, until = date(2026, 5, 20), date(2026, 7, 2)
    within = [one for one in people if _midnight(since) <= one.clicked_at < _midnight(until)]

    def by_day(chosen: Iterable[ClickRecord]) -> dict[date, int]:
        return dict(Counter(EPOCH + timedelta(one.clicked_at // DAY) for one in chosen))

    def found(**written: str) -> dict[date, int]:
        report = days_report(
            world.session, account, since=since, until=until, facet=facet_of(written)
        )
        return {one.day: one.clicks for one in report.days}

    assert found() == by_day(within)
    assert found(country="de") == by_day(one for one in within if one.country == "DE")
    assert found(country="-") == by_day(one for one in within if one.country is None)
    assert found(language="fil") == by_day(one for one in within if one.language == "fil")
    assert found(system="iOS") == by_day(one for one in within if one.user_agent == PHONE)
    assert found(device="mobile") == found(browser="Instagram app") == found(system="iOS")
    assert found(browser="Netscape") == {}
    whole = days_report(world.session, account)
    assert sum(one.clicks for one in whole.days) == len(people)
    for wrong, match in (
        ({"country": "DE", "device": "mobile"}, "not by both at once"),
        ({"country": "Germany"}, "code of two letters"),
        ({"language": "German"}, "two or three letters"),
    ):
        with pytest.raises(Invalid, match=match):
            facet_of(wrong)


def test_a_posts_places_are_those_of_its_links(world: World) -> None:
    """Of all days, each person once per link."""
    account = world.account()
    post = world.post(account, "http://one.com/ and http://two.com/", NOON)
    first, second = (link.id for link in post.links)
    at = to_ms(NOON)
    world.session.commit()
    world.click(
        [
            ClickRecord(at, first, FIREFOX, None, 1, country="DE"),
            ClickRecord(at + 1, second, FIREFOX, None, 1, country="DE"),
            ClickRecord(at + 2, second, FIREFOX, None, 1, country="DE"),
            ClickRecord(at + 3, second, PHONE, None, 2),
        ]
    )
    found = places_report(world.session, account, post=post)
    assert lines(found.places) == [("DE", "Germany", 3, 2), (None, "Not known", 1, 1)]
    assert places_json(found)["post"] == post.id
    told = devices_report(world.session, account, post=post)
    assert lines(told.systems) == [("Linux", "Linux", 3, 2), ("iOS", "iOS", 1, 1)]
    with pytest.raises(Invalid, match="leave out the days"):
        places_report(world.session, account, post=post, since=date(2026, 5, 4))
    with pytest.raises(NotFound, match="no such post"):
        places_report(world.session, world.account("@Other"), post=post)


def test_pages_are_narrowed_by_what_is_counted_and_say_what_is_not(sqlite_world: World) -> None:
    """The overview by one facet is of counts; reports that aren't of clicks strike it through."""
    world = sqlite_world
    _, posts, records = some(world)
    germans = [one for one in records if one.user_agent != BOT and one.country == "DE"]
    browser = Browser.signed_in(world)
    days = "from=2026-05-01&to=2026-09-01"
    page = browser.get(f"/owner/?{days}&country=DE")
    assert f"Clicks, filtered {len(germans)} " in read(page)
    assert "Country: Germany" in read(page)
    rows = browser.get(f"/owner/?{days}&country=DE&format=json").get_json()
    assert sum(row["clicks"] or 0 for row in rows) == len(germans)
    for address in ("followers?", "audience?", "engagement?", "left-out?"):
        said = read(browser.get(f"/owner/{address}{days}&country=DE"))
        assert "This page can't be filtered by country" in said, address
    assert browser.get(f"/owner/?{days}&country=Germany").status_code == 422
    assert "country=DE" in browser.get(f"/owner/places?{days}").text
    post = read(browser.get(f"/owner/posts/{posts[0].id}"))
    assert "Places and devices Of all time." in post
    assert "Of all time" in read(browser.get(f"/owner/devices?post={posts[0].id}"))
    link = read(browser.get(f"/owner/links/{posts[0].links[0].code}"))
    assert "Germany" in link and "Computer" in link
