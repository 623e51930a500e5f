"""Viewers: they look at everything, and are offered nothing that they may not do."""

import re
from collections.abc import Iterator

import pytest
from browser import read, viewer_of
from furnishing import furnished
from world import World

from linktrack.db import now
from linktrack.owners.access import create_owner

FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>')
ACTION = re.compile(r'\baction="([^"]*)"')
LINK = re.compile(r'<a\b[^>]*\bhref="(/owner[^"#]*)')

THEIR_OWN = re.compile(r"/owner/(profile/.*|sign-out)")
"""What viewers may send: what concerns themselves alone."""

FOR_WRITERS = re.compile(
    r"/owner/(compose.*|accounts/\d+/(remove|connection)|not-wrapped/\d+/replace|team/\d+/remove|notifications.*|domains)"
)
"""Pages that only change something, or hold what only owners may know."""


def offered(page: str, text: str) -> Iterator[str]:
    """Yield the addresses to which a page's forms are sent."""
    for tag in FORM.findall(text):
        action = ACTION.search(tag)
        yield action[1] if action else page


@pytest.mark.parametrize("limited", [False, True], ids=["all", "some"])
def test_no_page_offers_a_viewer_what_would_be_refused(sqlite_world: World, limited: bool) -> None:
    """No form but those about themselves, and no link to a page that answers 403."""
    create_owner(sqlite_world.session, "Jesse", now())
    pages = furnished(sqlite_world)
    browser = viewer_of(sqlite_world, *([1] if limited else []))
    links: set[str] = set()
    seen = 0
    for page in pages:
        if not page.startswith("/owner") or FOR_WRITERS.fullmatch(page):
            continue
        answer = browser.get(page)
        if limited and answer.status_code in (403, 404):
            continue  # of an account that they do not see
        assert answer.status_code == 200, page
        seen += 1
        for action in offered(page, answer.text):
            assert THEIR_OWN.fullmatch(action), (page, action)
        assert "Viewer" in read(answer), page
        links |= {each.replace("&amp;", "&") for each in LINK.findall(answer.text)}
    assert seen > 25
    by_kind = {re.sub(r"\d+|(?<=links/)\w+", "0", each.partition("?")[0]): each for each in links}
    assert len(by_kind) > 30
    for link in by_kind.values():
        assert browser.get(link).status_code == 200, link


def test_what_viewers_cannot_do_is_explained(sqlite_world: World) -> None:
    """Also at an address that somebody sent them; and where nothing is there yet."""
    create_owner(sqlite_world.session, "Jesse", now())
    furnished(sqlite_world)
    browser = viewer_of(sqlite_world)
    for page in ("compose", "accounts/1/remove", "accounts/1/connection"):
        answer = browser.get(f"/owner/{page}")
        assert answer.status_code == 403, page
        assert "You can look at everything here but not change it: ask an owner." in read(answer)
        assert "New post" not in read(answer)


def test_a_new_installation_asks_viewers_for_nothing(sqlite_world: World) -> None:
    """Without an account there is nothing to look at, and it is not theirs to add one."""
    create_owner(sqlite_world.session, "Jesse", now())
    browser = viewer_of(sqlite_world)
    for page in ("", "posts", "links", "accounts", "audience", "queue", "segments", "followers"):
        answer = browser.get(f"/owner/{page}")
        assert answer.status_code == 200, page
        assert all(THEIR_OWN.fullmatch(each) for each in offered(page, answer.text)), page
        assert "/owner/compose" not in answer.text, page
