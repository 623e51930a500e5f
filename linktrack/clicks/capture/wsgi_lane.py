"""The lane in front of a WSGI application."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from linktrack.clicks.capture.lane import CARD, REDIRECT, UNAVAILABLE, Away, Behind, Lane
from linktrack.clicks.capture.ruled import Led
from linktrack.links.codes import code_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class WSGILane:
    """WSGI middleware that redirects short links and journals their clicks."""

    def __init__(self, application: "WSGIApplication", lane: Lane) -> None:
        self._application = application
        self._lane = lane

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a known code with 302, or have its card answered; hand everything else on."""
        prefix = environ.get("SCRIPT_NAME")
        if prefix:  # short links begin at the root: gunicorn takes a stranger's word for it
            environ["SCRIPT_NAME"] = ""
            environ["PATH_INFO"] = prefix + environ["PATH_INFO"]
        code = code_in(environ["PATH_INFO"])
        if code is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        try:
            target = self._lane.look_up(environ, code)
            answer = self._lane.answer_in_time(environ, code, target)
        except Away:
            start_response(UNAVAILABLE.status, list(UNAVAILABLE.headers))
            return [UNAVAILABLE.body]
        if isinstance(answer, Behind):
            environ["PATH_INFO"] = answer.path
            if answer.card:
                environ[CARD] = True
            return self._application(environ, start_response)
        headers = [*REDIRECT]
        if isinstance(answer, Led):
            answer, _, cookie = answer
            headers += [("Set-Cookie", cookie)] if cookie else []
        start_response("302 Found", [("Location", answer), *headers])
        return []
