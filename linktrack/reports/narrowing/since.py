"""From which day on clicks are to be read for reports of posts."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.ids import AccountId
from linktrack.links.models import Post
from linktrack.reports.queries import chosen_posts
from linktrack.reports.standing import year_around


def before_posts(
    session: Session,
    account_ids: Collection[AccountId],
    since: datetime | None,
    *,
    with_usual: bool = False,
) -> datetime | None:
    """Return when the first of the posts since then was made: none was clicked earlier.

    `with_usual`: of those, too, that say what is usual for them. None: there is no such moment.
    """
    if with_usual:
        since, _ = year_around(since, None)
    if since is None:
        return None
    posts = chosen_posts(account_ids, since, None)
    first = session.scalar(select(func.min(Post.created_at)).where(posts))
    return since if first is None else min(since, first)
