"""What apps leave on a short address is noise, and so are capitals where one link can be meant."""

import socket
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from clicking import FIREFOX
from hypothesis import given
from hypothesis import strategies as st
from lanes import Street, lane
from servers import Server, answer, command, environment, serving
from sqlalchemy import literal_column, select, text
from world import NOON, World

from linktrack.clicks.models import clicks
from linktrack.db import is_sqlite
from linktrack.ids import SegmentId
from linktrack.links.catalog import add_lone_link, set_disabled
from linktrack.links.codes import RESERVED, code_in
from linktrack.links.models import FoldedCase, Link
from linktrack.links.redirects.lookup import find_target

TAILS = [
    *"_|*>\"':;!~]}^`,.)<[{@$&=\\",
    *"»«」』。、）】”’…–—·•¿→👉\u200b\u2060\ufeff\u00a0\u3000é",
    " ", "\n", "\t", "\r\n", "__", "**", "_.", "-", "--", "_)", "?!", "...", "'s", "’s", "</a>",
    "&quot;", "&amp;", "&gt;", "&amp;utm_source=x", "?fbclid=1", "%20", ",and/more", "/", "//",
    "/.", "/)", "/…", "; see", " via @me",
]  # fmt: skip
"""As they are before anything is percent-encoded."""


@pytest.mark.parametrize("tail", TAILS)
def test_everything_behind_a_code_is_noise(street: Street, tail: str) -> None:
    """Percent-encoded, and behind a version's code too; each is one click."""
    for code in ("abcde", "forseg"):
        assert street.get(f"/{code}{quote(tail, safe='/')}").status_code == 302
    first, second = street.clicks()
    assert (first.get("s"), second.get("s")) == (None, 7)


@pytest.mark.parametrize("path", ["//abcde", "///abcde", "//abcde.", "//abcde/"])
def test_slashes_before_a_code_are_noise_too(street: Street, path: str) -> None:
    """Where a base address ended in a slash and another was put before the code."""
    assert street.get(f"http://localhost{path}").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["/abcde+", "/abcde+.", "/abcde/x", "/abcde/x.", "/abcde//x", "/abcdex", "/abcde-x", "/.abcde"],
)
def test_a_path_that_goes_on_is_another(street: Street, path: str) -> None:
    """The preview page, what lies below a code, and other codes: none of them is a click."""
    assert street.get(path).data == b"behind"
    assert street.clicks() == []


def test_a_slug_keeps_the_marks_that_are_its_own(street: Street) -> None:
    """The exact code wins over the one without its last mark."""
    street.known["abcde_"] = street.known["forseg"]
    street.get("/abcde_")
    street.get("/abcde__")
    assert [click.get("s") for click in street.clicks()] == [7, None]


@pytest.mark.parametrize("path", sorted(RESERVED))
def test_our_own_pages_are_no_codes_whatever_hangs_on_them(path: str) -> None:
    """Those with a dot in their names are not cut there."""
    for written in (f"/{path}", f"//{path}", f"/{path}/", f"/{path}.", f"/{path}/more"):
        assert code_in(written) is None or code_in(written) not in RESERVED
    assert code_in(f"/{path}") is None
    assert code_in(f"/{path}/") is None


@given(st.text())
def test_any_text_behind_a_code_leaves_it_or_is_another_path(tail: str) -> None:
    """And never takes long, or is an error."""
    path = f"/abcde{tail}".encode("utf-8", "replace").decode("latin-1")
    found = code_in(path)
    assert found is None or path.startswith(f"/{found}")
    if tail and not tail[0].isascii() and "\0" not in tail:
        assert found == "abcde"


def ask(server: Server, path: bytes) -> bytes:
    """Send these very bytes as a path; return the status."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nConnection: close\r\n\r\n"
        )
        return connection.makefile("rb").readline().split()[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gunicorn", "granian"])
def test_servers_hand_tails_over_as_they_come(tmp_path: Path, name: str) -> None:
    """Bytes of UTF-8 as they are or percent-encoded, and slashes before the code."""
    environ = environment(tmp_path / "data")
    command(environ, "account", "add", "@me", "--network", "other")
    (made,) = answer(environ, "wrap", "@me", "http://example.com/a")["links"]
    code = made["code"].encode()
    encoded = [quote(tail, safe="/").encode() for tail in TAILS]
    raw = ["”", "…", "。", "👉", "|", "]", "}", "*", "&amp;utm=x", "'s", '"']
    with serving(environ, tmp_path / "log", "--server", name) as server:
        tails = [*encoded, *(tail.encode() for tail in raw)]
        answers = {tail: ask(server, b"/" + code + tail) for tail in tails}
        answers[b"//"] = ask(server, b"//" + code)
        assert answers == dict.fromkeys(answers, b"302")
        assert ask(server, b"/" + code + b"+") == b"200"
        assert ask(server, b"/" + code + b"/more/path") == b"404"


def slugs(world: World, *wanted: str) -> list[Link]:
    """Make links under these codes."""
    account = world.account()
    made = [
        add_lone_link(
            world.session,
            world.shortener,
            account_id=account.id,
            written=f"https://example.com/{slug}",
            at=NOON,
            slug=slug,
        )
        for slug in wanted
    ]
    world.session.commit()
    return made


def test_other_capitals_lead_to_the_one_link_that_can_be_meant(world: World) -> None:
    """Counted as that link's clicks; the exact code always wins, and of two neither is chosen."""
    spring, upper, lower = slugs(world, "Spring-Sale", "ABC", "abc")
    client = lane(world)

    def led(path: str) -> str | int:
        response = client.get(
            f"http://localhost{path}", headers={"User-Agent": FIREFOX, "Accept-Language": "de"}
        )
        return response.headers.get("Location", response.status_code)

    for path in ("/spring-sale", "/SPRING-SALE.", "/spring-sale_", "//Spring-sale%E2%80%9D"):
        assert led(path) == spring.destination
    assert [led("/abc"), led("/ABC"), led("/Abc")] == [lower.destination, upper.destination, 404]
    world.loader().load()
    with world.database.engine.connect() as connection:
        stored = connection.scalars(select(clicks.c.link_id).order_by(clicks.c.seq)).all()
    assert stored == [spring.id] * 4 + [lower.id, upper.id]


def test_a_disabled_link_is_gone_in_every_spelling(world: World) -> None:
    """410 says where it led."""
    (link,) = slugs(world, "Autumn")
    set_disabled(world.session, link, True, NOON)
    world.session.commit()
    client = lane(world)
    for path in ("/Autumn", "/autumn", "/AUTUMN_"):
        assert client.get(path).status_code == 410


def test_a_computed_code_has_its_own_capitals(world: World) -> None:
    """Its check holds for one spelling; marks at its end are noise."""
    link = world.post(world.account(), "http://one.com/").links[0]
    code = world.shortener.version_code(link.id, SegmentId(5))
    engine, codes = world.database.engine, world.shortener.codes
    assert find_target(engine, codes, code) is not None
    assert find_target(engine, codes, code.swapcase()) is None
    client = lane(world)
    for tail in ("_", "%E3%80%82", "'s"):
        assert client.get(f"/{code}{tail}").headers["Location"] == "http://one.com/"


def test_other_capitals_are_found_by_an_index(world: World) -> None:
    """A code that nobody has costs no look at every link."""
    slugs(world, *("".join(letters) for letters in product("abcdefgh", repeat=3)))
    query = str(
        select(Link.id)
        .where(FoldedCase(Link.code) == FoldedCase(literal_column("'AAA'")))
        .compile(world.database.engine)
    )
    with world.database.engine.connect() as connection:
        if is_sqlite(connection):
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))
        else:
            connection.execute(text("SET enable_seqscan = off"))
            plan = connection.execute(text(f"EXPLAIN {query}"))
        assert "ix_links_code_folded" in str(plan.all())
