"""Segments of an account: order, rules or lists, places."""

from typing import Final, Literal, NotRequired, TypedDict

from flask import Response

from linktrack.api.access import require_account
from linktrack.api.operations import operation, sent
from linktrack.api.read import Fields, stored
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account, Segment, SegmentKind
from linktrack.audience.rules import preset
from linktrack.audience.segments import (
    add_segment,
    change_segment,
    entry_keys,
    get_segment,
    list_entries,
    list_segments,
    move_segment,
    remove_segment,
    rename_segment,
)
from linktrack.audience.sorting import sort_followers
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import NotFound

SEGMENT = "/segments/<int:number>"
MOST_SENT: Final = 200_000  # people on a list


class SegmentJson(TypedDict):
    """A segment and how followers get into it; `size` is null if unknown."""

    id: int
    position: int
    segment: str
    size: int | None
    kind: SegmentKind
    rules: list[str]
    place: str | None


def _json(segment: Segment) -> SegmentJson:
    return {
        "id": segment.id,
        "position": segment.position,
        "segment": segment.name,
        "size": segment.size,
        "kind": segment.kind,
        "rules": (segment.rules or "").splitlines(),
        "place": segment.place,
    }


class SegmentListJson(TypedDict):
    """The segments of an account in their order."""

    data: list[SegmentJson]


@operation("GET", f"{ACCOUNT}/segments", scope="read", problems=(404,))
def read_segments(number: int) -> SegmentListJson:
    """List the segments of an account in their order, everyone else last."""
    segments = list_segments(db_session(), numbered_account(number))
    return {"data": [_json(each) for each in segments]}


class NewSegment(TypedDict):
    """A new segment, added after the others.

    It is made by rules, which must all match (a preset's are added), or by people (ids or handles),
    or by a size alone.
    """

    segment: str
    size: NotRequired[int | None]
    rules: NotRequired[list[str]]
    preset: NotRequired[str | None]
    people: NotRequired[list[str]]
    place: NotRequired[str | None]


@operation("POST", f"{ACCOUNT}/segments", scope="write", body=NewSegment, problems=(404, 409))
def create_segment(number: int) -> tuple[SegmentJson, Literal[201]]:
    """Add a segment after the account's others."""
    fields, account, session, moment = sent(), numbered_account(number), db_session(), now()
    ready = fields.optional_text("preset")
    added = add_segment(
        session,
        account,
        fields.text("segment"),
        fields.whole("size"),
        moment,
        rules=(*(preset(ready) if ready else ()), *fields.texts("rules")),
        entries=_people(fields, account),
        place=fields.optional_text("place"),
    )
    sort_followers(session, account, moment)
    session.commit()
    return _json(added), 201


@operation("GET", SEGMENT, scope="read", problems=(404,))
def read_segment(number: int) -> SegmentJson:
    """Return a segment."""
    return _json(_numbered(number)[0])


class SegmentPeopleJson(TypedDict):
    """The people on a segment's list: the network's ids, or @handles."""

    data: list[str]


@operation("GET", f"{SEGMENT}/people", scope="read", problems=(404,))
def read_segment_people(number: int) -> SegmentPeopleJson:
    """Return the people on a segment's list; none if it isn't made from a list."""
    return {"data": list(list_entries(db_session(), _numbered(number)[0]))}


class SegmentChange(TypedDict, total=False):
    """Changes to a segment, from now on; fields you leave out stay as they are.

    `people` replace those on its list; an empty `place` removes it; `position` is counted
    from 1.
    """

    segment: str
    size: int
    rules: list[str]
    people: list[str]
    place: str
    position: int


@operation("PATCH", SEGMENT, scope="write", body=SegmentChange, problems=(404, 409))
def change_this_segment(number: int) -> SegmentJson:
    """Change a segment's name, rules, list, size, place or position, from now on."""
    fields, session = sent(), db_session()
    segment, account = _numbered(number)
    if fields.value("segment") is not None:
        rename_segment(session, account, segment, fields.text("segment"), now())
    if any(fields.value(name) is not None for name in ("rules", "people", "size", "place")):
        change_segment(
            session,
            segment,
            now(),
            rules=fields.texts("rules"),
            entries=_people(fields, account),
            size=fields.whole("size"),
            place=fields.optional_text("place"),
        )
    position = fields.whole("position")
    if position is not None:
        move_segment(session, account, segment, position, now())
    sort_followers(session, account, now())
    session.commit()
    return _json(segment)


@operation("DELETE", SEGMENT, scope="write", answers={204: None}, problems=(404,))
def delete_segment(number: int) -> Response:
    """Remove a segment; its old clicks keep its name."""
    session, moment = db_session(), now()
    segment, account = _numbered(number)
    remove_segment(session, segment, moment)
    sort_followers(session, account, moment)
    session.commit()
    return Response(status=204)


def _people(fields: Fields, account: Account) -> set[str] | None:
    if fields.value("people") is None:
        return None
    return entry_keys(account.network, fields.texts("people", MOST_SENT))


def _numbered(number: int) -> tuple[Segment, Account]:
    """Return a segment that wasn't removed, and its account, if the token has access to it."""
    segment = get_segment(db_session(), stored(number))
    require_account(segment.account_id)
    if segment.removed_at is not None:
        raise NotFound(f"The segment {segment.name!r} was removed: add it again under its name.")
    return segment, get_account(db_session(), segment.account_id)
