"""The doctor: check an installation, and say in one line for each problem what to do."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IMODE
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from linktrack.audience.counts import STALE
from linktrack.clicks.counts.counted_by import REMEDY, changed_settings
from linktrack.clicks.keeping.elsewhere import with_clicks
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import EVERY
from linktrack.clicks.nodes.seen import all_nodes
from linktrack.db import NEWER, OLDER, Database, from_ms, is_sqlite
from linktrack.db_failures import damage_of
from linktrack.errors import LinktrackError, Unavailable
from linktrack.keys import Keys, load_keys
from linktrack.links.hosts.finding import further_domains
from linktrack.links.models import Link
from linktrack.links.own_addresses import former_addresses
from linktrack.owners.models import AuditEntry
from linktrack.owners.stored_settings import read_stored, with_stored, wrong_with
from linktrack.publishing.queue import failed_posts
from linktrack.settings import Settings, load_settings
from linktrack.upkeep.health.attention import days_of, is_behind, old_counts, signed_out, space_of
from linktrack.upkeep.health.nodes import node_troubles
from linktrack.upkeep.health.status import Capture
from linktrack.upkeep.probing import (
    UnreachableError,
    hides_readers,
    look_at_domain,
    misbelief,
    probe,
)

CLOCK_SECONDS: Final = 30.0
FEW_FILES: Final = 1_024  # what systems allow by default; a worker takes up to 4,200
BACKUP_AGE: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found; `remedy` is None where all is well."""

    name: str
    says: str
    remedy: str | None = None


def examine(environ: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    """Look at everything and yield the findings as they come; nothing is changed.

    What cannot be looked at because of an earlier fault is left out.
    """
    try:
        settings = load_settings(environ)
    except LinktrackError as error:
        yield Finding("settings", "a setting is wrong", error.sentence)
        return
    yield Finding("settings", "all can be read")
    data = settings.data
    if not data.is_dir() or not os.access(data, os.W_OK | os.X_OK):
        yield Finding(
            "data folder",
            f"{data} is missing, or not writable for this user",
            "run the doctor with the service's own user and settings, or make the folder writable",
        )
        return
    space = space_of(data)
    free = f"{space.free / 1000**3:,.1f} of {space.total / 1000**3:,.1f} GB are free"
    yield Finding("disk", free, "make room, or clicks will be lost" if space.is_scarce else None)
    yield from _secrets(settings)
    yield _owners_of_files(data)
    keys = load_keys(data) if (data / "keys.json").exists() else None
    yield from _database(settings, now, keys)
    yield from _clicks(settings)
    yield from _address(settings, environ, keys)


def _secrets(settings: Settings) -> Iterator[Finding]:
    data = settings.data
    keys = data / "keys.json"
    if not keys.exists():
        yield Finding(
            "keys",
            f"{keys} is missing",
            "put it back from a backup; a new installation gets one when the service starts",
        )
        return
    try:
        load_keys(data)
    except LinktrackError as error:
        yield Finding("keys", "the keys cannot be read", error.sentence)
        return
    private = [data, keys, *sorted((data / "visitor_keys").glob("*.key"))]
    open_ones = [path for path in private if S_IMODE(path.stat().st_mode) & 0o077]
    if open_ones:
        names = " ".join(map(str, open_ones))
        yield Finding(
            "secrets", f"other users may read {open_ones[0].name}", f"chmod go-rwx {names}"
        )
    else:
        yield Finding("secrets", "only their owner may read them")


def _owners_of_files(data: Path) -> Finding:
    """A command run as root leaves files that the service cannot write."""
    owner = data.stat().st_uid
    paths = [*data.glob("linktrack.db*"), *data.glob("*.json"), *data.glob("journals/*")]
    strange = [path for path in paths if path.stat().st_uid != owner]
    if strange:
        return Finding(
            "owner of files",
            f"{strange[0].name} belongs to another user than its folder",
            f"chown -R --reference={data} {data}, and run commands as the service's user",
        )
    return Finding("owner of files", "one user owns them all")


def _database(settings: Settings, now: datetime, keys: Keys | None) -> Iterator[Finding]:
    database = Database(settings, patience=5.0)
    database.engine = with_clicks(database.engine, settings)
    try:
        state = database.schema_state()
        if state != "current":
            remedy = {
                "new": "start the service: it makes the tables",
                "older": OLDER,
                "newer": NEWER,
            }[state]
            yield Finding("database", f"its tables are {state}", remedy)
            return
        with database.reachable(), database.engine.connect() as connection:
            damage = damage_of(connection)
        if damage is not None:
            yield Finding(
                "database",
                f"it is damaged: {damage}",
                "stop the service and restore the last backup; later journals are loaded again",
            )
            return
        yield Finding("database", "it is whole, and its tables are those of this version")
        with database.reachable():
            stored = read_stored(database.engine)
        yield from _stored_settings(settings, stored)
        settings = with_stored(settings, stored)
        with database.reachable(), database.session() as session:
            yield _clock(session, now)
            backlog = Capture.read(session, settings.journals).backlog
            yield Finding(
                "loader",
                f"{backlog.clicks:,} clicks wait to be loaded",
                "start the service, or linktrack load --follow beside it; then look at its log"
                if is_behind(backlog, now)
                else None,
            )
            yield from _nodes(session, settings, now)
            yield _counted_by(session, settings)
            yield from _former_addresses(session, settings)
            yield from _domains(session, settings, keys)
            yield _counts(session, now)
            yield _queue(session)
            yield _connections(session)
            yield _backups(session, now)
    except LinktrackError as error:
        yield Finding("database", "it cannot be used", error.sentence)
    finally:
        database.close()


def _nodes(session: Session, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Say what is the matter with the nodes, where there are several."""
    nodes = all_nodes(session, settings.journals)
    troubles = list(node_troubles(session, settings, now))
    for trouble in troubles:
        yield Finding("nodes", trouble, "linktrack node list; linktrack node remove NAME")
    if len(nodes) > 1 and not troubles:
        yield Finding("nodes", f"{len(nodes)} are known, and nothing is the matter with them")


def _clicks(settings: Settings) -> Iterator[Finding]:
    """Say whether single clicks can be kept where they are to be."""
    if not settings.clicks:
        return
    from linktrack.clicks.keeping.clickhouse.address import read_address
    from linktrack.clicks.keeping.clickhouse.checking import state_of  # httpx: 0.1 s

    try:
        yield Finding("clicks", state_of(read_address(settings.clicks)))
    except LinktrackError as error:
        yield Finding("clicks", "ClickHouse cannot be used", error.sentence)


def _stored_settings(settings: Settings, stored: Mapping[str, str]) -> Iterator[Finding]:
    """Say which stored settings aren't used."""
    unused = {name: wrong_with(settings, name, text) for name, text in stored.items()}
    if not any(unused.values()):
        yield Finding("stored settings", f"{len(stored)} are stored, and all are in use")
    for name, reason in unused.items():
        if reason is not None:
            yield Finding(
                "stored settings",
                reason,
                f"linktrack setting unset {name}, or set another value",
            )


def _clock(session: Session, now: datetime) -> Finding:
    """Compare this machine's clock with what it has written, and with PostgreSQL's."""
    remedy = "set the clock: apt install systemd-timesyncd, or chrony"
    latest: Sequence[tuple[int]] = []
    with suppress(Unavailable):  # which is said already
        latest = clicks_of(session).rows(EVERY, ("clicked_at",), last=1)
    changed = session.scalar(select(func.max(Link.changed_at)))
    moments = [*(from_ms(at) for (at,) in latest), *([changed] if changed else [])]
    slack = timedelta(seconds=CLOCK_SECONDS)
    if moments and max(moments) > now + slack:
        return Finding("clock", f"something is stored of {max(moments):%Y-%m-%d %H:%M} UTC", remedy)
    if not is_sqlite(session.connection()):
        there = session.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        off = abs(float(there) - time.time())
        if off > CLOCK_SECONDS:
            return Finding("clock", f"it is {off:,.0f} seconds off the database server's", remedy)
    return Finding("clock", "nothing stored lies in the future")


def _counted_by(session: Session, settings: Settings) -> Finding:
    changed = changed_settings(session.connection(), days_of(settings))
    if not changed:
        return Finding("figures by day", f"they are counted with {settings.timezone.key}, as set")
    says = "; ".join(
        f"{each.name} is {each.current}, and they are counted with {each.counted}"
        for each in changed
    )
    return Finding("figures by day", says, f"{REMEDY}, or set it back")


def _former_addresses(session: Session, settings: Settings) -> Iterator[Finding]:
    former = former_addresses(session, settings.base_url)
    if former:
        yield Finding(
            "former base addresses",
            f"links posted under {', '.join(former)} are ours and work as long as it leads here",
        )


def _domains(session: Session, settings: Settings, keys: Keys | None) -> Iterator[Finding]:
    """Ask for the service at each further domain: its name and the proxy must lead here."""
    for domain in further_domains(session):
        says, remedy = look_at_domain(domain.address, settings, keys)
        yield Finding(f"domain {domain.host}", says, remedy)


def _counts(session: Session, now: datetime) -> Finding:
    old = old_counts(session, now)
    if not old:
        return Finding("follower counts", f"none is older than {STALE.days} days")
    names = ", ".join(line.handle for line in old[:5])
    return Finding(
        "follower counts",
        f"older than {STALE.days} days: {names}",
        f"linktrack counts record {old[0].handle} COUNT",
    )


def _queue(session: Session) -> Finding:
    failed = failed_posts(session)
    if not failed:
        return Finding("queue", "every queued post could be published")
    last = failed[0]
    says = f"post {last.post.id} of {last.account.handle} could not be published"
    more = f", and {len(failed) - 1} more" if failed[1:] else ""
    return Finding(
        "queue",
        f"{says}{more}: {last.sending.problem}",
        "linktrack post queue lists them; mend them on their pages, or linktrack post send "
        f"{last.post.id}",
    )


def _connections(session: Session) -> Finding:
    broken = list(signed_out(session).values())
    if not broken:
        return Finding("connections", "every connected account's sign-in works")
    more = f", and {len(broken) - 1} more" if broken[1:] else ""
    return Finding(
        "connections",
        f"{broken[0].handle}: {broken[0].problem}{more}",
        f"linktrack account connect {broken[0].handle}, or its page",
    )


def _backups(session: Session, now: datetime) -> Finding:
    made = AuditEntry.what.startswith("Made a backup")
    last = session.scalar(select(func.max(AuditEntry.at)).where(made))
    remedy = "linktrack backup FILE, every night, to another machine"
    links = session.scalar(select(func.count()).select_from(Link)) or 0
    if last is None:
        return Finding("backups", "none was ever made", remedy if links else None)
    age = now - last
    return Finding(
        "backups", f"the last is {age.days} days old", remedy if age > BACKUP_AGE else None
    )


def _files(most: int) -> Finding:
    """Each connection is an open file, and so is each of a database."""
    few = 0 <= most < FEW_FILES  # below 0 stands for no limit
    says = "there is no limit" if most < 0 else f"each worker may have {most:,}"
    remedy = f"allow {FEW_FILES:,} or more: LimitNOFILE= in the service's unit, or ulimit -n"
    return Finding("open files", says, remedy if few else None)


def _address(
    settings: Settings, environ: Mapping[str, str], keys: Keys | None
) -> Iterator[Finding]:
    url = settings.base_url
    if not environ.get("LINKTRACK_BASE_URL") or settings.is_local:
        yield Finding(
            "base address",
            f"short links begin with {url}, which works on this machine only",
            "set LINKTRACK_BASE_URL to your public address, such as https://go.yoursite.org",
        )
    elif not settings.is_https:
        yield Finding(
            "base address",
            f"{url} is not https: browsers warn, and sign-in cookies travel in the open",
            "put a proxy with a certificate in front, and set LINKTRACK_BASE_URL to https://…",
        )
    else:
        yield Finding("base address", f"{url} is https")
    if keys is None:
        return
    try:
        seen = probe(settings, keys)
    except UnreachableError as error:
        yield Finding(
            "service",
            f"it was not reached at {url}: {error}",
            "start the service, look at DNS and the proxy, and open ports 80 and 443",
        )
        return
    yield Finding("service", f"it answers at {url}")
    if seen.skew is not None and abs(seen.skew) > CLOCK_SECONDS:
        yield Finding(
            "clock of the proxy",
            f"it is {seen.skew:,.0f} seconds off ours",
            "set the clock of both machines: apt install systemd-timesyncd",
        )
    yield _files(seen.files)
    wrong = misbelief(seen)
    if wrong is None and settings.is_https and hides_readers(seen):
        wrong = (
            "the proxy does not say who asks: every reader looks like one",
            "let it send X-Forwarded-For",
        )
    says, remedy = wrong or (f"a reader is known by their own address, {seen.client}", None)
    yield Finding("readers' addresses", says, remedy)
