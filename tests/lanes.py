"""The way of a click, without a service around it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from clicking import FIREFOX
from werkzeug.test import Client, TestResponse
from world import World

from linktrack.app import create_app
from linktrack.clicks.capture.gate import Gate
from linktrack.clicks.capture.journal import SUFFIX, Journal
from linktrack.clicks.capture.lane import Lane
from linktrack.clicks.capture.unknown_codes import FOLDER, UnknownCodes
from linktrack.clicks.capture.visitors import Visitors
from linktrack.clicks.capture.wsgi_lane import WSGILane
from linktrack.ids import LinkId, SegmentId
from linktrack.installation import Installation
from linktrack.links.redirects.targets import Changes, Target, Targets
from linktrack.settings import LOOPBACK, load_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Street:
    """A lane with a few known codes, on a real journal."""

    def __init__(self, folder: Path, gate: Gate | None = None) -> None:
        self.folder = folder
        self.known = {
            "abcde": Target(LinkId(1), "https://example.com/a"),
            "gone1": Target(LinkId(2), None),
            "forseg": Target(LinkId(1), "https://example.com/a", SegmentId(7), None, "variant"),
        }
        self.asked: list[str] = []
        self.behind_paths: list[str] = []
        self.away = False
        targets = Targets(self.find, lambda _since: Changes(0, ()))
        self.now = 1_777_896_000.0
        self.lane = Lane(
            targets,
            Journal(folder / "journals", "always"),
            Visitors(folder / "visitor_keys", "month", ZoneInfo("UTC"), lambda: self.now),
            LOOPBACK,
            clock=lambda: self.now,
            gate=gate,
            unknown=UnknownCodes(folder / "journals"),
        )
        self.client = Client(WSGILane(self.behind, self.lane))

    def find(self, code: str) -> Target | None:
        self.asked.append(code)
        if self.away:
            raise OSError("no database")
        return self.known.get(code)

    def behind(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        self.behind_paths.append(environ["PATH_INFO"])
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"behind"]

    def get(self, path: str, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers={"User-Agent": FIREFOX, **named})

    def clicks(self) -> list[dict[str, object]]:
        return self._lines("journals")

    def unknown(self) -> list[dict[str, object]]:
        return self._lines(f"journals/{FOLDER}")

    def _lines(self, folder: str) -> list[dict[str, object]]:
        lines = []
        for path in self.folder.glob(f"{folder}/[!.]*{SUFFIX}"):
            lines += [json.loads(line) for line in path.read_text().splitlines()]
        return lines


def lane(world: World, **environ: str) -> Client:
    """Return a client of the lane, under more settings."""
    settings = load_settings(
        {
            "LINKTRACK_DATA": str(world.settings.data),
            "LINKTRACK_DATABASE": world.settings.database,
            "LINKTRACK_BASE_URL": world.settings.base_url,
            **environ,
        }
    )
    opened = Installation.open(settings)
    world.ends.callback(opened.database.close)
    made = opened.lane()
    world.ends.callback(made._targets.close)
    return Client(WSGILane(create_app(opened).wsgi_app, made), use_cookies=False)
