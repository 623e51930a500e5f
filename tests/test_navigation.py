"""The navigation: where pages are, what they are called, and what every page has around it."""

import re
from itertools import chain

import pytest
from browser import Browser, read
from filling import filled
from world import World

from linktrack.web import blueprints
from linktrack.web.navigation import PAGES, SECTIONS, SETTINGS, Page

NAMED = re.compile(r"<title>(.*?) · linktrack</title>.*<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
WITHOUT_A_NAME = {"digest.show", "own.show"}
"""Pages whose heading names what they show: a week, a person."""


def address(page: Page, browser: Browser) -> str:
    """Return a page's address."""
    app = browser.client.application
    return next(rule.rule for rule in app.url_map.iter_rules(page.endpoint) if not rule.arguments)


def test_every_page_is_called_what_the_navigation_calls_it(sqlite_world: World) -> None:
    """In its title and its heading, whether there is an account or not."""
    browser = Browser.signed_in(sqlite_world)
    for with_account in (False, True):
        if with_account:
            filled(sqlite_world, posts=1)
        for page in PAGES:
            if page.endpoint == "overview.show" and not with_account:
                continue  # the first steps
            answer = browser.get(address(page, browser))
            assert answer.status_code == 200, page
            found = NAMED.search(answer.text)
            assert found is not None, page
            title, heading = found.groups()
            assert page.label in title or page.endpoint == "posts.list_all", (page, title)
            if page.endpoint not in WITHOUT_A_NAME:
                assert heading.strip().startswith(page.label), (page, heading)


def test_a_page_marks_its_section_and_itself(sqlite_world: World) -> None:
    """Also one without a line of its own, such as a post's."""
    browser = Browser.signed_in(sqlite_world)
    _, (post,) = filled(sqlite_world, posts=1)
    for path, section in (
        ("", "Overview"),
        ("needs-you", "Overview"),
        ("shared", "Overview"),
        (f"posts/{post.id}", "Posts"),
        ("compose", "Posts"),
        (f"links/{post.links[0].code}", "Links"),
        ("follow-back", "Audience"),
        ("referrers", "Insights"),
        ("team", "Settings"),
        ("accounts/1", "Overview"),
        ("accounts/1/settings", "Settings"),
    ):
        page = browser.get(f"/owner/{path}").text
        top = page.partition("</header>")[0]
        assert re.findall(r'aria-current="\w+">([^<]+)<', top.partition('class="button"')[0]) == [
            section
        ], path
        row = page.partition('class="pages-of"')[2].partition("</nav>")[0]
        labels = re.findall(r">([^<]+)</a>", row)
        expected = next(each for each in (*SECTIONS, SETTINGS) if each.label == section)
        pages = [each.label for each in expected.pages]
        assert labels == (pages if len(pages) > 1 else []), path


def test_every_blueprint_of_owners_pages_has_a_section() -> None:
    """A page that belongs nowhere would leave the reader without a way to its neighbours."""
    held = set(chain.from_iterable(section.also for section in (*SECTIONS, SETTINGS)))
    held |= {page.blueprint for page in PAGES}
    without_pages = {"demo", "guide", "live", "moved", "qr", "sign_in", "thumbnails"}
    owners = {each.name for each in blueprints() if each.url_prefix == "/owner"}
    assert owners - held == without_pages


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("more?days=7", "/owner/?days=7"),
        ("owners", "/owner/team"),
        ("you", "/owner/profile"),
        ("audit?before=52", "/owner/activity?before=52"),
    ],
)
def test_old_addresses_lead_to_the_page(sqlite_world: World, old: str, new: str) -> None:
    """With their arguments."""
    answer = Browser.signed_in(sqlite_world).get(f"/owner/{old}")
    assert (answer.status_code, answer.headers["Location"]) == (308, new)


def test_every_page_says_how_fresh_it_is_and_which_zone_it_uses(sqlite_world: World) -> None:
    """The time of day is enough for today."""
    page = read(Browser.signed_in(sqlite_world).get("/owner/notes"))
    assert re.search(r"Up to date as of \d\d:\d\d \.", page)
    assert "Times are in UTC. Change" in page
