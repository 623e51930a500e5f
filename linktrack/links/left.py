"""What of a text is not wrapped although it looks like an address, and why. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from linktrack.links.words import may_be_words
from linktrack.networks.addresses import HIDDEN, PICTURE, UNSPACED
from linktrack.networks.network import Network
from linktrack.networks.placeholders import is_filled_in

SHOWN: Final = 500
"""Characters of an address that are shown, at most."""

PLACEHOLDER: Final = "It contains a placeholder, so nobody knows yet where it will lead."


@dataclass(frozen=True, slots=True)
class NotWrapped:
    """An address that was left, or cut, as it is written (at most SHOWN characters), and why."""

    address: str
    why: str


@dataclass(frozen=True, slots=True)
class Left:
    """Its position in the text, and what to say; `is_wrapped_in_part`: its beginning is wrapped."""

    start: int
    end: int
    named: NotWrapped
    is_wrapped_in_part: bool = False


_SCHEME: Final = re.compile(r"https?://(?=[^\s\"'<>])", re.IGNORECASE)
_HAS_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_TWO_SCHEMES: Final = re.compile(r"https?:/{0,2}https?(?::|//)", re.IGNORECASE)
_SCHEME_BEFORE: Final = re.compile(r"https?:/{0,2}\Z", re.IGNORECASE)
_RUN: Final = re.compile(rf"[^\s\"<>“”„«»「」『』【】《》（）、。，{HIDDEN}]+")
_PATH: Final = re.compile(r"(?:https?://)?+[^/?#]+[/?#].", re.IGNORECASE)
_GOES_ON: Final = re.compile(rf"[{UNSPACED}]")
_HIDDEN: Final = re.compile(f"[{HIDDEN}]")
_HIDDEN_IN: Final = re.compile(rf"[{HIDDEN}]+[\w/?#&=%]")
_OPEN_END: Final = re.compile(r"[/?#&=_%+-]\Z")
_END: Final = re.compile(r"[)\]>.,;:!?*]+\Z")
_CUT: Final = "…"
_TWICE: Final = "It has http:// or https:// twice: take one away."
_WORDS: Final = "It may be words, or a file: write https:// before it to have it wrapped."


def without_hidden(address: str) -> str:
    """Return an address without the characters that nobody sees and nobody meant to be in it."""
    return _HIDDEN.sub("", address)


def doubt_about(text: str, start: int, end: int, network: Network) -> Left | None:
    """Return what cannot be right about an address that the network would make a link of.

    None if nothing is wrong.
    """
    written = text[start:end]
    if _HAS_SCHEME.search(written) is None and may_be_words(written):
        return _left(text, start, end, _WORDS)
    before = _SCHEME_BEFORE.search(text[max(0, start - 8) : start])
    if before is not None or _TWO_SCHEMES.match(text, start):
        begun = start - len(before[0]) if before is not None else start
        run = _RUN.match(text, begun)
        return _left(text, begun, max(end, run.end() if run else end), _TWICE)
    if _PATH.match(written) and (_CUT in (text[end : end + 1], text[end - 1])):
        return _left(
            text, start, end, "It is cut off with “…”: write it in full, or a space before the “…”."
        )
    if _PATH.match(written) and _GOES_ON.match(text, end):
        why = f"{network.label} ends the link before “{text[end]}”"
        if not network.is_named:
            why = f"The link ends before “{text[end]}”"
        if _OPEN_END.search(written):
            run = _RUN.match(text, start)
            end = max(end, run.end() if run else end)
            return _left(text, start, end, f"{why}: write the rest as a browser copies it, with %.")
        return _left(text, start, end, f"{why}: what follows is not part of it.", in_part=True)
    if _HIDDEN_IN.match(text, end):
        return _left(
            text,
            start,
            end,
            "The link ends before a hidden character: what follows is not part of it.",
            in_part=True,
        )
    return None


def what_is_left(text: str, settled: Sequence[tuple[int, int]], network: Network) -> Iterator[Left]:
    """Yield every http:// and https:// outside what is settled, with the reason.

    In `text` our own links are blanks already.
    """
    spans = sorted(settled)
    place = 0
    for match in _SCHEME.finditer(text):
        start = match.start()
        while spans and spans[0][1] <= start:
            spans.pop(0)
        if start < place or (spans and spans[0][0] <= start):
            continue
        run = _RUN.match(text, start)
        place = run.end() if run is not None else match.end()
        # What follows may be an address that is wrapped: it is not named a second time.
        end = min(place, spans[0][0]) if spans else place
        if not network.is_own_post(text[start:end]):
            yield _left(text, start, end, _why(text, start, end, network))


def _why(text: str, start: int, end: int, network: Network) -> str:
    if PICTURE.search(text[max(0, start - 310) : start]):
        return "It is the address of a picture, which nobody follows."
    if not network.is_named and is_filled_in(text, start, end):
        return PLACEHOLDER
    if _TWO_SCHEMES.match(text, start):
        return _TWICE
    who = f"{network.label} makes no link of it" if network.is_named else "It isn't a whole address"
    if start > 0 and not text[start - 1].isspace():
        return f"{who}: write a space before it."
    return f"{who}: check how it is written."


def _left(text: str, start: int, end: int, why: str, *, in_part: bool = False) -> Left:
    """Return what to say of an address, shown with all that is written directly behind it."""
    run = re.compile(r"\S+").match(text, end) if in_part else None
    shown = without_hidden(text[start : min(run.end() if run else end, start + SHOWN)])
    if "(" not in shown and "[" not in shown:
        shown = _END.sub("", shown)
    return Left(start, end, NotWrapped(shown, why), in_part)
