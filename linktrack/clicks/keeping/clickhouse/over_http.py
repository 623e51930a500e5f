"""ClickHouse's HTTP interface, which all its versions have."""

import os
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import httpx

from linktrack.clicks.keeping.clickhouse.address import Address
from linktrack.clicks.keeping.clickhouse.transport import (
    LIMITS,
    NO_SETTINGS,
    Refused,
    Row,
    Setting,
    Unclear,
    code_of,
    complaint,
    read,
    written,
)
from linktrack.errors import Unavailable

CONNECT_SECONDS: Final = 5.0
SECONDS: Final = 60.0
"""For how long a query may work, and a server say nothing."""

IDLE_SECONDS: Final = 2.0
"""Unused connections are closed before the server does it, after three seconds at the earliest."""

MOST_COMPLAINT: Final = 20_000  # bytes

REMEDIES: Final[Mapping[int, str]] = {
    81: "create that database",
    192: "correct the user in LINKTRACK_CLICKS",
    193: "correct the password in LINKTRACK_CLICKS",
    516: "correct user and password in LINKTRACK_CLICKS",
}
"""What to do about an error of this number."""


class OverHttp:
    """A `ClickHouse` at an address.

    Each process has connections of its own, made when it first asks, so it may be made before a
    fork.
    """

    def __init__(self, address: Address, seconds: float = SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self._client: httpx.Client | None = None
        self._client_of = 0

    def rows(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> Iterator[Row]:
        """Yield a query's rows, as they come."""
        limits: dict[str, Setting] = {"max_execution_time": max(1, int(self._seconds))}
        with self._answer(sql, {**limits, **settings}) as answer:
            try:
                yield from read(answer.iter_bytes())
            except ValueError as error:
                raise self._refused(str(error)) from error

    def run(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> None:
        """Execute what answers with nothing that is needed."""
        with self._answer(sql, settings) as answer:
            answer.read()
            if b"Exception: " in answer.content:
                raise self._refused(complaint(answer.content))

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        settings: Mapping[str, Setting] = NO_SETTINGS,
    ) -> None:
        """Store rows; raises `Unclear` unless the server has said that they are stored."""
        query = f"INSERT INTO {table} ({', '.join(columns)}) FORMAT TabSeparated"
        data = written(columns, rows)
        try:
            with self._answer(data, {**settings, "query": query}) as answer:
                answer.read()
                if b"Exception: " in answer.content:
                    raise self._refused(complaint(answer.content))
        except _Away:
            raise
        except Unavailable as error:
            raise Unclear(error.sentence) from error

    def close(self) -> None:
        """Close this process's connections."""
        if self._client is not None and self._client_of == os.getpid():
            self._client.close()
        self._client = None

    @contextmanager
    def _answer(
        self, body: str | bytes, parameters: Mapping[str, Setting]
    ) -> Iterator[httpx.Response]:
        """Send a request and lend its answer, unless that is an error."""
        try:
            with self._connected().stream(
                "POST", "/", content=body, params={**LIMITS, **parameters}
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise self._refused(complaint(_beginning(answer)), answer.status_code)
                yield answer
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _Away(
                f"ClickHouse at {self._address.url} can't be reached: start it, or correct "
                "LINKTRACK_CLICKS."
            ) from error
        except httpx.HTTPError as error:
            why = "took too long" if isinstance(error, httpx.TimeoutException) else "broke off"
            raise Unavailable(
                f"ClickHouse at {self._address.url} (LINKTRACK_CLICKS) {why}: "
                "see whether it runs, and what its log says."
            ) from error

    def _connected(self) -> httpx.Client:
        if self._client is None or self._client_of != os.getpid():
            address = self._address
            self._client_of = os.getpid()
            self._client = httpx.Client(
                base_url=address.url,
                # Not in the address, which is logged.
                headers={
                    b"X-ClickHouse-User": address.user.encode(),
                    b"X-ClickHouse-Key": address.password.encode(),
                },
                timeout=httpx.Timeout(self._seconds, connect=CONNECT_SECONDS),
                limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS),
                verify=ssl.create_default_context() if address.url[:6] == "https:" else False,
                trust_env=False,  # no proxy is between
            )
        return self._client

    def _refused(self, said: str, status: int = 200) -> Refused:
        code = code_of(said)
        if self._address.password:
            said = said.replace(self._address.password, "…")
        said = said or f"status {status}"
        remedy = REMEDIES.get(code, "see its log, and LINKTRACK_CLICKS")
        return Refused(f"ClickHouse at {self._address.url} says: {said}; {remedy}.", code)


class _Away(Unavailable):
    """No connection came about, so nothing was asked."""


def _beginning(answer: httpx.Response) -> bytes:
    taken = b""
    for part in answer.iter_bytes():
        taken += part
        if len(taken) > MOST_COMPLAINT:
            break
    return taken
