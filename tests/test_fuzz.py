"""Whatever is wrong with what comes from elsewhere, it is read, or refused in words, in time.

`make fuzz` does the same for a minute each, or longer (fuzzing.py). What was found stays in FOUND.
"""

from pathlib import Path
from typing import Final

import pytest
from browser import Browser
from examples import examples
from foreign import FOREIGN, packed
from fuzzing import tried
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from world import World

FOUND: Final = [
    ("door", b"GET /yourls-api.php?\x80action=shorturl&url=http://one.com/&format=json"),
    ("dump", b"/*a" * 40_000),
    ("dump", b"PRAGMA x;\n" + b'"a' * 20_000 + b"`"),
    ("dump", b"-- MySQL dump\n" + b"'\\" * 40_000),
    ("packed archive", packed({"é.csv": b"id\n5\n"}, "zip").replace(b"\xc3\xa9", b"\xff\xff", 1)),
    ("address", b"last_active < 180" + b" " * 50_000 + b"x"),
]
"""What once failed, or took too long: the reader's name, and what it was given."""


@pytest.mark.slow
@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_harmed_is_read_or_refused_in_words(name: str, tmp_path: Path) -> None:
    """Cut, doubled, overwritten, and filled with what is hard to read."""
    foreign = FOREIGN[name]

    @settings(
        max_examples=examples(60),
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(foreign.inputs)
    def read(content: bytes) -> None:
        tried(foreign, content, tmp_path)

    read()


@pytest.mark.slow
@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_whole_is_read(name: str, tmp_path: Path) -> None:
    """Else harm would be done to what was refused before."""
    for sample in FOREIGN[name].samples:
        tried(FOREIGN[name], sample, tmp_path)


@pytest.mark.parametrize(("name", "content"), FOUND)
def test_what_once_failed_is_read_or_refused_in_words(
    name: str, content: bytes, tmp_path: Path
) -> None:
    tried(FOREIGN[name], content, tmp_path)


@given(st.binary(max_size=30))
@settings(max_examples=examples(50), deadline=None)
def test_harm_is_noticed(content: bytes) -> None:
    """A reader that fails at a byte is caught; a test that cannot fail would be none."""
    broken = FOREIGN["agent"].__class__(lambda read, _: read.decode("ascii"), (b"a",))
    if content.isascii():
        tried(broken, content, Path())
    else:
        with pytest.raises(UnicodeDecodeError):
            tried(broken, content, Path())


def test_a_query_may_have_any_bytes(sqlite_world: World) -> None:
    """Servers pass on what no browser sends; pages answer as if it were not there."""
    browser = Browser.on(sqlite_world)
    for path in ("/", "/owner/sign-in", "/api/v1/openapi.json", "/nobody", "/hello/@nobody"):
        odd = browser.client.get(
            path, environ_overrides={"QUERY_STRING": "a=\x80&\xff=\xed&days=7"}
        )
        plain = browser.client.get(path)
        assert odd.status_code == plain.status_code < 500, path
