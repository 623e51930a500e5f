"""Clicks from our own export as NDJSON, of this installation or another.

What this installation counted itself is known by its number and time, and not counted again.

The export has no user agents and no addresses: an agent is known by what was said of it, and a
visitor keeps the pseudonym it had.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from linktrack.clicks.classify.agents import Agent
from linktrack.clicks.classify.referrers import referrer_key
from linktrack.clicks.vocabulary import EMBEDDED, HEAD, LEFT_OUT, NO_VISITOR, PREFETCH
from linktrack.errors import Invalid
from linktrack.portability.clicks.lines import json_object, line_by_line
from linktrack.portability.clicks.old_clicks import ClickFormat, OldClick, checked_time
from linktrack.portability.clicks.overlap import Origin
from linktrack.portability.files.lines import read_lines

_BY_REQUEST: Final = {"head": HEAD, "prefetch": PREFETCH, "embedded": EMBEDDED}


def parse_line(line: bytes, latest: float) -> OldClick:
    """Return the click of a line. Pure.

    Raises `ValueError` with a clause that says what is wrong.
    """
    fields = json_object(line)
    if fields is None:
        raise ValueError("it is not a JSON object")
    code, url = fields.get("code"), fields.get("destination")
    if not isinstance(code, str) or not 0 < len(code) <= 64 or not isinstance(url, str):
        raise ValueError("it has no code and destination")
    try:
        at = datetime.fromisoformat(str(fields.get("clicked_at")))
    except ValueError as error:
        raise ValueError("it has no time (clicked_at)") from error
    if at.tzinfo is None:
        raise ValueError("its time (clicked_at) has no zone")
    reason = fields.get("reason")
    if reason is not None and reason not in LEFT_OUT:
        raise ValueError("its reason is not one of ours")
    visitor = _visitor(fields.get("visitor"))
    host, country = fields.get("referrer_host"), fields.get("country")
    agent, told = _agent(fields)
    flags = _BY_REQUEST.get(str(reason), 0) | (NO_VISITOR if visitor is None else 0)
    return OldClick(
        keys=(code,),
        clicked_at=checked_time(at.timestamp(), latest, "clicked_at"),
        agent=agent,
        referrer=referrer_key(f"//{host}") if isinstance(host, str) else None,
        url=url,
        country=country if isinstance(country, str) else None,
        language=_text(fields, "language"),
        visitor=visitor,
        flags=flags,
        told=told,
        origin=_origin(fields),
    )


def _origin(fields: Mapping[str, object]) -> Origin | None:
    installation, seq = fields.get("installation"), fields.get("seq")
    if type(seq) is not int or not 0 < seq < 2**63:
        return None
    return Origin(installation[:64] if isinstance(installation, str) else None, seq)


def _visitor(value: object) -> int | None:
    if value is None:
        return None
    try:
        number = int(str(value), 16)
    except ValueError as error:
        raise ValueError("its visitor is not 16 hexadecimal digits") from error
    if not 0 <= number < 2**64:
        raise ValueError("its visitor is not 16 hexadecimal digits")
    return number - 2**64 if number >= 2**63 else number


def _agent(fields: Mapping[str, object]) -> tuple[str | None, Agent | None]:
    """Return a name for what is said of the agent, and that; None for one without a name.

    What the request itself or the minute said (head, prefetch, embedded, burst) is not the agent's.
    """
    reason = fields.get("reason")
    if reason == "no-agent":
        return None, None
    of_agent = str(reason) if reason in ("preview", "bot", "owner") else None
    rule = _text(fields, "rule") if of_agent else None
    agent = Agent(of_agent, rule, *(_text(fields, name) for name in ("device", "browser", "os")))
    said = (of_agent, agent.rule, agent.device, agent.browser, agent.os)
    return "linktrack export: " + json.dumps(said), agent


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value[:60].replace("\0", "") if isinstance(value, str) else None


def _check(path: Path) -> None:
    for _, line, _why in read_lines(path):
        fields = json_object(line)
        if fields is not None and {"seq", "clicked_at", "code"} <= fields.keys():
            return
    raise Invalid(f"{path.name} isn't an export of linktrack's clicks as NDJSON.")


OWN_CLICKS: Final = ClickFormat(
    "ndjson",
    line_by_line(parse_line),
    "ndjson",
    makes_links=True,
    counted_as="clicks",
    check=_check,
)
