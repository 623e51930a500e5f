"""Ranges of days: what a report is held against, and the bar that chooses it."""

import html
import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from browser import Browser, read
from filling import filled
from hypothesis import given
from hypothesis import strategies as st
from world import World

from linktrack.calendar.ranges import DayRange
from linktrack.reports.steps import steps_of

BERLIN = ZoneInfo("Europe/Berlin")


@given(
    st.dates(date(2005, 1, 1), date(2090, 1, 1)),
    st.integers(7, 800),
    st.sampled_from(["before", "year"]),
)
def test_weekdays_are_held_against_the_same_weekdays(last: date, length: int, choice: str) -> None:
    """As many days, and each falls on the weekday of the day it is held against."""
    days = DayRange.until(last, length, BERLIN)
    other = days.compared(choice)
    assert other.length == days.length
    assert other.first.weekday() == days.first.weekday()
    if choice == "before":
        assert other.last < days.first
        assert (days.first - other.last).days <= 7


def test_a_few_days_are_held_against_those_directly_before() -> None:
    """Three days in a week have no weekdays in common with the three before them."""
    days = DayRange(date(2026, 3, 10), date(2026, 3, 12), BERLIN)
    assert days.compared("before") == DayRange(date(2026, 3, 7), date(2026, 3, 9), BERLIN)


def test_the_bar_keeps_what_the_page_is_filtered_by(sqlite_world: World) -> None:
    """Earlier, later and other periods lead to the same account; the form carries it along."""
    account, _ = filled(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = browser.get(f"/owner/?account={account.id}&from=2026-03-01&to=2026-03-07").text
    bar = page[page.index('class="range"') : page.index("</form>", page.index('class="range"'))]
    for link in re.findall(r'href="([^"]+)"', bar):
        assert f"account={account.id}" in link
    assert "from=2026-02-22&amp;to=2026-02-28" in bar
    assert "from=2026-03-08&amp;to=2026-03-14" in bar
    assert f'name="account" value="{account.id}"' in bar


@pytest.mark.parametrize("choice", ["before", "year"])
def test_clicks_stand_beside_those_of_other_days(sqlite_world: World, choice: str) -> None:
    """The overview says which days; a comparison with something else is refused."""
    account, posts = filled(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    assert "52 weeks before" in read(browser.get("/owner/?compare=year"))
    link = f"/owner/links/{posts[0].links[0].code}"
    for page in ("/owner/", link, f"/owner/?account={account.id}"):
        assert (
            browser.get(f"{page}{'&' if '?' in page else '?'}compare={choice}").status_code == 200
        )
    wrong = browser.get("/owner/?compare=moon")
    assert wrong.status_code == 422
    assert "Compare with one of before, year" in read(wrong)


def test_posts_are_of_all_time_unless_days_are_chosen(sqlite_world: World) -> None:
    """The bar's “All time” is where the page begins."""
    filled(sqlite_world, days=8)
    browser = Browser.signed_in(sqlite_world)
    assert "Over 6 posts" in read(browser.get("/owner/posts"))
    assert "No posts were published in these days" in read(
        browser.get("/owner/posts?from=2020-01-01&to=2020-01-31")
    )


def test_a_range_without_clicks_says_when_the_last_one_was(sqlite_world: World) -> None:
    """And leads to the days until then."""
    filled(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/?from=2020-01-01&to=2020-01-07").text
    assert "Nobody clicked in these days; the last click was on" in page
    assert "Show the 7 days until then" in page
    assert "the last click was on" not in read(browser.get("/owner/"))


def test_days_lead_on_from_a_page_that_a_refused_form_shows_again(sqlite_world: World) -> None:
    """To the page itself, of the account it is of: the form's own address takes no GET."""
    _, posts = filled(sqlite_world)
    account = sqlite_world.account("@jesse", role="me")
    browser = Browser.signed_in(sqlite_world)
    link = f"/owner/links/{posts[0].links[0].code}"
    refused = {
        f"{link}/destination": (link, {"destination": "javascript:alert(1)"}),
        "/owner/segments": (
            f"/owner/segments?account={account.id}",
            {"account": str(account.id), "name": ""},
        ),
        "/owner/followers/forget": (
            f"/owner/followers?account={account.id}",
            {"account": str(account.id), "follower": "nobody"},
        ),
    }
    for address, (page, fields) in refused.items():
        answer = browser.send(address, dict(fields), form=page)
        assert answer.status_code == 422, address
        bar = answer.text[answer.text.index('class="range"') :].partition("</form>")[0]
        leads = [html.unescape(href) for href in re.findall(r'href="([^"]+)"', bar)]
        assert len(leads) > 3, address
        for lead in leads:
            assert lead.startswith(page), lead
            assert browser.get(lead).status_code == 200, lead
        for action in re.findall(r'<form method="get"([^>]*)', answer.text):
            if "/qr.svg" in action:  # which days don't matter to
                continue
            assert f'action="{page.partition("?")[0]}"' in action


def test_long_ranges_are_drawn_by_week_and_today_is_not_in_the_line() -> None:
    """52 whole weeks up to yesterday; what today has so far is said and not drawn as a plunge."""
    today = date(2026, 11, 29)
    year = DayRange.until(today, 365, ZoneInfo("UTC"))
    values: list[int | None] = [*range(364), 7]
    steps = steps_of(year, values, today)
    assert (steps.is_weekly, steps.so_far, len(steps.starts)) == (True, 7, 52)
    assert steps.starts[-1] == date(2026, 11, 22)
    assert steps.sums(values)[0] == sum(range(7))
    short = DayRange.until(today, 28, ZoneInfo("UTC"))
    steps = steps_of(short, [1] * 28, today)
    assert (steps.is_weekly, steps.so_far, len(steps.starts)) == (False, 1, 27)
    over = DayRange.until(date(2026, 10, 31), 28, ZoneInfo("UTC"))
    assert steps_of(over, [1] * 28, today).so_far is None
    alone = DayRange.until(today, 1, ZoneInfo("UTC"))
    assert steps_of(alone, [3], today).sums([3]) == [3]


def test_a_week_with_an_unknown_day_is_unknown() -> None:
    """What is left at the beginning of the range is in no week."""
    days = DayRange.until(date(2026, 10, 31), 150, ZoneInfo("UTC"))
    values: list[int | None] = [None] * 10 + [2] * 140
    steps = steps_of(days, values, date(2026, 11, 29))
    assert len(steps.starts) == 21
    assert steps.sums(values) == [None, *[14] * 20]
