"""Every report by API and by command: the same object, its shape, and a refusal."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import followers
from click.testing import CliRunner, Result
from clicking import people
from databases import Maker
from doorways import ACCOUNT, REPORTS, client_of, problem
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.cli import main
from linktrack.db import now
from linktrack.links.people import add_own_site, add_person, add_rule
from linktrack.owners.tokens import create_token
from linktrack.reports.diary.experiments import Question, add_experiment

REFUSALS = [
    ("audience", "from=tomorrow", 422, "audience @JessesLinks --from tomorrow"),
    ("compare", "window=8d", 422, "compare @JessesLinks --window 8d"),
    ("growth", "window=8d", 422, "growth @JessesLinks --window 8d"),
    ("half-life", "link=nothere", 404, "half-life @JessesLinks --link nothere"),
    ("hours", "window=8d", 422, "hours @JessesLinks --window 8d"),
    ("referrers", "from=2026-05-04&to=2026-05-04", 422,
     "referrers @JessesLinks --from 2026-05-04 --to 2026-05-04"),
    ("experiment", "name=none", 404, "experiment @JessesLinks --name none"),
    ("people", "account=@nobody", 404, "people @nobody"),
    ("own", "from=soon", 422, "own @JessesLinks --from soon"),
    ("digest", "period=year", 422, None),
    ("engagement", "after=7", 404, "engagement @JessesLinks --after 7"),
    ("regulars", "limit=101", 422, "regulars @JessesLinks --limit 101"),
    ("segments", "window=8d", 422, "segments @JessesLinks --window 8d"),
    ("followers", "event=soon", 422, "followers @JessesLinks --event soon"),
    ("cpf", "sort=best", 422, "cpf @JessesLinks --sort best"),
]  # fmt: skip


class Doors:
    """One installation with posts and clicks, and both ways to its reports."""

    def __init__(self, world: World, environ: dict[str, str]) -> None:
        account = world.account()
        followers(world, account, 23_000, days=-1)
        for number in range(3):
            at = NOON + timedelta(days=number)
            people(world, world.post(account, f"@jo http://jo.org/{number}", at), 0, 9)
        add_rule(world.session, add_person(world.session, "Jo", NOON), "mention", "@jo", now())
        add_own_site(world.session, "jo.org", now())
        add_experiment(world.session, account, Question("Pictures", NOON), NOON)
        self.secret = create_token(world.session, "t", "read", None, NOON)
        world.session.commit()
        self.client, self.environ = client_of(world), environ

    def get(self, name: str, query: str) -> TestResponse:
        """Ask the API for a report, as one who may read."""
        named = query if "account=" in query else f"{ACCOUNT}&{query}"
        headers = {"Authorization": f"Bearer {self.secret}"}
        return self.client.get(f"/api/v1/reports/{name}?{named}", headers=headers)

    def run(self, command: str, *more: str) -> Result:
        """Run `linktrack report`."""
        arguments = ["report", *command.split(), *more]
        return CliRunner().invoke(main, arguments, env=self.environ)


@pytest.fixture(scope="module")
def doors(sqlite_databases: Maker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """The installation that all tests here only read."""
    data: Path = tmp_path_factory.mktemp("doors")
    database = sqlite_databases()
    environ = {
        "LINKTRACK_DATA": str(data),
        "LINKTRACK_DATABASE": database,
        "LINKTRACK_BASE_URL": "https://go.jessestay.com",
    }
    with World.at(data, database) as world:
        yield Doors(world, environ)


@pytest.mark.parametrize(("name", "query", "command", "members"), REPORTS)
def test_a_report_has_its_shape_at_both_doors(
    doors: Doors, name: str, query: str, command: str | None, members: str
) -> None:
    """The same members in the same order, every number finite; read by nobody without a token."""
    answer = doors.get(name, query)
    assert answer.status_code == 200, answer.text
    assert list(answer.json or {}) == members.split()
    json.dumps(answer.json, allow_nan=False)
    problem(doors.client.get(f"/api/v1/reports/{name}?{ACCOUNT}"), 401)
    if command is None:
        done = CliRunner().invoke(
            main, ["digest", "@JessesLinks", "--period", "month", "--json"], env=doors.environ
        )
    else:
        done = doors.run(command, "--json")
        assert doors.run(command).exit_code == 0
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == answer.json


@pytest.mark.parametrize(("name", "query", "status", "command"), REFUSALS)
def test_a_report_says_why_it_refuses_at_both_doors(
    doors: Doors, name: str, query: str, status: int, command: str | None
) -> None:
    """In the same sentence."""
    sentence = problem(doors.get(name, query), status)
    assert problem(doors.get(name, f"{query}&nonsense=1"), 422)
    if command is not None:
        done = doors.run(command, "--json")
        assert done.exit_code == 1
        assert done.output == f"Error: {sentence}\n"
