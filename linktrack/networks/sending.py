"""Whether a request that failed had reached its server, where it was made with requests. Pure."""

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from linktrack.errors import Unavailable
from linktrack.networks.errors import Unclear


def silence(error: BaseException, network: str, *, sends: bool) -> Unavailable:
    """Return what it means that no answer came: something that was sent may have been done."""
    if sends and _may_have_been_sent(error):
        return Unclear(f"{network} did not answer: the post may be there.")
    return Unavailable(f"{network} cannot be reached just now.")


def _may_have_been_sent(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
            return False
        if isinstance(error, NewConnectionError | ConnectTimeoutError):
            return False
        reason = error.reason if isinstance(error, MaxRetryError) else None
        error = reason or error.__cause__ or error.__context__
    return True
