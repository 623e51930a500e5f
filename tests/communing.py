"""A community for tests: an account that people can ask to join, who asks, and who is in it."""

from datetime import datetime, timedelta
from typing import Final

from world import NOON, World

from linktrack.audience.models import Account
from linktrack.community.communities import open_community
from linktrack.community.contacts import SealedMail, seal_mail
from linktrack.community.models import Community, JoinRequest, Member, Proof
from linktrack.keys import load_keys

MASTODON: Final = "mastodon"


def sealing(world: World) -> bytes:
    """The key under which an installation keeps mail addresses."""
    return load_keys(world.settings.data).sealing()


def opened(world: World, handle: str = "@jessestay", network: str = MASTODON) -> Account:
    """Add an account with the role we, and open its community."""
    if network == MASTODON and handle.count("@") == 1:
        handle = f"{handle}@mastodon.social"
    account = world.account(handle, network, "we")
    open_community(world.session, account, NOON)
    world.session.commit()
    return account


def community_of(world: World, account: Account) -> Community:
    """The community of an account."""
    found = world.session.get(Community, account.id)
    assert found is not None
    return found


def asks(
    world: World,
    account: Account,
    name: str = "ann",
    *,
    introduction: str = "I paint birds, and I read your posts every morning.",
    at: datetime = NOON,
    proof: Proof = "network",
    agrees_links: bool = True,
    agrees_mail: bool = False,
    mark: str = "",
) -> JoinRequest:
    """Somebody asks to join, and has proved who they are; by mail their handle isn't known.

    `mark` is put into each of their words.
    """
    mail = _mail(world, name, mark) if proof == "mail" or agrees_mail else None
    named = proof != "mail"
    request = JoinRequest(
        account_id=account.id,
        state="waiting",
        proof=proof,
        network=account.network if named else None,
        network_id=f"{mark}{account.network}/{name}" if named else None,
        handle=f"@{mark}{name}" if named else None,
        handle_key=f"{mark}{name}".casefold() if named else None,
        sealed_mail=mail and mail.sealed,
        mail_digest=mail and mail.digest,
        introduction=f"{mark} {introduction}".strip(),
        agrees_links=agrees_links,
        agrees_mail=mail is not None and agrees_mail,
        asked_at=at,
        confirmed_at=at + timedelta(minutes=2),
    )
    world.session.add(request)
    world.session.commit()
    return request


def member(
    world: World,
    account: Account,
    name: str = "bob",
    *,
    at: datetime = NOON,
    agrees_links: bool = True,
    agrees_mail: bool = False,
    by_mail: bool = False,
    mark: str = "",
) -> Member:
    """Somebody who was let in; `by_mail`: only their address is known, no handle."""
    mail = _mail(world, name, mark) if by_mail or agrees_mail else None
    found = Member(
        account_id=account.id,
        network=None if by_mail else account.network,
        network_id=None if by_mail else f"{mark}{account.network}/{name}",
        handle=None if by_mail else f"@{mark}{name}",
        handle_key=None if by_mail else f"{mark}{name}".casefold(),
        sealed_mail=mail and mail.sealed,
        mail_digest=mail and mail.digest,
        introduction=f"{mark} Hello, I am {name}.".strip(),
        agrees_links=agrees_links,
        agrees_mail=mail is not None and agrees_mail,
        joined_at=at,
        feed_number=1,
    )
    world.session.add(found)
    world.session.commit()
    return found


def _mail(world: World, name: str, mark: str) -> SealedMail:
    return seal_mail(sealing(world), f"{mark}{name}@example.org")
