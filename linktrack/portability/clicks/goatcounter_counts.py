"""GoatCounter's JSON export: a ZIP file that says how often a path was visited in each hour.

It has no single visits. A count of three is three clicks in that hour, each without a visitor, by
people: GoatCounter counts somebody once, and leaves programs out. Browsers, systems and countries
are counted by day, for no visit in particular, and are not taken over.
"""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from linktrack.clicks.classify.agents import Agent
from linktrack.clicks.classify.referrers import referrer_key
from linktrack.errors import Invalid
from linktrack.portability.clicks.lines import json_object
from linktrack.portability.clicks.old_clicks import OldClick, OldLine, Progress, checked_time
from linktrack.portability.clicks.web_logs import names_of_path

PATHS: Final = "paths.jsonl"
REFERRERS: Final = "refs.jsonl"
COUNTS: Final = "hit_stats.jsonl"
MOST_LINE: Final = 100_000
MOST_COUNT: Final = 10_000_000

AGENT: Final = "GoatCounter: a person"

GROUPS: Final = {
    "google": "//www.google.com",
    "yandex": "//yandex.com",
    "yahoo": "//search.yahoo.com",
    "baidu": "//www.baidu.com",
    "bing": "//www.bing.com",
    "duckduckgo": "//duckduckgo.com",
    "ecosia": "//www.ecosia.org",
    "hacker news": "//news.ycombinator.com",
    "email": "//email.invalid",
    "rss": "//rss.invalid",
    "telegram messenger": "android-app://org.telegram.messenger",
    "slack chat": "android-app://com.slack",
}
"""A referrer of the kind that GoatCounter says by a name alone; its table of groups is the source.

Email and RSS are any of several hosts, so they have hosts that cannot be anybody's.
"""

_X_SEARCH: Final = "twitter.com/search?q=https%3A%2F%2Ft.co%2F"


def referrer_of(name: str, scheme: str) -> str | None:
    """Return a referrer as it is kept, or None. Pure.

    GoatCounter keeps one without http:// (h), names groups of hosts (g), has apps by their package
    (o), and campaigns (c), which are no sites.
    """
    if not name or scheme == "c":
        return None
    if scheme == "g" and name.casefold() in GROUPS:
        return referrer_key(GROUPS[name.casefold()])
    if "://" in name:
        return referrer_key(name)
    if name.startswith(_X_SEARCH):  # it leads to the posts with that address
        return referrer_key(f"//t.co/{name.removeprefix(_X_SEARCH)}")
    if "." not in name.partition("/")[0]:
        return None  # a group that we do not know
    return referrer_key(f"android-app://{name}" if scheme == "o" else f"//{name}")


def is_counts(path: Path) -> bool:
    """Whether a file is such an export. Raises `Invalid` for another ZIP file."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise Invalid(f"{path.name} cannot be read: its ZIP file is damaged.") from error
    if not {PATHS, REFERRERS, COUNTS} <= names:
        raise Invalid(
            f"{path.name} isn't a JSON export of GoatCounter: it has no {PATHS}, {REFERRERS} and "
            f"{COUNTS}."
        )
    return True


def read_counts(path: Path, latest: float, progress: Progress) -> Iterator[OldLine]:
    """Yield a click for each visit that was counted, with the line of `hit_stats.jsonl`."""
    number = 0
    try:
        with zipfile.ZipFile(path) as archive:
            paths = _by_id(archive, PATHS)
            referrers = _by_id(archive, REFERRERS)
            for number, row in _rows(archive, COUNTS):
                yield from _clicks(number, row, paths, referrers, latest)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError):
        yield OldLine(number + 1, b"", broken="the ZIP file is cut short or damaged here")
    progress(path.stat().st_size)


def _clicks(
    number: int,
    row: Mapping[str, object] | None,
    paths: Mapping[int, Mapping[str, object]],
    referrers: Mapping[int, Mapping[str, object]],
    latest: float,
) -> Iterator[OldLine]:
    """Yield the clicks of a count. Pure."""
    if row is None:
        yield OldLine(number, b"", broken=f"{COUNTS}: it is not a JSON object")
        return
    at, count = _hour(row.get("hour")), row.get("count")
    asked, referrer = _of(paths, row.get("path_id")), _of(referrers, row.get("ref_id"))
    if at is None or asked is None or referrer is None or not isinstance(count, int):
        why = f"{COUNTS}: its hour, path, referrer or count is missing"
        yield OldLine(number, b"", broken=why)
        return
    name, sent = str(asked.get("path")), str(referrer.get("ref") or "")
    scheme = str(referrer.get("ref_scheme") or "")
    names = names_of_path(name.partition("?")[0])
    raw = f"{name}\0{row.get('hour')}\0{scheme}\0{sent}".encode("utf-8", "replace")
    if asked.get("event") or not names:
        yield OldLine(number, raw)
        return
    try:
        click = OldClick(
            keys=names,
            clicked_at=checked_time(at, latest, "hour"),
            agent=AGENT,
            referrer=referrer_of(sent, scheme),
            told=Agent(None, None, None, None, None),
        )
    except ValueError as error:
        yield OldLine(number, raw, broken=str(error))
        return
    for _ in range(min(count, MOST_COUNT)):
        yield OldLine(number, raw, click)


def _hour(written: object) -> float | None:
    """Return a moment in seconds since 1970, or None."""
    try:
        at = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo is not None else None


def _by_id(archive: zipfile.ZipFile, name: str) -> dict[int, Mapping[str, object]]:
    rows = ((row.get("id"), row) for _, row in _rows(archive, name) if row is not None)
    return {number: row for number, row in rows if isinstance(number, int)}


def _of(rows: Mapping[int, Mapping[str, object]], number: object) -> Mapping[str, object] | None:
    return rows.get(number) if isinstance(number, int) else None


def _rows(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[int, Mapping[str, object] | None]]:
    with archive.open(name) as file:
        for number, line in enumerate(iter(lambda: file.readline(MOST_LINE), b""), 1):
            if line.strip():
                yield number, json_object(line)
