"""Shared reports: what a client sees with the address, and what they don't."""

import csv
import io
import re
from datetime import timedelta

from audiences import counted
from browser import Browser, read
from clicking import visited
from commands import Run, good, parsed
from world import World

from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.owners.sharing import share_report


def shared(world: World, account: Account) -> str:
    """Share an account's posts; return the address."""
    secret = share_report(world.session, account.id, 30, now())
    world.session.commit()
    return f"/shared/{secret}"


def posted(world: World, account: Account, number: int, days_ago: float) -> None:
    at = now() - timedelta(days=days_ago)
    post = world.post(account, f"Number {number}: https://www.example.com/{number}", at)
    visited(world, post, range(number % 3 + 1), at)


def test_a_client_sees_what_the_owner_would_show_them(world: World) -> None:
    """The rate, clicks a day, and each post with its bar; date and site are apart."""
    account = world.account()
    counted(world, account, 1_000, days_ago=80)
    for number in range(12):
        posted(world, account, number, 10 + number)
    page = Browser.on(world).get(shared(world, account))
    text = read(page)
    assert "1 click per 500 followers" in text
    assert "2.00 clicks per 1,000 followers" in text
    assert "Clicks a day on these posts" in text
    assert page.text.count('role="img" aria-label="Number ') == 12
    assert re.search(r"Number 0 \d+ \w+ \d{4} \u00b7 example\.com", text)
    assert "usual" in text
    assert "<form" not in page.text
    assert "/owner/" not in page.text


def test_a_client_chooses_days_within_what_is_shared(sqlite_world: World) -> None:
    """A week, four weeks or 13; an older post is never shown, whatever the address says."""
    account = sqlite_world.account()
    for number, days_ago in enumerate((3, 20, 60, 120)):
        posted(sqlite_world, account, number, days_ago)
    browser, address = Browser.on(sqlite_world), shared(sqlite_world, account)
    for days, numbers in (("", "012"), ("?days=28", "01"), ("?days=7", "0")):
        text = read(browser.get(f"{address}{days}"))
        assert [n for n in "0123" if f"Number {n} " in text] == list(numbers), days
    for days in ("365", "x", "92"):
        assert browser.get(f"{address}?days={days}").status_code == 422
    assert "Number 3" not in browser.get(f"{address}?from=2020-01-01&to=2030-01-01").text


def test_many_posts_come_in_pages(sqlite_world: World) -> None:
    """Fifty at a time, each once; another account's post is no place to go on from."""
    account = sqlite_world.account()
    other = sqlite_world.post(sqlite_world.account("@other"), "https://example.org/")
    for number in range(53):
        posted(sqlite_world, account, number, 1 + number / 2)
    browser, address = Browser.on(sqlite_world), shared(sqlite_world, account)
    first = browser.get(address).text
    (after,) = set(re.findall(r"after=(\d+)", first))
    second = browser.get(f"{address}?after={after}").text
    names = [re.findall(r"Number (\d+)<br", page) for page in (first, second)]
    assert [len(found) for found in names] == [50, 3]
    assert len({*names[0], *names[1]}) == 53
    assert browser.get(f"{address}?after={other.id}").status_code == 404


def test_what_is_seen_can_be_downloaded(sqlite_world: World) -> None:
    """The page's posts as CSV, without anything that the page doesn't show."""
    account = sqlite_world.account()
    counted(sqlite_world, account, 1_000)
    posted(sqlite_world, account, 2, 10)
    answer = Browser.on(sqlite_world).get(f"{shared(sqlite_world, account)}?format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["people"] == "3"
    assert row["followers"] == "1000"
    assert row["cpf"] == "0.003"
    assert set(row) == {
        "posted_at", "text", "clicks", "people", "followers", "complete", "cpf", "cpf_low",
        "cpf_high",
    }  # fmt: skip


def test_a_demonstration_beside_it_does_not_make_a_file_simulated(sqlite_world: World) -> None:
    """Its name says so of a simulated account alone, whatever the address says."""
    account, other = sqlite_world.account(), sqlite_world.account("@demo")
    other.simulated = True
    browser, address = Browser.on(sqlite_world), f"{shared(sqlite_world, account)}?format=csv"
    for asked in (address, f"{address}&account={other.id}"):
        assert 'filename="posts.csv"' in browser.get(asked).headers["Content-Disposition"]
    of_demo = browser.get(f"{shared(sqlite_world, other)}?format=csv&account={account.id}")
    assert 'filename="posts-simulated.csv"' in of_demo.headers["Content-Disposition"]


def test_a_report_is_shared_listed_and_ended_by_command(run: Run) -> None:
    """Its address is printed once, and never listed."""
    good(run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000"))
    made = parsed(run("shared", "add", "@JessesLinks", "--days", "7", "--json"))
    assert made["url"].rpartition("/")[0].endswith("/shared")
    (listed,) = parsed(run("shared", "list", "--json"))
    assert listed == {name: made[name] for name in ("id", "account", "created_at", "expires_at")}
    assert run("shared", "add", "@JessesLinks", "--days", "0").exit_code == 1
    good(run("shared", "end", str(made["id"])))
    assert parsed(run("shared", "list", "--json")) == []
    assert run("shared", "end", "99").exit_code == 1
