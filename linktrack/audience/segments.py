"""Segments: named, ordered groups of an account's followers (sorting.py says who is in which)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Follower, Segment, SegmentEntry
from linktrack.audience.rules import parse_rules
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.networks.registry import network_of
from linktrack.owners.audit import note

LARGEST: Final = 2**31 - 1
REST: Final = "everyone else"
"""The segment of whoever is in no other; always the last."""
_MADE: Final = {
    "rule": "is made by rules: only they can be changed",
    "list": "is a list: only its people can be changed",
    "size": "has a size that you enter: only its size can be changed",
    "rest": "is whoever is in no other segment: so that can't be changed",
}


def add_segment(
    session: Session,
    account: Account,
    name: str,
    size: int | None,
    now: datetime,
    *,
    rules: Sequence[str] = (),
    entries: Collection[str] | None = None,
    place: str | None = None,
) -> Segment:
    """Add a segment after the account's others: by hand with its `size`, by `rules`, or a list.

    `entries` are keys of `entry_key`. A segment that was removed comes back under its name, with
    its old clicks. The caller sorts the followers then. Raises `Invalid` or `Conflict`.
    """
    name = _check_name(name)
    if size is not None:
        _check_size(size)
    if (size is not None) + bool(rules) + (entries is not None) > 1:
        raise Invalid("A segment has rules, or a list, or a size that you enter: choose one.")
    parse_rules(rules)
    if rules or entries is not None:
        rest_segment(session, account, now)
    segment = session.scalar(_named(account, name))
    if segment is None:
        segment = Segment(account_id=account.id, name=name, position=0, created_at=now)
        session.add(segment)
    elif segment.removed_at is None:
        raise Conflict(f"{account.handle} has a segment {name!r} already.")
    segment.position = _last_position(session, account) + 1
    segment.size = size
    segment.removed_at = None
    segment.kind = "rule" if rules else "size" if entries is None else "list"
    segment.rules = "\n".join(rule.strip() for rule in rules) or None
    set_place(segment, place)
    session.flush()
    set_entries(session, segment, entries or ())
    note(session, f"Added the segment {name} to {account.handle}.", now)
    return segment


def rest_segment(session: Session, account: Account, now: datetime) -> Segment:
    """Return the account's segment of everyone else, made where it is missing."""
    kept = select(Segment).where(Segment.account_id == account.id, Segment.kind == "rest")
    segment = session.scalar(kept)
    if segment is None:
        taken = session.scalar(_named(account, REST)) is not None
        segment = Segment(
            account_id=account.id,
            name=f"{REST} (by the lists)" if taken else REST,
            position=LARGEST,
            kind="rest",
            created_at=now,
        )
        session.add(segment)
        session.flush()
    return segment


def list_segments(session: Session, account: Account) -> Sequence[Segment]:
    """List the segments of an account in their order, everyone else last."""
    query = select(Segment).where(Segment.account_id == account.id, Segment.removed_at.is_(None))
    return session.scalars(query.order_by(Segment.position, Segment.id)).all()


def segments_of(session: Session, account_ids: Iterable[int]) -> Mapping[int, list[Segment]]:
    """Return the segments of these accounts that can have versions, each account's in order."""
    found: defaultdict[int, list[Segment]] = defaultdict(list)
    query = (
        select(Segment)
        .where(Segment.account_id.in_(list(account_ids)))
        .where(Segment.removed_at.is_(None), Segment.kind != "rest")
        .order_by(Segment.position)
    )
    for segment in session.scalars(query):
        found[segment.account_id].append(segment)
    return found


def segment_names(session: Session, segment_ids: set[int]) -> dict[int, str]:
    """Return the names of these segments."""
    query = select(Segment.id, Segment.name).where(Segment.id.in_(sorted(segment_ids)))
    return {row.id: row.name for row in session.execute(query)} if segment_ids else {}


def find_segment(session: Session, account: Account, name: str) -> Segment:
    """Return a segment by its name; raises `NotFound`."""
    segment = session.scalar(_named(account, name.strip().replace("\0", "")))
    if segment is None or segment.removed_at is not None:
        raise NotFound(
            f"{account.handle} has no segment {name[:100]!r}: add it first, with "
            f"linktrack segment add {account.handle} {name[:100]!r} --size N."
        )
    return segment


def get_segment(session: Session, segment_id: int) -> Segment:
    """Return a segment by its number, also one that was removed; raises `NotFound`."""
    segment = session.get(Segment, segment_id)
    if segment is None:
        raise NotFound(f"There is no segment number {segment_id}.")
    return segment


def rename_segment(
    session: Session, account: Account, segment: Segment, name: str, now: datetime
) -> None:
    """Give a segment another name, for its old clicks too; raises `Invalid` or `Conflict`."""
    name = _check_name(name)
    other = session.scalar(_named(account, name))
    if other is not None and other.id != segment.id:
        raise Conflict(
            f"{account.handle} has, or had, a segment {name!r} already: choose another name."
        )
    if name != segment.name:
        note(session, f"Renamed the segment {segment.name} to {name}.", now)
    segment.name = name
    session.flush()


def move_segment(
    session: Session, account: Account, segment: Segment, position: int, now: datetime
) -> None:
    """Put a segment at a position in the order, from 1; raises `Invalid`.

    The caller sorts the followers then, since the first match wins.
    """
    _refuse_rest(segment, "always comes last")
    order = [other for other in list_segments(session, account) if other.kind != "rest"]
    if not 1 <= position <= len(order):
        raise Invalid(f"There are places 1 to {len(order)}, not {position}.")
    order.remove(segment)
    order.insert(position - 1, segment)
    for number, other in enumerate(order, 1):
        other.position = number
    session.flush()
    note(session, f"Moved the segment {segment.name} to place {position}.", now)


def remove_segment(session: Session, segment: Segment, now: datetime) -> None:
    """Take a segment away: nobody is sorted into it again, its old clicks keep its name.

    The caller sorts the followers then. Raises `Invalid` for everyone else.
    """
    _refuse_rest(segment, "cannot be removed: it is whoever is in no other segment")
    segment.removed_at = now
    segment.size = None
    set_entries(session, segment, ())
    session.flush()
    note(session, f"Removed the segment {segment.name}.", now)


def change_segment(
    session: Session,
    segment: Segment,
    now: datetime,
    *,
    rules: Sequence[str] = (),
    entries: Collection[str] | None = None,
    size: int | None = None,
    place: str | None = None,
) -> None:
    """Change what is given, from now on; an empty `place` removes it.

    The caller sorts the followers then. Raises `Invalid` for what the segment does not have.
    """
    wanted = {"rule": bool(rules), "list": entries is not None, "size": size is not None}
    for kind, is_wanted in wanted.items():
        if is_wanted and segment.kind != kind:
            raise Invalid(f"The segment {segment.name!r} {_MADE[segment.kind]}.")
    if size is not None:
        segment.size = _check_size(size)
    if rules:
        parse_rules(rules)
        segment.rules = "\n".join(rule.strip() for rule in rules)
    if entries is not None:
        set_entries(session, segment, entries)
    if place is not None:
        set_place(segment, place)
    session.flush()
    note(session, f"Changed the segment {segment.name}.", now)


def set_place(segment: Segment, place: str | None) -> None:
    """Say where only this segment is reached, or with nothing that there is no such place."""
    place = (place or "").strip()
    if len(place) > 200 or not place.isprintable():
        raise Invalid("A place is named in at most 200 visible characters.")
    segment.place = place or None


def set_entries(session: Session, segment: Segment, entries: Collection[str]) -> None:
    """Put these people on a segment's list in place of those who were."""
    session.execute(delete(SegmentEntry).where(SegmentEntry.segment_id == segment.id))
    rows = [{"segment_id": segment.id, "key": key} for key in sorted(set(entries))]
    if rows:
        session.execute(insert(SegmentEntry), rows)


def list_entries(session: Session, segment: Segment) -> Sequence[str]:
    """Return who is on a segment's list, by the keys of `entry_key`."""
    query = select(SegmentEntry.key).where(SegmentEntry.segment_id == segment.id)
    return session.scalars(query.order_by(SegmentEntry.key)).all()


def pending_entries(session: Session, account: Account) -> dict[int, int]:
    """Return by segment how many people on its list are nobody known: their handles wait.

    An X archive names followers by number only; a list of handles waits until another list of
    followers says whose they are.
    """
    by_id = select(Follower.id).where(
        Follower.account_id == account.id, Follower.network_id == SegmentEntry.key
    )
    by_handle = select(Follower.id).where(
        Follower.account_id == account.id,
        SegmentEntry.key.startswith("@"),
        Follower.handle_key == func.substr(SegmentEntry.key, 2),
    )
    query = (
        select(SegmentEntry.segment_id, func.count())
        .join(Segment, SegmentEntry.segment_id == Segment.id)
        .where(Segment.account_id == account.id, ~by_id.exists(), ~by_handle.exists())
        .group_by(SegmentEntry.segment_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def entry_key(network: str, written: str) -> str:
    """Return what a person on a list is known by: the network's id as it is, or @ and a handle.

    What an id looks like, the network's record says. Raises `Invalid`.
    """
    written = written.strip()
    if not written or len(written) > 512 or not written.isprintable():
        raise Invalid(f"{written[:60]!r} is neither an id nor a handle.")
    if network_of(network).ids.is_one(written):
        return written
    return f"@{written.removeprefix('@').casefold()}"


def entry_keys(network: str, people: Sequence[str]) -> set[str]:
    """Return the keys of people by id or handle; raises `Invalid` naming the one that is neither.

    A list names somebody.
    """
    if not people:
        raise Invalid("The list names nobody.")
    return {entry_key(network, written) for written in people}


def _check_size(size: int) -> int:
    if not 0 <= size <= LARGEST:
        raise Invalid(f"A segment cannot have {size} people: give a whole number, 0 or more.")
    return size


def _check_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise Invalid("A segment needs a name of 1 to 100 visible characters.")
    if name.casefold() == REST:
        raise Invalid(
            f"{REST!r} is reserved for followers in no other segment: choose another name."
        )
    return name


def _refuse_rest(segment: Segment, why: str) -> None:
    if segment.kind == "rest":
        raise Invalid(f"The segment {segment.name!r} {why}.")


def _named(account: Account, name: str) -> Select[Segment]:
    return select(Segment).where(Segment.account_id == account.id, Segment.name == name)


def _last_position(session: Session, account: Account) -> int:
    query = select(func.max(Segment.position)).where(
        Segment.account_id == account.id, Segment.kind != "rest"
    )
    return session.scalar(query) or 0
