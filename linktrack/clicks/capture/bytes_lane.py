"""The lane for a server that hands over bytes: it answers plain requests for known links at once.

Most clicks are such requests, and an event loop's task, a scope and messages for each cost several
times what the lane does. What is in any way special is left to the server and asgi_lane.py.
"""

import re
import time
from email.utils import formatdate
from typing import Final, NamedTuple

from linktrack.clicks.capture.gate import Undecided
from linktrack.clicks.capture.lane import READ, REDIRECT, Asked, Behind, Lane
from linktrack.clicks.classify.agents import is_preview
from linktrack.links.codes import is_reserved

LONGEST: Final = 8_000  # bytes of a head that is looked at: below every limit of the server
MOST_FIELDS: Final = 60

# What RFC 9112 and 9110 let stand in a head, and nothing that some servers forgive.
_LINE: Final = re.compile(r"(GET|HEAD) /([A-Za-z0-9_-]{1,64}+)(?:\?([!-~]*+))?+ HTTP/1\.([01])\r\n")
_FIELDS: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[^\0-\x08\n-\x1f\x7f]*+\r\n)*+\r\n")

_SPECIAL: Final = frozenset(
    {"content-length", "content-type", "expect", "transfer-encoding", "upgrade"}
)
"""Fields by which a request is not plain: their rules are the server's."""

_NAMES: Final = {name.removeprefix("HTTP_").replace("_", "-").lower(): name for name in READ}
_NAMES.update({name.title(): read for name, read in tuple(_NAMES.items())})

_HEADERS: Final = "".join(f"{name}: {value}\r\n" for name, value in REDIRECT)


class Told(NamedTuple):
    """A whole answer as it is sent; `closes` where the connection ends with it."""

    sent: bytes
    closes: bool


class _Head(NamedTuple):
    asked: Asked
    code: str
    version: str
    closes: bool


class BytesLane:
    """Redirects by the lane, from a request's bytes to those of its answer."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._second = 0
        self._ends = (b"", b"")

    def answer(self, data: bytes, client: str) -> Told | None:
        """Write a click down and return its answer; None, with nothing done, for what isn't plain.

        `data` is all that a client at an address has sent since its last answer.
        """
        if len(data) > LONGEST or data[-4:] != b"\r\n\r\n":
            return None
        head = _read(data.decode("latin-1"), client)
        headers = None if head is None else self._redirect(head.asked, head.code)
        if head is None or headers is None:
            return None
        begin = f"HTTP/1.{head.version} 302 Found\r\n{headers}"
        return Told(begin.encode("latin-1") + self._end(head.closes), head.closes)

    def _redirect(self, asked: Asked, code: str) -> str | None:
        """Write the click down, and return the headers that say where it leads."""
        try:
            target = self._lane.known(asked, code)
            if target is None or target.location is None:
                return None
            if target.shows_card and is_preview(asked.get("HTTP_USER_AGENT", "")):
                return None
            answer = self._lane.answer(asked, code, target)
        except (LookupError, Undecided):
            return None
        if isinstance(answer, str):
            return f"Location: {answer}\r\n"
        if isinstance(answer, Behind):  # closed by its limits, and not written down
            return None
        cookie = "" if answer.cookie is None else f"Set-Cookie: {answer.cookie}\r\n"
        return f"Location: {answer.location}\r\n{cookie}"

    def _end(self, closes: bool) -> bytes:
        """Return the headers that all redirects of a second end with."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            end = f"{_HEADERS}Date: {formatdate(now, usegmt=True)}\r\n"
            self._ends = (f"{end}\r\n".encode(), f"{end}Connection: close\r\n\r\n".encode())
        return self._ends[closes]


def _read(text: str, client: str) -> _Head | None:
    """Return what one whole plain head asks for, None for any other text."""
    line = _LINE.match(text)
    if line is None or not _FIELDS.fullmatch(text, line.end()):
        return None
    method, code, query, version = line.groups()
    if is_reserved(code):
        return None
    asked = {
        "REQUEST_METHOD": method,
        "PATH_INFO": f"/{code}",
        "QUERY_STRING": query or "",
        "REMOTE_ADDR": client,
    }
    fields = text[line.end() : -4].split("\r\n")
    if len(fields) > MOST_FIELDS:
        return None
    closes = version == "0"
    for field in fields:
        name, _, value = field.partition(":")
        read = _NAMES.get(name) or _NAMES.get(name := name.lower())
        if read is not None:
            if read in asked:  # a list, or two that contradict each other
                return None
            asked[read] = value.strip(" \t")
        elif name == "connection":
            wanted = value.strip(" \t").lower()
            if wanted not in ("close", "keep-alive"):
                return None
            closes = wanted == "close"
        elif name in _SPECIAL:
            return None
    return _Head(asked, code, version, closes)
