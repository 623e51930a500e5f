"""No statement stands in a loop: pages ask as much for 20 accounts as for 2."""

from datetime import timedelta

import pytest
from audiences import counted
from browser import Browser
from doorways import Caller
from filling import clicks
from sqlalchemy import insert
from statements import Statements
from world import World

from linktrack.audience.accounts import MOST_ACCOUNTS
from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.errors import Conflict


def grown(world: World, first: int, last: int) -> None:
    """Add accounts first..last, each with a count and a post that three people clicked."""
    for number in range(first, last):
        account = world.account(f"@number{number}")
        counted(world, account, 1_000 + number)
        post = world.post(account, f"https://example.com/{number}", now() - timedelta(days=2))
        world.click(clicks(post, range(3)))


@pytest.mark.parametrize(
    ("address", "most"), [("/owner/", 74), ("/owner/posts", 40), ("/owner/accounts", 40)]
)
def test_a_page_takes_as_many_statements_for_20_accounts_as_for_2(
    world: World, statements: Statements, address: str, most: int
) -> None:
    """What is read for all accounts is read at once; the overview is six reports and all needs."""
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


@pytest.mark.slow
def test_pages_and_reports_of_a_thousand_accounts(
    sqlite_world: World, statements: Statements
) -> None:
    """There are no more of them; no page asks more often than for 30."""
    world, at = sqlite_world, now()
    browser = Browser.signed_in(world)
    grown(world, 0, 2)

    def fill(first: int, last: int) -> None:
        rows = [
            {
                "network": "x", "handle": f"@many{number}", "handle_key": f"many{number}",
                "created_at": at, "simulated": False, "card": "destination",
            }
            for number in range(first, last)
        ]  # fmt: skip
        world.session.execute(insert(Account), rows)
        world.session.commit()

    call = Caller(world)
    pages = (
        "/owner/", "/owner/accounts", "/owner/compare", "/owner/posts", "/owner/links",
        "/owner/team", "/owner/compose", "/owner/more", "/",
    )  # fmt: skip

    def taken() -> dict[str, int]:
        found = {}
        for page in pages:
            with statements(world.database.engine) as executed:
                answer = browser.get(page)
            assert answer.status_code in (200, 308), (page, answer.status_code)
            assert len(answer.text) < 2_500_000, page
            found[page] = len(executed)
        with statements(world.database.engine) as executed:
            assert call("GET", "/reports/compare").status_code == 200
        found["compare"] = len(executed)
        return found

    fill(0, 28)
    taken()  # the token is marked as used, once in minutes
    few = taken()
    fill(28, MOST_ACCOUNTS - 2)
    assert taken() == few
    page = browser.get("/owner/posts").text
    assert page.count('class="chip"') < 30, "they are a list to choose from"
    assert "@many997" in page
    with pytest.raises(Conflict, match="1,000 accounts"):
        world.account("@one-too-many")


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
