"""Whether a request that failed had reached its server, where it was made with requests. Pure."""

from linktrack.errors import Unavailable
from linktrack.networks.errors import Unclear
from linktrack.outside.errors import NotPublic, Unanswered


def silence(error: BaseException, network: str, *, sends: bool) -> Unavailable:
    """Return what it means that no answer came: something that was sent may have been done."""
    reason = _reason(error)
    if sends and (reason is None or reason.was_sent):
        return Unclear(f"{network} did not answer: the post may be there.")
    if isinstance(reason, NotPublic):
        return Unavailable(f"{reason.host} is a private address, so it isn't contacted.")
    return Unavailable(f"{network} cannot be reached right now.")


def _reason(error: BaseException | None) -> Unanswered | None:
    """Return what our connection said, below what the network's client has made of it."""
    while error is not None and not isinstance(error, Unanswered):
        error = error.__cause__ or error.__context__
    return error
