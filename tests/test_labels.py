"""Links by what is said of them: titles, tags, notes; and finding them again."""

import json

import pytest
from browser import Browser, read
from commands import Run, good, parsed
from doorways import Caller, click_link, problem
from filling import filled
from hypothesis import given
from hypothesis import strategies as st
from world import NOON, World

from linktrack.errors import Invalid
from linktrack.ids import LinkId
from linktrack.links.catalog import add_lone_link, set_disabled
from linktrack.links.labels import (
    MOST_TAG,
    MOST_TAGS,
    describe,
    labels_of,
    set_tags,
    tag_rows,
    tags_in_use,
)
from linktrack.links.models import Link, LinkCard
from linktrack.reports.links.listed import LinkSearch, links_page
from linktrack.reports.links.searching import as_in_addresses, pasted_code


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


def lone(world: World, destination: str, slug: str | None = None) -> Link:
    account = world.account("@JessesLinks") if not world.session.get(Link, 1) else None
    account_id = account.id if account else world.session.get_one(Link, 1).account_id
    return add_lone_link(
        world.session,
        world.shortener,
        account_id=account_id,
        written=destination,
        at=NOON,
        slug=slug,
    )


def found(world: World, search: str = "", tag: str | None = None) -> list[str | None]:
    wanted = LinkSearch(search=search, tag=tag)
    page = links_page(world.session, world.shortener, wanted, None, 50, at=NOON)
    return [facts.link.code for facts in page]


@pytest.mark.parametrize(
    "search",
    [
        "bücher",
        "b%C3%BCcher",
        "xn--bcher-kva",
        "https://bücher.example/neue bücher",
        "neue bücher",
        "Poster",
        "Library",
        "ask for ü",
        "go.jessestay.com/books",
        "https://go.jessestay.com/books+",
        " https://go.jessestay.com/books ",
        "  neue bücher ",
        "books",
    ],
)
def test_a_link_is_found_as_people_write_it(world: World, search: str) -> None:
    """By its address in their own letters, its title, a tag, its note, or its short address."""
    link = lone(world, "https://bücher.example/neue bücher", "books")
    other = lone(world, "https://example.com/", "other")
    describe(world.session, link, NOON, title="Poster", tags=["Library talk"], note="Ask for ünal")
    assert found(world, search) == ["books"]
    assert found(world, "example") == [other.code, link.code]
    assert found(world, "nothing of the kind") == []


def test_the_title_of_its_page_names_a_link_that_has_none(world: World) -> None:
    """As long as it leads to the page that was read; a title of one's own wins."""
    link = lone(world, "https://example.com/a", "a")
    card = LinkCard(link_id=link.id, destination=link.destination, title="Read there")
    world.session.merge(card)
    world.session.flush()
    assert labels_of(world.session, [link.id])[link.id].name == "Read there"
    assert found(world, "read THERE") == ["a"]
    describe(world.session, link, NOON, title="Mine")
    assert labels_of(world.session, [link.id])[link.id].name == "Mine"
    assert found(world, "read there") == []
    describe(world.session, link, NOON, title="")
    world.session.get_one(LinkCard, link.id).destination = "https://example.com/before"
    world.session.flush()
    assert labels_of(world.session, [link.id])[link.id].name is None


def test_a_tag_is_spelled_as_on_other_links(world: World) -> None:
    """So that Talks and talks are one topic; the link's own spelling can be changed alone."""
    one, two = lone(world, "https://a.example", "one"), lone(world, "https://b.example", "two")
    describe(world.session, one, NOON, tags=["Talks", " Talks ", "", "2026"])
    describe(world.session, two, NOON, tags=["talks", "new"])
    assert tags_in_use(world.session) == {"2026": 1, "new": 1, "Talks": 2}
    assert found(world, tag="Talks") == ["two", "one"]
    describe(world.session, two, NOON, tags=[])
    describe(world.session, one, NOON, tags=["talks"])
    assert tags_in_use(world.session) == {"talks": 1}


@pytest.mark.parametrize(
    ("title", "note", "tags", "why"),
    [
        ("", "", ["a,b"], "comma"),
        ("", "", ["x" * 101], "100 characters"),
        ("", "", [str(number) for number in range(51)], "50 tags"),
        ("x" * 1001, "", [], "1,000 characters"),
        ("", "x" * 5001, [], "5,000 characters"),
    ],
)
def test_what_is_too_much_is_refused_in_words(
    sqlite_world: World, title: str, note: str, tags: list[str], why: str
) -> None:
    """It says how much may be."""
    link = lone(sqlite_world, "https://a.example", "one")
    with pytest.raises(Invalid, match=why):
        describe(sqlite_world.session, link, NOON, title=title, note=note, tags=tags)


@given(st.lists(st.text(max_size=120), max_size=60))
def test_any_tags_of_a_program_are_kept_in_their_order(tags: list[str]) -> None:
    """Each once, cut to what fits."""
    kept = [str(row["tag"]) for row in tag_rows(LinkId(1), tags)]
    assert len(kept) == len(set(kept)) <= MOST_TAGS
    assert all(len(tag) <= MOST_TAG for tag in kept)
    assert kept == [row["tag"] for row in tag_rows(LinkId(1), kept)]


@given(st.text(max_size=60))
def test_any_search_has_its_spellings(search: str) -> None:
    """What was written is one of them, and none of it stops the search."""
    assert as_in_addresses(search)[0] == search
    assert pasted_code(search, {("go.example.org", None)}) is None or "go.example" in search.lower()


def test_links_are_sorted_by_clicks_page_by_page(world: World) -> None:
    """Each once, those never clicked last."""
    codes = ["none", "one", "two", "three"]
    links = {code: lone(world, f"https://{code}.example", code) for code in codes}
    world.session.commit()
    click_link(world, "one", 1)
    click_link(world, "two", 1, 2)
    click_link(world, "three", 1, 2)
    wanted, after, seen = LinkSearch(order="clicks"), None, []
    while page := links_page(world.session, world.shortener, wanted, after, 1, at=NOON):
        after = page[-1].link.id
        seen.append(page[-1].link.code)
    assert seen == ["three", "two", "one", "none"]
    set_disabled(world.session, links["one"], True, NOON)
    off = LinkSearch(state="disabled")
    (only,) = links_page(world.session, world.shortener, off, None, 9, at=NOON)
    assert only.link.code == "one"


def test_the_api_makes_describes_and_finds_links(call: Caller, world: World) -> None:
    """One shape for a link everywhere; what is left out stays."""
    world.account("@JessesLinks")
    made = call(
        "POST",
        "/links",
        {
            "account": "@JessesLinks",
            "destination": "https://example.com/poster",
            "slug": "poster",
            "title": "Poster",
            "tags": ["talks", "2026"],
        },
    ).get_json()
    assert (made["title"], made["tags"], made["note"]) == ("Poster", ["talks", "2026"], None)
    changed = call("PATCH", "/links/poster", {"note": "At the library", "tags": ["talks"]})
    assert changed.get_json() | {"note": None} == made | {"tags": ["talks"]}
    assert call("GET", "/links/poster").get_json()["note"] == "At the library"
    for query in ("q=library", "tag=talks", "q=talks&state=redirecting&sort=clicks"):
        (row,) = call("GET", f"/links?{query}").get_json()["data"]
        assert (row["code"], row["title"], row["tags"]) == ("poster", "Poster", ["talks"])
    assert call("GET", "/links?tag=2026").get_json()["data"] == []
    assert problem(call("GET", "/links?sort=best"), 422)
    assert problem(call("GET", "/links?state=tired"), 422)
    assert problem(call("PATCH", "/links/poster", {"tags": ["a,b"]}), 422)


def test_the_page_of_a_link_changes_what_is_said_of_it(sqlite_world: World) -> None:
    """And the list shows it, filters by tag, and finds it."""
    _, posts = filled(sqlite_world)
    code = posts[0].links[0].code
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "title": "The <first> story",
        "tags": "talks, Utah",
        "note": "Two\nlines",
    }
    page_of_it = f"/owner/links/{code}"
    assert browser.send(f"{page_of_it}/label", fields, page_of_it).status_code == 303
    page = browser.get(page_of_it)
    assert "Saved." in read(page)
    assert "The <first> story" in read(page)
    listed = read(browser.get("/owner/links?tag=Utah"))
    assert "The <first> story" in listed
    assert "No link with the tag “none” is here" in read(browser.get("/owner/links?tag=none"))
    assert browser.get("/owner/links?sort=best").status_code == 422
    too_long = browser.send(f"{page_of_it}/label", fields | {"tags": "x" * 101}, page_of_it)
    assert "may have 100 characters" in read(too_long)


def test_the_command_line_makes_lists_and_edits_links(run: Run) -> None:
    """With JSON of the API's shapes."""
    good(run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000"))
    made = parsed(
        run(
            *("link", "add", "@JessesLinks", "https://example.com/poster", "--slug", "poster"),
            *("--title", "Poster", "--tag", "talks", "--tag", "2026", "--json"),
        )
    )
    assert (made["code"], made["title"], made["tags"]) == ("poster", "Poster", ["talks", "2026"])
    assert good(run("link", "add", "@JessesLinks", "https://example.com/b")).startswith("http")
    listed = parsed(run("link", "list", "--tag", "talks", "--json"))
    assert [row["code"] for row in listed] == ["poster"]
    assert "Poster" in good(run("link", "list", "@JessesLinks", "--sort", "clicks"))
    assert "[2026]" in good(run("link", "edit", "poster", "--tag", "2026"))
    assert "no title" in good(run("link", "edit", "poster", "--title", "", "--no-tags"))
    assert run("link", "edit", "poster", "--tag", "a", "--no-tags").exit_code == 2
    shown = good(run("link", "show", "poster"))
    assert "https://example.com/poster" in shown
    assert json.loads(good(run("link", "show", "poster", "--json")))["tags"] == []


def test_programs_and_people_share_tags(world: World) -> None:
    """What a door of another shortener said is found, and cut where it is too long."""
    link = lone(world, "https://a.example", "one")
    set_tags(world.session, link.id, ["Bücher", "Bücher", "x" * 200])
    assert labels_of(world.session, [link.id])[link.id].tags == ("Bücher", "x" * 100)
