"""An httpx transport that sends requests by `outside.visit`."""

import httpx

from linktrack.outside.errors import TooLate, Unanswered
from linktrack.outside.finding import Guard
from linktrack.outside.libraries import ask_for_library
from linktrack.outside.visit import PUBLIC, Client, Limits


class GuardedTransport(httpx.BaseTransport):
    """Sends each request by `Client`.

    A redirect is an error, so that nobody follows it. Where nothing was sent, what is raised is
    `httpx.ConnectError` or `ConnectTimeout`.
    """

    def __init__(self, limits: Limits, guard: Guard = PUBLIC) -> None:
        self._limits = limits
        self._client = Client(guard)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, within our own limits; raises `httpx.TransportError`."""
        body, method, url = request.read() or None, request.method, str(request.url)
        try:
            answer, headers = ask_for_library(
                self._client, method, url, headers=request.headers, body=body, limits=self._limits
            )
        except Unanswered as error:
            sentence = error.sentence.removesuffix(".")
            raise _as_httpx(error)(sentence, request=request) from error
        return httpx.Response(answer.status, headers=headers, content=answer.body)

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()


def _as_httpx(error: Unanswered) -> type[httpx.TransportError]:
    if isinstance(error, TooLate):
        return httpx.ReadTimeout if error.was_sent else httpx.ConnectTimeout
    return httpx.ReadError if error.was_sent else httpx.ConnectError
