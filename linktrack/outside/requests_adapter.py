"""An adapter of requests that sends them by `outside.visit`."""

from io import BytesIO

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from linktrack.outside.errors import TooLate, Unanswered, Untrusted
from linktrack.outside.finding import Guard
from linktrack.outside.libraries import ask_for_library
from linktrack.outside.visit import PUBLIC, Client, Limits


class GuardedAdapter(HTTPAdapter):
    """Sends each request by `Client`; proxies and other settings of the environment do not count.

    What is raised, also for a redirect, has an `Unanswered` as its cause, which says whether
    anything was sent.
    """

    def __init__(self, limits: Limits, guard: Guard = PUBLIC) -> None:
        super().__init__()
        self._limits = limits
        self._client = Client(guard)

    def send(
        self, request: requests.PreparedRequest, *_: object, **__: object
    ) -> requests.Response:
        """Send a request, within our own limits; raises `requests.RequestException`."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        sent = {name: str(value) for name, value in request.headers.items()}
        method, url = request.method or "GET", request.url or ""
        try:
            answer, headers = ask_for_library(
                self._client, method, url, headers=sent, body=body, limits=self._limits
            )
        except Unanswered as error:
            raise _as_requests(error)(error.sentence, request=request) from error
        raw = HTTPResponse(
            BytesIO(answer.body),
            HTTPHeaderDict(headers),
            answer.status,
            reason=answer.reason,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)

    def close(self) -> None:
        """Give back the connections."""
        super().close()
        self._client.close()


def _as_requests(error: Unanswered) -> type[requests.RequestException]:
    if isinstance(error, Untrusted):
        return requests.exceptions.SSLError
    if isinstance(error, TooLate):
        return requests.ReadTimeout if error.was_sent else requests.ConnectTimeout
    return requests.ConnectionError
