"""Who came, who came back and who left by name, as the follower lists show it, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.calendar.times import utc
from linktrack.db import from_ms, to_ms
from linktrack.errors import Invalid
from linktrack.ids import FollowerId
from linktrack.reports.people.deeds import Deeds, deeds_of
from linktrack.reports.people.move_queries import WAYS, MoveRow, Place, Wanted, Way, move_rows
from linktrack.reports.people.move_summary import (
    MoveSummary,
    SummaryJson,
    move_summary,
    summary_json,
)

ON_A_PAGE: Final = 50
MOST_IN_A_FILE: Final = 20_000
_STEP: Final = 1_000


@dataclass(frozen=True, slots=True)
class Move:
    """A person who came or left after the list of `after`, and by that of `by`.

    `came` are the two moments of the same kind between which somebody who left had come; its first
    is None where they were on the account's first list. `did` is what they did at any time.
    """

    place: Place
    way: Way
    handle: str | None
    network_id: str
    after: datetime
    by: datetime
    came: tuple[datetime | None, datetime] | None
    did: Deeds


@dataclass(frozen=True, slots=True)
class MovesPage:
    """One page of moves, newest first; `next` is where the next one begins, None on the last.

    `summary` is of all moves of the days and the list, whatever way and handle; None on later
    pages.
    """

    account: Account
    moves: Sequence[Move]
    next: Place | None
    summary: MoveSummary | None


def moves_page(
    session: Session,
    account: Account,
    wanted: Wanted,
    *,
    after: Place | None = None,
    limit: int = ON_A_PAGE,
) -> MovesPage:
    """Return a page of moves from behind a place on; raises `Invalid`."""
    check_wanted(wanted)
    found = move_rows(session, account.id, wanted, after, limit)
    moves = _moves(session, account, found.rows)
    summary = move_summary(session, account, wanted) if after is None else None
    return MovesPage(account, moves, found.next, summary)


def every_move(session: Session, account: Account, wanted: Wanted) -> Iterator[Move]:
    """Yield all moves that are wanted, newest first, however many there are."""
    check_wanted(wanted)
    found = move_rows(session, account.id, wanted, None, _STEP)
    yield from _moves(session, account, found.rows)
    while found.next is not None:
        found = move_rows(session, account.id, wanted, found.next, _STEP)
        yield from _moves(session, account, found.rows)


def check_wanted(wanted: Wanted) -> None:
    """Raise `Invalid` for days that end before they begin, and for an unknown way."""
    check_range(wanted.since, wanted.until)
    if wanted.way is not None:
        way_named(wanted.way)


def way_named(name: str) -> Way | None:
    """Return the way with a name, None for an empty one; raises `Invalid`."""
    if not name:
        return None
    for way in WAYS:
        if way == name:
            return way
    raise Invalid(f"There is no way {name[:40]!r}: choose {', '.join(WAYS)}, or leave it out.")


def place_text(place: Place | None) -> str | None:
    """Return a place as addresses and `next` have it."""
    return None if place is None else f"{to_ms(place.by)}-{place.follower_id}"


def place_of(text: str) -> Place | None:
    """Return the place that `place_text` wrote, None for an empty text; raises `Invalid`."""
    if not text:
        return None
    at, dash, number = text.partition("-")
    if not (dash and _is_number(at, 14) and _is_number(number, 9)):
        raise Invalid(f"{text[:40]!r} isn't the `next` of a page: leave it out to begin anew.")
    return Place(from_ms(int(at)), FollowerId(int(number)))


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= most


def _moves(session: Session, account: Account, rows: Sequence[MoveRow]) -> list[Move]:
    did = deeds_of(session, account, {row.follower_id for row in rows})
    return [_move(row, did) for row in rows]


def _move(row: MoveRow, did: Mapping[FollowerId, Deeds]) -> Move:
    way: Way = "left" if row.has_left else "returned" if row.had_followed else "came"
    return Move(
        place=Place(row.by, row.follower_id),
        way=way,
        handle=row.handle,
        network_id=row.network_id,
        after=row.after,
        by=row.by,
        came=None if row.began_by is None else (row.began_after, row.began_by),
        did=did[row.follower_id],
    )


class MoveJson(TypedDict):
    """A person who came, came back (`returned`) or left between two follower lists.

    `came_after` and `came_by` are when somebody who left had come. What they did at any time is
    null where that isn't known.
    """

    way: Way
    handle: str | None
    id: str
    after: str
    by: str
    came_after: str | None
    came_by: str | None
    likes: int | None
    reposts: int | None
    replies: int | None
    quotes: int | None
    links_clicked: int | None


def move_json(move: Move) -> MoveJson:
    """Return a move as every door gives it."""
    did = move.did
    return {
        "way": move.way,
        "handle": move.handle,
        "id": move.network_id,
        "after": utc(move.after),
        "by": utc(move.by),
        "came_after": None if move.came is None else utc(move.came[0]),
        "came_by": None if move.came is None else utc(move.came[1]),
        "likes": did.likes,
        "reposts": did.reposts,
        "replies": did.replies,
        "quotes": did.quotes,
        "links_clicked": did.links,
    }


class MovesJson(TypedDict):
    """A page of who came and who left, newest first; `next` is the `after` of the next one."""

    account: AccountNameJson
    data: list[MoveJson]
    next: str | None
    summary: SummaryJson | None


def moves_json(page: MovesPage) -> MovesJson:
    """Return a page as every door gives it."""
    return {
        "account": account_json(page.account),
        "data": [move_json(move) for move in page.moves],
        "next": place_text(page.next),
        "summary": None if page.summary is None else summary_json(page.summary),
    }
