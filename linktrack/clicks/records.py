"""A click on its way from the lane, or from an old log, into the database. Pure."""

import json
from typing import Final, NamedTuple

MOST_AGENT: Final = 1_000  # characters of a user agent that are kept
MOST_REFERRER: Final = 255
LATEST: Final = 32_503_680_000_000  # the year 3000 in milliseconds
_quote: Final = json.encoder.encode_basestring_ascii  # a whole encoder takes five times as long


class ClickRecord(NamedTuple):
    """One click as it was captured, not yet classified.

    `clicked_at` is in milliseconds since 1970 UTC; `visitor` a signed 64-bit pseudonym or None;
    `referrer` is a host (referrers.referrer_key), never an address with a query; `flags` are
    those of vocabulary.py. `identity` tells lines of an imported log apart; captured clicks have
    none, since their place in the journal does.
    """

    clicked_at: int
    link_id: int
    user_agent: str | None
    referrer: str | None
    visitor: int | None
    flags: int = 0
    segment_id: int | None = None
    follower_id: int | None = None
    attribution: str | None = None
    country: str | None = None
    identity: str | None = None


def encode(record: ClickRecord) -> bytes:
    """Return a journal's line; short names, since the disk sees every click."""
    line = (
        f'{{"t":{record.clicked_at},"l":{record.link_id},"a":{_json(record.user_agent)},'
        f'"r":{_json(record.referrer)},"v":{_json(record.visitor)}'
    )
    if record.flags:
        line += f',"x":{record.flags}'
    if record.attribution is not None:
        line += f',"s":{_json(record.segment_id)},"f":{_json(record.follower_id)}'
        line += f',"b":{_quote(record.attribution)}'
    if record.country is not None:
        line += f',"c":{_quote(record.country)}'
    return (line + "}\n").encode("ascii")


def _json(value: str | int | None) -> str | int:
    if value is None:
        return "null"
    return _quote(value) if isinstance(value, str) else value


def decode(line: bytes) -> ClickRecord:
    """Undo `encode`.

    Raises `ValueError` for a line that is torn or damaged.
    """
    fields = json.loads(line.decode("ascii"))  # as `encode` writes; bytes would be guessed at
    if not isinstance(fields, dict):
        raise ValueError("a journal's line is a JSON object")
    try:
        record = ClickRecord(
            clicked_at=_whole(fields["t"], 0, LATEST),
            link_id=_whole(fields["l"], 0, 2**31),
            user_agent=_text(fields["a"], MOST_AGENT),
            referrer=_text(fields["r"], MOST_REFERRER),
            visitor=None if fields["v"] is None else _whole(fields["v"]),
            flags=_whole(fields.get("x", 0), 0, 2**15),
            segment_id=None if fields.get("s") is None else _whole(fields["s"], 0, 2**31),
            follower_id=None if fields.get("f") is None else _whole(fields["f"], 0, 2**31),
            attribution=_text(fields.get("b"), 20),
            country=_text(fields.get("c"), 2),
        )
    except KeyError as error:
        raise ValueError(f"the journal's line lacks {error}") from error
    return record


def _whole(value: object, least: int = -(2**63), end: int = 2**63) -> int:
    if type(value) is not int or not least <= value < end:
        raise ValueError(f"{value!r:.50} is not a whole number from {least} to below {end}")
    return value


def _text(value: object, most: int) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.50} is not text")
    return clean(value, most)


def clean(text: str, most: int) -> str:
    """Return text that every database stores: no NUL, no lone surrogate, at most `most` long."""
    text = text[:most]
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
