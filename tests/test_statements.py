"""No statement stands in a loop: pages ask as much for 20 accounts as for 2."""

from datetime import timedelta

import pytest
from audiences import counted
from browser import Browser
from filling import clicks
from statements import Statements
from world import World

from linktrack.db import now


def grown(world: World, first: int, last: int) -> None:
    """Add accounts first..last, each with a count and a post that three people clicked."""
    for number in range(first, last):
        account = world.account(f"@number{number}")
        counted(world, account, 1_000 + number)
        post = world.post(account, f"https://example.com/{number}", now() - timedelta(days=2))
        world.click(clicks(post, range(3)))


@pytest.mark.parametrize(
    ("address", "most"), [("/owner/", 55), ("/owner/posts", 40), ("/owner/accounts", 40)]
)
def test_a_page_takes_as_many_statements_for_20_accounts_as_for_2(
    world: World, statements: Statements, address: str, most: int
) -> None:
    """What is read for all accounts is read at once; the overview is six reports on one page."""
    browser = Browser.signed_in(world)

    def taken() -> int:
        with statements(world.database.engine) as executed:
            assert browser.get(address).status_code == 200
        return len(executed)

    grown(world, 0, 2)
    few = taken()
    assert 0 < few <= most
    grown(world, 2, 20)
    assert taken() == few


def test_only_what_happens_meanwhile_is_counted(
    sqlite_world: World, statements: Statements
) -> None:
    """A statement before or after is none of it."""
    with statements(sqlite_world.database.engine) as executed:
        assert executed == []
        sqlite_world.account()
    before = len(executed)
    assert any(statement.startswith("INSERT INTO accounts") for statement in executed)
    sqlite_world.account("@another")
    assert len(executed) == before
