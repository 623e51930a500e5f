"""Checks before a post is sent: what is refused, and what the owner must confirm."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.errors import Invalid, Unconfirmed
from linktrack.links.lengths import length
from linktrack.links.models import Post
from linktrack.networks.registry import network_of
from linktrack.outside.addresses import is_public

HOUSE_NAMES: Final = ("localhost", "local", "internal", "lan", "home.arpa", "localdomain")
"""Ends of names that no public name has (RFC 6761, 6762, 8375, and ICANN's .internal)."""


def check_sendable(account: Account, text: str, base_url: str, connected: bool) -> None:
    """Raise `Invalid` if a wrapped text cannot be sent for an account.

    That is: readers could not follow its links, nobody signed in, or it is too long.
    """
    if not is_reachable(base_url):
        raise Invalid(
            f"Short links begin with {base_url}, which readers cannot reach: set "
            "LINKTRACK_BASE_URL to your public address before linktrack posts one."
        )
    network = network_of(account.network)
    if network.connecting is None:
        raise Invalid(
            f"linktrack cannot post for {account.handle}, which is on no network it knows: "
            "copy the text and post it yourself."
        )
    if not connected:
        raise Invalid(
            f"{account.handle} is not connected to {network.label}: connect it on its page, "
            "or copy the text and post it yourself."
        )
    used = length(text, account.network, base_url, account.text_limits)
    if used.fits or _has_unknown_limit(account):
        return
    if used.limit is None or used.used <= used.limit:
        raise Invalid(
            f"The text for {account.handle} has too many bytes for {network.label}: shorten it."
        )
    raise Invalid(
        f"The text for {account.handle} is too long for {network.label}: {used.used:,} characters "
        f"once wrapped, where {used.limit:,} are allowed."
    )


def check_usual_length(account: Account, text: str, base_url: str) -> None:
    """Raise `Unconfirmed` if a text is longer than most servers of its network take.

    Where the account's own server says what it takes, that is what counts (`check_sendable`).
    """
    if not _has_unknown_limit(account):
        return
    used = length(text, account.network, base_url)
    if not used.fits:
        raise Unconfirmed(
            f"The text for {account.handle} has {used.used:,} characters once wrapped, and most "
            f"servers of {network_of(account.network).label} allow {used.limit:,}: shorten it, or "
            "confirm that yours allows more."
        )


def _has_unknown_limit(account: Account) -> bool:
    """Whether the account is on a server that may take more, and was not asked or does not say."""
    return network_of(account.network).servers_set_limits and account.text_limits is None


def is_reachable(base_url: str) -> bool:
    """Whether readers elsewhere can reach an address: a public name, or a public IP address."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return "." in host and not any(host.endswith(f".{name}") for name in HOUSE_NAMES)


def check_duplicate(session: Session, account: Account, post: Post) -> None:
    """Raise `Unconfirmed` if another account has the same text, and the network forbids it.

    X's automation rules do (duplicate posts over several accounts), so it is sent only on the
    owner's second word.
    """
    warning = duplicate_warning(session, account, post)
    if warning is not None:
        raise Unconfirmed(f"{warning}, or choose to publish it anyway.")


def duplicate_warning(session: Session, account: Account, post: Post) -> str | None:
    """Return the warning of `check_duplicate` without its end, None if there is none."""
    network = network_of(account.network)
    if not network.forbids_same_text:
        return None
    query = (
        select(Account.handle)
        .join(Post, Post.account_id == Account.id)
        .where(Account.network == network.name, Account.id != account.id, Post.id != post.id)
        .where(Post.state.in_(("scheduled", "published")))
        .where(Post.written == post.written)
    )
    handle = session.scalars(query.limit(1)).first()
    if handle is None:
        return None
    return (
        f"The same text is already on {handle}, or queued for it. {network.label} forbids the same "
        "post on several accounts and may lock them: change the text"
    )
