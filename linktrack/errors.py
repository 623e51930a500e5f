"""What can go wrong, in the product's words. Each door maps these to a status once."""


class LinktrackError(Exception):
    """A clear sentence for the person who can mend it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Invalid(LinktrackError):
    """The input is not what it must be; nothing was changed."""


class NotFound(LinktrackError):
    """There is no such thing, or the token has no access to it."""


class Ended(LinktrackError):
    """There was such a thing; it has ended, and doesn't come back."""


class Conflict(LinktrackError):
    """The input contradicts what is already there; nothing was changed."""


class Overtaken(Conflict):
    """Somebody else changed it since the caller looked; nothing was changed."""


class Unconfirmed(Conflict):
    """It is done only on the caller's second word."""


class Forbidden(LinktrackError):
    """The caller is known or unknown, and may not do this."""


class TooLarge(LinktrackError):
    """The input is larger than what is taken."""


class TooMany(LinktrackError):
    """The caller asks more often than is answered; later it may ask again."""


class Unavailable(LinktrackError):
    """The database, the data folder or a port cannot be used just now."""
