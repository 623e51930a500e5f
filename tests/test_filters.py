"""Filters: a row narrows a report, a chip takes it off, and reports say what they cannot."""

import json
import re
from datetime import timedelta

from audiences import counted
from browser import Browser, read
from filling import EVIL, clicks
from world import World

from linktrack.audience.segments import add_segment
from linktrack.db import now
from linktrack.links.models import Post


def two_posts(world: World) -> tuple[int, list[Post]]:
    """Two posts: 6 people by X, 3 by Google, 2 of the community who do not say from where."""
    account = world.account()
    counted(world, account, 1_000)
    segment = add_segment(world.session, account, "community", 120, now())
    world.session.commit()
    posts = [
        world.post(account, f"Number {n}: https://example.com/{n}", now() - timedelta(days=n + 8))
        for n in range(2)
    ]
    world.click(clicks(posts[0], range(6), referrer="//t.co"))
    world.click(clicks(posts[1], range(3), referrer="//www.google.com"))
    said = {"segment_id": segment.id, "attribution": "variant", "referrer": ""}
    world.click(clicks(posts[1], [50, 51], **said))
    return account.id, posts


def chips(page: str) -> list[str]:
    """What the page says it is narrowed to; what it cannot use is in brackets."""
    found = re.findall(r'<a class="chip (filter|unused)"[^>]*>(.*?)\s*<span', page, re.DOTALL)
    return [words if kind == "filter" else f"[{words[3:-4]}]" for kind, words in found]


def test_the_overview_is_narrowed_by_source_and_by_segment(world: World) -> None:
    """Clicks and people are those of the part; rates of posts say that they are of all clicks."""
    two_posts(world)
    browser = Browser.signed_in(world)
    assert "Clicks 11 new unique clicks 11" in read(browser.get("/owner/"))
    for address, said, count in (
        ("source=X", ["From: X"], 6),
        ("source=Google", ["From: Google"], 3),
        ("source=-", ["From: direct or unknown"], 2),
        ("segment=community", ["Segment: community"], 2),
        ("segment=-", ["We can&#39;t tell who"], 9),
        ("source=X&segment=-", ["From: X", "We can&#39;t tell who"], 6),
        ("source=X&segment=community", ["From: X", "Segment: community"], 0),
    ):
        page = browser.get(f"/owner/?{address}")
        assert chips(page.text) == said, address
        text = read(page)
        assert f"Clicks, filtered {count} " in text, address
        assert f"unique clicks {count} " in text, address
        assert "Of all clicks, not only these." in text


def test_posts_are_narrowed_by_source_and_by_segment(world: World) -> None:
    """Rates are those of the part; those of both at once are read from single clicks."""
    two_posts(world)
    browser = Browser.signed_in(world)
    for address, said in (
        ("source=X", "6.00"),
        ("segment=community", "2.00"),
        ("source=-", "2.00"),
        ("source=X&segment=-", "6.00"),
        ("source=-&segment=community", "2.00"),
    ):
        page = read(browser.get(f"/owner/posts?{address}"))
        assert said in page, address
        assert "Over 2 posts: " in page, address
    both = browser.get("/owner/posts?source=X&segment=community")
    assert chips(both.text) == ["From: X", "Segment: community"]
    assert "6.00" not in read(both)
    low = browser.get("/owner/posts?sort=low&source=Google")
    assert read(low).index("Number 1") < read(low).index("Number 0")


def test_a_part_without_clicks_is_not_days_without_any(sqlite_world: World) -> None:
    """Somebody clicked, if nobody of that segment from there."""
    two_posts(sqlite_world)
    page = read(Browser.signed_in(sqlite_world).get("/owner/?source=X&segment=community"))
    assert "the last click was on" not in page


def test_a_file_of_narrowed_posts_has_nothing_of_the_other_clicks(sqlite_world: World) -> None:
    """What is known of all clicks alone is left out, as on the page."""
    two_posts(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    rows = json.loads(browser.get("/owner/posts?source=X&format=json").text)
    assert [row["clicks"] for row in rows] == [6, 0]
    of_all = {"not_human", "without_visitor", "segments", "referrers"}
    assert all(of_all.isdisjoint(row) for row in rows)
    assert of_all <= json.loads(browser.get("/owner/posts?format=json").text)[0].keys()


def test_a_row_narrows_and_a_chip_takes_it_off(sqlite_world: World) -> None:
    """Every row is a link that keeps what is chosen; so is every chip, without its filter."""
    account, posts = two_posts(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = browser.get(f"/owner/referrers?account={account}&days=91").text
    assert f'href="/owner/referrers?account={account}&amp;days=91&amp;source=X"' in page
    page = browser.get(f"/owner/referrers?account={account}&days=91&source=X&segment=-").text
    assert chips(page) == ["From: X", "We can&#39;t tell who"]
    assert f'href="/owner/referrers?account={account}&amp;days=91&amp;segment=-" data-off' in page
    assert f'href="/owner/referrers?account={account}&amp;days=91">Remove all filters' in page
    post = browser.get(f"/owner/posts/{posts[1].id}").text
    assert f'href="/owner/referrers?post={posts[1].id}&amp;source=Google"' in post
    assert f'href="/owner/referrers?post={posts[1].id}&amp;segment=community"' in post
    link = browser.get(f"/owner/links/{posts[1].links[0].code}").text
    assert f'href="/owner/referrers?source=Google&amp;link={posts[1].links[0].code}"' in link
    left_out = browser.get("/owner/left-out?reason=bot&agent=1&days=7").text
    assert chips(left_out) == ["Reason: bots", "One agent"]


def test_filters_go_along_and_reports_say_what_they_cannot(sqlite_world: World) -> None:
    """Days and filters are kept from report to report, and nowhere else."""
    account, _ = two_posts(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    page = browser.get(f"/owner/referrers?account={account}&days=91&source=X").text
    assert f'href="/owner/timing?days=91&amp;account={account}&amp;source=X"' in page
    assert f'href="/owner/audience?days=91&amp;account={account}&amp;source=X"' in page
    assert f'href="/owner/?days=91&amp;account={account}&amp;source=X"' in page
    assert 'href="/owner/accounts"' in page
    for report in ("followers", "audience", "digest", "engagement", "goals", "own-links"):
        narrow = browser.get(f"/owner/{report}?source=X&segment=-")
        assert chips(narrow.text) == ["[From: X]", "[We can&#39;t tell who]"], report
        sentence = "This page can't be filtered by where clicks came from or by segment."
        assert sentence in read(narrow), report
    assert "source=X" not in browser.get("/owner/settings?source=X").text
    failed = browser.get("/owner/?days=5&source=X")
    assert failed.status_code == 422
    assert "days=5" not in failed.text


def test_a_link_without_clicks_in_these_days_says_when_the_last_was(sqlite_world: World) -> None:
    """With the way there; one that nobody ever clicked says so."""
    _, posts = two_posts(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    code = posts[0].links[0].code
    for page in (f"links/{code}?", "destinations?address=https://example.com/0&"):
        answer = browser.get(f"/owner/{page}from=2025-01-01&to=2025-01-28")
        assert "Nobody clicked in these days; the last click was on" in read(answer)
        assert "Show the 28 days until then" in read(answer)
        there = re.search(r'href="([^"]+)">Show the 28 days', answer.text)
        assert there is not None
        assert "Nobody clicked" not in read(browser.get(there[1].replace("&amp;", "&")))


def test_hostile_filters_are_harmless(sqlite_world: World) -> None:
    """Nothing of an address runs, and a filter that nothing matches shows nothing."""
    two_posts(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    for page in ("", "posts", "referrers", "followers"):
        answer = browser.get(f"/owner/{page}?source={EVIL}&segment=%00")
        assert answer.status_code == (422 if page != "followers" else 200)
        assert EVIL not in answer.text
        answer = browser.get(f"/owner/{page}?source={EVIL}&segment={'x' * 5000}")
        assert answer.status_code == 200
        assert EVIL not in answer.text
        assert "x" * 100 + "</" not in answer.text
