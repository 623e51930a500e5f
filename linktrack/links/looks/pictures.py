"""Pictures of one's own for the cards of links; in the database, which all machines share."""

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.ids import LinkId
from linktrack.links.looks.encoding import card_picture_of
from linktrack.links.looks.models import OwnPicture
from linktrack.links.models import Link
from linktrack.owners.audit import note


def own_pictures(session: Session, link_ids: Collection[LinkId]) -> Mapping[LinkId, str]:
    """Return the names of these links' own pictures, where they have one."""
    query = select(OwnPicture.link_id, OwnPicture.digest).where(OwnPicture.link_id.in_(link_ids))
    return {row.link_id: row.digest for row in session.execute(query)}


def own_picture(session: Session, link_id: LinkId) -> str | None:
    """Return the name of a link's own picture, None if it has none."""
    return own_pictures(session, [link_id]).get(link_id)


def picture_named(session: Session, digest: str) -> bytes | None:
    """Return the JPEG of a name, None if no link has it now."""
    query = select(OwnPicture.body).where(OwnPicture.digest == digest).limit(1)
    return session.scalar(query)


def picture_url(base_url: str, digest: str) -> str:
    """Return the address of a picture; whatever is there never changes."""
    return f"{base_url}/img/{digest}.jpg"


def set_picture(session: Session, link: Link, file: bytes, now: datetime) -> None:
    """Show this picture on a link's card from now on; an empty file is none.

    It is checked and written anew. Raises what `card_picture_of` raises.
    """
    kept = session.get(OwnPicture, link.id)
    if not file:
        if kept is not None:
            session.delete(kept)
            session.flush()
            note(session, f"Removed the picture of the link {link.code}.", now)
        return
    body = card_picture_of(file)
    digest = blake2b(body, digest_size=16).hexdigest()
    if kept is None:
        kept = OwnPicture(link_id=link.id)
        session.add(kept)
    elif kept.digest == digest:
        return
    kept.digest, kept.body, kept.changed_at = digest, body, now
    session.flush()
    note(session, f"Changed the picture of the link {link.code}.", now)
