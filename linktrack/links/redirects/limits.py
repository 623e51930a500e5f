"""When a link redirects, as the lane decides it at each click. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """From `valid_from` until before `expires_at`, in seconds since 1970; None is no limit."""

    valid_from: float | None = None
    expires_at: float | None = None

    def is_open(self, at: float) -> bool:
        """Whether the link redirects at a moment, in seconds since 1970."""
        if self.valid_from is not None and at < self.valid_from:
            return False
        return self.expires_at is None or at < self.expires_at
