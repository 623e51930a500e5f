"""Who came and who left, by name: a page of people, and all of them as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from flask import render_template, request
from werkzeug.wrappers import Response

from linktrack.audience.models import Account, Roster
from linktrack.audience.rosters import list_rosters
from linktrack.calendar.ranges import DayRange
from linktrack.context import db_session
from linktrack.networks.registry import network_of
from linktrack.reports.people.move_queries import Wanted
from linktrack.reports.people.moves import (
    MOST_IN_A_FILE,
    Move,
    every_move,
    move_json,
    moves_page,
    place_of,
    place_text,
    way_named,
)
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import chosen_range, moment, text
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("moves", __name__)

DEFAULT_DAYS: Final = 91
MOST_LISTS: Final = 100
"""Follower lists to choose from: the newest of these days."""


@blueprint.get("/followers/moves")
def show() -> Response | str:
    """Show who came, came back and left in some days, by name; only to owners."""
    require_writer()
    accounts, account = accounts_and_chosen()
    session, values = db_session(), request.args
    days = chosen_range(values, DEFAULT_DAYS)
    wanted = Wanted(
        way=way_named(text(values, "way", "The way")),
        since=days.since,
        until=days.end,
        list_at=moment(values, "list", "The list"),
        handle=text(values, "handle", "The handle"),
    )
    if is_table_wanted():
        rows = islice(every_move(session, account, wanted), MOST_IN_A_FILE)
        return table_file("moves", [move_json(move) for move in rows], account)
    page = moves_page(
        session, account, wanted, after=place_of(text(values, "after", "The place in the list"))
    )
    rosters = list(list_rosters(session, account.id))
    return render_template(
        "moves/list.html",
        accounts=accounts,
        account=account,
        days=days,
        wanted=wanted,
        page=page,
        lines=_lines(account, page.moves),
        next=place_text(page.next),
        has_lists=len(rosters) > 1,
        lists=_lists(rosters, days),
        most=MOST_IN_A_FILE,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page: a move, where the person's profile is, and what they did in words."""

    move: Move
    profile: str | None
    did: str


def _lines(account: Account, moves: Sequence[Move]) -> list[Line]:
    profile = network_of(account.network).profile_address
    return [Line(move, profile(move.network_id, move.handle), move.did.in_words) for move in moves]


def _lists(rosters: Sequence[Roster], days: DayRange) -> list[Roster]:
    """Return the lists that were taken in these days, newest first; the first of all shows none."""
    return [each for each in rosters[1:] if days.since <= each.taken_at < days.end][::-1][
        :MOST_LISTS
    ]
