"""Unwrapped posts: stored as unmeasured, which is not the same as zero clicks."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.chunks import chunked
from linktrack.errors import NotFound
from linktrack.links.models import Replacement, UnwrappedAddress, UnwrappedPost
from linktrack.links.own_addresses import base_addresses
from linktrack.networks.records import PostRecord

CHUNK: Final = 500

Hosts: TypeAlias = Collection[str | None]


@dataclass(frozen=True, slots=True)
class KeptPosts:
    """What a list of posts held, and what of it was new.

    `links` are all addresses, reposts' too. `wrapped` posts have a short link of ours, and are
    measured already; where they have other links beside it, these are kept. `known` posts were
    kept before. Of the `added` ones `around` are own words with a link that is not wrapped.
    """

    posts: int = 0
    reposts: int = 0
    links: int = 0
    wrapped: int = 0
    known: int = 0
    added: int = 0
    around: int = 0


def keep_posts(
    session: Session, account: Account, posts: Iterable[PostRecord], base_host: str
) -> KeptPosts:
    """Keep what has no short link of ours: of `base_host`, or of a base address of before.

    The same again is nothing new.

    What was kept is brought up to date where it has changed, and dropped where its links
    have been wrapped since. A replacement made for an earlier text is dropped.
    """
    hosts = {base_host, *map(host_of, base_addresses(session))}
    total = [0] * 7
    for chunk in chunked(posts, CHUNK):
        known = _known(session, account.id, [post.network_id for post in chunk])
        unwrapped = [post for post in chunk if _is_to_keep(post, hosts)]
        stale = {
            post.network_id: known[post.network_id].id
            for post in chunk
            if post.network_id in known and _is_stale(post, known[post.network_id], hosts)
        }
        _delete(session, stale.values())
        _drop_replacements(
            session,
            account.id,
            [
                post.network_id
                for post in unwrapped
                if post.network_id in stale and known[post.network_id].text != post.text
            ],
        )
        new = [post for post in unwrapped if post.network_id not in known]
        again = [post for post in unwrapped if post.network_id in stale]
        _insert(session, account.id, [*new, *again], hosts)
        counted = (
            len(chunk),
            sum(post.is_repost for post in chunk),
            sum(len(post.addresses) for post in chunk),
            sum(is_wrapped(post, hosts) for post in chunk),
            len(unwrapped) - len(new),
            len(new),
            sum(not post.is_repost and bool(_not_wrapped(post, hosts)) for post in new),
        )
        total = [whole + part for whole, part in zip(total, counted, strict=True)]
    return KeptPosts(*total)


def is_wrapped(post: PostRecord, hosts: Hosts) -> bool:
    """Whether a post has a short link of ours."""
    return any(host_of(address) in hosts for address in post.addresses)


def host_of(address: str) -> str | None:
    """Return the host of an address, None where it has none."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _not_wrapped(post: PostRecord, hosts: Hosts) -> list[str]:
    return [address for address in post.addresses if host_of(address) not in hosts]


def _is_to_keep(post: PostRecord, hosts: Hosts) -> bool:
    return bool(_not_wrapped(post, hosts)) or not is_wrapped(post, hosts)


class _Kept(NamedTuple):
    """The stored fields of a post that may change."""

    id: int
    text: str
    addresses: int
    is_plain: bool | None


def _known(session: Session, account_id: int, network_ids: Sequence[str]) -> dict[str, _Kept]:
    query = select(
        UnwrappedPost.network_id,
        UnwrappedPost.id,
        UnwrappedPost.text,
        UnwrappedPost.addresses,
        UnwrappedPost.is_plain,
    ).where(UnwrappedPost.account_id == account_id, UnwrappedPost.network_id.in_(network_ids))
    return {row[0]: _Kept(*row[1:]) for row in session.execute(query)}


def _is_stale(post: PostRecord, kept: _Kept, hosts: Hosts) -> bool:
    """Whether a stored post differs from the post as it is now."""
    return (
        not _is_to_keep(post, hosts)
        or kept.text != post.text
        or kept.addresses != len(_not_wrapped(post, hosts))
        or (post.is_plain is not None and kept.is_plain != post.is_plain)
    )


def _delete(session: Session, numbers: Iterable[int]) -> None:
    chosen = list(numbers)
    if not chosen:
        return
    for table, column in (
        (UnwrappedAddress, UnwrappedAddress.post_id),
        (UnwrappedPost, UnwrappedPost.id),
    ):
        session.execute(
            delete(table).where(column.in_(chosen)).execution_options(synchronize_session=False)
        )


def _drop_replacements(session: Session, account_id: int, network_ids: Sequence[str]) -> None:
    """Delete drafts made of earlier texts of posts; one that was sent to a network stays."""
    if network_ids:
        session.execute(
            delete(Replacement)
            .where(
                Replacement.account_id == account_id,
                Replacement.network_id.in_(network_ids),
                Replacement.key.is_(None),
            )
            .execution_options(synchronize_session=False)
        )


def _insert(session: Session, account_id: int, posts: Sequence[PostRecord], hosts: Hosts) -> None:
    if not posts:
        return
    rows = [
        {
            "account_id": account_id,
            "network_id": post.network_id,
            "posted_at": post.posted_at,
            "is_repost": post.is_repost,
            "text": post.text,
            "addresses": len(_not_wrapped(post, hosts)),
            "partly": is_wrapped(post, hosts),
            "is_plain": post.is_plain,
        }
        for post in posts
    ]
    numbers = session.scalars(
        insert(UnwrappedPost).returning(UnwrappedPost.id, sort_by_parameter_order=True), rows
    ).all()
    addresses = [
        {"post_id": number, "place": index, "address": address}
        for number, post in zip(numbers, posts, strict=True)
        for index, address in enumerate(_not_wrapped(post, hosts))
    ]
    if addresses:
        session.execute(insert(UnwrappedAddress), addresses)


def forget_unwrapped(session: Session, post: UnwrappedPost) -> None:
    """Delete a stored post: its links are wrapped now, or it no longer exists."""
    _delete(session, [post.id])
    session.expunge(post)


def get_unwrapped(session: Session, number: int) -> UnwrappedPost:
    """Return a post that was not wrapped; raises `NotFound`."""
    post = session.get(UnwrappedPost, number)
    if post is None:
        raise NotFound(
            f"There is no unwrapped post number {number}: it may have been wrapped meanwhile."
        )
    return post


def list_unwrapped(
    session: Session,
    account_id: int,
    limit: int,
    *,
    after: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[UnwrappedPost]:
    """Return an account's own posts of [since, until) with links not wrapped, newest first.

    `after` is the number of the post behind which the page begins.
    """
    query = (
        select(UnwrappedPost)
        .where(
            UnwrappedPost.account_id == account_id,
            UnwrappedPost.addresses > 0,
            ~UnwrappedPost.is_repost,
        )
        .order_by(UnwrappedPost.posted_at.desc(), UnwrappedPost.id.desc())
    )
    if since is not None:
        query = query.where(UnwrappedPost.posted_at >= since)
    if until is not None:
        query = query.where(UnwrappedPost.posted_at < until)
    last = None if after is None else session.get(UnwrappedPost, after)
    if last is not None:
        earlier = UnwrappedPost.posted_at < last.posted_at
        same = (UnwrappedPost.posted_at == last.posted_at) & (UnwrappedPost.id < last.id)
        query = query.where(earlier | same)
    return session.scalars(query.limit(limit)).all()


def addresses_of(session: Session, posts: Sequence[UnwrappedPost]) -> dict[int, list[str]]:
    """Return the unwrapped addresses of posts, in order of their texts, by the post's number."""
    found: dict[int, list[str]] = {post.id: [] for post in posts}
    query = (
        select(UnwrappedAddress)
        .where(UnwrappedAddress.post_id.in_(found))
        .order_by(UnwrappedAddress.post_id, UnwrappedAddress.place)
    )
    for row in session.scalars(query):
        found[row.post_id].append(row.address)
    return found
