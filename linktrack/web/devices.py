"""Marking a browser whose clicks are not to be counted: by its owner, and by signing in."""

from werkzeug.wrappers import Response

from linktrack.clicks.capture.own_clicks import COOKIE, SECONDS
from linktrack.context import installation


def mark_device(answer: Response) -> Response:
    """Have the browser of this request say with every click that it is not to be counted."""
    answer.set_cookie(
        COOKIE,
        installation().own_clicks().content(),
        max_age=SECONDS,
        path="/",
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer


def unmark_device(answer: Response) -> Response:
    """Remove the marker from the browser of this request."""
    answer.delete_cookie(COOKIE, path="/")
    return answer
