"""Engagement with a post, as networks tell it: how much of each kind, and whose. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["like", "repost", "reply", "quote", "bookmark", "view"]
"""A bookmark is also called a save, a view an impression."""

NAMED: Final[tuple[Kind, ...]] = ("like", "repost", "reply", "quote")
"""The kinds of which networks may tell who it was."""

Counts: TypeAlias = Mapping[Kind, int]
"""How much there is of each kind; a kind that the network doesn't tell is left out."""


@dataclass(frozen=True, slots=True)
class EngagedPerson:
    """Somebody who did something with a post; `at` is when, where the network says so.

    `network_id` is the network's stable id of people, as follower lists have it.
    """

    kind: Kind
    network_id: str
    handle: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the people who did one thing with a post; without a cursor it was the last."""

    people: Sequence[EngagedPerson]
    cursor: str | None


class EngagementReader(Protocol):
    """Whatever tells of the engagement with an account's own posts."""

    @property
    def most(self) -> int:
        """How many posts are asked for at once."""
        ...

    @property
    def names(self) -> Collection[Kind]:
        """The kinds of which it tells who it was, wherever it tells how much there is."""
        ...

    def counts(self, posted: Mapping[str, datetime]) -> Mapping[str, Counts]:
        """Return what there is of each kind, by post; a post that is gone is left out.

        `posted` are the posts' ids, and when each was posted. Raises `Unavailable` if the network
        cannot be asked now; `Pause` says when it may be asked again.
        """
        ...

    def people(self, network_id: str, kind: Kind, cursor: str | None) -> PeoplePage:
        """Return one page of the people of one kind; raises as `counts`, and `NotFound`."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...
