"""By which ways it is known who clicked, as bars and as rows of a file."""

from markupsafe import Markup

from linktrack.charts import Bar, stacked_bars
from linktrack.reports.figures.words import month_name, share
from linktrack.reports.people.ways import Ways, month_json

_UNKNOWN = "we can't tell who"
_PARTS = ("version", "personal link", "hello: button", "hello: network", _UNKNOWN)


def ways_chart(ways: Ways) -> Markup:
    """Draw a bar for each month that is counted by way, the newest first."""
    bars = []
    for month in reversed(ways.months):
        by = month.by
        if by is None or not month.unique_clicks:
            continue
        known = (by.version, by.personal, by.hello_button, by.hello_network)
        name = f"{month_name(month.first)} {month.first.year}{'' if month.is_over else ' so far'}"
        values = [*known, month.unique_clicks - by.total]
        bars.append(Bar(f"{name}: {share(by.total, month.unique_clicks)} known", values))
    return stacked_bars(
        bars,
        _PARTS,
        label="Unique clicks by month and by how it is known who clicked",
        first="Month",
        unit="unique clicks",
        is_unknown=[part == _UNKNOWN for part in _PARTS],
        empty="Nobody clicked in these months.",
    )


def ways_rows(ways: Ways) -> list[dict[str, object]]:
    """Return the months with each way as a column; empty where it was not counted by way."""
    rows = []
    for month in ways.months:
        line = month_json(month)
        by = line["by"]
        rows.append(
            {
                **{name: value for name, value in line.items() if name != "by"},
                "personal": None if by is None else by["personal"],
                "version": None if by is None else by["version"],
                "hello_button": None if by is None else by["hello_button"],
                "hello_network": None if by is None else by["hello_network"],
            }
        )
    return rows
