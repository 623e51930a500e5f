"""Harm done to what comes from elsewhere, before it is read: the short fuzz and the long one.

`make fuzz` runs this file: each reader for a minute, or as in `make fuzz SECONDS=600 READERS=dump`.
The tests try each with a few examples (test_fuzz.py). What is read is in foreign.py. A reader may
say in words that it cannot use what it gets: any other exception, and more than LONGEST seconds, is
a defect.
"""

import argparse
import json
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from linktrack.errors import LinktrackError

API: Final = "scopes"
"""The name under which requests of the API are tried, with a token of each scope (scoped.py)."""

LONGEST: Final = 10.0
"""Seconds of the processor's time that one example may take, of some kilobytes at most."""

Reader: TypeAlias = Callable[[bytes], object]

TOKENS: Final[tuple[bytes, ...]] = (
    b"\0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", b'"', b"'", b"\\",
    b"`", b"\\u0000", b"\\ud800", b"\\x", b"\r", b"\n", b"\r\n", b"\x0b", b"\x85", b"\xe2\x80\xa8",
    b"\xe2\x80\xae", b"\xe2\x80\x8b", b"\xcc\x81" * 40, b"\xc4\xb0", b"\xf0\x9f\x91\xa8",
    b"[" * 3_000, b"{" * 500, b'{"a":' * 800, b"(" * 3_000, b" " * 3_000, b"a" * 5_000, b"." * 900,
    b"<" * 900, b"<a" * 500, b"<!--", b"-->", b"]]>", b"<![CDATA[", b"</", b"&#x110000;", b"&#0;",
    b"&" * 500, b"%00", b"%ff", b"%", b"%zz", b"http://[::1", b"http://a:99999/", b"https://",
    b"http://\xc3\xa9.\xe6\x97\xa5\xe6\x9c\xac/", b"xn--a", b"javascript:", b"data:,", b"//", b"://",
    b"null", b"true", b"[]", b"{}", b"NaN", b"1e999", b"-1", b"-0", b"0.1", b"9" * 400, b"1" * 25,
    b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:59-23:59", b"2024-02-30", b"2024-06-30T23:59:60Z",
    b"/*", b"*/", b"--", b";", b",", b"\t", b"NULL", b"\\.", b"COPY x FROM stdin;\n", b"E'\\",
    b"::ffff:192.0.2.1", b"fe80::1%eth0", b"[::]:80", b"256.1.1.1", b"0x7f.1", b"...", b"../" * 9,
)  # fmt: skip
"""What has been hard on readers."""

CUT, DROP, REPEAT, PUT, FLIP, SWAP = range(6)


@st.composite
def harmed(draw: st.DrawFn, samples: tuple[bytes, ...]) -> bytes:
    """Draw what was whole, cut, doubled, overwritten and filled with what is hard to read."""
    text = draw(st.sampled_from(samples)) if draw(st.integers(0, 9)) else draw(st.binary())
    for _ in range(draw(st.integers(0, 6))):
        deed = draw(st.integers(CUT, SWAP))
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 60)))
        if deed == CUT:
            text = text[:at]
        elif deed == DROP:
            text = text[:at] + text[end:]
        elif deed == REPEAT:
            text = text[:end] + text[at:end] * draw(st.integers(1, 30)) + text[end:]
        elif deed == PUT:
            token = draw(st.sampled_from(TOKENS) | st.binary(max_size=6))
            text = text[:at] + token + text[at if draw(st.booleans()) else end :]
        elif deed == FLIP and at < len(text):
            text = text[:at] + bytes([text[at] ^ 1 << draw(st.integers(0, 7))]) + text[at + 1 :]
        else:
            text = text[:at] + draw(st.sampled_from(samples))[at:]
    return text


def reshaped(samples: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Draw JSON in which some values are others: another type, deeper, longer, none."""
    values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
        | st.sampled_from([token.decode("utf-8", "replace") for token in TOKENS]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=6,
    )

    @st.composite
    def drawn(draw: st.DrawFn) -> bytes:
        whole = json.loads(draw(st.sampled_from(samples)))
        for _ in range(draw(st.integers(1, 4))):
            places = list(_places(whole))
            holder, key = places[draw(st.integers(0, len(places) - 1))] if places else (None, None)
            if holder is not None:
                holder[key] = draw(values)
        return json.dumps(whole).encode()

    return drawn()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in keys:
        yield value, key
        yield from _places(value[key])


@dataclass(frozen=True, slots=True)
class Foreign:
    """What is read from elsewhere: examples of it, and what reads them.

    `read` gets a folder of its own. `structured`: examples are JSON, whose values are harmed too.
    """

    read: Callable[[bytes, Path], object]
    given: tuple[bytes, ...] | Callable[[], tuple[bytes, ...]]
    structured: bool = False

    @property
    def samples(self) -> tuple[bytes, ...]:
        """Examples; some are made when they are asked for."""
        return self.given if isinstance(self.given, tuple) else self.given()

    @property
    def inputs(self) -> st.SearchStrategy[bytes]:
        """Harmed examples."""
        plain = harmed(self.samples)
        return plain | reshaped(self.samples) if self.structured else plain


UTC_ZONE: Final = ZoneInfo("UTC")
NOON: Final = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def words(content: bytes) -> str:
    """Return a text as WSGI and command lines hand it over: half pairs too."""
    return content.decode("utf-8", "surrogateescape" if content[:1] < b"\x80" else "replace")


def on_file(read: Callable[[Path], object], name: str) -> Callable[[bytes, Path], object]:
    """Let something that reads a file read bytes."""

    def of_bytes(content: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(content)
        return read(path)

    return of_bytes


@contextmanager
def limited(seconds: float, late: type[BaseException]) -> Iterator[None]:
    """Raise `late` in the block after so many seconds of the processor's time."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise late

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Late(BaseException):
    """An example has had its time; no `except` of a reader may catch it."""


def tried(foreign: Foreign, content: bytes, folder: Path) -> None:
    """Let harmed bytes be read; anything but a result or the product's own error is a defect."""
    try:
        with limited(LONGEST, Late):
            foreign.read(content, folder)
    except LinktrackError:
        pass
    except Late:
        raise AssertionError(f"not read after {LONGEST} s: {content[:200]!r}") from None


def fuzz(name: str, foreign: Foreign, seconds: float) -> int:
    """Try harmed examples for so long; return how many were tried. Raises what a reader raises."""
    begun, number = time.monotonic(), 0
    with TemporaryDirectory(prefix="linktrack-fuzz-") as made:
        while time.monotonic() - begun < seconds:

            @seed(int(time.time() * 1_000))
            @settings(
                max_examples=200,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            @given(foreign.inputs)
            def batch(content: bytes) -> None:
                nonlocal number
                number += 1
                tried(foreign, content, Path(made))

            batch()
    return number


def fuzz_api(seconds: float) -> int:
    """Ask the API with each token's scope for so long in all; return how many requests."""
    from databases import migrate
    from scoped import fuzz_scopes

    with TemporaryDirectory(prefix="linktrack-fuzz-") as made:

        def place(token: str) -> tuple[Path, str]:
            data = Path(made) / token.replace(" ", "-")
            data.mkdir()
            url = f"sqlite:///{data}/linktrack.db"
            migrate(url, data)
            return data, url

        return fuzz_scopes(place, seconds)


def main() -> None:
    """Fuzz the readers that are named, or all."""
    from foreign import FOREIGN

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER", help="default: all of them")
    parser.add_argument("--seconds", type=float, default=60, help="for each reader")
    options = parser.parse_args()
    failed = []
    for name in options.readers or (*FOREIGN, API):
        try:
            if name == API:
                number = fuzz_api(options.seconds)
            else:
                number = fuzz(name, FOREIGN[name], options.seconds)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            traceback.print_exception(error)
            failed.append(name)
            print(f"{name}: FAILED", flush=True)
        else:
            print(f"{name}: {number:,} examples, no defect", flush=True)
    sys.exit(f"Defects in: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
