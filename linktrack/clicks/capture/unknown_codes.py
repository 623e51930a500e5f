"""Unknown codes: write down that somebody asked for a code that no link has, within bounds.

One line goes to a journal of its own (`unknown/` below the clicks' journals), which the loader
counts and deletes. Whatever comes, this process writes at most `MOST_A_SECOND` lines a second and
`MOST_FILES` files, and remembers `MOST_NETWORKS` networks: what is more isn't counted. Nothing
waits for the disk, so a power cut takes some seconds of it.
"""

import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Annotated, Final

import msgspec

from linktrack.clicks.capture.journal import SUFFIX, Journal
from linktrack.clicks.capture.visitors import site_of
from linktrack.clicks.classify.agents import is_preview
from linktrack.clicks.classify.probes import is_probe
from linktrack.clicks.records import LATEST, MOST_AGENT
from linktrack.clicks.vocabulary import EMBEDDED, HEAD, NO_LANGUAGES, OWNER, PREFETCH

FOLDER: Final = "unknown"
ROTATE_BYTES: Final = 1024 * 1024
SYNC_SECONDS: Final = 5.0
MOST_FILES: Final = 40  # of all workers of this node: 40 MB while nothing loads them
MOST_A_SECOND: Final = 10
MOST_AT_ONCE: Final = 300
MOST_CODES: Final = 20
"""Different codes of one network within `SPAN`: whoever asks for more tries them out."""
MOST_NETWORKS: Final = 5_000
SPAN: Final = 3600.0  # seconds
LOOK: Final = 60.0  # seconds between two looks at how many files there are

NOT_PEOPLE: Final = HEAD | PREFETCH | EMBEDDED | OWNER | NO_LANGUAGES
"""Flags of requests that aren't counted; every browser says which languages it wants."""


class AskedFor(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={"asked_at": "t", "key": "k", "user_agent": "a", "visitor": "v"},
):
    """One request for a code that no link has, by its key (`Hosts.key`); else as a click."""

    asked_at: Annotated[int, msgspec.Meta(ge=0, lt=LATEST)]
    key: Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9]{1,9}/)?[A-Za-z0-9_-]{1,64}\Z")]
    user_agent: Annotated[str, msgspec.Meta(max_length=MOST_AGENT)]
    visitor: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None


class UnknownCodes:
    """This process's journal of unknown codes. `note` may be called from many threads.

    Which networks asked for which codes is remembered under a key that dies with this process,
    for an hour at most, and written nowhere.
    """

    def __init__(self, folder: Path, running: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder / FOLDER
        self._journal = Journal(self._folder, rotate_bytes=ROTATE_BYTES, sync_seconds=SYNC_SECONDS)
        self._running = running
        self._key = token_bytes(16)
        self._networks: dict[bytes, set[str]] = {}
        self._since = self._topped_up = running()
        self._room = float(MOST_AT_ONCE)
        self._look_at = 0.0
        self._is_full = False

    def wants(self, asked: Mapping[str, str], code: str, flags: int, address: str) -> bool:
        """Whether a request for an unknown code is to be written down: a person's, by its looks.

        `flags` are those of vocabulary.py. One that is wanted counts towards the bounds.
        """
        agent = asked.get("HTTP_USER_AGENT")
        if flags & NOT_PEOPLE or not agent or is_preview(agent[:MOST_AGENT]):
            return False
        if is_probe(code, asked.get("PATH_INFO", "").lstrip("/")[len(code) :]):
            return False
        return not self._tries(address, code) and self._has_room()

    def note(self, record: AskedFor) -> None:
        """Write down a request that `wants` wanted. Never raises, and never waits."""
        self._journal.append(_encode(record) + b"\n")

    def close(self) -> None:
        """End the journal, which the loader then takes as done; a request begins another."""
        self._journal.close()

    def _tries(self, address: str, code: str) -> bool:
        """Whether too many different codes come from one network."""
        now = self._running()
        if now - self._since > SPAN or len(self._networks) >= MOST_NETWORKS:
            self._networks, self._since = {}, now
        network = blake2b(site_of(address).encode(), digest_size=8, key=self._key).digest()
        codes = self._networks.setdefault(network, set())
        if len(codes) < MOST_CODES:
            codes.add(code)
            return False
        return code not in codes

    def _has_room(self) -> bool:
        now = self._running()
        more = (now - self._topped_up) * MOST_A_SECOND
        self._room, self._topped_up = min(MOST_AT_ONCE, self._room + more), now
        if now >= self._look_at:
            self._look_at = now + LOOK
            self._is_full = sum(1 for _ in self._folder.glob(f"*{SUFFIX}")) >= MOST_FILES
        if self._is_full or self._room < 1:
            return False
        self._room -= 1
        return True


_encode: Final = msgspec.json.Encoder().encode
_decoder: Final = msgspec.json.Decoder(AskedFor)


def decode(line: bytes) -> AskedFor:
    """Return what a line says; raises `ValueError` for one that is torn or damaged."""
    return _decoder.decode(line)


def decode_lines(lines: bytes) -> list[AskedFor]:
    """Return what many lines say; blank ones are nothing. Raises `ValueError` like `decode`."""
    return _decoder.decode_lines(lines)
