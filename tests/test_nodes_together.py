"""Three nodes on one PostgreSQL behind nginx: they are one installation."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from clicking import FIREFOX
from databases import Maker
from proxies import proxy
from servers import Server, answer, command, environment, free_port, serving
from waiting import wait_until

from linktrack.clicks.capture.own_clicks import COOKIE
from linktrack.clicks.vocabulary import REASON_NUMBER
from linktrack.installation import Installation
from linktrack.keys import KEYS_FILE
from linktrack.settings import load_settings

NAMES = ("one", "two", "three")
FOLLOWS_SECONDS = 1.5
"""About a second between two looks, and what looking takes on a busy machine."""

LOADED_SECONDS = 90
"""Three loaders begin at once, and give way to everything else."""

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream nodes {{
        {nodes}
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://nodes;
            proxy_next_upstream error timeout;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $http_x_reader;
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def database(postgresql_databases: Maker) -> str:
    return postgresql_databases()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which each node has its own."""
    return tmp_path_factory.mktemp("nodes")


@pytest.fixture(scope="module")
def nodes(database: str, home: Path) -> Iterator[Sequence[Server]]:
    """Three services on one database, each with a data folder of its own and the same keys."""
    shared = {"LINKTRACK_BASE_URL": "http://go.example.org", "LINKTRACK_CHECK_LINKS": "never"}
    environs = [environment(home / name, database, LINKTRACK_NODE=name, **shared) for name in NAMES]
    added = command(environs[0], "account", "add", "@you", "--network", "x", "--followers", "9")
    assert added.returncode == 0, added.stderr
    for name in NAMES[1:]:
        (home / name).mkdir()
        shutil.copy(home / NAMES[0] / KEYS_FILE, home / name)
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(environ, home / f"{name}.log", "--workers", "1"))
            for name, environ in zip(NAMES, environs, strict=True)
        ]


@pytest.fixture
def balancer(nodes: Sequence[Server], tmp_path: Path) -> Iterator[int]:
    """The port of nginx in front of all nodes; readers' addresses are in X-Reader."""
    port = free_port()
    written = NGINX.format(
        folder=tmp_path,
        port=port,
        nodes=" ".join(f"server 127.0.0.1:{node.port};" for node in nodes),
    )
    (tmp_path / "nginx.conf").write_text(written)
    with proxy(["nginx", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)], port, tmp_path):
        yield port


def a_link(node: Server, path: str = "one") -> str:
    made = answer(node.environ, "link", "add", "@you", f"https://example.com/{path}")
    return f"/{made['code']}"


def leads_to(node: Server, path: str, host: str = "go.example.org", cookie: str = "") -> str:
    """Return the status of a reader's click on a node, and where it leads."""
    status, headers, _ = node.request(
        path, User_Agent=FIREFOX, Accept_Language="en", Host=host, Cookie=cookie
    )
    return f"{status} {headers.get('Location', '')}".strip()


def rows(database: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.mark.slow
def test_a_change_on_one_node_is_followed_by_the_others_at_once(
    nodes: Sequence[Server], database: str
) -> None:
    """Links, cards, domains, settings: within about a second, since each looks once a second."""
    here, there = nodes[0], nodes[1]
    path = a_link(here)
    code = path[1:]
    assert leads_to(there, path) == "302 https://example.com/one"

    def change(done: Callable[[], bool], *arguments: str) -> None:
        ran = command(here.environ, *arguments)
        assert ran.returncode == 0, ran.stderr
        wait_until(done, FOLLOWS_SECONDS, every=0.02, why=f"{arguments} is followed")

    two = "302 https://example.com/two"
    change(lambda: leads_to(there, path) == two, "link", "redirect", code, two[4:])
    change(lambda: leads_to(there, path) == "410", "link", "disable", code)
    change(lambda: leads_to(there, path) == two, "link", "enable", code)
    change(
        lambda: leads_to(there, path) == "410", "link", "edit", code, "--expires-at", "2020-01-01"
    )
    change(lambda: leads_to(there, path) == two, "link", "edit", code, "--expires-at", "")

    change(
        lambda: there.request(path, User_Agent="Twitterbot/1.0")[0] == 200,
        *("account", "card", "@you", "ours"),
    )
    assert there.request("/yourls-api.php")[0] == 404
    change(
        lambda: there.request("/yourls-api.php")[0] != 404,
        *("setting", "set", "doors", "yourls"),
    )
    assert leads_to(there, "/sale", "shop.example") == "404"
    change(lambda: True, "domain", "add", "shop.example")
    change(
        lambda: leads_to(there, "/sale", "shop.example") == "302 https://example.com/sale",
        *("link", "add", "@you", "https://example.com/sale", "--slug", "sale"),
        *("--domain", "shop.example"),
    )

    marked = Installation.open(load_settings(here.environ)).own_clicks().content()
    assert leads_to(there, path, cookie=f"{COOKIE}={marked}") == two
    own = f"SELECT 1 FROM clicks WHERE reason = {REASON_NUMBER['owner']}"
    wait_until(
        lambda: rows(database, own) != [],
        LOADED_SECONDS,
        why="a click of the owner's own device is known as such on every node",
    )


@pytest.mark.slow
def test_three_nodes_behind_a_balancer_are_one_installation(
    nodes: Sequence[Server], balancer: int, database: str, home: Path
) -> None:
    """Every click is counted once and every visitor is one, also when a node is killed."""
    path = a_link(nodes[0], "many")
    visit = Server.__new__(Server)
    visit.port = balancer
    readers = [f"203.0.113.{number}" for number in range(20)]

    def crowd() -> int:
        return sum(
            visit.request(path, User_Agent=FIREFOX, Accept_Language="en", X_Reader=reader)[0] == 302
            for reader in readers
            for _ in range(4)
        )

    answered = crowd()
    assert answered == 80
    folders = [home / name / "journals" for name in NAMES]
    assert all(list(folder.glob("*.journal")) for folder in folders), "each node had some"

    of_link = f"FROM clicks JOIN links ON links.id = link_id WHERE code = '{path[1:]}'"

    def stored() -> int:
        return int(rows(database, f"SELECT count(*) {of_link}")[0][0])

    wait_until(lambda: stored() == answered, LOADED_SECONDS, why="all clicks are stored")
    for process in psutil.Process(nodes[2].process.pid).children():
        if "load" in process.cmdline():
            process.suspend()  # what the node writes from now on waits in its journal
    answered += crowd()
    nodes[2].kill_all()
    answered += crowd()
    status = answer(nodes[0].environ, "status")
    assert {node["name"]: node["here"] for node in status["nodes"]} == {
        "one": True,
        "two": False,
        "three": False,
    }
    wait_until(
        lambda: stored() > answered - 80, LOADED_SECONDS, why="the others' clicks are stored"
    )
    assert stored() < answered
    nodes[2].start()
    wait_until(
        lambda: stored() == answered,
        LOADED_SECONDS,
        why="clicks of the killed node are stored, too",
    )
    ((visitors,),) = rows(database, f"SELECT count(DISTINCT visitor) {of_link}")
    assert visitors == len(readers)
    assert rows(database, "SELECT count(*) FROM visitor_keys")[0][0] >= 1
    names = [path.name for folder in folders for path in folder.glob("*.journal")]
    assert len(names) == len(set(names))

    def all_run() -> bool:
        found = answer(nodes[1].environ, "status")["nodes"]
        return {node["name"] for node in found if node["state"] == "running"} == set(NAMES)

    wait_until(all_run, LOADED_SECONDS, why="status on any node shows three that run")
