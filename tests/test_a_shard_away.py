"""A running service goes on while a part of its ClickHouse is away, and counts everything then."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouses import Engine
from databases import Maker
from servers import Server, answer, environment, serving
from services import BROWSER, a_link, loaded
from waiting import wait_until

ROUNDS = 10


@pytest.fixture
def shards(clickhouse_shards: Engine) -> Iterator[Engine]:
    """Two shards with two replicas each, which an insert waits for: each of them has all."""
    yield clickhouse_shards
    clickhouse_shards.leave()


@pytest.mark.slow
def test_redirects_and_counts_go_on_without_a_shard(
    shards: Engine, postgresql_databases: Maker, tmp_path: Path
) -> None:
    """Loading waits, and what needs single clicks says what is away; then all are counted."""
    with postgresql_databases.lend() as url:
        more = {"LINKTRACK_CLICKS": shards.url("away", quorum=2), "LINKTRACK_CHECK_LINKS": "never"}
        environ = environment(tmp_path / "data", url, **more)
        paths = [a_link(environ)]
        for number in range(3):  # every other link is on the other shard
            made = answer(environ, "link", "add", "@JessesLinks", f"http://example.com/{number}")
            paths.append(f"/{made['code']}")
        token = answer(environ, "token", "create", "reader", "--scope", "read")["token"]
        with serving(environ, tmp_path / "log", "--workers", "1") as service:
            click(service, paths)
            assert loaded(environ) == ROUNDS * len(paths)
            before = asked(service, "reports/cpf?account=@JessesLinks&window=all", token)
            for server in shards.servers[2:]:
                server.kill()
            click(service, paths)
            wait_until(
                lambda: "Loading waits" in service.log.read_text(), 60, why="it says that it waits"
            )
            status = answer(environ, "status")
            assert (status["clicks"], status["clicks_to_load"] > 0) == (None, True)
            meanwhile = asked(service, "reports/cpf?account=@JessesLinks&window=all", token)
            assert meanwhile == before
            detail = asked(service, "export/clicks", token, status=503)
            assert "ClickHouse" in detail["detail"]
            click(service, paths)
            for server in shards.servers[2:]:
                server.start()
            assert loaded(environ) == 3 * ROUNDS * len(paths)
            (post,) = asked(service, "reports/cpf?account=@JessesLinks&window=all", token)["posts"]
            assert post["clicks"] == 3 * ROUNDS


def click(service: Server, paths: list[str]) -> None:
    for path in paths * ROUNDS:
        assert service.request(path, **BROWSER)[0] == 302


def asked(service: Server, what: str, token: str, status: int = 200) -> Any:
    found, _, body = service.request(f"/api/v1/{what}", Authorization=f"Bearer {token}")
    assert found == status, body
    return json.loads(body)
