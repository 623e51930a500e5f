"""Match posts found on a network to our own by the short links in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener
from linktrack.links.hosts.finding import own_hosts_by_domain
from linktrack.links.hosts.names import written_host
from linktrack.links.models import Link, Post, SeenPost
from linktrack.links.own_addresses import base_addresses
from linktrack.networks.records import PostRecord
from linktrack.networks.registry import network_of
from linktrack.publishing.states import publish
from linktrack.publishing.unwrapped.posts import host_of


def match_posts(
    session: Session,
    shortener: Shortener,
    account: Account,
    records: Sequence[PostRecord],
    *,
    now: datetime,
    days: Days,
) -> list[int]:
    """Keep which of our posts these are; return the numbers of those published by that.

    A draft or planned post that is seen is published, at the network's time, but not before it
    was made nor later than `now`. Seen twice, the earlier time counts. What the owner said of a
    post stands: a time they gave, and that it is discarded. Posts of other accounts, whose links
    were copied, are left alone.
    """
    found = _posts_in(session, shortener, account, records)
    if not found:
        return []
    numbers = {post.id for posts in found.values() for post in posts}
    seen = {
        (row.network_id, row.post_id): row
        for row in session.scalars(select(SeenPost).where(SeenPost.post_id.in_(numbers)))
    }
    times = {(row.post_id, row.posted_at) for row in seen.values()}
    published: dict[int, None] = {}
    for record in sorted(records, key=lambda record: record.posted_at):
        for post in found.get(record.network_id, ()):
            at = max(post.created_at, min(record.posted_at, now))
            is_new = (record.network_id, post.id) not in seen
            if is_new:
                session.add(
                    SeenPost(
                        account_id=account.id,
                        network_id=record.network_id,
                        post_id=post.id,
                        posted_at=at,
                    )
                )
            waits = post.state in ("draft", "scheduled")
            ours = is_new and post.state == "published" and (post.id, post.posted_at) in times
            if waits or (ours and post.posted_at is not None and at < post.posted_at):
                publish(session, post, at, now, days)
                times.add((post.id, at))
                published[post.id] = None
    session.flush()
    return list(published)


def seen_at(session: Session, post: Post, account: Account) -> list[str]:
    """Return where a post was seen on its account's network, the first one first."""
    query = select(SeenPost.network_id).where(SeenPost.post_id == post.id)
    found = session.scalars(query.order_by(SeenPost.posted_at, SeenPost.network_id))
    addresses = (network_of(account.network).post_address(network_id) for network_id in found)
    return [address for address in addresses if address is not None]


def _posts_in(
    session: Session, shortener: Shortener, account: Account, records: Sequence[PostRecord]
) -> Mapping[str, list[Post]]:
    """Return the account's posts whose links are in its records, by the record's id."""
    hosts = {host_of(shortener.base_url), *map(host_of, base_addresses(session))}
    domains = own_hosts_by_domain(session.connection(), shortener.base_url)
    codes = {
        record.network_id: [
            (
                domains.get(written_host(address)),
                urlsplit(address).path.rpartition("/")[2].rstrip(".,)'\"+"),
            )
            for address in record.addresses
            if host_of(address) in hosts
        ]
        for record in records
        if not record.is_repost
    }
    everything = {code for some in codes.values() for _, code in some if code}
    if not everything:
        return {}
    computed = {
        code: bearer.link_id
        for code in everything
        if (bearer := shortener.codes.read(code)) is not None
    }
    further = {number for number in domains.values() if number is not None}
    links = session.scalars(
        select(Link).where(
            Link.account_id == account.id,
            Link.post_id.is_not(None),
            # An index for each: of the first domain's codes, of the others', and of numbers.
            or_(
                and_(Link.domain_id.is_(None), Link.code.in_(everything)),
                and_(Link.domain_id.in_(further), Link.code.in_(everything)),
                Link.id.in_(computed.values()),
            ),
        )
    ).all()
    by_code = {(link.domain_id, link.code): link.post_id for link in links}
    by_number = {link.id: link.post_id for link in links}
    numbers = {link.post_id for link in links}
    posts = {post.id: post for post in session.scalars(select(Post).where(Post.id.in_(numbers)))}
    found: dict[str, list[Post]] = {}
    for network_id, some in codes.items():
        meant = (
            by_code.get(each) or by_number.get(computed.get(each[1], LinkId(0))) for each in some
        )
        found[network_id] = [posts[number] for number in dict.fromkeys(meant) if number in posts]
    return found
