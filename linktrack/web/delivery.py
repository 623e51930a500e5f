"""How answers travel: compressed, and static files kept by browsers for a year.

Compression and BREACH (https://breachattack.com): whoever can make a signed-in browser ask for a
page again and again, with guesses in its address, learns from the lengths of compressed answers
what else is on the page. Such requests come from another site, and browsers say so in
Sec-Fetch-Site. So a request with cookies is answered compressed only if the browser says that it
comes from our own pages or from the person. Without cookies nobody's secret is on a page.
Redirects never come here.
"""

import gzip
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from flask import Flask, Response, request, url_for

SMALLEST: Final = 1_000
"""Bytes below which nothing is gained: the answer fits into one packet anyway."""

LEVEL: Final = 5
"""Of 1 to 9: the overview of a year, 159 KB, takes 2 ms, and level 9 makes it 2% smaller."""

COMPRESSIBLE: Final = ("text/", "application/json", "application/xml", "image/svg+xml")
COMPRESSIBLE_ENDS: Final = ("+json", "+xml", "javascript", "ndjson")

OUR_OWN: Final = ("same-origin", "none")
"""Sec-Fetch-Site of our pages, and of what a person types or has among their bookmarks."""

KEPT: Final = "public, max-age=31536000, immutable"
"""A year: the address of a static file changes with its content."""


def register(app: Flask) -> None:
    """Send answers compressed, and let static files be kept."""
    marks = _marks(app)
    app.jinja_env.globals.update(asset=lambda name: url_for("static", filename=name, v=marks[name]))
    app.after_request(_compressed)
    app.after_request(_kept(marks))


def _marks(app: Flask) -> Mapping[str, str]:
    """Return a mark of each static file's content, by its name."""
    return {
        path.name: blake2b(path.read_bytes(), digest_size=4).hexdigest()
        for path in Path(app.static_folder or "").iterdir()
        if path.is_file()
    }


def _kept(marks: Mapping[str, str]) -> Callable[[Response], Response]:
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 304):
            name = (request.view_args or {}).get("filename")
            if request.args.get("v") == marks.get(str(name)):  # else a newer or older file
                response.headers["Cache-Control"] = KEPT
        return response

    return keep


def _compressed(response: Response) -> Response:
    """Compress an answer where that is worth it, safe, and understood."""
    if not _is_compressible(response):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip") or not _is_safe():
        return response
    if request.endpoint == "static":
        response.direct_passthrough = False  # or the body is a file, and not to be read
        packed = _packed_file(response.get_data())
    else:
        packed = gzip.compress(response.get_data(), LEVEL)
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag is not None:
        response.set_etag(etag, weak=True)  # the same content in other bytes
    return response


def _is_compressible(response: Response) -> bool:
    if response.status_code in (206, 304) or response.headers.get("Content-Encoding"):
        return False
    if response.is_streamed and request.endpoint != "static":
        return False  # long exports go out as they are read
    kind = response.mimetype or ""
    if not (kind.startswith(COMPRESSIBLE) or kind.endswith(COMPRESSIBLE_ENDS)):
        return False
    return (response.content_length or SMALLEST) >= SMALLEST


def _is_safe() -> bool:
    if request.endpoint == "static" or not request.headers.get("Cookie"):
        return True
    return request.headers.get("Sec-Fetch-Site") in OUR_OWN


@lru_cache(maxsize=16)
def _packed_file(content: bytes) -> bytes:
    """Compress a static file once: its bytes are asked for again and again."""
    return gzip.compress(content, 9)
