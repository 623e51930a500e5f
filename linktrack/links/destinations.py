"""Turn an address as somebody wrote it into the ASCII address a browser is sent to."""

import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

import ada_url

from linktrack.errors import Invalid

MAX_LENGTH = 4096
"""The longest destination, in characters after normalising; more is not safe in a header."""

_SHOWN = 100

# Written this plainly, an address is already a Location header and is kept byte for byte: a
# signed one must not change. Everything else (user names, brackets, non-ASCII letters,
# backslashes, spaces, quotes) goes through the URL standard's own serialiser.
_PLAIN = re.compile(
    r"""https?://([a-z0-9.-]+)(?::[0-9]+)?(?:[/?#][!#-&(-;=?-\[\]-~]*)?""",
    re.IGNORECASE | re.ASCII,  # without ASCII, [a-z] takes İ, ı, ſ and the Kelvin sign
)
_UNSAFE = re.compile(r"[^!-~]|[\"<>#]")
_SAFE = re.compile(r"https?://[!-~]+", re.IGNORECASE | re.ASCII)


def parse_destination(written: str) -> str:
    """Return the address a browser is sent to: http(s), printable ASCII, at most MAX_LENGTH.

    Follows the WHATWG URL Standard (https://url.spec.whatwg.org/), so it is the address that
    browsers would open: international names become punycode and the rest is percent-encoded.
    An address that is plain already stays as written, and a destination given again stays the
    same. Raises Invalid for anything else, whatever the characters in it.
    """
    try:
        parsed = ada_url.URL(written)
    except ValueError:
        raise Invalid(_why_not(written)) from None
    if parsed.protocol not in ("http:", "https:"):
        raise Invalid(_why_not(written))
    plain = _PLAIN.fullmatch(written)
    # "0x7f.1" and other spellings of a number are plain too, but not every client reads them.
    as_written = plain is not None and plain[1].lower() == parsed.hostname
    destination = written if as_written else parsed.href
    if len(destination) > MAX_LENGTH:
        raise Invalid(
            f"The address {_shown(written)} is {len(destination):,} characters long;"
            f" use one of at most {MAX_LENGTH:,}."
        )
    if not _SAFE.fullmatch(destination):
        raise Invalid(_why_not(written))
    return destination


def with_query(destination: str, query: str) -> str:
    """Return a destination with a click's own query behind its query, before its fragment.

    `query` is as WSGI gives it: bytes read as Latin-1. What cannot stand in a header is
    percent-encoded; one that would make the address too long is left out.
    """
    added = _UNSAFE.sub(lambda found: f"%{ord(found[0]) & 0xFF:02X}", query)
    if not added or len(destination) + len(added) >= MAX_LENGTH:
        return destination
    address, hash_mark, fragment = destination.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{added}{hash_mark}{fragment}"


def with_parameters(destination: str, values: Mapping[str, str]) -> str:
    """Return a destination with these query parameters, but for those it has already."""
    there = parameters_of(destination)
    return with_query(
        destination, urlencode({name: value for name, value in values.items() if name not in there})
    )


def parameters_of(destination: str) -> Mapping[str, str]:
    """Return the query parameters of a destination; the last of several with a name."""
    address, _, _ = destination.partition("#")
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def without_parameters(destination: str, names: Collection[str]) -> Sequence[str]:
    """Return the addresses that `with_parameters` may have made this of, with these names.

    The destination itself is the first of them.
    """
    address, hash_mark, fragment = destination.partition("#")
    found = [destination]
    for _ in names:
        before, joint, last = address.rpartition("&")
        if not joint:
            before, joint, last = address.rpartition("?")
        if not joint or last.partition("=")[0] not in names:
            break
        address = before
        found.append(f"{address}{hash_mark}{fragment}")
    return found


def parse_retired(written: str) -> str:
    """Return the address of another kind of server (ftp, say) that an old link led to, as ASCII.

    It is kept as history and never redirected to: `parse_destination` refuses it. Raises Invalid
    for what names no server, such as javascript: and data:.
    """
    try:
        parsed = ada_url.URL(written)
    except ValueError:
        raise Invalid(_why_not(written)) from None
    address: str = parsed.href
    if not parsed.hostname or len(address) > MAX_LENGTH or not re.fullmatch(r"[!-~]+", address):
        raise Invalid(_why_not(written))
    return address


def destination_of(written: str) -> str:
    """Return where an old link led: a web page, or another kind of server. Raises `Invalid`."""
    try:
        return parse_destination(written)
    except Invalid:
        return parse_retired(written)


def _why_not(written: str) -> str:
    if not written.strip():
        return "The address is empty; write one that begins with http:// or https://."
    if re.match(r"\s*https?:", written, re.IGNORECASE):
        return (
            f"No browser can open the address {_shown(written)};"
            " check the name of the site and the port."
        )
    return (
        f"{_shown(written)} is not the address of a web page;"
        " write one that begins with http:// or https://."
    )


def _shown(written: str) -> str:
    """Quote the beginning of an address, fit for a message."""
    printable = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in written[:_SHOWN]
    )
    return f"“{printable}{'…' if len(written) > _SHOWN else ''}”"
