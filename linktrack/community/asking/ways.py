"""How people can prove who they are: what their network allows, and whether there is mail."""

from linktrack.audience.identity.asking import identifying
from linktrack.community.models import Proof
from linktrack.errors import Invalid
from linktrack.networks.registry import network_of
from linktrack.settings import Settings


def proofs(network: str, settings: Settings) -> tuple[Proof, ...]:
    """Return how people of a network can prove who they are, the strongest way first."""
    possible: dict[Proof, bool] = {
        "network": _can_sign_in(network, settings.base_url),
        "code": network_of(network).public_texts is not None,
        "mail": settings.mail is not None,
    }
    return tuple(proof for proof, is_possible in possible.items() if is_possible)


def _can_sign_in(network: str, base_url: str) -> bool:
    try:
        identifying(network, base_url)
    except Invalid:
        return False
    return True
