"""The answer to "Who is really there?", as the overview and the page "Real audience" draw it."""

from typing import Final

from markupsafe import Markup

from linktrack.charts import JumpMark, PeoplePoint, Point, Series, day_span, people_chart
from linktrack.reports.people.jumps import Jump
from linktrack.reports.people.presence import PeriodPeople, Presence

PERIOD_HEADS: Final = {"week": "Week", "month": "Month", "quarter": "Quarter", "day": "Day"}
_DAYS_IN_SHORT: Final = 28  # a period at least so long is named by its month


def people_picture(found: Presence) -> Markup:
    """Draw the people who clicked, period by period, over a strip of followers."""
    period = found.latest.period
    strip = None
    if found.counts:
        strip = Series("Followers", [Point(day, count) for day, count in found.counts])
    return people_chart(
        [_point(each) for each in found.periods],
        strip,
        [_jump(jump) for jump in found.jumps],
        label=f"Different people who click, by {period}",
        heads=(
            PERIOD_HEADS[period],
            "At least",
            "Lowest likely",
            "Highest likely",
            "Seen",
            "Followers",
        ),
        empty=f"The line begins when the first {period} with clicks is over.",
    )


def _point(each: PeriodPeople) -> PeoplePoint:
    value, low, high = each.told or (None, None, None)
    last = each.end.fromordinal(each.end.toordinal() - 1)
    is_long = (each.end - each.first).days >= _DAYS_IN_SHORT
    return PeoplePoint(
        first=each.first,
        last=last,
        name=each.name,
        short=f"{each.first:%b}" if is_long else f"{each.first.day} {each.first:%b}",
        seen=each.seen,
        value=value,
        low=low,
        high=high,
        followers=each.followers,
    )


def _jump(jump: Jump) -> JumpMark:
    verb = "left" if jump.net < 0 else "came"
    words = f"{day_span(jump.since, jump.until)}: {abs(jump.net):,} followers {verb}"
    return JumpMark(jump.since, jump.until, words, is_loss=jump.net < 0)
