"""Clicks from the logs of a web server in Apache's combined format, as nginx writes it too."""

import re
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from linktrack.clicks.capture.visitors import site_of
from linktrack.clicks.classify.referrers import referrer_key
from linktrack.clicks.records import MOST_AGENT, clean
from linktrack.clicks.vocabulary import HEAD
from linktrack.errors import Invalid
from linktrack.links.codes import code_in, spellings
from linktrack.portability.clicks.importing import ClickFormat, OldClick, checked_time
from linktrack.portability.clicks.lines import line_by_line
from linktrack.portability.files.lines import read_lines

# Possessive quotes-or-escapes: a line of many backslashes takes no more than one pass.
_QUOTED: Final = r'"((?:[^"\\]|\\.)*+)"'
_LINE: Final = re.compile(
    rf"(\S+) \S+ .*?\[([^\]]+)\] {_QUOTED} (\d{{3}}) \S+ {_QUOTED} {_QUOTED}.*", re.DOTALL
)
_LONGEST: Final = 20_000


def parse_line(line: bytes, latest: float) -> OldClick | None:
    """Return the click of a line, or None where it is none: another method, status or path. Pure.

    Raises `ValueError` with a clause that says what is wrong.
    """
    match = _LINE.fullmatch(line.decode("utf-8", "replace")) if len(line) < _LONGEST else None
    if match is None:
        raise ValueError("it is not in the combined format")
    address, time, request, status, referrer, agent = match.groups()
    try:
        at = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").timestamp()
    except ValueError as error:
        raise ValueError("its time cannot be read") from error
    method, _, rest = request.partition(" ")
    code = code_in(_path(rest.rpartition(" ")[0] or rest))
    if method not in ("GET", "HEAD") or status not in ("301", "302", "303", "307", "308"):
        return None
    if code is None:
        return None
    agent = "" if agent == "-" else agent.replace('\\"', '"')
    return OldClick(
        keys=spellings(code),
        clicked_at=checked_time(at, latest, "in brackets"),
        agent=clean(agent, MOST_AGENT) if agent else None,
        referrer=None if referrer == "-" else referrer_key(referrer),
        traits=(site_of(address), agent),
        flags=HEAD if method == "HEAD" else 0,
    )


def _path(target: str) -> str:
    """Return the path of what was asked for, as the lane is handed it; "" where it has none."""
    if target.startswith("/"):  # two slashes begin a path here, and no host
        path = re.split("[?#]", target, maxsplit=1)[0]
    else:
        try:
            path = urlsplit(target).path
        except ValueError:
            return ""
    return unquote_to_bytes(path).decode("latin-1")


def _check(path: Path) -> None:
    for _, (number, line, _why) in zip(range(1_000), read_lines(path), strict=False):
        if _LINE.fullmatch(line.decode("utf-8", "replace")[:_LONGEST]):
            return
        del number
    raise Invalid(f"{path.name} is no web server log in the combined format.")


COMBINED_LOG: Final = ClickFormat(
    "combined-log",
    line_by_line(parse_line),
    "combined-log",
    others_too=True,
    counted_as="requests",
    check=_check,
)
