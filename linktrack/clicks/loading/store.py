"""Store clicks: classify them, write the rows, and update every count that depends on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, Engine, Table, insert, select, type_coerce

from linktrack.calendar.days import Days
from linktrack.chunks import chunked
from linktrack.clicks.bulk import Row, among
from linktrack.clicks.classify.agents import RULES_VERSION as AGENT_RULES
from linktrack.clicks.classify.agents import TOLD, Agent, classify_agent
from linktrack.clicks.classify.referrers import RULES_VERSION as REFERRER_RULES
from linktrack.clicks.classify.referrers import classify_referrer, host_key
from linktrack.clicks.counts.counted_by import keep_first
from linktrack.clicks.counts.rollups import add_batch
from linktrack.clicks.facts import RECLASSIFIED, read_fact
from linktrack.clicks.keeping.click import Click
from linktrack.clicks.keeping.dressing import COUNTED_AS
from linktrack.clicks.keeping.interface import Minute, Origin
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.loading.burst import judge_minutes
from linktrack.clicks.loading.devices import DeviceKey, city_number, device_key, device_number
from linktrack.clicks.loading.personal import notice_forwarded, without_names
from linktrack.clicks.models import agents, imported_clicks, referrers, sources
from linktrack.clicks.records import ClickRecord, decode, decode_lines
from linktrack.clicks.vocabulary import (
    ATTRIBUTION_NUMBER,
    EMBEDDED,
    HEAD,
    HUMAN,
    MINUTE,
    OWNER,
    PREFETCH,
    REASON_NUMBER,
    UNATTRIBUTED,
    narrowest_window,
    pack_country,
    pack_language,
)
from linktrack.db import is_sqlite, writing
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import Link, Post
from linktrack.settings import VisitorPeriod

MOST_REMEMBERED: Final = 50_000  # distinct agents or referrers kept in memory, about 20 MB
CHUNK: Final = 500  # values in one IN list
CACHE_KIB: Final = 32_000
"""SQLite's pages in memory while clicks are appended, at most: as many as a large batch touches.

With 12,000 each click takes a quarter more reads and writes, and 4 µs longer with its own 2,000.
"""


class _Home(NamedTuple):
    """What a click takes from its link."""

    account_id: AccountId
    post_id: PostId | None
    posted_at: int | None


class ClickStore:
    """Where clicks are kept. One store belongs to one thread."""

    decode = staticmethod(decode)
    decode_lines = staticmethod(decode_lines)

    def __init__(
        self, engine: Engine, timezone: ZoneInfo, visitor_period: VisitorPeriod = "month"
    ) -> None:
        self.engine = engine
        self.days = Days(timezone, visitor_period)
        self._agents: dict[str | None, tuple[int, int, int]] = {}
        self._devices: dict[DeviceKey, int] = {}
        self._cities: dict[tuple[str | None, ...], int] = {}
        self._referrers: dict[str | None, tuple[int, int, int]] = {}
        self._sources: dict[tuple[str, str], int] = {}
        self._classified: dict[str, Agent] = {}
        self._given: set[str] = set()
        self._reclassified = 0
        self._keeps_settings = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One batch: all of it is stored, or nothing."""
        try:
            with writing(self.engine) as connection:
                if is_sqlite(connection):
                    connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
                yield connection
        except BaseException:
            # What was learnt inside a transaction that did not happen is not known.
            self._agents.clear()
            self._devices.clear()
            self._cities.clear()
            self._referrers.clear()
            self._sources.clear()
            self._keeps_settings = False
            raise

    def append(
        self, connection: Connection, records: Sequence[ClickRecord], origin: Origin | None = None
    ) -> int:
        """Store clicks within a `transaction`; return how many were new.

        `origin` is the part of a journal that they are. Clicks with an identity are stored once;
        clicks of links that do not exist are left out.
        """
        homes = self._homes(connection, {record.link_id for record in records})
        records = [record for record in records if record.link_id in homes]
        records = _without_known(connection, records, homes)
        if not records:
            return 0
        self._heed_changed_rules(connection)
        records = without_names(connection, records)
        self._learn_agents(connection, {record.user_agent for record in records})
        self._learn_referrers(connection, {record.referrer for record in records})
        rows: list[Row] = []
        batch: list[Click] = []
        minutes: set[Minute] = set()
        day_of = self.days.day
        for record in records:
            link_id, clicked_at, visitor = record.link_id, record.clicked_at, record.visitor
            home = homes[link_id]
            agent_id, agent_reason, device = self._agents[record.user_agent]
            referrer_id, source_id, counted_as = self._referrers[record.referrer]
            flags, option = record.flags, record.option
            reason = judge(flags, agent_reason) if flags else agent_reason
            segment_id = record.segment_id or UNATTRIBUTED
            attribution = ATTRIBUTION_NUMBER.get(record.attribution, 0)
            country = pack_country(record.country) if record.country else None
            language = pack_language(record.language) if record.language else 0
            city_id = self._city(connection, record) if record.city else None
            row = (
                clicked_at, link_id, segment_id, record.follower_id, attribution, agent_id,
                referrer_id, visitor, country, language, city_id, option, reason, flags,
            )  # fmt: skip
            rows.append(row)
            batch.append(
                Click(
                    clicked_at=clicked_at,
                    link_id=link_id,
                    post_id=home.post_id,
                    account_id=home.account_id,
                    posted_at=home.posted_at,
                    segment_id=segment_id,
                    source_id=source_id,
                    visitor=visitor,
                    reason=reason,
                    attribution=attribution,
                    referrer_id=counted_as,
                    country=0 if country is None else country + 1,
                    device=device,
                    language=language,
                    city=city_id or 0,
                    option=0 if option is None else option + 1,
                    day=day_of(clicked_at),
                    window=narrowest_window(clicked_at, home.posted_at),
                    flags=flags,
                    agent_id=agent_id,
                )
            )
            if reason == HUMAN and visitor is not None and not record.referrer:
                minutes.add((link_id, clicked_at // MINUTE))
        if not self._keeps_settings:
            keep_first(connection, self.days)
            self._keeps_settings = True
        clicks_of(connection).append(rows, batch, origin)
        add_batch(connection, batch, self.days)
        if minutes:
            judge_minutes(connection, minutes, self.days)
        notice_forwarded(connection, records, self.days)
        return len(rows)

    def keeps_origins(self, connection: Connection) -> bool:
        """Whether it matters from which journal clicks are: where their place there names them."""
        return clicks_of(connection).keeps_origins

    def remember(self, connection: Connection, records: Sequence[ClickRecord]) -> int:
        """Keep that these clicks of an old log are in, though they came in another way.

        Returns how many were not known to be.
        """
        homes = self._homes(connection, {record.link_id for record in records})
        return len(_without_known(connection, records, homes))

    def _heed_changed_rules(self, connection: Connection) -> None:
        """Forget what was remembered where another process has applied newer rules since."""
        times = read_fact(connection, RECLASSIFIED) or 0
        if times != self._reclassified:
            self._reclassified = times
            self._agents.clear()
            self._referrers.clear()

    def _homes(self, connection: Connection, link_ids: set[LinkId]) -> dict[LinkId, _Home]:
        links = Link.__table__.c
        query = (
            select(
                links.id, links.account_id, links.post_id, type_coerce(Post.posted_at, BigInteger)
            )
            .outerjoin(Post, links.post_id == Post.id)
            .where(among(connection, links.id, sorted(link_ids)))
        )
        return {number: _Home(*home) for number, *home in connection.execute(query)}

    def prepare(
        self, user_agents: set[str | None], given: Mapping[str | None, Agent] | None = None
    ) -> None:
        """Classify agents that are new, ahead of `append` and outside its transaction.

        An agent that is made up to be slow takes tenths of a second: no writer is to wait for it.
        `given` are agents as an old log describes them, where it has not kept their user agents.
        """
        if len(self._agents) > MOST_REMEMBERED:
            self._agents.clear()
        with self.engine.connect() as connection:
            new = self._find_agents(connection, user_agents)
        given = given or {}
        self._given = {digest for digest, sent in new.items() if sent[0] in given}
        self._classified = {
            digest: given.get(sent[0]) or classify_agent(sent[0]) for digest, sent in new.items()
        }

    def _find_agents(
        self, connection: Connection, user_agents: set[str | None]
    ) -> dict[str, list[str | None]]:
        """Remember the agents that are stored; return the others under their digests."""
        new = _by_key(user_agents - self._agents.keys(), lambda agent: _digest(agent or ""))
        for part in chunked(sorted(new), CHUNK):
            query = select(agents.c.digest, agents.c.id, agents.c.reason, agents.c.device_id)
            for digest, *learnt in connection.execute(query.where(agents.c.digest.in_(part))):
                self._agents.update(dict.fromkeys(new.pop(digest), tuple(learnt)))
        return new

    def _learn_agents(self, connection: Connection, user_agents: set[str | None]) -> None:
        new = self._find_agents(connection, user_agents)
        rows: list[dict[str, str | int | None]] = []
        for digest, (user_agent, *_) in sorted(new.items()):
            found = self._classified.get(digest) or classify_agent(user_agent)
            rows.append(
                {
                    "digest": digest,
                    "user_agent": user_agent or "",
                    "reason": REASON_NUMBER[found.reason or "human"],
                    # Cut to their columns: SQLite takes any length, PostgreSQL refuses the batch.
                    "rule": _cut(found.rule, 60),
                    "device": _cut(found.device, 20),
                    "browser": _cut(found.browser, 60),
                    "os": _cut(found.os, 60),
                    "rules_version": TOLD if digest in self._given else AGENT_RULES,
                    "device_id": self._device(connection, found),
                }
            )
        for row, number in zip(rows, _insert(connection, agents, rows), strict=True):
            learnt = (number, int(row["reason"] or 0), int(row["device_id"] or 0))
            self._agents.update(dict.fromkeys(new[str(row["digest"])], learnt))

    def _device(self, connection: Connection, agent: Agent) -> int:
        key = device_key(agent)
        if key not in self._devices:
            if len(self._devices) > MOST_REMEMBERED:
                self._devices.clear()
            self._devices[key] = device_number(connection, key)
        return self._devices[key]

    def _city(self, connection: Connection, record: ClickRecord) -> int:
        key = (record.country, record.region, record.city)
        if key not in self._cities:
            if len(self._cities) > MOST_REMEMBERED:
                self._cities.clear()
            self._cities[key] = city_number(connection, record)
        return self._cities[key]

    def _learn_referrers(self, connection: Connection, sent: set[str | None]) -> None:
        if len(self._referrers) > MOST_REMEMBERED:
            self._referrers.clear()
        new = sent - self._referrers.keys()
        hosts: set[str | None] = {host for text in new if (host := host_key(text)) is not None}
        for texts in (hosts - self._referrers.keys(), new - hosts):
            if texts:  # hosts first: others name them
                self._learn_some_referrers(connection, texts)

    def _learn_some_referrers(self, connection: Connection, sent: set[str | None]) -> None:
        new = _by_key(sent, lambda referrer: referrer or "")
        for part in chunked(sorted(new), CHUNK):
            query = select(
                referrers.c.referrer, referrers.c.id, referrers.c.source_id, COUNTED_AS
            ).where(referrers.c.referrer.in_(part))
            for text, number, source_id, counted_as in connection.execute(query):
                learnt = (number, source_id, counted_as)
                self._referrers.update(dict.fromkeys(new.pop(text), learnt))
        rows: list[dict[str, str | int | None]] = []
        for text, (referrer, *_) in sorted(new.items()):
            found, host = classify_referrer(referrer), host_key(referrer)
            rows.append(
                {
                    "referrer": text,
                    "host": found.host,
                    "source_id": self._source(connection, found.source or "", found.medium),
                    "rule": _cut(found.rule, 60),
                    "rules_version": REFERRER_RULES,
                    "host_id": None if host is None else self._referrers[host][0],
                }
            )
        for row, number in zip(rows, _insert(connection, referrers, rows), strict=True):
            learnt = (number, int(row["source_id"] or 0), int(row["host_id"] or number))
            self._referrers.update(dict.fromkeys(new[str(row["referrer"])], learnt))

    def _source(self, connection: Connection, name: str, medium: str) -> int:
        if (name, medium) not in self._sources:
            if len(self._sources) > MOST_REMEMBERED:
                self._sources.clear()
            query = select(sources.c.id).where(sources.c.name == name, sources.c.medium == medium)
            number = connection.scalar(query)
            if number is None:
                (number,) = _insert(connection, sources, [{"name": name, "medium": medium}])
            self._sources[name, medium] = number
        return self._sources[name, medium]


def judge(flags: int, agent_reason: int) -> int:
    """Return why a click is left out, or 0 for a person: what the request says comes first."""
    if flags & HEAD:
        return REASON_NUMBER["head"]
    if flags & PREFETCH:
        return REASON_NUMBER["prefetch"]
    if flags & EMBEDDED:
        return REASON_NUMBER["embedded"]
    if flags & OWNER:
        return REASON_NUMBER["owner"]
    return agent_reason


def _without_known(
    connection: Connection, records: Sequence[ClickRecord], homes: dict[LinkId, _Home]
) -> list[ClickRecord]:
    """Leave out imported clicks that are stored already, and remember the others."""
    wanted = {
        (homes[record.link_id].account_id, record.identity)
        for record in records
        if record.identity is not None
    }
    if not wanted:
        return list(records)
    known: set[tuple[int, str | None]] = set()
    for account_id in {account_id for account_id, _ in wanted}:
        identities = sorted(str(identity) for account, identity in wanted if account == account_id)
        for part in chunked(identities, CHUNK):
            query = select(imported_clicks.c.identity).where(
                imported_clicks.c.account_id == account_id, imported_clicks.c.identity.in_(part)
            )
            known.update((account_id, identity) for identity in connection.scalars(query))
    new = []
    for record in records:
        key = (homes[record.link_id].account_id, record.identity)
        if record.identity is None or key not in known:
            known.add(key)
            new.append(record)
    rows = [
        {"account_id": homes[record.link_id].account_id, "identity": record.identity}
        for record in new
        if record.identity is not None
    ]
    if rows:
        connection.execute(insert(imported_clicks), rows)
    return new


def _by_key(sent: set[str | None], key: Callable[[str | None], str]) -> dict[str, list[str | None]]:
    """Return what was sent under what it is found by: none and the empty text are one."""
    found: dict[str, list[str | None]] = {}
    for text in sent:
        found.setdefault(key(text), []).append(text)
    return found


def _insert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, str | int | None]]
) -> Sequence[int]:
    """Insert rows and return their numbers, in the same order."""
    if not rows:
        return []
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return connection.scalars(statement, rows).all()


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None else text[:most]


def _digest(user_agent: str) -> str:
    return blake2b(user_agent.encode(), digest_size=16).hexdigest()
