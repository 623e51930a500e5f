"""When a link redirects, and for whom, as the lane decides it at each click. Pure."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

MOST_CLICKS: Final = 1_000_000_000
SHORTEST_PASSWORD: Final = 4
LONGEST_PASSWORD: Final = 1_000

Period: TypeAlias = Literal["not-begun", "open", "ended"]
"""Where a moment lies: before a link begins, while it redirects, or after its end."""

Verdict: TypeAlias = Literal["open", "closed", "ended"]
"""What becomes of a click: it is redirected, a page answers, or the link has ended."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From `valid_from` until before `expires_at`, in seconds since 1970; None is no limit.

    People may click `most_clicks` times, counted anew in every `round`; `is_used_up` says that all
    of them were given out when the link was looked up. `password` is the fingerprint of the
    password that is asked for. Once it has ended the link leads to `ended_to`, if anywhere.
    """

    valid_from: float | None = None
    expires_at: float | None = None
    most_clicks: int | None = None
    round: int = 0
    is_used_up: bool = False
    password: str | None = None
    ended_to: str | None = None

    def period(self, at: float) -> Period:
        """Return where a moment lies, in seconds since 1970."""
        if self.expires_at is not None and at >= self.expires_at:
            return "ended"
        return "not-begun" if self.valid_from is not None and at < self.valid_from else "open"


def pass_name(link_id: int) -> str:
    """Return the name of the cookie that says that a browser's reader knew a link's password."""
    return f"pass-{link_id}"


def fingerprint(password_hash: str) -> str:
    """Return what a browser's pass names a password by: another one, or a new hash, has another."""
    return blake2b(password_hash.encode(), digest_size=8, person=b"link password").hexdigest()
