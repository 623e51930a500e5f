"""The clients that people really have, against a running service."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clicking import FIREFOX
from databases import Maker, skip_or_fail
from servers import Server, answer, command, environment, serving
from waiting import wait_until

CLIENTS = Path(__file__).resolve().parent / "clients"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Doors:
    """A running service with all doors open, and the tokens that open them."""

    server: Server
    token: Callable[[str, str], str]
    log: Path


@pytest.fixture
def doors(sqlite_databases: Maker, tmp_path: Path) -> Iterator[Doors]:
    environ = environment(
        tmp_path / "data", sqlite_databases(), LINKTRACK_DOORS="yourls,shlink,kutt,dub"
    )
    command(environ, "account", "add", "@JessesLinks", "--network", "x")

    def token(name: str, scope: str) -> str:
        made = answer(
            environ, "token", "create", name, "--scope", scope, "--account", "@JessesLinks"
        )
        return str(made["token"])

    with serving(environ, tmp_path / "log") as server:
        yield Doors(server, token, tmp_path / "log")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts, and the clients of npm that they use."""
    if shutil.which("npm") is None:
        skip_or_fail("Node and npm are not here: install Debian's packages nodejs and npm")
    home = tmp_path_factory.mktemp("npm") / "clients"
    shutil.copytree(CLIENTS, home)
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund"], cwd=home, capture_output=True, check=False
    )
    if done.returncode:
        skip_or_fail("npm cannot install the other shorteners' clients: is there a network?")
    return home


def run_client(home: Path, script: str, doors: Doors, secret: str) -> dict[str, Any]:
    """Return what a script says of its client's calls."""
    done = subprocess.run(
        ["node", script, doors.server.base_url, secret, FIREFOX],
        cwd=home, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "lt_" not in doors.log.read_text()
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_yourls_client_of_pypi(doors: Doors) -> None:
    import yourls
    from yourls.exceptions import YOURLSKeywordExistsError, YOURLSURLExistsError

    server = doors.server
    client = yourls.YOURLSClient(
        f"{server.base_url}/yourls-api.php", signature=doors.token("yourls", "wrap")
    )
    made = client.shorten("https://example.com/story", keyword="story", title="A story")
    assert (made.keyword, made.title) == ("story", "A story")
    with pytest.raises(YOURLSURLExistsError):
        client.shorten("https://example.com/story")
    with pytest.raises(YOURLSKeywordExistsError):
        client.shorten("https://example.com/other", keyword="story")
    assert server.request("/story", User_Agent=FIREFOX)[0] == 302
    wait_until(lambda: client.url_stats("story").clicks > 0, every=0.2)
    assert client.url_stats("story").clicks == 1
    assert client.expand("story") == "https://example.com/story"
    links, totals = client.stats("top", 1)
    assert (links[0].clicks, totals.total_clicks, client.db_stats().total_links) == (1, 1, 1)


def test_every_call_of_shlinks_own_client(doors: Doors, installed: Path) -> None:
    """So that Shlink's web client works, which asks nothing else."""
    told = run_client(installed, "shlink.mjs", doors, doors.token("shlink", "write"))
    assert told["health"]["status"] == "pass"
    assert told["made"]["title"] == "A story"
    assert told["visits"]["data"][0]["potentialBot"] is False
    assert told["again"]["visitsSummary"]["nonBots"] == 1
    assert told["list"]["pagination"]["totalItems"] == 1
    assert told["taken"]["type"].endswith("non-unique-slug")
    changed = told["changed"]
    assert (changed["longUrl"], changed["title"]) == ("https://example.com/two", "Two")
    assert told["rules"] == {"defaultLongUrl": "https://example.com/two", "redirectRules": []}
    assert told["setRules"] == told["rules"]
    assert told["overview"]["nonOrphanVisits"]["nonBots"] == 1
    for name in ("tagVisits", "domainVisits", "nonOrphanVisits"):
        assert told[name]["pagination"]["totalItems"] == 1, name
    assert told["orphanVisits"]["data"] == []
    assert told["deletedVisits"]["status"] == 403
    assert told["deletedOrphans"] == {"deletedVisits": 0}
    assert told["tags"]["data"] == ["news", "spring"]
    assert told["tagsStats"]["data"][0] == {
        "tag": "news",
        "shortUrlsCount": 1,
        "visitsSummary": {"total": 1, "nonBots": 1, "bots": 0},
    }
    assert told["tagsAfter"]["data"] == ["summer"]
    assert told["domains"]["data"][0]["isDefault"] is True
    assert told["redirects"]["baseUrlRedirect"] is None
    assert told["mercure"]["type"].endswith("mercure-not-configured")
    assert told["gone"]["status"] == 404


def test_the_kutt_client_of_npm(doors: Doors, installed: Path) -> None:
    """Its 3.0.2 asks for figures with DELETE, which deletes nothing."""
    told = run_client(installed, "kutt.mjs", doors, doors.token("kutt", "write"))
    assert told["isHealthy"] is True
    assert told["made"]["target"] == "https://example.com/story"
    assert told["reused"]["address"] == told["made"]["address"]
    assert told["stats"]["lastDay"]["total"] == 1
    assert told["stats"]["lastYear"]["stats"]["browser"] == [{"name": "Firefox", "value": 1}]
    assert told["list"]["total"] == 1
    assert told["list"]["data"][0]["visit_count"] == 1
    assert told["changed"]["target"] == "https://example.com/two"
    assert told["changed"]["description"] == "Two"
    assert told["refused"].startswith("'expire_in' must be a time from now")
    assert "deleted" in told["removed"]
    assert told["listAfter"]["total"] == 0


def test_dubs_own_client(doors: Doors, installed: Path) -> None:
    told = run_client(installed, "dub.mjs", doors, doors.token("dub", "write"))
    made = told["made"]
    assert (made["url"], made["tenantId"]) == ("https://example.com/story", "org-1")
    assert made["tags"][0]["name"] == "news"
    assert told["upserted"]["key"] == made["key"]
    assert (told["info"]["clicks"], told["byId"]["key"]) == (1, made["key"])
    assert [link["key"] for link in told["list"]] == [made["key"]]
    assert told["count"] == 1
    assert told["analytics"]["clicks"] == 1
    assert (told["changed"]["url"], told["changed"]["title"]) == ("https://example.com/two", "Two")
    assert told["refused"].startswith("comments isn't supported here")
    assert told["removed"] == {"id": made["id"]}
