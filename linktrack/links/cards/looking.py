"""Look at a page before a link to it is posted: its words, and a small copy of its picture.

The picture is fetched by us, once, and shown from our own address: whoever looks how a post will
be never meets the page's server, nor a third one, and the strict rules for our pages can stay.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.db import Database
from linktrack.errors import Invalid, TooLarge
from linktrack.links.cards.cards import MOST_ORIGINAL, PICTURES, Found, read_page
from linktrack.links.cards.models import PageRead, Thumbnail
from linktrack.links.looks.encoding import thumbnail_of
from linktrack.links.visiting import UnreadableError, read
from linktrack.outside.addresses import Address, is_public

KEPT: Final = timedelta(days=30)
"""How long what was read is kept: then it is looked at again."""


def name_of(address: str) -> str:
    """Return the name under which what was read of an address is kept."""
    return blake2b(address.encode(), digest_size=16).hexdigest()


def page_read(session: Session, destination: str) -> Found | None:
    """Return what a page has said of itself, None if it wasn't read lately."""
    kept = session.get(PageRead, name_of(destination))
    if kept is None:
        return None
    return Found(kept.title, kept.description, kept.picture, kept.problem)


def thumbnails(session: Session, addresses: Collection[str]) -> Collection[str]:
    """Return the names of those pictures of which there is a small copy."""
    names = [name_of(address) for address in addresses]
    query = select(Thumbnail.digest).where(Thumbnail.digest.in_(names), Thumbnail.body.is_not(None))
    return set(session.scalars(query))


def thumbnail_named(session: Session, name: str) -> bytes | None:
    """Return the JPEG of a small copy."""
    return session.scalar(select(Thumbnail.body).where(Thumbnail.digest == name))


def small_copy(
    picture: str, agent: str, allowed: Callable[[Address], bool] = is_public
) -> bytes | None:
    """Fetch a picture and return a small copy, None if it can't be had; takes 10 seconds at most.

    Nothing of the database should be held meanwhile.
    """
    try:
        found = read(picture, agent, ", ".join(PICTURES), MOST_ORIGINAL + 1, allowed)
        return thumbnail_of(found.body)
    except (UnreadableError, Invalid, TooLarge):
        return None


def lacks_copy(session: Session, picture: str) -> bool:
    """Whether nobody has tried to make a small copy of a picture."""
    return session.get(Thumbnail, name_of(picture)) is None


def keep_copy(session: Session, picture: str, body: bytes | None, now: datetime) -> None:
    """Keep a small copy of a picture, or that there is none."""
    session.merge(Thumbnail(digest=name_of(picture), made_at=now, body=body))
    session.flush()


def look_at(
    database: Database,
    destination: str,
    agent: str,
    now: datetime,
    *,
    allowed: Callable[[Address], bool] = is_public,
) -> None:
    """Read a page and its picture, and keep what it says; takes at most 20 seconds.

    Nothing of the database is held meanwhile.
    """
    found = read_page(destination, agent, allowed)
    body = None if found.picture is None else small_copy(found.picture, agent, allowed)
    with database.session(writes=True) as session:
        try:
            session.merge(
                PageRead(
                    digest=name_of(destination),
                    read_at=now,
                    title=found.title,
                    description=found.description,
                    picture=found.picture,
                    problem=found.problem,
                )
            )
            if found.picture is not None:
                keep_copy(session, found.picture, body, now)
            session.commit()
        except IntegrityError:  # somebody else has looked at the same moment
            session.rollback()


def forget_old(session: Session, now: datetime) -> None:
    """Delete what was read before KEPT."""
    session.execute(delete(PageRead).where(PageRead.read_at < now - KEPT))
    session.execute(delete(Thumbnail).where(Thumbnail.made_at < now - KEPT))
