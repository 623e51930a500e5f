"""Clicks from GoatCounter: the paths it counted are short codes here.

Its CSV export (version 2) has each page view. Its JSON export, a ZIP file, has how many there were
by path, hour and referrer.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from linktrack.clicks.classify.agents import Agent
from linktrack.clicks.records import MOST_AGENT, clean
from linktrack.errors import Invalid
from linktrack.portability.clicks.goatcounter_counts import is_counts, read_counts, referrer_of
from linktrack.portability.clicks.old_clicks import (
    ClickFormat,
    OldClick,
    OldLine,
    Progress,
    checked_time,
)
from linktrack.portability.clicks.web_logs import names_of_path
from linktrack.portability.files.tables import Row, table_rows

VERSION: Final = "2"  # it stands before the first column's name, where others have a mark


def _read(path: Path, latest: float, progress: Progress) -> Iterator[OldLine]:
    if is_counts(path):
        yield from read_counts(path, latest, progress)
        return
    rows = table_rows(path, progress)
    names = _header(path, next(rows, None))
    for number, cells, broken in rows:
        raw = "\0".join(cells).encode("utf-8", "replace")
        if broken is not None:
            yield OldLine(number, raw, broken=broken)
            continue
        fields = dict(zip(names, cells, strict=False))
        if fields.get("event", "").casefold() in ("true", "1"):
            yield OldLine(number, raw)  # an event is no click on a link
            continue
        try:
            yield OldLine(number, raw, _click(fields, latest))
        except ValueError as error:
            yield OldLine(number, raw, broken=str(error))


def _header(path: Path, header: Row | None) -> list[str]:
    cells = header.cells if header else ()
    names = [name.casefold().replace("-", "").replace(" ", "") for name in cells]
    if not names or not names[0].startswith(VERSION) or not {"date", "session"} <= set(names):
        raise Invalid(
            f"{path.name} isn't an export of GoatCounter, version 2: its first line does not begin "
            "with 2Path."
        )
    return [names[0].removeprefix(VERSION), *names[1:]]


def _click(fields: Mapping[str, str], latest: float) -> OldClick:
    """Return the click of a row: its session is its visitor. Pure."""
    try:
        at = datetime.fromisoformat(fields.get("date", ""))
    except ValueError as error:
        raise ValueError("it has no time (Date)") from error
    if at.tzinfo is None:
        raise ValueError("its time (Date) has no zone")
    names = names_of_path(fields.get("path", "").partition("?")[0])
    if not names:
        raise ValueError("it has no path (Path)")
    agent = fields.get("useragent", "")
    browser, system = fields.get("browser", ""), fields.get("system", "")
    is_bot = fields.get("bot", "0") not in ("", "0", "false")
    told = None
    if not agent:
        told = Agent(
            "bot" if is_bot else None,
            "goatcounter" if is_bot else None,
            None,
            browser.rpartition(" ")[0] or browser or None,
            system.rpartition(" ")[0] or system or None,
        )
        agent = f"GoatCounter: {browser}, {system}{', a bot' if is_bot else ''}"
    session, country = fields["session"], fields.get("location", "")[:2]
    return OldClick(
        keys=names,
        clicked_at=checked_time(at.timestamp(), latest, "Date"),
        agent=clean(agent, MOST_AGENT),
        referrer=referrer_of(fields.get("referrer", ""), fields.get("referrerscheme", "")),
        country=country or None,
        traits=(session,) if session else (),
        told=told,
    )


def _check(path: Path) -> None:
    if not is_counts(path):
        _header(path, next(table_rows(path), None))


GOATCOUNTER: Final = ClickFormat("goatcounter", _read, "goatcounter", others_too=True, check=_check)
