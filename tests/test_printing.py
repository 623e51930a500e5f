"""The digest on paper, as a real browser prints it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import followers, take
from databases import Maker
from playwright.sync_api import Browser
from servers import environment, serving
from world import World

from linktrack.db import now

pytestmark = pytest.mark.slow


def five_accounts(data: Path, database: str) -> None:
    """Five accounts with posts in the last two weeks and in the two months before, and lists."""
    with World.at(data, database) as world:
        for number in range(5):
            account = world.account(f"@account{number}", role=None)
            followers(world, account, 9_000 + number, days=-400)
            take(world, account, 0, "abc")
            for week in range(9):
                at = now() - timedelta(days=7 * week + 2)
                text = f"Something longer about week {week}, as posts are, and then its address: "
                for place in range(4):
                    world.post(account, f"{text}http://{week}-{place}.com/", at)


def test_five_accounts_come_on_four_sheets(
    chromium: Browser, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """A4; the week and the month, each with best and weakest posts of every account."""
    database = sqlite_databases()
    five_accounts(tmp_path / "data", database)
    environ = environment(tmp_path / "data", database)
    with serving(environ, tmp_path / "log") as server:
        page = chromium.new_page()
        page.goto(server.base_url + server.sign_in_path())
        page.get_by_role("button", name="Sign in on this browser").click()
        for period in ("week", "month"):
            page.goto(f"{server.base_url}/owner/digest?period={period}")
            assert page.get_by_text("Best posts").count() == 5
            sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
            assert 1 <= len(sheets) <= 4, period
        page.close()
