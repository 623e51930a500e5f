"""How answers travel: compressed where that is safe, and static files kept for a year."""

import gzip
import re

from browser import Browser
from filling import filled
from world import World

OWN = {"Accept-Encoding": "gzip, br", "Sec-Fetch-Site": "same-origin"}


def test_pages_are_compressed_for_browsers_that_come_from_our_own_pages(
    sqlite_world: World,
) -> None:
    """The same page, in a quarter of the bytes; caches are told what it depends on."""
    filled(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = browser.client.get("/owner/settings", headers=OWN)
    assert page.headers["Content-Encoding"] == "gzip"
    assert page.headers["Vary"] == "Accept-Encoding, Cookie"
    assert int(page.headers["Content-Length"]) == len(page.data)
    read = gzip.decompress(page.data)
    assert b"LINKTRACK_BASE_URL" in read
    assert len(page.data) < len(read) / 3


def test_what_another_site_asks_for_with_cookies_is_not_compressed(sqlite_world: World) -> None:
    """Or the length would say how much of a guess in the address is on the page (BREACH)."""
    browser = Browser.signed_in(sqlite_world)
    for fetched in ("cross-site", "same-site", None):
        sent = {"Accept-Encoding": "gzip"} | ({"Sec-Fetch-Site": fetched} if fetched else {})
        page = browser.client.get("/owner/settings", headers=sent)
        assert page.status_code == 200
        assert "Content-Encoding" not in page.headers
    typed = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "none"}
    page = browser.client.get("/owner/settings", headers=typed)
    assert page.headers["Content-Encoding"] == "gzip"


def test_programs_with_a_token_and_strangers_get_compressed_answers(sqlite_world: World) -> None:
    """There is no cookie, so nobody else's browser can be made to ask."""
    stranger = Browser.on(sqlite_world)
    answer = stranger.client.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"openapi" in gzip.decompress(answer.data)[:100]
    small = stranger.client.get("/healthz", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


def test_static_files_are_kept_for_a_year_under_the_address_of_their_content(
    sqlite_world: World,
) -> None:
    """Under another mark, such as after an upgrade, they are kept for an hour."""
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/settings").text
    for name in ("linktrack.css", "linktrack.js", "apple-touch-icon.png"):
        found = re.search(rf'"(/static/{re.escape(name)}\?v=[0-9a-f]+)"', page)
        assert found is not None, name
        with browser.client.get(found[1], headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert ("Content-Encoding" in answer.headers) is not name.endswith(".png")
        known = {"If-None-Match": answer.headers["ETag"]}
        with browser.client.get(found[1], headers=known) as again:
            assert (again.status_code, again.data) == (304, b"")
    with browser.get("/static/linktrack.css?v=00000000") as old:
        assert old.headers["Cache-Control"] == "public, max-age=3600"


def test_light_or_dark_is_chosen_for_one_browser_without_scripts(sqlite_world: World) -> None:
    """On public pages, too; "Same as the device" takes it back."""
    browser = Browser.signed_in(sqlite_world)
    assert "data-theme" not in browser.get("/owner/profile").text
    for chosen, shown in (("dark", True), ("light", True), ("pink", False)):
        answer = browser.send("/owner/profile/theme", {"theme": chosen}, form="/owner/profile")
        assert answer.location == "/owner/profile"
        for page in ("/owner/profile", "/privacy", "/no-such-page"):
            assert (f'<html lang="en" data-theme="{chosen}">' in browser.get(page).text) is shown
