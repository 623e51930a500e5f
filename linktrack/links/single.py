"""Create one link at a time, as other programs do: each in a published post of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.audience.utm import utm_of
from linktrack.chunks import chunked
from linktrack.errors import Invalid
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener, add_link, addresses_before, leading_from
from linktrack.links.destinations import parse_destination
from linktrack.links.hosts.finding import chosen_domain
from linktrack.links.labels import MOST_TITLE, TagRow, clean, set_tags, tag_rows, tags_by_link
from linktrack.links.models import Link, LinkLabel, LinkTag, Post
from linktrack.links.own_addresses import leads_back

MOST_TENANT = 100
CHUNK = 500


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
    on: str | None = None,
) -> Link:
    """Make a link to an address, made through the door of a token.

    Its post is its short address, published now: whoever shortens is about to post. `tenant` is for
    whom it is made, in at most MOST_TENANT characters, `on` the host of its domain, else it is the
    account's. Raises `Invalid`, `NotFound` or `Conflict`.
    """
    if tenant is not None and len(tenant) > MOST_TENANT:
        raise Invalid(f"A tenant's id may have {MOST_TENANT} characters.")
    destination = destination_for(session, shortener, written)
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
        utm=utm_of(session, account),
        tag=next((tag for tag in map(clean, tags) if tag), None),
        domain=chosen_domain(session, shortener.base_url, account.id, on),
    )
    link.forward_query = forward_query
    post.text = shortener.short_url(link.code or "", link.domain)
    label = LinkLabel(
        link_id=link.id,
        title=_title(title),
        token_id=token_id,
        tenant=tenant,
    )
    session.add(label)
    session.flush()
    set_tags(session, link.id, tags)
    return link


def destination_for(session: Session, shortener: Shortener, written: str) -> str:
    """Return where a link to this address leads, without the account's UTM values.

    Raises `Invalid` if no browser can be sent there, or it is a short link of ours.
    """
    destination = parse_destination(written)
    if leads_back(session, destination, shortener.base_url):
        raise Invalid("This is a short link of this installation already.")
    return destination


def find_single(session: Session, account: Account, token_id: int, destination: str) -> Link | None:
    """Return the newest link that a token's door has made to this, if it redirects.

    With the account's UTM values of now, except that those with fields may be of another day.
    """
    utm = utm_of(session, account)
    query = (
        select(Link)
        .join(LinkLabel, LinkLabel.link_id == Link.id)
        .where(LinkLabel.token_id == token_id, leading_from([destination]))
        .where(Link.disabled_at.is_(None))
        .order_by(Link.id.desc())
    )
    for link in session.scalars(query.execution_options(yield_per=CHUNK)):
        if destination in addresses_before(link.destination, utm):
            return link
    return None


def relabel(
    session: Session, link_id: LinkId, *, title: str | None, tags: Sequence[str] | None = None
) -> None:
    """Give a link another title, and other tags unless they are None."""
    session.get_one(LinkLabel, link_id).title = _title(title)
    if tags is not None:
        set_tags(session, link_id, tags)
    session.flush()


def replace_tags(session: Session, token_id: int, renamed: Mapping[str, str | None]) -> int:
    """Rename tags on all links of a token, or take them off; return how many links had one."""
    own = select(LinkLabel.link_id).where(LinkLabel.token_id == token_id)
    query = select(LinkTag.link_id).where(LinkTag.link_id.in_(own), LinkTag.tag.in_(renamed))
    found = session.scalars(query.distinct()).all()
    for part in chunked(found, CHUNK):
        tags = tags_by_link(session, part)
        rows: list[TagRow] = []
        for link_id in part:
            new = (renamed.get(tag, tag) for tag in tags[link_id])
            rows += tag_rows(link_id, [tag for tag in new if tag is not None])
        session.execute(delete(LinkTag).where(LinkTag.link_id.in_(part)))
        if rows:
            session.execute(insert(LinkTag), rows)
    return len(found)


def _title(title: str | None) -> str | None:
    return clean(title)[:MOST_TITLE] if title else None
