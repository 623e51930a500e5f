"""Find new events for webhooks in the tables, and enqueue them.

What has happened is read from the tables, so that every door, command and import tells alike, and
nobody waits for it. Each event has a key, and is enqueued once.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account, FollowerCount
from linktrack.calendar.times import utc
from linktrack.chunks import chunked
from linktrack.clicks.counts.windows import within_window
from linktrack.clicks.loading.loaded import loaded_until
from linktrack.clicks.models import post_totals
from linktrack.clicks.vocabulary import WINDOWS
from linktrack.db import Database, Utc, take_write_lock, to_ms
from linktrack.links.catalog import Shortener
from linktrack.links.models import Post
from linktrack.links.post_json import post_json
from linktrack.publishing.queue import failed_posts
from linktrack.reports.alerts.words import alert_json
from linktrack.reports.counting import Counting
from linktrack.reports.cpf import cpf_totals, total_json
from linktrack.reports.digest import WINDOW
from linktrack.reports.queries import chosen_posts
from linktrack.settings import Settings
from linktrack.webhooks.letters import new_alerts, new_letters
from linktrack.webhooks.models import Delivery, Webhook

MOST_POSTS: Final = 500  # told in one pass; the next follows in seconds
SETTLED: Final = timedelta(minutes=10)
"""After so long a post's transaction has ended: no lower number can appear."""

JUMP_SHARE: Final = 0.05
JUMP_LEAST: Final = 50


class Event(NamedTuple):
    """Something that has happened, for one webhook."""

    webhook_id: int
    name: str
    key: str
    data: Mapping[str, object]


def enqueue(database: Database, shortener: Shortener, now: datetime) -> int:
    """Enqueue what is new for every webhook; return how many deliveries that makes.

    Finding out takes no write lock; a pass that finds nothing writes nothing.
    """
    with database.session() as session:
        # A week that is over waits until its last click is loaded.
        at = loaded_until(session, database.settings.journals, now)
        webhooks = session.scalars(select(Webhook).where(Webhook.disabled_at.is_(None))).all()
        found = [
            event
            for webhook in webhooks
            for event in _new(session, webhook, shortener, database.settings, at)
        ]
        seen = {webhook.id: _seen(session, webhook, now) for webhook in webhooks}
        moved = any(seen[webhook.id] > webhook.seen_post for webhook in webhooks)
    if not found and not moved:
        return 0
    with database.session(writes=True) as session:
        take_write_lock(session.connection())
        there = _known(session, found)
        for webhook in session.scalars(select(Webhook).where(Webhook.id.in_(seen))):
            webhook.seen_post = max(webhook.seen_post, seen[webhook.id])
        new = [event for event in found if (event.webhook_id, event.key) not in there]
        session.add_all(delivery_of(event, now) for event in new)
        session.commit()
    return len(new)


def delivery_of(event: Event, now: datetime) -> Delivery:
    """Return the delivery of an event, due at once."""
    body = {"type": event.name, "timestamp": utc(now), "data": event.data}
    return Delivery(
        webhook_id=event.webhook_id,
        event=event.name,
        event_key=event.key,
        body=json.dumps(body, separators=(",", ":")),
        created_at=now,
        attempts=0,
        next_at=now,
    )


def _new(
    session: Session, webhook: Webhook, shortener: Shortener, settings: Settings, now: datetime
) -> list[Event]:
    """Return the events that this webhook wants and hasn't received."""
    if webhook.way != "webhook":
        letters = new_letters(session, webhook, settings, now)
        return [Event(webhook.id, told.name, told.key, told.data) for told in letters]
    events: list[Event] = []
    chosen = webhook.events.split()
    if "post.wrapped" in chosen:
        events += _wrapped(session, webhook, shortener)
    if "post.failed" in chosen:
        events += _failed(session, webhook)
    if "clicks.milestone" in chosen:
        events += _milestones(session, webhook)
    if "followers.jumped" in chosen:
        events += _jumps(session, webhook)
    if "alert.raised" in chosen:
        events += _alerts(session, webhook, settings, now)
    if "digest.weekly" in chosen:
        events += _digests(session, webhook, settings.timezone, now)
    known = _known(session, events)
    return [event for event in events if (event.webhook_id, event.key) not in known]


def _known(session: Session, events: list[Event]) -> set[tuple[int, str]]:
    known: set[tuple[int, str]] = set()
    for part in chunked(events, MOST_POSTS):
        query = select(Delivery.webhook_id, Delivery.event_key).where(
            Delivery.event_key.in_([event.key for event in part])
        )
        known.update((webhook_id, key) for webhook_id, key in session.execute(query))
    return known


def _seen(session: Session, webhook: Webhook, now: datetime) -> int:
    """Return the number up to which posts need not be looked at again."""
    oldest = (
        select(Post.id).where(Post.id > webhook.seen_post).order_by(Post.id).limit(MOST_POSTS)
    ).subquery()
    query = select(func.max(Post.id)).where(
        Post.id.in_(select(oldest.c.id)), Post.created_at < now - SETTLED
    )
    return session.scalar(query) or webhook.seen_post


def _handles(session: Session, webhook: Webhook) -> dict[int, Account]:
    query = select(Account).where(Account.removed_at.is_(None))
    if webhook.account_id is not None:
        query = query.where(Account.id == webhook.account_id)
    return {account.id: account for account in session.scalars(query)}


def _account_data(account: Account) -> dict[str, object]:
    return {"network": account.network, "handle": account.handle, "role": account.role}


def _wrapped(session: Session, webhook: Webhook, shortener: Shortener) -> Iterator[Event]:
    """Yield posts made since the webhook was added; imported ones were made long before."""
    accounts = _handles(session, webhook)
    query = (
        select(Post)
        .where(Post.id > webhook.seen_post, Post.created_at >= webhook.created_at)
        .order_by(Post.id)
        .limit(MOST_POSTS)
    )
    posts = {f"post.wrapped:{post.id}": post for post in session.scalars(query)}
    told = _known_keys(session, webhook, list(posts))
    for key, post in posts.items():
        if key not in told and post.account_id in accounts:
            data = {"account": _account_data(accounts[post.account_id])}
            yield Event(webhook.id, "post.wrapped", key, data | post_json(session, shortener, post))


def _failed(session: Session, webhook: Webhook) -> Iterator[Event]:
    """Yield posts of the queue that are no longer tried; one that fails again is a new event."""
    accounts = _handles(session, webhook)
    for waiting in failed_posts(session):
        post, sending = waiting.post, waiting.sending
        if post.account_id in accounts and sending.changed_at >= webhook.created_at:
            yield Event(
                webhook.id,
                "post.failed",
                f"post.failed:{post.id}:{to_ms(sending.changed_at)}",
                {
                    "account": _account_data(accounts[post.account_id]),
                    "post": post.id,
                    "text": post.text,
                    "problem": sending.problem,
                    "in_doubt": sending.in_doubt,
                },
            )


def _milestones(session: Session, webhook: Webhook) -> Iterator[Event]:
    accounts = _handles(session, webhook)
    people = within_window(post_totals, "unique_clicks", len(WINDOWS) - 1)
    query = (
        select(Post.id, Post.account_id, people)
        .join(post_totals, post_totals.c.post_id == Post.id)
        .where(Post.id > webhook.first_post, people >= 10)
    )
    for post_id, account_id, reached in session.execute(query):
        if account_id in accounts:
            mark = milestone(int(reached))
            yield Event(
                webhook.id,
                "clicks.milestone",
                f"clicks.milestone:{post_id}:{mark}",
                {
                    "account": _account_data(accounts[account_id]),
                    "post": post_id,
                    "milestone": mark,
                    "unique_clicks": int(reached),
                },
            )


def milestone(people: int) -> int:
    """Return the largest of 10, 50, 100, 500, 1,000, … that is reached; 0 below ten."""
    if people < 10:
        return 0
    power: int = 10 ** (len(str(people)) - 1)
    return 5 * power if people >= 5 * power else power


def _jumps(session: Session, webhook: Webhook) -> Iterator[Event]:
    accounts = _handles(session, webhook)
    of, by = FollowerCount.account_id, FollowerCount.counted_at
    counts = select(
        FollowerCount.account_id,
        FollowerCount.counted_at,
        FollowerCount.count.label("followers"),
        func.lag(FollowerCount.count).over(partition_by=of, order_by=by).label("before"),
        func.lag(by, type_=Utc()).over(partition_by=of, order_by=by).label("before_at"),
    ).subquery()
    for row in session.execute(select(counts).where(counts.c.counted_at > webhook.created_at)):
        if row.account_id not in accounts or row.before is None:
            continue
        if is_jump(row.before, row.followers):
            yield Event(
                webhook.id,
                "followers.jumped",
                f"followers.jumped:{row.account_id}:{to_ms(row.counted_at)}",
                {
                    "account": _account_data(accounts[row.account_id]),
                    "before": row.before,
                    "before_at": utc(row.before_at),
                    "followers": row.followers,
                    "followers_at": utc(row.counted_at),
                },
            )


def is_jump(before: int, now: int) -> bool:
    """Whether a follower count differs from the one before by 5 % and by 50 people."""
    return abs(now - before) >= max(JUMP_LEAST, JUMP_SHARE * before)


def _alerts(
    session: Session, webhook: Webhook, settings: Settings, now: datetime
) -> Iterator[Event]:
    for key, alert, account in new_alerts(session, webhook, now):
        data = alert_json(alert, account, settings.timezone)
        yield Event(webhook.id, "alert.raised", key, {**data, "account": _account_data(account)})


def _digests(
    session: Session, webhook: Webhook, timezone: ZoneInfo, now: datetime
) -> Iterator[Event]:
    today = now.astimezone(timezone).date()
    monday = today - timedelta(days=today.weekday())
    until = datetime.combine(monday, time(), timezone)
    since = datetime.combine(monday - timedelta(days=7), time(), timezone)
    if webhook.created_at >= until:
        return
    complete = Counting(WINDOW, now).until(until)
    if complete is None or now < complete:
        return  # it is sent once: earlier, it would never have Sunday's posts
    year, week, _ = since.isocalendar()
    accounts = {
        f"digest.weekly:{account.id}:{year}-W{week:02}": account
        for account in _handles(session, webhook).values()
    }
    told = _known_keys(session, webhook, list(accounts))
    untold = {key: account for key, account in accounts.items() if key not in told}
    if not untold:
        return
    account_ids = [account.id for account in untold.values()]
    chosen = chosen_posts(account_ids, since, until)
    histories = count_histories(session, account_ids)
    totals = cpf_totals(session, chosen, histories, Counting(WINDOW, now))
    for key, account in untold.items():
        yield Event(
            webhook.id,
            "digest.weekly",
            key,
            {
                "account": _account_data(account),
                "from": utc(since),
                "to": utc(until),
                "window": WINDOW,
                "total": total_json(totals[account.id]),
            },
        )


def _known_keys(session: Session, webhook: Webhook, keys: list[str]) -> set[str]:
    query = select(Delivery.event_key).where(
        Delivery.webhook_id == webhook.id, Delivery.event_key.in_(keys)
    )
    return set(session.scalars(query))
