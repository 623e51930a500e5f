"""Who follows an account: its segments and its follower lists."""

from flask import Response, jsonify

from linktrack.api import shapes
from linktrack.api.accounts import ACCOUNT, numbered_account
from linktrack.api.operations import operation, sent
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Segment
from linktrack.audience.rosters import list_rosters, take_roster
from linktrack.audience.segments import add_segment, list_segments
from linktrack.audience.sorting import sort_followers
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.portability.roster_files import read_people, roster_json
from linktrack.reports.build import utc


@operation(
    "GET", f"{ACCOUNT}/segments", scope="read", answers={200: shapes.SegmentList}, problems=(404,)
)
def read_segments(number: int) -> Response:
    """Return the segments of an account in their order, everyone else last."""
    segments = list_segments(db_session(), numbered_account(number))
    return jsonify({"data": [_segment(each) for each in segments]})


@operation(
    "POST",
    f"{ACCOUNT}/segments",
    scope="write",
    body=shapes.NewSegment,
    answers={201: shapes.Segment},
    problems=(404, 409),
)
def create_segment(number: int) -> tuple[Response, int]:
    """Add a segment after the account's others."""
    fields, account, session, moment = sent(), numbered_account(number), db_session(), now()
    added = add_segment(
        session,
        account,
        fields.text("segment"),
        fields.whole("size"),
        moment,
        rules=fields.texts("rules"),
        place=fields.optional_text("place"),
    )
    sort_followers(session, account, moment)
    session.commit()
    return jsonify(_segment(added)), 201


@operation(
    "GET", f"{ACCOUNT}/rosters", scope="read", answers={200: shapes.RosterList}, problems=(404,)
)
def read_rosters(number: int) -> Response:
    """Return the follower lists of an account, oldest first."""
    rosters = list_rosters(db_session(), numbered_account(number).id)
    return jsonify(
        {
            "data": [
                {"taken_at": utc(each.taken_at), "size": each.size, "source": each.source}
                for each in rosters
            ]
        }
    )


@operation(
    "POST",
    f"{ACCOUNT}/rosters",
    scope="write",
    body=shapes.NewRoster,
    answers={201: shapes.TakenRoster},
    problems=(404, 409),
)
def create_roster(number: int) -> tuple[Response, int]:
    """Take a follower list; the same list again changes nothing."""
    fields, account, session, moment = sent(), numbered_account(number), db_session(), now()
    key = installation().keys.forgetting
    done = take_roster(
        session,
        account,
        read_people(fields.objects("followers"), "the list", account.network),
        fields.moment("taken_at") or moment,
        "json",
        forgotten=Forgotten.read(session, account.network, key),
        confirmed=fields.value("confirmed") is not None and fields.truth("confirmed"),
        now=moment,
    )
    session.commit()
    return jsonify(roster_json(done)), 201


def _segment(segment: Segment) -> dict[str, object]:
    return {
        "position": segment.position,
        "segment": segment.name,
        "size": segment.size,
        "kind": segment.kind,
        "rules": (segment.rules or "").splitlines(),
        "place": segment.place,
    }
