"""Posts that were published without a wrapped link: kept as unmeasured, which is never zero."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.links.models import Link, Post, UnwrappedAddress, UnwrappedPost
from linktrack.networks.base import PostRecord

CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class KeptPosts:
    """What a list of posts held, and what of it was new.

    `links` are all addresses, reposts' too. `wrapped` posts have a short link of ours, and are
    measured already; `known` ones were kept before.
    """

    posts: int = 0
    reposts: int = 0
    links: int = 0
    wrapped: int = 0
    known: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what an account published can be measured: links in its own words.

    Reposts are apart: nobody wraps another's links.
    """

    posts: int
    posts_with_links: int
    reposts: int
    not_wrapped: int
    wrapped: int

    @property
    def share(self) -> float | None:
        """The part of its links that were wrapped, a fraction; None without any link."""
        links = self.wrapped + self.not_wrapped
        return self.wrapped / links if links else None


def keep_posts(
    session: Session, account: Account, posts: Iterable[PostRecord], base_host: str
) -> KeptPosts:
    """Keep the posts that have no short link of `base_host`; the same again is nothing new."""
    total = [0] * 6
    rest = iter(posts)
    while chunk := list(islice(rest, CHUNK)):
        unwrapped = [post for post in chunk if not _is_wrapped(post, base_host)]
        known = set(
            session.scalars(
                select(UnwrappedPost.network_id).where(
                    UnwrappedPost.account_id == account.id,
                    UnwrappedPost.network_id.in_([post.network_id for post in unwrapped]),
                )
            )
        )
        new = [post for post in unwrapped if post.network_id not in known]
        _insert(session, account.id, new)
        counted = (
            len(chunk),
            sum(post.is_repost for post in chunk),
            sum(len(post.addresses) for post in chunk),
            len(chunk) - len(unwrapped),
            len(unwrapped) - len(new),
            len(new),
        )
        total = [whole + part for whole, part in zip(total, counted, strict=True)]
    return KeptPosts(*total)


def _is_wrapped(post: PostRecord, base_host: str) -> bool:
    return any(_host(address) == base_host for address in post.addresses)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _insert(session: Session, account_id: int, posts: Sequence[PostRecord]) -> None:
    if not posts:
        return
    rows = [
        {
            "account_id": account_id,
            "network_id": post.network_id,
            "posted_at": post.posted_at,
            "is_repost": post.is_repost,
            "text": post.text,
            "addresses": len(post.addresses),
        }
        for post in posts
    ]
    numbers = session.scalars(
        insert(UnwrappedPost).returning(UnwrappedPost.id, sort_by_parameter_order=True), rows
    ).all()
    addresses = [
        {"post_id": number, "place": place, "address": address}
        for number, post in zip(numbers, posts, strict=True)
        for place, address in enumerate(post.addresses)
    ]
    if addresses:
        session.execute(insert(UnwrappedAddress), addresses)


def coverage(session: Session, account_id: int) -> Coverage:
    """Return how many of an account's links were wrapped, over all its known posts."""
    mine = UnwrappedPost.account_id == account_id
    own = ~UnwrappedPost.is_repost
    posts, with_links, not_wrapped, reposts = session.execute(
        select(
            func.count().filter(own),
            func.count().filter(own, UnwrappedPost.addresses > 0),
            func.coalesce(func.sum(UnwrappedPost.addresses).filter(own), 0),
            func.count().filter(UnwrappedPost.is_repost),
        ).where(mine)
    ).one()
    published = Post.account_id == account_id, Post.state == "published"
    wrapped_posts = session.scalar(select(func.count()).select_from(Post).where(*published)) or 0
    wrapped = session.scalar(
        select(func.count()).select_from(Link).join(Post, Link.post_id == Post.id).where(*published)
    )
    return Coverage(
        posts + wrapped_posts, with_links + wrapped_posts, reposts, not_wrapped, wrapped or 0
    )
