"""How the card below a post will look on its network: as far as we know what it will read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from linktrack.audience.cards import OURS
from linktrack.audience.models import Account
from linktrack.links.cards.cards import Found, card_of, kept_card
from linktrack.links.cards.looking import name_of, page_read, thumbnails
from linktrack.links.catalog import Shortener
from linktrack.links.codes import index_of
from linktrack.links.looks.pictures import own_picture
from linktrack.links.models import Link
from linktrack.networks.network import CardPart
from linktrack.networks.registry import network_of


@dataclass(frozen=True, slots=True)
class CardPreview:
    """A card as its network shows it, its `parts` in their order.

    `site` is the host it names. `own` and `thumbnail` name pictures of ours; `elsewhere` is the
    host of a picture of which we have no copy. `is_read` is whether the page was read.
    """

    parts: Sequence[CardPart]
    site: str
    title: str
    description: str
    own: str | None
    thumbnail: str | None
    elsewhere: str | None
    is_read: bool
    problem: str | None


class CardPreviewJson(TypedDict):
    """The card below a post, as far as its page was read; `site` is the host it names.

    `picture` says whether it has one.
    """

    site: str
    title: str
    description: str
    picture: bool
    is_read: bool
    problem: str | None


def card_preview_json(card: CardPreview | None) -> CardPreviewJson | None:
    """Return a card as the API tells it."""
    if card is None:
        return None
    return {
        "site": card.site,
        "title": card.title,
        "description": card.description,
        "picture": any((card.own, card.thumbnail, card.elsewhere)),
        "is_read": card.is_read,
        "problem": card.problem,
    }


def first_link(shortener: Shortener, links: Sequence[Link], text: str) -> Link | None:
    """Return the link that stands first in a text: the one whose card is shown below it."""
    places = {
        index_of(shortener.short_url(link.code or "", link.domain), text): link for link in links
    }
    places.pop(-1, None)
    return places[min(places)] if places else None


def preview_of_page(
    session: Session, shortener: Shortener, account: Account, destination: str
) -> CardPreview | None:
    """Return the card of a page that a link will lead to; None where its network shows none."""
    found = page_read(session, destination)
    said = found or Found()
    return _card(session, shortener, account, destination, said, is_read=found is not None)


def preview_of_link(
    session: Session, shortener: Shortener, account: Account, link: Link
) -> CardPreview | None:
    """Return the card of a link below a post of an account; None where its network shows none."""
    kept = kept_card(session, link)
    if kept is None or kept.read_at is None or kept.destination != link.destination:
        looked, is_read = page_read(session, link.destination), False
        said = looked or Found()
    else:
        said, is_read = Found(kept.title, kept.description, kept.picture, kept.problem), True
        looked = said
    own = None
    if _is_ours(account):
        shown, own = card_of(session, shortener, link), own_picture(session, link.id)
        said = Found(
            shown.title if not shown.is_bare else said.title,
            shown.description or said.description,
            shown.picture or said.picture,
            said.problem,
        )
    is_read = is_read or looked is not None
    return _card(session, shortener, account, link.destination, said, is_read=is_read, own=own)


def _is_ours(account: Account) -> bool:
    return account.card == OURS or network_of(account.network).cards.come_with_posts


def _card(
    session: Session,
    shortener: Shortener,
    account: Account,
    destination: str,
    said: Found,
    *,
    is_read: bool,
    own: str | None = None,
) -> CardPreview | None:
    cards = network_of(account.network).cards
    if not cards.parts:
        return None
    there = (urlsplit(destination).hostname or "").removeprefix("www.")
    ours = urlsplit(shortener.base_url).hostname or ""
    picture = None if own is not None else said.picture
    copies = thumbnails(session, [picture]) if picture is not None else set()
    thumbnail = None if picture is None or not copies else name_of(picture)
    elsewhere = urlsplit(picture or "").hostname if thumbnail is None else None
    return CardPreview(
        parts=cards.parts,
        site=ours if _is_ours(account) else there,
        title=said.title or there,
        description=said.description or "",
        own=own,
        thumbnail=thumbnail,
        elsewhere=elsewhere,
        is_read=is_read,
        problem=said.problem,
    )
