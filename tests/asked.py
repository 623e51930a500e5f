"""People who ask to join, as they are stored once they have proved who they are."""

from datetime import datetime

from world import NOON, World

from linktrack.audience.models import Account
from linktrack.community.contacts import seal_mail
from linktrack.community.models import JoinRequest
from linktrack.keys import load_keys
from linktrack.networks.registry import NetworkName


def request_of(
    world: World,
    account: Account,
    name: str,
    network_id: str | None = None,
    *,
    network: NetworkName | None = None,
    mail: str | None = None,
    introduction: str | None = None,
    agrees_links: bool = True,
    at: datetime = NOON,
) -> JoinRequest:
    """Store a request that was confirmed; without a `network_id` of whoever has the mail."""
    sealed = None
    if mail is not None:
        sealed = seal_mail(load_keys(world.settings.data).sealing(), mail)
    request = JoinRequest(
        account_id=account.id,
        state="waiting",
        proof="mail" if network_id is None else "network",
        network=None if network_id is None else network or account.network,
        network_id=network_id,
        handle=None if network_id is None else f"@{name}",
        handle_key=None if network_id is None else name.casefold(),
        sealed_mail=None if sealed is None else sealed.sealed,
        mail_digest=None if sealed is None else sealed.digest,
        introduction=introduction or f"I'm {name}, and I keep bees.",
        agrees_links=agrees_links,
        agrees_mail=mail is not None,
        asked_at=at,
        confirmed_at=at,
    )
    world.session.add(request)
    world.session.commit()
    return request
