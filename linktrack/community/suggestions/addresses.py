"""The addresses of suggestions: which are the same page, and which posts have led there."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.audience.utm import UtmValues, utm_by_account
from linktrack.audience.utm_fields import has_fields
from linktrack.chunks import chunked
from linktrack.community.suggestions.models import SuggestedAddress
from linktrack.errors import Invalid, TooLarge
from linktrack.ids import AccountId
from linktrack.links.catalog import leading_from
from linktrack.links.destinations import with_parameters
from linktrack.links.models import Link, Post
from linktrack.links.own_addresses import own_hosts
from linktrack.links.wrapping import destinations, find

MOST: Final = 5
"""Addresses of one suggestion, at most: whoever sends more sends a list."""

_CHUNK: Final = 400


def addresses_in(session: Session, account: Account, text: str, base_url: str) -> list[str]:
    """Return the addresses of a text as wrapping finds them, each once; none of ours.

    A text in which one of them can't be taken has none.
    """
    try:
        found = find(text, account.network, base_url, more_own_hosts=own_hosts(session))
    except (Invalid, TooLarge):
        return []
    return destinations(found.addresses)[:MOST]


def addresses_of(session: Session, numbers: Collection[int]) -> dict[int, list[str]]:
    """Return the addresses of suggestions, in their order, by the suggestions' numbers."""
    query = select(SuggestedAddress).where(SuggestedAddress.suggestion_id.in_(numbers))
    found: dict[int, list[str]] = {}
    for each in session.scalars(query.order_by(SuggestedAddress.position)):
        found.setdefault(each.suggestion_id, []).append(each.address)
    return found


def key_of(address: str) -> str:
    """Return what pages are compared by: not by scheme, "www.", a last slash, or UTM values."""
    parts = urlsplit(address)
    query = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not pair[0].startswith("utm_")
    ]
    host = parts.netloc.casefold().removeprefix("www.")
    page = f"{host}{parts.path.rstrip('/')}?{urlencode(query)}"
    return blake2b(page.encode("utf-8", "replace"), digest_size=16).hexdigest()


def posts_leading_to(
    session: Session, pages: Collection[tuple[AccountId, str]]
) -> Mapping[tuple[AccountId, str], Sequence[Post]]:
    """Return the posts with a link to a page, by account and address, oldest first.

    Discarded ones are left out; an address without a post is not in the answer.
    """
    utm = utm_by_account(session)
    spelled = {
        (account, spelling): key_of(address)
        for account, address in pages
        for spelling in _spellings(address, _texts(utm.get(account)))
    }
    varying = [
        account for account, values in utm.items() if any(map(has_fields, _texts(values).values()))
    ]
    posts: dict[tuple[AccountId, str], dict[int, Post]] = {}
    for part in chunked(list({spelling for _, spelling in spelled}), _CHUNK):
        query = (
            select(Link.account_id, Link.destination, Post)
            .join(Post, Post.id == Link.post_id)
            .where(Link.account_id.in_({account for account, _ in pages}))
            .where(
                or_(
                    Link.destination.in_(part),
                    Link.account_id.in_(varying) & leading_from(part) if varying else false(),
                )
            )
            .where(Post.state != "discarded")
            .order_by(Post.id)
        )
        for account, destination, post in session.execute(query):
            key = spelled.get((account, destination))
            if key is None and account in varying:
                key = key_of(destination)
            if key is not None:
                posts.setdefault((account, key), {})[post.id] = post
    return {
        (account, address): list(posts[account, key_of(address)].values())
        for account, address in pages
        if (account, key_of(address)) in posts
    }


def _texts(values: UtmValues | None) -> Mapping[str, str]:
    return {} if values is None else {name: str(value) for name, value in values.items()}


def _spellings(address: str, utm: Mapping[str, str]) -> set[str]:
    """Return the ways in which links to a page are usually written, with our UTM values too."""
    parts = urlsplit(address)
    bare = parts.netloc.removeprefix("www.")
    path = parts.path.rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    plain = {
        f"{scheme}://{host}{path}{slash}{query}"
        for scheme in ("http", "https")
        for host in (bare, f"www.{bare}")
        for slash in ("", "/")
    }
    return {address, *plain, *(with_parameters(each, utm) for each in plain | {address})}
