"""Whom to follow back: those who followed since a date, one by one, and why not the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Follower, FollowPeriod, MadeFollow
from linktrack.audience.rules import Facts, shown_signs
from linktrack.db import to_ms

SIGNS_OF_EMPTY: Final = 2  # as many as the ready-made segment "looks empty" asks for
STEP: Final = 500  # followers read at a time


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person who followed since the date.

    `skipped` is why they are not followed back, None if they are; `why` is why they would be.
    """

    network_id: str
    handle: str | None
    why: str
    skipped: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Who would be followed now, who waits for the days after, and who is skipped and why."""

    now: Sequence[Candidate]
    later: int
    skipped: Sequence[Candidate]


def make_plan(
    session: Session, account: Account, since: datetime, room: int, now: datetime
) -> Plan:
    """Return what following back would do now, with room for so many; nothing is asked or stored.

    The oldest followers come first.
    """
    wanted: list[Candidate] = []
    skipped: list[Candidate] = []
    for candidate in candidates(session, account, since, now):
        (wanted if candidate.skipped is None else skipped).append(candidate)
    room = max(room, 0)
    return Plan(wanted[:room], len(wanted[room:]), skipped)


def candidates(
    session: Session, account: Account, since: datetime, now: datetime
) -> Iterator[Candidate]:
    """Yield who follows and certainly began to after `since`, and was not dealt with before.

    Certainly: a follower list without them was taken at or after it. The first list of all says
    nothing on when people began to follow.
    """
    dealt_with = select(MadeFollow.network_id).where(MadeFollow.account_id == account.id)
    query = (
        select(Follower, FollowPeriod)
        .join(FollowPeriod, FollowPeriod.follower_id == Follower.id)
        .where(
            Follower.account_id == account.id,
            FollowPeriod.ended_after.is_(None),
            FollowPeriod.began_after >= since,
            Follower.network_id.not_in(dealt_with),
        )
        .order_by(FollowPeriod.began_by, Follower.id)
    )
    for follower, period in session.execute(query, execution_options={"yield_per": STEP}):
        yield Candidate(
            follower.network_id,
            follower.handle,
            f"Began to follow by {period.began_by:%Y-%m-%d}.",
            _reason_not_to(follower, period, now),
        )


def _reason_not_to(follower: Follower, period: FollowPeriod, now: datetime) -> str | None:
    if follower.followed_back:
        return "You follow them already."
    if follower.network_id.startswith("@"):
        return "The follower list doesn't have their id."
    signs = shown_signs(_facts(follower, period), to_ms(now))
    if len(signs) >= SIGNS_OF_EMPTY:
        return f"Looks empty: {'; '.join(signs)}."
    return None


def _facts(follower: Follower, period: FollowPeriod) -> Facts:
    def ms(moment: datetime | None) -> int | None:
        return None if moment is None else to_ms(moment)

    return Facts(
        followed_by=to_ms(period.began_by),
        followers=follower.followers,
        following=follower.following,
        posts=follower.posts,
        account_created_at=ms(follower.account_created_at),
        has_description=follower.has_description,
        has_picture=follower.has_picture,
        last_active_at=ms(follower.last_active_at),
    )


class FollowCandidateJson(TypedDict):
    """A person who followed since the date; `skipped` says why they won't be followed back."""

    id: str
    handle: str | None
    why: str
    skipped: str | None


def _candidate_json(candidate: Candidate) -> FollowCandidateJson:
    return {
        "id": candidate.network_id,
        "handle": candidate.handle,
        "why": candidate.why,
        "skipped": candidate.skipped,
    }


class FollowPlanJson(TypedDict):
    """Who will be followed next, how many on the following days, and who is skipped."""

    now: list[FollowCandidateJson]
    later: int
    skipped: list[FollowCandidateJson]


def plan_json(plan: Plan) -> FollowPlanJson:
    """Return who would be followed now, how many later, and who is skipped."""
    return {
        "now": [_candidate_json(each) for each in plan.now],
        "later": plan.later,
        "skipped": [_candidate_json(each) for each in plan.skipped],
    }
