"""Create one link at a time, as other programs do: each in a published post of its own."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.audience.utm import utm_values
from linktrack.errors import Invalid
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener, add_link
from linktrack.links.destinations import parse_destination, with_parameters
from linktrack.links.models import Link, LinkLabel, Post
from linktrack.links.own_addresses import leads_back

MOST_TITLE = 1_000
MOST_TAGS = 50
MOST_TENANT = 100


def add_single(
    session: Session,
    shortener: Shortener,
    account: Account,
    written: str,
    now: datetime,
    *,
    token_id: int,
    slug: str | None = None,
    title: str | None = None,
    tags: Sequence[str] = (),
    forward_query: bool = False,
    tenant: str | None = None,
) -> Link:
    """Make a link to an address, made through the door of a token.

    Its post is its short address, published now: whoever shortens is about to post. `tenant` is for
    whom it is made, in at most MOST_TENANT characters. Raises `Invalid` or `Conflict`.
    """
    if tenant is not None and len(tenant) > MOST_TENANT:
        raise Invalid(f"A tenant's id may have {MOST_TENANT} characters.")
    destination = destination_for(session, shortener, account, written)
    post = Post(
        account_id=account.id,
        state="published",
        written=written,
        text="",
        posted_at=now,
        created_at=now,
    )
    session.add(post)
    session.flush()
    link = add_link(
        session,
        shortener,
        account_id=account.id,
        post_id=post.id,
        destination=destination,
        at=now,
        slug=slug,
    )
    link.forward_query = forward_query
    post.text = shortener.short_url(link.code or "")
    label = LinkLabel(
        link_id=link.id,
        title=_title(title),
        tags=_tags(tags),
        token_id=token_id,
        tenant=tenant,
    )
    session.add(label)
    session.flush()
    return link


def destination_for(session: Session, shortener: Shortener, account: Account, written: str) -> str:
    """Return where a link to this address leads, with the account's UTM values.

    Raises `Invalid` if no browser can be sent there, or it is a short link of ours.
    """
    destination = parse_destination(written)
    if leads_back(session, destination, shortener.base_url):
        raise Invalid("This is a short link of this installation already.")
    return parse_destination(with_parameters(destination, utm_values(session, account.id)))


def find_single(session: Session, token_id: int, destination: str) -> Link | None:
    """Return the newest link that a token's door has made to a destination, if it redirects."""
    query = (
        select(Link)
        .join(LinkLabel, LinkLabel.link_id == Link.id)
        .where(LinkLabel.token_id == token_id, Link.destination == destination)
        .where(Link.disabled_at.is_(None))
        .order_by(Link.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def relabel(
    session: Session, link_id: LinkId, *, title: str | None, tags: Sequence[str] | None = None
) -> None:
    """Give a link another title, and other tags unless they are None."""
    label = session.get_one(LinkLabel, link_id)
    label.title = _title(title)
    if tags is not None:
        label.tags = _tags(tags)
    session.flush()


def replace_tags(session: Session, token_id: int, renamed: Mapping[str, str | None]) -> int:
    """Rename tags on all links of a token, or take them off; return how many links had one."""
    found = 0
    for label in session.scalars(select(LinkLabel).where(LinkLabel.token_id == token_id)):
        tags = tags_of(label)
        if not renamed.keys().isdisjoint(tags):
            found += 1
            kept = dict.fromkeys(renamed.get(tag, tag) for tag in tags)
            label.tags = _tags([tag for tag in kept if tag is not None])
    session.flush()
    return found


def labels_of(session: Session, link_ids: Sequence[LinkId]) -> Mapping[int, LinkLabel]:
    """Return what other programs said of these links."""
    query = select(LinkLabel).where(LinkLabel.link_id.in_(link_ids))
    return {label.link_id: label for label in session.scalars(query)}


def tags_of(label: LinkLabel | None) -> list[str]:
    """Return the tags of a label."""
    return [] if label is None else [str(tag) for tag in json.loads(label.tags)]


def _title(title: str | None) -> str | None:
    return _clean(title)[:MOST_TITLE] if title else None


def _tags(tags: Sequence[str]) -> str:
    return json.dumps([_clean(tag)[:100] for tag in tags[:MOST_TAGS]])


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
