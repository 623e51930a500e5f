"""Make the demonstration: accounts, posts and clicks, then what stands around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import add_account
from linktrack.audience.counts import DatedCount, record_counts
from linktrack.audience.models import Account
from linktrack.audience.utm import set_utm_values
from linktrack.chunks import chunked
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.records import ClickRecord
from linktrack.db import Database, to_ms
from linktrack.errors import Conflict
from linktrack.ids import LinkId, SegmentId
from linktrack.installation import Installation
from linktrack.links.catalog import Shortener
from linktrack.links.labels import tag_rows
from linktrack.links.models import LinkTag
from linktrack.links.own_addresses import first_addresses, remember_address
from linktrack.links.posts import Wish, wrap_post
from linktrack.owners.audit import hush
from linktrack.portability.demo import around, followers, older
from linktrack.portability.demo.blue import BlueFan, add_blue_followers, blue_crowd
from linktrack.portability.demo.conversions import add_conversions
from linktrack.portability.demo.crowd import Fan, crowd, list_days, sizes
from linktrack.portability.demo.engagement import add_engagement
from linktrack.portability.demo.reading import SimulatedPost, posts
from linktrack.portability.demo.story import BLUE, COMMUNITY, PROFILES, WE, YOU, Profile
from linktrack.portability.demo.suggested import add_suggestions
from linktrack.portability.demo.texts import CITIES, LANGUAGES, tags_of

SEED: Final = 2009
BATCH: Final = 5_000  # clicks in one transaction


@dataclass(frozen=True, slots=True)
class Made:
    """What a demonstration consists of."""

    accounts: int
    posts: int
    clicks: int
    followers: int


def make_demo(
    database: Database,
    shortener: Shortener,
    now: datetime,
    seed: int = SEED,
) -> Made:
    """Make the demonstration, ending now; the same seed and time give the same one.

    Raises `Conflict` if there is one already.
    """
    store = ClickStore(
        database.engine, database.settings.timezone, database.settings.visitor_period
    )
    with database.session(writes=True) as session:
        _check_absent(session)
        remember_address(session, shortener.base_url, now)
        session.commit()
    fans, blue_fans = crowd(seed), blue_crowd(seed)
    accounts: list[Account] = []
    made = clicks = 0
    for profile in PROFILES:
        written = list(posts(profile, now, seed))
        with database.session(writes=True) as session:
            hush(session)  # hundreds of posts are one deed, which the door tells
            account = _add_account(session, profile, fans, blue_fans, now)
            community = None
            if profile is YOU:
                community = followers.add_followers(session, account, fans, now, seed).id
            if profile is BLUE:
                add_blue_followers(session, account, blue_fans, now, seed)
            records: list[ClickRecord] = []
            for post in written:
                links = _add_post(session, shortener, account, post)
                records += _records(post, links, community)
            records = add_conversions(
                session, account, records, timezone=database.settings.timezone, now=now, seed=seed
            )
            session.commit()
        accounts.append(account)
        made += len(written)
        clicks += _store(store, records)
    with database.session(writes=True) as session:
        hush(session)
        here = dict(zip(PROFILES, accounts, strict=True))
        around.add_the_rest(
            session, shortener, here, timezone=database.settings.timezone, now=now, seed=seed
        )
        add_engagement(session, here, blue_fans, now, seed)
        add_suggestions(session, here, now)
        records = older.add_lone_links(session, shortener, here[YOU], now, seed)
        records += older.add_imported_links(session, shortener, here[PROFILES[0]], now, seed)
        session.commit()
    clicks += _store(store, records)
    return Made(len(PROFILES), made, clicks, sizes(fans, [0.0])[0])


def served(opened: Installation) -> Shortener:
    """Return the shortener with the address under which the service answers.

    A command without `LINKTRACK_BASE_URL` would make links of this machine alone; where the service
    has run under another address, that one is meant.
    """
    if not opened.settings.is_local:
        return opened.shortener
    with opened.database.session() as session:
        known = first_addresses(session)
    return replace(opened.shortener, base_url=known[0]) if known else opened.shortener


def _check_absent(session: Session) -> None:
    handles = [profile.handle.removeprefix("@") for profile in PROFILES]
    if session.scalar(select(Account.id).where(Account.handle_key.in_(handles)).limit(1)):
        raise Conflict("The demonstration already exists: remove it with linktrack demo --remove.")


def _add_account(
    session: Session,
    profile: Profile,
    fans: Sequence[Fan],
    blue_fans: Sequence[BlueFan],
    now: datetime,
) -> Account:
    opened = now - timedelta(days=profile.opened)
    account = add_account(session, profile.network, profile.handle, profile.role, opened)
    account.simulated = True
    days = [float(ago) for ago in range(profile.opened, -1, -7)]
    if profile is YOU:
        days = sorted({*days, *list_days()}, reverse=True)
        counted = sizes(fans, days)
        set_utm_values(session, account, {"utm_source": "x", "utm_medium": "social"})
    elif profile is BLUE:
        counted = sizes(blue_fans, days)
    else:
        counted = [round(profile.followers(ago)) for ago in days]
    counts = [
        DatedCount(now - timedelta(days=ago), count)
        for ago, count in zip(days, counted, strict=True)
    ]
    record_counts(session, account, counts, "simulated", now=now)
    return account


def _add_post(
    session: Session, shortener: Shortener, account: Account, simulated: SimulatedPost
) -> Sequence[LinkId]:
    segments = (COMMUNITY,) if simulated.for_community else ()
    written_in = "markdown" if account.network == WE.network else "plain"
    wish = Wish(simulated.text, posted_at=simulated.at, segments=segments, written_in=written_in)
    post = wrap_post(session, shortener, account, wish, simulated.at)
    assert post is not None  # every simulated text holds an address
    tags = tags_of(simulated.text)
    if rows := [row for link in post.links for row in tag_rows(link.id, tags)]:
        session.execute(insert(LinkTag), rows)
    return [link.id for link in post.links]


def _records(
    post: SimulatedPost, links: Sequence[LinkId], community: SegmentId | None
) -> Iterator[ClickRecord]:
    for click in post.clicks:
        known = CITIES.get(click.country or "", ())
        place = known[click.visitor % len(known)] if known and click.visitor is not None else None
        yield ClickRecord(
            clicked_at=to_ms(click.at),
            link_id=links[click.link],
            user_agent=click.agent,
            referrer=click.referrer,
            visitor=click.visitor,
            flags=click.flags,
            segment_id=community if click.attribution else None,
            attribution=click.attribution,
            country=click.country,
            language=LANGUAGES.get(click.country or ""),
            region=place and place[0],
            city=place and place[1],
        )


def _store(store: ClickStore, records: list[ClickRecord]) -> int:
    """Store clicks as the loader does, in order of their times; return how many."""
    records.sort(key=lambda record: record.clicked_at)
    stored = 0
    for batch in chunked(records, BATCH):
        store.prepare({record.user_agent for record in batch})
        with store.transaction() as connection:
            stored += store.append(connection, batch)
    return stored
