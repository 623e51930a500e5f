"""Who came and who left by name, as a part of a mail that an owner switches on."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.reports.people.move_queries import Wanted, Way
from linktrack.reports.people.moves import Move, every_move

MOST_NAMED: Final = 30
"""People of each way whom a mail names; the others are on the page."""

_TITLES: Final[Sequence[tuple[Way, str]]] = (
    ("left", "Left"),
    ("returned", "Came back"),
    ("came", "Came"),
)


def names_text(session: Session, account: Account, days: DayRange) -> str:
    """Return by name who left, came back and came by the lists of these days; "" for nobody.

    As plain text, a person a line with what they ever did, as far as it is known.
    """
    lines: list[str] = []
    for way, title in _TITLES:
        wanted = Wanted(way=way, since=days.since, until=days.end)
        moves = list(islice(every_move(session, account, wanted), MOST_NAMED + 1))
        if moves:
            lines += ["", f"{title}, by name", *map(_line, moves[:MOST_NAMED])]
        if len(moves) > MOST_NAMED:
            lines.append("  and more: see Who came and left, by name")
    return "\n".join(lines) + "\n" if lines else ""


def _line(move: Move) -> str:
    did = move.did.in_words
    return f"  {move.handle or move.network_id}{f': {did}' if did else ''}"
