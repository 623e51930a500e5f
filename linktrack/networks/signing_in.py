"""Signing in, and being signed in; each network's client is imported when it is used."""

from collections.abc import Mapping

from linktrack.networks.base import Writer
from linktrack.networks.credentials import Credential, Keeper, SignIn, check_server, check_typed


def sign_in(network: str, handle: str, typed: Mapping[str, str], server: str | None) -> SignIn:
    """Ask a network whether it takes what an owner has typed.

    `server` is an address set on purpose, which may be private; without it the network's usual
    one is asked. Raises `Invalid` for what cannot be right, `SignedOut` where the network does
    not take it, and `Unavailable` or `Pause`.
    """
    values, server = check_typed(network, typed), check_server(server)
    if network == "bluesky":
        from linktrack.networks import bluesky_session

        return bluesky_session.sign_in(handle, values["app_password"], server)
    if network == "mastodon":
        from linktrack.networks import mastodon_writer

        return mastodon_writer.sign_in(handle, values["access_token"], server)
    from linktrack.networks import x_writer

    return x_writer.sign_in(handle, values, server)


def signed_in(credential: Credential, keeper: Keeper) -> Writer:
    """Return the network of a credential; it is not asked anything yet."""
    if credential.network == "bluesky":
        from linktrack.networks.bluesky_writer import BlueskyWriter

        return BlueskyWriter(credential, keeper)
    if credential.network == "mastodon":
        from linktrack.networks.mastodon_writer import MastodonWriter

        return MastodonWriter(credential, keeper)
    from linktrack.networks.x_writer import XWriter

    return XWriter(credential, keeper)
