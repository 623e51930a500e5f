"""Headers between a library and a connection of ours. Pure."""

from collections.abc import Mapping
from typing import Final

_OURS: Final = ("accept-encoding", "connection", "host", "keep-alive", "transfer-encoding")
"""Headers of a request that are the connection's business."""

_UNTRUE: Final = ("connection", "content-encoding", "content-length", "transfer-encoding")
"""Headers of an answer that do not hold any more once its body has been read and unpacked."""


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request that a library has made, as we send them."""
    kept = {name: value for name, value in headers.items() if name.casefold() not in _OURS}
    return kept | {"Accept-Encoding": "gzip"}


def answer_headers(
    headers: tuple[tuple[str, str], ...], *, is_redirect: bool
) -> list[tuple[str, str]]:
    """Return the headers of an answer as a library is told them: of a redirect, not where to."""
    dropped = (*_UNTRUE, "location") if is_redirect else _UNTRUE
    return [(name, value) for name, value in headers if name.casefold() not in dropped]
