"""Clicks from Shlink: pages of its visits API, or a list of visits, as JSON."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from linktrack.clicks.classify.referrers import referrer_key
from linktrack.clicks.records import MOST_AGENT, clean
from linktrack.errors import Invalid
from linktrack.portability.clicks.old_clicks import (
    ClickFormat,
    OldClick,
    OldLine,
    Progress,
    checked_time,
)
from linktrack.portability.files.addresses import read_address
from linktrack.portability.files.rows import is_json, json_items

CONTAINERS: Final = ("visits.data", "data")


def _read(path: Path, latest: float, progress: Progress) -> Iterator[OldLine]:
    for number, item, broken in json_items(path, CONTAINERS, progress):
        if not isinstance(item, Mapping):
            yield OldLine(number, b"", broken=broken or "it is not a JSON object")
            continue
        names = ("visitedUrl", "shortUrl", "date", "userAgent", "referer")
        raw = "\0".join(str(item.get(name) or "") for name in names).encode("utf-8", "replace")
        try:
            yield OldLine(number, raw, _click(item, latest))
        except ValueError as error:
            yield OldLine(number, raw, broken=str(error))


def _click(visit: Mapping[str, object], latest: float) -> OldClick:
    """Return the click of a visit, which says of nobody who it was: it has no visitor. Pure."""
    visited = visit.get("visitedUrl") or visit.get("shortUrl")
    if not isinstance(visited, str):
        raise ValueError("it does not say which link was clicked (visitedUrl)")
    try:
        at = datetime.fromisoformat(str(visit.get("date")))
    except ValueError as error:
        raise ValueError("its time (date) or its link (visitedUrl) cannot be read") from error
    address = read_address(visited)
    if at.tzinfo is None or address is None:
        raise ValueError("its time (date) or its link (visitedUrl) is not whole")
    agent, referrer, location = (
        visit.get(name) for name in ("userAgent", "referer", "visitLocation")
    )
    country = location.get("countryCode") if isinstance(location, Mapping) else None
    return OldClick(
        keys=(address.path,),
        domain=address.domain,
        clicked_at=checked_time(at.timestamp(), latest, "date"),
        agent=clean(agent, MOST_AGENT) if isinstance(agent, str) and agent else None,
        referrer=referrer_key(referrer) if isinstance(referrer, str) else None,
        country=country if isinstance(country, str) and country else None,
    )


def _check(path: Path) -> None:
    if not is_json(path):
        raise Invalid(f"{path.name} isn't a page of Shlink's visits: those are JSON.")
    next(json_items(path, CONTAINERS), None)


SHLINK_VISITS: Final = ClickFormat("shlink-visits", _read, "shlink", pages=True, check=_check)
