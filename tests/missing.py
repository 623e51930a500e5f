"""People who ask for a code that no link has."""

from clicking import FIREFOX
from world import World

from linktrack.calendar.days import Days
from linktrack.clicks.capture.unknown_codes import AskedFor
from linktrack.clicks.unknown.counting import UnknownStore
from linktrack.clicks.unknown.making import number_of
from linktrack.db import now, to_ms


def asked_for(world: World, code: str, people: int) -> int:
    """Let so many people ask for a code today; return its number."""
    world.session.commit()  # what it has written, since another connection writes now
    store, at = UnknownStore(world.database.engine, Days(world.settings.timezone)), to_ms(now())
    store.prepare({FIREFOX})
    with store.transaction() as connection:
        store.append(connection, [AskedFor(at, code, FIREFOX, each) for each in range(people)])
    with world.database.session() as session:
        return number_of(session, world.settings.base_url, code)
