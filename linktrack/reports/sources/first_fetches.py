"""When a post was probably published: its network fetched the link for a card."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import agents
from linktrack.clicks.vocabulary import REASON_NUMBER
from linktrack.db import from_ms, to_ms
from linktrack.errors import Unavailable
from linktrack.ids import LinkId
from linktrack.links.models import Link, Post, SeenPost
from linktrack.networks.registry import networks
from linktrack.publishing.models import Sending

_WAITING: Final = ("draft", "scheduled")
MADE_WITHIN: Final = timedelta(days=90)
CLEARLY: Final = timedelta(minutes=10)
"""So much earlier than a post's time is no matter of two clocks."""

MOST: Final = 200  # links that are looked at; the newest


@dataclass(frozen=True, slots=True)
class FirstFetch:
    """The first fetch of a post's links by its account's network."""

    post: Post
    network: str
    at: datetime


def first_fetches(
    session: Session, account_ids: Sequence[int], now: datetime
) -> Sequence[FirstFetch]:
    """Return when drafts and planned posts were first fetched; the newest post first."""
    return _first_fetches(
        session,
        and_(
            Post.account_id.in_(account_ids),
            Post.state.in_(_WAITING),
            Post.created_at >= now - MADE_WITHIN,
        ),
        to_ms(now),
    )


def first_fetch(session: Session, post: Post, now: datetime) -> FirstFetch | None:
    """Return when a post was first fetched, None where that says nothing new.

    Of a published post a fetch does that was clearly earlier than the time it was given by hand.
    """
    if post.state == "published" and post.posted_at is not None:
        seen = select(SeenPost.post_id).where(SeenPost.post_id == post.id).limit(1)
        if session.scalar(seen) is not None:  # the network itself said when
            return None
        now = min(now, post.posted_at - CLEARLY)
    elif post.state not in _WAITING:
        return None
    found = _first_fetches(session, Post.id == post.id, to_ms(now))
    return found[0] if found else None


def _first_fetches(
    session: Session, which: ColumnElement[bool], until: int
) -> Sequence[FirstFetch]:
    fetching = {
        network.name: [f"preview:{name}" for name in network.cards.first_fetchers]
        for network in networks()
        if network.cards.first_fetchers
    }
    # What linktrack publishes itself has its time from there.
    queued = exists().where(Sending.post_id == Post.id, Sending.state != "withdrawn")
    query = (
        select(Post, Account.network, Link.id)
        .join(Account, Account.id == Post.account_id)
        .join(Link, Link.post_id == Post.id)
        .where(which, Account.network.in_(fetching), ~queued)
        .order_by(Post.id.desc())
        .limit(MOST)
    )
    rows = session.execute(query).all()
    here = {network for _, network, _ in rows}
    fetchers = _agents_by_rule(session, [rule for name in here for rule in fetching[name]])
    first: dict[LinkId, int] = {}
    for name in here:
        known = [number for rule in fetching[name] for number in fetchers[rule]]
        if not known:  # none ever came: a link's clicks need not be gone through
            continue
        fetched = Which(
            links=[link_id for _, network, link_id in rows if network == name],
            until=until + 1,
            reasons=(REASON_NUMBER["preview"],),
            agents=known,
        )
        with suppress(Unavailable):  # it is only a hint
            first.update(clicks_of(session).count(fetched, ("link_id",), ("first_at",)))
    found: dict[int, FirstFetch] = {}
    for post, network, link_id in rows:
        at = first.get(link_id)
        if at is not None and (post.id not in found or from_ms(at) < found[post.id].at):
            found[post.id] = FirstFetch(post, network, from_ms(at))
    return list(found.values())


def _agents_by_rule(session: Session, rules: Sequence[str]) -> Mapping[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    if rules:
        query = select(agents.c.rule, agents.c.id).where(agents.c.rule.in_(rules))
        for rule, number in session.execute(query):
            found[rule].append(number)
    return found
