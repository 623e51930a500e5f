"""What the lane decides at each click on a link that doesn't always lead to one place. Pure."""

from dataclasses import dataclass

from linktrack.links.redirects.limits import Limits
from linktrack.links.redirects.rules.deciding import Rule


@dataclass(frozen=True, slots=True)
class Plan:
    """A link's limits, when it redirects: None if it has none; and its rules, in their order.

    A link without anything of this kind has no plan, and costs nothing.
    """

    limits: Limits | None = None
    rules: tuple[Rule, ...] = ()
