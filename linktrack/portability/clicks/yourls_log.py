"""Clicks from YOURLS: the table yourls_log of a database dump, or JSON of one link's visits.

The JSON is what the action `shlink-link-visits` of Shlink's import plugin answers: rows of that
table, which do not say which link they are of. So the file is named after its code: `winter.json`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from linktrack.clicks.capture.visitors import site_of
from linktrack.clicks.classify.referrers import referrer_key
from linktrack.clicks.records import MOST_AGENT, clean
from linktrack.errors import Invalid
from linktrack.links.destinations import destination_of
from linktrack.portability.clicks.old_clicks import (
    ClickFormat,
    OldClick,
    OldLine,
    Progress,
    checked_time,
)
from linktrack.portability.files.rows import is_json, json_items
from linktrack.portability.files.sql_dump import dump_rows

COLUMNS: Final = (
    "click_id", "click_time", "shorturl", "referrer", "user_agent", "ip_address", "country_code",
)  # fmt: skip

CONTAINERS: Final = ("result",)

URL_COLUMNS: Final = ("keyword", "url", "title", "timestamp", "ip", "clicks")

Row: TypeAlias = Mapping[str, str | None]


def yourls_log(parse_time: Callable[[str], datetime]) -> ClickFormat:
    """Return the format; YOURLS writes times without a zone, which `parse_time` reads."""

    def read(path: Path, latest: float, progress: Progress) -> Iterator[OldLine]:
        led_to = _destinations(path)
        for number, row, broken in _rows(path, progress):
            if broken is not None:
                yield OldLine(number, b"", broken=broken)
                continue
            raw = "\0".join(row.get(name) or "" for name in COLUMNS).encode("utf-8", "replace")
            try:
                yield OldLine(number, raw, _click(row, parse_time, latest, led_to))
            except ValueError as error:
                yield OldLine(number, raw, broken=str(error))

    return ClickFormat("yourls-log", read, "yourls", check=_check)


def _rows(path: Path, progress: Progress) -> Iterator[tuple[int, Row, str | None]]:
    """Yield the rows of a file with their lines or numbers, or why they are broken."""
    if not is_json(path):
        for line, _, row, broken in dump_rows(path, "_log", COLUMNS, progress):
            if broken is not None or "shorturl" in row:  # else another program's table
                yield line, row, broken
        return
    for number, item, broken in json_items(path, CONTAINERS, progress):
        if not isinstance(item, Mapping):
            yield number, {}, broken or "it is not a JSON object"
            continue
        named = {name: item.get(name) for name in COLUMNS}
        values = {name: None if value is None else str(value) for name, value in named.items()}
        yield number, values | {"shorturl": path.stem}, None


def _destinations(path: Path) -> Mapping[str, str]:
    """Return where each link of a dump leads, by its keyword; nothing where it does not say.

    Links of two installations may have one keyword, and only this tells whose clicks these are.
    """
    if is_json(path):
        return {}
    rows = (row.values for row in dump_rows(path, "_url", URL_COLUMNS) if row.broken is None)
    found = {}
    for row in rows:
        keyword, url = row.get("keyword"), row.get("url")
        if keyword and url:
            try:
                found[keyword] = destination_of(url)
            except Invalid:
                continue  # it has become no link either
    return found


def _check(path: Path) -> None:
    if is_json(path):
        next(json_items(path, CONTAINERS), None)
    elif next(_rows(path, lambda _: None), None) is None:
        raise Invalid(f"{path.name} isn't a dump of YOURLS with clicks: it fills no yourls_log.")


def _click(
    row: Row,
    parse_time: Callable[[str], datetime],
    latest: float,
    led_to: Mapping[str, str],
) -> OldClick:
    """Return the click of a row; its address makes the visitor and is not kept. Pure."""
    code = row.get("shorturl")
    if not code:
        raise ValueError("it names no link (shorturl)")
    try:
        at = parse_time(row.get("click_time") or "").timestamp()
    except Invalid as error:
        raise ValueError("it has no time (click_time)") from error
    agent, referrer = row.get("user_agent"), row.get("referrer")
    address = row.get("ip_address")
    return OldClick(
        keys=(code,),
        led_to=led_to.get(code),
        clicked_at=checked_time(at, latest, "click_time"),
        agent=clean(agent, MOST_AGENT) if agent else None,
        referrer=None if referrer in (None, "", "direct") else referrer_key(referrer),
        country=row.get("country_code") or None,
        traits=(site_of(address), agent or "") if address else (),
    )
