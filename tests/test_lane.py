"""The lane: known codes are redirected and written down, the rest goes on."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from clicking import FIREFOX
from hypothesis import given
from hypothesis import strategies as st
from lanes import Street
from werkzeug.test import EnvironBuilder

from linktrack.calendar.periods import period_start
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.lane import Lane, request_flags
from linktrack.clicks.capture.visitors import Visitors, client_address, site_of
from linktrack.clicks.capture.wsgi_lane import WSGILane
from linktrack.clicks.vocabulary import EMBEDDED, HEAD, NO_LANGUAGES, NO_VISITOR, PREFETCH
from linktrack.ids import LinkId
from linktrack.links.redirects.limits import Limits
from linktrack.links.redirects.plan import Plan
from linktrack.links.redirects.targets import Changes, Target, Targets
from linktrack.settings import LOOPBACK


def test_a_prefix_that_a_server_tells_is_part_of_the_path(street: Street) -> None:
    """With a stranger's SCRIPT_NAME believed, /x/owner/ gets past a proxy's rule for /owner/."""
    street.client.get("/owner/", environ_overrides={"SCRIPT_NAME": "/x"})
    street.client.get("/abcde", environ_overrides={"SCRIPT_NAME": "/x"})
    assert street.behind_paths == ["/x/owner/", "/x/abcde"]
    assert street.clicks() == []


def test_a_known_code_is_redirected_and_never_kept_by_a_cache(street: Street) -> None:
    """302 with the destination; private, no-store; not for search engines."""
    response = street.get("/abcde")
    assert response.status_code == 302
    assert response.headers["Location"] == "https://example.com/a"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.data == b""
    assert len(street.clicks()) == 1


def test_a_link_redirects_within_its_time_alone(street: Street) -> None:
    """Before it begins and once it has ended the application answers, and no click is counted."""
    plan = Plan(Limits(valid_from=street.now, expires_at=street.now + 60))
    street.known["timed"] = Target(LinkId(3), "https://example.com/t", plan=plan)
    began = street.now
    answered = []
    for seconds in (-1, 0, 59, 60):
        street.now = began + seconds
        answered.append(street.get("/timed").status_code)
    assert answered == [404, 302, 302, 404]
    assert street.behind_paths == ["/timed", "/timed"]
    assert len(street.clicks()) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/abcde?fbclid=123",
        "/abcde.",
        "/abcde,",
        "/abcde)",
        '/abcde"',
        "/abcde'",
        "/abcde/",
        "/abcde...",
        "/abcde).",
        "/abcde%E2%80%9D",
        "/abcde%E2%80%99.",
        "/abcde%E2%80%A6",
        "/abcde%C2%BB",
    ],
)
def test_what_sentences_leave_on_an_address_is_forgiven(street: Street, path: str) -> None:
    """A query string, trailing punctuation and quote marks still redirect."""
    assert street.get(path).status_code == 302


@pytest.mark.parametrize(
    "path", ["/", "/nobody", "/gone1", "/abcde+", "/abcde/x", "/owner/", "/abcde%00"]
)
def test_everything_else_goes_on_to_the_application(street: Street, path: str) -> None:
    """Unknown and disabled codes, previews and pages; nothing is counted."""
    assert street.get(path).data == b"behind"
    assert street.clicks() == []


def test_a_disabled_link_is_recognised_behind_what_sentences_leave(street: Street) -> None:
    """The application is asked for the bare code, and answers 410."""
    street.behind_paths.clear()
    street.get("/gone1).")
    assert street.behind_paths == ["/gone1"]


def test_our_own_pages_ask_no_database(street: Street) -> None:
    """Health checks go on while it is away."""
    street.get("/healthz")
    assert street.asked == []


def test_other_methods_are_no_clicks(street: Street) -> None:
    """POST and OPTIONS of a short link are not answered with a redirect."""
    assert street.client.post("/abcde").status_code == 404
    assert street.client.options("/abcde").status_code == 404
    assert street.clicks() == []


def test_a_click_is_written_with_what_reports_need_and_no_address(street: Street) -> None:
    """Time in milliseconds, link, agent, referring host, visitor; never the client's address."""
    street.client.get(
        "/abcde",
        headers={
            "User-Agent": FIREFOX,
            "Referer": "https://t.co/Xyz123?secret=1",
            "Accept-Language": "de",
        },
        environ_overrides={"REMOTE_ADDR": "203.0.113.77"},
    )
    (click,) = street.clicks()
    assert click == {
        "t": 1_777_896_000_000,
        "l": 1,
        "a": FIREFOX,
        "g": "de",
        "r": "//t.co/Xyz123",
        "v": click["v"],
    }
    assert isinstance(click["v"], int)
    for path in street.folder.rglob("*"):
        assert path.is_dir() or b"203.0.113.77" not in path.read_bytes()


def test_a_version_click_carries_its_segment(street: Street) -> None:
    """The code of a version names the segment it was made for."""
    street.get("/forseg")
    (click,) = street.clicks()
    assert (click["s"], click["b"]) == (7, "variant")


def test_the_same_person_is_one_visitor_and_others_are_others(street: Street) -> None:
    """Address, agent and languages tell visitors apart; of IPv6 the /64 counts."""

    def visitor(address: str, agent: str = FIREFOX, language: str = "de") -> object:
        street.client.get(
            "/abcde",
            headers={"User-Agent": agent, "Accept-Language": language},
            environ_overrides={"REMOTE_ADDR": address},
        )
        return street.clicks()[-1]["v"]

    one = visitor("203.0.113.1")
    assert visitor("203.0.113.1") == one
    assert visitor("::ffff:203.0.113.1") == one
    assert (
        len(
            {
                one,
                visitor("203.0.113.2"),
                visitor("203.0.113.1", "curl/8"),
                visitor("203.0.113.1", language="en"),
            }
        )
        == 4
    )
    assert visitor("2001:db8:1:2::1") == visitor("2001:db8:1:2:ffff::9")
    assert visitor("2001:db8:1:2::1") != visitor("2001:db8:1:3::1")


def test_a_visitor_is_another_one_in_the_next_period(street: Street) -> None:
    """The key of a month is gone after it: nobody can join the months."""
    street.get("/abcde")
    street.now += 40 * 86_400
    street.get("/abcde")
    first, second = street.clicks()
    assert first["v"] != second["v"]
    keys = [path.name for path in (street.folder / "visitor_keys").iterdir()]
    assert keys == ["month-2026-06-01.key"]


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_asks_not_to_be_tracked_has_no_visitor(street: Street, header: str) -> None:
    """The click counts; nobody is behind it."""
    street.client.get("/abcde", headers={header: "1", "User-Agent": FIREFOX})
    (click,) = street.clicks()
    assert (click["v"], click["x"]) == (None, NO_VISITOR | NO_LANGUAGES)


@pytest.mark.parametrize(
    ("method", "headers", "flags"),
    [
        ("GET", {"Accept-Language": "en"}, 0),
        ("GET", {}, NO_LANGUAGES),
        ("HEAD", {"Accept-Language": "en"}, HEAD),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}, PREFETCH | NO_LANGUAGES),
        ("GET", {"Purpose": "prefetch"}, PREFETCH | NO_LANGUAGES),
        ("GET", {"X-Moz": "prefetch"}, PREFETCH | NO_LANGUAGES),
        ("GET", {"Purpose": "preview"}, PREFETCH | NO_LANGUAGES),
        ("HEAD", {"DNT": "1"}, HEAD | NO_VISITOR | NO_LANGUAGES),
        ("GET", {"DNT": "0", "Sec-GPC": "0"}, NO_LANGUAGES),
    ],
)
def test_a_request_says_what_it_is_for(method: str, headers: dict[str, str], flags: int) -> None:
    """HEAD, prefetching and wishes not to be tracked become flags."""
    environ = EnvironBuilder(method=method, headers=[*headers.items()]).get_environ()
    assert request_flags(environ) == flags


@pytest.mark.parametrize(
    ("headers", "is_embedded"),
    [
        ({"Sec-Fetch-Dest": "image"}, True),
        ({"Sec-Fetch-Dest": "script"}, True),
        ({"Sec-Fetch-Dest": "style"}, True),
        ({"Sec-Fetch-Dest": "video"}, True),
        ({"Sec-Fetch-Dest": "object"}, True),
        ({"Sec-Fetch-Dest": "image", "Accept": "text/html"}, True),
        ({"Accept": "image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8"}, True),
        ({"Accept": "image/*"}, True),
        ({"Sec-Fetch-Dest": "document", "Accept": "text/html,image/avif,*/*;q=0.8"}, False),
        ({"Sec-Fetch-Dest": "iframe"}, False),
        ({"Sec-Fetch-Dest": "frame"}, False),
        ({"Sec-Fetch-Dest": "empty", "Accept": "*/*"}, False),
        ({"Accept": "text/html,application/xhtml+xml,image/avif,image/webp,*/*;q=0.8"}, False),
        ({"Accept": "image/gif, image/jpeg, text/html, */*"}, False),
        ({"Accept": "*/*"}, False),
        ({}, False),
    ],
)
def test_a_picture_that_is_loaded_is_no_person(
    street: Street, headers: dict[str, str], is_embedded: bool
) -> None:
    """Who wants a picture or a part of a page is redirected, and kept with a flag of its own."""
    named = {"User-Agent": FIREFOX, "Accept-Language": "de", **headers}
    assert street.client.get("/abcde", headers=named).status_code == 302
    (click,) = street.clicks()
    assert click.get("x", 0) == (EMBEDDED if is_embedded else 0)


def test_a_head_is_answered_and_kept(street: Street) -> None:
    """HEAD gets the redirect too, and is stored with its flag."""
    assert street.client.head("/abcde").status_code == 302
    assert street.clicks()[0]["x"] == HEAD | NO_LANGUAGES


def test_a_code_is_looked_up_once(street: Street) -> None:
    """Known ones are remembered, and missing ones for a second."""
    for _ in range(3):
        street.get("/abcde")
        street.get("/nobody")
    assert street.asked == ["abcde", "nobody"]


def test_known_links_go_on_while_the_database_is_away(street: Street) -> None:
    """What was looked up is served; what was not is asked to come back, with 503."""
    street.get("/abcde")
    street.away = True
    assert street.get("/abcde").status_code == 302
    response = street.get("/forseg")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"


def test_a_reader_is_redirected_whatever_the_disk_does(tmp_path: Path) -> None:
    """No journal and no visitor key can be written: 302 all the same."""
    (tmp_path / "journals").write_text("")
    (tmp_path / "visitor_keys").write_text("")
    assert Street(tmp_path).get("/abcde").status_code == 302


@given(st.binary(max_size=30))
def test_no_path_is_ever_an_error(path: bytes) -> None:
    """Any bytes: 302 or on to the application."""
    answers: list[str] = []
    targets = Targets(
        lambda code: Target(LinkId(1), "http://a.com/") if code == "abcde" else None,
        lambda _: Changes(0, ()),
    )
    lane = Lane(
        targets,
        Journal(Path("/nonexistent")),
        Visitors(Path("/nonexistent"), "day", ZoneInfo("UTC")),
    )
    environ = EnvironBuilder().get_environ()
    environ["PATH_INFO"] = "/" + path.decode("latin-1")

    def start_response(
        status: str, _headers: object, _error: object = None
    ) -> Callable[[bytes], object]:
        answers.append(status)
        return lambda _body: None

    list(WSGILane(lambda _environ, _start: [], lane)(environ, start_response))
    assert answers in ([], ["302 Found"])


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # not our proxy: its word counts nothing
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the left is made up
        ("127.0.0.1", "6.6.6.6, 198.51.100.1, 127.0.0.2", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_only_trusted_proxies_are_believed(remote: str, forwarded: str, address: str) -> None:
    """X-Forwarded-For is read from the right as far as trusted proxies wrote it."""
    environ = {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(environ, LOOPBACK) == address


def test_sites_and_periods() -> None:
    """IPv6 is cut to its /64; periods begin where calendars say."""
    assert site_of("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::"
    assert site_of("203.0.113.9") == "203.0.113.9"
    assert site_of("not an address") == "not an address"
    day = date(2026, 11, 24)
    assert period_start(day, "day") == day
    assert period_start(day, "week") == date(2026, 11, 23)
    assert period_start(day, "month") == date(2026, 11, 1)
    assert period_start(day, "quarter") == date(2026, 10, 1)


def test_a_click_has_the_time_of_its_request_and_a_clock_may_jump_back(street: Street) -> None:
    """Milliseconds since 1970 in UTC; an hour back is another click, of the same visitor."""
    street.now += 0.5678
    assert street.get("/abcde").status_code == 302
    street.now -= 3600
    assert street.get("/abcde").status_code == 302
    first, second = street.clicks()
    assert first["t"] == 1_777_896_000_567
    assert second["t"] == 1_777_892_400_567
    assert first["v"] == second["v"]
