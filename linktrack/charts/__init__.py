"""Charts: numbers to inline SVG that keeps its text size on every screen; pure.

The outer svg has no viewBox: x is in percent of the plot and y in pixels, and the axes' labels
stand in the svg's own CSS padding, so text never scales. Only lines live in a nested svg that is
stretched. There is no style attribute (the pages' policy forbids it): classes name everything.
"""

from linktrack.charts.bars import Bar, share_bar, stacked_bars
from linktrack.charts.changes import Span, change_chart
from linktrack.charts.curves import hours_curve
from linktrack.charts.heat import heat_table
from linktrack.charts.intervals import IntervalPoint, Reference, interval_chart
from linktrack.charts.lines import Point, Series, sparkline, time_chart
from linktrack.charts.marks import Mark
from linktrack.charts.people import JumpMark, PeoplePoint, people_chart
from linktrack.charts.rows import RowScale, Usual, interval_bar, row_axis, row_scale
from linktrack.charts.scales import day_name, day_span, number
from linktrack.charts.world import world_map

__all__ = [
    "Bar",
    "IntervalPoint",
    "JumpMark",
    "Mark",
    "PeoplePoint",
    "Point",
    "Reference",
    "RowScale",
    "Series",
    "Span",
    "Usual",
    "change_chart",
    "day_name",
    "day_span",
    "heat_table",
    "hours_curve",
    "interval_bar",
    "interval_chart",
    "number",
    "people_chart",
    "row_axis",
    "row_scale",
    "share_bar",
    "sparkline",
    "stacked_bars",
    "time_chart",
    "world_map",
]
