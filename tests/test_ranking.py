"""Posts as a ranking: any order, page by page, searched, and beside what is usual."""

import html
import re
from datetime import timedelta
from itertools import product

import pytest
from audiences import counted
from browser import Browser, read
from doorways import Caller
from filling import clicks
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.ids import PostId
from linktrack.links.excerpts import title
from linktrack.links.models import Link, Post
from linktrack.links.posts import Wish, wrap_post
from linktrack.reports.counting import Counting
from linktrack.reports.orders import ORDERS, After, Order, Value, page_of
from linktrack.reports.ranking import Wanted, ranking

LATER = NOON + timedelta(days=60)

VALUES = st.none() | st.builds(
    Value, number=st.floats(allow_nan=False), text=st.sampled_from(["", "a", "b"])
)


@given(
    st.dictionaries(st.integers(1, 40).map(PostId), VALUES),
    st.booleans(),
    st.integers(1, 7),
)
def test_paging_through_any_order_gives_each_post_once(
    values: dict[PostId, Value | None], highest_first: bool, size: int
) -> None:
    """Whatever is equal, endless or unknown; and the pages together are the whole in one."""
    order = Order(highest_first)
    values = {
        number: None if value is None else Value(value.number) for number, value in values.items()
    }
    seen: list[PostId] = []
    after = None
    while page := page_of(values, order, after, size):
        seen += page
        last = values[page[-1]]
        after = After(page[-1], "" if last is None else last.written)
    assert seen == page_of(values, order, None, 100)
    assert sorted(seen) == sorted(values)


@given(st.dictionaries(st.integers(1, 20).map(PostId), st.integers(0, 5), min_size=2), st.data())
def test_a_post_that_moves_between_two_pages_repeats_no_other(
    people: dict[PostId, int], data: st.DataObject
) -> None:
    """A click arrives while somebody reads: all others are on one page still."""
    order = ORDERS["unique"]
    before = {number: Value(count) for number, count in people.items()}
    first = page_of(before, order, None, len(people) // 2)
    moved = first[-1]
    later = before | {moved: Value(people[moved] + data.draw(st.integers(1, 9)))}
    after = After(moved, before[moved].written)
    second = page_of(later, order, after, 100)
    assert set(first).isdisjoint(second)
    assert {*first, *second} == set(people)


def several(world: World, posts: int = 9) -> list[Account]:
    """Three accounts with posts that differ in everything; one account has no follower count."""
    accounts = []
    for handle, followers in (("@you", 20_000), ("@me", 1_000), ("@none", None)):
        account = world.account(handle)
        accounts.append(account)
        if followers:
            counted(world, account, followers, days_ago=400)
        for number in range(posts):
            at = NOON + timedelta(days=number // 2)
            address = f"https://{'books' if number % 2 else 'music'}.org/{number % 3}"
            post = world.post(account, f"{'Zebra'[number % 5 :]} of {handle}: {address}", at)
            world.click(clicks(post, range(number * 7 % 5)))
            if number == 4:
                post.measured_from = at + timedelta(days=1)
    world.session.commit()
    return accounts


def test_each_order_of_a_database_gives_each_post_once(world: World) -> None:
    """Of all accounts together, in pages of four, either way round."""
    accounts = several(world)
    posts = sorted(world.session.scalars(select(Post.id)))
    assert len(posts) == 27
    for sort, is_turned in product(ORDERS, (False, True)):
        wanted = Wanted(sort=sort, is_turned=is_turned)
        seen: list[int] = []
        after = None
        while page := ranking(
            world.session, accounts, wanted, Counting("7d", LATER), after=after, limit=4
        ).posts:
            seen += [post.line.facts.id for post in page]
            after = page[-1].after
        assert sorted(seen) == posts, (sort, is_turned)


def test_the_page_sorts_by_its_headings_and_keeps_what_is_chosen(world: World) -> None:
    """Each heading is a link that says how it sorts; pages go on in that order to the end."""
    several(world, posts=40)
    browser = Browser.signed_in(world)
    for sort in ORDERS:
        seen: list[str] = []
        address: str | None = f"/owner/posts?sort={sort}&window=30d&q=of"
        while address:
            page = browser.get(address).text
            assert page.count("aria-sort=") == 1
            assert 'value="of"' in page
            assert "Counted for 30 days" in page
            seen += re.findall(r'class="clip" href="/owner/posts/(\d+)"', page)
            following = re.search(r'href="([^"]+)">Next page', page)
            address = html.unescape(following[1]) if following else None
        assert len(seen) == len(set(seen)) == 120, sort
    page = browser.get("/owner/posts?sort=rate").text
    assert 'aria-sort="descending"><a href="/owner/posts?sort=rate&amp;reverse=1"' in page
    page = browser.get("/owner/posts?sort=rate&reverse=1").text
    assert 'aria-sort="ascending"><a href="/owner/posts?sort=rate"' in page


def test_posts_are_found_by_text_and_by_destination(world: World) -> None:
    """Of all accounts or one; drafts, too."""
    accounts = several(world)
    browser = Browser.signed_in(world)
    found = read(browser.get("/owner/posts?q=BOOKS.org"))
    assert "books.org" in found
    assert "music.org" not in found
    assert len(re.findall(r"class=\"clip\"", browser.get("/owner/posts?q=zebra").text)) == 6
    of_one = browser.get(f"/owner/posts?q=zebra&account={accounts[1].id}")
    assert "Zebra of @me" in read(of_one)
    assert "Zebra of @you" not in read(of_one)
    assert "No post has “100%_” in its text" in read(browser.get("/owner/posts?q=100%25_"))
    draft = Wish("A draft https://drafts.org/", "draft")
    wrap_post(world.session, world.shortener, accounts[0], draft, NOON)
    world.session.commit()
    assert "A draft" in read(browser.get("/owner/posts?state=draft&q=drafts.org"))
    assert "Nothing here has" in read(browser.get("/owner/posts?state=draft&q=books.org"))


def test_a_row_says_where_its_post_stands(world: World) -> None:
    """A text without addresses, a domain, a badge; a post still counting is hollow and unjudged."""
    account = world.account()
    counted(world, account, 20_000, days_ago=300)
    for number in range(12):
        at = now() - timedelta(days=20 + number)
        post = world.post(account, f"Quiet {number} https://www.example.com/{number}", at)
        world.click(clicks(post, range(90 if number == 5 else 30)))
    world.post(account, "Young: https://example.org/ and https://b.org/", now())
    page = browser_rows(Browser.signed_in(world).get("/owner/posts").text)
    assert "clearly above<" in page["Quiet 5"]
    assert "example.com" in page["Quiet 5"]
    assert "clearly" not in page["Quiet 4"]
    assert 'class="usual"' in page["Quiet 4"]
    assert 'class="likely"' in page["Quiet 4"]
    assert "example.org +1" in page["Young"]
    assert "day 1 of 7" in page["Young"]
    assert "mark hollow" in page["Young"]
    assert 'class="likely"' not in page["Young"]


def browser_rows(page: str) -> dict[str, str]:
    """Return the rows of the ranking by their titles."""
    rows = re.findall(r"<tr(?: class=\"open\")?>\n<th scope=\"row\">.*?</tr>", page, re.DOTALL)
    return {re.sub(r"<[^>]+>", "", row.split("</a>")[0]).strip(): row for row in rows}


def test_accounts_of_any_size_share_one_scale(world: World) -> None:
    """Together, each is drawn in times of its own usual; without a usual there is no bar."""
    for handle, followers, people in (("@you", 20_000, 30), ("@we", 150, 20)):
        account = world.account(handle)
        counted(world, account, followers, days_ago=300)
        for number in range(10):
            at = now() - timedelta(days=20 + number)
            post = world.post(account, f"{handle} {number} https://example.com/{number}", at)
            world.click(clicks(post, range(people)))
    page = Browser.signed_in(world).get("/owner/posts").text
    rows = browser_rows(page)
    assert "times the account&#39;s usual" in rows["@we 3"]
    assert "1.50" in rows["@you 3"]
    assert "133" in rows["@we 3"]
    assert "All accounts</a>" in page
    assert page.count('<td class="wide">@we</td>') == 10


def test_an_unknown_order_or_place_is_refused(sqlite_world: World) -> None:
    """With one sentence; nothing of it reaches the database."""
    sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    for address, status in {
        "sort=best": 422,
        "sort=%00": 422,
        "sort=rate&after=1~x": 422,
        "after=1~5": 200,
        "after=x": 422,
        "sort=rate&after=77": 404,
    }.items():
        assert browser.get(f"/owner/posts?{address}").status_code == status, address
    with pytest.raises(Invalid, match="a value that posts are sorted by"):
        page_of({}, ORDERS["rate"], After(1, "much"), 5)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Worth your time: a radio https://example.com/radio/5474", "Worth your time: a radio"),
        ("Both https://a.example/x and https://b.example/y", "Both"),
        ("Look: example.com/x (via someone)", "Look: (via someone)"),
        ("See [the book](https://a.example/b_(c)) now", "See the book now"),
        ("<p>New: <a href='https://a.example/'>a book</a></p>", "New: a book"),
        ("https://a.example/", "https://a.example/"),
    ],
)
def test_a_title_is_the_text_without_its_addresses(written: str, said: str) -> None:
    """And without the words that only led to them."""
    assert title(written) == said


def test_lists_are_newest_first_however_things_came_in(world: World) -> None:
    """Links by when they were made, posts by when they were posted: page and API, page by page."""
    several(world, posts=5)
    late = world.post(world.account("@late"), "Old: https://old.org/x", NOON - timedelta(days=99))
    links = list(world.session.scalars(select(Link)))
    by_time = sorted(links, key=lambda link: (link.created_at, link.id), reverse=True)
    assert [link.id for link in by_time] != sorted((link.id for link in links), reverse=True)
    browser, caller = Browser.signed_in(world), Caller(world)
    page = browser.get("/owner/links").text
    assert re.findall(r'<a href="/owner/links/(\w+)"', page) == [link.code for link in by_time]
    for path, wanted in (
        ("/links", [link.id for link in by_time]),
        ("/posts", [link.post_id for link in by_time]),
    ):
        seen: list[int] = []
        following: str | None = ""
        while following is not None:
            answer = caller("GET", f"{path}?limit=4{following}").get_json()
            seen += [row["id"] for row in answer["data"]]
            following = f"&after={answer['next']}" if answer["next"] else None
        assert seen == wanted, path
    assert seen[-1] == late.id
