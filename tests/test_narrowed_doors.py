"""Programs and commands narrow reports by the same filters as pages, several at once."""

import json
import re
from typing import Any

import pytest
from audiences import followers
from browser import Browser
from click.testing import CliRunner
from scattered import BOT, PHONE, some
from world import NOON, World

from linktrack.cli import main
from linktrack.clicks.keeping.sql.clicks import SqlClicks
from linktrack.clicks.records import ClickRecord
from linktrack.owners.tokens import create_token

REPORTS = (
    "cpf", "days", "referrers", "places", "devices", "hours", "half-life", "compare", "topics",
    "segments",
)  # fmt: skip
BOTH = {"country": "DE", "device": "mobile"}


def fitting(records: list[ClickRecord]) -> int:
    """Return how many clicks of German phones there are."""
    return sum((one.country, one.user_agent) == ("DE", PHONE) for one in records)


class Doors:
    """The API with a token that reads, and the commands, of one installation."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        token = create_token(world.session, "reader", "read", None, NOON)
        world.session.commit()
        self.client = Browser.on(world).client
        self.headers = {"Authorization": f"Bearer {token}"}
        monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
        monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)

    def asked(self, report: str, **filters: str) -> Any:
        """Return what the API answers."""
        query = {"account": "@JessesLinks", **filters}
        address = f"/api/v1/reports/{report}"
        return self.client.get(address, query_string=query, headers=self.headers).get_json()

    def refused(self, report: str, **filters: str) -> str:
        """Return the status and the sentence of a problem."""
        found = self.asked(report, **filters)
        return f"{found['status']} {found['detail']}"

    def printed(self, report: str, *options: str, **filters: str) -> str:
        """Return what the command prints."""
        only = [f"--only={name}={value}" for name, value in filters.items()]
        return CliRunner().invoke(main, ["report", report, "@JessesLinks", *options, *only]).output


def test_programs_and_commands_get_the_same_narrowed_figures(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each report of clicks, by two filters; and of all clicks afterwards."""
    account, _, records = some(world)
    followers(world, account, 1_000, days=-1)
    doors = Doors(world, monkeypatch)
    for report in REPORTS:
        whole, few = doors.asked(report), doors.asked(report, **BOTH)
        assert json.loads(doors.printed(report, "--json", **BOTH)) == few, report
        assert doors.asked(report) == whole
        assert few != whole or report in ("half-life", "hours", "topics"), report
    clicks = fitting(records)
    assert sum(day["clicks"] for day in doors.asked("days", **BOTH)["days"]) == clicks
    assert doors.asked("days", **BOTH)["only"] == BOTH
    assert sum(row["clicks"] for row in doors.asked("referrers", **BOTH)["referrers"]) == clicks
    assert doors.asked("cpf", window="all", **BOTH)["total"]["clicks"] == clicks
    assert [row["clicks"] for row in doors.asked("places", **BOTH)["places"]] == [clicks]


def test_what_is_counted_by_a_filter_stays_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One facet of days, the source and segment of referrers: as many clicks as there are."""
    _, _, records = some(world, 60)
    monkeypatch.setattr(SqlClicks, "most_condensed", 10)
    doors = Doors(world, monkeypatch)
    days = doors.asked("days", country="DE")
    german = sum(one.country == "DE" and one.user_agent != BOT for one in records)
    assert sum(day["clicks"] for day in days["days"]) == german
    assert (days["by"], days["value"], days["only"]) == ("country", "DE", {"country": "DE"})
    assert len(doors.asked("referrers", source="-", segment="-")["referrers"]) == 1
    assert doors.asked("referrers", source="X")["referrers"] == []
    assert re.match("503 .*choose fewer days", doors.refused("days", country="DE", language="de"))
    assert "choose fewer days" in doors.printed("days", "--country=DE", language="de")


def test_what_cannot_be_filtered_is_said(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that none can have, a filter that there is none of, and one link by itself."""
    _, posts, _ = some(sqlite_world, 60)
    doors, code = Doors(sqlite_world, monkeypatch), str(posts[0].links[0].code)
    wrong = "isn't a country's code"
    assert wrong in doors.refused("cpf", country="Germany")
    assert wrong in doors.printed("cpf", country="Germany")
    assert "isn't a filter" in doors.printed("cpf", land="DE")
    assert "two filters by device" in doors.printed("days", "--device=mobile", device="mobile")
    for report, words in (("referrers", "by source and segment only"), ("half-life", "one link")):
        assert words in doors.refused(report, link=code, **BOTH)
        assert words in doors.printed(report, "--link", code, **BOTH)
    of_link = doors.asked("places", link=code, **BOTH)["places"]
    assert [row["country"] for row in of_link] == ["DE"]
    assert doors.refused("growth", country="DE").startswith("422 There is no field 'country'")
