"""The link card of a post that is being sent, from the page behind its first link."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from linktrack.db import Database
from linktrack.links.cards.cards import agent_of, keep_card, message_card, read_page, shown_card
from linktrack.links.cards.previews import first_link
from linktrack.links.catalog import Shortener
from linktrack.links.looks.pictures import own_picture, picture_named
from linktrack.links.models import Link, LinkCard
from linktrack.links.redirects.limiting import limits_of
from linktrack.networks.records import Card
from linktrack.outside.addresses import Address, is_public


def card_below(
    database: Database,
    shortener: Shortener,
    post_id: int,
    text: str,
    now: datetime,
    *,
    allowed: Callable[[Address], bool] = is_public,
) -> Card | None:
    """Return the card of the first link in a post's text; None if nothing is known of its page.

    None too where a link's limits keep it a secret where that leads.

    A page that was not read yet is read now, which with its picture takes at most 20 seconds;
    nothing of the database is held meanwhile.
    """
    with database.session() as session:
        links = session.scalars(select(Link).where(Link.post_id == post_id)).all()
        link = first_link(shortener, links, text)
        if link is None:
            return None
        kept = session.get(LinkCard, link.id)
        name = own_picture(session, link.id)
        picture = None if name is None else picture_named(session, name)
        if limits_of(session, link).keeps_secret(now):
            return None
    agent = agent_of(shortener.base_url)
    if kept is None or kept.read_at is None or kept.destination != link.destination:
        found = read_page(link.destination, agent, allowed)
        with database.session(writes=True) as session:
            try:
                keep_card(session, link.id, link.destination, found, now)
                session.commit()
            except IntegrityError:  # the service has read it at the same moment
                session.rollback()
            kept = session.get(LinkCard, link.id)
    shown = shown_card(shortener, link, kept, own=name)
    own = picture is not None or (kept is not None and kept.own_title is not None)
    return None if shown.is_bare and not own else message_card(shown, agent, allowed, own=picture)
