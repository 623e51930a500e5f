"""Pages narrowed by several filters at once: their figures, their words, and what stays behind."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from audiences import followers
from browser import Browser, read, viewer_of
from scattered import BOT, PHONE, some
from sqlalchemy import text
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.counts.retention import delete_old
from linktrack.clicks.keeping.sql.clicks import SqlClicks
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.links.models import Post
from linktrack.owners.access import create_owner
from linktrack.reports.narrowing.shadows import narrowed
from linktrack.reports.narrowing.wanted import wanted_of
from linktrack.reports.sources.facet_days import days_report

SHOWN = "from=2026-05-01&to=2026-09-01"
BOTH = "country=DE&device=mobile"
REPORTS = ("", "posts", "referrers", "places", "devices", "timing", "compare", "topics", "segments")


def fitting(records: Iterable[ClickRecord]) -> list[ClickRecord]:
    """Return people's clicks of German phones."""
    return [one for one in records if (one.country, one.user_agent) == ("DE", PHONE)]


def unique(records: list[ClickRecord], posts: list[Post]) -> Counter[int]:
    """Return how many of the fitting clicks are somebody's first on a post, by post."""
    of_link = {post.links[0].id: post.id for post in posts}
    seen = set()
    found: Counter[int] = Counter()
    people = [one for one in records if one.user_agent != BOT]
    for one in sorted(people, key=lambda one: one.clicked_at):
        key = (of_link[one.link_id], one.visitor)
        if (one.visitor is None or key not in seen) and fitting([one]):
            found[of_link[one.link_id]] += 1
        seen.add(key)
    return found


def test_every_page_counts_the_clicks_that_fit_all_filters(world: World) -> None:
    """As a recount of single clicks says; the next request is of all clicks again."""
    account, posts, records = some(world)
    followers(world, account, 1_000, days=-1)
    few, people = fitting(records), unique(records, posts)
    browser = Browser.signed_in(world)

    def whole() -> dict[str, str]:
        pages = {page: read(browser.get(f"/owner/{page}?{SHOWN}")) for page in REPORTS}
        return {page: text.partition("Up to date as of")[0] for page, text in pages.items()}

    before = whole()
    overview = read(browser.get(f"/owner/?{SHOWN}&{BOTH}"))
    assert f"Clicks, filtered {len(few)} " in overview
    assert f"unique clicks {people.total()} " in overview
    assert "A post gets, filtered" in overview
    assert "Latest posts until 1 Sep 2026 All posts Of all clicks." in overview
    assert "Followers, tracked links and the latest posts aren't filtered." in overview
    assert f"Countries Clicks Germany {len(few)} 100%" in overview
    assert "Country: Germany × : remove this filter Device: Phone" in overview

    def rows(page: str, more: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = browser.get(
            f"/owner/{page}?{SHOWN}&{BOTH}&format=json{more}"
        ).get_json()
        return found

    assert sum(row["clicks"] or 0 for row in rows("")) == len(few)
    (line,) = rows("places")
    assert (line["clicks"], line["unique_clicks"]) == (len(few), people.total())
    assert sum(row["clicks"] for row in rows("referrers")) == len(few)
    languages = Counter(one.language for one in few)
    assert {
        row["value"]: row["clicks"] for row in rows("devices") if row["facet"] == "language"
    } == (languages)
    by_hour = rows("timing", "&table=clicks")
    assert sum(row["clicks"] for row in by_hour) == len(few)
    window = [post.id for post in posts]
    found = {row["id"]: row for row in rows("posts", "&window=all")}
    assert {number: found[number]["unique_clicks"] for number in window} == people
    assert "not_human" not in found[window[0]]
    assert whole() == before


@pytest.mark.parametrize("page", REPORTS)
def test_every_page_takes_all_filters(sqlite_world: World, page: str) -> None:
    """Source, segment and facets, with nothing struck through; what is no value is refused."""
    some(sqlite_world, 60)
    browser = Browser.signed_in(sqlite_world)
    words = {"source": "-", "segment": "-", "country": "DE", "browser": "-", "language": "de"}
    answer = browser.get(f"/owner/{page}?{SHOWN}&{urlencode(words)}")
    assert answer.status_code == 200
    assert "chip unused" not in answer.text
    assert answer.text.count('class="chip filter"') == len(words)
    assert browser.get(f"/owner/{page}?country=Germany&device=mobile").status_code == 422


def test_a_row_adds_its_filter_to_those_there_are(sqlite_world: World) -> None:
    """So devices in Germany are one click away from the countries."""
    some(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    asked = SHOWN.replace("&", "&amp;")
    places = browser.get(f"/owner/places?{SHOWN}").text
    assert f'href="/owner/devices?{asked}&amp;country=DE"' in places
    devices = browser.get(f"/owner/devices?{SHOWN}&country=DE").text
    assert f'href="/owner/devices?{asked}&amp;country=DE&amp;device=mobile"' in devices
    overview = browser.get(f"/owner/?{SHOWN}&device=mobile").text
    assert f'href="/owner/?{asked}&amp;device=mobile&amp;country=DE"' in overview
    assert f'href="/owner/?{asked}&amp;device=mobile&amp;source=-"' in overview


def test_a_file_of_a_filtered_page_says_by_what(sqlite_world: World) -> None:
    """In its name, whatever the filter's value is written with."""
    some(sqlite_world, 60)
    browser = Browser.signed_in(sqlite_world)
    for address, name in (
        (f"places?{SHOWN}&{BOTH}", "places-country-DE-device-mobile.csv"),
        (f"referrers?{SHOWN}&source=X%20%22%2F..", "referrers-source-X.csv"),
        (f"posts?{SHOWN}&segment=-&language=de", "posts-segment-unknown-language-de.csv"),
        (f"timing?{SHOWN}", "half-lives.csv"),
    ):
        answer = browser.get(f"/owner/{address}&format=csv")
        assert f'filename="{name}"' in answer.headers["Content-Disposition"]


def test_too_many_clicks_leave_a_page_whole_and_say_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its filters are struck through; a file of other clicks than were asked for isn't given."""
    some(world, 60)
    browser = Browser.signed_in(world)
    whole = read(browser.get(f"/owner/places?{SHOWN}"))
    monkeypatch.setattr(SqlClicks, "most_condensed", 10)
    answer = browser.get(f"/owner/places?{SHOWN}&{BOTH}")
    assert answer.status_code == 200
    assert answer.text.count('class="chip unused"') == 2
    assert "choose fewer days" in read(answer)
    assert "These figures are of all clicks." in read(answer)
    assert whole.partition("Countries")[2].partition("Download")[0] in read(answer)
    assert browser.get(f"/owner/places?{SHOWN}&{BOTH}&format=csv").status_code == 503
    assert "Clicks, filtered" in read(browser.get(f"/owner/?{SHOWN}&country=DE")), "counted"


def test_a_viewer_of_an_account_sees_the_filtered_clicks_of_that_one(sqlite_world: World) -> None:
    """Neither another account's clicks nor its numbers count."""
    account, _, records = some(sqlite_world)
    other = sqlite_world.account("@Other")
    post = sqlite_world.post(other, "https://example.com/", NOON)
    more = [
        ClickRecord(to_ms(NOON), post.links[0].id, PHONE, None, n, country="DE") for n in (1, 2)
    ]
    sqlite_world.click(more)
    create_owner(sqlite_world.session, "Jesse", NOON)
    viewer = viewer_of(sqlite_world, account.id)
    page = read(viewer.get(f"/owner/?{SHOWN}&{BOTH}"))
    assert f"Clicks, filtered {len(fitting(records))} " in page
    assert "@Other" not in page
    assert viewer.get(f"/owner/places?account={other.id}&{SHOWN}&{BOTH}").status_code == 404


def test_clicks_that_are_deleted_are_said_to_be_missing(sqlite_world: World) -> None:
    """Where the days shown begin before the first single click."""
    some(sqlite_world)
    settings, later = sqlite_world.settings, NOON + timedelta(days=100)
    delete_old(sqlite_world.database.engine, settings.timezone, settings.visitor_period, 50, later)
    browser = Browser.signed_in(sqlite_world)
    said = "are deleted, and in no filtered figure."
    assert said in read(browser.get(f"/owner/places?{SHOWN}&{BOTH}"))
    (line,) = browser.get(f"/owner/places?{SHOWN}&{BOTH}&format=json").get_json()
    assert 0 < line["unique_clicks"] <= line["clicks"], "marks outlive their clicks"
    assert said not in read(browser.get(f"/owner/places?from=2026-07-10&to=2026-08-01&{BOTH}"))
    assert said not in read(browser.get(f"/owner/places?{SHOWN}"))


@pytest.mark.parametrize("wrong", ["SELECT nothing", ""])
def test_an_error_inside_a_report_leaves_nothing_behind(world: World, wrong: str) -> None:
    """Of the database or of ours: the session's next report, and others', are whole."""
    account, _, _ = some(world, 60)
    wanted, days = wanted_of({"country": "DE", "language": "de"}), Days(world.settings.timezone)
    with world.database.session() as session:
        whole = days_report(session, account).days
        with (
            pytest.raises(Exception, match=r"nothing|wrong"),
            narrowed(session, [account.id], wanted, days),
        ):
            assert days_report(session, account).days != whole
            session.execute(text(wrong or "SELECT 1"))
            raise ValueError("wrong")
        if wrong:
            session.rollback()
        assert days_report(session, account).days == whole
    with world.database.session() as session:
        assert days_report(session, account).days == whole
        with narrowed(session, [account.id], wanted, days):
            assert days_report(session, account).days != whole
