"""Which node this is: a number of its own, beside the journals that make it one."""

import socket
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

from linktrack.keys import read_or_create

NAME: Final = "node"
MOST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class ThisNode:
    """A node's number, and what its machine was called when it began.

    Kept, since a container's machine is called otherwise each time it is made.
    """

    id: str
    machine: str


def make_node(folder: Path) -> ThisNode:
    """Return which node these journals are of; it begins at the first call. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = "".join(sign for sign in socket.gethostname() if sign.isprintable())
    read_or_create(folder / NAME, lambda: f"{token_hex(16)}\n{machine[:MOST_NAME]}\n".encode())
    found = read_node(folder)
    if found is None:
        raise OSError(f"{folder / NAME} is damaged: delete it")
    return found


def read_node(folder: Path) -> ThisNode | None:
    """Return which node these journals are of; None while it never ran."""
    try:
        written = (folder / NAME).read_text(errors="replace").splitlines()
    except OSError:
        return None
    if len(written) != 2 or len(written[0]) != 32:
        return None
    return ThisNode(written[0], written[1] or "node")
