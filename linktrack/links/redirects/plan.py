"""What the lane decides at each click on a link that doesn't always lead to one place. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """When a link redirects: from `valid_from` until before `expires_at`, in seconds since 1970.

    None is no limit. A link without anything of this kind has no plan, and costs nothing.
    """

    valid_from: float | None = None
    expires_at: float | None = None

    def is_open(self, at: float) -> bool:
        """Whether the link redirects at a moment, in seconds since 1970."""
        if self.valid_from is not None and at < self.valid_from:
            return False
        return self.expires_at is None or at < self.expires_at
