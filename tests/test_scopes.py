"""Any request of the API, with a token of each scope: nothing it may not, and never a 5xx."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from databases import Maker
from examples import examples
from hypothesis import HealthCheck, Phase, given, settings
from scoped import TOKENS, scope


@pytest.mark.slow
@pytest.mark.parametrize("token", TOKENS)
def test_no_token_does_or_reads_more_than_its_scope(
    sqlite_databases: Maker, tmp_path: Path, token: str
) -> None:
    """A read token changes no row, a wrap token posts and links alone, a limited one its account's.

    Whatever is sent is answered as the document says, and with no word of another account.
    """
    with scope(tmp_path / "data", sqlite_databases(), token) as opened:

        @settings(
            max_examples=examples(80),
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(opened.requests)
        def tried(case: schemathesis.Case[Any]) -> None:
            opened.ask(case)

        tried()
        assert opened.tried > 0
