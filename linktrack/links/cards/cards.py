"""Link cards: what networks show of the page behind a link, below a post."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from linktrack import __version__
from linktrack.audience.cards import OURS
from linktrack.audience.models import Account
from linktrack.errors import Invalid
from linktrack.links.cards.page_words import MOST_DESCRIPTION, MOST_TITLE, clean, page_words
from linktrack.links.cards.pictures import fitted
from linktrack.links.catalog import Shortener
from linktrack.links.looks.pictures import own_picture, picture_url
from linktrack.links.models import Link, LinkCard
from linktrack.links.visiting import UnreadableError, read
from linktrack.networks.records import Card
from linktrack.networks.registry import networks
from linktrack.outside.addresses import Address, is_public

MOST_PAGE: Final = 1_000_000  # bytes; what a page says of itself stands at its beginning
MOST_PICTURE: Final = 1_000_000  # bytes; what Bluesky takes (app.bsky.embed.external)
MOST_ORIGINAL: Final = 10_000_000  # bytes of a picture that is scaled down to that
PAGES: Final = ("text/html", "application/xhtml+xml")
PICTURES: Final = ("image/png", "image/jpeg", "image/webp", "image/gif")
READ_WITHIN: Final = timedelta(days=1)  # of being made or led elsewhere
AGAIN: Final = timedelta(hours=1)  # after a failure


@dataclass(frozen=True, slots=True)
class ShownCard:
    """What is shown of a link: what the owner chose, else what the page says, else its site.

    `picture` is an address. `site` is the host that the link leads to. `is_bare` says that nothing
    but the site is known: the page has not been read yet, could not be, or says nothing.
    """

    url: str
    title: str
    description: str
    picture: str | None
    site: str
    is_bare: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What reading a page has found; `problem` is a sentence where there is nothing to show."""

    title: str | None = None
    description: str | None = None
    picture: str | None = None
    problem: str | None = None


def agent_of(base_url: str) -> str:
    """Return the name under which pages and pictures are read; it says whose they are."""
    return f"linktrack/{__version__} (link card; +{base_url}/)"


def card_of(
    session: Session, shortener: Shortener, link: Link, code: str | None = None
) -> ShownCard:
    """Return the card of a link, under its own code or that of one of its versions."""
    kept, own = session.get(LinkCard, link.id), own_picture(session, link.id)
    return shown_card(shortener, link, kept, code, own=own)


def shown_card(
    shortener: Shortener,
    link: Link,
    kept: LinkCard | None,
    code: str | None = None,
    *,
    own: str | None = None,
) -> ShownCard:
    """Return the card of a link of which this is kept; `own` is the name of its own picture."""
    site = (urlsplit(link.destination).hostname or "").removeprefix("www.")
    title = description = picture = None
    if kept is not None:
        if kept.destination == link.destination:
            title, description, picture = kept.title, kept.description, kept.picture
        title, description = kept.own_title or title, kept.own_description or description
    return ShownCard(
        url=shortener.short_url(code or link.code or "", link.domain),
        title=title or site,
        description=description or "",
        picture=picture if own is None else picture_url(shortener.base_url, own),
        site=site,
        is_bare=title is None,
    )


def message_card(
    shown: ShownCard,
    agent: str,
    allowed: Callable[[Address], bool] = is_public,
    *,
    own: bytes | None = None,
) -> Card:
    """Return the card for a message, with the bytes of its picture; those of its own are `own`.

    Else asks the picture's server, for at most 10 seconds, so no transaction should be open. A
    picture of more than 1,000,000 bytes is scaled down; one that cannot be had or scaled is left
    out.
    """
    card = Card(shown.url, shown.title, shown.description)
    if own is not None:
        return replace(card, picture=own, picture_type="image/jpeg")
    if shown.picture is None:
        return card
    try:
        found = read(shown.picture, agent, ", ".join(PICTURES), MOST_ORIGINAL + 1, allowed)
    except UnreadableError:
        return card
    kind = _bare_kind(found.kind)
    if kind not in PICTURES or not 0 < len(found.body) <= MOST_ORIGINAL:
        return card
    fit = fitted(found.body, kind, MOST_PICTURE)
    return card if fit is None else Card(card.url, card.title, card.description, *fit)


def read_page(
    destination: str, agent: str, allowed: Callable[[Address], bool] = is_public
) -> Found:
    """Read what the page at an address says of itself; takes at most 10 seconds, never raises."""
    try:
        content = read(destination, agent, ", ".join(PAGES), MOST_PAGE, allowed)
    except UnreadableError as error:
        return Found(problem=str(error))
    if _bare_kind(content.kind) not in PAGES:
        return Found(problem="It isn't a web page: it is a file, or doesn't say what it is.")
    words = page_words(content.body, content.kind, content.address)
    problem = None if words.title else "It has no title."
    return Found(words.title, words.description, words.picture, problem)


def _bare_kind(kind: str) -> str:
    return kind.partition(";")[0].strip().lower()


def links_to_read(session: Session, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return links whose page has not been read yet, and where they lead, newest first.

    Those the owner asks for, and new ones of accounts that show cards: by their own choice, or
    since their network's posts bring the card along. What failed is tried again for a day.
    """
    asked = (
        select(Link.id, Link.destination)
        .join(LinkCard, LinkCard.link_id == Link.id)
        .where(LinkCard.read_at.is_(None))
        .limit(limit)
    )
    unread = or_(
        LinkCard.link_id.is_(None),
        LinkCard.destination != Link.destination,
        and_(LinkCard.problem.is_not(None), LinkCard.read_at < now - AGAIN),
    )
    new = (
        select(Link.id, Link.destination)
        .join(Account, Account.id == Link.account_id)
        .outerjoin(LinkCard, LinkCard.link_id == Link.id)
        .where(Link.changed_at >= now - READ_WITHIN, Link.disabled_at.is_(None), unread)
        .where(or_(Account.card == OURS, Account.network.in_(_bringing())))
        .where(Account.simulated.is_(False))
        .order_by(Link.id.desc())
        .limit(limit)
    )
    found = {link_id: led for query in (asked, new) for link_id, led in session.execute(query)}
    return list(found.items())[:limit]


def _bringing() -> list[str]:
    return [each.name for each in networks() if each.cards.come_with_posts]


def keep_card(
    session: Session, link_id: int, destination: str, found: Found, now: datetime
) -> None:
    """Keep what was found behind a link; the owner's own words stay."""
    kept = session.get(LinkCard, link_id)
    if kept is None:
        kept = LinkCard(link_id=link_id)
        session.add(kept)
    kept.destination, kept.read_at, kept.problem = destination, now, found.problem
    kept.title, kept.description, kept.picture = found.title, found.description, found.picture
    session.flush()


def read_again(session: Session, link: Link) -> None:
    """Have the page behind a link read (again): the running service does within seconds."""
    _kept(session, link).read_at = None
    session.flush()


def set_own_words(
    session: Session, link: Link, title: str | None = None, description: str | None = None
) -> None:
    """Show these words in place of the page's: "" shows the page's again, None changes nothing.

    Raises `Invalid` for words that are too long.
    """
    if title is None and description is None:  # else the page behind the link would be read
        return
    kept = _kept(session, link)
    if title is not None:
        kept.own_title = _own(title, MOST_TITLE, "title")
    if description is not None:
        kept.own_description = _own(description, MOST_DESCRIPTION, "text")
    session.flush()


def _own(words: str, most: int, name: str) -> str | None:
    if len(words) > most:
        raise Invalid(f"The {name} of a card has at most {most:,} characters.")
    return clean(words, most)


def kept_card(session: Session, link: Link) -> LinkCard | None:
    """Return what is kept of the page behind a link, None if it was never to be read."""
    return session.get(LinkCard, link.id)


def _kept(session: Session, link: Link) -> LinkCard:
    kept = session.get(LinkCard, link.id)
    if kept is None:
        kept = LinkCard(link_id=link.id, destination=link.destination)
        session.add(kept)
    return kept
