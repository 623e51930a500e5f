"""What letting a member in brings about: which steps there are, and those that people do.

A step is done by the service (`worker.py`), or by hand: the owner does it, and ticks it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, MadeFollow, StoredCredential
from linktrack.calendar.times import utc
from linktrack.community.models import Member, MemberStep, StepKind, StepState
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.networks.registry import network_of
from linktrack.owners.audit import note

KINDS: Final[tuple[StepKind, ...]] = get_args(StepKind)
FOR_THE_OWNER: Final = ("by_hand", "refused", "in_doubt")
"""The states in which a step waits for the owner."""

LET_IN: Final = "Let into the community."
"""Why somebody is followed, in the log of follows."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many steps of an account wait for its owner, and how many of them are in doubt."""

    account_id: int
    by_hand: int
    in_doubt: int


def kind_named(name: str) -> StepKind:
    """Return a kind of step; raises `Invalid`."""
    for kind in KINDS:
        if kind == name:
            return kind
    raise Invalid(f"There is no step {name[:40]!r}: choose {', '.join(KINDS)}.")


def is_connected(session: Session, account: Account) -> bool:
    """Whether the service can let people in on the account's network, signed in as it."""
    connecting = network_of(account.network).connecting
    if connecting is None or connecting.open_host is None or account.simulated:
        return False
    return session.get(StoredCredential, account.id) is not None


def plan_steps(
    session: Session, account: Account, member: Member, now: datetime, *, can_mail: bool
) -> None:
    """Store what letting a member in takes; the service begins with it at once.

    A person on another network than the account's is neither accepted nor followed. Whoever proved
    an address and nothing else is welcomed by mail, whether or not they agreed to more of it: it
    answers their request, and nobody has another way to reach them.
    """
    steps: dict[StepKind, StepState] = {}
    network = network_of(account.network)
    if member.network == account.network and member.network_id is not None:
        state: StepState = "due" if is_connected(session, account) else "by_hand"
        if network.has_follow_requests:
            steps["accept"] = state
        if network.has_follows:
            steps["follow"] = state
    may_mail = member.agrees_mail or member.network_id is None
    mails = can_mail and may_mail and member.sealed_mail is not None
    steps["welcome"] = "due" if mails and not account.simulated else "by_hand"
    for kind, state in steps.items():
        session.add(
            MemberStep(
                member_id=member.id,
                kind=kind,
                state=state,
                next_at=now if state == "due" else None,
            )
        )
    session.flush()


def steps_of(session: Session, members: Sequence[Member]) -> dict[int, list[MemberStep]]:
    """Return the steps of members in their order, by the members' numbers."""
    numbers = [member.id for member in members]
    found: dict[int, list[MemberStep]] = {number: [] for number in numbers}
    for step in session.scalars(select(MemberStep).where(MemberStep.member_id.in_(numbers))):
        found[step.member_id].append(step)
    for steps in found.values():
        steps.sort(key=lambda step: KINDS.index(step.kind))
    return found


def tick(session: Session, member: Member, kind: StepKind, now: datetime) -> None:
    """Keep that the owner has done a step; ticking it again changes nothing.

    Raises `NotFound` where there is no such step, and `Conflict` while the service is at it.
    """
    step = _step(session, member, kind)
    if step.state == "done":
        return
    if step.state == "begun":
        raise Conflict("linktrack is doing this right now: look again in some minutes.")
    if kind == "follow":
        _keep_followed(session, member, now)
    step.state, step.ended_at, step.next_at, step.problem = "done", now, None, None
    note(session, f"Did a step of letting in member {member.id} by hand: {kind}.", now)
    session.flush()


def try_again(session: Session, member: Member, kind: StepKind, now: datetime) -> None:
    """Let the service do a step that was refused or is in doubt: the owner wants it once more.

    Raises `NotFound` where there is no such step, and `Conflict` where it waits for something else.
    """
    step = _step(session, member, kind)
    if step.state not in ("refused", "in_doubt"):
        raise Conflict("This step was neither refused nor left in doubt: there is nothing to try.")
    # Whether they are followed or accepted is looked at first; a mail is sent once more.
    looks = step.state == "in_doubt" and kind != "welcome"
    step.state, step.begun_at = ("begun", now) if looks else ("due", None)
    step.next_at, step.ended_at, step.problem = now, None, None
    note(session, f"Asked to try a step of letting in member {member.id} again: {kind}.", now)
    session.flush()


def waiting_steps(session: Session) -> list[Waiting]:
    """Return how many steps wait for the owner, by account; accounts without any are left out."""
    doubt = MemberStep.state == "in_doubt"
    query = (
        select(Member.account_id, func.count(), func.count().filter(doubt))
        .join(MemberStep, MemberStep.member_id == Member.id)
        .where(MemberStep.state.in_(FOR_THE_OWNER))
        .group_by(Member.account_id)
        .order_by(Member.account_id)
    )
    return [Waiting(row[0], row[1] - row[2], row[2]) for row in session.execute(query)]


def _step(session: Session, member: Member, kind: StepKind) -> MemberStep:
    found = session.get(MemberStep, (member.id, kind), with_for_update=True)
    if found is None:
        raise NotFound(f"Letting this member in takes no step {kind!r}.")
    return found


def _keep_followed(session: Session, member: Member, now: datetime) -> None:
    """Keep that the owner follows them, so that following back never does it again."""
    assert member.network_id is not None
    mine = (MadeFollow.account_id == member.account_id, MadeFollow.network_id == member.network_id)
    kept = session.scalar(select(MadeFollow).where(*mine))
    if kept is None:
        kept = MadeFollow(
            account_id=member.account_id,
            network_id=member.network_id,
            handle=member.handle,
            why=LET_IN,
            begun_at=now,
            state="by_hand",
        )
        session.add(kept)
    elif kept.state != "followed":
        kept.state = "by_hand"
    kept.ended_at = now


class MemberStepJson(TypedDict):
    """A step of letting somebody in; `problem` says why it is not done."""

    kind: StepKind
    state: StepState
    ended_at: str | None
    problem: str | None


def step_json(step: MemberStep) -> MemberStepJson:
    """Return a step as the API and the command line show it."""
    return {
        "kind": step.kind,
        "state": step.state,
        "ended_at": None if step.ended_at is None else utc(step.ended_at),
        "problem": step.problem,
    }
