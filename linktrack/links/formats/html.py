"""Find links in HTML: tags are read as browsers read them, and never rewritten. Pure.

The rules are those of https://html.spec.whatwg.org/multipage/parsing.html#tokenization. What
Outlook alone reads, between `<!--[if …]>` and `<![endif]-->`, is read too: its readers click there.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final

from linktrack.links.formats.refusals import (
    NO_LINK,
    PICTURE,
    STYLE,
    UNTRACKED,
    WORDS,
    why_not,
)
from linktrack.links.formats.spots import Spot
from linktrack.networks.addresses import find_addresses
from linktrack.networks.placeholders import hide, placeholders

LINKS: Final = frozenset({"a", "area"})
RAW: Final = frozenset(
    {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}
)
"""Elements within which a tag is text."""

_SPACE: Final = "\t\n\f\r "
_NAME = re.compile(rf"[^{_SPACE}/>]*")
_GAP = re.compile(rf"[{_SPACE}]*")
_GAP_OR_SLASH = re.compile(rf"[{_SPACE}/]*")
_ATTRIBUTE = re.compile(rf"=?[^{_SPACE}/>=]*")
_UNQUOTED = re.compile(rf"[^{_SPACE}>]*")
_CONDITION = re.compile(r"<!--\[if[^\]>]*\]>")
_STYLE_URL = re.compile(r"""url\([\t\n\f\r ]*["']?([^"'()\t\n\f\r ]+)""", re.IGNORECASE)
_WORDS_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute's name in lower case, and the position of its value, without quotes."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag. `name` is in small letters and has a slash in front where it closes.

    `content_end` is where the text ends that follows a tag of RAW.
    """

    start: int
    end: int
    name: str
    attributes: tuple[Attribute, ...] = ()
    content_end: int = 0

    def get(self, name: str) -> Attribute | None:
        """Return the first attribute of this name, which is the one that counts."""
        return next((each for each in self.attributes if each.name == name), None)


def find_html(text: str, *, in_words: bool = True) -> list[Spot]:
    """Return every address of an HTML text, in order; with `in_words` also those in the text."""
    hidden = hide(text, placeholders(text))
    found = list(tags(hidden))
    spots = spots_of(text, hidden, found)
    if in_words:
        spots += _in_words(text, hidden, found)
    return sorted(spots, key=lambda spot: spot.start)


def tags(text: str, *, outlook: bool = True) -> Iterator[Tag]:
    """Yield the tags of a text in order; with `outlook` those that Outlook alone reads, too."""
    yield from _tags(text, 0, len(text), outlook=outlook)


def _tags(text: str, start: int, end: int, *, outlook: bool) -> Iterator[Tag]:
    position = start
    while True:
        position = text.find("<", position, end)
        if position < 0 or position + 1 >= end:
            return
        after = text[position + 1]
        if text.startswith("<!--", position):
            condition = _CONDITION.match(text, position, end)
            comment_end = end_of_comment(text, position, end)
            if outlook and condition and condition.end() < comment_end:
                yield from _tags(text, condition.end(), comment_end, outlook=False)
            position = comment_end
        elif text.startswith("<![CDATA[", position):
            # In SVG it ends here; elsewhere sooner, and what follows is left alone as well.
            position = (
                _behind(text, "]]>", position, end) or _behind(text, ">", position, end) or end
            )
        elif after in "!?" or (after == "/" and not _is_letter(text[position + 2 : position + 3])):
            position = _behind(text, ">", position, end) or end
        elif after == "/" or _is_letter(after):
            tag = tag_at(text, position, end)
            if tag is None:
                return  # a browser drops a tag that the text ends in, and so all that follows
            yield tag
            position = max(tag.end, tag.content_end)
        else:
            position += 1


def end_of_comment(text: str, start: int, end: int) -> int:
    """Return where the comment that starts here ends: the text, where nothing closes it."""
    for short in ("<!-->", "<!--->"):
        if text.startswith(short, start):
            return start + len(short)
    ends = [_behind(text, mark, start + 4, end) for mark in ("-->", "--!>")]
    return min((each for each in ends if each), default=end)


def tag_at(text: str, start: int, end: int) -> Tag | None:
    """Return the tag that starts here with `<` and a letter, or `</`; None if it has no end."""
    name_end = end_of(_NAME, text, start + 1 + text.startswith("/", start + 1), end)
    name = text[start + 1 : name_end].lower()
    attributes: list[Attribute] = []
    position = name_end
    while True:
        position = end_of(_GAP_OR_SLASH, text, position, end)
        if position >= end:
            return None
        if text[position] == ">":
            break
        named = end_of(_ATTRIBUTE, text, position, end)
        attribute = text[position:named].lower()
        position = named
        equals = end_of(_GAP, text, named, end)
        if text[equals : min(equals + 1, end)] != "=":
            attributes.append(Attribute(attribute, named, named))
            continue
        value = end_of(_GAP, text, equals + 1, end)
        quote = text[value : min(value + 1, end)]
        if quote in ('"', "'"):
            closing = text.find(quote, value + 1, end)
            if closing < 0:
                return None
            attributes.append(Attribute(attribute, value + 1, closing))
            position = closing + 1
        else:
            position = end_of(_UNQUOTED, text, value, end)
            attributes.append(Attribute(attribute, value, position))
    behind = position + 1
    content_end = _end_of_raw(text, name, behind, end) if name in RAW else 0
    return Tag(start, behind, name, tuple(attributes), content_end)


def end_of(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Return where a pattern ends that may be empty."""
    match = pattern.match(text, start, end)
    assert match is not None  # each of these patterns takes nothing, too
    return match.end()


def _behind(text: str, mark: str, start: int, end: int) -> int:
    """Return where a mark ends, 0 where it does not come."""
    at = text.find(mark, start, end)
    return at + len(mark) if at >= 0 else 0


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _end_of_raw(text: str, name: str, start: int, end: int) -> int:
    """Return where the text within such an element ends, in front of its closing tag."""
    escaped = nested = False
    marks = rf"<!--|-->|<(/?){name}(?=[{_SPACE}/>])"
    for match in re.compile(marks, re.IGNORECASE).finditer(text, start, end):
        if match[0] == "<!--":
            escaped = True
        elif match[0] == "-->":
            escaped = nested = False
        elif not match[1]:
            nested = name == "script" and escaped
        elif nested:
            nested = False
        else:
            return match.start()
    return end


# Which of the addresses in a tag are links


@dataclass(slots=True)
class _Open:
    """A link whose words are still being read."""

    tag: Tag
    words: list[str] = field(default_factory=list)
    length: int = 0

    def read(self, words: str) -> None:
        if self.length < _WORDS_KEPT:
            self.words.append(words[:_WORDS_KEPT])
            self.length += len(words)


def spots_of(text: str, hidden: str, found: Iterable[Tag]) -> list[Spot]:
    """Return the addresses in these tags, in order.

    `hidden` is the same text without its placeholders, in which the tags were found.
    """
    spots: list[Spot] = []
    opened: _Open | None = None
    position = 0
    for tag in found:
        if opened:
            opened.read(hidden[position : tag.start])
            if tag.name in ("a", "/a"):
                spots += _link(text, hidden, opened.tag, "".join(opened.words))
                opened = None
            elif tag.name == "img":
                alternative = tag.get("alt")
                opened.read(text[alternative.start : alternative.end] if alternative else "")
        if tag.name == "a":
            opened = _Open(tag)
        elif tag.name == "area":
            alternative = tag.get("alt")
            words = text[alternative.start : alternative.end] if alternative else ""
            spots += _link(text, hidden, tag, words)
        spots += _loaded(text, hidden, tag)
        position = max(tag.end, tag.content_end)
    if opened:
        spots += _link(text, hidden, opened.tag, "".join(opened.words))
    return sorted(spots, key=lambda spot: spot.start)


def _link(text: str, hidden: str, tag: Tag, words: str) -> Iterator[Spot]:
    href = tag.get("href")
    if href is None:
        return
    written = text[href.start : href.end]
    start = href.start + len(written) - len(written.lstrip(_SPACE))
    written = written.strip(_SPACE)
    address = decoded(written)
    if not address:
        return
    end = start + len(written)
    why = why_not(hidden[start:end], address, html.unescape(words))
    if why is None and _asks_not_to_be_tracked(text, tag):
        why = UNTRACKED
    yield Spot(start, end, address, encoded, why)


def _asks_not_to_be_tracked(text: str, tag: Tag) -> bool:
    """Whether the tag says so as Amazon SES, Mailchimp or SendGrid read it."""
    off = tag.get("clicktracking")
    return (
        tag.get("ses:no-track") is not None
        or tag.get("mc:disable-tracking") is not None
        or (off is not None and text[off.start : off.end].strip().lower() == "off")
    )


def _in_words(text: str, hidden: str, found: Iterable[Tag]) -> Iterator[Spot]:
    """Yield the addresses that stand in the words, and not in those of a link."""
    position, is_link = 0, False
    for tag in (*found, Tag(len(text), len(text), "")):
        words = hidden[position : tag.start]
        if not is_link and "://" in words:
            seen = _UNREAD.sub(lambda comment: " " * len(comment[0]), words)
            for start, end, _ in find_addresses(seen, bare=False):
                address = html.unescape(text[position + start : position + end])
                yield Spot(position + start, position + end, address, encoded, WORDS)
        is_link = tag.name == "a" or (is_link and tag.name != "/a")
        position = max(tag.end, tag.content_end)


def _loaded(text: str, hidden: str, tag: Tag) -> Iterator[Spot]:
    """Yield what a tag has of addresses that nobody clicks, or that are no links of ours."""
    for attribute in tag.attributes if not tag.name.startswith("/") else ():
        start, end = attribute.start, attribute.end
        if attribute.name in ("src", "background", "poster"):
            why = PICTURE
        elif attribute.name == "srcset":
            yield from _of_srcset(text, start, end)
            continue
        elif attribute.name == "style":
            yield from _of_style(text, hidden, start, end)
            continue
        elif attribute.name in ("xlink:href", "action", "formaction") or (
            attribute.name == "href" and tag.name not in LINKS
        ):
            why = STYLE if tag.name == "link" else NO_LINK
        else:
            continue
        address = decoded(text[start:end].strip(_SPACE))
        if address and not address.lower().startswith(("data:", "cid:")):
            refusal = why_not(hidden[start:end], address) if why == NO_LINK else None
            yield Spot(start, end, address, encoded, refusal or why)
    if tag.name == "style":
        yield from _of_style(text, hidden, tag.end, tag.content_end)


def _of_srcset(text: str, start: int, end: int) -> Iterator[Spot]:
    """Yield the pictures of which a browser takes the one that fits."""
    for match in re.compile(r"https?://[^\s,]+", re.IGNORECASE).finditer(text, start, end):
        yield Spot(match.start(), match.end(), decoded(match[0]), encoded, PICTURE)


def _of_style(text: str, hidden: str, start: int, end: int) -> Iterator[Spot]:
    for match in _STYLE_URL.finditer(hidden, start, end):
        address = text[match.start(1) : match.end(1)]
        if re.match(r"https?:|//", address, re.IGNORECASE):
            yield Spot(match.start(1), match.end(1), address, encoded, STYLE)


# Character references

_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9a-fA-F]+);?|[A-Za-z][A-Za-z0-9]*(?:;|(?!=)))")


def decoded(written: str) -> str:
    """Return the value of an attribute; `&copy=2`, with no semicolon, is left as it is."""
    return _REFERENCE.sub(_character, written)


def _character(match: re.Match[str]) -> str:
    if match[0].startswith("&#"):
        return html.unescape(match[0] if match[0].endswith(";") else f"{match[0]};")
    return html5.get(match[0][1:], match[0])


def encoded(address: str) -> str:
    """Return an address as it is written in an attribute, whatever its quotes."""
    return html.escape(address)


# What can be read

_INLINE: Final = frozenset(
    {
        "a",
        "abbr",
        "b",
        "code",
        "em",
        "font",
        "i",
        "mark",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
    }
)
_UNREAD = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|$)|<!--.*?(?:-->|$)|<[!?/][^>]*>?|<[a-zA-Z].*", re.DOTALL
)
"""What is no text between two tags; a tag that is still there has no end."""

_NO_TEXT = re.compile(r"<!--.*?(?:-->|$)|<[!?/][^>]*>?", re.DOTALL)


def visible_text(text: str, most: int = 1_000) -> str:
    """Return what a reader of an HTML text sees first, on one line: `most` characters or more."""
    parts: list[str] = []
    position = length = 0
    for tag in tags(hide(text, placeholders(text)), outlook=False):
        words = html.unescape(_NO_TEXT.sub("", text[position : tag.start]))
        parts += [words, "" if tag.name.removeprefix("/") in _INLINE else " "]
        position = max(tag.end, tag.content_end)
        length += len(words)
        if length > most:
            break
    else:
        parts.append(html.unescape(_NO_TEXT.sub("", text[position:])))
    return " ".join("".join(parts).split())
