"""Charts, as tests read them."""

from collections.abc import Sequence
from datetime import date, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from markupsafe import Markup

from linktrack.charts import (
    Point,
)

START = date(2026, 8, 25)


HOSTILE = "</svg><script>alert('x')</script> & \"you\""


def daily(values: Sequence[float | None], start: date = START) -> list[Point]:
    """Give one point a day."""
    return [Point(start + timedelta(days=i), value) for i, value in enumerate(values)]


def parse(chart: Markup) -> Element:
    """Parse a chart; well-formed XML is part of the promise."""
    return ElementTree.fromstring(chart)


def with_class(root: Element, name: str, tag: str | None = None) -> list[Element]:
    """Find elements by class, in the order of the document."""
    return [found for found in root.iter(tag) if name in found.get("class", "").split()]


def at(text: str | None) -> float:
    """Read a coordinate: percent or px."""
    assert text is not None
    return float(text.removesuffix("%"))


def cells(root: Element) -> list[list[str]]:
    """Read the table behind the chart, header first."""
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
