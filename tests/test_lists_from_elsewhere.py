"""Lists of people from Instagram, LinkedIn, Mastodon's API and newsletters' services."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from world import World

from linktrack.cli import main
from linktrack.errors import Conflict, Invalid
from linktrack.networks.records import FollowerRecord
from linktrack.portability.followers.roster_files import import_roster, open_roster
from linktrack.portability.followers.subscribers import Subscribers, count_subscribers

KEY = b"k" * 32
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def read(path: Path, network: str = "other", home: str | None = None) -> list[FollowerRecord]:
    with open_roster(path, network, home=home) as found:
        return list(found.people)


def saved(folder: Path, content: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


API = """id,username,acct,url,followers_count
1,ann,ann@a.example,https://a.example/@ann,10
2,ann,ann@b.example,https://b.example/@ann,11
3,cid,cid,https://mastodon.social/@cid,12
"""
HANDLES = ["@ann@a.example", "@ann@b.example", "@cid@mastodon.social"]


def test_a_handle_of_mastodon_has_its_server_in_tables_and_json_alike(tmp_path: Path) -> None:
    """`acct` goes before `username`, and a local one is completed from the profile's address."""
    assert [one.handle for one in read(saved(tmp_path, API), "mastodon")] == HANDLES
    rows = [line.split(",") for line in API.splitlines()]
    people = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    path = saved(tmp_path, json.dumps(people), "list.json")
    assert [one.handle for one in read(path, "mastodon")] == HANDLES
    local = saved(tmp_path, "acct\nann@a.example\ncid\n")
    assert [one.handle for one in read(local, "mastodon", "home.example")] == [
        "@ann@a.example",
        "@cid@home.example",
    ]


def test_the_same_people_from_two_exports_are_the_same(world: World, tmp_path: Path) -> None:
    """Nobody came and nobody left between a table of the API and the export of followers."""
    account = world.account("@you@mastodon.social", network="mastodon")
    exported = "Account address\n" + "".join(f"{handle[1:]}\n" for handle in HANDLES)
    for content, at in ((API, JANUARY), (exported, FEBRUARY)):
        path = saved(tmp_path, content)
        done = import_roster(
            world.session, account, path, at=at, confirmed=False, key=KEY, now=MARCH
        )
        world.session.commit()
    assert (done.size, done.gained, done.returned, done.lost) == (3, 0, 0, 0)


def entry(name: str, href: str = "", title: str = "") -> dict[str, object]:
    """One person as Instagram's download has them."""
    return {"title": title, "string_list_data": [{"href": href, "value": name, "timestamp": 1}]}


def test_instagrams_download_gives_its_followers(tmp_path: Path) -> None:
    """All its parts, in a ZIP file, a folder or alone; closed accounts are passed over."""
    first = [entry("example.one"), entry(""), {"title": "", "string_list_data": []}]
    second = [entry("", "https://www.instagram.com/_u/two_2"), entry("", title="three")]
    assert [one.handle for one in read(saved(tmp_path, json.dumps(first), "followers_1.json"))] == [
        "@example.one"
    ]
    inside = "connections/followers_and_following"
    path = tmp_path / "instagram.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{inside}/followers_2.json", json.dumps(second))
        file.writestr(f"{inside}/followers_1.json", json.dumps(first))
        file.writestr(f"{inside}/following.json", json.dumps({"relationships_following": first}))
        file.writestr("personal_information/personal_information.json", "{}")
    expected = ["@example.one", "@two_2", "@three"]
    assert [one.handle for one in read(path)] == expected
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            place = tmp_path / "instagram" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read(name))
    assert [one.handle for one in read(tmp_path / "instagram")] == expected


def test_instagrams_list_of_those_one_follows_is_refused(tmp_path: Path) -> None:
    """It is easily confused with the other."""
    path = saved(tmp_path, json.dumps({"relationships_following": [entry("a")]}), "following.json")
    with pytest.raises(Conflict, match="followers_1"):
        read(path)


LINKEDIN = """First Name,Last Name,URL,Email Address,Company,Position,Connected On
Ada,Example,https://www.linkedin.com/in/ada-example,ada@example.org,"Acme, Inc.",Manager,28 Sep 2026
Grace,Example,https://www.linkedin.com/in/grace-example,,Globex,Engineer,03 Jan 2019
,,,,,,04 Jan 2019
"""
NOTES = 'Notes:\n"When exporting your data, you may notice that some addresses are missing."\n\n'


@pytest.mark.parametrize("notes", ["", NOTES])
def test_linkedins_connections_are_people_by_their_profile(tmp_path: Path, notes: str) -> None:
    """Below its notes; closed accounts are passed over, and no e-mail address is read."""
    assert read(saved(tmp_path, notes + LINKEDIN, "Connections.csv")) == [
        FollowerRecord("https://www.linkedin.com/in/ada-example"),
        FollowerRecord("https://www.linkedin.com/in/grace-example"),
    ]


@pytest.mark.parametrize(
    ("content", "name"), [(LINKEDIN, "Connections.csv"), (json.dumps([entry("a")]), "f.json")]
)
def test_their_lists_are_none_of_another_network(tmp_path: Path, content: str, name: str) -> None:
    """The account must be one of the network `other`."""
    with pytest.raises(Invalid, match="network other"):
        read(saved(tmp_path, content, name), "x")


SUBSTACK = """Email,Active Subscription,Expiry,Plan,Email Disabled,Created At
a@example.org,false,,other,false,2024-01-01
b@example.org,true,2027-01-01,yearly,false,2024-01-01
c@example.org,false,,other,true,2024-01-01
"""
MAILCHIMP = """Email Address,First Name,Last Name,State,MEMBER_RATING,OPTIN_TIME,LEID,EUID
a@example.org,A,B,CA,2,2024-01-01,1,x
b@example.org,A,B,,2,2024-01-01,2,y
"""
MAILCHIMP_GONE = """Email Address,First Name,MEMBER_RATING,UNSUB_TIME,LEID
a@example.org,A,2,2024-01-01,1
"""
GHOST = """id,email,name,note,subscribed_to_emails,complimentary_plan,created_at,deleted_at,labels
6,a@example.org,A,,true,false,2024-01-01,,
7,b@example.org,B,,false,false,2024-01-01,,
8,c@example.org,C,,true,false,2024-01-01,2024-02-01,
"""
LISTMONK = """uuid,email,name,attributes,status,created_at,updated_at
u,a@example.org,A,"{""city"": ""x, y""}",enabled,2024-01-01,2024-01-01
v,b@example.org,B,{},blocklisted,2024-01-01,2024-01-01
"""
BUTTONDOWN = """id,email_address,notes,tags,type,creation_date,unsubscription_date
1,a@example.org,,,regular,2024-01-01,
2,b@example.org,,,unactivated,2024-01-01,
3,c@example.org,,,unsubscribed,2024-01-01,2024-02-01
4,d@example.org,,,premium,2024-01-01,
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (SUBSTACK, Subscribers(2, 1)),
        (MAILCHIMP, Subscribers(2, 0)),
        (MAILCHIMP_GONE, Subscribers(0, 1)),
        (GHOST, Subscribers(1, 2)),
        (LISTMONK, Subscribers(1, 1)),
        (BUTTONDOWN, Subscribers(2, 2)),
        (LINKEDIN, None),
        (API, None),
    ],
)
def test_subscribers_are_counted_who_still_get_mail(
    tmp_path: Path, content: str, expected: Subscribers | None
) -> None:
    """As each service writes them; a list of people with handles is none of subscribers."""
    assert count_subscribers(saved(tmp_path, content)) == expected


@pytest.mark.parametrize(
    ("row", "word"),
    [("9,,,,regular,2024-01-01,", "line 6"), ("9,e@example.org,,,odd,2024-01-01,", "odd")],
)
def test_a_broken_row_of_subscribers_is_named(tmp_path: Path, row: str, word: str) -> None:
    """Nothing is counted by guessing, and the address is not repeated."""
    with pytest.raises(Invalid, match=word) as caught:
        count_subscribers(saved(tmp_path, BUTTONDOWN + row + "\n"))
    assert "@" not in caught.value.sentence


def test_of_subscribers_only_the_number_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By command; no address is in the database."""
    data = tmp_path / "data"
    monkeypatch.setenv("LINKTRACK_DATA", str(data))
    monkeypatch.delenv("LINKTRACK_DATABASE", raising=False)
    assert CliRunner().invoke(main, ["account", "add", "News", "--network", "other"]).exit_code == 0
    path = saved(tmp_path, BUTTONDOWN, "subscribers.csv")
    arguments = ["followers", "import", "News", str(path), "--at", "2026-01-01", "--json"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {
        "account": "News", "counted_at": "2026-01-01T00:00:00Z", "subscribers": 2, "left_out": 2,
    }  # fmt: skip
    said = CliRunner().invoke(main, ["counts", "list", "News"]).output
    assert "1 Jan 2026, 00:00" in said
    again = CliRunner().invoke(main, arguments[:-1])
    assert "Only the number is kept" in again.output
    assert all(b"example.org" not in file.read_bytes() for file in data.glob("linktrack.db*"))


def test_subscribers_are_no_follower_list(tmp_path: Path) -> None:
    """Where a list of people is wanted it is said what to do instead."""
    with pytest.raises(Invalid, match="email address"):
        read(saved(tmp_path, GHOST))


@pytest.mark.parametrize(
    ("name", "people"), [("instagram_followers_1.json", 2), ("linkedin_connections.csv", 2)]
)
def test_cases_from_the_world_have_their_people(shared_data: Path, name: str, people: int) -> None:
    """Reduced from real downloads."""
    path = shared_data.parent / "cases" / "moving-in" / name
    if not path.exists():
        pytest.skip("the cases are not here")
    assert len(read(path)) == people
