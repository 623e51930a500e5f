"""What a link is, as far as acts on many links change it; kept as JSON beside each act. Pure."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class State:
    """Where a link leads, since when it is disabled (in ms, None if it isn't), and its tags.

    `slug` is a code that a person chose, where the act was the making of the link.
    """

    destination: str
    disabled_at: int | None
    tags: tuple[str, ...]
    slug: str | None = None

    def written(self) -> str:
        """Return it as it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def undated(self) -> str:
        """Return it without the moment since which the link is disabled."""
        return replace(self, disabled_at=None if self.disabled_at is None else 0).written()

    @classmethod
    def read(cls, written: str) -> Self:
        """Return what was kept."""
        kept = json.loads(written)
        return cls(**{**kept, "tags": tuple(kept["tags"])})
