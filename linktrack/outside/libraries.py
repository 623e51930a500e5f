"""What the adapters of httpx and requests share."""

from collections.abc import Mapping
from typing import Final

from linktrack.outside.errors import Redirected
from linktrack.outside.visit import Answer, Client, Limits

_OURS: Final = ("accept-encoding", "connection", "host", "keep-alive", "transfer-encoding")
"""Headers of a request that are the connection's business."""

_UNTRUE: Final = ("connection", "content-encoding", "content-length", "transfer-encoding")
"""Headers of an answer that no longer hold once its body has been read and unpacked."""


def ask_for_library(
    client: Client,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    limits: Limits,
) -> tuple[Answer, list[tuple[str, str]]]:
    """Ask what a library wants to ask; return the answer, and its headers as they hold for it.

    Raises `Unanswered`; a redirect is one, since the library would follow it, secrets and all.
    """
    kept = {name: value for name, value in headers.items() if name.casefold() not in _OURS}
    kept["Accept-Encoding"] = "gzip"
    answer = client.ask(method, url, headers=kept, body=body, limits=limits)
    if answer.is_redirect:
        raise Redirected(
            "It redirects, and linktrack doesn't follow redirects here.", was_sent=True
        )
    said = [(name, value) for name, value in answer.headers if name.casefold() not in _UNTRUE]
    return answer, said
