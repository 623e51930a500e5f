"""Members of a community, for tests that are not about how they were let in."""

from sqlalchemy.orm import Session
from world import NOON

from linktrack.audience.models import Account
from linktrack.community.models import Member


def add_member(
    session: Session,
    community: Account,
    handle: str = "@ada",
    *,
    network_id: str | None = None,
    agrees_links: bool = True,
    agrees_mail: bool = False,
    sealed_mail: str | None = None,
) -> Member:
    """Add somebody who was let in at NOON, known by a handle on the community's network."""
    member = Member(
        account_id=community.id,
        network=community.network,
        network_id=network_id or f"id of {handle}",
        handle=handle,
        handle_key=handle.lstrip("@").casefold(),
        sealed_mail=sealed_mail,
        introduction="I read you since 2009.",
        agrees_links=agrees_links,
        agrees_mail=agrees_mail,
        joined_at=NOON,
        feed_number=0,
    )
    session.add(member)
    session.flush()
    return member
