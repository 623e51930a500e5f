"""Find the addresses of a text as its network will, and put short ones in their place.

What looks like an address but stays unchanged is found too, with the reason.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

import ada_url

from linktrack.errors import Invalid, TooLarge
from linktrack.links.destinations import parse_destination
from linktrack.links.formats.guess import FORMATS, Format
from linktrack.links.formats.html import find_html
from linktrack.links.formats.markdown import find_markdown
from linktrack.links.formats.spots import Spot
from linktrack.links.left import Left, NotWrapped, doubt_about, what_is_left, without_hidden
from linktrack.networks.addresses import UNSPACED
from linktrack.networks.network import Found
from linktrack.networks.registry import network_of

MAX_TEXT: Final = 25_000
"""Characters of a text at most: X's own longest post.

More would be slow for texts made on purpose, since some of the finders take time that grows with
the square of it: the worst found for 25,000 characters, on one core, was 5 s for twitter-text.
"""

MAX_NEWSLETTER: Final = 250_000
"""Characters of a text in Markdown or HTML at most: mail programs cut off sooner."""

Detect = Callable[[str], list[Found]]


@dataclass(frozen=True, slots=True)
class Address:
    """One address in a text: its position (code points), how it is written, and where it leads.

    `write` says how another address is written in its place.
    """

    start: int
    end: int
    written: str
    destination: str
    write: Callable[[str], str] = field(default=str, compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text has: the addresses to wrap, and what is not, or only in part, wrapped.

    Both in order of the text; no address overlaps another.
    """

    addresses: Sequence[Address]
    not_wrapped: Sequence[NotWrapped]


_FINDERS: Final[Mapping[Format, Callable[[str], list[Spot]]]] = {
    "markdown": find_markdown,
    "html": find_html,
}


def parse_format(written: str) -> Format:
    """Return a format by its name; raises `Invalid`."""
    for name in FORMATS:
        if written == name:
            return name
    raise Invalid(f"{written[:40]!r} isn't a format: choose one of {', '.join(FORMATS)}.")


def find(
    text: str,
    network: str,
    base_url: str,
    written_in: Format = "plain",
    *,
    more_own_hosts: tuple[str, ...] = (),
) -> Reading:
    """Return the addresses of a text: to wrap, and to be left as they are.

    In plain text those to wrap are what `network` would make a link of (`read_text`). In
    Markdown and HTML they are its links, and one that cannot be taken is left; such a text may
    have MAX_NEWSLETTER characters. `more_own_hosts` are those of former base addresses. Raises
    what `read_text` raises.
    """
    return _find(text, network, base_url, written_in, more_own_hosts)


# Whoever wraps a text says next what of it is not wrapped: the text is not read twice for that.
# 25,000 characters full of addresses take 0.4 s as Bluesky reads them.
@lru_cache(maxsize=4)
def _find(
    text: str, network: str, base_url: str, written_in: Format, more_own_hosts: tuple[str, ...]
) -> Reading:
    if written_in == "plain":
        return read_text(text, network, base_url, more_own_hosts)
    network_of(network)
    check_text(text, MAX_NEWSLETTER)
    own = _own_addresses(base_url, more_own_hosts)
    addresses: list[Address] = []
    not_wrapped = []
    position = 0
    for spot in _FINDERS[written_in](text):
        if spot.start < position:
            continue
        position = spot.end
        if any(base.holds(spot.address) for base in own):
            continue
        written = text[spot.start : spot.end]
        try:
            if spot.why is None:
                destination = parse_destination(spot.address)
                addresses.append(Address(spot.start, spot.end, written, destination, spot.write))
            else:
                not_wrapped.append(NotWrapped(spot.address, spot.why))
        except Invalid as error:
            not_wrapped.append(NotWrapped(spot.address, error.sentence))
    return Reading(addresses, list(dict.fromkeys(not_wrapped)))


def left_in(
    text: str,
    network: str,
    base_url: str,
    written_in: Format = "plain",
    *,
    more_own_hosts: tuple[str, ...] = (),
) -> Sequence[NotWrapped]:
    """Return what is not wrapped of a text, by the current rules, which may have changed since.

    Nothing if they would refuse the text.
    """
    try:
        return find(text, network, base_url, written_in, more_own_hosts=more_own_hosts).not_wrapped
    except (Invalid, TooLarge):
        return ()


def find_addresses(
    text: str, network: str, base_url: str, more_own_hosts: Sequence[str] = ()
) -> list[Address]:
    """Return the addresses to wrap in a text; raises what `read_text` raises."""
    return list(read_text(text, network, base_url, more_own_hosts).addresses)


def read_text(
    text: str, network: str, base_url: str, more_own_hosts: Sequence[str] = ()
) -> Reading:
    """Return the addresses that `network` would make a link of, and what is left, with the reason.

    Our own short links, those below `base_url` or on one of `more_own_hosts`, are in neither
    whether the network knows them for links or not, unless they are a part of another address. Nor
    are posts of the network itself, which it shows as quotes, and email addresses.
    Raises Invalid for an unknown network, and where the text or one of its addresses cannot be
    taken, TooLarge for more than MAX_TEXT characters.
    """
    found = network_of(network)
    check_text(text)
    own = _own_addresses(base_url, more_own_hosts)
    known = _Known.of(text, found.detect, own)
    of_ours = {start for start, _ in known.spans}
    addresses: list[Address] = []
    left: list[Left] = []
    settled = [*known.spans]
    for start, end, url in found.detect(known.text):
        if start in of_ours:
            continue
        settled.append((start, end))
        if re.match("[^/?#]*@", text[start:end]) or found.is_own_post(url):
            continue  # Bluesky takes jane.do@example.com for an address; wrapped, it were lost.
        doubt = doubt_about(text, start, end, found)
        if doubt is not None:
            left.append(doubt)
            settled.append((doubt.start, doubt.end))
        if doubt is not None and not doubt.is_wrapped_in_part:
            continue
        destination = parse_destination(without_hidden(url))
        if not any(base.holds(destination) for base in own):
            addresses.append(Address(start, end, text[start:end], destination))
    left += what_is_left(known.text, settled, found)
    return Reading(addresses, [one.named for one in sorted(left, key=lambda one: one.start)])


def destinations(addresses: Sequence[Address]) -> list[str]:
    """Return the distinct destinations in order of first appearance: one link each."""
    return list(dict.fromkeys(address.destination for address in addresses))


def replace(text: str, addresses: Sequence[Address], short_urls: Mapping[str, str]) -> str:
    """Return the text with each address replaced by the short one of its destination.

    `addresses` are those found in this very text; everything between them stays as it is.
    """
    parts = []
    position = 0
    for address in addresses:
        short = address.write(short_urls[address.destination])
        parts += [text[position : address.start], short]
        position = address.end
    return "".join([*parts, text[position:]])


def check_text(text: str, most: int = MAX_TEXT) -> None:
    """Raise Invalid or TooLarge, with a sentence, for what can be neither stored nor searched."""
    if len(text) > most:
        raise TooLarge(
            f"The text is {len(text):,} characters long; shorten it to at most {most:,}."
        )
    if "\x00" in text:
        raise Invalid("The text contains a NUL character, which cannot be stored; take it out.")
    if re.search("[\ud800-\udfff]", text):
        raise Invalid("The text contains half a character (a lone surrogate); take it out.")


# Our own short links


@dataclass(frozen=True, slots=True)
class _Own:
    """A base address of ours and how links below it are recognised."""

    host: str
    ports: frozenset[str]
    path: str
    prefix: re.Pattern[str]
    link: re.Pattern[str]

    def holds(self, url: str) -> bool:
        """Whether a browser sent to this address arrives below the base address."""
        try:
            parsed = ada_url.URL(url)
        except ValueError:
            return False
        return (
            parsed.hostname.rstrip(".") == self.host
            and parsed.port in self.ports
            and f"{parsed.pathname}/".startswith(f"{self.path}/")
        )


# What may follow a base address within a link: ASCII characters of addresses, and the letters
# with which X goes on (Latin with accents, Cyrillic); brackets in pairs, free in a query.
_PATH = r"!$-'*-;=@-\[\]_a-z|~À-ɏЀ-ӿḀ-ỿ"
_TAIL = (
    rf"(?:(?=[/?#])(?:[{_PATH}]|\((?:[{_PATH}]|\([{_PATH}]*+\))*+\))*+"
    rf"(?:[?#][{_PATH}?#()]*+)?)?"
)


def _own_addresses(base_url: str, more_own_hosts: Sequence[str]) -> list[_Own]:
    return [_own(base_url), *(_own(f"https://{host}") for host in more_own_hosts)]


@cache
def _own(base_url: str) -> _Own:
    parsed = ada_url.URL(base_url)
    host, path = parsed.hostname.rstrip("."), parsed.pathname.rstrip("/")
    port = f":{parsed.port}" if parsed.port else "(?::(?:80|443))?"
    names = "|".join(re.escape(name) for name in {host, ada_url.idna_to_unicode(host)})
    prefix = (
        rf"(?:(?<![a-z0-9])https?://|(?<![.@/-])(?:(?<!\w)|(?<=[{UNSPACED}])))(?:{names}){port}(?-i:{re.escape(path)})"
        # Not another, longer name or path, and not the user name of another host.
        r"(?![\w-]|\.\w|:\S|[^\s/?#\\]*@)"
    )
    return _Own(
        host=host,
        ports=frozenset({parsed.port} if parsed.port else {"", "80", "443"}),
        path=path,
        prefix=re.compile(prefix, re.IGNORECASE),
        link=re.compile(prefix + _TAIL, re.IGNORECASE),
    )


def with_public_base(text: str, base_url: str) -> str:
    """Return the text as if our short links were on example.com.

    So X, which knows neither 127.0.0.1 nor localhost, counts them for the links they will be.
    """
    return _own(base_url).prefix.sub("https://example.com", text)


_LONGEST_LABEL: Final = 63
"""Characters between two dots of a host, at most (RFC 1035, 2.3.4)."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A text in which no own link of ours can be taken for another address.

    `spans` are our links. Those the network makes links of are still read by it, since what
    follows one depends on it, with a public host of the same length in place of a base address
    that networks do not know. The others are blanks.
    """

    text: str
    spans: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, text: str, detect: Detect, own: Sequence[_Own]) -> "_Known":
        links = {
            begun.start(): link.end()
            for base in own
            for begun in base.prefix.finditer(text)
            if (link := base.link.match(text, begun.start())) is not None
        }
        if not links:
            return cls(text, ())
        public = text
        for base in own:
            public = base.prefix.sub(_public_in_place, public)
        detected = detect(public)
        read = [(start, end) for start, end, _ in detected if start in links]
        others = [
            (start, end)
            for start, end, url in detected
            if start not in links and not any(base.holds(url) for base in own)
        ]
        spans = []
        for start, end in links.items():
            if any(other_start < start < other_end for other_start, other_end in others):
                continue
            is_read = any(read_start <= start < read_end for read_start, read_end in read)
            shown = public[start:end] if is_read else " " * (end - start)
            text = text[:start] + shown + text[end:]
            spans.append((start, end))
        return cls(text, spans)


def _public_in_place(base: re.Match[str]) -> str:
    """Return a public base address of the same length."""
    scheme = base[0][: base[0].find("://") + 3] if "://" in base[0] else ""
    label = len(base[0]) - len(scheme) - len(".com")
    return f"{scheme}{'e' * label}.com" if 0 < label <= _LONGEST_LABEL else base[0]
