"""What reports read about how long posts and links live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Select, SelectBase, cast, func, select, union_all
from sqlalchemy.orm import Session

from linktrack.clicks.bulk import among
from linktrack.clicks.columns import listed, read_columns, read_list
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Every, Which
from linktrack.clicks.models import post_hours, post_totals
from linktrack.clicks.vocabulary import HOURS_KEPT, HUMAN, WINDOWS
from linktrack.db import from_ms
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import Post
from linktrack.reports.queries import Chosen, within_window

MOST_APART: Final = 50
"""Accounts that are asked for one by one in a statement."""

_PLACES: Final = 1 << HOURS_KEPT.bit_length()


@dataclass(frozen=True, slots=True)
class ClickedPost:
    """A post, its human clicks of all time, and those of each hour of its first week."""

    post_id: PostId
    account_id: AccountId
    posted_at: datetime
    clicks: int
    by_hour: list[int]


_CLICKS: Final = within_window("clicks", len(WINDOWS) - 1)


def clicked_posts(
    session: Session, account_ids: Sequence[AccountId], chosen: Chosen, fewest: int, most: int
) -> list[ClickedPost]:
    """Return each account's newest posts (at most `most`) with `fewest` clicks or more."""
    if not account_ids:
        return []
    apart = len(account_ids) <= MOST_APART
    newest = (_newest_apart if apart else _newest_ranked)(account_ids, chosen, fewest, most)
    found = {
        post_id: ClickedPost(post_id, account_id, from_ms(at), ever, [0] * HOURS_KEPT)
        for post_id, account_id, at, ever in zip(*read_columns(session, newest), strict=True)
    }
    hours = post_hours.c
    theirs = among(session.connection(), hours.post_id, list(found))
    # Both in one number, a list a post: writing three lists of all hours takes a fifth more.
    packed = cast(hours.clicks, BigInteger) * _PLACES + hours.hour
    by_hours = select(hours.post_id, listed(session, packed)).where(theirs).group_by(hours.post_id)
    for post_id, counts in session.execute(by_hours):
        by_hour = found[post_id].by_hour
        for count in read_list(counts):
            by_hour[count % _PLACES] = count // _PLACES
    return sorted(found.values(), key=lambda post: (post.posted_at, post.post_id), reverse=True)


def _clicked(chosen: Chosen, fewest: int) -> Select[PostId, AccountId, datetime | None, int]:
    return (
        select(Post.id, Post.account_id, Post.posted_at, _CLICKS.label("clicks"))
        .join(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen, fewest <= _CLICKS)
    )


def _newest_apart(
    account_ids: Sequence[AccountId], chosen: Chosen, fewest: int, most: int
) -> SelectBase:
    """Of each account by itself: the database reads from the newest on until it has enough."""
    found = _clicked(chosen, fewest).order_by(Post.posted_at.desc(), Post.id.desc()).limit(most)
    return union_all(
        *(select(found.where(Post.account_id == each).subquery()) for each in account_ids)
    )


def _newest_ranked(
    account_ids: Sequence[AccountId], chosen: Chosen, fewest: int, most: int
) -> SelectBase:
    """Of all accounts at once: SQLite joins 500 selects, and not one more."""
    newer = func.row_number().over(
        partition_by=Post.account_id, order_by=(Post.posted_at.desc(), Post.id.desc())
    )
    found = _clicked(chosen, fewest).where(Post.account_id.in_(account_ids))
    ranked = found.add_columns(newer.label("place")).subquery()
    columns = (ranked.c.id, ranked.c.account_id, ranked.c.posted_at, ranked.c.clicks)
    return select(*columns).where(ranked.c.place <= most)


def count_clicked_posts(session: Session, chosen: Chosen, fewest: int) -> int:
    """Return how many posts have `fewest` clicks or more."""
    query = (
        select(func.count())
        .select_from(Post)
        .join(post_totals, post_totals.c.post_id == Post.id)
        .where(chosen, fewest <= _CLICKS)
    )
    return session.scalar(query) or 0


def spans_of_link(session: Session, link_id: LinkId, width: int) -> Sequence[tuple[int, int]]:
    """Return (number, human clicks) of a link's spans of `width` milliseconds since 1970.

    It reads every click of the link: a hundred thousand take about a tenth of a second.
    """
    which = Which(links=(link_id,), reasons=(HUMAN,))
    counted = clicks_of(session).count(which, (Every(width),))
    return sorted((int(number), int(count)) for number, count in counted)
