"""What linktrack is compared with: bare redirects by WSGI and by ASGI, and Flask's own router."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

LOCATION = "https://www.example.org/articles/1?from=links"
HEADERS = [
    ("Location", LOCATION),
    ("Cache-Control", "private, no-store"),
    ("X-Robots-Tag", "noindex"),
    ("Content-Length", "0"),
]


def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer 302 with linktrack's headers, and do nothing else."""
    start_response("302 Found", HEADERS)
    return []


ASGI_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS]


async def asgi_application(
    scope: dict[str, Any],
    _receive: Callable[[], Awaitable[Any]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer the same by ASGI."""
    if scope["type"] != "http":
        raise RuntimeError("no lifespan here")
    await send({"type": "http.response.start", "status": 302, "headers": ASGI_HEADERS})
    await send({"type": "http.response.body", "body": b""})


def flask_application() -> Any:
    """Return a Flask application with one route, which redirects and writes nothing down."""
    from flask import Flask, Response

    app = Flask(__name__)

    @app.get("/<code>")
    def lead(code: str) -> Response:  # noqa: ARG001 - the router's
        return Response("", 302, HEADERS)

    return app
