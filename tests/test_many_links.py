"""Many links at once: made from a table, changed together, and undone as a whole."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browser import Browser, field, read
from commands import Run, good, parsed
from doorways import Caller, problem
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from statements import Statements
from world import NOON, World

from linktrack.audience.accounts import find_account
from linktrack.audience.utm import set_utm_values
from linktrack.errors import Conflict, Invalid, NotFound, Overtaken
from linktrack.ids import LinkId
from linktrack.links.catalog import change_destination, set_disabled
from linktrack.links.domains.domains import add_domain, set_domain_of
from linktrack.links.labels import describe, tags_by_link
from linktrack.links.many.changing import Plan, Wish, change_many, plan_change
from linktrack.links.many.choosing import links_with_codes
from linktrack.links.many.making import JudgedRow, Made, judge_rows, make_links
from linktrack.links.many.moving import Move
from linktrack.links.many.recording import get_change, list_changes
from linktrack.links.many.rows import MOST_MADE
from linktrack.links.many.undoing import undo_change
from linktrack.links.models import Link, LinkDestination
from linktrack.links.redirects.limiting import LinkLimits, limits_by_link, set_limits
from linktrack.links.redirects.lookup import changed_links, find_target
from linktrack.links.redirects.rules.models import LinkOption
from linktrack.owners.access import create_owner, find_owner
from linktrack.owners.audit import entries
from linktrack.owners.viewers import set_role
from linktrack.portability.demo.removing import remove_demo
from linktrack.portability.links.new_links import read_table, table_text
from linktrack.reports.links.many import new_links_json

TABLE = """\
Address;Slug;Title;Tags;Note;Budget
https://bücher.example/neue bücher;books;"Poster; library";Talks, 2026;Ask for Ünal;12
https://example.com/b;;;talks;;
"""


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


def judged(world: World, text: str, handle: str | None = "@JessesLinks") -> list[JudgedRow]:
    account = None if handle is None else world.account(handle)
    return judge_rows(world.session, world.shortener, read_table(text).rows, account)


def made(world: World, text: str) -> Made:
    found = make_links(world.session, world.shortener, judged(world, text), NOON)
    world.session.commit()
    return found


def codes_of(found: Made) -> list[str]:
    return [each.code for each in found.rows]


def planned(world: World, ids: list[LinkId], wish: Wish) -> Plan:
    return plan_change(world.session, world.shortener, ids, wish, NOON)


def leads_to(world: World, code: str) -> str | None:
    target = find_target(world.database.engine, world.shortener.codes, code)
    return None if target is None else target.location


# Tables


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace("\n", "\r\n"),
        "sep=;\n" + TABLE,
        "\ufeff" + TABLE,
        TABLE.replace("Address", "Long URL").replace("Slug", "custom_slug"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_table_is_read_as_spreadsheets_save_it(tmp_path: Path, text: str, encoding: str) -> None:
    """Semicolons, a mark at the beginning, UTF-16, quotation marks; other columns are named."""
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode(encoding))
    table = read_table(table_text(file))
    first, second = table.rows
    assert first.address == "https://bücher.example/neue bücher"
    assert (first.slug, first.title, first.note) == ("books", "Poster; library", "Ask for Ünal")
    assert first.tags == ("Talks", "2026")
    assert (second.slug, second.title, second.tags) == (None, None, ("talks",))
    assert table.unread == ("Budget",)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/x,y;z\nhttps://b.example\n",
        "\n\nhttps://a.example/x,y;z\n\n  https://b.example  ",
        'url\nhttps://a.example/x,y;z\n"https://b.example"',
        '"https://a.example/x,y;z"\r\nhttps://b.example\r\n',
    ],
)
def test_pasted_lines_are_an_address_each(text: str) -> None:
    """Whatever stands in them: commas and semicolons are parts of addresses."""
    rows = read_table(text).rows
    assert [row.address for row in rows] == ["https://a.example/x,y;z", "https://b.example"]
    assert text.splitlines()[rows[1].number - 1].strip(' "') == "https://b.example"


def test_the_last_line_may_lack_its_end_and_its_last_cells() -> None:
    """As people paste it."""
    (row,) = read_table("address,slug,title\nhttps://a.example,one").rows
    assert (row.address, row.slug, row.title, row.unreadable) == (
        "https://a.example",
        "one",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no rows"),
        ("address,slug\n", "only names of columns"),
        ("Name,Budget\nx,1", "columns may be address, slug"),
        ("https://a.example\n" * (MOST_MADE + 1), "At most 1,000"),
    ],
)
def test_what_is_no_table_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read_table(text)


@given(st.text(max_size=200))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    """And each row is one that can be judged."""
    try:
        rows = read_table(text).rows
    except Invalid:
        return
    assert all(row.address or row.unreadable or row.number for row in rows)


# Making


def test_links_are_made_of_all_rows_or_none(world: World) -> None:
    """Each as if it was made alone; one wrong row stops all, and says why."""
    found = made(world, TABLE)
    assert codes_of(found)[0] == "books"
    assert leads_to(world, "books") == "https://xn--bcher-kva.example/neue%20b%C3%BCcher"
    assert leads_to(world, codes_of(found)[1]) == "https://example.com/b"
    first = world.session.get_one(Link, found.link_ids[0])
    assert [step.destination for step in first.history] == [first.destination]
    tags = tags_by_link(world.session, list(found.link_ids))
    assert list(tags.values()) == [["Talks", "2026"], ["Talks"]]
    world.session.rollback()

    rows = judge_rows(
        world.session,
        world.shortener,
        read_table(
            "address,slug,account,title\n"
            "https://a.example,books,@JessesLinks,\n"
            "javascript:alert(1),two words,@JessesLinks,\n"
            f"https://go.jessestay.com/books,,@nobody,{'x' * 1001}\n"
            "https://b.example,twice,x:@jesseslinks,\n"
            "https://c.example,twice,@JESSESLINKS,\n"
            "https://d.example,,,\n"
        ).rows,
        None,
    )
    said = [" ".join(each.problems) for each in rows]
    for sentence, expected in zip(
        said,
        [
            "'books' is taken",
            "not the address of a web page",
            "another short link",
            "",
            "An earlier row",
            "Choose the account",
        ],
        strict=True,
    ):
        assert expected in sentence
    assert "cannot be a short code" in said[1]
    assert "There is no account '@nobody'" in said[2]
    assert "1,000 characters" in said[2]
    with pytest.raises(Invalid, match=r"Row 2: .*taken.*4 more are wrong.*Nothing was made"):
        make_links(world.session, world.shortener, rows, NOON)
    world.session.rollback()
    assert world.session.scalar(select(func.count()).select_from(Link)) == 2


def test_a_thousand_rows_take_few_statements(sqlite_world: World, statements: Statements) -> None:
    """However many rows, not a query for each; and one line of the audit list."""
    world = sqlite_world
    account = world.account()
    lines = "\n".join(f"https://example.com/{n},slug{n},a|b{n % 7},t{n}" for n in range(MOST_MADE))
    text = f"address,slug,tags,title\n{lines}"
    with statements(world.database.engine) as asked:
        rows = judge_rows(world.session, world.shortener, read_table(text).rows, account)
        found = make_links(world.session, world.shortener, rows, NOON)
        world.session.commit()
        plan = planned(world, list(found.link_ids), Wish(add_tags=["c"], disabled=True))
        change = change_many(world.session, plan, NOON)
        world.session.commit()
        undo_change(world.session, world.shortener, change, NOON)
        world.session.commit()

    assert len(asked) < 150
    told = [entry.what for entry in entries(world.session, None, 10)]
    assert told[:3] == [
        "Undid for 1,000 links: Changed 1,000 links: tagged c; disabled.",
        "Changed 1,000 links: tagged c; disabled.",
        "Made 1,000 links from a table.",
    ]


def test_a_row_leads_with_the_accounts_utm_values(world: World) -> None:
    """As a link made alone does: filled in with its own code and tag, in its history too."""
    account = world.account()
    set_utm_values(world.session, account, {"utm_source": "{network}", "utm_content": "{slug}"})
    world.session.commit()
    rows = read_table("url,slug,account\nhttps://a.example/,one,@JessesLinks").rows
    judged = judge_rows(world.session, world.shortener, rows, None)
    (link_id,) = make_links(world.session, world.shortener, judged, NOON).link_ids
    world.session.commit()
    link = world.session.get_one(Link, link_id)
    assert link.destination == "https://a.example/?utm_source=x&utm_content=one"
    assert [step.destination for step in link.history] == [link.destination]


def test_a_row_is_on_the_domain_of_its_account(world: World) -> None:
    """Where codes of other domains are free; it is found by its host and code."""
    made(world, "url,slug\nhttps://a.example,same")
    other = world.account("@other", "other", None)
    domain = add_domain(world.session, world.shortener.base_url, "https://two.example", NOON)
    set_domain_of(world.session, other, domain, NOON)
    world.session.commit()
    rows = read_table("url,slug,account\nhttps://b.example,same,@other").rows
    judged = judge_rows(world.session, world.shortener, rows, None)
    found = make_links(world.session, world.shortener, judged, NOON)
    world.session.commit()
    (row,) = new_links_json(world.shortener, judged, found)["rows"]
    assert (row["short_url"], row["problems"]) == ("https://two.example/same", [])
    named = [
        "same",
        "two.example/same",
        "https://go.jessestay.com/same",
        "https://two.example/same/",
    ]
    numbers = links_with_codes(world.session, world.shortener, named)
    assert numbers == [1, *found.link_ids, 1, *found.link_ids]
    assert links_with_codes(world.session, world.shortener, ["same@two.example"]) == found.link_ids
    world.session.rollback()
    text = "url,slug,account,domain\nhttps://c.example,new,@JessesLinks,two.example\n"
    rows = read_table(f"{text}https://c.example,new,@other,no.example").rows
    there, nowhere = judge_rows(world.session, world.shortener, rows, None)
    assert (there.domain, there.problems) == (domain, [])
    assert "There is no domain 'no.example'" in nowhere.problems[0]


def test_a_row_may_say_when_its_link_ends(world: World) -> None:
    """As a limit that is set alone; a date is its first moment in the owner's zone."""
    found = made(
        world,
        "url,slug,expires\nhttps://a.example,past,2026-05-04\n"
        "https://a.example,none,\nhttps://a.example,later,2999-01-01 12:00",
    )
    limits = limits_by_link(world.session, found.link_ids)
    ends = [limits[link_id].expires_at for link_id in found.link_ids]
    assert ends == [NOON.replace(hour=0), None, datetime(2999, 1, 1, 12, tzinfo=UTC)]
    plans = [world.session.get_one(Link, link_id).has_plan for link_id in found.link_ids]
    assert plans == [True, False, True]
    rows = read_table("url,expires,account\nhttps://b.example,soon,@JessesLinks").rows
    (judged,) = judge_rows(world.session, world.shortener, rows, None)
    assert judged.problems[0].startswith("'soon' isn't a date or time")


# Changing


def test_tags_are_added_and_removed_on_many_links(world: World) -> None:
    """Spelt as elsewhere; the others keep their tags, and links that are so already aren't told."""
    ids = list(made(world, "url,tags\nhttps://a.example,Talks|x\nhttps://b.example,").link_ids)
    plan = planned(world, ids, Wish(add_tags=["talks", "new"], remove_tags=["X"]))
    assert [step.after.tags for step in plan.steps] == [("Talks", "new"), ("Talks", "new")]
    change_many(world.session, plan, NOON)
    world.session.commit()
    assert list(tags_by_link(world.session, ids).values()) == [["Talks", "new"]] * 2
    again = planned(world, ids, Wish(add_tags=["TALKS"]))
    assert (again.steps, again.same) == ([], 2)
    with pytest.raises(Invalid, match="None of these links would change"):
        change_many(world.session, again, NOON)


def test_links_are_disabled_and_enabled_together(world: World) -> None:
    """Every worker follows: each has the number of the change."""
    found = made(world, "https://a.example\nhttps://b.example")
    before = changed_links(world.database.engine, None).number
    change_many(world.session, planned(world, list(found.link_ids), Wish(disabled=True)), NOON)
    world.session.commit()
    assert [leads_to(world, code) for code in codes_of(found)] == [None, None]
    assert set(changed_links(world.database.engine, before).links) >= set(found.link_ids)
    link = world.session.get_one(Link, found.link_ids[0])
    link.destination = "ftp://files.example/a"  # as an import may have brought it
    world.session.flush()
    plan = planned(world, list(found.link_ids), Wish(disabled=False))
    assert [step.link.code for step in plan.steps] == [codes_of(found)[1]]
    (refused,) = plan.refused
    assert refused.link is link
    assert "not the address of a web page" in refused.problem


@pytest.mark.parametrize(
    ("old", "new", "address", "moved"),
    [
        ("old.example", "new.example", "http://OLD.example:80/a?b#c", "http://new.example/a?b#c"),
        ("old.example", "https://new.example:8443", "http://old.example/a", "https://new.example:8443/a"),
        ("bücher.example", "buch.example", "https://xn--bcher-kva.example/", "https://buch.example/"),
        ("old.example", "new.example", "https://www.old.example/", None),
        ("old.example", "new.example", "https://old.example.evil.example/", None),
        ("old.example", "new.example", "https://other.example/?u=https://old.example", None),
        ("old.example", "new.example", "https://old.example:8443/", None),
        ("https://old.example", "https://new.example/blog", "https://old.example/a", "https://new.example/blog/a"),
        ("https://old.example/", "https://new.example/blog/", "https://old.example/a", "https://new.example/blog/a"),
        ("https://old.example/blog", "https://new.example", "https://old.example/blog/1", "https://new.example/1"),
        ("https://old.example/blog", "https://new.example/n", "https://old.example/blog?p=1", "https://new.example/n?p=1"),
        ("https://old.example/blog", "https://new.example", "https://old.example/blogger", None),
        ("https://old.example/p-", "https://new.example/q-", "https://old.example/p-1", "https://new.example/q-1"),
        ("https://old.example", "https://new.example", "http://old.example/a", None),
    ],
)  # fmt: skip
def test_a_site_that_moved_is_replaced_in_destinations(
    old: str, new: str, address: str, moved: str | None
) -> None:
    """A host, or how an address begins, whole parts of it only; the rest stays."""
    assert Move.parse(old, new).moved(address) == moved


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "new.example"),
        ("old.example/blog", "new.example"),
        ("old.example", "new.example/blog"),
        ("https://old.example", "new.example"),
        ("ftp://old.example", "https://new.example"),
        ("old.example", "javascript:alert(1)"),
    ],
)
def test_a_move_that_cannot_be_is_refused(old: str, new: str) -> None:
    with pytest.raises(Invalid):
        Move.parse(old, new)


@given(
    st.sampled_from(["a.example", "b.example:81", "https://a.example", "https://a.example/x"]),
    st.sampled_from(["", "/", "/x", "/x/y?z=1#w", "/xy", "?x", "/x%C3%BC"]),
)
def test_moving_there_and_back_changes_nothing(place: str, rest: str) -> None:
    """Whatever was moved is again where it was."""
    whole = place if "://" in place else f"https://{place}"
    there = place.replace("a.example", "c.example").replace("b.example", "d.example")
    moved = Move.parse(place, there).moved(f"{whole}{rest}")
    if moved is not None:
        assert Move.parse(there, place).moved(moved) == f"{whole}{rest}"


def test_destinations_change_with_their_history(world: World) -> None:
    """Those elsewhere stay; none may lead back here; what was agreed to is what is done."""
    found = made(world, "https://old.example/a\nhttps://other.example/b")
    ids = list(found.link_ids)
    plan = planned(world, ids, Wish(replace=("old.example", "new.example")))
    seen = plan.version
    assert [step.after.destination for step in plan.steps] == ["https://new.example/a"]
    change_many(world.session, plan, NOON, seen=seen)
    world.session.commit()
    assert leads_to(world, codes_of(found)[0]) == "https://new.example/a"
    query = select(LinkDestination.destination).where(LinkDestination.link_id == ids[0])
    assert world.session.scalars(query.order_by(LinkDestination.id)).all() == [
        "https://old.example/a",
        "https://new.example/a",
    ]
    back = planned(world, ids, Wish(replace=("new.example", "go.jessestay.com")))
    assert (back.steps, len(back.refused)) == ([], 1)
    with pytest.raises(Invalid, match="another short link"):
        planned(world, ids, Wish(destination="https://go.jessestay.com/x"))
    one = planned(world, ids, Wish(destination="https://one.example/"))
    assert len(one.steps) == 2
    link = world.session.get_one(Link, ids[1])
    change_destination(world.session, world.shortener, link, "https://else.example", NOON)
    with pytest.raises(Overtaken):
        again = planned(world, ids, Wish(destination="https://one.example/"))
        change_many(world.session, again, NOON, seen=one.version)


def test_what_a_replaced_site_is_still_led_to_by_is_named(world: World) -> None:
    """By rules, and after a link's end: that is changed on the link's own page."""
    found = made(world, "https://old.example/a\nhttps://other.example/b\nhttps://other.example/c")
    first, second, third = (world.session.get_one(Link, each) for each in found.link_ids)
    ends = LinkLimits(expires_at=datetime(2999, 1, 1, tzinfo=UTC), ended_to="https://old.example")
    set_limits(world.session, world.shortener, first, ends, NOON)
    option = {"position": 0, "percent": 100, "created_at": NOON}
    for link, site in ((second, "old"), (third, "else")):
        address = f"https://{site}.example/"
        world.session.add(LinkOption(link_id=link.id, destination=address, **option))
    world.session.flush()
    plan = planned(world, list(found.link_ids), Wish(replace=("old.example", "new.example")))
    assert [step.link for step in plan.steps] == [first]
    assert plan.besides == [first, second]


# Undoing


def test_a_change_is_undone_once_as_a_whole(world: World) -> None:
    """Links changed since are left alone, and named; the others are what they were."""
    found = made(
        world, "url,tags\nhttps://a.example/1,x|y\nhttps://a.example/2,\nhttps://a.example/3,"
    )
    ids = list(found.link_ids)
    links = [world.session.get_one(Link, link_id) for link_id in ids]
    set_disabled(world.session, links[1], True, NOON)
    world.session.commit()
    wish = Wish(
        add_tags=["z"], remove_tags=["x"], replace=("a.example", "b.example"), disabled=True
    )
    change = change_many(world.session, planned(world, ids, wish), NOON)
    world.session.commit()
    set_disabled(world.session, links[2], False, NOON)
    describe(world.session, links[0], NOON, title="A title is no matter")
    world.session.commit()
    undone = undo_change(world.session, world.shortener, change, NOON)
    world.session.commit()
    assert (undone.restored, [link.code for link in undone.left]) == (2, [codes_of(found)[2]])
    assert leads_to(world, codes_of(found)[0]) == "https://a.example/1"
    assert links[1].disabled_at == NOON
    assert links[1].destination == "https://a.example/2"
    assert leads_to(world, codes_of(found)[2]) == "https://b.example/3"
    tags = tags_by_link(world.session, ids)
    assert [tags[link_id] for link_id in ids] == [["x", "y"], [], ["z"]]
    world.session.rollback()
    with pytest.raises(Conflict, match="undone already"):
        undo_change(world.session, world.shortener, change, NOON)
    listed = list_changes(world.session)
    assert [(each.id, links) for each, links in listed] == [(change.id, 3), (found.change.id, 3)]
    with pytest.raises(NotFound):
        get_change(world.session, 99)


def test_undoing_a_table_disables_its_links_and_frees_their_codes(world: World) -> None:
    """So that the corrected table can be sent again; a link changed meanwhile stays."""
    found = made(
        world, "url,slug\nhttps://a.example,one\nhttps://b.example,two\nhttps://c.example,"
    )
    third = world.session.get_one(Link, found.link_ids[2])
    describe(world.session, third, NOON, tags=["kept"])
    world.session.commit()
    undone = undo_change(world.session, world.shortener, found.change, NOON)
    world.session.commit()
    assert (undone.restored, undone.left) == (2, [third])
    assert leads_to(world, "one") is None
    assert leads_to(world, codes_of(found)[2]) == "https://c.example"
    first = world.session.get_one(Link, found.link_ids[0])
    assert first.disabled_at == NOON
    assert first.code not in (None, "one")
    account = world.session.scalar(select(Link.account_id).limit(1))
    assert account is not None
    rows = read_table("url,slug,account\nhttps://d.example,one,@JessesLinks").rows
    make_links(
        world.session,
        world.shortener,
        judge_rows(world.session, world.shortener, rows, None),
        NOON,
    )
    world.session.commit()
    assert leads_to(world, "one") == "https://d.example"


def test_undoing_makes_a_link_what_it_was(sqlite_world: World) -> None:
    """Whatever it was, and whatever was wished."""
    world, session = sqlite_world, sqlite_world.session
    made(world, "https://a.example")
    link = session.get_one(Link, 1)
    some = st.lists(st.sampled_from(["x", "y", "z"]), max_size=3, unique=True)
    other = st.lists(st.sampled_from(["v", "u"]), max_size=2, unique=True)

    @given(some, st.booleans(), some, other, st.none() | st.booleans())
    @settings(max_examples=40)
    def check(
        tags: list[str], off: bool, removed: list[str], added: list[str], disabled: bool | None
    ) -> None:
        describe(session, link, NOON, tags=tags)
        set_disabled(session, link, off, NOON)
        session.commit()
        wish = Wish(add_tags=tuple(added), remove_tags=tuple(removed), disabled=disabled)
        assume(wish != Wish())
        plan = planned(world, [link.id], wish)
        if plan.steps:
            change = change_many(session, plan, NOON)
            session.commit()
            undo_change(session, world.shortener, change, NOON)
            session.commit()
        assert tags_by_link(session, [link.id])[link.id] == tags
        assert (link.disabled_at is not None) == off

    check()


# Doors


def test_the_api_makes_changes_and_undoes_many(call: Caller, world: World) -> None:
    """A preview makes nothing; what a row names wins over what all have."""
    world.account("@JessesLinks")
    rows: list[dict[str, object]] = [
        {"destination": "https://old.example/a", "slug": "a", "tags": ["talks"], "title": "A"},
        {"destination": "https://old.example/b", "account": "x:@jesseslinks"},
    ]
    seen = call("POST", "/links/bulk", {"links": rows, "preview": True, "account": "@JessesLinks"})
    assert seen.status_code == 200
    assert (seen.get_json()["change"], seen.get_json()["wrong"]) == (None, 0)
    assert call("GET", "/links").get_json()["data"] == []
    alone = call("POST", "/links/bulk", {"links": rows, "preview": True}).get_json()
    assert [row["problems"] for row in alone["rows"]] == [
        ["Choose the account that the link is for."],
        [],
    ]
    assert "Row 1" in problem(call("POST", "/links/bulk", {"links": rows}), 422)
    answer = call("POST", "/links/bulk", {"links": rows, "account": "@JessesLinks"})
    assert answer.status_code == 201
    first, second = answer.get_json()["rows"]
    assert first == {
        "row": 1,
        "code": "a",
        "short_url": "https://go.jessestay.com/a",
        "destination": "https://old.example/a",
        "title": "A",
        "tags": ["talks"],
        "note": None,
        "account": "@JessesLinks",
        "domain": None,
        "expires_at": None,
        "problems": [],
    }
    many = {"links": [rows[1]] * 1001}
    assert "At most 1,000" in problem(call("POST", "/links/bulk", many), 422)

    wish = {"found": {"q": "old.example"}, "replace": {"old": "old.example", "new": "new.example"}}
    seen = call("POST", "/links/bulk/changes", {**wish, "preview": True}).get_json()
    assert (seen["change"], seen["changed"], seen["same"], seen["refused"]) == (None, 2, 0, [])
    assert [step["after"]["destination"] for step in seen["links"]] == [
        "https://new.example/a",
        "https://new.example/b",
    ]
    done = call("POST", "/links/bulk/changes", wish).get_json()
    assert call("GET", "/links/a").get_json()["destination"] == "https://new.example/a"
    few = {"codes": ["a", second["code"]], "add_tags": ["talks"], "disabled": True}
    assert call("POST", "/links/bulk/changes", few).get_json()["changed"] == 2
    listed = call("GET", "/links/bulk/changes").get_json()["data"]
    assert [(each["links"], each["by"]) for each in listed] == [(2, "token all")] * 3
    path = f"/links/bulk/changes/{done['change']}/undo"
    assert call("POST", path).get_json() == {"restored": 0, "left": ["a", second["code"]]}
    assert "undone already" in problem(call("POST", path), 409)
    newest = f"/links/bulk/changes/{listed[0]['id']}/undo"
    assert call("POST", newest).get_json() == {"restored": 2, "left": []}
    for wrong in (
        {"codes": ["a"]},
        {"disabled": True},
        {"codes": ["a"], "found": {}, "disabled": True},
        {"codes": ["a"], "found": {"colour": "red"}, "disabled": True},
        {"codes": ["a"], "add_tags": ["a,b"]},
        {"codes": ["a"], "add_tags": ["t"], "remove_tags": ["T"]},
    ):
        assert problem(call("POST", "/links/bulk/changes", wrong), 422), wrong
    assert problem(call("POST", "/links/bulk/changes", {"codes": ["none"], "disabled": True}), 404)


def test_a_token_of_one_account_reaches_nothing_of_another(world: World) -> None:
    """By codes, by a search, by undoing; and a code that is taken there is taken."""
    theirs = made(world, "url,slug\nhttps://a.example,taken")
    account = world.account("@other", "other", None)
    call = Caller(world, "other", account.id)
    wish = {"codes": ["taken"], "disabled": True}
    assert problem(call("POST", "/links/bulk/changes", wish), 404)
    everything = {"found": {}, "disabled": True, "preview": True}
    assert call("POST", "/links/bulk/changes", everything).get_json()["changed"] == 0
    assert problem(call("POST", f"/links/bulk/changes/{theirs.change.id}/undo"), 403)
    assert call("GET", "/links/bulk/changes").get_json()["data"] == []
    rows = [{"destination": "https://b.example", "slug": "taken", "account": "@JessesLinks"}]
    body = {"links": rows, "account": "@other", "preview": True}
    (row,) = call("POST", "/links/bulk", body).get_json()["rows"]
    assert row["problems"][0].startswith("There is no account")
    assert row["problems"][1] == "The short code 'taken' is taken: choose another."


def test_the_command_line_makes_edits_and_undoes_many(run: Run, tmp_path: Path) -> None:
    """A table in, the same with short links out; what would change is shown and asked."""
    good(run("account", "add", "@JessesLinks", "--network", "x"))
    file = tmp_path / "table.csv"
    file.write_bytes(TABLE.encode("utf-16"))
    seen = good(run("link", "add", "@JessesLinks", "--file", str(file), "--preview"))
    assert "books" in seen
    assert parsed(run("link", "list", "--json")) == []
    done = run("link", "add", "@JessesLinks", "--file", str(file))
    table = good(done).splitlines()
    assert (
        table[0]
        == "row,code,short_url,destination,title,tags,note,account,domain,expires_at,problems"
    )
    assert "https://go.jessestay.com/books" in table[1]
    assert "Budget" in done.stderr
    again = run("link", "add", "@JessesLinks", "--file", str(file))
    assert again.exit_code == 1
    assert "Row 2: The short code 'books' is taken" in again.stderr
    lines = run(
        "link",
        "add",
        "@JessesLinks",
        "--file",
        "-",
        "--format",
        "ndjson",
        text="https://c.example\n",
    )
    assert json.loads(good(lines))["destination"] == "https://c.example"
    assert run("link", "add", "@JessesLinks").exit_code == 2
    assert run("link", "add", "@JessesLinks", "https://d.example", "--file", "-").exit_code == 2

    refused = run("link", "edit", "--tagged", "Talks", "--add-tag", "2026", text="n\n")
    assert refused.exit_code == 1
    assert "Change 1 link?" in refused.stderr
    shown = good(run("link", "edit", "--search", "example", "--disable", "--preview"))
    assert shown == ""
    move = ("--replace", "example.com", "example.org", "--yes")
    assert "1 changed; 2 are so already." in good(
        run("link", "edit", "--state", "redirecting", *move)
    )
    told = parsed(run("link", "edit", "books", "--disable", "--yes", "--json"))
    assert (told["changed"], told["links"][0]["after"]["disabled"]) == (1, True)
    changes = parsed(run("link", "changes", "--json"))
    assert [change["links"] for change in changes] == [1, 1, 1, 2]
    assert changes[0]["by"] == "command line"
    assert "1 link as before" in good(run("link", "undo", str(told["change"])))
    assert run("link", "undo", str(told["change"])).exit_code == 1
    for wrong in (
        ("books", "--title", "A", "--disable"),
        ("--title", "A", "--search", "x"),
        ("--add-tag", "x"),
        ("books", "--preview"),
        ("books", "--search", "x", "--disable"),
    ):
        assert run("link", "edit", *wrong).exit_code == 2, wrong


# Pages


def test_a_table_is_judged_corrected_and_made_on_the_page(sqlite_world: World) -> None:
    """Row by row what is wrong; then all become links, to copy and to download."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    form = "/owner/links/many/new"
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "table": "address,slug,title\nhttps://a.example,one,First <one>\nftp://b.example,,\n",
    }
    judged = read(browser.send(form, fields))
    assert "1 of 2 rows is wrong" in judged
    assert "“ftp://b.example” is not the address of a web page" in judged
    assert "Make 2 links" not in judged
    refused = browser.send("/owner/links/many/made", fields, form)
    assert refused.status_code == 422
    assert "Row 3: “ftp://b.example”" in read(refused)
    fields["table"] = str(fields["table"]).replace("ftp://", "https://")
    assert "Make 2 links" in read(browser.send(form, fields))
    assert sqlite_world.session.scalar(select(func.count()).select_from(Link)) == 0
    sqlite_world.session.rollback()
    done = browser.send("/owner/links/many/made", fields, form)
    assert done.status_code == 303
    page = browser.get(done.location)
    assert "2 links were made" in read(page)
    assert "https://go.jessestay.com/one\nhttps://go.jessestay.com/" in page.text
    table = browser.get(f"{done.location}?format=csv")
    assert table.text.startswith(
        "code,short_url,destination,title,tags,note,account,domain,disabled\r\n"
    )
    assert "one,https://go.jessestay.com/one,https://a.example,First <one>," in table.text
    undone = browser.send(f"{done.location}/undo", {}, done.location)
    assert undone.status_code == 303
    assert "Undone: 2 links restored." in read(browser.get(done.location))
    assert "Made 2 links from a table" in read(browser.get("/owner/links/many/changes"))


def test_a_file_is_read_as_a_spreadsheet_saved_it(sqlite_world: World) -> None:
    """And is put where it can be corrected."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    file = (io.BytesIO(TABLE.encode("utf-16")), "links.csv")
    fields = {"account": str(account.id), "table": "", "file": file}
    answer = browser.send("/owner/links/many/new", fields)  # type: ignore[arg-type]
    assert "2 links to make" in read(answer)
    assert "Columns that aren't read: Budget" in read(answer)
    assert "https://bücher.example/neue bücher;books" in answer.text
    file = (io.BytesIO(b"PK\x03\x04"), "links.xlsx")
    answer = browser.send("/owner/links/many/new", {**fields, "file": file})  # type: ignore[dict-item]
    assert answer.status_code == 422
    assert "save its table as CSV" in read(answer)


def test_ticked_links_and_all_found_are_changed_after_a_preview(sqlite_world: World) -> None:
    """The preview is what is done: if a link changes meanwhile, nothing is."""
    found = made(sqlite_world, "https://old.example/a\nhttps://old.example/b\nhttps://c.example")
    browser = Browser.signed_in(sqlite_world)
    assert 'form="choose"' in browser.get("/owner/links").text
    page = "/owner/links/many/change"
    assert "No links are chosen" in read(browser.get(page))
    assert "1 chosen link" in read(browser.get(f"{page}?link={found.link_ids[0]}"))
    address = f"{page}?all=yes&q=old.example&old=old.example&new=new.example&add_tags=moved"
    seen = browser.get(address)
    assert "2 links would change" in read(seen)
    assert "https://new.example/a" in seen.text
    fields: dict[str, str | list[str]] = {
        name: field(seen.text, page, name) for name in ("links", "seen", "old", "new", "add_tags")
    }
    link = sqlite_world.session.get_one(Link, found.link_ids[1])
    set_disabled(sqlite_world.session, link, True, NOON)
    sqlite_world.session.commit()
    refused = browser.send(page, fields, address)
    assert refused.status_code == 422
    assert "changed since you looked" in read(refused)
    fields["seen"] = field(refused.text, page, "seen")
    done = browser.send(page, fields, address)
    assert done.status_code == 303
    assert "Changed 2 links: tagged moved; replaced old.example by new.example." in read(
        browser.get(done.location)
    )
    assert "moved" in read(browser.get("/owner/links?tag=moved"))
    for query in (
        "link=x",
        "all=yes&old=a",
        "link=1&redirects=perhaps",
        "link=1&add_tags=a&remove_tags=A",
    ):
        answer = browser.get(f"{page}?{query}")
        assert answer.status_code == 200
        assert 'role="alert"' in answer.text, query


def test_viewers_neither_make_nor_change_nor_undo_many(sqlite_world: World) -> None:
    """They aren't offered it, either."""
    found = made(sqlite_world, "https://a.example")
    browser = Browser.signed_in(sqlite_world, "Jo")
    create_owner(sqlite_world.session, "Jesse", NOON)
    set_role(sqlite_world.session, find_owner(sqlite_world.session, "Jo"), "viewer", NOON)
    sqlite_world.session.commit()
    listed = browser.get("/owner/links").text
    assert "many" not in listed
    assert 'form="choose"' not in listed
    for path in ("new", "change", "changes", f"changes/{found.change.id}"):
        assert browser.get(f"/owner/links/many/{path}").status_code == 403


def test_a_removed_demonstration_takes_its_changes_along(world: World) -> None:
    """Those of its account alone; no link is left without what it belongs to."""
    found = made(world, "https://a.example\nhttps://b.example")
    change_many(world.session, planned(world, list(found.link_ids), Wish(disabled=True)), NOON)
    other = world.account("@other", "other", None)
    rows = judge_rows(world.session, world.shortener, read_table("https://c.example").rows, other)
    kept = make_links(world.session, world.shortener, rows, NOON)
    find_account(world.session, "@JessesLinks").simulated = True
    world.session.commit()
    remove_demo(world.database)
    world.session.rollback()
    assert [(each.id, links) for each, links in list_changes(world.session)] == [
        (kept.change.id, 1)
    ]
