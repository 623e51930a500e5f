"""Who somebody is on their network, proved by signing in there. Pure.

A browser goes there and comes back with a code. Only the identity is asked for, and what was given
to read it is thrown away at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, Protocol

from linktrack.errors import Forbidden
from linktrack.networks.credentials import Credential

if TYPE_CHECKING:
    from linktrack.settings import Settings  # it imports what sends mail

_LONGEST_CODE: Final = 4_096  # characters


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody on a network; `network_id` is the one by which follower lists know them."""

    network: str
    network_id: str
    handle: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where a browser goes to sign in, and the address of ours at which it must come back.

    `remembered` is for `IdentityReader.finish`; it is secret, and the browser keeps it sealed.
    """

    address: str
    back: str
    remembered: str = field(repr=False)


class Registrations(Protocol):
    """Keeps, for a day, what servers gave us when we registered with them. It is secret."""

    def kept(self, server: str, back: str) -> str | None:
        """Return what was kept of a server for coming back at an address."""
        ...

    def keep(self, server: str, back: str, packed: str) -> None:
        """Keep it, if nothing is there."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """What an installation brings along: its settings, and where it keeps registrations.

    `homes` are the credentials of its own accounts on the network: the server of one may be private
    if it was set on purpose.
    """

    settings: "Settings"
    registrations: Registrations
    homes: Sequence[Credential] = ()


class IdentityReader(Protocol):
    """Asks one network who somebody is."""

    def begin(self, typed: str, back: str, state: str) -> Leaving:
        """Return where whoever typed this signs in: a handle, or as much as the network needs.

        `back` is the address of ours that they come back to, or the beginning of it. Raises
        `Invalid` for what can't be right, `NotFound`, `Refused`, `Unavailable` or `Pause`.
        """
        ...

    def finish(self, remembered: str, sent: Mapping[str, str]) -> Identity:
        """Return who has come back with these parameters.

        Raises `Forbidden` for whom it isn't proved, in a sentence for them, and `Unavailable`.
        """
        ...


def _everywhere(_: str) -> None:
    """Return None: no base address keeps people from signing in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifying:
    """How a network tells who somebody is.

    `hint` says what to type. `refuses` says in a sentence why a base address can't have people
    sign in there; None: it can. `document` is what the network reads of us, if anything.
    """

    hint: str
    open: Callable[[Visit], IdentityReader]
    refuses: Callable[[str], str | None] = _everywhere
    document: Callable[[str], Mapping[str, object]] | None = None


def code_of(sent: Mapping[str, str], server: str, issuer: str, *, names_itself: bool) -> str:
    """Return the code that came back.

    `issuer` is what the server calls itself, which it must say where it `names_itself` (RFC 9207),
    and may say elsewhere. Raises `Forbidden` for another's answer, and for a sign-in that failed.
    """
    said = sent.get("iss")
    if said is None:
        is_theirs = not names_itself
    else:
        is_theirs = compare_digest(said.encode("utf-8", "replace"), issuer.encode())
    if not is_theirs:
        raise Forbidden(
            f"Another server than {server} answered. Nothing was taken over: begin again."
        )
    if sent.get("error") == "access_denied":
        raise Forbidden(f"You cancelled at {server}, so nobody was told who you are.")
    code = sent.get("code", "")
    if "error" in sent or not code or len(code) > _LONGEST_CODE:
        raise Forbidden(f"{server} didn't sign you in: try again.")
    return code
