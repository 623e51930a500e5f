"""Leaving a community, and being forgotten: everything of the person goes, sums stay."""

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from asked import request_of
from clicking import FIREFOX
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import (
    Account,
    Consent,
    Follower,
    FollowerSegment,
    ForgottenFollower,
    MadeFollow,
    SegmentEntry,
)
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import list_segments
from linktrack.audience.sorting import sort_followers
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord
from linktrack.community.contacts import seal_mail
from linktrack.community.feed_addresses import Purpose, member_token
from linktrack.community.letting_in.deciding import approve, get_request
from linktrack.community.letting_in.known import make_known
from linktrack.community.members.forgetting import forget_person
from linktrack.community.members.leaving import leave, remove_member
from linktrack.community.members.listing import get_member
from linktrack.community.models import (
    FeedMail,
    JoinMail,
    JoinRequest,
    Member,
    MemberEntry,
    MemberStep,
    Suggestion,
)
from linktrack.db import to_ms
from linktrack.errors import NotFound
from linktrack.keys import load_keys
from linktrack.networks.records import FollowerRecord
from linktrack.portability.export.everything import export_all

NAME = "quicksilvera"
"""Nobody else's, so that a trace of it is a trace of her."""

ID = f"https://a.example/@{NAME}"
MAIL = f"{NAME}@example.org"
WORDS = f"I'm {NAME}. " + "Nightingales sing in my garden. " * 300


def roster(world: World, account: Account, names: list[str]) -> None:
    people = [FollowerRecord(f"https://a.example/@{name}", f"@{name}") for name in names]
    key = load_keys(world.settings.data).forgetting
    take_roster(
        world.session, account, people, NOON, "test", confirmed=True, now=NOON,
        forgotten=Forgotten.read(world.session, account.network, key),
    )  # fmt: skip
    sort_followers(world.session, account, NOON, roster_came=True)
    world.session.commit()


def come_in(world: World, account: Account) -> Member:
    """She asks, is let in, clicks a personal link, is mailed, followed, and suggests something."""
    request = request_of(world, account, NAME, ID, mail=MAIL, introduction=WORDS)
    found = get_request(world.session, request.id)
    member = approve(world.session, found, "Jesse", NOON, can_mail=True)
    session = world.session
    session.add_all(
        [
            FeedMail(member_id=member.id, week=1, state="sent", begun_at=NOON),
            MadeFollow(
                account_id=account.id, network_id=ID, handle=f"@{NAME}", state="followed",
                why="Let in.", begun_at=NOON, followed="7",
            ),
            Suggestion(
                account_id=account.id, way="mention", state="new", person_id=ID,
                network_id=f"{ID}/1", handle=f"@{NAME}", handle_key=NAME, text="Look at this",
                said_at=NOON, received_at=NOON,
                wants_word=True,
            ),
        ]
    )  # fmt: skip
    session.commit()
    return member


def click(world: World, account: Account) -> None:
    """She clicks her personal link."""
    post = world.post(account, "Read https://example.com/1")
    follower = world.session.scalars(select(Follower).where(Follower.network_id == ID)).first()
    segment = list_segments(world.session, account)[0]
    assert follower is not None
    record = ClickRecord(
        to_ms(NOON) + 1, post.links[0].id, FIREFOX, "t.co", 5,
        segment_id=segment.id, follower_id=follower.id, attribution="personal",
    )  # fmt: skip
    world.session.rollback()
    assert world.click([record]) == 1


def named_clicks(world: World) -> list[tuple[int | None, int]]:
    found = world.session.execute(select(clicks.c.follower_id, clicks.c.attribution)).all()
    world.session.rollback()
    return [(row[0], row[1]) for row in found]


def left(world: World) -> dict[str, int]:
    """How many rows of hers there are, by table."""
    tables = (Member, MemberStep, MemberEntry, FeedMail, JoinRequest, MadeFollow, Consent,
              SegmentEntry, FollowerSegment)  # fmt: skip
    counts = {
        table.__tablename__: world.session.scalar(select(func.count()).select_from(table)) or 0
        for table in tables
    }
    world.session.rollback()
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("way", [leave, remove_member])
def test_everything_of_who_leaves_goes_and_clicks_stay(world: World, way: object) -> None:
    """She still follows, as anybody sees; her click is of nobody we can tell."""
    account = world.account("@we@a.example", "mastodon", "we")
    roster(world, account, [NAME, "bob"])
    member = come_in(world, account)
    click(world, account)
    assert named_clicks(world)[0][0] is not None
    assert set(left(world)) == {
        "members", "member_steps", "member_entries", "feed_mails", "join_requests",
        "made_follows", "consents", "segment_entries", "follower_segments",
    }  # fmt: skip
    assert callable(way)
    way(world.session, get_member(world.session, member.id), world.store().days, NOON)
    world.session.commit()
    assert set(left(world)) <= {"follower_segments"}  # what she and Bob were before
    assert named_clicks(world) == [(None, 0)]
    world.session.expire_all()
    assert {each.name: each.size for each in list_segments(world.session, account)} == {
        "community": 0, "everyone else": 2,
    }  # fmt: skip
    community = list_segments(world.session, account)[0]
    known = select(FollowerSegment.segment_id)
    assert community.id not in world.session.scalars(known).all()
    suggestion = world.session.scalars(select(Suggestion)).one()
    assert (suggestion.handle, suggestion.person_id, suggestion.network_id) == (None, None, None)
    assert (suggestion.text, suggestion.bared_at) == ("", NOON)
    assert not suggestion.wants_word
    assert world.session.scalar(select(func.count()).select_from(Follower)) == 2
    with pytest.raises(NotFound, match="may have left"):
        get_member(world.session, member.id)


def test_who_leaves_one_community_stays_in_the_other(world: World) -> None:
    """With the list and the agreement that it needs."""
    account = world.account("@we@a.example", "mastodon", "we")
    other = world.account("@us@a.example", "mastodon", "we")
    roster(world, account, [NAME])
    member = come_in(world, account)
    request = request_of(world, other, NAME, ID)
    second = approve(
        world.session, get_request(world.session, request.id), "Jesse", NOON, can_mail=False
    )
    world.session.commit()
    leave(world.session, get_member(world.session, member.id), world.store().days, NOON)
    world.session.commit()
    counts = left(world)
    assert (counts["members"], counts["consents"], counts["segment_entries"]) == (1, 1, 2)
    leave(world.session, get_member(world.session, second.id), world.store().days, NOON)
    world.session.commit()
    assert set(left(world)) <= {"follower_segments"}


def test_being_let_in_again_is_a_new_number(world: World) -> None:
    """So an address of before opens nothing."""
    account = world.account("@we@a.example", "mastodon", "we")
    first = come_in(world, account).id
    leave(world.session, get_member(world.session, first), world.store().days, NOON)
    world.session.commit()
    again = come_in(world, account)
    assert again.id > first


@pytest.mark.parametrize("name", [ID, f"@{NAME}", f"mastodon:@{NAME}", MAIL, MAIL.upper()])
def test_forgetting_finds_members_requests_and_suggestions(world: World, name: str) -> None:
    """By id, handle or mail address, whether or not they follow; later lists leave them out."""
    account = world.account("@we@a.example", "mastodon", "we")
    other = world.account("@us@a.example", "mastodon", "we")
    roster(world, account, ["bob"])
    come_in(world, account)
    request_of(world, other, NAME, ID)
    keys = load_keys(world.settings.data)
    forget_person(world.session, name, keys, world.store().days, NOON)
    world.session.commit()
    assert set(left(world)) <= {"follower_segments"}
    assert world.session.scalars(select(Suggestion.handle)).all() == [None]
    traces = world.session.scalars(select(ForgottenFollower.digest)).all()
    assert traces
    assert NAME not in json.dumps(list(traces))
    roster(world, other, [NAME, "bob"])
    assert world.session.scalars(select(Follower.handle).distinct()).all() == ["@bob"]


def test_forgetting_finds_an_address_that_is_not_confirmed_yet(world: World) -> None:
    """Whoever typed it may have been somebody else."""
    account = world.account("@we@a.example", "mastodon", "we")
    request = request_of(world, account, NAME, ID)
    sealed = seal_mail(load_keys(world.settings.data).sealing(), MAIL)
    world.session.add(
        JoinMail(
            request_id=request.id, state="due", sealed_mail=sealed.sealed,
            mail_digest=sealed.digest, made_at=NOON, due_at=NOON,
        )
    )  # fmt: skip
    world.session.commit()
    keys = load_keys(world.settings.data)
    forget_person(world.session, MAIL, keys, world.store().days, NOON)
    world.session.commit()
    world.session.expunge_all()
    assert left(world) == {}
    assert world.session.scalars(select(JoinMail)).all() == []


def test_forgetting_a_follower_forgets_the_member(world: World) -> None:
    """And whoever is nobody here is said to be so."""
    account = world.account("@we@a.example", "mastodon", "we")
    roster(world, account, [NAME, "bob"])
    come_in(world, account)
    click(world, account)
    keys = load_keys(world.settings.data)
    forget_person(world.session, f"@{NAME}", keys, world.store().days, NOON)
    world.session.commit()
    assert set(left(world)) <= {"follower_segments"}
    assert named_clicks(world) == [(None, 0)]
    assert world.session.scalars(select(Follower.handle)).all() == ["@bob"]
    with pytest.raises(NotFound, match="no follower"):
        forget_person(world.session, f"@{NAME}", keys, world.store().days, NOON)


def files_with(folder: Path, words: str) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and words.encode().lower() in path.read_bytes().lower()
    ]


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[World]:
    """An installation whose database is in its data folder, as usual."""
    url = f"sqlite:///{tmp_path}/data/linktrack.db"
    with World.at(tmp_path / "data", url) as world:
        world.database.migrate()
        yield world


def test_an_export_has_no_mail_address_and_no_address_of_a_feed(
    sqlite_world: World, tmp_path: Path
) -> None:
    """Addresses of mail are sealed in it; those of a member are made anew from the keys."""
    world = sqlite_world
    member = come_in(world, world.account("@we@a.example", "mastodon", "we"))
    markers = load_keys(world.settings.data).markers()
    purposes: tuple[Purpose, ...] = ("feed", "member", "mails")
    tokens = [member_token(markers, purpose, member) for purpose in purposes]
    world.session.rollback()
    export_all(world.database, tmp_path / "all.zip", NOON)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert NAME.encode() in content
    assert MAIL.encode() not in content
    assert [token for token in tokens if token.encode() in content] == []


def test_nowhere_on_disk(on_disk: World, tmp_path: Path) -> None:
    """Neither in the database's file, nor in its log, nor in an export of everything.

    While others have the database open, too; the introduction takes several pages of the file.
    """
    world, data = on_disk, tmp_path / "data"
    account = world.account("@we@a.example", "mastodon", "we")
    roster(world, account, ["bob"])
    member = come_in(world, account)
    world.database.wipe()
    with closing(sqlite3.connect(data / "linktrack.db")) as reader:
        reader.execute("SELECT count(*) FROM members").fetchall()
        assert files_with(data, NAME) == ["linktrack.db"]
        assert files_with(data, "nightingales") == ["linktrack.db"]
        assert files_with(data, MAIL) == []  # it is sealed
        make_known(world.session, get_member(world.session, member.id), NOON)
        world.session.commit()
        leave(world.session, get_member(world.session, member.id), world.store().days, NOON)
        world.session.commit()
        world.database.wipe()
        assert files_with(data, NAME) == []
        assert files_with(data, "nightingales") == []
    export_all(world.database, tmp_path / "all.zip", NOON + timedelta(days=1))
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        tables = {name: archive.read(name).lower() for name in archive.namelist()}
    assert b"everyone else" in tables["tables/segments.ndjson"]
    assert [name for name, rows in tables.items() if NAME.encode() in rows] == []
