"""Reserve a step of letting somebody in, and keep the follow it makes in the log of follows.

That log is the one of following back (`audience/follow_back`): it has nobody twice, so nobody is
followed twice in two ways, and taking follows back knows these, too.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Delete, delete, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import MadeFollow
from linktrack.community.letting_in.steps import LET_IN
from linktrack.community.models import Member, MemberStep


@dataclass(frozen=True, slots=True)
class Reserved:
    """A step that is this process's until `lease`; `was_begun`: somebody has begun it before."""

    lease: datetime
    begun_at: datetime
    was_begun: bool


def reserve(
    session: Session, step: MemberStep, member: Member, now: datetime, lease: datetime
) -> Reserved | None:
    """Store that a step is begun; None where another has it, or nothing has to be done.

    The caller commits before the network is asked.
    """
    was_begun = step.state == "begun"
    begun_at = (step.begun_at if was_begun else None) or now
    ours = session.scalar(
        update(MemberStep)
        .where(MemberStep.member_id == step.member_id, MemberStep.kind == step.kind)
        .where(MemberStep.state == step.state, MemberStep.next_at == step.next_at)
        .values(state="begun", begun_at=begun_at, next_at=lease)
        .returning(MemberStep.member_id)
    )
    if ours is None:
        return None
    if step.kind == "follow" and not _reserve_follow(session, member, now, lease, was_begun):
        return None
    return Reserved(lease, begun_at, was_begun)


def _reserve_follow(
    session: Session, member: Member, now: datetime, lease: datetime, was_begun: bool
) -> bool:
    """Keep in the log of follows that somebody is being followed; say whether that is ours to do.

    Who is followed already needs no doing; whoever is being followed, or unfollowed, by the
    account's following back, is looked at again when that is over.
    """
    mine = (MadeFollow.account_id == member.account_id, MadeFollow.network_id == member.network_id)
    kept = session.scalar(select(MadeFollow).where(*mine).with_for_update())
    step = (MemberStep.member_id == member.id, MemberStep.kind == "follow")
    if kept is not None and kept.state in ("followed", "by_hand"):
        done = update(MemberStep).where(*step)
        session.execute(
            done.values(state="done", begun_at=None, ended_at=now, next_at=None, problem=None)
        )
        return False
    if kept is not None and (
        kept.state == "undoing" or (kept.state == "following" and not was_begun)
    ):
        session.execute(
            update(MemberStep).where(*step).values(state="due", begun_at=None, next_at=lease)
        )
        return False
    if kept is None:
        assert member.network_id is not None
        kept = MadeFollow(
            account_id=member.account_id, network_id=member.network_id, why=LET_IN, begun_at=now
        )
        session.add(kept)
    kept.state, kept.handle, kept.why = "following", member.handle, LET_IN
    kept.begun_at, kept.ended_at, kept.followed, kept.problem = now, None, None, None
    session.flush()
    return True


def release_follow(session: Session, member: Member) -> None:
    """Take out of the log of follows somebody who was not followed."""
    session.execute(_following(member))


def end_follow(
    session: Session, member: Member, followed: str | None, problem: str | None, now: datetime
) -> None:
    """Keep in the log how it ended: `followed` is by what it is taken back.

    Without both the account had followed them before, so it is no follow of ours.
    """
    if followed is None and problem is None:
        session.execute(_following(member))
        return
    session.execute(
        update(MadeFollow)
        .where(
            MadeFollow.account_id == member.account_id,
            MadeFollow.network_id == member.network_id,
            MadeFollow.state == "following",
        )
        .values(
            state="refused" if followed is None else "followed",
            followed=followed,
            problem=problem,
            ended_at=now,
        )
    )


def _following(member: Member) -> Delete:
    return delete(MadeFollow).where(
        MadeFollow.account_id == member.account_id,
        MadeFollow.network_id == member.network_id,
        MadeFollow.state == "following",
    )
