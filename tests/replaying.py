"""Replays recorded sessions with a network's server; recordings/README.md describes the format."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from standins import Answer, Asked, Standin, standin

FOLDER = Path(__file__).parent / "recordings"


@contextmanager
def replayed(file: str, *sessions: str) -> Iterator[Standin]:
    """Answer as recorded in some sessions, one behind the other; every exchange must happen."""
    recorded = json.loads((FOLDER / file).read_text())
    exchanges: list[dict[str, Any]] = [one for name in sessions for one in recorded[name]]
    wrong: list[str] = []
    place: list[str] = []

    def answer(asked: Asked) -> Answer:
        exchange: dict[str, Any] = exchanges.pop(0) if exchanges else {"asked": "nothing more"}
        said = f"{asked.method} {asked.path}"
        found = {
            "asked": said,
            "arguments": {name: values[0] for name, values in asked.arguments.items()},
            "form": asked.form,
            "with": {name: asked.headers.get(name) for name in exchange.get("with", {})},
        }
        wanted: dict[str, object] = {name: exchange.get(name, {}) for name in found}
        if found != wanted:
            wrong.append(f"asked {found}, recorded is {wanted}")
            return Answer({"error": "not as recorded"}, 599)
        if "answer" not in exchange:
            return Answer(silent=True)
        headers = {
            name: _now(value, place[0]) for name, value in exchange.get("headers", {}).items()
        }
        body = _now(json.dumps(exchange["answer"]), place[0]).encode()
        return Answer(body, exchange.get("status", 200), headers)

    with standin(answer) as running:
        place.append(running.address)
        yield running
    assert not wrong, wrong
    assert not exchanges, f"never asked: {exchanges}"


def _now(written: str, here: str) -> str:
    def later(match: re.Match[str]) -> str:
        moment = datetime.now(UTC) + timedelta(seconds=int(match[1]))
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    return re.sub(r"\{in (\d+) s\}", later, written).replace("{here}", here)
