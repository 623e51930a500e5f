"""Short codes: proposals for links, and computed codes that carry a segment or a follower. Pure."""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from hashids import Hashids

from linktrack.errors import Invalid
from linktrack.ids import FollowerId, LinkId, SegmentId

# Without 0 O, 1 I l and their like: codes are read from posters and typed on phones.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ2345679"
SHORTEST: Final = 5
LONGEST: Final = 64
CHECK_BYTES: Final = 4  # 16 bits let 0.01 of 100,000 forged codes through, 32 bits none

_OWN_PATHS: Final = """
    .well-known about abuse admin analytics api app apple-touch-icon assets atom blog card contact
    css digest docs embed favicon favicon.ico feed goal.js goals goodbye healthz hello help
    home img index js join leave legal live live.json login logout metrics oauth owner people ping
    privacy public qr readyz report rest robots robots.txt rss s security.txt shared sign-in
    sitemap.xml static status suggest terms uncounted yourls-api.php
"""
RESERVED: Final = frozenset(_OWN_PATHS.split())
"""Paths of our own, now or planned: never given out as codes, in any mixture of case."""

CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a code may look like: safe in every part of an address, and never ending a sentence."""

# What apps and people leave behind a code: slashes, then anything that begins with no character of
# a code and no `+`, which asks where the link leads. Without backtracking, and NUL is never noise.
_ASKED: Final = re.compile(r"/++([A-Za-z0-9_-]{1,64}+)/*+(?:[^A-Za-z0-9_+/\0-][^\0]*+)?+")


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a computed code carries: a link made for a segment, or for one follower of it."""

    link_id: LinkId
    segment_id: SegmentId
    follower_id: FollowerId | None = None


class Codes:
    """The codes of one installation.

    `salt` only orders proposals: stored codes do not depend on it. `check` signs computed codes;
    making one up means guessing 32 bits.
    """

    def __init__(self, salt: str, check: bytes) -> None:
        self._hashids = Hashids(salt=salt, min_length=SHORTEST, alphabet=ALPHABET)
        self._check = check

    def propose(self, number: int, attempt: int = 0) -> str:
        """Return a code for the link of that number.

        Where it is taken or reserved the caller asks again with the next `attempt`. Proposals
        for different numbers and attempts never meet.
        """
        numbers = (number, attempt) if attempt else (number,)
        return str(self._hashids.encode(*numbers))

    def compute(self, bearer: Bearer) -> str:
        """Return the code of a version's link (about 14 characters) or a personal one (17)."""
        numbers = _numbers(bearer)
        return str(self._hashids.encode(*numbers, self._checksum(numbers)))

    def read(self, code: str) -> Bearer | None:
        """Return what a computed code carries, or None for every other text."""
        numbers = self._hashids.decode(code)
        if len(numbers) not in (3, 4):
            return None
        *carried, check = numbers
        if check >> (8 * CHECK_BYTES):
            return None
        expected = self._checksum(tuple(carried))
        if not hmac.compare_digest(_bytes(check), _bytes(expected)):
            return None
        return Bearer(*carried)

    def claimed(self, code: str) -> LinkId | None:
        """Return the link that a computed code names whose check is wrong; None for others.

        Somebody may have mistyped it, or made it up.
        """
        numbers = self._hashids.decode(code)
        if len(numbers) not in (3, 4) or self.read(code) is not None or numbers[0] >= 2**31:
            return None
        return LinkId(numbers[0])

    @property
    def installation(self) -> str:
        """What an export names this installation by: the same wherever its keys are."""
        return blake2b(self._check, digest_size=8, person=b"installation").hexdigest()

    def _checksum(self, numbers: tuple[int, ...]) -> int:
        message = ",".join(map(str, numbers)).encode()
        digest = blake2b(message, key=self._check, digest_size=CHECK_BYTES, person=b"code")
        return int.from_bytes(digest.digest(), "big")


def _bytes(check: int) -> bytes:
    return check.to_bytes(CHECK_BYTES, "big")


def _numbers(bearer: Bearer) -> tuple[int, ...]:
    if bearer.follower_id is None:
        return (bearer.link_id, bearer.segment_id)
    return (bearer.link_id, bearer.segment_id, bearer.follower_id)


def index_of(short_url: str, text: str) -> int:
    """Return the index of a short address in a text, -1 where it is not there.

    One that begins a longer one, with the code abc beside the code abcd, does not count.
    """
    found = re.search(rf"{re.escape(short_url)}(?![A-Za-z0-9_-])", text)
    return -1 if found is None else found.start()


def with_codes(text: str, bases: Sequence[str], codes: Mapping[str, str]) -> str:
    """Return a text with other codes in its short links, which begin with one of `bases`.

    A code that is not in `codes` stays as it is.
    """
    return _links_below(tuple(bases)).sub(
        lambda found: found["base"] + codes.get(found["code"], found["code"]), text
    )


@lru_cache(maxsize=8)
def _links_below(bases: tuple[str, ...]) -> re.Pattern[str]:
    written = "|".join(re.escape(base.partition("://")[2]) for base in bases)
    code = r"[A-Za-z0-9_-]{1,64}+"
    return re.compile(rf"(?P<base>(?<![\w.@-])(?:{written})/)(?P<code>{code})", re.IGNORECASE)


def is_reserved(code: str) -> bool:
    """Whether linktrack keeps this path for itself."""
    return code.casefold() in RESERVED


def code_in(path: str) -> str | None:
    """Return the code that a path of ours asks for, or None if it asks for no short link.

    The path is as WSGI hands it over: percent signs decoded, bytes read as Latin-1. Whatever apps
    leave behind a code is noise, but a `+`, and a path that goes on.
    """
    match = _ASKED.fullmatch(path)
    if match is None:
        return None
    code = match[1]
    if code.casefold() in RESERVED:
        return None
    if match.end(1) < len(path) and is_reserved(path.lstrip("/").partition("/")[0]):
        return None  # a page with a dot in its name
    return code


def spellings(code: str) -> tuple[str, ...]:
    """Return what a code that was asked for may be, the likeliest first.

    `-` and `_` at its end may be its own, or left on it like any other mark.
    """
    bare = code.rstrip("-_")
    return (code, bare) if bare and bare != code else (code,)


def check_custom(slug: str) -> str:
    """Return a code of the owner's own choice, as it is.

    Raises `Invalid` if it cannot be one.
    """
    if not CODE.fullmatch(slug):
        raise Invalid(
            f"{slug[:80]!r} cannot be a short code: use 1 to {LONGEST} letters, digits, - and _."
        )
    if is_reserved(slug):
        raise Invalid(f"{slug!r} is reserved for linktrack's own pages: choose another short code.")
    return slug
