"""Mark browsers whose clicks aren't counted: by the owner's choice, and on signing in."""

from werkzeug.wrappers import Response

from linktrack.clicks.capture.own_clicks import COOKIE, SECONDS
from linktrack.context import installation


def mark_device(answer: Response) -> Response:
    """Mark this request's browser, so that its clicks aren't counted."""
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
    """Remove the mark from this request's browser."""
    answer.delete_cookie(COOKIE, path="/")
    return answer
