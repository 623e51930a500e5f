"""A click on its way from the lane, or from an old log, into the database. Pure."""

from typing import Annotated, Final

import msgspec

from linktrack.ids import FollowerId, LinkId, SegmentId

MOST_AGENT: Final = 1_000  # characters of a user agent that are kept
MOST_REFERRER: Final = 255
LATEST: Final = 32_503_680_000_000  # the year 3000 in milliseconds

_AS_STORED: Final = msgspec.Meta(ge=0, lt=2**31)


class ClickRecord(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    # Short names, since the disk sees every click.
    rename={
        "clicked_at": "t",
        "link_id": "l",
        "user_agent": "a",
        "referrer": "r",
        "visitor": "v",
        "flags": "x",
        "segment_id": "s",
        "follower_id": "f",
        "attribution": "b",
        "country": "c",
        "language": "g",
        "region": "n",
        "city": "y",
        "option": "o",
    },
):
    """One click as it was captured, not yet classified.

    `clicked_at` is in milliseconds since 1970 UTC; `visitor` a signed 64-bit pseudonym or None;
    `referrer` is a host (referrers.referrer_key), never an address with a query; `flags` are
    those of vocabulary.py. A `region` tells cities of one name apart. `identity` tells lines of an
    imported log apart; captured clicks have none, since their place in the journal does. `option`
    says where a link with rules has led the click.
    """

    clicked_at: Annotated[int, msgspec.Meta(ge=0, lt=LATEST)]
    link_id: Annotated[LinkId, _AS_STORED]
    user_agent: str | None
    referrer: str | None
    visitor: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None
    flags: Annotated[int, msgspec.Meta(ge=0, lt=2**15)] = 0
    segment_id: Annotated[SegmentId, _AS_STORED] | None = None
    follower_id: Annotated[FollowerId, _AS_STORED] | None = None
    attribution: str | None = None
    country: str | None = None
    language: str | None = None
    region: str | None = None
    city: str | None = None
    option: Annotated[int, _AS_STORED] | None = None
    identity: str | None = None


_encode: Final = msgspec.json.Encoder().encode
_decoder: Final = msgspec.json.Decoder(ClickRecord)
_decode: Final = _decoder.decode


def encode(record: ClickRecord) -> bytes:
    """Return a journal's line."""
    return _encode(record) + b"\n"


def decode(line: bytes) -> ClickRecord:
    """Undo `encode`.

    Raises `ValueError` for a line that is torn or damaged.
    """
    return _fit(_decode(line))


def decode_lines(lines: bytes) -> list[ClickRecord]:
    """Undo `encode` for many lines at once, in a third of the time; blank lines are nothing.

    Raises `ValueError` if any of them is torn or damaged.
    """
    records = _decoder.decode_lines(lines)
    # Each distinct text is looked at once: there are far fewer than lines.
    agents = {record.user_agent for record in records}
    sent = {record.referrer for record in records}
    if any(_is_unfit(text, MOST_AGENT) for text in agents) or any(
        _is_unfit(text, MOST_REFERRER) for text in sent
    ):
        return [_fit(record) for record in records]
    return records


def _fit(record: ClickRecord) -> ClickRecord:
    """Return a click whose texts every database stores."""
    agent, referrer = record.user_agent, record.referrer
    if _is_unfit(agent, MOST_AGENT) or _is_unfit(referrer, MOST_REFERRER):
        return msgspec.structs.replace(
            record,
            user_agent=agent and clean(agent, MOST_AGENT),
            referrer=referrer and clean(referrer, MOST_REFERRER),
        )
    return record


def _is_unfit(text: str | None, most: int) -> bool:
    return text is not None and (len(text) > most or "\0" in text)


def clean(text: str, most: int) -> str:
    """Return text that every database stores: no NUL, no lone surrogate, at most `most` long."""
    text = text[:most]
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
