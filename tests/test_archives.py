"""Archives: every post and address once, whatever the year they were made in."""

import gzip
import html
import io
import json
import re
import sqlite3
import tarfile
import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands import Run, good
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from world import NOON, World

from linktrack.audience.forgetting import Forgotten, digest
from linktrack.audience.models import Account, FollowPeriod
from linktrack.audience.roster_staging import staging_first
from linktrack.audience.rosters import take_roster
from linktrack.engagement.finding import find_network_posts
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.storing import last_counts
from linktrack.errors import Conflict, Invalid
from linktrack.links.models import UnwrappedAddress, UnwrappedPost
from linktrack.networks.archives import items, open_archive
from linktrack.networks.mastodon.archive import MastodonArchive
from linktrack.networks.records import FollowerRecord, PostRecord
from linktrack.networks.x.archive import XArchive
from linktrack.networks.x.grailbird import GrailbirdArchive
from linktrack.portability.followers.archive_import import (
    ImportedArchive,
    Importing,
    import_archive,
)
from linktrack.publishing.unwrapped.coverage import coverage

Tweet = dict[str, Any]
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def take(world: World, account: Account, path: Path, *, confirmed: bool = False) -> ImportedArchive:
    world.session.commit()  # commands store in transactions of their own
    how = Importing("go.jessestay.com", b"k" * 32, "Jesse", LATER, confirmed=confirmed)
    try:
        return import_archive(world.database, account, path, how)
    finally:
        world.session.rollback()  # it looks again from here on
        world.session.expire_all()


def script(name: str, rows: list[Tweet], part: int = 0) -> str:
    return f"window.YTD.{name}.part{part} = {json.dumps(rows, indent=2, ensure_ascii=False)}"


def tweet(number: int, text: str, *urls: str, wrapped: bool = True) -> Tweet:
    """Return a row in which each `{}` of the text is a t.co address of one of the urls."""
    entities, full = [], ""
    pieces = text.split("{}")
    for place, piece in enumerate(pieces):
        full += html.escape(piece, quote=False)
        if place < len(urls):
            short = f"https://t.co/{number:06d}{place:04d}"
            entities.append({
                "url": short, "expanded_url": urls[place], "display_url": urls[place][8:20] + "…",
                "indices": [str(len(full)), str(len(full) + len(short))],
            })  # fmt: skip
            full += short
    row: Tweet = {
        "id": str(number), "id_str": str(number), "full_text": full, "retweeted": False,
        "created_at": "Wed Oct 10 20:19:24 +0000 2018", "entities": {"urls": entities},
    }  # fmt: skip
    return {"tweet": row} if wrapped else row


def zipped(path: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def posts_of(path: Path) -> list[PostRecord]:
    with open_archive(path) as archive:
        return list(XArchive(archive).posts([]))


def test_the_real_archive_of_x_comes_in_whole(world: World, shared_data: Path) -> None:
    """Posts, reposts, links and followers are as many as counting the file by hand gives."""
    folder = next((shared_data / "social").glob("x_archive_*"))
    raw = gzip.decompress((folder / "data" / "tweets.js.gz").read_bytes()).decode()
    rows = [row["tweet"] for row in json.loads(raw[raw.index("[") :])]
    followers = json.loads((folder / "data" / "follower.js").read_text().partition("=")[2])
    account = world.account("@milahu104")
    done = take(world, account, folder)
    assert done.posts.posts == done.posts.added == len({row["id_str"] for row in rows})
    # A status on X is a quote, and an address that a post has twice is one.
    status = re.compile(r"https?://(?:twitter|x)\.com/(?:i/web|\w+)/status/\d")
    expected = {
        row["id_str"]: list(
            dict.fromkeys(
                url["expanded_url"]
                for url in row["entities"]["urls"]
                if not status.match(url["expanded_url"])
            )
        )
        for row in rows
    }
    assert done.posts.links == sum(map(len, expected.values()))
    assert done.posts.reposts == sum(row["full_text"].startswith("RT @") for row in rows)
    assert done.roster is not None
    assert done.roster.size == len(followers)
    assert done.roster.taken_at == datetime(2026, 3, 6, 13, 15, 31, 187000, UTC)

    addresses: dict[str, list[str]] = {}
    query = select(UnwrappedPost.network_id, UnwrappedAddress.address).join(
        UnwrappedAddress, UnwrappedAddress.post_id == UnwrappedPost.id
    )
    for network_id, address in world.session.execute(
        query.order_by(UnwrappedPost.id, UnwrappedAddress.place)
    ):
        addresses.setdefault(network_id, []).append(address)
    assert addresses == {number: links for number, links in expected.items() if links}

    # The text with each t.co address (found by searching, not by its indices) written out, but for
    # those of pictures.
    texts = dict(world.session.execute(select(UnwrappedPost.network_id, UnwrappedPost.text)).all())
    for row in rows:
        shown = html.unescape(row["full_text"])
        for url in row["entities"]["urls"]:
            shown = shown.replace(url["url"], url["expanded_url"], 1)
        for picture in row["entities"].get("media", ()):
            shown = shown.replace(picture["url"], "")
        assert texts[row["id_str"]] == shown.strip()

    again = take(world, account, folder)
    assert (again.posts.added, again.posts.known) == (0, len(rows))
    assert again.roster is not None
    assert not again.roster.is_new


def test_the_real_archive_of_mastodon_comes_in_whole(world: World, shared_data: Path) -> None:
    """Its links are those that are neither mentions, hashtags nor posts on Mastodon."""
    folder = next((shared_data / "social").glob("mastodon_archive_*"))
    rows = json.loads(gzip.decompress((folder / "outbox.json.gz").read_bytes()))["orderedItems"]
    hrefs: list[str] = []
    for row in rows:
        if row["type"] == "Create":
            anchors = re.findall(r"<a [^>]*>", row["object"]["content"])
            links = [
                html.unescape(re.findall(r'href="([^"]*)"', anchor)[0])
                for anchor in anchors
                if not re.search(r'class="[^"]*\bmention\b', anchor)
            ]
            post = re.compile(r"https://[^/]+/(?:@\w+(?:@[\w.]+)?|users/\w+/statuses)/\d+")
            hrefs += dict.fromkeys(link for link in links if not post.fullmatch(link))
    account = world.account("@darkpatern@mastodon.social", "mastodon")
    done = take(world, account, folder)
    assert (done.posts.posts, done.posts.links, done.roster) == (len(rows), len(hrefs), None)
    assert done.posts.reposts == sum(row["type"] == "Announce" for row in rows)
    assert account.network_id == "https://mastodon.social/@darkpatern"
    kept = world.session.scalars(select(UnwrappedAddress.address)).all()
    assert sorted(kept) == sorted(hrefs)
    shown = world.session.scalars(select(UnwrappedPost.text)).all()
    assert any('"AI-gevaren"' in text for text in shown)
    assert not any("&quot;" in text or "<" in text for text in shown)


YEARS = {
    "2019, rows without a wrapper, no manifest": {
        "data/tweet.js": script("tweet", [tweet(1, "See {}", "https://a.org/", wrapped=False)]),
        "data/follower.js": script("follower", [{"accountId": "5"}]),
    },
    "2022, tweet.js": {
        "data/tweet.js": script("tweet", [tweet(1, "See {}", "https://a.org/")]),
        "data/follower.js": script("follower", [{"follower": {"accountId": "5"}}]),
    },
    "split parts, out of order, a doubled id": {
        "data/tweets-part1.js": script("tweets", [tweet(1, "See {}", "https://a.org/")], 1),
        "data/tweets.js": script("tweets", []),
        "data/tweets-part2.js": script("tweets", [tweet(1, "See {}", "https://a.org/")], 2),
        "data/follower.js": script("follower", []),
        "data/follower-part1.js": script("follower", [{"follower": {"accountId": "5"}}], 1),
    },
    "both names of the file, in a folder of its own": {
        "twitter-2022/data/tweet.js": script("tweet", [tweet(1, "See {}", "https://a.org/")]),
        "twitter-2022/data/tweets.js": script("tweets", [tweet(1, "See {}", "https://a.org/")]),
        "twitter-2022/data/follower.js": script("follower", [{"follower": {"accountId": "5"}}]),
        "twitter-2022/data/deleted-tweets.js": script("deleted_tweets", [tweet(2, "gone")]),
        "twitter-2022/assets/js/tweets.js": "not ours",
    },
}


@pytest.mark.parametrize("files", YEARS.values(), ids=YEARS)
@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_archives_of_all_years_say_the_same(
    sqlite_world: World, tmp_path: Path, files: Mapping[str, str], kind: str
) -> None:
    """One post with one link, and one follower."""
    path = zipped(tmp_path / "archive.zip", files)
    if kind == "folder":
        with zipfile.ZipFile(path) as file:
            path = tmp_path / "unpacked"
            file.extractall(path)  # noqa: S202 - made above
    done = take(sqlite_world, sqlite_world.account(), path)
    assert (done.posts.posts, done.posts.links) == (1, 1)
    assert done.roster is not None
    assert done.roster.size == 1
    post = sqlite_world.session.scalars(select(UnwrappedPost)).one()
    assert post.text == "See https://a.org/"
    assert post.posted_at == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)


parts = st.text(st.sampled_from("aé&<>\U0001f600\U00020000 \n"), max_size=8)


@given(texts=st.lists(parts, min_size=1, max_size=5))
def test_indices_count_code_points_of_the_escaped_text(texts: list[str]) -> None:
    """Cut first, unescaped after: emoji, ampersands and all."""
    urls = [f"https://example.org/{number}?a=1&b=2" for number in range(len(texts) - 1)]
    row = tweet(1, "{}".join(texts), *urls)
    found = _post_of(row["tweet"])
    expected = texts[0] + "".join(url + text for url, text in zip(urls, texts[1:], strict=True))
    assert (found.text, found.addresses) == (expected.strip(), tuple(urls))


def _post_of(row: Tweet) -> PostRecord:
    from linktrack.networks.x.archive import post_of

    return post_of(row, "1", NOON, ())


def test_entities_are_unescaped_once(tmp_path: Path) -> None:
    """A text that speaks of &amp; goes on speaking of it."""
    path = zipped(
        tmp_path / "a.zip", {"data/tweets.js": script("tweets", [tweet(1, "&amp; is &")])}
    )
    assert [post.text for post in posts_of(path)] == ["&amp; is &"]


def test_a_long_post_has_its_whole_text_and_all_its_links(tmp_path: Path) -> None:
    """The short form is cut; what lies behind the cut is in a file of its own."""
    note = {
        "noteTweet": {
            "noteTweetId": "9", "createdAt": "2018-10-10T20:19:24.000Z",
            "core": {
                "text": "A long story & more https://t.co/x and https://t.co/y",
                "urls": [
                    {"shortUrl": "https://t.co/x", "expandedUrl": "https://a.org/"},
                    {"shortUrl": "https://t.co/y", "expandedUrl": "https://b.org/"},
                ],
            },
        }
    }  # fmt: skip
    files = {
        "data/tweets.js": script(
            "tweets", [tweet(1, "A long story & more {}…", "https://a.org/"), tweet(2, "Other")]
        ),
        "data/note-tweet.js": script("note_tweet", [note]),
    }
    long, other = posts_of(zipped(tmp_path / "a.zip", files))
    assert long.text == "A long story & more https://a.org/ and https://b.org/"
    assert long.addresses == ("https://a.org/", "https://b.org/")
    assert (other.text, other.addresses) == ("Other", ())


def test_posts_with_a_short_link_of_ours_are_measured_already(
    sqlite_world: World, tmp_path: Path
) -> None:
    """They are counted and not kept as not wrapped; the share of wrapped links is known."""
    account = sqlite_world.account()
    sqlite_world.post(account, "Read https://example.com/story")
    rows = [
        tweet(1, "Read {}", "https://go.jessestay.com/abcde"),
        tweet(2, "Old {} and {}", "https://a.org/", "https://b.org/"),
        tweet(3, "RT @ann: {}", "https://c.org/"),
        tweet(4, "Words alone"),
    ]
    path = zipped(tmp_path / "a.zip", {"data/tweets.js": script("tweets", rows)})
    done = take(sqlite_world, account, path)
    counts = done.posts
    assert (counts.posts, counts.links, counts.reposts, counts.wrapped, counts.added) == (
        4, 4, 1, 1, 3,
    )  # fmt: skip
    assert done.roster is None
    found = coverage(sqlite_world.session, account.id)
    assert (found.posts, found.posts_with_links, found.reposts) == (3, 2, 1)
    assert (found.wrapped, found.not_wrapped, found.share) == (1, 2, 1 / 3)


def test_an_archive_of_another_account_needs_a_yes(sqlite_world: World, tmp_path: Path) -> None:
    """By its id where that is known: handles change."""
    files = {
        "data/account.js": script("account", [{"account": {"username": "new", "accountId": "7"}}]),
        "data/tweets.js": script("tweets", [tweet(1, "Hello")]),
    }
    path = zipped(tmp_path / "a.zip", files)
    account = sqlite_world.account("@old")
    with pytest.raises(Conflict, match="an archive of @new, not of @old"):
        take(sqlite_world, account, path)
    sqlite_world.session.rollback()
    assert take(sqlite_world, account, path, confirmed=True).posts.added == 1
    assert account.network_id == "7"
    assert take(sqlite_world, account, path).posts.known == 1


def test_a_list_with_a_part_missing_is_refused(tmp_path: Path) -> None:
    """Or those on the missing part would seem to have left."""
    manifest = {
        "dataTypes": {
            "follower": {
                "files": [
                    {"fileName": "data/follower.js", "count": "1"},
                    {"fileName": "data/follower-part1.js", "count": "1"},
                ]
            }
        }
    }
    files = {
        "data/manifest.js": f"window.__THAR_CONFIG = {json.dumps(manifest)}",
        "data/follower.js": script("follower", [{"follower": {"accountId": "5"}}]),
    }
    with pytest.raises(Invalid, match=r"lacks data/follower-part1\.js"):
        posts_of(zipped(tmp_path / "a.zip", files))


def test_messages_are_not_publications(tmp_path: Path) -> None:
    """Mastodon's outbox has them too: what only some people were to see is passed over."""
    everybody = "https://www.w3.org/ns/activitystreams#Public"

    def note(number: int, to: str, **more: str) -> dict[str, object]:
        return {
            "id": f"https://one.social/{number}", "type": "Create", "to": [to], "cc": [],
            "published": "2026-05-04T12:00:00Z", "actor": "https://one.social/users/ann",
            "object": {"id": f"https://one.social/n/{number}", "content": "<p>Hi</p>", **more},
        }  # fmt: skip

    rows = [
        note(1, everybody, content="<p>A &amp;amp; B<br>C</p><p>D</p>"),
        note(2, "https://one.social/users/ann/followers"),
        note(3, "https://two.social/users/bob"),
    ]
    path = tmp_path / "outbox.json"
    path.write_text(json.dumps({"@context": ["x"], "orderedItems": rows}))
    with open_archive(path) as archive:
        found = MastodonArchive(archive)
        assert found.handle == "@ann@one.social"
        assert [post.text for post in found.posts([])] == ["A &amp; B\nC\n\nD", "Hi"]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"readme.txt": "hello"}, "isn't an archive of X or Mastodon"),
        ({"data/tweets.js": "window.YTD.tweets.part0 = [{"}, "is broken or cut off"),
        ({"data/tweets.js": "window.YTD.tweets.part0 = [{},"}, "is cut off|no id"),
        ({"data/tweets.js": "nothing"}, "has no list"),
        ({"data/follower.js": script("follower", [{"follower": {}}])}, "has no accountId"),
        (
            {"data/tweets.js": "x = []", "data/manifest.js": "y = {"},
            r"manifest\.js in .* is broken",
        ),
        ({"outbox.json": "{}"}, "archive of Mastodon, and @JessesLinks is on X"),
    ],
)
def test_what_is_broken_is_refused_in_words(
    sqlite_world: World, tmp_path: Path, files: Mapping[str, str], sentence: str
) -> None:
    """And changes nothing."""
    account = sqlite_world.account()
    with pytest.raises(Invalid, match=sentence):
        take(sqlite_world, account, zipped(tmp_path / "a.zip", files))
    sqlite_world.session.rollback()
    assert sqlite_world.session.scalars(select(UnwrappedPost)).all() == []
    assert sqlite_world.session.scalars(select(FollowPeriod)).all() == []


def test_a_torn_zip_file_is_refused(sqlite_world: World, tmp_path: Path) -> None:
    """Whether its end or its middle is missing."""
    rows = [tweet(number, "Hello {}", "https://a.org/") for number in range(500)]
    path = zipped(tmp_path / "a.zip", {"data/tweets.js": script("tweets", rows)})
    content = bytearray(path.read_bytes())
    path.write_bytes(content[:-200])
    with pytest.raises(Invalid, match="isn't an archive of X or Mastodon"):
        take(sqlite_world, sqlite_world.account(), path)
    content[3000:3100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(Invalid, match=r"is damaged|is broken"):
        take(sqlite_world, sqlite_world.account("@b"), path)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=200)), max_size=20))
def test_a_long_list_is_read_piece_by_piece(rows: list[dict[str, str]]) -> None:
    """Whatever its size, and wherever a piece ends."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(7 if size else size)

    text = f"window.x = {json.dumps(rows, ensure_ascii=False)}"
    assert list(items(Slow(text.encode()), "x")) == rows
    assert list(items(io.BytesIO(json.dumps(rows).encode()), "x")) == rows


GRAILBIRD = {
    "id_str": "2001", "id": 2001, "created_at": "2013-01-20 15:11:11 +0000",
    "text": "Read &amp; look: http://t.co/hhhhhhhhhh http://t.co/pppppppppp",
    "entities": {
        "urls": [{"indices": [17, 39], "url": "http://t.co/hhhhhhhhhh",
                  "expanded_url": "http://example.com/story"}],
        "media": [{"indices": [40, 62], "url": "http://t.co/pppppppppp"}],
    },
}  # fmt: skip
GRAILBIRD_TABLE = (
    '"tweet_id","timestamp","source","text","retweeted_status_id","expanded_urls"\n'
    '"2001","2013-01-20 15:11:11 +0000","web",'
    '"Read &amp; look: http://t.co/hhhhhhhhhh http://t.co/pppppppppp","",'
    '"http://example.com/story,http://twitter.com/x_you/status/2001/photo/1"\n'
    '"2002","2009-01-20 15:11:11 +0000","web","Before: http://example.org/a","",""\n'
    '"2003","2014-01-20 15:11:11 +0000","web","RT @x: hi","7",""\n'
)


def grailbird_files(name: str) -> dict[str, str]:
    """The files of an archive of X of 2013, with its months or its table alone."""
    owner = 'var user_details =  {"screen_name": "x_you", "id": "1000001"}'
    if name == "tweets.csv":
        return {name: GRAILBIRD_TABLE, "data/js/user_details.js": owner}
    repost = {**GRAILBIRD, "id_str": "2003", "text": "RT @x: hi", "entities": {},
              "created_at": "2014-01-20 15:11:11 +0000", "retweeted_status": {"id": 7}}  # fmt: skip
    before = {**GRAILBIRD, "id_str": "2002", "text": "Before: http://example.org/a",
              "created_at": "2009-01-20 15:11:11 +0000", "entities": {"urls": []}}  # fmt: skip
    return {
        f"data/js/tweets/{month}.js": f"Grailbird.data.tweets_{month} = \n {json.dumps([row])}"
        for month, row in (("2013_01", GRAILBIRD), ("2009_01", before), ("2014_01", repost))
    } | {"data/js/user_details.js": owner}


@pytest.mark.parametrize("name", ["data/js/tweets", "tweets.csv"])
@pytest.mark.parametrize("packed", [True, False])
def test_what_x_gave_from_2012_to_2018_comes_in(tmp_path: Path, name: str, packed: bool) -> None:
    """Each post once, whose it is, addresses from before t.co, and no picture as a link."""
    path = zipped(tmp_path / "tweets.zip", grailbird_files(name))
    if not packed:
        with zipfile.ZipFile(path) as file:
            file.extractall(tmp_path / "tweets")  # noqa: S202 - made above
        path = tmp_path / "tweets"
    with open_archive(path) as archive:
        assert GrailbirdArchive.is_one(archive) and not XArchive.is_one(archive)
        found = GrailbirdArchive(archive)
        assert (found.account_id, found.handle) == ("1000001", "x_you")
        posts = {post.network_id: post for post in found.posts([])}
    assert {number: post.addresses for number, post in posts.items()} == {
        "2001": ("http://example.com/story",),
        "2002": ("http://example.org/a",),
        "2003": (),
    }
    assert posts["2001"].text == "Read & look: http://example.com/story"
    assert [number for number, post in posts.items() if post.is_repost] == ["2003"]


def test_an_archive_of_2013_is_imported_like_any_other(sqlite_world: World, tmp_path: Path) -> None:
    """Its posts are not wrapped; importing it again adds nothing, and it has no follower list."""
    account = sqlite_world.account("@x_you")
    path = zipped(tmp_path / "tweets.zip", grailbird_files("data/js/tweets"))
    done = take(sqlite_world, account, path)
    assert (done.posts.added, done.posts.reposts, done.roster) == (3, 1, None)
    assert take(sqlite_world, account, path).posts.added == 0


def test_posts_in_communities_come_in(tmp_path: Path) -> None:
    """X keeps them in a file of their own."""
    files = {
        "data/tweets.js": script("tweets", [tweet(1, "all: {}", "https://example.com/1")]),
        "data/community-tweet.js": script(
            "community_tweet", [tweet(2, "ours: {}", "https://example.com/2")]
        ),
    }
    found = [post.addresses for post in posts_of(zipped(tmp_path / "a.zip", files))]
    assert found == [("https://example.com/1",), ("https://example.com/2",)]


def test_a_long_post_is_whole_if_its_entries_are_a_second_apart(tmp_path: Path) -> None:
    """Also one whose text begins with an address."""
    row = tweet(
        1, "{} begins a long text that is cut here… {}", "https://example.com/1", "https://t.co/x"
    )
    note = {"noteTweet": {"createdAt": "2018-10-10T20:19:23.900Z", "core": {
        "text": "https://t.co/0000010000 begins a long text that is cut here and ends with https://t.co/z",
        "urls": [{"shortUrl": "https://t.co/0000010000", "expandedUrl": "https://example.com/1"},
                 {"shortUrl": "https://t.co/z", "expandedUrl": "https://example.com/2"}],
    }}}  # fmt: skip
    files = {
        "data/tweets.js": script("tweets", [row]),
        "data/note-tweet.js": script("note_tweet", [note]),
    }
    (post,) = posts_of(zipped(tmp_path / "a.zip", files))
    assert post.text.endswith("and ends with https://example.com/2")
    assert set(post.addresses) >= {"https://example.com/1", "https://example.com/2"}


def tarred(path: Path, files: Mapping[str, str]) -> Path:
    """Pack files as Mastodon did until 2023."""
    with tarfile.open(path, "w:gz") as file:
        for name, content in files.items():
            data = content.encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


def test_mastodons_tar_files_come_in_and_a_torn_one_is_refused(
    sqlite_world: World, tmp_path: Path
) -> None:
    """As from a ZIP file."""
    outbox = {"orderedItems": [{
        "type": "Create", "id": "https://m.example/1/activity", "published": "2018-10-10T20:19:24Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "object": {"id": "https://m.example/1",
                   "content": '<p><a href="https://example.com/a">example.com/a</a></p>'},
    }]}  # fmt: skip
    actor = {"id": "https://m.example/users/you", "preferredUsername": "you"}
    files = {"./outbox.json": json.dumps(outbox), "actor.json": json.dumps(actor)}
    path = tarred(tmp_path / "archive-2018.tar.gz", files)
    account = sqlite_world.account("@you@m.example", network="mastodon")
    assert take(sqlite_world, account, path).posts.links == 1
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(Invalid, match="fetch"):
        take(sqlite_world, account, path)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("x_archive_grailbird_2013", {"2001": 1}),
        ("x_archive_same_link_twice", {"3": 1}),
        ("x_archive_picture_and_link", {"1": 1, "2": 1}),
        ("x_archive_mixed", {"1001": 2, "1003": 0, "1004": 0, "1008": 1}),
        ("mastodon_archive_2018.tar.gz", {"https://mastodon.example/users/you/statuses/1": 1}),
        ("mastodon_archive_with_quote.zip", {"https://mastodon.example/users/you/statuses/1": 1}),
    ],
)
def test_cases_from_the_world_have_their_links(
    shared_data: Path, name: str, addresses: dict[str, int]
) -> None:
    """Archives of several years, reduced from real ones."""
    path = shared_data.parent / "cases" / "archives" / name
    if not path.exists():
        pytest.skip("the cases are not here")
    with open_archive(path) as archive:
        kinds = (XArchive, GrailbirdArchive, MastodonArchive)
        kind = next(each for each in kinds if each.is_one(archive))
        found = {post.network_id: len(post.addresses) for post in kind(archive).posts([])}
    assert {number: found[number] for number in addresses} == addresses


def test_a_broken_post_is_named_and_all_others_come_in(run: Run, tmp_path: Path) -> None:
    """On both networks; the status is 1, so that no script takes the rest for the whole."""
    good(run("account", "add", "@jesse", "--network", "x"))
    rows = [tweet(1, "One"), {"tweet": {"id_str": "2", "full_text": "No time"}}, tweet(3, "Three")]
    archive = zipped(
        tmp_path / "x.zip", {"data/tweets.js": f"window.YTD.tweets.part0 = {json.dumps(rows)}"}
    )
    done = run("archive", "import", "@jesse", str(archive), "--yes")
    assert done.exit_code == 1
    assert "@jesse: 2 posts" in done.output
    assert "Post 2 of the archive has no id, or no time." in done.output
    assert "Posts that could not be understood: 1; all others were imported." in done.output
    good(run("account", "add", "@jo@a.example", "--network", "mastodon"))
    public = {"to": ["https://www.w3.org/ns/activitystreams#Public"], "type": "Create"}
    kept = {"id": "https://a.example/1", "content": "<p>One</p>"}
    activities = [
        {
            **public,
            "id": "https://a.example/1/a",
            "published": "2026-05-04",
            "object": kept,
        },
        {**public, "id": "https://a.example/2/a", "object": kept},
        {"type": "Create", "to": ["https://a.example/users/friend"], "object": "a message"},
    ]
    outbox = tmp_path / "outbox.json"
    outbox.write_text(json.dumps({"orderedItems": activities}))
    done = run("archive", "import", "@jo@a.example", str(outbox), "--yes", "--json")
    assert done.exit_code == 1
    assert "Activity 2 of the outbox" in done.output
    assert json.loads(done.stdout)["posts"] == 1


def test_a_tar_file_with_a_negative_size_is_refused(tmp_path: Path) -> None:
    """Its member was found again and again, and no bound on what is unpacked was ever reached."""
    headers = []
    for name, size in (("a.json", 0), ("b.json", -512)):
        header = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT))
        header[124:136] = size.to_bytes(12, "big", signed=True) if size else header[124:136]
        header[148:156] = b"%06o\0 " % (256 + sum(header[:148]) + sum(header[156:512]))
        headers.append(bytes(header))
    path = tmp_path / "followers.tar"
    path.write_bytes(b"".join(headers) + bytes(1_024))
    with pytest.raises(Invalid, match="damaged tar"), open_archive(path, 1_000):
        pass


def test_an_archive_of_x_tells_of_likes_and_reposts(world: World, tmp_path: Path) -> None:
    """As of when it was made: an older archive changes nothing, and nobody is named."""

    def archive(name: str, day: int, likes: str) -> Path:
        rows = [
            {**tweet(1, "Words", wrapped=False), "favorite_count": likes, "retweet_count": "0"},
            {**tweet(2, "RT @x: theirs", wrapped=False), "favorite_count": "700"},
            tweet(3, "Without any", wrapped=False),
        ]
        info = {"archiveInfo": {"generationDate": f"2026-03-{day:02}T00:00:00.000Z"}}
        return zipped(
            tmp_path / name,
            {
                "data/manifest.js": f"window.__THAR_CONFIG = {json.dumps(info)}",
                "data/tweets.js": script("tweets", rows),
            },
        )

    account = world.account()
    done = take(world, account, archive("a.zip", 20, "12"))
    assert done.engaged == 1
    take(world, account, archive("b.zip", 10, "9"))
    post = world.session.scalars(select(NetworkPost)).one()
    assert (post.network_id, post.names_read_at, post.next_at) == ("1", None, None)
    assert post.read_at == datetime(2026, 3, 20, tzinfo=UTC)
    assert last_counts(world.session, [post.id]) == {post.id: {"like": 12, "repost": 0}}
    take(world, account, archive("c.zip", 30, "12"))
    world.session.refresh(post)
    assert post.read_at == datetime(2026, 3, 30, tzinfo=UTC)
    assert find_network_posts(world.session, account.id, NOON) == 0


def test_others_write_while_a_long_archive_is_imported(sqlite_world: World, tmp_path: Path) -> None:
    """Whenever a transaction of the import has ended, the lock is free, and half of it is there."""
    rows = [tweet(number, "See {}", f"https://a.org/{number}") for number in range(1, 1_600)]
    people = [{"follower": {"accountId": str(number)}} for number in range(1, 50)]
    files = {
        "data/tweets.js": script("tweets", rows),
        "data/follower.js": script("follower", people),
    }
    path = zipped(tmp_path / "a.zip", files)
    account = sqlite_world.account()
    sqlite_world.session.commit()
    file = sqlite_world.database.engine.url.database
    seen: set[int] = set()
    with closing(sqlite3.connect(str(file), timeout=0, isolation_level=None)) as other:

        def write(*_: object) -> None:
            other.execute("BEGIN IMMEDIATE")
            (stored,) = other.execute("SELECT count(*) FROM unwrapped_posts").fetchone()
            other.execute("COMMIT")
            seen.add(stored)

        event.listen(sqlite_world.database.engine, "checkin", write)
        done = take(sqlite_world, account, path)
        event.remove(sqlite_world.database.engine, "checkin", write)
    assert done.posts.added == 1_599
    assert seen == {0, 500, 1_000, 1_500, 1_599}


def test_an_archive_that_is_cut_stores_nothing_of_its_beginning(
    sqlite_world: World, tmp_path: Path
) -> None:
    """All of it is read before anything is written."""
    rows = [tweet(number, "See {}", f"https://a.org/{number}") for number in range(1, 1_600)]
    cut = script("tweets", rows)[:-4_000]
    path = zipped(tmp_path / "a.zip", {"data/tweets.js": cut})
    account = sqlite_world.account()
    with pytest.raises(Invalid):
        take(sqlite_world, account, path)
    assert sqlite_world.session.scalars(select(UnwrappedPost)).all() == []


def test_nobody_who_was_forgotten_while_a_list_was_read_comes_back(sqlite_world: World) -> None:
    """The list is staged before the lock; then it is looked again who is to be left out."""
    account = sqlite_world.account()
    sqlite_world.session.commit()
    people = [FollowerRecord("7", "@ann"), FollowerRecord("8", "@bea")]
    nobody = Forgotten("x", b"k" * 32, frozenset())
    since = Forgotten("x", b"k" * 32, frozenset({digest(b"k" * 32, "x", "7")}))
    with staging_first(sqlite_world.database, people, nobody) as (session, staged):
        with pytest.raises(Conflict, match="Somebody was forgotten"):
            take_roster(session, account, staged, NOON, "x", forgotten=since, now=NOON)
        session.rollback()
    with staging_first(sqlite_world.database, people, since) as (session, staged):
        done = take_roster(session, account, staged, NOON, "x", forgotten=since, now=NOON)
        session.commit()
    assert (done.size, done.forgotten) == (1, 1)
