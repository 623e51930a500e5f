"""Clicks from GoatCounter's CSV export, version 2: the paths it counted are short codes here."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from linktrack.clicks.classify.agents import Agent
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
from linktrack.portability.files.rows import csv_rows

VERSION: Final = "2"  # it stands before the first column's name, where others have a mark


def _read(path: Path, latest: float, progress: Progress) -> Iterator[OldLine]:
    rows = csv_rows(path, progress)
    names = _header(path, next(rows, (0, []))[1])
    for number, cells in rows:
        raw = "\0".join(cells).encode()
        fields = dict(zip(names, cells, strict=False))
        if not fields.get("path"):
            yield OldLine(number, raw, blank=not any(cells), broken=None)
            continue
        if fields.get("event", "").casefold() in ("true", "1"):
            yield OldLine(number, raw)  # an event is no click on a link
            continue
        try:
            yield OldLine(number, raw, _click(fields, latest))
        except ValueError as error:
            yield OldLine(number, raw, broken=str(error))


def _header(path: Path, header: list[str]) -> list[str]:
    names = [name.casefold().replace("-", "").replace(" ", "") for name in header]
    if not names or not names[0].startswith(VERSION) or not {"date", "session"} <= set(names):
        raise Invalid(
            f"{path.name} is no export of GoatCounter, version 2: its first line does not begin "
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
    code = fields["path"].partition("?")[0].strip("/")
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
        keys=(code,),
        clicked_at=checked_time(at.timestamp(), latest, "Date"),
        agent=clean(agent, MOST_AGENT),
        referrer=_referrer(fields.get("referrer", ""), fields.get("referrerscheme", "")),
        country=country or None,
        traits=(session,) if session else (),
        told=told,
    )


def _referrer(name: str, scheme: str) -> str | None:
    """Return a referrer; GoatCounter keeps it without http://, and names some sites (g)."""
    if not name or scheme == "c":  # a campaign's name is no site
        return None
    return referrer_key(name if "://" in name else f"//{name}")


def _check(path: Path) -> None:
    _header(path, next(csv_rows(path, lambda _: None), (0, []))[1])


GOATCOUNTER: Final = ClickFormat("goatcounter", _read, "goatcounter", others_too=True, check=_check)
