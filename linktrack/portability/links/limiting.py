"""Give links of another shortener the limits that they had there."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, insert, update

from linktrack.chunks import chunked
from linktrack.ids import LinkId
from linktrack.links.bulk import CHUNK
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import hash_link_password
from linktrack.links.redirects.models import LinkBudget, LinkLimit
from linktrack.portability.links.limits import FoundLimits


def add_limits(connection: Connection, limits: Iterable[tuple[LinkId, FoundLimits]]) -> None:
    """Give new links these limits; a password takes some 20 ms."""
    limited = [(link_id, found) for link_id, found in limits if found.is_any]
    if not limited:
        return
    hashed = _hashes(found.password for _, found in limited)
    connection.execute(
        insert(LinkLimit),
        [
            {
                "link_id": link_id,
                "valid_from": found.valid_from,
                "expires_at": found.expires_at,
                "most_clicks": found.most_clicks,
                "password_hash": hashed.get(found.password or ""),
                "ended_to": found.ended_to,
            }
            for link_id, found in limited
        ],
    )
    budgets = [
        {"link_id": link_id, "used": min(found.used, found.most_clicks), "round": 1}
        for link_id, found in limited
        if found.most_clicks is not None
    ]
    if budgets:
        connection.execute(insert(LinkBudget), budgets)
    for part in chunked([link_id for link_id, _ in limited], CHUNK):
        connection.execute(update(Link).where(Link.id.in_(part)).values(has_plan=True))


def _hashes(passwords: Iterable[str | None]) -> Mapping[str, str]:
    return {each: hash_link_password(each).stored for each in set(passwords) if each}
