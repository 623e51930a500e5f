"""People's clicks on a link that has so many, over two servers with two workers each."""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from clicking import FIREFOX
from databases import Maker
from servers import Server, answer, command, environment, serving
from waiting import wait_until

from linktrack.keys import KEYS_FILE
from linktrack.links.redirects.leases import IDLE_SECONDS

WORKERS = 2
CLIENTS = 50
PEOPLE = {"User_Agent": FIREFOX, "Accept_Language": "en"}
PREVIEW = {"User_Agent": "Twitterbot/1.0"}


@pytest.fixture(scope="module")
def nodes(
    postgresql_databases: Maker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sequence[Server]]:
    """Two services on one PostgreSQL database, each with a data folder of its own.

    Both tests share them, of which the last kills one.
    """
    tmp_path = tmp_path_factory.mktemp("nodes")
    database = postgresql_databases()
    first = environment(tmp_path / "one", database)
    added = command(first, "account", "add", "@JessesLinks", "--network", "x", "--followers", "9")
    assert added.returncode == 0, added.stderr
    (tmp_path / "two").mkdir()
    shutil.copy(tmp_path / "one" / KEYS_FILE, tmp_path / "two")
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                serving(
                    environment(tmp_path / name, database),
                    tmp_path / f"{name}.log",
                    *("--workers", str(WORKERS)),
                )
            )
            for name in ("one", "two")
        ]


def limited(server: Server, clicks: int) -> str:
    """Make a link for so many clicks; return its path."""
    made = answer(
        server.environ,
        *("link", "add", "@JessesLinks", "https://example.com/few"),
        *("--most-clicks", str(clicks)),
    )
    return f"/{made['code']}"


def crowd(nodes: Sequence[Server], path: str, clicks: int, previews: int = 0) -> Counter[str]:
    """Let people click at once, and fetchers of previews beside them; return what came back."""

    def ask(number: int) -> str:
        is_preview = number >= clicks
        try:
            status, _, _ = nodes[number % len(nodes)].request(
                path, **(PREVIEW if is_preview else PEOPLE)
            )
        except OSError:
            return "no answer"
        return f"{'preview' if is_preview else 'person'} {status}"

    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = list(range(clicks + previews))
        asked.sort(key=lambda number: number % max(1, clicks) if previews else number)
        return Counter(clients.map(ask, asked))


@pytest.mark.slow
def test_as_many_people_are_redirected_as_a_link_allows(nodes: Sequence[Server]) -> None:
    """50 at once on four processes, and 1,000 previews: never more, and all in the end."""
    allowed = 500
    path = limited(nodes[0], allowed)
    asked = crowd(nodes, path, 700, previews=1_000)
    redirected = asked["person 302"]
    aside = 2 * WORKERS * (allowed // 50)
    assert allowed - aside <= redirected <= allowed, asked
    assert asked["no answer"] == 0
    assert set(asked) <= {"person 302", "person 410", "preview 302", "preview 410"}

    def ask_again() -> bool:
        nonlocal redirected
        redirected += crowd(nodes, path, 8)["person 302"]
        return redirected == allowed

    wait_until(ask_again, 2 * IDLE_SECONDS, every=2, why="what was set aside comes back")
    wait_until(
        lambda: crowd(nodes, path, 0, previews=8)["preview 410"] == 8, 5, why="previews learn it"
    )
    assert crowd(nodes, path, 50)["person 410"] == 50
    shown = answer(nodes[0].environ, "link", "show", path[1:])
    assert (shown["used_clicks"], shown["state"]) == (allowed, "ended")


@pytest.mark.slow
def test_a_server_that_is_killed_takes_its_leases_with_it(nodes: Sequence[Server]) -> None:
    """Fewer people are redirected then, never more."""
    allowed = 1_000
    path = limited(nodes[0], allowed)
    before = crowd(nodes, path, 400)
    nodes[1].kill_all()
    redirected = before["person 302"]
    assert redirected == 400
    while clicks := crowd(nodes[:1], path, 200)["person 302"]:
        redirected += clicks
    lost = WORKERS * (allowed // 50)
    assert allowed - 2 * lost <= redirected <= allowed
