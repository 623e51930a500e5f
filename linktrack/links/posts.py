"""Posts: texts whose every address is wrapped, with a version for each chosen segment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Segment
from linktrack.audience.segments import LARGEST, find_segment
from linktrack.audience.utm import utm_of
from linktrack.errors import Invalid, NotFound
from linktrack.ids import PostId, SegmentId
from linktrack.links.catalog import Shortener, add_link, addresses_before
from linktrack.links.codes import with_codes
from linktrack.links.hosts.finding import chosen_domain, domain_of_account
from linktrack.links.models import Link, LinkDestination, Post, State, Version
from linktrack.links.own_addresses import base_addresses, own_hosts, remember_address
from linktrack.links.people import find_person, promote
from linktrack.links.wrapping import destinations, find, parse_format, replace
from linktrack.owners.audit import note

STATES: Final[tuple[State, ...]] = ("draft", "scheduled", "published", "discarded")
CLOCK_SLACK: Final = timedelta(minutes=2)  # two machines' clocks may differ by so much


@dataclass(frozen=True, slots=True)
class Wish:
    """What the owner asks for when wrapping a text.

    `written_in` is plain, markdown or html. `posted_at` defaults to now for a published post.
    `slugs` are short codes of the owner's choice, for the text's new addresses in order of
    appearance. `addressed` is how many people a segment's version reaches, by the segment's name;
    the segment's size by default. `promotes` names the people whom all links of the post promote.
    """

    text: str
    state: str = "published"
    posted_at: datetime | None = None
    _: KW_ONLY
    segments: tuple[str, ...] = ()
    slugs: tuple[str, ...] = ()
    addressed: Mapping[str, int] = field(default_factory=dict)
    promotes: tuple[str, ...] = ()
    written_in: str = "plain"
    domain: str | None = None


def wrap_post(
    session: Session, shortener: Shortener, account: Account, wish: Wish, now: datetime
) -> Post | None:
    """Record a post with a link for each distinct address in its text.

    Returns None, and records nothing, where the text holds no address that is not a short link
    of ours already. Raises `Invalid`, `TooLarge`, `Conflict` or `NotFound` (a segment, a person),
    and then the session must be rolled back.
    """
    state, posted_at = settle_state(wish.state, wish.posted_at, now)
    written_in = parse_format(wish.written_in)
    hosts = own_hosts(session)
    addresses = find(
        wish.text, account.network, shortener.base_url, written_in, more_own_hosts=hosts
    ).addresses
    targets = destinations(addresses)
    if len(wish.slugs) > len(targets):
        raise Invalid(
            f"Short codes chosen: {len(wish.slugs)}; new addresses in the text: {len(targets)}. "
            "Choose at most one for each."
        )
    if not addresses:
        return None
    remember_address(session, shortener.base_url, now)
    segments = [find_segment(session, account, name) for name in dict.fromkeys(wish.segments)]
    addressed = _addressed(wish, segments)
    people = [find_person(session, name) for name in dict.fromkeys(wish.promotes)]
    post = Post(
        account_id=account.id,
        state=state,
        written=wish.text,
        text="",
        format=written_in,
        posted_at=posted_at,
        created_at=now,
    )
    session.add(post)
    session.flush()
    slugs = (*wish.slugs, *(None for _ in targets))
    utm = utm_of(session, account)
    domain = chosen_domain(session, shortener.base_url, account.id, wish.domain)
    links = [
        add_link(
            session,
            shortener,
            account_id=account.id,
            post_id=post.id,
            destination=destination,
            at=now,
            slug=slug,
            utm=utm,
            domain=domain,
        )
        for destination, slug in zip(targets, slugs, strict=False)
    ]
    for link, person in product(links, people):
        promote(session, link, person, now)
    wrapped = dict(zip(targets, links, strict=True))
    post.text = replace(wish.text, addresses, short_urls(shortener, wrapped))
    for segment in segments:
        post.versions.append(
            Version(
                segment_id=segment.id,
                text=replace(wish.text, addresses, short_urls(shortener, wrapped, segment.id)),
                addressed=addressed.get(segment.name, segment.size),
            )
        )
    note(session, f"Wrapped post {post.id} of {account.handle}, {state}.", now)
    session.expire(post, ["links"])
    return post


def rewrap_post(
    session: Session,
    shortener: Shortener,
    account: Account,
    post: Post,
    written: str,
    *,
    now: datetime,
) -> None:
    """Give a post another text: an address it had keeps its link, a new one gets one.

    Links that are in no text now stay with the post and keep redirecting. Raises `Invalid`
    for a text without an address, and what `wrap_post` raises; then the session must be rolled
    back.
    """
    hosts = own_hosts(session)
    addresses = find(
        written, account.network, shortener.base_url, post.format, more_own_hosts=hosts
    ).addresses
    if not addresses:
        raise Invalid("There is no address in this text that could become a short link.")
    utm = utm_of(session, account)
    led = (
        select(LinkDestination.destination, Link)
        .join(Link, Link.id == LinkDestination.link_id)
        .where(Link.post_id == post.id)
        .order_by(Link.id.desc())
    )
    targets = destinations(addresses)
    known = {
        address: row.Link
        for row in session.execute(led)
        for address in addresses_before(row.destination, utm)
        if address == row.destination or row.destination not in targets
    }
    wrapped = {}
    domain = domain_of_account(session, account.id)
    for target in targets:
        wrapped[target] = known.get(target) or add_link(
            session,
            shortener,
            account_id=account.id,
            post_id=post.id,
            destination=target,
            at=now,
            utm=utm,
            domain=domain,
        )
    post.written = written
    post.text = replace(written, addresses, short_urls(shortener, wrapped))
    for version in post.versions:
        urls = short_urls(shortener, wrapped, version.segment_id)
        version.text = replace(written, addresses, urls)
    session.flush()
    session.expire(post, ["links"])


def settle_state(
    state: str, posted_at: datetime | None, now: datetime
) -> tuple[State, datetime | None]:
    """Return the state and the time a post gets, or raise `Invalid` if they do not fit.

    A published post lies in the past, a scheduled one in the future, a draft may have no time.
    """
    if state == "published":
        if posted_at is not None and posted_at > now + CLOCK_SLACK:
            raise Invalid(
                "A published post can't have a time in the future: schedule it, or leave the "
                "time out."
            )
        return "published", posted_at or now
    if state == "scheduled":
        if posted_at is None or posted_at <= now:
            raise Invalid("A scheduled post needs a time in the future.")
        return "scheduled", posted_at
    if state == "draft":
        return "draft", posted_at
    raise Invalid(f"{state!r} isn't a state of a new post: choose draft, scheduled or published.")


def short_urls(
    shortener: Shortener, links: Mapping[str, Link], segment_id: SegmentId | None = None
) -> Mapping[str, str]:
    """Return address → short address, for everybody or for one segment."""
    return {
        address: shortener.short_url(
            link.code or "" if segment_id is None else shortener.version_code(link.id, segment_id),
            link.domain,
        )
        for address, link in links.items()
    }


def _addressed(wish: Wish, segments: Sequence[Segment]) -> Mapping[str, int]:
    names = {segment.name for segment in segments}
    for name, people in wish.addressed.items():
        if name not in names:
            raise Invalid(f"No version is made for {name[:100]!r}: name it as a segment, too.")
        if not 0 < people <= LARGEST:
            raise Invalid(f"A version cannot reach {people} people: give a whole number above 0.")
    return wish.addressed


def add_version(
    session: Session, shortener: Shortener, post: Post, segment: Segment, addressed: int | None
) -> Version:
    """Give a post that is wrapped already a version for a segment, of its text as it is now.

    The one it has stays, and reaches at least so many people.
    """
    made = next((each for each in post.versions if each.segment_id == segment.id), None)
    if made is None:
        codes = {
            link.code: shortener.version_code(link.id, segment.id)
            for link in post.links
            if link.code is not None
        }
        bases = [shortener.base_url, *base_addresses(session)]
        made = Version(segment_id=segment.id, text=with_codes(post.text, bases, codes))
        post.versions.append(made)
    if addressed is not None and (made.addressed is None or made.addressed < addressed):
        made.addressed = addressed
    session.flush()
    return made


def warning_of(segment: Segment) -> str | None:
    """Return what is doubtful about a version for this segment, or None.

    Where others see a version too, their clicks are counted for the segment.
    """
    if segment.place is not None:
        return None
    return (
        f"{segment.name} has no place that only they see: whoever sees this version and clicks "
        "is counted as one of them. Name their place where there is one."
    )


def version_segments(session: Session, post: Post) -> Mapping[int, Segment]:
    """Return the segments of a post's versions, by their number."""
    segment_ids = [version.segment_id for version in post.versions]
    found = session.scalars(select(Segment).where(Segment.id.in_(segment_ids)))
    return {segment.id: segment for segment in found}


def doubts_about_versions(session: Session, post: Post) -> list[str]:
    """Return what is doubtful about a post's versions, a sentence for each."""
    segments = version_segments(session, post)
    doubts = (warning_of(segments[version.segment_id]) for version in post.versions)
    return [doubt for doubt in doubts if doubt is not None]


def get_post(session: Session, post_id: int) -> Post:
    """Return a post; raises `NotFound`."""
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound(f"There is no post number {post_id}.")
    return post


def list_posts(
    session: Session,
    account_id: int | None,
    state: str | None,
    limit: int,
    before: int | None = None,
    *,
    search: str = "",
) -> Sequence[Post]:
    """Return posts that have `search` in text or destination, newest first, behind `before`.

    They are sorted by when they were or will be posted; drafts by when they were written.
    Raises `Invalid` for an unknown state.
    """
    if state is not None and state not in STATES:
        raise Invalid(f"{state[:40]!r} isn't a state of a post: choose one of {', '.join(STATES)}.")
    at = func.coalesce(Post.posted_at, Post.created_at)
    query = select(Post).order_by(at.desc(), Post.id.desc()).limit(limit)
    if account_id is not None:
        query = query.where(Post.account_id == account_id)
    if state is not None:
        query = query.where(Post.state == state)
    if before is not None:
        last = session.get(Post, before)
        if last is None:
            return []
        then = last.posted_at or last.created_at
        query = query.where(or_(at < then, and_(at == then, Post.id < last.id)))
    if search:
        query = query.where(posts_with(search))
    return session.scalars(query).all()


def posts_with(search: str) -> ColumnElement[bool]:
    """Return the condition for posts that have `search` in their text or in a destination."""
    leads_there = exists().where(
        Link.post_id == Post.id, Link.destination.icontains(search, autoescape=True)
    )
    return Post.written.icontains(search, autoescape=True) | leads_there


def destinations_of(session: Session, post_ids: Collection[PostId]) -> Mapping[PostId, list[str]]:
    """Return where the links of these posts lead, in their order."""
    found: dict[PostId, list[str]] = {number: [] for number in post_ids}
    query = select(Link.post_id, Link.destination).where(Link.post_id.in_(post_ids))
    for number, destination in session.execute(query.order_by(Link.id)):
        assert number is not None  # it is one of them
        found[number].append(destination)
    return found


def texts_of(session: Session, post_ids: Sequence[PostId]) -> Mapping[int, str]:
    """Return the texts of these posts as they were written, by the posts' numbers."""
    rows = session.execute(select(Post.id, Post.written).where(Post.id.in_(post_ids)))
    return {row.id: row.written for row in rows}
