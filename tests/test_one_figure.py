"""One figure has one value: every report, page, file, command and answer says the same of it."""

import csv
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any

from audiences import followers
from browser import Browser, read
from click.testing import CliRunner
from clicking import people
from doorways import Caller
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.cli import main
from linktrack.db import now
from linktrack.owners.sharing import share_report
from linktrack.reports.comparison import figure_value
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.words import thousandths

DAYS = 91
"""The days that every page and answer is asked for: the last of them is today."""


def an_account(world: World) -> Account:
    """40 complete posts, three that are still counting, two unmeasured, one without a count."""
    account = world.account()
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=48)
    early = world.post(account, "https://early.org/", first - timedelta(days=1))
    people(world, early, 0, 4)
    for number in range(40):
        at = first + timedelta(days=number, hours=number % 7)
        followers(world, account, 1_000 + 15 * number, days=(first - NOON).days + number)
        post = world.post(account, f"Number {number}: https://example.com/{number}", at)
        people(world, post, 0, 20 + number % 5)
    for hours in (1, 30, 24 * 7 - 2):
        post = world.post(account, f"https://new.org/{hours}", now() - timedelta(hours=hours))
        people(world, post, 0, 200)
    for number in range(2):
        old = world.post(account, f"https://old.org/{number}", today - timedelta(days=20 + number))
        old.measured_from = now()
    world.session.commit()
    return account


class Everywhere:
    """One installation, asked by every door for the same account and days."""

    def __init__(self, world: World) -> None:
        self.account = an_account(world)
        self.world = world
        self.browser = Browser.signed_in(world)
        self.caller = Caller(world)
        self.secret = share_report(world.session, self.account.id, 7, now())
        world.session.commit()
        self.first: datetime = now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
            days=DAYS - 1
        )
        self.address = f"account={self.account.id}&days={DAYS}"

    def api(self, name: str, **query: str) -> dict[str, Any]:
        """A report by the API, of these days."""
        asked = {"account": "@JessesLinks", "from": f"{self.first:%Y-%m-%d}", **query}
        words = "&".join(f"{key}={value}" for key, value in asked.items())
        answer = self.caller("GET", f"/reports/{name}?{words}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def run(self, name: str, *options: str) -> str:
        """What `linktrack report` prints."""
        settings = self.world.settings
        engine = self.world.database.engine
        environ = {
            "LINKTRACK_DATA": str(settings.data),
            "LINKTRACK_DATABASE": engine.url.render_as_string(hide_password=False),
            "LINKTRACK_BASE_URL": settings.base_url,
        }
        done = CliRunner().invoke(main, ["report", name, "@JessesLinks", *options], env=environ)
        assert done.exit_code == 0, done.output
        return done.output

    def command(self, name: str) -> dict[str, Any]:
        """The same report on the command line."""
        printed = self.run(name, "--from", f"{self.first:%Y-%m-%d}", "--json")
        found: dict[str, Any] = json.loads(printed)
        return found

    def page(self, path: str) -> str:
        """A page of these days, as a person reads it."""
        return read(self.browser.get(f"/owner/{path}{'&' if '?' in path else '?'}{self.address}"))


def test_every_door_says_the_same_of_the_same_posts(world: World) -> None:
    """How many posts, clicks and unique clicks there are, the rate, and what stands apart."""
    asked = Everywhere(world)
    cpf = asked.api("cpf")
    total = cpf["total"]
    assert (total["posts"], total["posts_without_count"], total["posts_unmeasured"]) == (40, 1, 2)
    assert total["still_counting"] == {"posts": 3, "clicks": 600, "unique_clicks": 600}
    apart = "3 posts are still counting, with 600 unique clicks so far"
    unmeasured = "2 imported posts are unmeasured"

    # Reports by the API and by command: the same objects, and in them the same quantities.
    for name in ("cpf", "segments", "hours", "growth", "half-life"):
        assert asked.command(name) == asked.api(name), name
    (side,) = asked.api("compare")["accounts"]
    segments, hours, growth = (asked.api(name) for name in ("segments", "hours", "growth"))
    for figure in ("cpf", "cpf_low", "cpf_high", "posts_without_count", "posts_unmeasured"):
        assert side[figure] == total[figure], figure
    assert side["posts"] - side["posts_without_count"] == total["posts"]
    assert side["posts_still_counted"] == total["still_counting"]["posts"]
    assert hours["cpf"] == total["cpf"]
    assert hours["posts"] == growth["posts"] == total["posts"]
    assert sum(slot["posts"] for slot in hours["hours"]) == total["posts"]
    assert segments["posts"] == side["posts"]
    assert segments["still_counting"] == total["still_counting"]
    assert segments["posts_unmeasured"] == total["posts_unmeasured"]
    assert segments["unattributed"]["unique_clicks"] == total["unattributed"] + 4  # early's
    lives = asked.api("half-life")
    assert side["half_life"] == lives["half_life"]

    # Its posts add up to the total, in the answer, on the page and in its file.
    lines = [post for post in cpf["posts"] if post["complete"] and post["followers"]]
    assert sum(post["unique_clicks"] for post in lines) == total["unique_clicks"]
    assert sum(post["clicks"] for post in lines) == total["clicks"]
    table = asked.browser.get(f"/owner/posts?{asked.address}&format=csv").text
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(table))}
    assert [int(number) for number in rows] == [post["id"] for post in cpf["posts"]]
    for post in cpf["posts"]:
        row = rows[str(post["id"])]
        assert row["complete"] == str(post["complete"]).lower()
        assert row["unique_clicks"] == str(post["unique_clicks"] if post["measured"] else "")

    # Pages, of the owner and of strangers.
    rate = thousandths(total["cpf"])
    posts = asked.page("posts")
    assert f"{rate} clicks per 1,000 followers" in posts
    assert f"Over 40 posts: {total['clicks']} clicks" in posts.replace(",", "")
    assert f"The middle post has {thousandths(total['median_cpf'])}" in posts or (
        f"edian post: {thousandths(total['median_cpf'])}" in posts
    )
    assert apart in posts
    assert unmeasured in posts
    assert posts.count("unmeasured") >= 2
    assert "day 1 of 7" in posts
    assert "day 7 of 7" in posts
    overview = asked.page("")
    assert f"per 1,000 {rate} " in overview
    assert "3 still counting, left out" in overview
    assert apart in overview
    assert unmeasured in overview
    shared = read(Browser.on(world).get(f"/shared/{asked.secret}"))
    assert f"{rate} clicks per 1,000 followers" in shared
    assert apart in shared
    compared = asked.page("compare")
    told = figure_value("cpf", Rate(total["cpf"]))
    assert f"3 still counting 2 unmeasured 1 without a follower count {told} " in compared
    assert apart in asked.page("segments")
    newest = cpf["posts"][0]
    shown = read(asked.browser.get(f"/owner/posts/{newest['id']}"))
    assert "day 1 of 7" in shown
    assert f"Clicks per 1,000 followers {thousandths(newest['cpf'])}" in shown


def test_the_digest_is_the_report_of_its_days_and_window(world: World) -> None:
    """By page and API, and as the CPF report has the same week, counted for 24 hours."""
    asked = Everywhere(world)
    digest = asked.caller("GET", "/reports/digest?account=@JessesLinks").get_json()
    for side in (digest["now"], digest["before"]):
        days = {"from": side["from"], "to": side["to"], "window": digest["window"]}
        total = asked.api("cpf", **days)["total"]
        for figure in ("posts", "cpf", "cpf_low", "cpf_high", "posts_unmeasured"):
            assert side[figure] == total[figure], figure
    page = read(asked.browser.get(f"/owner/digest?account={asked.account.id}"))
    assert f"Clicks per 1,000 followers {thousandths(digest['now']['cpf'])}" in page


def test_days_without_a_complete_post_are_told_by_their_first_24_hours(world: World) -> None:
    """On pages, which say so; who asks the API for 7 days is told that none is complete."""
    asked = Everywhere(world)
    week = f"{now() - timedelta(days=6):%Y-%m-%d}"
    total = asked.api("cpf", **{"from": week})["total"]
    assert (total["posts"], total["cpf"]) == (0, None)
    day = asked.api("cpf", **{"from": week, "window": "24h"})["total"]
    said = asked.run("cpf", "--from", week)
    assert "No post of these days has been counted for 7d yet: --window 24h." in said
    for path in ("", "posts", "compare", "segments"):
        page = read(asked.browser.get(f"/owner/{path}?account={asked.account.id}&days=7"))
        assert "rates are of each post's first 24 hours" in page, path
    posts = read(asked.browser.get(f"/owner/posts?account={asked.account.id}&days=7"))
    assert f"{thousandths(day['cpf'])} clicks per 1,000 followers" in posts
    chosen = f"/owner/posts?account={asked.account.id}&days=7&window=7d"
    assert "first 24 hours" not in read(asked.browser.get(chosen))
    ever = read(asked.browser.get(f"/owner/posts?account={asked.account.id}&window=all"))
    assert "all time so far" in ever


def test_a_dot_says_the_digits_of_its_row(world: World) -> None:
    """On the overview, on the account's page and in the ranking: 1.50 is not 1.5 beside it."""
    account = world.account()
    followers(world, account, 4_000)
    post = world.post(account, "Number https://example.com/", now() - timedelta(days=10))
    people(world, post, 0, 6)
    browser = Browser.signed_in(world)
    for page in (
        f"/owner/?account={account.id}",
        f"/owner/accounts/{account.id}",
        f"/owner/posts?account={account.id}",
    ):
        shown = browser.get(page).text
        assert re.search(r'aria-label="Number[^"]*: 1\.50 \(0\.69 to 3\.27\)', shown), page
