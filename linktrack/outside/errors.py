"""Why a stranger's server gave no answer, in the product's words."""

from linktrack.errors import Unavailable
from linktrack.outside.addresses import Address


class Unanswered(Unavailable):
    """No answer came. `was_sent`: the far side may have heard the request, and done it."""

    def __init__(self, sentence: str, *, was_sent: bool = False) -> None:
        super().__init__(sentence)
        self.was_sent = was_sent


class NotPublic(Unanswered):
    """Nothing was asked: the address is a private one, or none of the web."""

    def __init__(self, host: str, address: Address | None = None) -> None:
        stands = f" stands for {address}, which" if address is not None else ""
        super().__init__(f"{host}{stands} is not a public address.")
        self.host = host


class UnknownName(Unanswered):
    """Nobody knows the name of the host."""


class NobodyListens(Unanswered):
    """The machine is there, and refuses the connection."""


class Untrusted(Unanswered):
    """The server cannot prove that it is who its address says."""


class TooLate(Unanswered):
    """The time was over before the answer was."""


class TooMuch(Unanswered):
    """The answer is longer than what is taken."""


class TooManyRedirects(Unanswered):
    """One redirect led to the next."""


class Redirected(Unanswered):
    """The answer leads elsewhere, where it is not followed."""
