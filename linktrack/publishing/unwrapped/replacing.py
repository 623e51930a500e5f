"""Replace a post that was published without short links by its wrapped version.

Where the network lets posts be edited, the post is edited where it stands. Else the wrapped post is
sent first, under a key that was stored before, and only then the other is deleted. Whatever is
killed in between, the same asked for again goes on where it was.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.errors import Conflict, Invalid, Unavailable
from linktrack.links.catalog import Shortener
from linktrack.links.codes import index_of
from linktrack.links.destinations import parse_destination
from linktrack.links.models import Post, Replacement, SeenPost, UnwrappedPost
from linktrack.links.posts import Wish, wrap_post
from linktrack.networks.errors import Pause
from linktrack.networks.protocols import Writer
from linktrack.networks.records import Message, Sent, Standing
from linktrack.networks.registry import network_of
from linktrack.outside.addresses import Address, is_public
from linktrack.owners.audit import acting, note
from linktrack.publishing.cards import card_below
from linktrack.publishing.checks import check_sendable
from linktrack.publishing.models import Sending
from linktrack.publishing.sendings import OPEN, sending_of
from linktrack.publishing.states import publish
from linktrack.publishing.unwrapped.posts import forget_unwrapped, get_unwrapped

Way = Literal["edit", "repost", "copy"]

LOST: Final = (
    "its likes, its reposts, its date, its pin, and its place above the replies to it and in the "
    "posts that quote it"
)
"""What a post loses that is deleted and posted anew."""

Open = Callable[[Account], Writer]
"""Opens the network of an account that is connected; raises `LinktrackError` where it cannot."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The post that has replaced the other."""

    post_id: int
    way: Way


def way_of(account: Account, old: UnwrappedPost, connected: bool) -> Way:
    """Return how a post can be wrapped: where it stands, by posting it anew, or by hand.

    By hand where a new text would lose more than the old one: pictures, a quote, a thread.
    """
    connecting = network_of(account.network).connecting
    if not connected or not old.is_plain or connecting is None:
        return "copy"
    if connecting.abilities.edits:
        return "edit"
    return "repost" if connecting.abilities.reposts else "copy"


def draft_for(
    session: Session, shortener: Shortener, account: Account, old: UnwrappedPost, now: datetime
) -> Post:
    """Return the draft with the same text, wrapped; asked for again, it is the same draft.

    Raises `Invalid` where nothing in the text can be wrapped.
    """
    found = replacement_of(session, old)
    if found is not None:
        return session.get_one(Post, found.post_id)
    post = wrap_post(session, shortener, account, Wish(old.text, state="draft"), now)
    if post is None:
        raise Invalid("There is no address in this text that could become a short link.")
    session.add(
        Replacement(account_id=account.id, network_id=old.network_id, post_id=post.id, key=None)
    )
    session.flush()
    return post


def replace_on_network(
    database: Database,
    shortener: Shortener,
    days: Days,
    number: int,
    open_writer: Open,
    *,
    confirmed: bool,
    actor: str,
    readable: Callable[[Address], bool] = is_public,
    clock: Callable[[], datetime] = this_moment,
) -> Replaced:
    """Put the wrapped version of a post in its place on the network; it commits as it goes.

    Posting it anew takes `confirmed`, since that loses what `LOST` says. The post is read as it
    stands there first. Raises `Invalid` where it can only be done by hand, since a new text would
    lose something; `Conflict` where it is not confirmed, has changed or is gone, or its
    draft is discarded, was posted by hand or is to be sent; `NotFound`, and what the network has
    against it. `readable` says which addresses may be read for its card, which takes at most 20
    seconds. Call it while no transaction of yours writes.
    """
    with database.session() as session:
        old = get_unwrapped(session, number)
        account = session.get_one(Account, old.account_id)
        _chosen_way(account, old)
    with _opened(account, open_writer) as writer:
        standing = writer.standing(old.network_id)
        return _replace(
            database,
            shortener,
            days,
            number,
            writer,
            standing=standing,
            confirmed=confirmed,
            actor=actor,
            readable=readable,
            clock=clock,
        )


def check_replaceable(database: Database, number: int, open_writer: Open) -> None:
    """Read a post as it stands on its network; nothing is done there or here.

    Raises what `replace_on_network` would raise of it.
    """
    with database.session() as session:
        old = get_unwrapped(session, number)
        account = session.get_one(Account, old.account_id)
        _chosen_way(account, old)
        made = replacement_of(session, old)
        ours = None if made is None else session.get_one(Post, made.post_id).text
    with _opened(account, open_writer) as writer:
        standing = writer.standing(old.network_id)
    if standing is not None and standing.post.text != ours:
        _check_standing(account, old, standing)


@contextmanager
def _opened(account: Account, open_writer: Open) -> Iterator[Writer]:
    try:
        with closing(open_writer(account)) as writer:
            yield writer
    except Pause as pause:
        raise Unavailable(
            f"{network_of(account.network).label} {pause}: try again then."
        ) from pause


def _replace(
    database: Database,
    shortener: Shortener,
    days: Days,
    number: int,
    writer: Writer,
    *,
    standing: Standing | None,
    confirmed: bool,
    actor: str,
    readable: Callable[[Address], bool],
    clock: Callable[[], datetime],
) -> Replaced:
    with database.session(writes=True) as session:
        acting(session, actor)
        old = get_unwrapped(session, number)
        account = session.get_one(Account, old.account_id)
        way = _chosen_way(account, old)
        post = draft_for(session, shortener, account, old, clock())
        if standing is not None and standing.post.text != post.text:
            _check_standing(account, old, standing)
        if way == "repost" and not confirmed:
            raise Conflict(
                f"{network_of(account.network).label} can't edit posts: this one would be "
                f"deleted and posted again, and loses {LOST}. Confirm that you want that."
            )
        replacement = session.get_one(Replacement, (account.id, old.network_id))
        _check_not_by_hand(session, post, replacement, way)
        check_sendable(account, post.text, shortener.base_url, connected=True)
        is_out = post.state == "published"
        sending = sending_of(session, post.id, lock=True)
        _check_not_sent(post, sending)
        # The queue knows it by the same key: whoever sends it, it is one post.
        known_by = None if sending is None else sending.key
        replacement.key = replacement.key or known_by or writer.new_key()
        urls = [shortener.short_url(link.code or "", link.domain) for link in post.links]
        shown = tuple(url for url in urls if index_of(url, post.text) >= 0)
        message = Message(
            replacement.key,
            post.text,
            shown,
            instead_of=standing,
            short_for={} if standing is None else _short_for(shortener, post, standing),
        )
        post_id, network_id = post.id, old.network_id
        brings_card = network_of(account.network).cards.come_with_posts
        session.commit()
    if way == "edit":
        sent = writer.edit(network_id, message)
    elif is_out:
        sent = _found(writer, message, _out_already(post_id))
    elif standing is None:
        sent = _found(
            writer,
            message,
            Conflict("The post is gone on its network: mark it as deleted here."),
        )
    else:
        if brings_card:
            at = clock()
            card = card_below(database, shortener, post_id, message.text, at, allowed=readable)
            message = replace(message, card=card)
        sent = writer.publish(message)
    with database.session(writes=True) as session:
        acting(session, actor)
        now = clock()
        post = session.get_one(Post, post_id)
        if post.state in ("draft", "scheduled"):
            # Edited, it can be counted from now on; what was clicked before is unmeasured.
            publish(session, post, now if way == "edit" else min(sent.posted_at, now), now, days)
        session.merge(
            SeenPost(
                account_id=post.account_id,
                network_id=sent.network_id,
                post_id=post_id,
                posted_at=post.posted_at or now,
            )
        )
        session.commit()
    if way == "repost":
        writer.delete(network_id)
    with database.session(writes=True) as session:
        acting(session, actor)
        old_now = session.get(UnwrappedPost, number)
        if old_now is not None:  # else a reading has seen it meanwhile
            _drop(session, old_now)
        note(session, f"Put post {post_id} in the place of one that was not wrapped.", now)
        session.commit()
    return Replaced(post_id, way)


def _check_not_by_hand(session: Session, post: Post, replacement: Replacement, way: Way) -> None:
    """Raise `Conflict` where a version is discarded, or is out and clearly not sent by us.

    We have put it out where only the end of that was not kept: an edit that was written down, or a
    post under our key, which only the network knows of.
    """
    if post.state == "discarded":
        raise Conflict(f"Its wrapped version, post {post.id}, is discarded: restore it first.")
    if post.state != "published":
        return
    edited = replacement.account_id, replacement.network_id, post.id
    ours = session.get(SeenPost, edited) if way == "edit" else replacement.key
    if ours is None:
        raise _out_already(post.id)


def _chosen_way(account: Account, old: UnwrappedPost) -> Way:
    """Return how the post is replaced; raises `Invalid` if that is done by hand."""
    way = way_of(account, old, connected=True)
    if way == "copy":
        raise Invalid(
            "A new text would lose more than the old one: its pictures, its quote or its place "
            "in a thread. Make the wrapped version, and copy it."
        )
    return way


def _check_standing(account: Account, old: UnwrappedPost, standing: Standing) -> None:
    """Raise where a new text would lose something of the post, or its owner has changed it."""
    network = network_of(account.network).label
    if standing.post.is_plain is not True:
        lost = " and ".join(standing.post.more) or "more than is known of it"
        raise Invalid(
            f"On {network} a new text would lose {lost}. Make the wrapped version, and copy it."
        )
    if standing.post.text != old.text:
        raise Conflict(
            f"The post has changed on {network} meanwhile: run linktrack sync, then wrap it."
        )


def _short_for(shortener: Shortener, post: Post, standing: Standing) -> dict[str, str]:
    """Return our short address for each address of the post that we have wrapped."""
    ours = {
        link.destination: shortener.short_url(link.code or "", link.domain) for link in post.links
    }
    found = {}
    for address in standing.post.addresses:
        with suppress(Invalid):
            short = ours.get(parse_destination(address))
            if short is not None:
                found[address] = short
    return found


def _found(writer: Writer, message: Message, otherwise: Conflict) -> Sent:
    """Return the post that stands under our key; raises the other where none does."""
    found = writer.find(message)
    if found is None:
        raise otherwise
    return found


def _out_already(post_id: int) -> Conflict:
    return Conflict(
        f"Its wrapped version, post {post_id}, is already published: delete the other one "
        f"there, and "
        f"mark it as deleted here."
    )


def _check_not_sent(post: Post, sending: Sending | None) -> None:
    """Raise `Conflict` where the queue has the post, or the network may have it from there."""
    if sending is None or post.state == "published":
        return
    if sending.state in OPEN or sending.in_doubt:
        raise Conflict(
            f"Its wrapped version, post {post.id}, is in the queue and may already be "
            "published: remove it there, or publish it there and mark the other as deleted here."
        )


def replacement_of(session: Session, old: UnwrappedPost) -> Replacement | None:
    """Return what is to take the place of a post, None where nothing was made yet."""
    return session.get(Replacement, (old.account_id, old.network_id))


def replacements_of(session: Session, posts: Sequence[UnwrappedPost]) -> dict[int, int]:
    """Return the posts that are to take the place of these, by the number of these."""
    query = (
        select(UnwrappedPost.id, Replacement.post_id)
        .join(
            Replacement,
            (Replacement.account_id == UnwrappedPost.account_id)
            & (Replacement.network_id == UnwrappedPost.network_id),
        )
        .where(UnwrappedPost.id.in_([post.id for post in posts]))
    )
    return {row.id: row.post_id for row in session.execute(query)}


def drop_deleted(session: Session, old: UnwrappedPost, now: datetime) -> None:
    """Drop a post that its owner has deleted on the network: it no longer lowers coverage."""
    note(session, f"Took an unwrapped post of {old.posted_at:%Y-%m-%d} off the list.", now)
    _drop(session, old)


def _drop(session: Session, old: UnwrappedPost) -> None:
    found = replacement_of(session, old)
    if found is not None:
        session.delete(found)
    forget_unwrapped(session, old)
