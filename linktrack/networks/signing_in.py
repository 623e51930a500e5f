"""Signing in, and being signed in; each network's client is imported when it is used."""

from collections.abc import Mapping

from linktrack.errors import Invalid
from linktrack.networks.credentials import (
    Credential,
    Keeper,
    Needs,
    SignIn,
    check_server,
    check_typed,
)
from linktrack.networks.network import Connecting
from linktrack.networks.protocols import Writer
from linktrack.networks.registry import network_of


def needs_of(network: str) -> Needs:
    """Return what signing in takes; raises `Invalid` for a network where nobody can be."""
    return _connecting(network).needs


def sign_in(network: str, handle: str, typed: Mapping[str, str], server: str | None) -> SignIn:
    """Ask a network whether it takes what an owner has typed.

    `server` is an address set on purpose, which may be private; without it the network's usual
    one is asked. Raises `Invalid` for what cannot be right, `SignedOut` if the network does
    not take it, and `Unavailable` or `Pause`.
    """
    found = _connecting(network)
    return found.sign_in(handle, check_typed(found.needs, typed), check_server(server))


def signed_in(credential: Credential, keeper: Keeper) -> Writer:
    """Return the network of a credential; it is not asked anything yet."""
    return _connecting(credential.network).open_writer(credential, keeper)


def _connecting(network: str) -> Connecting:
    found = network_of(network).connecting
    if found is None:
        raise Invalid(
            "linktrack can't sign in to that network: copy the text and post it yourself."
        )
    return found
