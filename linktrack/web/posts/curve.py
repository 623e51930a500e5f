"""The curve of a post's first hours."""

from markupsafe import Markup

from linktrack.charts import hours_curve
from linktrack.links.models import Post
from linktrack.reports.timing.first_hours import HOURS, FirstHours


def curve_of(post: Post, found: FirstHours) -> Markup:
    """Draw a post's clicks over the middle half of earlier posts."""
    return hours_curve(
        found.clicks,
        found.middle,
        HOURS,
        label=f"Clicks on post {post.id} in its first {HOURS} hours",
        name="This post",
        band_name=f"Middle half of the {found.earlier} posts before",
    )
