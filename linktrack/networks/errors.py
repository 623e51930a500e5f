"""What can go wrong when a network is asked, beyond what `linktrack.errors` has. Pure."""

from datetime import datetime

from linktrack.errors import LinktrackError, Unavailable


class Refused(LinktrackError):
    """The network does not take it, and will not however often it is tried."""


class SignedOut(Refused):
    """Nobody is signed in, or the network no longer accepts it: the owner has to connect."""


class Unclear(Unavailable):
    """No answer came: it may have been done. `Writer.find` tells, and so does the same key."""


class Pause(Exception):
    """The network asks to be left alone until a moment (aware)."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"asked to wait until {until:%Y-%m-%d %H:%M:%S} UTC")
        self.until = until
