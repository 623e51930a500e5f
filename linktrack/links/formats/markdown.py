"""Find links in Markdown: CommonMark with bare addresses, and HTML in it. Pure.

Blocks are found line by line, and links within a paragraph from left to right, by the rules of
https://spec.commonmark.org/. Where this is coarser than they are (code in lists), an address is
left as it is.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final

from linktrack.links.formats.blocks import TAG, blocks
from linktrack.links.formats.html import (
    RAW,
    Tag,
    end_of,
    end_of_comment,
    find_html,
    spots_of,
    tag_at,
)
from linktrack.links.formats.refusals import PICTURE, why_not
from linktrack.links.formats.spots import Spot
from linktrack.links.left import PLACEHOLDER
from linktrack.networks.placeholders import HIDDEN, hide, placeholders
from linktrack.networks.registry import network_of

Span = tuple[int, int]

CHUNK: Final = 5_000
"""Characters searched at once for bare addresses: that takes time by the square of them."""


def find_markdown(text: str) -> list[Spot]:
    """Return every address of a Markdown text, in order."""
    spans = placeholders(text)
    page = _Page(text, hide(text, spans))
    for kind, start, end in blocks(page.hidden):
        if kind == "html":
            page.spots += [
                _moved(spot, start) for spot in find_html(text[start:end], in_words=False)
            ]
            page.taken.append((start, end))
        elif kind == "code":
            page.taken.append((start, end))
        else:
            page.paragraphs.append((start, end))
    for start, end in page.paragraphs:
        page.find_definitions(start, end)
    for start, end in page.paragraphs:
        _Inline(page, start, end).read()
    page.spots += page.definition_spots()
    page.spots += _bare(page, spans)
    return sorted(page.spots, key=lambda spot: spot.start)


def _moved(spot: Spot, by: int) -> Spot:
    return Spot(spot.start + by, spot.end + by, spot.address, spot.write, spot.why)


# Definitions of references

_LABEL = r"(?:[^\[\]\\]|\\.){1,999}?"
_TITLE = r"(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))"
_DEFINITION = re.compile(
    rf"^[ >\t]*+\[(?!\^)(?P<label>{_LABEL})\]:[ \t]*+(?:\r?\n[ >\t]*+)?"
    rf"(?:<(?P<pointy>[^<>\n\r]*)>|(?P<plain>[^\s<]\S*+))"
    rf"(?:[ \t]*+(?:\r?\n[ >\t]*+)?(?<=[\s>]){_TITLE}[ \t]*+(?=[\r\n]|\Z)|[ \t]*+(?=[\r\n]|\Z))",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Definition:
    start: int
    end: int
    uses: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Page:
    """A text, what is known of it, and what was found in it."""

    text: str
    hidden: str
    spots: list[Spot] = field(default_factory=list)
    taken: list[Span] = field(default_factory=list)
    """Where no bare address is looked for."""
    paragraphs: list[Span] = field(default_factory=list)
    definitions: dict[str, _Definition] = field(default_factory=dict)
    defined: dict[int, int] = field(default_factory=dict)
    """Where a definition ends, by where it starts."""

    def find_definitions(self, start: int, end: int) -> None:
        """Remember the definitions of a paragraph; of several for a label the first counts."""
        for match in _DEFINITION.finditer(self.hidden, start, end):
            group = "plain" if match["plain"] else "pointy"
            self.taken.append(match.span())
            self.defined[match.start()] = match.end()
            span = match.span(group)
            self.definitions.setdefault(_label(match["label"]), _Definition(*span))

    def definition_spots(self) -> Iterator[Spot]:
        """Yield the addresses of definitions: one that any picture is shown from stays."""
        for definition in self.definitions.values():
            words = definition.words[0] if len(set(definition.words)) == 1 else ""
            why = PICTURE if "picture" in definition.uses else None
            yield from self.spot(definition.start, definition.end, words, why)

    def spot(self, start: int, end: int, words: str = "", why: str | None = None) -> Iterator[Spot]:
        """Yield the address that is written here as a destination, unless it is empty."""
        address = decoded(self.text[start:end])
        if address:
            refusal = why or why_not(self.hidden[start:end], address, words)
            yield Spot(start, end, address, escaped, refusal)


def _label(written: str) -> str:
    return " ".join(written.split()).casefold()


_ESCAPED = re.compile(
    r"\\([!-/:-@\[-`{-~])|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);"
)


def decoded(written: str) -> str:
    """Return what a destination says, without backslashes and character references."""
    return _ESCAPED.sub(_character, written)


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return str(match[1])
    if match[0].startswith("&#"):
        return html.unescape(match[0])
    return html5.get(match[0][1:], match[0])


def escaped(address: str) -> str:
    """Return an address as it is written as a destination, in brackets or not."""
    return re.sub(r"([\\()<>])", r"\\\1", address)


# Within a paragraph

_SPECIAL = re.compile(r"[\\`<!\[\]]")
_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*+)>")
_NESTED = r"(?:[^\s()\\]|\\\S|\((?:[^\s()\\]|\\\S|\((?:[^\s()\\]|\\\S)*+\))*+\))"
_DESTINATION = re.compile(
    rf"\([ \t\r\n]*+(?:<(?P<pointy>(?:[^<>\n\r\\]|\\.)*+)>|(?P<plain>(?!<){_NESTED}++))"
    rf"(?:[ \t\r\n]++{_TITLE})?+[ \t\r\n]*+\)",
    re.DOTALL,
)
_REFERENCE = re.compile(rf"\[(?P<label>{_LABEL})?\]", re.DOTALL)


@dataclass(slots=True)
class _Opening:
    """An opening bracket, where its words start, and whether it is of a picture."""

    start: int
    words: int
    picture: bool
    active: bool = True


class _Inline:
    """Reads one paragraph from left to right."""

    def __init__(self, page: _Page, start: int, end: int) -> None:
        self.page = page
        self.start = start
        self.end = end
        self.openings: list[_Opening] = []
        self.tags: list[Tag] = []
        self.unmatched: set[int] = set()  # lengths of runs of backticks with no partner

    def read(self) -> None:
        """Add the paragraph's addresses to the page, and what is taken."""
        hidden, page = self.page.hidden, self.page
        position = self.start
        while True:
            match = _SPECIAL.search(hidden, position, self.end)
            if match is None:
                break
            at = match.start()
            defined = None
            if match[0] == "[" and page.defined:  # looking for the line's start takes its length
                defined = page.defined.get(at) or page.defined.get(_line_start(hidden, at))
            position = defined if defined and defined > at else self._special(at, match[0])
        page.spots += spots_of(page.text, hidden, self.tags)
        opened = None
        for tag in self.tags:
            page.taken.append((tag.start, max(tag.end, tag.content_end)))
            if tag.name == "a" and opened is None:
                opened = tag.start
            elif tag.name == "/a" and opened is not None:
                page.taken.append((opened, tag.end))
                opened = None

    def _special(self, at: int, character: str) -> int:
        """Read what a character begins; return where to go on."""
        hidden = self.page.hidden
        if character == "\\":
            return at + 2
        if character == "`":
            return self._code(at)
        if character == "<":
            return self._pointy(at)
        if character == "!":
            if hidden.startswith("[", at + 1):
                self.openings.append(_Opening(at, at + 2, picture=True))
                return at + 2
            return at + 1
        if character == "[":
            self.openings.append(_Opening(at, at + 1, picture=False))
            return at + 1
        return self._closing(at)

    def _code(self, at: int) -> int:
        hidden = self.page.hidden
        run = re.compile("`+").match(hidden, at, self.end)
        assert run is not None
        length = len(run[0])
        if length not in self.unmatched:
            partner = re.compile(rf"(?<!`)`{{{length}}}(?!`)").search(hidden, run.end(), self.end)
            if partner:
                self.page.taken.append((at, partner.end()))
                return partner.end()
            self.unmatched.add(length)
        return run.end()

    def _pointy(self, at: int) -> int:
        """Read an address in angle brackets, a comment or a tag; else it is a bracket."""
        hidden, page = self.page.hidden, self.page
        autolink = _AUTOLINK.match(hidden, at, self.end)
        if autolink:
            start, end = autolink.span(1)
            address = page.text[start:end]
            page.spots.append(Spot(start, end, address, str, why_not(autolink[1], address)))
            page.taken.append(autolink.span())
            return autolink.end()
        if hidden.startswith("<!--", at):
            end = end_of_comment(hidden, at, self.end)
            inside = find_html(page.text[at:end], in_words=False)
            page.spots += [_moved(spot, at) for spot in inside]
            page.taken.append((at, end))
            return end
        tag = TAG.match(hidden, at, self.end)
        found = tag_at(hidden, at, self.end) if tag else None
        if found is None:
            return at + 1
        self.tags.append(found)
        return max(found.end, found.content_end if found.name in RAW else 0)

    def _closing(self, at: int) -> int:
        """Read what follows a closing bracket: a destination, or the label of one."""
        page = self.page
        if not self.openings:
            return at + 1
        opening = self.openings.pop()
        if not opening.active:
            return at + 1
        words = page.text[opening.words : at]
        why = PICTURE if opening.picture else None
        inline = _DESTINATION.match(page.hidden, at + 1, self.end)
        if inline:
            group = "plain" if inline["plain"] else "pointy"
            page.spots += page.spot(*inline.span(group), words, why)
            self._take(opening, inline.end())
            return inline.end()
        label = _REFERENCE.match(page.hidden, at + 1, self.end)
        name = _label(label["label"] if label and label["label"] else words)
        definition = page.definitions.get(name)
        if definition is None:
            return at + 1
        end = label.end() if label else at + 1
        definition.uses.add("picture" if opening.picture else "link")
        definition.words.append(words)
        self._take(opening, end)
        return end

    def _take(self, opening: _Opening, end: int) -> None:
        self.page.taken.append((opening.start, end))
        if not opening.picture:  # no link within a link
            for outer in self.openings:
                outer.active = outer.active and outer.picture


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


# Addresses in the words

_TO_SPACE = re.compile(r"\S*")


def _bare(page: _Page, spans: list[Span]) -> Iterator[Spot]:
    """Yield the addresses in the words, and the placeholders that hold what looks like one."""
    words = _blanked(page.hidden, page.taken)
    detect = network_of("other").detect
    for start, end in _chunks(words, page.paragraphs):
        for found_start, found_end, _ in detect(words[start:end]):
            at, stop = start + found_start, start + found_end
            if words.startswith(HIDDEN, stop):
                stop = end_of(_TO_SPACE, words, stop, end)
            written = words[at:stop].rstrip("*_~")
            address = decoded(page.text[at : at + len(written)])
            if "://" not in address:
                address = f"http://{address}"
            yield Spot(at, at + len(written), address, str, why_not(written, address))
    raw = _blanked(page.text, page.taken)
    for start, end in spans:
        alone = not start or words[start - 1].isspace() or words[start - 1] in "(*_\"'"
        if alone and detect(raw[start:end].strip("{}[]%*|<>$ ")):
            yield Spot(start, end, page.text[start:end], str, PLACEHOLDER)


def _blanked(text: str, taken: list[Span]) -> str:
    """Return a text of the same length with spaces where something else was found."""
    parts = []
    position = 0
    for start, end in sorted(taken):
        if end > position:
            begin = max(start, position)
            parts += [text[position:begin], " " * (end - begin)]
            position = end
    return "".join([*parts, text[position:]])


def _chunks(text: str, paragraphs: list[Span]) -> Iterator[Span]:
    """Yield parts of the paragraphs of at most CHUNK characters, cut where there is a space."""
    for start, end in paragraphs:
        position = start
        while end - position > CHUNK:
            cut = max(text.rfind(space, position, position + CHUNK) for space in " \n")
            cut = cut + 1 if cut > position else position + CHUNK
            yield position, cut
            position = cut
        yield position, end
