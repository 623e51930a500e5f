"""Cities: only from a file that knows them, by month, and named only where there were enough."""

import json
import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from browser import Browser, read
from click.testing import CliRunner
from clicking import FIREFOX, counts
from lanes import lane
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.cli import main
from linktrack.clicks.counts.changes import change_reasons
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import CITY, REASON_NUMBER
from linktrack.db import to_ms
from linktrack.links.models import Link
from linktrack.owners.tokens import create_token
from linktrack.reports.sources.cities import LEAST
from linktrack.reports.sources.facets import places_json, places_report

HEADERS = {"User-Agent": FIREFOX, "Accept-Language": "en"}
HERE = {"REMOTE_ADDR": "127.0.0.1"}
DAY = 86_400_000
TOWNS = (
    ("DE", "Bavaria", "Munich", 50),
    ("DE", "Berlin", "Berlin", 30),
    ("US", "Illinois", "Springfield", 12),
    ("US", "Oregon", "Springfield", 12),
    ("DE", "Bavaria", "Ainring", 1),
    ("US", None, None, 20),
    (None, None, None, 20),
)


def city_file(path: Path, kind: str = "Test-City") -> Path:
    """Write a MaxMind-format file in which a network is in a city."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type=kind)
    writer.insert_network(
        IPSet(["198.51.100.0/24"]),
        {
            "country": {"iso_code": "DE", "names": {"en": "Germany"}},
            "subdivisions": [{"iso_code": "BY", "names": {"en": "Bavaria"}}],
            "city": {"names": {"en": "Munich", "de": "München"}},
        },
    )
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "FR"}})
    writer.insert_network(IPSet(["192.0.2.0/25"]), {"city": {"names": {"en": "Nowhere\u202e"}}})
    writer.to_db_file(str(path))
    return path


def some(world: World, number: int = 900) -> tuple[Account, Link, list[ClickRecord]]:
    """A link on its own, and clicks of 100 days on it by people who never come back."""
    account = world.account()
    post = world.post(account, "http://example.com/", NOON)
    (link,) = post.links
    chance = random.Random(11)
    records = []
    for visitor in range(number):
        *where, _ = chance.choices(TOWNS, [town[3] for town in TOWNS])[0]
        country, region, city = where
        at = to_ms(NOON) + chance.randrange(100 * DAY)
        records.append(
            ClickRecord(
                at, link.id, FIREFOX, None, visitor, country=country, region=region, city=city
            )
        )
    world.click(records)
    world.session.commit()
    return account, link, records


def month(record: ClickRecord) -> tuple[int, int]:
    """Return the year and month of a click."""
    day = date(1970, 1, 1) + timedelta(days=record.clicked_at // DAY)
    return day.year, day.month


def expected(records: list[ClickRecord]) -> dict[tuple[str | None, str | None, str | None], int]:
    """Recount clicks: each month's cities of enough people, and the rest of each country."""
    months = defaultdict(list)
    for record in records:
        months[month(record)].append((record.country, record.region, record.city))
    found: Counter[tuple[str | None, str | None, str | None]] = Counter()
    for places in months.values():
        for place, clicks in Counter(places).items():
            is_named = place[2] is not None and clicks >= LEAST
            found[place if is_named else (place[0], None, None)] += clicks
    return dict(found)


def told(report: object) -> dict[tuple[str | None, str | None, str | None], int]:
    assert isinstance(report, dict)
    return {(one["country"], one["region"], one["city"]): one["clicks"] for one in report["cities"]}


def test_cities_are_a_recount_of_whole_months(world: World) -> None:
    """A range adds up the months it touches; all lines add up to all clicks of them."""
    account, _, records = some(world)
    whole = places_json(places_report(world.session, account))
    assert told(whole) == expected(records)
    assert ("DE", "Bavaria", "Ainring") not in told(whole)
    assert ("US", "Oregon", "Springfield") in told(whole)
    assert sum(told(whole).values()) == len(records)
    assert (whole["cities_from"], whole["cities_to"]) == ("2026-05-01", "2026-09-01")
    part = places_json(
        places_report(world.session, account, since=date(2026, 6, 20), until=date(2026, 7, 2))
    )
    of_months = [record for record in records if month(record) in {(2026, 6), (2026, 7)}]
    assert told(part) == expected(of_months)
    assert (part["cities_from"], part["cities_to"]) == ("2026-06-01", "2026-08-01")
    none = places_report(world.session, account, since=date(2020, 1, 1), until=date(2020, 2, 1))
    assert places_json(none)["cities"] == []


def test_a_links_cities_are_those_of_enough_people_in_all(world: World) -> None:
    """Each person is one."""
    account, link, records = some(world)
    found = told(places_json(places_report(world.session, account, link=link)))
    places = Counter((one.country, one.region, one.city) for one in records)
    named = {place: n for place, n in places.items() if place[2] and n >= LEAST}
    assert {place: n for place, n in found.items() if place[2]} == named
    assert sum(found.values()) == len(records)


def test_counts_of_cities_are_rebuilt_and_moved_with_their_clicks(world: World) -> None:
    """They are of months and links alone; a program's clicks are no city's."""
    account, _, records = some(world, 300)
    right = counts(world)
    assert not [row for row in right["account_facet_days"] if row[1] == CITY]
    with world.store().transaction() as connection:
        rebuild(connection, Days(ZoneInfo("UTC")))
    assert counts(world) == right
    with world.store().transaction() as connection:
        wanted = dict.fromkeys(range(1, 151), REASON_NUMBER["bot"])
        change_reasons(connection, wanted, Days(ZoneInfo("UTC")))
    moved = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, Days(ZoneInfo("UTC")))
    assert counts(world) == moved
    world.session.commit()
    left = places_json(places_report(world.session, account))
    assert told(left) == expected(records[150:])


@pytest.mark.parametrize("kind", ["DBIP-City-Lite", "GeoLite2-City"])
def test_one_look_into_the_file_tells_country_and_city(
    sqlite_world: World, tmp_path: Path, kind: str
) -> None:
    """Not of those who ask not to be tracked, and no name that can't be shown."""
    world = sqlite_world
    (link,) = world.post(world.account(), "http://example.com/").links
    path = city_file(tmp_path / "cities.mmdb", kind)
    client = lane(world, LINKTRACK_GEOIP=str(path), LINKTRACK_TRUSTED_PROXIES="127.0.0.1")
    for address in ("198.51.100.7", "203.0.113.9", "192.0.2.1"):
        headers = {**HEADERS, "X-Forwarded-For": address}
        client.get(f"/{link.code}", headers=headers, environ_base=HERE)
    asking = {**HEADERS, "X-Forwarded-For": "198.51.100.7", "Sec-GPC": "1"}
    client.get(f"/{link.code}", headers=asking, environ_base=HERE)
    (journal,) = world.settings.journals.glob("*.journal")
    lines = [json.loads(line) for line in journal.read_bytes().splitlines()]
    assert [(line.get("c"), line.get("n"), line.get("y")) for line in lines] == [
        ("DE", "Bavaria", "Munich"), ("FR", None, None), (None, None, None), ("DE", None, None),
    ]  # fmt: skip


def test_no_door_names_a_small_place(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page, its files, the command, the API, and the export of single clicks."""
    world = sqlite_world
    account, link, _ = some(world)
    right = places_json(places_report(world.session, account))
    token = create_token(world.session, "reader", "read", None, NOON)
    world.session.commit()
    browser = Browser.signed_in(world)
    bearer = {"Authorization": f"Bearer {token}"}
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)
    address = "/api/v1/reports/places?account=@JessesLinks"
    assert browser.client.get(address, headers=bearer).get_json() == right
    printed = CliRunner().invoke(main, ["report", "places", "@JessesLinks", "--json"]).output
    assert json.loads(printed) == right
    days = "from=2026-05-01&to=2026-08-31"
    files = [
        browser.get(f"/owner/places?{days}&format=csv&table=cities").text,
        browser.get(f"/owner/places?{days}&format=json&table=cities").text,
        read(browser.get(f"/owner/places?{days}")),
        read(browser.get(f"/owner/places?link={link.code}")),
        CliRunner().invoke(main, ["report", "places", "@JessesLinks"]).output,
    ]
    for text in files:
        assert "Springfield" in text
        assert "smaller or unknown places" in text
        assert "Ainring" not in text
    assert "By whole months: May 2026 to August 2026." in files[2]
    exported = browser.client.get("/api/v1/export/clicks", headers=bearer).text
    assert "Germany" not in exported and "Munich" not in exported
