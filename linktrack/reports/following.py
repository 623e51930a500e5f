"""Following back as JSON, the same at every door."""

from linktrack.audience.follow_back.log import Standing
from linktrack.audience.follow_back.plan import Candidate, Plan
from linktrack.audience.models import MadeFollow
from linktrack.calendar.times import utc
from linktrack.shapes import Json


def standing_json(standing: Standing) -> dict[str, Json]:
    """Return whether following back is on, and what it does next; null where it was never set."""
    settings = standing.settings
    return {
        "on": settings is not None and settings.on_since is not None,
        "after": None if settings is None else utc(settings.since),
        "daily_limit": None if settings is None else settings.daily_limit,
        "followed_within_24h": standing.followed,
        "problem": None if settings is None else settings.problem,
        "plan": plan_json(standing.plan),
    }


def plan_json(plan: Plan) -> dict[str, Json]:
    """Return who would be followed now, how many later, and who is skipped."""
    return {
        "now": [_candidate_json(each) for each in plan.now],
        "later": plan.later,
        "skipped": [_candidate_json(each) for each in plan.skipped],
    }


def _candidate_json(candidate: Candidate) -> Json:
    return {
        "id": candidate.network_id,
        "handle": candidate.handle,
        "why": candidate.why,
        "skipped": candidate.skipped,
    }


def follow_json(row: MadeFollow) -> dict[str, Json]:
    """Return one person who was followed back."""
    return {
        "number": row.id,
        "id": row.network_id,
        "handle": row.handle,
        "state": row.state,
        "why": row.why,
        "begun_at": utc(row.begun_at),
        "ended_at": None if row.ended_at is None else utc(row.ended_at),
        "problem": row.problem,
    }
