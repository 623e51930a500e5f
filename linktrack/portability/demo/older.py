"""Links on their own, with titles and tags, and links that came from another shortener."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import IMPORTED
from linktrack.db import to_ms
from linktrack.ids import LinkId
from linktrack.links.bulk import OldLink, add_imported
from linktrack.links.catalog import Shortener, add_lone_link
from linktrack.links.labels import describe
from linktrack.links.models import ImportedTotal
from linktrack.portability.demo.reading import poisson, reader
from linktrack.portability.demo.story import DAYS, OWN_SITE
from linktrack.portability.demo.texts import LANGUAGES, REFERRERS

LONE: Final = (
    ("Poster in the library", ["poster", "print"], f"https://{OWN_SITE}/join", 300, 0.9),
    ("Link in the profile", ["profile"], f"https://{OWN_SITE}/", 600, 1.6),
    ("Slides of the talk", ["talk", "slides"], f"https://{OWN_SITE}/talk", 110, 0.7),
    ("Visiting card", ["print"], f"https://{OWN_SITE}/about", 200, 0.15),
)
"""Title, tags, destination, made so many days before the end, clicks a day."""

IMPORTED_FROM: Final = "bitly"
IMPORTED_LINKS: Final = 16
ONLY_TOTALS: Final = 4
"""So many of them came without their single clicks: how often they were clicked is all there is."""

IMPORT_ENDED: Final = 560  # days before the end


def add_lone_links(
    session: Session, shortener: Shortener, account: Account, now: datetime, seed: int
) -> list[ClickRecord]:
    """Add links that stand in no post; return their clicks."""
    chance = random.Random(f"{seed} lone links")
    records: list[ClickRecord] = []
    for title, tags, written, ago, daily in LONE:
        at = now - timedelta(days=ago)
        link = add_lone_link(session, shortener, account_id=account.id, written=written, at=at)
        describe(session, link, at, title=title, tags=tags)
        for _ in range(poisson(chance, daily * ago)):
            clicked = at + (now - at) * chance.random()
            records.append(_click(chance, link.id, clicked, chance.randrange(4_000)))
    session.flush()
    return records


def add_imported_links(
    session: Session, shortener: Shortener, account: Account, now: datetime, seed: int
) -> list[ClickRecord]:
    """Add links that another shortener had made; return the clicks that came with them."""
    chance = random.Random(f"{seed} imported links")
    ended = now - timedelta(days=IMPORT_ENDED)
    old = list(_old_links(chance, now))
    connection = session.connection()
    whole, others = old[ONLY_TOTALS:], old[:ONLY_TOTALS]
    made = add_imported(connection, shortener, account.id, IMPORTED_FROM, whole)
    bare = add_imported(
        connection, shortener, account.id, IMPORTED_FROM, others, measured_from=ended
    )
    for link in bare:
        total = chance.randrange(40, 400)
        session.add(
            ImportedTotal(link_id=link.link_id, source=IMPORTED_FROM, clicks=total, before=ended)
        )
    session.flush()
    records: list[ClickRecord] = []
    for link in made:
        for number in range(poisson(chance, 40)):
            hours = min(chance.expovariate(1 / 9), 4_000)
            clicked = min(link.old.created_at + timedelta(hours=hours), now)
            identity = blake2b(f"{link.old.key} {number}".encode(), digest_size=16).hexdigest()
            records.append(_click(chance, link.link_id, clicked, chance.randrange(400), identity))
    return records


def _old_links(chance: random.Random, now: datetime) -> Iterator[OldLink]:
    for number in range(IMPORTED_LINKS):
        ago = DAYS - 2 - number * (DAYS - IMPORT_ENDED - 4) // IMPORTED_LINKS
        at = (now - timedelta(days=ago)).replace(minute=chance.randrange(60), microsecond=0)
        address = f"https://{OWN_SITE}/before/{number + 1}"
        yield OldLink(f"demo-{number}", f"demo-{number + 1:02}", address, at)


def _click(
    chance: random.Random, link_id: LinkId, at: datetime, number: int, identity: str | None = None
) -> ClickRecord:
    person = reader("elsewhere", number)
    referrer = None
    if identity is not None:
        referrer = chance.choices(*zip(*REFERRERS["x"], strict=True))[0]
    return ClickRecord(
        clicked_at=to_ms(at),
        link_id=link_id,
        user_agent=person.agent,
        referrer=referrer,
        visitor=person.visitor(at),
        flags=0 if identity is None else IMPORTED,
        country=person.country,
        language=LANGUAGES.get(person.country or ""),
        identity=identity,
    )
