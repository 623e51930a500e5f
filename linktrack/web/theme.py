"""Whether pages are light or dark in a browser where somebody chose it."""

from typing import Final

from flask import request

COOKIE: Final = "theme"
THEMES: Final = ("light", "dark")


def theme() -> str:
    """Return light or dark if that was chosen for this browser, else ""."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else ""
