"""Links as linkify-it finds them, for networks without a library of their own. Pure."""

import re
from functools import cache
from typing import TYPE_CHECKING

from linktrack.networks.network import Found

if TYPE_CHECKING:
    from linkify_it import LinkifyIt

MAX_DOTS = 10
"""Of a host at most: the limit is ours, and no site in use comes near it."""


def find_links(text: str, *, bare: bool) -> list[Found]:
    """Return what linkify-it makes a link of: http:// and https://, with `bare` example.com too."""
    return [
        (match.index, match.last_index, with_scheme(text[match.index : match.last_index]))
        for match in _linkify(bare).match(_bounded(text)) or ()
        # E-mail addresses are looked for only so that no half of one is taken for a host.
        if match.schema in ("", "http:", "https:")
    ]


def with_scheme(written: str) -> str:
    """Return an address as it was written, with http:// where it has no scheme."""
    has_scheme = re.match("https?://", written, re.IGNORECASE)
    return written if has_scheme else f"http://{written}"


@cache
def _linkify(bare: bool) -> "LinkifyIt":
    from linkify_it import LinkifyIt

    return LinkifyIt(options={"fuzzy_link": bare, "fuzzy_email": bare})


# What linkify-it may take for a part of a host: nearly anything but punctuation and space.
_HOST = re.compile(r"(?:[^\s!-#%-*,./:-<>-@\[-\]_{}、。，．！？：；・「」『』（）…“”‘’]|\.(?!\.))+")


def _bounded(text: str) -> str:
    """Make endless hosts harmless; the text keeps its length.

    linkify-it tries every part of "a.com=a.com=…" as a host: 30 s for 25,000 characters. And a
    label that begins with "xn--" it reads in two ways, in a time that doubles with each: 7 s for
    twenty. With other letters for too many dots or "xn--", paths and hosts remain what they are.
    """
    return _HOST.sub(_bounded_host, text)


def _bounded_host(match: re.Match[str]) -> str:
    host = match[0]
    if host.count(".") > MAX_DOTS:
        host = host[:-1].replace(".", "a") + host[-1]
    if host.lower().count("xn--") > 4:
        host = re.sub("xn--", "xnaa", host, flags=re.IGNORECASE)
    return host
