"""What letting people in needs of the owner: steps by hand, steps in doubt, words to be sent."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.letting_in.steps import FOR_THE_OWNER, waiting_steps
from linktrack.community.models import JoinRequest


@dataclass(frozen=True, slots=True)
class LeftToDo:
    """One thing to do for an account's community: a sentence, and where it is done."""

    sentence: str
    label: str
    endpoint: str
    account_id: int
    state: str | None = None


def letting_in_needs(session: Session) -> Iterator[LeftToDo]:
    """Yield what waits, account by account; nothing for accounts that were removed."""
    named = select(Account.id, Account.handle).where(Account.removed_at.is_(None))
    handles = {row[0]: row[1] for row in session.execute(named)}
    words = _counted(session, JoinRequest.word_state.in_(FOR_THE_OWNER))
    steps = {each.account_id: each for each in waiting_steps(session)}
    for number, handle in sorted(handles.items()):
        step = steps.get(number)
        if step is not None and step.by_hand:
            some = "A step" if step.by_hand == 1 else f"{step.by_hand:,} steps"
            verb = "waits" if step.by_hand == 1 else "wait"
            yield LeftToDo(
                f"{some} of letting people into {handle} {verb} for you.",
                "See which",
                "members.list_all",
                number,
            )
        if step is not None and step.in_doubt:
            some = "One step" if step.in_doubt == 1 else f"{step.in_doubt:,} steps"
            yield LeftToDo(
                f"{some} of letting people into {handle} may or may not have been done.",
                "See which",
                "members.list_all",
                number,
            )
        if number in words:
            some = "Somebody" if words[number] == 1 else f"{words[number]:,} people"
            was = "was" if words[number] == 1 else "were"
            yield LeftToDo(
                f"{some} whom you declined to join {handle} {was} not told yet.",
                "See whom",
                "requests.list_all",
                number,
                "declined",
            )


def _counted(session: Session, which: ColumnElement[bool]) -> dict[int, int]:
    query = select(JoinRequest.account_id, func.count()).group_by(JoinRequest.account_id)
    return {row[0]: row[1] for row in session.execute(query.where(which))}
