"""The distinct devices and cities that clicks are counted under, and recounting renamed ones."""

from typing import TypeAlias

from sqlalchemy import Connection, bindparam, insert, select, update

from linktrack.calendar.days import Days
from linktrack.clicks.classify.agents import Agent
from linktrack.clicks.counts.changes import recount_told_otherwise
from linktrack.clicks.facet_models import cities, devices
from linktrack.clicks.models import agents
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import pack_country

DeviceKey: TypeAlias = tuple[str, str, str]
"""Device, browser and system as they are stored; "" where one isn't known."""


def device_key(agent: Agent) -> DeviceKey:
    """Return what an agent's clicks are counted under, cut to the columns."""
    return ((agent.device or "")[:20], (agent.browser or "")[:60], (agent.os or "")[:60])


def device_number(connection: Connection, key: DeviceKey) -> int:
    """Return the row of `devices` that has these, making it where there is none."""
    device, browser, system = key
    query = select(devices.c.id).where(
        devices.c.device == device, devices.c.browser == browser, devices.c.os == system
    )
    known: int | None = connection.scalar(query)
    if known is not None:
        return known
    made = insert(devices).values(device=device, browser=browser, os=system)
    number: int = connection.execute(made.returning(devices.c.id)).scalar_one()
    return number


def city_number(connection: Connection, record: ClickRecord) -> int:
    """Return the row of `cities` that a click came from, making it where there is none."""
    place = cities.c
    country = pack_country(record.country)
    key = {
        "country": 0 if country is None else country + 1,
        "region": record.region or "",
        "name": record.city or "",
    }
    query = select(place.id).where(*(place[name] == value for name, value in key.items()))
    known: int | None = connection.scalar(query)
    if known is not None:
        return known
    made: int = connection.execute(insert(cities).values(key).returning(place.id)).scalar_one()
    return made


def recount_devices(connection: Connection, days: Days) -> int:
    """Count the clicks of agents that are described differently now; return how many agents.

    What an agent is called changes first (reclassify.py), its `device_id` here, in one transaction
    with the counts: so a run that was killed in between is finished by the next.
    """
    named = agents.c
    query = select(named.id, named.device, named.browser, named.os, named.device_id).order_by(
        named.id
    )
    numbers = {
        (row.device, row.browser, row.os): row.id for row in connection.execute(select(devices))
    }
    before: dict[int, int] = {}
    now: dict[int, int] = {}
    for row in connection.execute(query):
        key = device_key(Agent(None, None, row.device, row.browser, row.os))
        if key not in numbers:
            numbers[key] = device_number(connection, key)
        if numbers[key] != row.device_id:
            before[row.id], now[row.id] = row.device_id, numbers[key]
    if now:
        connection.execute(
            update(agents)
            .where(named.id == bindparam("of"))
            .values(device_id=bindparam("device_now")),
            [{"of": agent_id, "device_now": number} for agent_id, number in now.items()],
        )
    recount_told_otherwise(connection, "agent_id", "device", before, days)
    return len(now)
