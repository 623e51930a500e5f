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
from linktrack.portability.clicks.importing import (
    ClickFormat,
    OldClick,
    OldLine,
    Progress,
    checked_time,
)
from linktrack.portability.files.rows import is_json, json_objects
from linktrack.portability.files.sql_dump import dump_rows

COLUMNS: Final = (
    "click_id", "click_time", "shorturl", "referrer", "user_agent", "ip_address", "country_code",
)  # fmt: skip

CONTAINERS: Final = ("result",)

Row: TypeAlias = Mapping[str, str | None]


def yourls_log(parse_time: Callable[[str], datetime]) -> ClickFormat:
    """Return the format; YOURLS writes times without a zone, which `parse_time` reads."""

    def read(path: Path, latest: float, progress: Progress) -> Iterator[OldLine]:
        for number, row in _rows(path, progress):
            if row is None:
                yield OldLine(number, b"", broken="it is not a JSON object")
                continue
            raw = "\0".join(row.get(name) or "" for name in COLUMNS).encode("utf-8", "replace")
            try:
                yield OldLine(number, raw, _click(row, parse_time, latest))
            except ValueError as error:
                yield OldLine(number, raw, broken=str(error))

    return ClickFormat("yourls-log", read, "yourls", check=_check)


def _rows(path: Path, progress: Progress) -> Iterator[tuple[int, Row | None]]:
    """Yield the rows of a file with their numbers from 1; None for what is no row."""
    if not is_json(path):
        yield from enumerate(dump_rows(path, "_log", COLUMNS, progress), 1)
        return
    for number, item in json_objects(path, CONTAINERS, progress):
        if not isinstance(item, Mapping):
            yield number, None
            continue
        named = {name: item.get(name) for name in COLUMNS}
        row = {name: None if value is None else str(value) for name, value in named.items()}
        yield number, row | {"shorturl": path.stem}


def _check(path: Path) -> None:
    if is_json(path):
        return
    if next(dump_rows(path, "_log", COLUMNS), None) is None:
        raise Invalid(f"{path.name} is no dump of YOURLS with clicks: it fills no yourls_log.")


def _click(row: Row, parse_time: Callable[[str], datetime], latest: float) -> OldClick:
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
        clicked_at=checked_time(at, latest, "click_time"),
        agent=clean(agent, MOST_AGENT) if agent else None,
        referrer=None if referrer in (None, "", "direct") else referrer_key(referrer),
        country=row.get("country_code") or None,
        traits=(site_of(address), agent or "") if address else (),
    )
