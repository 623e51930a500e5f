"""Keep with a link whether it has a plan, so that the lane looks for none where there is none."""

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from linktrack.change_numbers import number_at_commit
from linktrack.links.models import Link
from linktrack.links.redirects.models import LinkLimit
from linktrack.links.redirects.rules.models import LinkRule


def plan_changed(session: Session, link: Link, at: datetime) -> None:
    """Say that a link's limits or rules were changed: workers follow within two seconds."""
    session.flush()
    has_limits = exists().where(LinkLimit.link_id == link.id)
    has_rules = exists().where(LinkRule.link_id == link.id)
    link.has_plan = session.scalars(select(or_(has_limits, has_rules))).one()
    link.changed_at = at
    number_at_commit(session, link)
    session.flush()
