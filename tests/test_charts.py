"""Picture, table and label of a chart say exactly the numbers it was given."""

import math
import re
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from drawn import HOSTILE, START, at, cells, daily, parse, with_class
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from linktrack.charts import (
    Bar,
    IntervalPoint,
    Point,
    Reference,
    Series,
    Usual,
    heat_table,
    interval_bar,
    interval_chart,
    number,
    row_axis,
    row_scale,
    sparkline,
    stacked_bars,
    time_chart,
)
from linktrack.charts.scales import date_ticks, log_ticks, nice_ticks

STYLE_SHEET = Path(__file__).parent.parent / "linktrack" / "web" / "static" / "linktrack.css"


def scale(root: Element, top: float, bottom: float) -> list[tuple[float, float]]:
    """Read (y in px, value) off the labels of the y axis between two heights."""
    labels = [(at(text.get("y")), at(text.get("data-value"))) for text in with_class(root, "y")]
    return [(y, value) for y, value in labels if top - 0.1 <= y <= bottom + 0.1]


def runs(root: Element, style: str) -> list[list[tuple[float, float]]]:
    """Read a line back: for each stretch without a gap, (x in percent, y in px) of its points."""
    for lines in with_class(root, "lines", "svg"):
        path = next(iter(lines))
        if style in path.get("class", "").split():
            return unfold(path.get("d", ""), lines)
    raise AssertionError(f"no line {style}")


def unfold(drawn: str, lines: Element) -> list[list[tuple[float, float]]]:
    """Follow the relative steps of a path and undo the stretching."""
    width, height = (float(size) for size in lines.get("viewBox", "").split()[2:])
    top, tall = at(lines.get("y")), at(lines.get("height"))
    found: list[list[tuple[float, float]]] = []
    x = y = 0
    for kind, right, down in re.findall(r"([Ml])(-?\d+) (-?\d+)", drawn):
        if kind == "M":
            x, y = 0, 0
            found.append([])
        x, y = x + int(right), y + int(down)
        found[-1].append((x / width * 100, top + y / height * tall))
    return found


def read_values(root: Element, style: str, top: float, bottom: float) -> list[list[float]]:
    """Read a line's values back through the labels of its own y axis."""
    marks = scale(root, top, bottom)
    (y0, low), (y1, high) = marks[0], marks[-1]
    return [
        [low + (y - y0) / (y1 - y0) * (high - low) for _, y in run] for run in runs(root, style)
    ]


def test_two_years_of_days_can_be_read_back_from_the_line() -> None:
    """728 days: every value within half a percent of the axis, every day in its place."""
    values = [300 + 200 * math.sin(i / 20) + i / 3 for i in range(728)]
    root = parse(time_chart([Series("Clicks", daily(values))], label="Clicks a day"))
    (found,) = read_values(root, "s0", 0, 200)
    assert found == pytest.approx(values, abs=0.5)
    (places,) = runs(root, "s0")
    assert [x for x, _ in places] == pytest.approx([i / 727 * 100 for i in range(728)], abs=0.01)


def test_lines_begin_at_zero_and_the_strip_where_its_counts_lie() -> None:
    """100 to 120 clicks are not made to look like a jump; 8,010 followers need no zero."""
    followers = Series("Followers", daily([8010.0, 8990.0]))
    root = parse(time_chart([Series("Clicks", daily([100.0, 120.0]))], followers, label="Clicks"))
    assert min(value for _, value in scale(root, 0, 195)) == 0
    assert min(value for _, value in scale(root, 200, 300)) == 8000


def test_the_strip_has_its_own_scale_below_and_the_same_days() -> None:
    """Followers do not share the clicks' axis, only their x; sparse counts are bridged."""
    clicks = Series("Clicks", daily([10.0, 40.0, 20.0, 30.0, 0.0, 10.0, 5.0, 8.0]))
    counted = [Point(START, 8010), Point(START + timedelta(days=7), 9490)]
    root = parse(time_chart([clicks], Series("Followers", counted), label="Clicks and followers"))
    (followers,) = read_values(root, "strip", 200, 300)
    assert followers == pytest.approx([8010, 9490], abs=5)
    (found,) = read_values(root, "s0", 0, 195)
    assert found == pytest.approx([10, 40, 20, 30, 0, 10, 5, 8], abs=0.1)
    (ends,) = runs(root, "strip")
    assert [x for x, _ in ends] == [0, 100]
    assert "".join(with_class(root, "caption")[0].itertext()) == "Followers"


def test_a_day_without_a_value_is_a_gap_and_a_lone_day_is_a_mark() -> None:
    """None lifts the pen; a value between two gaps, which no line would show, gets its mark."""
    values = [1.0, 2.0, None, 4.0, None, None, 3.0, 3.0]
    long = values + [5.0] * 60
    root = parse(time_chart([Series("Clicks", daily(long))], label="Clicks"))
    assert [len(run) for run in runs(root, "s0")] == [2, 1, 62]
    marks = with_class(parse_plot(root), "mark")
    assert [at(mark.get("x")) for mark in marks] == pytest.approx([3 / 67 * 100, 100], abs=0.01)


def parse_plot(root: Element) -> Element:
    """Give the picture itself, without legend and table."""
    return with_class(root, "plot")[0]


def test_nan_and_infinity_are_gaps() -> None:
    """What cannot be drawn is not drawn, and the rest is."""
    root = parse(time_chart([Series("C", daily([1.0, math.nan, 2.0, math.inf, 3.0]))], label="C"))
    assert [len(run) for run in runs(root, "s0")] == [1, 1, 1]


def test_each_series_differs_by_class_and_by_shape() -> None:
    """Six series have six classes and six shapes, the same in the legend."""
    series = [Series(f"Account {i}", daily([float(i), 2.0])) for i in range(6)]
    root = parse(time_chart(series, label="Clicks"))
    assert [path.get("class") for svg in with_class(root, "lines") for path in svg] == [
        f"line s{i}" for i in range(6)
    ]
    shapes = [ElementTree.tostring(mark[0]) for mark in with_class(parse_plot(root), "mark")]
    assert len(set(shapes)) == 6
    keys = [mark for key in with_class(root, "key") for mark in with_class(key, "mark")]
    assert [ElementTree.tostring(mark[0]) for mark in keys] == shapes[::2]
    assert [" ".join("".join(li.itertext()).split()) for li in root.iter("li")] == [
        f"Account {i}" for i in range(6)
    ]


def test_the_table_holds_every_number_with_its_place() -> None:
    """Rows are the days of all lines; unknown is a dash; data-x finds the row in the picture."""
    chart = time_chart(
        [Series("Clicks", daily([1234.0, None]))],
        Series("Followers", [Point(START + timedelta(days=4), 0.5)]),
        label="Clicks a day",
    )
    root = parse(chart)
    assert cells(root) == [
        ["Day", "Clicks", "Followers"],
        ["25 Aug 2026", "1,234", "\u2013"],
        ["26 Aug 2026", "\u2013", "\u2013"],
        ["29 Aug 2026", "\u2013", "0.5"],
    ]
    assert [row.get("data-x") for row in root.iter("tr")] == [None, "0", "25", "100"]
    assert "".join(next(root.iter("summary")).itertext()) == "Show the numbers"


def test_line_charts_are_pictures_with_a_sentence() -> None:
    """role=img, and a label that tells the span and the lowest, highest and last value."""
    root = parse(time_chart([Series("Clicks", daily([3.0, 9.0, 4.0]))], label="Clicks a day"))
    plot = parse_plot(root)
    assert plot.get("role") == "img"
    assert plot.get("aria-label") == (
        "Clicks a day, 25 Aug 2026 to 27 Aug 2026. Clicks: lowest 3, highest 9, last 4."
    )


@pytest.mark.parametrize(
    ("values", "middle"), [([7.0], "50%"), ([0.0], "50%"), ([0.0, 0.0], None), ([-3.0, 4.0], None)]
)
def test_odd_numbers_of_days_and_values_still_draw(values: list[float], middle: str | None) -> None:
    """One day stands in the middle; zeros lie on the axis; negatives lie below zero."""
    root = parse(time_chart([Series("Net", daily(values))], label="Net"))
    (found,) = read_values(root, "s0", 0, 200)
    assert found == pytest.approx(values, abs=0.05)
    if middle is not None:
        assert with_class(parse_plot(root), "mark")[0].get("x") == middle


@pytest.mark.parametrize(
    "chart",
    [
        time_chart([], label="Clicks", empty="No clicks in these 7 days."),
        time_chart(
            [Series("C", daily([None, None]))], label="C", empty="No clicks in these 7 days."
        ),
        time_chart(
            [Series("C", [])], Series("F", []), label="C", empty="No clicks in these 7 days."
        ),
        interval_chart([], label="Rates", empty="No clicks in these 7 days."),
        interval_chart(
            [IntervalPoint("a", None, None, None, "/a")],
            label="Rates",
            empty="No clicks in these 7 days.",
        ),
        sparkline([], label="Clicks", empty="No clicks in these 7 days."),
        sparkline([None], label="Clicks", empty="No clicks in these 7 days."),
    ],
)
def test_without_numbers_there_is_a_sentence_instead(chart: Markup) -> None:
    """No axes around nothing."""
    assert chart == '<p class="empty">No clicks in these 7 days.</p>'


def test_a_strip_without_counts_is_left_out() -> None:
    """No scale is invented for followers nobody counted."""
    root = parse(time_chart([Series("C", daily([1.0, 2.0]))], Series("Followers", []), label="C"))
    assert with_class(root, "caption") == []
    assert cells(root)[0] == ["Day", "C", "Followers"]


def sixty_points() -> list[IntervalPoint]:
    """Sixty rates over three decades with intervals around them."""
    values = [0.02 * 1.1**i for i in range(60)]
    return [
        IntervalPoint(f"Post {i}", value, value * 0.6, value * 1.5, f"/owner/posts/{i}")
        for i, value in enumerate(values)
    ]


def logarithmic(root: Element) -> list[tuple[float, float]]:
    """Read the two ends of the logarithmic axis: (y, value)."""
    labels = [(at(text.get("y")), at(text.get("data-value"))) for text in with_class(root, "y")]
    positive = [label for label in labels if label[1] > 0]
    return [positive[0], positive[-1]]


def value_at(root: Element, y: float) -> float:
    """Read a value off the logarithmic axis."""
    (y0, low), (y1, high) = logarithmic(root)
    share = (y - y0) / (y1 - y0)
    return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))


def test_dots_and_intervals_can_be_read_back() -> None:
    """Sixty dots and both ends of sixty bars, within 0.3 %, each a link in its place."""
    points = sixty_points()
    root = parse(interval_chart(points, label="Rates"))
    links = with_class(root, "point", "a")
    assert [link.get("href") for link in links] == [point.href for point in points]
    for i, (link, point) in enumerate(zip(links, points, strict=True)):
        dot, bar = with_class(link, "mark")[0], with_class(link, "bar")[0]
        found = [value_at(root, at(y)) for y in (bar.get("y1"), dot.get("y"), bar.get("y2"))]
        assert found == pytest.approx([point.low, point.value, point.high], rel=3e-3)
        assert at(dot.get("x")) == pytest.approx((i + 0.5) / 60 * 100, abs=0.001)


def test_no_clicks_sit_hollow_on_the_floor() -> None:
    """Zero is below the lowest tick; its bar reaches from there to the upper end."""
    points = [
        IntervalPoint("quiet", 0.0, 0.0, 0.4, "/q"),
        IntervalPoint("loud", 2.0, 1.0, 4.0, "/l"),
    ]
    root = parse(interval_chart(points, label="Rates"))
    quiet, loud = with_class(root, "point", "a")
    floor = at(with_class(root, "floor")[0].get("y1"))
    assert floor > logarithmic(root)[0][0]
    assert at(with_class(quiet, "hollow")[0].get("y")) == floor
    assert at(with_class(quiet, "bar")[0].get("y1")) == floor
    assert value_at(root, at(with_class(quiet, "bar")[0].get("y2"))) == pytest.approx(0.4, rel=0.01)
    assert with_class(loud, "hollow") == []
    assert "no clicks" in "".join(with_class(root, "legend")[0].itertext())


def test_an_interval_that_reaches_zero_ends_on_the_floor() -> None:
    """A positive rate whose lower end is 0 has a bar down to the floor."""
    root = parse(interval_chart([IntervalPoint("a", 1.0, 0.0, 3.0, "/a")], label="Rates"))
    floor = with_class(root, "floor")[0].get("y1")
    assert with_class(root, "bar")[0].get("y1") == floor


def test_tiny_lower_ends_do_not_flatten_the_picture() -> None:
    """An end of 1e-12 is followed for three decades only; the table has it."""
    root = parse(interval_chart([IntervalPoint("a", 1.0, 1e-12, 3.0, "/a")], label="Rates"))
    assert logarithmic(root)[0][1] == pytest.approx(0.001)


def test_a_post_without_a_rate_keeps_its_empty_place() -> None:
    """Unknown is not drawn, and stands in the table as a dash."""
    points = [
        IntervalPoint("uncounted", None, None, None, "/u"),
        IntervalPoint("counted", 2.0, None, None, "/c"),
    ]
    root = parse(interval_chart(points, label="Rates", unit="clicks per 1,000 followers"))
    (link,) = with_class(root, "point", "a")
    assert link.get("aria-label") == "counted: 2"
    assert with_class(link, "mark")[0].get("x") == "75%"
    assert with_class(link, "bar") == []
    assert cells(root)[0][1] == "clicks per 1,000 followers"
    assert cells(root)[1] == ["uncounted", "\u2013", "\u2013", "\u2013"]


def test_the_reference_line_is_named_in_the_legend() -> None:
    """The dashed line lies at its value, and no text lies on it."""
    root = parse(interval_chart(sixty_points(), Reference("all posts", 1.5), label="Rates"))
    line = with_class(parse_plot(root), "reference")[0]
    assert value_at(root, at(line.get("y1"))) == pytest.approx(1.5, rel=3e-3)
    assert "all posts: 1.5" in "".join(with_class(root, "legend")[0].itertext())
    assert "all posts" not in "".join(parse_plot(root).itertext())


def test_groups_keep_their_colour_in_every_chart() -> None:
    """The given order decides, not who comes first; a group without a point has no key."""
    points = [IntervalPoint("p", 1.0, 0.5, 2.0, "/p", group="@we")]
    root = parse(interval_chart(points, label="Rates", groups=["@me", "@you", "@we"]))
    assert "s2" in with_class(root, "point", "a")[0].get("class", "")
    assert "".join(with_class(root, "legend")[0].itertext()).split() == ["@we"]


def test_charts_with_links_are_groups_whose_links_say_their_numbers() -> None:
    """role=group keeps links reachable; each says its post, rate and interval."""
    root = parse(interval_chart([IntervalPoint("5 Oct", 1.52, 1.09, 2.12, "/p")], label="Rates"))
    assert parse_plot(root).get("role") == "group"
    (link,) = with_class(root, "point", "a")
    assert link.get("aria-label") == "5 Oct: 1.52 (1.09 to 2.12)"
    assert "".join(next(link.iter("title")).itertext()) == "5 Oct: 1.52 (1.09 to 2.12)"


POSTS = [
    IntervalPoint("5 Oct", 5.0, 4.0, 6.2, ""),
    IntervalPoint("6 Oct", 1.0, 0.5, 1.9, "/p"),
    IntervalPoint("7 Oct", 0.5, None, None, "", progress="day 2 of 7"),
]


def test_bars_in_rows_can_be_read_back_from_one_linear_scale() -> None:
    """Value, both ends and the band of what is usual lie where the shared scale says."""
    usual = Usual(1.2, 1.6)
    scale = row_scale(POSTS, usual)
    end = scale.ticks[-1]
    assert scale.ticks[0] == 0
    assert end >= 6.2
    for point in POSTS[:2]:
        root = parse(interval_bar(point, scale, usual))
        (dot,) = with_class(root, "mark")
        (likely,) = with_class(root, "likely")
        (band,) = with_class(root, "usual")
        assert at(dot.get("x")) / 100 * end == pytest.approx(point.value, abs=0.01)
        ends = [at(likely.get("x")), at(likely.get("x")) + at(likely.get("width"))]
        assert [x / 100 * end for x in ends] == pytest.approx([point.low, point.high], abs=0.01)
        ends = [at(band.get("x")), at(band.get("x")) + at(band.get("width"))]
        assert [x / 100 * end for x in ends] == pytest.approx([1.2, 1.6], abs=0.01)


def test_a_bar_says_its_numbers_to_the_keyboard_and_is_a_link_only_with_an_address() -> None:
    """The first takes the focus as a graphic, the second as a link; a hollow one has no range."""
    scale = row_scale(POSTS)
    first, second, third = (parse(interval_bar(p, scale, unit="per 1,000")) for p in POSTS)
    (graphic,) = with_class(first, "point", "g")
    assert (graphic.get("tabindex"), graphic.get("role")) == ("0", "img")
    assert graphic.get("aria-label") == "5 Oct: 5 (4 to 6.2) per 1,000"
    assert with_class(second, "point", "a")[0].get("href") == "/p"
    (open_,) = with_class(third, "point")
    assert open_.get("aria-label") == "7 Oct: 0.5 per 1,000, still counting: day 2 of 7"
    assert with_class(third, "hollow")
    assert not with_class(third, "likely")


def test_a_row_without_a_value_shows_the_band_alone() -> None:
    """Unknown is not drawn, and no key stops at it; without any value there is still a scale."""
    nothing = IntervalPoint("8 Oct", None, None, None, "")
    root = parse(interval_bar(nothing, row_scale([nothing]), Usual(0.1, 0.2)))
    assert with_class(root, "usual")
    assert not with_class(root, "point")
    assert not with_class(root, "mark")


def test_one_uncertain_post_does_not_press_all_others_against_zero() -> None:
    """An upper end far beyond all values is cut at the edge."""
    wide = IntervalPoint("few followers", 2.0, 0.1, 400.0, "")
    scale = row_scale([*POSTS, wide])
    assert scale.ticks[-1] <= 10
    (likely,) = with_class(parse(interval_bar(wide, scale)), "likely")
    assert at(likely.get("x")) + at(likely.get("width")) == pytest.approx(100)


def test_a_sparkline_can_be_read_back_with_its_gaps() -> None:
    """Zero lies on its bottom, the highest value at its top, and None lifts the pen."""
    values = [4.0, 8.0, None, 0.0, 2.0]
    root = parse(sparkline(values, label="Clicks", days=[p.day for p in daily(values)], colour=1))
    first, second = runs(root, "s1")
    assert [31 - y for _, y in first + second] == pytest.approx([13, 26, 0, 6.5], abs=0.05)
    assert [x for x, _ in first + second] == [0, 25, 75, 100]
    assert parse_plot(root).get("aria-label") == "Clicks: lowest 0, highest 8, last 2"
    assert [row[1] for row in cells(root)] == ["Value", "4", "8", "\u2013", "0", "2"]
    assert cells(root)[1][0] == "25 Aug 2026"


def test_a_sparkline_in_a_table_leaves_its_own_table_out() -> None:
    """numbers=False: the picture and its sentence alone."""
    root = parse(sparkline([1.0, 2.0], label="Clicks", numbers=False))
    assert list(root.iter("details")) == []
    assert len(with_class(root, "plot")) == 1


def test_a_sparkline_of_zeros_lies_along_the_bottom() -> None:
    """No clicks at all is a line on the floor, not in the middle."""
    (run,) = runs(parse(sparkline([0.0, 0.0, 0.0], label="Clicks")), "s0")
    assert [y for _, y in run] == [31, 31, 31]


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=3, max_size=3), min_size=1, max_size=12))
def test_stacked_bars_have_the_lengths_and_colours_of_their_parts(
    values: list[list[int]],
) -> None:
    """Parts lie end to end, in proportion to the longest bar; the unknown part is grey."""
    bars = [Bar(f"b{i}", row) for i, row in enumerate(values)]
    chart = stacked_bars(
        bars, ["?", "one", "two"], label="Bars", first="Bar", is_unknown=[True, False, False]
    )
    longest = max(map(sum, values))
    if not longest:
        assert 'class="empty"' in chart
        return
    root = parse(chart)
    drawn = [rect for rect in with_class(root, "part", "rect") if rect.get("y") is not None]
    expected = [(i, j) for i, row in enumerate(values) for j in range(3) if row[j]]
    assert len(drawn) == len(expected)
    ends: dict[int, float] = {}
    for rect, (i, j) in zip(drawn, expected, strict=True):
        assert at(rect.get("x")) == pytest.approx(ends.get(i, 0.0), abs=0.003)
        width = at(rect.get("width"))
        assert width == pytest.approx(values[i][j] / longest * 100, abs=0.001)
        assert rect.get("class") == f"part {('unknown', 's0', 's1')[j]}"
        ends[i] = ends.get(i, 0.0) + width
    totals = [text.get("data-value") for text in with_class(root, "total")]
    assert [float(total or 0) for total in totals] == [sum(row) for row in values if sum(row)]


def every_chart(text: str) -> list[Markup]:
    """Draw each chart with this text wherever a text goes."""
    points = [IntervalPoint(text, 1.0, 0.5, 2.0, text, text, text)]
    return [
        time_chart([Series(text, daily([1.0]))], Series(text, daily([2.0])), label=text, unit=text),
        interval_chart(points, Reference(text, 1.0), label=text, unit=text),
        sparkline([1.0], label=text),
        stacked_bars(
            [Bar(text, [1.0, 2.0], text)], [text, text], label=text, first=text, unit=text
        ),
        time_chart([], label=text, empty=text),
        interval_bar(POSTS[0], row_scale(POSTS), Usual(1.0, 2.0), unit=text),
        interval_bar(IntervalPoint(text, 1.0, 0.5, 2.0, text), row_scale([])),
        row_axis(row_scale(POSTS), text),
    ]


@given(text=st.one_of(st.just(HOSTILE), st.text("<>&'\"/a= ", min_size=1)))
def test_text_is_escaped_everywhere(text: str) -> None:
    """Whatever a handle or a post says, the elements stay the same and the text is all there."""
    for chart, plain in zip(every_chart(text), every_chart("plain"), strict=True):
        assert tags(chart) == tags(plain)
        assert text in "".join(parse(chart).itertext()) or text in labels(chart)


def labels(chart: Markup) -> str:
    """Join what is said to those who do not see the picture."""
    return " ".join(element.get("aria-label", "") for element in parse(chart).iter())


def tags(chart: Markup) -> list[str]:
    """List the elements of a chart."""
    return [element.tag for element in parse(chart).iter()]


def test_nothing_breaks_the_strict_policy_and_every_class_has_a_rule() -> None:
    """No style attribute, no handler, no script; each class is known to the style sheet."""
    sheet = STYLE_SHEET.read_text(encoding="utf-8")
    silent = {"num", "chart-time", "chart-interval", "chart-bars", "numbers"}
    for chart in every_chart("text"):
        for element in parse(chart).iter():
            assert element.tag not in {"script", "style"}
            assert not [
                name for name in list(element.attrib) if name == "style" or name[:2] == "on"
            ]
            for name in set(element.get("class", "").split()) - silent:
                assert re.search(rf"\.{re.escape(name)}\b", sheet) or name == "lines", name


def test_text_never_scales() -> None:
    """Only the svg of the lines is stretched, and no text stands in it."""
    for chart in every_chart("text")[:3]:
        root = parse(chart)
        for svg in root.iter("svg"):
            if svg.get("viewBox") is not None:
                assert [child.tag for child in svg] == ["path"]
                assert svg.get("preserveAspectRatio") == "none"


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_ticks_enclose_the_values_and_are_few(values: list[float]) -> None:
    """Two to seven rising ticks around any values."""
    ticks = nice_ticks([0.0, *values])
    room = 1e-6 * max(1e-6, ticks[-1] - ticks[0])
    assert ticks[0] - room <= min(0.0, *values)
    assert ticks[-1] + room >= max(0.0, *values)
    assert 2 <= len(ticks) <= 7
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0, 545], [0, 200, 400, 600]),
        ([0, 1], [0, 1]),
        ([0, 3], [0, 1, 2, 3]),
        ([0, 0], [0, 1]),
        ([9604, 9604], [9603, 9604, 9605]),
        ([0, 0.3], [0, 0.1, 0.2, 0.3]),
    ],
)
def test_ticks_are_round(values: list[float], ticks: list[float]) -> None:
    """Whole numbers get whole ticks: there is no half click."""
    assert nice_ticks(values) == ticks


@given(values=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20))
def test_logarithmic_ticks_enclose_the_values(values: list[float]) -> None:
    """At least two rising ticks of the form 1, 2, 5 times a power of ten."""
    ticks = log_ticks(values)
    assert ticks[0] <= min(values) * (1 + 1e-6)
    assert ticks[-1] >= max(values) * (1 - 1e-6)
    assert len(ticks) >= 2
    assert ticks == sorted(set(ticks))
    for tick in ticks:
        assert f"{tick:e}"[:4] in {"1.00", "2.00", "5.00"}


@given(
    first=st.dates(date(1971, 1, 1), date(2099, 1, 1)),
    span=st.one_of(st.integers(0, 400), st.integers(0, 20000)),
)
def test_date_ticks_lie_inside_and_are_few(first: date, span: int) -> None:
    """From one day to half a century: at most 13 ticks, in order, between the ends."""
    last = first + timedelta(days=span)
    days = [day for day, _ in date_ticks(first, last)]
    assert 1 <= len(days) <= 13
    assert days == sorted(set(days))
    assert first <= days[0]
    assert days[-1] <= last


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (date(2026, 12, 30), date(2027, 1, 2), ["30 Dec 2026", "31 Dec", "1 Jan 2027", "2 Jan"]),
        (date(2026, 10, 1), date(2026, 11, 12), ["5 Oct", "12 Oct", "19 Oct", "26 Oct", "2 Nov"]),
        (date(2026, 1, 10), date(2026, 8, 2), ["Feb", "Mar", "Apr", "May", "Jun"]),
        (date(2025, 11, 1), date(2026, 10, 1), ["Nov 2025", "Dec", "Jan 2026", "Feb", "Mar"]),
        (date(2008, 6, 1), date(2019, 1, 1), ["2009", "2010", "2011", "2012", "2013"]),
    ],
)
def test_dates_are_labelled_in_the_unit_that_fits(
    first: date, last: date, labels: list[str]
) -> None:
    """Days, Mondays, months or years; the year stands where it changes."""
    assert [label for _, label in date_ticks(first, last)][:5] == labels


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1234567.0, "1,234,567"),
        (1.5217, "1.52"),
        (99.95, "100"),
        (150.6, "151"),
        (0.0001, "0.0001"),
        (-2.5, "-2.5"),
        (10.0, "10"),
        (20.04, "20"),
    ],
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    """Three significant digits, thousands set apart, no exponent and no needless zeros."""
    assert number(value) == text


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=24, max_size=24), min_size=7, max_size=7))
def test_a_heat_table_shows_every_number_and_its_strength(values: list[list[int]]) -> None:
    """Cells row by row; the strength is the number's share of the highest, in sixths, upwards."""
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    hours = [f"{hour:02}" for hour in range(24)]
    chart = heat_table(
        values, label="Clicks", rows=days, columns=hours, first="Hour", unit="clicks", empty="None."
    )
    highest = max(map(max, values))
    if not highest:
        assert "None." in chart
        return
    root = parse(chart)
    (grid,) = with_class(root, "heat")
    found = [each for each in grid if each.get("class", "").startswith("h") and each.text]
    heads = [each.text for each in found if each.get("class") == "head"]
    assert heads == [*hours, *days]
    drawn = [each for each in found if each.get("class") != "head"]
    flat = [value for row in values for value in row]
    for each, value in zip(drawn, flat, strict=True):
        step = int(each.get("class", "")[1:])
        assert step == -(-value * 6 // highest)
        if value < 10_000:
            assert each.text == number(value)
    table = cells(root)
    assert table[0] == ["Hour", *days]
    assert table[1:] == [
        [hour, *(number(row[i]) for row in values)] for i, hour in enumerate(hours)
    ]


def test_a_heat_table_says_where_most_is_and_shortens_what_is_long() -> None:
    """To those who cannot see it; six figures fit a narrow column."""
    values = [[0] * 3, [123_456, 5, 0]]
    chart = heat_table(
        values, label=HOSTILE, rows=["Mon", "Tue"], columns=["a", "b", "c"], first="x", unit="y"
    )
    root = parse(chart)
    (grid,) = with_class(root, "heat")
    assert grid.get("aria-label", "").endswith("Most: 123,456, Tue a.")
    assert [each.text for each in grid][-3:] == ["123k", "5", "0"]
    assert "<script" not in chart
