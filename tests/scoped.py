"""Any request of the API's document, with a token of each scope: what each may never do or read.

The tests try some hundred (test_scopes.py), `make fuzz READERS=scopes` as many as time allows.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import schemathesis
from gates import THEIRS, Gates
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from sqlalchemy.engine import make_url
from world import World

from linktrack.db import Base

TOKENS: Final = (
    *("read", "wrap", "write", "goals"),
    *("read of ours", "wrap of ours", "write of ours"),
)  # fmt: skip
"""By their scope, and those that see one account alone."""

CHECKS: Final = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]

NUMBERED: Final = {
    "experiments": "experiment", "not-wrapped": "unwrapped", "notes": "note", "people": "person",
    "posts": "draft", "segments": "segment", "shared-reports": "shared", "webhooks": "webhook",
}  # fmt: skip
"""What the numbers of a path are called in households.py, by its first word; else `account`."""

WRAPPED: Final = {
    "posts", "links", "link_destinations", "post_versions", "change_numbers", "idempotent_answers",
    "audit_entries", "link_words", "labels", "link_labels", "link_tags", "tags", "experiment_posts",
    "link_people", "destination_words", "hosts", "excerpts",
}  # fmt: skip
"""What shortening links writes: posts and links, what is known of them, and what is told of it."""


TOLD: Final = {"goals_reached", "idempotent_answers"}
"""What telling goals writes."""

SORTED: Final = {"follower_properties", "segment_sizes"}
"""Counts of an account's own followers, some of whom may just have joined another's community."""


class Untouched:
    """Rows that a token may not change, as they were."""

    def __init__(self, gates: Gates, token: str) -> None:
        file = make_url(gates.world.settings.database).database or ""
        self._database = sqlite3.connect(file, isolation_level=None)
        assert gates.theirs is not None
        theirs = gates.theirs.account.id
        self._queries: dict[str, str] = {}
        for table in Base.metadata.sorted_tables:
            beyond_wrapping = token.startswith("wrap") and table.name not in WRAPPED
            beyond_telling = token.startswith("goals") and table.name not in TOLD
            if token.startswith("read") or beyond_wrapping or beyond_telling:
                self._queries[table.name] = ""
            elif (
                token.endswith("of ours")
                and "account_id" in table.columns
                and table.name not in SORTED
            ):
                self._queries[table.name] = f"WHERE account_id = {int(theirs)}"
        self._before = self._rows()

    def _rows(self) -> dict[str, str]:
        found = {}
        for name, which in self._queries.items():
            rows = self._database.execute(f'SELECT * FROM "{name}" {which}')
            found[name] = repr(sorted(map(repr, rows)))
        return found

    def changed(self) -> list[str]:
        """Return the tables in which such rows are others now."""
        now = self._rows()
        return [name for name, rows in self._before.items() if now[name] != rows]

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()


class Scope:
    """A token, and what is asked with it; whatever it has changed is taken back."""

    def __init__(self, gates: Gates, token: str) -> None:
        self._gates, self.token = gates, token
        self._headers = {**gates.sent[token], "Accept-Encoding": "identity"}
        self._untouched = Untouched(gates, token)
        self._hidden = THEIRS.lower() if token.endswith("of ours") else None
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", gates.app)
        found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
        self._operations = [operation.as_strategy() for operation in found]
        shared = {name: gates.named[name] for name in ("person",)}
        self._houses = [{**shared, **gates.ours.named}]
        if gates.theirs is not None:
            self._houses.append({**shared, **gates.theirs.named})
        self.tried = 0

    @property
    def requests(self) -> st.SearchStrategy[schemathesis.Case[Any]]:
        """Any request of any operation, every other one of something that is there."""

        @st.composite
        def drawn(draw: st.DrawFn) -> schemathesis.Case[Any]:
            case: schemathesis.Case[Any] = draw(draw(st.sampled_from(self._operations)))
            if draw(st.booleans()):
                self._put_what_is_there(case, draw(st.sampled_from(self._houses)))
            return case

        return drawn()

    def _put_what_is_there(self, case: schemathesis.Case[Any], house: Mapping[str, str]) -> None:
        """Ask for a thing of one of both accounts, and name the account where one is named."""
        thing = NUMBERED.get(case.path.removeprefix("/api/v1").split("/")[1], "account")
        known = {"number": house[thing], "code": house["code"], "host": "own.example"}
        parameters = case.path_parameters or {}
        case.path_parameters = {name: known.get(name, was) for name, was in parameters.items()}
        for fields in (case.query, case.body):
            if isinstance(fields, dict) and "account" in fields:
                fields["account"] = house["handle"]

    def ask(self, case: schemathesis.Case[Any]) -> None:
        """Send a request, and raise AssertionError for what may not be."""
        self.tried += 1
        with self._gates.watched() as is_changed:
            answer = case.call(headers=self._headers)
            case.validate_response(answer, checks=CHECKS)
            if is_changed():
                touched = self._untouched.changed()
                assert not touched, f"{self.token} changes {touched}: {case.as_curl_command()}"
        said = json.dumps([case.path_parameters, str(case.query), str(case.body)], default=str)
        if self._hidden is not None and self._hidden not in said.lower():
            text = answer.content.decode("utf-8", "replace").lower()
            assert self._hidden not in text, (
                f"{self.token} reads of {THEIRS}: {case!r}: {text[:500]}"
            )

    def close(self) -> None:
        """Let go of the database."""
        self._untouched.close()


@contextmanager
def scope(folder: Path, url: str, token: str) -> Iterator[Scope]:
    """Open an installation with two accounts, and a token to it."""
    with World.at(folder, url) as world:
        gates = Gates(world)
        opened = Scope(gates, token)
        try:
            yield opened
        finally:
            opened.close()
            gates.close()


def fuzz_scopes(make: Callable[[str], tuple[Path, str]], seconds: float) -> int:
    """Ask with each token for so long in all; return how many requests were tried."""
    number = 0
    for token in TOKENS:
        folder, url = make(token)
        with scope(folder, url, token) as opened:
            _ask_for(opened, seconds / len(TOKENS))
            number += opened.tried
    return number


def _ask_for(opened: Scope, seconds: float) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:

        @seed(int(time.time() * 1_000))
        @settings(
            max_examples=100,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(opened.requests)
        def batch(case: schemathesis.Case[Any]) -> None:
            opened.ask(case)

        batch()
