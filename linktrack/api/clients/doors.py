"""The doors there are, by their word in LINKTRACK_DOORS."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from flask import Blueprint, Response

from linktrack.api.clients import dub, kutt, shlink, yourls


class Door(Protocol):
    """How clients of another shortener are answered."""

    blueprint: Blueprint

    def owns(self, path: str, /) -> bool:
        """Whether an address is one of this door's."""
        ...

    def refuse(self, status: int, sentence: str, /) -> Response:
        """Return an error in this door's own form."""
        ...


DOORS: Final[Mapping[str, Door]] = {"yourls": yourls, "shlink": shlink, "kutt": kutt, "dub": dub}


def door_at(path: str, names: Iterable[str]) -> Door | None:
    """Return the door that an address belongs to, of those that are open; None where none is."""
    return next((DOORS[name] for name in names if DOORS[name].owns(path)), None)
