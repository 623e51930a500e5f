"""A post as JSON, with its links and versions, and what of it is not wrapped."""

from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.links.catalog import Shortener
from linktrack.links.left import NotWrapped
from linktrack.links.models import Link, Post, State
from linktrack.links.own_addresses import own_hosts
from linktrack.links.posts import version_segments
from linktrack.links.wrapping import left_in


class WrappedLinkJson(TypedDict):
    """A short link and where it leads."""

    code: str
    short_url: str
    destination: str


class PostVersionJson(TypedDict):
    """The same post with links made for one segment."""

    segment: str
    text: str
    links: list[WrappedLinkJson]


class NotWrappedJson(TypedDict):
    """An address that was left unchanged, or wrapped only in part, and why."""

    address: str
    why: str


class WrappedPostJson(TypedDict):
    """A post with its links; `id` is null if the text has no new address, and no post is made.

    `not_wrapped` names what of the text looks like an address and is not, or not wholly, wrapped.
    """

    id: int | None
    state: State | None
    text: str
    links: list[WrappedLinkJson]
    not_wrapped: list[NotWrappedJson]
    versions: list[PostVersionJson]


def post_json(session: Session, shortener: Shortener, post: Post) -> WrappedPostJson:
    """Return a post as every door gives it, with the links of each version."""
    segments = version_segments(session, post)
    return {
        "id": post.id,
        "state": post.state,
        "text": post.text,
        "links": [_link_json(shortener, link, link.code or "") for link in post.links],
        "not_wrapped": not_wrapped_json(left_in_post(session, shortener, post)),
        "versions": [
            {
                "segment": segments[version.segment_id].name,
                "text": version.text,
                "links": [
                    _link_json(shortener, link, shortener.version_code(link.id, version.segment_id))
                    for link in post.links
                ],
            }
            for version in post.versions
        ],
    }


def left_in_post(session: Session, shortener: Shortener, post: Post) -> Sequence[NotWrapped]:
    """Return what of a post's text looks like an address and is not, or not wholly, wrapped."""
    account = session.get(Account, post.account_id)
    if account is None:
        return ()
    hosts = own_hosts(session)
    return left_in(
        post.written, account.network, shortener.base_url, post.format, more_own_hosts=hosts
    )


def no_post_json(text: str, not_wrapped: Sequence[NotWrapped]) -> WrappedPostJson:
    """Return the same shape for a text without a new address, which makes no post."""
    return {
        "id": None,
        "state": None,
        "text": text,
        "links": [],
        "not_wrapped": not_wrapped_json(not_wrapped),
        "versions": [],
    }


def not_wrapped_json(not_wrapped: Sequence[NotWrapped]) -> list[NotWrappedJson]:
    """Return what was left as every door gives it."""
    return [{"address": left.address, "why": left.why} for left in not_wrapped]


def _link_json(shortener: Shortener, link: Link, code: str) -> WrappedLinkJson:
    return {
        "code": code,
        "short_url": shortener.short_url(code, link.domain),
        "destination": link.destination,
    }
