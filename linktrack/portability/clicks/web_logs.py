"""Clicks from the logs of a web server in Apache's combined format, as nginx writes it too."""

import re
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from linktrack.clicks.capture.visitors import site_of
from linktrack.clicks.classify.referrers import referrer_key
from linktrack.clicks.records import MOST_AGENT, clean
from linktrack.clicks.vocabulary import HEAD
from linktrack.errors import Invalid
from linktrack.links.codes import code_in, spellings
from linktrack.portability.clicks.lines import line_by_line
from linktrack.portability.clicks.old_clicks import ClickFormat, OldClick, checked_time
from linktrack.portability.files.addresses import read_address
from linktrack.portability.files.lines import read_lines

# Possessive quotes-or-escapes: a line of many backslashes takes no more than one pass,
# and so does one of many brackets, since a time has none.
_QUOTED: Final = r'"((?:[^"\\]|\\.)*+)"'
_LINE: Final = re.compile(
    rf"(\S+) (\S+) .*?\[([^\[\]]+)\] {_QUOTED} (\d{{3}}) \S+ {_QUOTED} {_QUOTED}.*", re.DOTALL
)
_HOST_AND_PORT: Final = re.compile(r"[\w.-]+:\d+|\[[0-9A-Fa-f:.]+\]:\d+")
_TIMES: Final = ("%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z")  # the second is nginx's ISO 8601
_LONGEST: Final = 20_000


def parse_line(line: bytes, latest: float) -> OldClick | None:
    """Return the click of a line, or None if it is none: another method, status or path. Pure.

    A virtual host in front, as Apache's vhost_combined has it, is the domain that was asked for.
    Raises `ValueError` with a clause that says what is wrong.
    """
    match = _LINE.fullmatch(line.decode("utf-8", "replace")) if len(line) < _LONGEST else None
    if match is None:
        raise ValueError("it is not in the combined format")
    first, second, time, request, status, referrer, agent = match.groups()
    host, address = (first, second) if _is_virtual_host(first, second) else (None, first)
    at = _time(time)
    method, _, rest = request.partition(" ")
    domain, path = _target(rest.rpartition(" ")[0] or rest)
    if method not in ("GET", "HEAD") or status not in ("301", "302", "303", "307", "308"):
        return None
    names = names_of_path(path)
    if not names:
        return None
    agent = "" if agent == "-" else agent.replace('\\"', '"')
    return OldClick(
        keys=names,
        domain=domain or _domain(host),
        clicked_at=checked_time(at, latest, "in brackets"),
        agent=clean(agent, MOST_AGENT) if agent else None,
        referrer=None if referrer == "-" else referrer_key(referrer),
        traits=(site_of(address.rstrip(",")), agent),
        flags=HEAD if method == "HEAD" else 0,
    )


def names_of_path(path: str) -> tuple[str, ...]:
    """Return what a link may be called that a path asks for: a code, else the whole path. Pure.

    The path is as WSGI hands it over. What the lane takes for no short link may be one that came
    from elsewhere: `/team/handbook`, or a page of ours on another domain.
    """
    code = code_in(path)
    if code is not None:
        return spellings(code)
    whole = path.encode("latin-1").decode("utf-8", "replace").strip("/")
    return (whole,) if whole and not whole.endswith("+") else ()


def _time(written: str) -> float:
    for form in _TIMES:
        try:
            return datetime.strptime(written, form).timestamp()  # noqa: DTZ007 - all have a zone
        except (ValueError, OverflowError):
            continue
    raise ValueError("its time cannot be read")


def _is_virtual_host(first: str, second: str) -> bool:
    """Whether a line begins with a virtual host, and the address stands behind it."""
    if _is_address(first):
        return False
    return _is_address(second) or bool(_HOST_AND_PORT.fullmatch(first) and second != "-")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _target(target: str) -> tuple[str | None, str]:
    """Return domain and path of what was asked for, as the lane is handed it; "" for no path."""
    domain = None
    if target.startswith("/"):  # two slashes begin a path here, and no host
        path = re.split("[?#]", target, maxsplit=1)[0]
    else:
        try:
            parts = urlsplit(target)
        except ValueError:
            return None, ""
        path, domain = parts.path, _domain(parts.netloc)
    return domain, unquote_to_bytes(path).decode("latin-1")


def _domain(host: str | None) -> str | None:
    """Return a host as links' domains are known by, or None if it says none: `_`, an address."""
    found = read_address(f"{host}/x") if host and "." in host else None
    name = found.domain.partition(":")[0] if found and found.domain else ""
    return None if not found or _is_address(name) else found.domain


def _check(path: Path) -> None:
    for _, (number, line, _why) in zip(range(1_000), read_lines(path), strict=False):
        if _LINE.fullmatch(line.decode("utf-8", "replace")[:_LONGEST]):
            return
        del number
    raise Invalid(f"{path.name} isn't a web server log in the combined format.")


COMBINED_LOG: Final = ClickFormat(
    "combined-log",
    line_by_line(parse_line),
    "combined-log",
    others_too=True,
    counted_as="requests",
    check=_check,
)
