"""What linktrack is compared with: a bare WSGI redirect, and Flask's own router."""

from collections.abc import Callable, Iterable
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


def flask_application() -> Any:
    """Return a Flask application with one route, which redirects and writes nothing down."""
    from flask import Flask, Response

    app = Flask(__name__)

    @app.get("/<code>")
    def lead(code: str) -> Response:  # noqa: ARG001 - the router's
        return Response("", 302, HEADERS)

    return app
