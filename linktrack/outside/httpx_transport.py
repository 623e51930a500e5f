"""Lets a client that is made with httpx ask strangers our way."""

import httpx

from linktrack.outside.errors import TooLate, Unanswered
from linktrack.outside.finding import Guard
from linktrack.outside.headers import answer_headers, request_headers
from linktrack.outside.visit import PUBLIC, Client, Limits


class GuardedTransport(httpx.BaseTransport):
    """Sends each request by `Client`.

    A redirect is given back without its Location, so that nobody follows it. Where nothing was
    sent, what is raised is `httpx.ConnectError` or `ConnectTimeout`.
    """

    def __init__(self, limits: Limits, guard: Guard = PUBLIC) -> None:
        self._limits = limits
        self._client = Client(guard)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, within our own limits; raises `httpx.TransportError`."""
        body = request.read()
        try:
            answer = self._client.ask(
                request.method,
                str(request.url),
                headers=request_headers(request.headers),
                body=body or None,
                limits=self._limits,
            )
        except Unanswered as error:
            sentence = error.sentence.removesuffix(".")
            raise _as_httpx(error)(sentence, request=request) from error
        headers = answer_headers(answer.headers, is_redirect=answer.is_redirect)
        return httpx.Response(answer.status, headers=headers, content=answer.body)

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()


def _as_httpx(error: Unanswered) -> type[httpx.TransportError]:
    if isinstance(error, TooLate):
        return httpx.ReadTimeout if error.was_sent else httpx.ConnectTimeout
    return httpx.ReadError if error.was_sent else httpx.ConnectError
