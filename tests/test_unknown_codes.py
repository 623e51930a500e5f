"""Codes that people ask for and no link has: counted within bounds, programs left out."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from clicking import FIREFOX, START
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lanes import Street, lane
from sqlalchemy import select
from werkzeug.test import Client
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.capture.journal import SUFFIX
from linktrack.clicks.capture.unknown_codes import (
    FOLDER,
    MOST_AT_ONCE,
    MOST_CODES,
    MOST_FILES,
    AskedFor,
    UnknownCodes,
)
from linktrack.clicks.classify.probes import is_probe
from linktrack.clicks.loading.loader import SET_ASIDE, Loader
from linktrack.clicks.unknown.counting import MOST_CODES as MOST_OF_ONE
from linktrack.clicks.unknown.counting import MOST_ROWS, SLACK, UnknownStore, key_of
from linktrack.clicks.unknown.likely import NEAR, OLD_NAME, VERSION, likely_links, neighbours
from linktrack.clicks.unknown.listing import (
    UnknownCode,
    asked_by_many,
    get_unknown,
    list_unknown,
)
from linktrack.clicks.unknown.making import lead_to, make_link, number_of, set_ignored, short_urls
from linktrack.clicks.unknown.models import unknown_askers, unknown_code_days, unknown_codes
from linktrack.clicks.unknown.tidying import tidy_unknown_codes
from linktrack.db import now
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.ids import SegmentId
from linktrack.links.catalog import add_lone_link, set_disabled
from linktrack.links.codes import CODE, Bearer
from linktrack.links.domains.domains import add_domain
from linktrack.links.labels import describe, labels_of
from linktrack.links.models import ImportedLink, Link

LANGUAGES: Final = {"User-Agent": FIREFOX, "Accept-Language": "de"}
TODAY: Final = NOON.date()


def ask(client: Client, path: str, address: str = "203.0.113.1", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.get(
        path, headers={**LANGUAGES, **named}, environ_overrides={"REMOTE_ADDR": address}
    )
    return answer.status_code


def days(world: World) -> Days:
    return Days(world.settings.timezone)


def loader(world: World) -> Loader[AskedFor]:
    store = UnknownStore(world.database.engine, days(world))
    folder = world.settings.journals / FOLDER
    return Loader(store, folder, timedelta(0), delete_seconds=0)


def listed(world: World, today: date, *, ignored: bool = False) -> Sequence[UnknownCode]:
    with world.database.session() as session:
        return list_unknown(session, today, ignored=ignored)


def counted(world: World) -> dict[str, tuple[int, int]]:
    """Return requests and people by code, whatever the day; codes that none is left of too."""
    query = select(unknown_codes.c.code, unknown_code_days.c.requests, unknown_code_days.c.people)
    with world.database.engine.connect() as connection:
        rows = connection.execute(query.outerjoin(unknown_code_days)).all()
    found: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for code, requests, people in rows:
        found[code] = (found[code][0] + (requests or 0), found[code][1] + (people or 0))
    return dict(found)


def count(world: World, records: Sequence[AskedFor], store: UnknownStore | None = None) -> None:
    store = store or UnknownStore(world.database.engine, days(world))
    store.prepare({record.user_agent for record in records})
    with store.transaction() as connection:
        store.append(connection, records)


def asked(code: str, visitor: int | None = 1, at: int = START) -> AskedFor:
    return AskedFor(at, code, FIREFOX, visitor)


def by_people(code: str, people: int, at: int = START) -> list[AskedFor]:
    return [asked(code, 1_000 + number, at) for number in range(people)]


def test_each_request_of_a_person_counts_once(world: World) -> None:
    """Through the lane and its journal; a second load finds nothing, and the answer is a 404."""
    client, load = lane(world), loader(world)
    assert ask(client, "/nobody1") == 404
    assert load.load().clicks == 1
    ask(client, "/nobody1")
    ask(client, "/nobody1", "203.0.113.2")
    ask(client, "/other22?fbclid=1")
    assert load.load().clicks == 3
    assert load.load().clicks == 0
    assert counted(world) == {"nobody1": (3, 2), "other22": (1, 1)}


def test_two_loaders_count_each_request_once(world: World) -> None:
    """Of two machines, or after one was killed: how far they are is in the database."""
    client, loaders = lane(world), [loader(world) for _ in range(2)]
    for number in range(4):
        ask(client, "/nobody1", f"203.0.113.{number}")
        for each in loaders:
            each.load()
    loader(world).load()
    assert counted(world) == {"nobody1": (4, 4)}


def test_spellings_that_lead_to_one_link_are_one_code(sqlite_world: World) -> None:
    """Capitals, and the marks that sentences leave; it is spelt as it was first asked for."""
    world = sqlite_world
    client = lane(world)
    for path in ("/NoBody1.", "/nobody1", "/nobody1-", "/nobody1)."):
        ask(client, path)
    loader(world).load()
    assert counted(world) == {"NoBody1": (4, 1)}


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path)


PROGRAMS: Final[tuple[dict[str, str], ...]] = (
    {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
    {"User-Agent": "facebookexternalhit/1.1"},
    {"User-Agent": ""},
    {"Accept-Language": ""},
    {"Sec-Purpose": "prefetch"},
    {"Sec-Fetch-Dest": "image"},
    {"Accept": "image/webp"},
)


def test_programs_are_not_written_down(street: Street) -> None:
    """Previews, prefetching, pictures, HEAD, and whatever says no language."""
    for headers in PROGRAMS:
        ask(street.client, "/nobody", **headers)
    street.client.head("/nobody", headers=LANGUAGES)
    assert street.unknown() == []
    ask(street.client, "/nobody")
    assert [line["k"] for line in street.unknown()] == ["nobody"]


def test_bots_are_known_when_they_are_counted(world: World) -> None:
    """By the rules for clicks, which take too long for the lane."""
    bots = ("curl/8.5.0", "Mozilla/5.0 (compatible; Googlebot/2.1)", "python-requests/2.31")
    count(world, [AskedFor(START, "abcdf", agent, n) for n, agent in enumerate(bots)])
    assert counted(world) == {}


def test_only_codes_that_no_link_has_are_written_down(street: Street) -> None:
    """No known or disabled one, no page of ours, and no path that asks for no code."""
    for path in ("/abcde", "/gone1", "/nobody+", "/nobody/x", "/owner", "/", "/.env", "/abcde%00"):
        ask(street.client, path)
    assert street.unknown() == []
    assert len(street.clicks()) == 1


SCANNED: Final = """
    /wp-login.php /wp-admin /wp-admin/ /wp-includes/ /xmlrpc.php /index.php?s=/index /phpmyadmin/
    /PMA /phpinfo.php /config.json /backup.zip /backup /sitemap.xml /ads.txt /cgi-bin/ /actuator
    /server-status /vendor /HNAP1 /owa /solr/ /boaform /_profiler /__debug__ /apple-touch-icon.png
    /administrator/ /login.action /graphql /swagger-ui /autodiscover /telescope /sdk /id_rsa.bak
"""


def test_what_scanners_ask_for_is_not_written_down(street: Street) -> None:
    """By its name or its ending, in whichever browser's name, from however many addresses."""
    for number, path in enumerate(SCANNED.split()):
        ask(street.client, path, f"203.0.113.{number}")
    assert street.unknown() == []


@pytest.mark.parametrize("code", ["abcde", "shop", "old", "2024", "my-talk", "A_b-C", "x", "test"])
def test_words_that_people_choose_are_no_probes(code: str) -> None:
    """With a sentence's mark behind them, too."""
    for rest in ("", ".", ").", "?x=1", "…", "/"):
        assert not is_probe(code, rest)


def test_whoever_asks_not_to_be_tracked_is_a_request_and_nobody(sqlite_world: World) -> None:
    """Their browser has no pseudonym, so it isn't known how many they are."""
    world = sqlite_world
    client = lane(world)
    ask(client, "/nobody1", DNT="1")
    ask(client, "/nobody1", Sec_GPC="1")
    loader(world).load()
    assert counted(world) == {"nobody1": (2, 0)}


def test_nothing_of_a_visitor_is_left(sqlite_world: World) -> None:
    """No address anywhere; no agent in the database; no pseudonym when the day is over."""
    world = sqlite_world
    client, load = lane(world), loader(world)
    ask(client, "/nobody1", "203.0.113.77")
    for path in world.settings.data.rglob("*"):
        assert path.is_dir() or b"203.0.113.77" not in path.read_bytes()
    load.load()
    with world.database.engine.connect() as connection:
        assert len(connection.execute(select(unknown_askers)).all()) == 1
        (day,) = connection.scalars(select(unknown_askers.c.day))
    late = NOON.replace(tzinfo=NOON.tzinfo) + timedelta(days=day + 2 - TODAY.toordinal())
    tidy_unknown_codes(world.database.engine, days(world), late)
    with world.database.engine.connect() as connection:
        assert connection.execute(select(unknown_askers)).all() == []
    assert counted(world) == {"nobody1": (1, 1)}


def test_whoever_tries_many_codes_is_taken_back(world: World) -> None:
    """Those that others asked for too keep what others did; the visitor counts no more that day."""
    store = UnknownStore(world.database.engine, days(world))
    count(world, [asked("real1"), asked("real1", 2)], store)
    count(world, [asked(f"try{number}") for number in range(MOST_OF_ONE - 1)], store)
    assert counted(world)["real1"] == (2, 2)
    count(world, [asked("onemore")], store)
    count(world, [asked("real1"), asked("another")], store)
    assert counted(world) == {"real1": (1, 1)}
    tomorrow = START + 86_400_000
    count(world, [asked("real1", at=tomorrow)], store)
    assert counted(world) == {"real1": (2, 2)}


REQUESTS: Final = st.lists(
    st.tuples(
        st.integers(0, 15),
        st.one_of(st.none(), st.integers(0, 2)),
        st.integers(0, 1),
    ),
    max_size=60,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=REQUESTS, cuts=st.lists(st.integers(0, 60), max_size=3), data=st.data())
def test_neither_order_nor_batches_matter(
    sqlite_world: World,
    requests: list[tuple[int, int | None, int]],
    cuts: list[int],
    data: st.DataObject,
) -> None:
    """The same as counting all at once with sets."""
    world = sqlite_world
    with world.database.engine.begin() as connection:
        for table in (unknown_code_days, unknown_askers, unknown_codes):
            connection.execute(table.delete())
    records = [asked(f"code{n}", v, START + d * 86_400_000) for n, v, d in requests]
    records = data.draw(st.permutations(records))
    store = UnknownStore(world.database.engine, days(world))
    edges = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
    for start, end in pairwise(edges):
        count(world, records[start:end], store)
    codes: defaultdict[tuple[int | None, int], set[int]] = defaultdict(set)
    for number, visitor, day in requests:
        codes[visitor, day].add(number)
    expected: Counter[str] = Counter()
    people: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for number, visitor, day in requests:
        if visitor is None or len(codes[visitor, day]) <= MOST_OF_ONE:
            expected[f"code{number}"] += 1
            if visitor is not None:
                people[f"code{number}"].add((visitor, day))
    assert counted(world) == {code: (n, len(people[code])) for code, n in expected.items()}


class Wheel:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def bounded(tmp_path: Path) -> tuple[UnknownCodes, Wheel]:
    wheel = Wheel()
    return UnknownCodes(tmp_path, wheel), wheel


def wanted(codes: UnknownCodes, code: str, address: str) -> bool:
    asked = {"HTTP_USER_AGENT": FIREFOX, "PATH_INFO": f"/{code}"}
    return codes.wants(asked, code, 0, address)


def test_one_network_is_heard_for_so_many_codes_an_hour(
    bounded: tuple[UnknownCodes, Wheel],
) -> None:
    """The same ones may be asked for again; an IPv6 network is its /64."""
    codes, wheel = bounded
    heard = [wanted(codes, f"c{number}", f"2001:db8::{number:x}") for number in range(100)]
    assert heard.count(True) == MOST_CODES
    assert wanted(codes, "c0", "2001:db8::1")
    wheel.at += 3601
    assert wanted(codes, "later", "2001:db8::1")


def test_a_flood_writes_so_many_lines_and_files(
    bounded: tuple[UnknownCodes, Wheel], tmp_path: Path
) -> None:
    """From as many addresses as it likes; and nothing where files lie that nobody loads."""
    codes, wheel = bounded
    flood = (wanted(codes, f"c{n}", f"10.{n % 250}.{n // 250}.1") for n in range(20_000))
    assert sum(flood) == MOST_AT_ONCE
    wheel.at += 5
    flood = (wanted(codes, f"d{n}", f"10.{n % 250}.{n // 250}.2") for n in range(1_000))
    assert sum(flood) == 50
    folder = tmp_path / FOLDER
    folder.mkdir(exist_ok=True)
    for number in range(MOST_FILES):
        (folder / f"{number}{SUFFIX}").touch()
    wheel.at += 3600
    assert not wanted(codes, "one", "192.0.2.1")


def test_the_least_asked_for_make_room(world: World) -> None:
    """So many rows at most; those that people asked for most stay, and the ignored ones."""
    count(world, [*by_people("popular", 2), asked("ignored", 3)])
    with world.database.session(writes=True) as session:
        ignored = get_unknown(
            session, number_of(session, world.settings.base_url, "ignored"), TODAY
        )
        set_ignored(session, ignored, True, NOON)
        session.commit()
    count(world, [asked(f"c{n}", n) for n in range(10, MOST_ROWS + SLACK + 10)])
    with world.database.engine.connect() as connection:
        codes = set(connection.scalars(select(unknown_codes.c.code)))
    assert len(codes) == MOST_ROWS
    assert {"popular", "ignored"} <= codes


def test_a_damaged_line_costs_only_itself(sqlite_world: World) -> None:
    """It is set aside beside the file, which goes when it is counted."""
    world = sqlite_world
    client = lane(world)
    ask(client, "/nobody1")
    folder = world.settings.journals / FOLDER
    (file,) = folder.glob(f"[!.]*{SUFFIX}")
    whole = file.read_bytes()
    damaged = whole.replace(b"nobody1", b"no\\u0000body")
    (folder / f"x{SUFFIX}").write_bytes(damaged + b"rubbish\n" + whole)
    load = loader(world)
    load.load()
    assert counted(world) == {"nobody1": (2, 1)}
    assert (folder / SET_ASIDE).read_bytes().count(b"\n") == 2
    load.load()
    assert not (folder / f"x{SUFFIX}").exists()
    assert file.exists()


@pytest.fixture
def shop(world: World) -> World:
    """An installation whose link abcde has a title and a tag."""
    account = world.account()
    with world.database.session(writes=True) as session:
        link = add_lone_link(
            session,
            world.shortener,
            account_id=account.id,
            written="https://example.com/shop",
            at=NOON,
            slug="abcde",
        )
        describe(session, link, NOON, title="The shop", tags=["sale"])
        session.commit()
    return world


def found(world: World, code: str) -> UnknownCode:
    with world.database.session() as session:
        return get_unknown(session, number_of(session, world.settings.base_url, code), TODAY)


def test_a_code_becomes_a_link_and_leaves_the_list(shop: World) -> None:
    """Spelt as it was asked for; all workers know it within two seconds."""
    client = lane(shop)
    count(shop, by_people("AbcDx", 2))
    assert [each.code for each in listed(shop, TODAY)] == ["AbcDx"]
    with shop.database.session(writes=True) as session:
        account_id = session.scalars(select(Link.account_id)).one()
        unknown = found(shop, "abcdX")
        make_link(
            session,
            shop.shortener,
            unknown,
            account_id=account_id,
            written="https://example.com/new",
            at=NOON,
        )
        session.commit()
    assert listed(shop, TODAY) == []
    assert ask(client, "/AbcDx") == ask(client, "/abcdx") == 302
    with pytest.raises(NotFound):
        found(shop, "abcdx")


def test_a_code_leads_where_another_leads(shop: World) -> None:
    """A link of its own in its account, with its title and tags; never to a disabled one."""
    count(shop, by_people("abcdf", 2))
    with shop.database.session(writes=True) as session:
        made = lead_to(session, shop.shortener, found(shop, "abcdf"), "abcde", NOON)
        session.commit()
        assert (made.code, made.destination) == ("abcdf", "https://example.com/shop")
        label = labels_of(session, [made.id])[made.id]
        assert (label.title, label.tags) == ("The shop", ("sale",))
        set_disabled(session, made, True, NOON)
        session.commit()
    count(shop, by_people("abcdg", 2))
    with shop.database.session(writes=True) as session, pytest.raises(Invalid):
        lead_to(session, shop.shortener, found(shop, "abcdg"), "abcdf", NOON)


def test_two_who_make_one_code_a_link_at_once_make_one(shop: World) -> None:
    """The second is told."""
    count(shop, by_people("abcdf", 2))
    unknown = found(shop, "abcdf")
    for outcome in (None, Conflict):
        with shop.database.session(writes=True) as session:
            if outcome is None:
                lead_to(session, shop.shortener, unknown, "abcde", NOON)
                session.commit()
            else:
                with pytest.raises(outcome):
                    lead_to(session, shop.shortener, unknown, "abcde", NOON)


def test_a_code_that_became_a_link_elsewhere_is_not_listed(shop: World) -> None:
    """By an import or the API; the next tidying deletes it."""
    count(shop, by_people("abcdf", 9))
    with shop.database.session(writes=True) as session:
        account_id = session.scalars(select(Link.account_id)).one()
        add_lone_link(
            session,
            shop.shortener,
            account_id=account_id,
            written="https://example.com/x",
            at=NOON,
            slug="ABCDF",
        )
        session.commit()
        assert asked_by_many(session, TODAY) == []
    assert listed(shop, TODAY) == []
    tidy_unknown_codes(shop.database.engine, days(shop), NOON)
    assert counted(shop) == {}


def test_an_ignored_code_is_shown_and_counted_no_more(shop: World) -> None:
    """Until somebody wants to see it again."""
    count(shop, by_people("abcdf", 9))
    for ignored in (True, False):
        with shop.database.session(writes=True) as session:
            set_ignored(session, found(shop, "abcdf"), ignored, NOON)
            session.commit()
        assert bool(listed(shop, TODAY, ignored=True)) is ignored
        assert bool(listed(shop, TODAY)) is not ignored
        count(shop, [asked("abcdf", 1)])
    assert counted(shop) == {"abcdf": (10, 10)}


def test_figures_are_of_thirty_days_and_days_of_ninety(world: World) -> None:
    """What is older goes, and codes with it that nobody asked for since."""
    for back in (0, 29, 30, 89, 90):
        count(world, by_people("abcdf", 2, START - back * 86_400_000))
    count(world, by_people("older", 2, START - 90 * 86_400_000))
    tidy_unknown_codes(world.database.engine, days(world), NOON)
    (only,) = listed(world, TODAY)
    assert (only.code, only.people, only.requests) == ("abcdf", 4, 4)
    assert (only.first, only.last) == (TODAY - timedelta(days=89), TODAY)


def test_codes_that_many_asked_for_this_week_are_said(world: World) -> None:
    """Five people in seven days."""
    count(world, by_people("many", 5) + by_people("few", 4))
    count(world, by_people("before", 9, START - 7 * 86_400_000))
    with world.database.session() as session:
        assert [each[1:] for each in asked_by_many(session, TODAY)] == [("many", 5)]


@dataclass(frozen=True)
class Code:
    """A code that was asked for on the first domain, or another."""

    id: int
    code: str
    domain_id: int | None = None


CODES: Final = st.text("abcXYZ09-_", min_size=4, max_size=9)


@given(CODES, CODES)
def test_neighbours_are_neighbours_of_each_other(one: str, other: str) -> None:
    """One slip leads back; and each of them is a code that is not this one."""
    assert (one.lower() in neighbours(other)) == (other.lower() in neighbours(one))
    for each in list(neighbours(one))[:50]:
        assert each != one.lower()
        assert CODE.fullmatch(each)


@pytest.mark.parametrize("mistyped", ["abcdf", "abde", "abccde", "bacde", "ABCD3", "abcdee"])
def test_the_link_that_was_probably_meant_is_found(shop: World, mistyped: str) -> None:
    """A character wrong, missing or too many, or two swapped; capitals don't matter."""
    with shop.database.session() as session:
        found = likely_links(session, shop.shortener.codes, [Code(1, mistyped), Code(2, "zzzzzz")])
    assert {number: (each.link.code, each.why) for number, each in found.items()} == {
        1: ("abcde", NEAR)
    }


def test_a_version_with_a_wrong_check_and_an_old_name_are_told(shop: World) -> None:
    """They are counted like any other code that no link has; what they look like is said."""
    codes = shop.shortener.codes
    with shop.database.session(writes=True) as session:
        link = session.scalars(select(Link)).one()
        session.add(
            ImportedLink(account_id=link.account_id, source="bitly", key="3xYzAbC", link_id=link.id)
        )
        session.commit()
        real = codes.compute(Bearer(link.id, SegmentId(7)))
        numbers = codes._hashids.decode(real)
        forged = codes._hashids.encode(*numbers[:-1], numbers[-1] ^ 1)
        found = likely_links(session, codes, [Code(1, forged), Code(2, "3xYzAbC")])
        assert {number: each.why for number, each in found.items()} == {1: VERSION, 2: OLD_NAME}
    client = lane(shop)
    assert ask(client, f"/{forged}") == 404
    loader(shop).load()
    assert counted(shop) == {forged: (1, 1)}


def test_each_domain_has_unknown_codes_of_its_own(shop: World) -> None:
    """A code that a link has on one is unknown on the other, and becomes a link there."""
    with shop.database.session(writes=True) as session:
        domain = add_domain(session, shop.settings.base_url, "https://other.example", NOON)
        session.commit()
        number = domain.id
    client = lane(shop)
    for host in ("other.example", "go.jessestay.com"):
        assert ask(client, "/ABCDE", Host=host) == (404 if host == "other.example" else 302)
        ask(client, "/abcdf", Host=host)
    loader(shop).load()
    count(shop, [asked("999/gone1")])
    today = now().date()
    with shop.database.session() as session:
        listing = list_unknown(session, today)
        assert [(each.domain_id, each.code) for each in listing] == [
            (number, "ABCDE"), (number, "abcdf"), (None, "abcdf"),
        ]  # fmt: skip
        likely = likely_links(session, shop.shortener.codes, listing)
        assert [each for each in likely if each == listing[2].id] == list(likely)
        urls = short_urls(session, shop.shortener, listing)
        assert urls[listing[0].id] == "https://other.example/ABCDE"
    with shop.database.session(writes=True) as session:
        base_url = shop.settings.base_url
        assert number_of(session, base_url, "abcdf") == listing[2].id
        assert number_of(session, base_url, "abcdf@other.example") == listing[1].id
        assert number_of(session, base_url, "https://other.example/ABCDF/") == listing[1].id
        made = lead_to(session, shop.shortener, listing[0], "abcde", NOON)
        session.commit()
        assert (made.domain_id, made.destination) == (number, "https://example.com/shop")
    assert ask(client, "/abcde", Host="other.example") == 302


def test_keys_fold_what_the_lane_folds() -> None:
    """Case, and marks at the end."""
    assert key_of("AbC-_") == key_of("abc") == "abc"
    assert key_of("-_") == "-_"
