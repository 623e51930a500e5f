"""The engagement of one post, for its page."""

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.audience.segments import list_segments
from linktrack.clicks.vocabulary import window_number
from linktrack.engagement.tallies import engaged_post
from linktrack.links.models import Post
from linktrack.reports.counting import Counting
from linktrack.reports.engagement.lines import EngagementLine, lines_of
from linktrack.reports.engagement.report import with_denominators


def engagement_of_post(
    session: Session, post: Post, account: Account, counting: Counting
) -> EngagementLine | None:
    """Return what a post got besides clicks; None where it was never read on its network."""
    found = engaged_post(session, account.id, post.id, window_number(counting.window))
    if found is None:
        return None
    (line,) = lines_of(
        session,
        account,
        with_denominators(session, account, [found]),
        counting=counting,
        segments=list_segments(session, account),
        clicked={},
    )
    return line
