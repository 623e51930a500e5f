"""The guide on the pages."""

import re

from browser import Browser, read
from paths import REPOSITORY
from world import World


def test_every_page_of_the_guide_is_there_and_every_link_leads_somewhere(
    sqlite_world: World,
) -> None:
    """Also to headings; what isn't part of the guide is text."""
    browser = Browser.signed_in(sqlite_world)
    pages = {path.stem for path in (REPOSITORY / "docs/guide").glob("*.md")}
    texts = {page: browser.get(f"/owner/guide/{page}") for page in pages}
    for page, answer in texts.items():
        assert answer.status_code == 200, page
        article = answer.text.partition("<article")[2].partition("</article>")[0]
        for address in re.findall(r'<a href="([^"]+)"', article):
            if address.startswith("https://"):
                continue
            name, _, heading = address.partition("#")
            if name:
                assert name.startswith("/owner/guide/"), (page, address)
            target = name.removeprefix("/owner/guide/") or ("README" if name else page)
            assert target in pages, (page, address)
            assert not heading or f'id="{heading}"' in texts[target].text, (page, address)
    assert browser.get("/owner/guide/no-such-page").status_code == 404
    assert browser.get("/owner/guide/..%2f..%2fREADME").status_code == 404


def test_every_owner_page_leads_to_the_guide(sqlite_world: World) -> None:
    """And what needs more words, to the page that has them."""
    browser = Browser.signed_in(sqlite_world)
    for page in ("", "posts", "settings", "compose"):
        assert 'href="/owner/guide/"' in browser.get(f"/owner/{page}").text, page
    assert 'href="/owner/guide/phone"' in browser.get("/owner/compose").text
    assert "Put linktrack on the home screen" in read(browser.get("/owner/guide/phone"))
    assert Browser.on(sqlite_world).get("/owner/guide/").status_code == 302
