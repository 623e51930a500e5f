"""Whoever is limited to one account reads the same, whatever the other accounts do."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from gates import OURS, THEIRS, Gates, Line, lines, outcome
from households import household
from world import World

LINES: Final = lines(Path(__file__).with_name("access.txt"))
OF_THE_MOMENT: Final = re.compile(
    r'name="csrf_token" value="[^"]+"|nonce="[^"]+"|\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?'
    r"|last_clicked\W+\S+"
    r'|data-options="[^"]*"'  # a passkey's challenge is another each time
)
LIMITED: Final = ("viewer of ours", "read of ours", "write of ours", "wrap of ours")


@pytest.fixture
def gates(database_url: str, tmp_path: Path) -> Iterator[Gates]:
    doors = {"LINKTRACK_DOORS": "yourls, shlink, kutt, dub"}
    with World.at(tmp_path / "data", database_url, **doors) as world:
        opened = Gates(world, others=False)
        yield opened
        opened.close()


def questions() -> Iterator[Line]:
    """Yield everything that can be read: each GET of the table, pages also as files and by days."""
    for line in LINES:
        if line.method == "GET" and line.who != "anybody":
            yield line
            if line.address.startswith("/owner/") and "." not in line.address:
                mark = "&" if "?" in line.address else "?"
                for more in ("account={account}", "days=30&format=csv", "days=30&format=json"):
                    yield Line(line.who, None, "GET", f"{line.address}{mark}{more}", "")


def askers(line: Line) -> Iterator[str]:
    """Yield who is asked for: pages open to no token, and nothing else does to a session.

    That is so for every line by test_access.py.
    """
    for who in LIMITED:
        if who.startswith("viewer") == line.address.startswith("/owner/"):
            yield who


def answers(gates: Gates) -> dict[tuple[str, str], str]:
    """Return what everybody who is limited to our account reads, without what the moment adds."""
    found = {}
    for line in questions():
        for who in askers(line):
            answer = gates.ask(who, line)
            if outcome(answer) == "in":
                told = answer.data.decode("utf-8", "replace")  # some are pictures
                found[who, line.address] = OF_THE_MOMENT.sub("", told)
    return found


@pytest.mark.slow
def test_who_is_limited_to_one_account_reads_the_same_beside_other_accounts(gates: Gates) -> None:
    """Every page, table file and answer to a program, before and after another account has data.

    Equal in every byte: no figure, list, suggestion or count of pages hangs on what is hidden.
    """
    before = answers(gates)
    assert len(before) > 250
    household(gates.world, THEIRS)
    after = answers(gates)
    assert [each for each, text in before.items() if after[each] != text] == []
    assert all(THEIRS.casefold() not in text.casefold() for text in after.values())
    assert any(OURS.casefold() in text.casefold() for text in after.values())
