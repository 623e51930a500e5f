"""Signing in, and being signed in; each network's client is imported when it is used."""

from collections.abc import Mapping

from linktrack.networks.base import Writer
from linktrack.networks.credentials import NEEDS, Credential, Keeper, SignIn, check_typed


def sign_in(network: str, handle: str, typed: Mapping[str, str], server: str | None) -> SignIn:
    """Ask a network whether it takes what an owner has typed.

    `server` is an address set on purpose; without it the network's usual one is asked. Raises
    `Invalid` for what cannot be right, `SignedOut` where the network does not take it, and
    `Unavailable` or `Pause`.
    """
    secrets = check_typed(network, typed)
    from linktrack.networks.bluesky_writer import sign_in

    return sign_in(handle, secrets["app_password"], server or NEEDS[network].server)


def signed_in(credential: Credential, keeper: Keeper) -> Writer:
    """Return the network of a credential; it is not asked anything yet."""
    from linktrack.networks.bluesky_writer import BlueskyWriter

    return BlueskyWriter(credential, keeper)
