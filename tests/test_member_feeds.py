"""Members' feeds: what is in them, whose links they have, and how they are read."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import fastfeedparser
import feedparser
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from members import Club, add_member, club
from sqlalchemy import delete, select
from statements import Statements
from world import NOON, World

from linktrack.audience.models import Consent, Follower
from linktrack.community.feed.bringing_in import bring_in, keep_ranks, set_note, take_out
from linktrack.community.feed.formats import Addresses, atom, json_feed
from linktrack.community.feed.reading import FeedItem, MemberFeed
from linktrack.community.feed.texts import PostText, paragraphs
from linktrack.community.feed_addresses import member_token, renew_addresses
from linktrack.community.models import Community, FeedEntry
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.links.codes import Bearer
from linktrack.links.formats.guess import FORMATS
from linktrack.links.models import Post, SeenPost, UnwrappedPost, Version

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTS = Addresses(*(f"https://go.example/feed/1-0-ab{end}" for end in ("", ".json", ".html")))


@pytest.fixture
def we(database_url: str, tmp_path: Path) -> Iterator[Club]:
    """A community whose installation has personal links."""
    with World.at(tmp_path / "data", database_url, LINKTRACK_PERSONAL_LINKS="on") as world:
        yield club(world)


def code_of(we: Club, entry: FeedEntry, *, personal: bool) -> str:
    """Return the code of an entry's first link, as Ada has it or for all members."""
    session = we.world.session
    post = session.get_one(Post, entry.post_id)
    follower = session.scalars(select(Follower).where(Follower.account_id == post.account_id)).one()
    assert entry.segment_id is not None
    bearer = Bearer(post.links[0].id, entry.segment_id, follower.id if personal else None)
    return we.world.shortener.codes.compute(bearer)


def test_two_parsers_read_the_same_feed(we: Club) -> None:
    """As Atom and as JSON Feed: titles, texts, authors, times, and links that are Ada's own."""
    first = we.bring("Read <this> & http://one.com/\n\nIt is “good”.", note="My favourite")
    second = we.bring("http://two.com/", at=NOON + timedelta(hours=1))
    with we.pages() as pages:
        answers = {end: pages.get(f"/feed/{we.token()}{end}") for end in ("", ".json")}
        page = pages.get(f"/feed/{we.token()}.html")
    assert [each.status_code for each in (*answers.values(), page)] == [200] * 3
    own = [code_of(we, entry, personal=True) for entry in (second, first)]
    strict = feedparser.parse(answers[""].data)
    assert not strict.bozo, strict.get("bozo_exception")
    assert strict.version == "atom10"
    assert strict.feed.title == "@we@example.social: the best, for the community"
    other = [fastfeedparser.parse(each.data) for each in answers.values()]
    for found in (strict, *other):
        assert len(found.entries) == 2
        for entry, code in zip(found.entries, own, strict=True):
            content = entry.content[0]["value"]
            assert f'href="https://go.jessestay.com/{code}"' in content
            assert entry["author"] == "@links@example.social"
        assert "Read &lt;this&gt; &amp; " in found.entries[1].content[0]["value"]
        assert "My favourite" in found.entries[1].content[0]["value"]
        assert found.entries[1].title.startswith("Read <this> &")
    ids = [[entry.id for entry in found.entries] for found in (strict, *other)]
    assert ids[0] == ids[1] == ids[2]
    assert [each.link for each in (strict.feed,)] == [
        f"https://go.jessestay.com/feed/{we.token()}.html"
    ]
    assert all(f"https://go.jessestay.com/{code}" in page.text for code in own)


def test_an_atom_document_has_what_rfc_4287_asks_for(we: Club) -> None:
    """Each element once, in its namespace, with times in its form; ids are tag URIs."""
    we.bring("See http://one.com/")
    with we.pages() as pages:
        answer = pages.get(f"/feed/{we.token()}")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    root = ET.fromstring(answer.data)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert len(element.findall(f"{ATOM}author/{ATOM}name")) == 1
        assert (element.findtext(f"{ATOM}id") or "").startswith("tag:go.jessestay.com,")
        datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "")
    links = {
        (each.get("rel"), each.get("type")): each.get("href")
        for each in root.findall(f"{ATOM}link")
    }
    assert links["self", "application/atom+xml"] == f"https://go.jessestay.com/feed/{we.token()}"
    assert links["alternate", "text/html"] == f"https://go.jessestay.com/feed/{we.token()}.html"


def test_links_are_a_member_s_own_only_where_they_agreed_and_are_known(we: Club) -> None:
    """Else they are those of the version: without consent, on another network, with GPC."""
    entry = we.bring("See http://one.com/")
    own, version = (code_of(we, entry, personal=each) for each in (True, False))
    session = we.world.session
    mail = add_member(session, we.community, "@mail", network_id="https://other.social/@mail")
    quiet = add_member(session, we.community, "@quiet", network_id="q", agrees_links=False)
    session.commit()
    with we.pages() as pages:

        def has(code: str, token: str, **headers: str) -> bool:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            found = {
                f"/{code}" in pages.get(f"/feed/{token}{end}", headers=sent).text
                for end in ("", ".json", ".html")
            }
            assert len(found) == 1
            return found.pop()

        assert has(own, we.token())
        assert not has(version, we.token())
        for headers in ({"Sec_GPC": "1"}, {"DNT": "1"}):
            assert has(version, we.token(), **headers)
            assert not has(own, we.token(), **headers)
        for other in (mail, quiet):
            assert has(version, we.token(other))
        follower = session.scalars(select(Follower).where(Follower.account_id == we.links.id)).one()
        session.delete(session.get_one(Consent, follower.id))
        session.commit()
        assert has(version, we.token())
        assert not has(own, we.token())


def test_without_the_setting_no_link_is_personal(world: World) -> None:
    """Personal links are off until the owner turns them on."""
    we = club(world)
    entry = we.bring("See http://one.com/")
    with we.pages() as pages:
        assert code_of(we, entry, personal=False) in pages.get(f"/feed/{we.token()}").text


def test_a_version_reaches_as_many_as_there_are_members(we: Club) -> None:
    """Bringing in twice changes nothing; a version that was posted in their place stays."""
    session = we.world.session
    add_member(session, we.community, "@ben", network_id="b")
    entry = we.bring("See http://one.com/", note="first")
    post = session.get_one(Post, entry.post_id)
    (version,) = session.scalars(select(Version).where(Version.post_id == post.id)).all()
    assert (version.segment_id, version.addressed) == (entry.segment_id, 2)
    assert f"/{code_of(we, entry, personal=False)}" in version.text
    again = bring_in(session, we.world.shortener, we.community, post, written="again", now=NOON)
    assert (again.id, again.note) == (entry.id, "first")
    take_out(session, entry, NOON)
    back = bring_in(session, we.world.shortener, we.community, post, now=NOON)
    assert back.id > entry.id
    session.commit()
    assert len(session.scalars(select(Version).where(Version.post_id == post.id)).all()) == 1


def test_what_cannot_be_brought_in_is_refused(we: Club) -> None:
    """A draft, the community's own posts, reposts, and where there is no community."""
    session, shortener = we.world.session, we.world.shortener
    post = we.world.post(we.community, "http://one.com/")
    with pytest.raises(Invalid, match="follow it"):
        bring_in(session, shortener, we.community, post, now=NOON)
    with pytest.raises(NotFound, match="has no community"):
        bring_in(session, shortener, we.me, post, now=NOON)
    other = we.world.post(we.links, "http://two.com/")
    other.state = "draft"
    with pytest.raises(Conflict, match="isn't published"):
        bring_in(session, shortener, we.community, other, now=NOON)
    with pytest.raises(Invalid, match="too long"):
        bring_in(session, shortener, we.community, other, written="x" * 1_001, now=NOON)
    repost = unwrapped(we, "theirs", is_repost=True)
    with pytest.raises(Invalid, match="repost"):
        bring_in(session, shortener, we.community, repost, now=NOON)


def unwrapped(we: Club, text: str, *, is_repost: bool = False) -> UnwrappedPost:
    """Store a post of the account for own words, without a link of ours."""
    post = UnwrappedPost(
        account_id=we.me.id,
        network_id=f"https://example.social/@me/{len(text)}",
        posted_at=NOON - timedelta(days=3),
        is_repost=is_repost,
        text=text,
        addresses=0,
    )
    we.world.session.add(post)
    we.world.session.flush()
    return post


def test_own_words_without_a_link_are_brought_in_too(we: Club) -> None:
    """They have no version; when the post goes from our lists, so does the entry."""
    session = we.world.session
    post = unwrapped(we, "A morsel of knowledge.")
    number = bring_in(session, we.world.shortener, we.community, post, now=NOON).id
    where = post.network_id
    session.commit()
    with we.pages() as pages:
        (found,) = feedparser.parse(pages.get(f"/feed/{we.token()}").data).entries
        assert found.content[0].value == "<p>A morsel of knowledge.</p>"
        assert found.link == where
        session.execute(delete(UnwrappedPost))
        session.commit()
        assert feedparser.parse(pages.get(f"/feed/{we.token()}").data).entries == []
    session.expire_all()
    assert session.get(FeedEntry, number) is None


def test_of_the_weekly_best_members_get_the_first_places_alone(we: Club) -> None:
    """Nothing of a week that isn't over."""
    entries = [we.bring(f"http://one.com/{number}") for number in range(4)]
    session = we.world.session
    community = session.get_one(Community, we.community.id)
    community.feed, community.weekly_best = "weekly", 2
    session.commit()

    def titles() -> list[str]:
        return [each.id for each in feedparser.parse(pages.get(f"/feed/{we.token()}").data).entries]

    with we.pages() as pages:
        assert titles() == []
        keep_ranks(session, [entries[each].id for each in (3, 1, 0, 2)])
        session.commit()
        assert [int(each.rpartition("/")[2]) for each in titles()] == [entries[3].id, entries[1].id]


def test_a_feed_is_not_sent_again_until_something_changed(we: Club) -> None:
    """By its mark, or by its time; what changes is a note, a text, an agreement, and what comes."""
    entry = we.bring("See http://one.com/")
    address = f"/feed/{we.token()}"
    with we.pages() as pages:
        seen: list[str] = []

        def is_new() -> bool:
            answer = pages.get(address, headers={"If-None-Match": seen[-1]} if seen else {})
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert (answer.status_code, answer.data == b"") in ((200, False), (304, True))
            seen.append(answer.headers["ETag"])
            return answer.status_code == 200

        changes: list[Callable[[], object]] = [
            lambda: set_note(we.world.session, entry, "Look"),
            lambda: we.bring("http://two.com/", at=NOON + timedelta(days=1)),
            lambda: we.world.session.execute(delete(Consent)),
        ]
        assert is_new()
        assert not is_new()
        for change in changes:
            change()
            we.world.session.commit()
            assert is_new()
            assert not is_new()
        assert pages.get(f"{address}.json", headers={"If-None-Match": seen[-1]}).status_code == 200
        later = format_datetime((NOON + timedelta(days=1)).astimezone(UTC), usegmt=True)
        assert pages.get(address, headers={"If-Modified-Since": later}).status_code == 304
        before = format_datetime(NOON.astimezone(UTC), usegmt=True)
        assert pages.get(address, headers={"If-Modified-Since": before}).status_code == 200


def test_ids_hold_when_the_address_is_renewed_or_the_domain_is_another(we: Club) -> None:
    """So no reader shows everything again; the old address has ended."""
    we.bring("See http://one.com/")
    session, old = we.world.session, we.token()
    with we.pages() as pages:
        before = feedparser.parse(pages.get(f"/feed/{old}").data)
        renew_addresses(session, we.ada, NOON)
        session.commit()
        for end in ("", ".json", ".html"):
            assert pages.get(f"/feed/{old}{end}").status_code == 410
        after = feedparser.parse(pages.get(f"/feed/{we.token()}").data)
    moved = replace(we.world.settings, base_url="https://new.example")
    we.world.settings = moved
    we.world.shortener = replace(we.world.shortener, base_url="https://new.example")
    with we.pages() as pages:
        elsewhere = feedparser.parse(pages.get(f"/feed/{we.token()}").data)
    for found in (after, elsewhere):
        assert found.feed.id == before.feed.id
        assert [each.id for each in found.entries] == [each.id for each in before.entries]
    assert "https://go.jessestay.com/" in elsewhere.entries[0].content[0].value


def test_who_left_has_no_feed_and_nobody_guesses_one(we: Club) -> None:
    """410 for an address that was good, 404 for any other."""
    token = we.token()
    we.world.session.delete(we.ada)
    we.world.session.commit()
    with we.pages() as pages:
        assert pages.get(f"/feed/{token}").status_code == 410
        for other in ("x", f"{token[:-1]}_", f"2{token}", "é", "1-0-" + "0" * 32):
            assert pages.get(f"/feed/{other}").status_code == 404
        assert pages.get(f"/feed/member/{token}").status_code == 404


def test_no_destination_learns_the_address(we: Club) -> None:
    """The page sends no referrer, sets no cookie, and asks not to be indexed."""
    we.bring("See http://one.com/")
    with we.pages() as pages:
        for end in ("", ".json", ".html"):
            answer = pages.get(f"/feed/{we.token()}{end}")
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "noindex" in answer.headers["X-Robots-Tag"]
            assert "private" in answer.headers["Cache-Control"]
            assert "Set-Cookie" not in answer.headers
        opened = pages.get(f"/feed/{we.token()}", headers={"Sec-Fetch-Dest": "document"})
        assert opened.headers["Location"] == f"/feed/{we.token()}.html"


def test_a_member_gets_new_addresses_and_ends_the_mails_by_themselves(we: Club) -> None:
    """Opening an address changes nothing: programs open what is in mails."""
    session = we.world.session
    we.ada.agrees_mail = True
    session.commit()
    own, mails = (member_token(we.markers, each, we.ada) for each in ("member", "mails"))
    with we.pages() as pages:
        assert "Stop the weekly email?" in pages.get(f"/feed/mails/{mails}").text
        assert we.token() in pages.get(f"/feed/member/{own}").text
        session.refresh(we.ada)
        assert (we.ada.agrees_mail, we.ada.feed_number) == (True, 0)
        session.rollback()
        one_click = pages.post(f"/feed/mails/{mails}", data={"List-Unsubscribe": "One-Click"})
        assert one_click.status_code == 200
        old = we.token()
        renewed = pages.post(f"/feed/member/{own}")
        assert renewed.status_code == 303
        session.rollback()
        session.refresh(we.ada)
        assert (we.ada.agrees_mail, we.ada.feed_number) == (False, 1)
        session.rollback()
        assert we.token() in pages.get(renewed.headers["Location"]).text
        assert pages.get(f"/feed/{old}").status_code == 410
        assert pages.post(f"/feed/member/{own}").status_code == 410
        assert "No more email" in pages.get(f"/feed/mails/{mails}").text


def test_a_feed_of_many_entries_takes_as_many_queries_as_one_of_few(
    we: Club, statements: Statements
) -> None:
    """And has the newest hundred."""
    counted = []
    with we.pages() as pages:
        for total in (2, 103):
            have = len(we.world.session.scalars(select(FeedEntry)).all())
            for number in range(have, total):
                we.bring(f"http://one.com/{number}", at=NOON + timedelta(minutes=number))
            with statements(we.world.database.engine) as executed:
                answer = pages.get(f"/feed/{we.token()}")
            counted.append(len(executed))
    found = feedparser.parse(answer.data)
    assert len(found.entries) == 100
    assert counted[0] == counted[1]


HOSTILE = st.text(max_size=60) | st.sampled_from(
    [
        "]]></content><script>alert(1)</script>",
        "\x00\x01\x0b\x1f\ufffe\uffff\ud800",
        "&amp;&lt;&#x0;&bogus; <![CDATA[ x ]]>",
        "![x](javascript:alert(1)) [y](javascript:alert(1)) [z](data:text/html,x) <b onclick=x>",
        "<img src=x onerror=alert(1)><svg/onload=x>",
        "\u202e\u2028\u2029 \U0001f468\u200d\U0001f469",
        'http://a.b/"onmouseover=alert(1)',
        "https://go.example/abcde https://go.example/abcdef",
    ]
)


@settings(max_examples=examples(150), deadline=None)
@given(
    text=HOSTILE, note=st.none() | HOSTILE, handle=HOSTILE, written=st.sampled_from(FORMATS),
    address=st.none() | HOSTILE,
)  # fmt: skip
def test_any_text_makes_a_valid_feed_without_anything_that_runs(
    text: str, note: str | None, handle: str, written: str, address: str | None
) -> None:
    """Two parsers of XML and one of JSON read it, and the content has harmless elements alone."""
    item = FeedItem(
        entry_id=1,
        brought_at=NOON,
        posted_at=NOON,
        note=note,
        handle=handle,
        post=PostText(text, next(each for each in FORMATS if each == written), {"abcde": text}),
        codes={"abcde": "own"},
        address=address,
    )
    feed = MemberFeed(handle, 1, ["https://go.example"], ("go.example", NOON.date()), [item], NOON)
    document = atom(feed, HOSTS)
    ET.fromstring(document)
    parsed = feedparser.parse(document, sanitize_html=False)
    assert not parsed.bozo, parsed.get("bozo_exception")
    (entry,) = parsed.entries
    found = json.loads(json_feed(feed, HOSTS))
    content = found["items"][0]["content_html"]
    stored = ET.fromstring(document).findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert entry.content[0].value.strip() == stored.strip()
    _check_harmless(content)


def _check_harmless(content: str) -> None:
    from html.parser import HTMLParser

    class Look(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "img", "svg", "iframe", "style", "form", "object", "b"}
            for name, value in attrs:
                assert name in {"href", "rel", "title", "start", "class"}, (name, value)
                if name == "href":
                    scheme = (value or "").partition(":")[0].lower()
                    assert scheme not in {"javascript", "data", "vbscript", "file"}, value

    Look().feed(content)


def test_plain_text_becomes_paragraphs_with_its_addresses_linked() -> None:
    """A mark that ends a sentence is no part of an address."""
    assert paragraphs("See https://a.b/c?x=1&y, or <b>.\nYes\n\nNo") == (
        '<p>See <a href="https://a.b/c?x=1&amp;y" rel="noreferrer">https://a.b/c?x=1&amp;y</a>, or '
        "&lt;b&gt;.<br>Yes</p><p>No</p>"
    )


def test_an_entry_leads_to_its_post_where_the_network_shows_it(we: Club) -> None:
    """A reader's Share button then passes on the post, and not the member's feed."""
    entry = we.bring("See http://one.com/")
    assert entry.post_id is not None
    where = "https://example.social/@links/77"
    we.world.session.add(
        SeenPost(account_id=we.links.id, network_id=where, post_id=entry.post_id, posted_at=NOON)
    )
    we.world.session.commit()
    with we.pages() as pages:
        (found,) = feedparser.parse(pages.get(f"/feed/{we.token()}").data).entries
    assert found.link == where
