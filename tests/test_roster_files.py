"""Follower lists from files: what people have is read, and what is no such list is refused."""

import gzip
import io
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account, Roster
from linktrack.audience.rosters import TakenRoster
from linktrack.errors import Conflict, Invalid
from linktrack.networks.records import FollowerRecord
from linktrack.portability.followers.roster_files import import_roster, open_roster

KEY = b"k" * 32


def read(path: Path, network: str = "x", *, confirmed: bool = False) -> list[FollowerRecord]:
    with open_roster(path, network, confirmed=confirmed) as found:
        return list(found.people)


def saved(folder: Path, content: str | bytes, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_table_gives_ids_handles_and_the_facts_it_has(tmp_path: Path) -> None:
    """Whatever else stands there (an e-mail address) is not looked at."""
    path = saved(
        tmp_path,
        "Email,User ID,Screen Name,Followers Count,Tweets,Bio,Avatar,Created At,We follow\n"
        'a@b.org,12,jess,"1,234",7,,https://a/b.png,2009-09-14,yes\n'
        "\n"
        "c@d.org,13,'@ann,x,,hello,,Wed Oct 10 20:19:24 +0000 2018,no\n",
    )
    assert read(path) == [
        FollowerRecord(
            "12", "@jess", followers=1234, posts=7, has_description=False, has_picture=True,
            account_created_at=datetime(2009, 9, 14, tzinfo=UTC), followed_back=True,
        ),
        FollowerRecord(
            "13", "@ann", has_description=True, has_picture=False, followed_back=False,
            account_created_at=datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_be_as_spreadsheets_write_it(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    """Semicolons, tabs, UTF-16, and the line ends of Windows."""
    text = f"id{delimiter}handle\r\n7{delimiter}@zoë\r\n"
    assert read(saved(tmp_path, text.encode(encoding))) == [FollowerRecord("7", "@zoë")]


def test_the_id_is_the_column_that_holds_ids_of_the_network(tmp_path: Path) -> None:
    """Mastodon's `id` is one server's own number; its `url` is the same everywhere."""
    text = "id,acct,url\n109,ann@one.social,https://one.social/@ann\n"
    assert read(saved(tmp_path, text), "mastodon") == [
        FollowerRecord("https://one.social/@ann", "@ann@one.social")
    ]
    text = "id,did,handle\n1,did:plc:abc,ann.bsky.social\n"
    assert read(saved(tmp_path, text), "bluesky") == [
        FollowerRecord("did:plc:abc", "@ann.bsky.social")
    ]


def test_the_list_of_whom_one_follows_is_not_taken_for_followers(
    tmp_path: Path, shared_data: Path
) -> None:
    """Mastodon exports both side by side; --yes takes it all the same."""
    path = shared_data / "social" / "mastodon_following_accounts.csv"
    with pytest.raises(Conflict, match="looks like the list of those you follow"):
        read(path, "mastodon")
    lines = path.read_text().splitlines()[1:]
    people = read(path, "mastodon", confirmed=True)
    assert [person.handle for person in people] == ["@" + line.split(",")[0] for line in lines]
    followers = saved(tmp_path, "Account address\nann@one.social\n")
    assert read(followers, "mastodon") == [FollowerRecord(None, "@ann@one.social")]


def test_pages_of_the_networks_json_are_lists_too(tmp_path: Path) -> None:
    """One document, several pages, or one page a line."""
    page = {
        "subject": {"did": "did:plc:me"},
        "followers": [
            {"did": "did:plc:a", "handle": "a.bsky.social", "description": "hi", "viewer": {}},
            {"did": "did:plc:b", "handle": "b.bsky.social", "avatar": "https://x/y"},
        ],
        "cursor": "1__2",
    }
    expected = [
        FollowerRecord("did:plc:a", "@a.bsky.social", has_description=True, has_picture=False),
        FollowerRecord("did:plc:b", "@b.bsky.social", has_description=False, has_picture=True),
    ]
    forms = (
        json.dumps(page),
        json.dumps(page, indent=1),
        json.dumps(page["followers"]),
        "\n".join(json.dumps(person) for person in page["followers"]),
    )
    for form in forms:
        assert read(saved(tmp_path, form, "page.json"), "bluesky") == expected

    account = {
        "id": "1", "acct": "ann", "url": "https://one.social/@ann", "followers_count": 3,
        "following_count": 4, "statuses_count": 5, "note": "<p></p>",
        "created_at": "2020-01-02T00:00:00.000Z", "last_status_at": "2026-05-01",
        "avatar": "https://one.social/avatars/original/missing.png",
    }  # fmt: skip
    assert read(saved(tmp_path, json.dumps([account])), "mastodon") == [
        FollowerRecord(
            "https://one.social/@ann", "@ann@one.social", 3, 4, 5,
            datetime(2020, 1, 2, tzinfo=UTC), False, False, datetime(2026, 5, 1, tzinfo=UTC),
        )
    ]  # fmt: skip


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    """By gzip, one file."""
    path = saved(tmp_path, gzip.compress(b"id\n5\n"), "list.csv.gz")
    assert read(path) == [FollowerRecord("5")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty, or not text"),
        (b"name,age\nann,7\n", "needs a column of ids or of handles"),
        (b"id\nann\n", "'ann' isn't an id of the account's network"),
        (b"id,handle\n1,\n,\xc3\xa9 x\n", "line 3 has neither an id nor a handle"),
        (b"id\n1\n\xff\xfe\xfd\n", "not text in UTF-8"),
        (b'{"followers": [', "JSON, or is cut off"),
        (b'[{"name": 1}]', "neither an id nor a handle"),
        (b"PK\x03\x04 torn", "needs a column"),
        (b"\x00\x01\x02\n", "not text"),
    ],
)
def test_what_is_no_follower_list_is_refused_in_words(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    """And names the line."""
    with pytest.raises(Invalid, match=sentence):
        read(saved(tmp_path, content))


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    """A folder may be an archive; this one is not."""
    with pytest.raises(Invalid, match="There is no file or folder"):
        read(tmp_path / "nothing.csv")
    with pytest.raises(Invalid, match="isn't a follower list"):
        read(tmp_path)


def test_without_a_date_of_its_own_a_list_has_that_of_its_file(
    sqlite_world: World, tmp_path: Path
) -> None:
    """So that taking it again changes nothing; --at is stronger."""
    account = sqlite_world.account()
    path = saved(tmp_path, "id\n1\n2\n")
    written = datetime(2026, 5, 1, 8, tzinfo=UTC)
    os.utime(path, (written.timestamp(), written.timestamp()))

    def take(at: datetime | None = None) -> TakenRoster:
        return import_roster(
            sqlite_world.session, account, path, at=at, confirmed=False, key=KEY, now=NOON
        )

    assert (take().taken_at, take().is_new) == (written, False)
    assert take(NOON).taken_at == NOON
    assert len(sqlite_world.session.scalars(select(Roster)).all()) == 2


def x_archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in files.items():
            file.writestr(f"data/{name.replace('_', '-')}.js", text)
    return content.getvalue()


def test_an_archive_of_x_is_a_list_of_ids(sqlite_world: World, tmp_path: Path) -> None:
    """Dated by its manifest; whom one follows back is known from its other list."""
    archive = x_archive(
        manifest='window.__THAR_CONFIG = {"archiveInfo": {"generationDate":'
        ' "2026-05-01T10:00:00.000Z"}}',
        account='window.YTD.account.part0 = [{"account": {"username": "JessesLinks",'
        ' "accountId": "99", "email": "nobody@example.org"}}]',
        follower='window.YTD.follower.part0 = [{"follower": {"accountId": "1", "userLink": "x"}},'
        ' {"follower": {"accountId": "2"}}]',
        following='window.YTD.following.part0 = [{"following": {"accountId": "2"}}]',
    )
    path = saved(tmp_path, archive, "archive.zip")
    assert read(path) == [
        FollowerRecord("1", followed_back=False),
        FollowerRecord("2", followed_back=True),
    ]
    account = sqlite_world.account()

    def take(account: Account, confirmed: bool) -> TakenRoster:
        return import_roster(
            sqlite_world.session, account, path, at=None, confirmed=confirmed, key=KEY, now=NOON
        )

    assert take(account, False).taken_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert account.network_id == "99"
    other = sqlite_world.account("@other")
    with pytest.raises(Conflict, match="an archive of @JessesLinks, not of @other"):
        take(other, False)
    assert take(other, True).size == 2
    with pytest.raises(Invalid, match="an archive of X, and the account is on another network"):
        read(path, "bluesky")
