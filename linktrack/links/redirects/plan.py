"""What the lane decides at each click on a link that doesn't always lead to one place. Pure."""

from dataclasses import dataclass, field

from linktrack.links.redirects.limits import Limits
from linktrack.links.redirects.rules.deciding import Rule, asks_for


@dataclass(frozen=True, slots=True)
class Plan:
    """A link's limits, when it redirects: None if it has none; and its rules, in their order.

    A link without anything of this kind has no plan, and costs nothing.
    """

    limits: Limits | None = None
    rules: tuple[Rule, ...] = ()
    marks: bool = field(init=False, compare=False)
    """Whether a rule tells new from returning visitors, who are marked for it."""

    def __post_init__(self) -> None:
        """Look once for what each click would have to ask."""
        object.__setattr__(self, "marks", asks_for(self.rules, "visitor"))
