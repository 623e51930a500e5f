"""Light or dark: as the device says, or as somebody chooses for this browser."""

from typing import Final

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from linktrack.context import installation
from linktrack.web.settings.profile import blueprint
from linktrack.web.theme import COOKIE, THEMES

YEAR: Final = 365 * 24 * 3600  # seconds


@blueprint.post("/profile/theme")
def choose_theme() -> Response:
    """Keep the choice in a cookie, which needs no script; without one, the device decides."""
    answer = redirect(url_for("own.show"), 303)
    chosen = request.form.get("theme", "")
    if chosen not in THEMES:
        answer.delete_cookie(COOKIE, path="/")
        flash("Pages are light or dark as your device says.")
        return answer
    answer.set_cookie(
        COOKIE,
        chosen,
        max_age=YEAR,
        path="/",
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    flash(f"Pages are {chosen} in this browser.")
    return answer
