"""The demonstration: two simulated years, marked as such, made and removed whole."""

import json
import zipfile
from collections import Counter
from typing import Any

import pytest
from browser import Browser, read
from clicking import FIREFOX, counts
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from world import NOON, World

from linktrack.audience.accounts import account_json, find_account, list_accounts
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account, Follower, FollowPeriod, Segment, SegmentEntry
from linktrack.audience.rosters import list_rosters, take_roster
from linktrack.audience.segments import list_segments
from linktrack.calendar.days import Days
from linktrack.clicks.counts import rebuild
from linktrack.clicks.models import clicks, imported_clicks
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import ATTRIBUTIONS, REASONS
from linktrack.community.suggestions.inbox import list_suggestions
from linktrack.db import Base, now, to_ms
from linktrack.engagement.models import Engagement, EngagementCount, NetworkPost
from linktrack.engagement.vocabulary import KIND_NUMBER, KINDS
from linktrack.errors import Conflict, NotFound
from linktrack.keys import load_keys
from linktrack.links.models import Post
from linktrack.links.people import add_person, page_secret, share_page
from linktrack.networks.records import FollowerRecord, PostRecord
from linktrack.owners.answers import reserve_answer
from linktrack.owners.sharing import share_report
from linktrack.owners.tokens import create_token, list_tokens
from linktrack.portability.demo.crowd import COME_BACK, LEAVE, crowd, list_days, members, sizes
from linktrack.portability.demo.making import make_demo
from linktrack.portability.demo.reading import posts
from linktrack.portability.demo.removing import remove_demo
from linktrack.portability.demo.story import ACCIDENT, BLUE, ME, MEMBERS, PROFILES, YOU
from linktrack.portability.export.everything import export_all
from linktrack.portability.export.exports import Selection, stream
from linktrack.publishing.models import Sending
from linktrack.publishing.unwrapped.posts import addresses_of, keep_posts, list_unwrapped
from linktrack.reports.cpf import cpf_json, cpf_report
from linktrack.reports.diary.experiment_report import experiment_reports
from linktrack.reports.diary.experiments import Question, add_experiment, list_experiments
from linktrack.reports.links.suggested import suggested_posts
from linktrack.webhooks.catalog import add_webhook, send_test


def rows(world: World) -> dict[str, int]:
    """Return how many rows each table has, but for what all accounts share."""
    shared = {"agents", "cities", "devices", "sources", "referrers", "counted_by"}
    with world.database.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in shared
        }


def report(world: World) -> Any:
    account = find_account(world.session, "@demo_you")
    return cpf_json(cpf_report(world.session, account, window="7d", limit=1, now=now()))["total"]


TRACES = (b"demo_you", b"demo_follower", b"demo-you", b"rivers.example.com", b"Ada Marlowe")


@pytest.mark.slow
def test_the_demonstration_leaves_nothing_behind(world: World) -> None:
    """Made beside an owner's post, reported, counted anew, removed: only the owner's is left."""
    account = world.account("@JessesLinks")
    world.post(account, "Mine: https://example.com/mine")
    before = rows(world)

    made = make_demo(world.database, world.shortener, NOON)
    assert made.posts > 900
    assert made.clicks > 35_000
    assert rows(world)["clicks"] == made.clicks
    simulated = {each.handle for each in list_accounts(world.session) if each.simulated}
    assert simulated == {profile.handle for profile in PROFILES}

    total = report(world)
    assert 0.0008 < total["cpf"] < 0.0022
    assert total["posts_without_count"] == 0
    assert total["unattributed"] / total["unique_clicks"] >= 0.8
    counted = counts(world)
    with world.store().transaction() as connection:
        rebuild.rebuild(connection, Days(world.settings.timezone))
    world.session.expire_all()
    world.session.rollback()
    assert counts(world) == counted
    assert report(world) == total

    with pytest.raises(Conflict, match="already exists"):
        make_demo(world.database, world.shortener, NOON)
    world.session.rollback()
    remove_demo(world.database)
    assert rows(world) == before
    files = [path for path in world.settings.data.rglob("*") if path.is_file()]
    assert not [(path, each) for path in files for each in TRACES if each in path.read_bytes()]
    with pytest.raises(NotFound, match="no demonstration"):
        remove_demo(world.database)


@pytest.mark.slow
def test_a_new_owner_looks_around_and_clears_up(sqlite_world: World) -> None:
    """One button makes the demonstration, pages mark its accounts, one button removes it.

    What the product can do is all there: nobody has to imagine it.
    """
    browser = Browser.signed_in(sqlite_world)
    assert "Or look around first" in read(browser.get("/owner/"))
    made = browser.send("/owner/demo", {}, form="/owner/")
    assert made.status_code == 303
    assert "Simulated data." in read(browser.get("/owner/"))
    check_pages(sqlite_world)
    sqlite_world.session.rollback()
    removed = browser.send("/owner/demo/remove", {}, form="/owner/accounts")
    assert removed.status_code == 303
    assert "The demonstration was removed." in read(browser.get("/owner/"))
    assert "Or look around first" in read(browser.get("/owner/"))


def check_pages(world: World) -> None:
    """Every page has something to show."""
    session = world.session
    you, blue = (find_account(session, each.handle) for each in (YOU, BLUE))
    accounts: dict[int, Account] = {each.id: each for each in list_accounts(session)}
    verdicts = [
        each.verdict
        for each in experiment_reports(session, list_experiments(session), accounts, now())
    ]
    assert verdicts == ["not_yet", "more", "more"]
    assert {each.state for each in session.scalars(select(Sending))} == {
        "failed", "sent", "waiting",
    }  # fmt: skip
    assert set(session.scalars(select(Post.state))) >= {"draft", "scheduled"}
    assert list_unwrapped(session, you.id, 9)
    assert list_unwrapped(session, blue.id, 9)
    left_out = session.scalars(select(clicks.c.reason).distinct()).all()
    assert {REASONS[each] for each in left_out} == set(REASONS)
    attributions = session.scalars(select(clicks.c.attribution).distinct()).all()
    assert {ATTRIBUTIONS[each] for each in attributions} == {
        None, "variant", "recognised", "recognised-network",
    }  # fmt: skip
    assert session.scalar(select(func.count()).select_from(imported_clicks))
    sizes_now = {each.name: each.size for each in list_segments(session, you)}
    assert sizes_now["community"] == MEMBERS
    assert 5_800 < (sizes_now["looks empty"] or 0) < 6_500

    check_lists(world)
    check_engagement(session)
    waiting = {each.account_id for each in list_suggestions(session, None, "new")}
    assert waiting == {you.id, blue.id}
    assert len(suggested_posts(session, you, "7d", now()).posts.lines) > 3


def check_engagement(session: Session) -> None:
    """The community likes most, X names nobody, and words without a link have engagement too."""
    me, you, blue = (find_account(session, each.handle).id for each in (ME, YOU, BLUE))
    named = (
        select(NetworkPost.account_id, func.count(Engagement.follower_id))
        .join(Engagement, Engagement.network_post_id == NetworkPost.id)
        .group_by(NetworkPost.account_id)
    )
    assert [number for number, _ in session.execute(named)] == [blue]
    unread = select(func.count()).where(NetworkPost.names_read_at.is_(None))
    assert session.scalar(unread.where(NetworkPost.account_id == blue)) == 0
    assert (session.scalar(unread.where(NetworkPost.account_id == you)) or 0) > 600
    words = NetworkPost.account_id == me, NetworkPost.post_id.is_(None)
    assert (session.scalar(select(func.count()).where(*words)) or 0) > 200
    counted = select(EngagementCount.kind).join(NetworkPost).where(*words).distinct()
    assert len(session.scalars(counted).all()) == len(KINDS)
    likes = Engagement.kind == KIND_NUMBER["like"]
    entries = select(SegmentEntry.key).join(Segment).where(Segment.account_id == blue)
    by_members = (
        select(func.count())
        .select_from(Engagement)
        .join(Follower)
        .where(likes, Follower.network_id.in_(entries))
    )
    theirs, whole = session.scalar(by_members), session.scalar(select(func.count()).where(likes))
    assert theirs is not None
    assert whole is not None
    assert 0.2 < theirs / whole < 0.7  # though they are one follower in fifty


def check_lists(world: World) -> None:
    """A list taken again changes nothing: all periods are where importing puts them."""
    session = world.session
    account = find_account(session, "@demo_you")
    rosters = list(list_rosters(session, account.id))
    for roster in (rosters[0], rosters[len(rosters) // 2], rosters[-1]):
        followed = (
            select(Follower.network_id)
            .join(FollowPeriod)
            .where(
                FollowPeriod.account_id == account.id,
                FollowPeriod.began_by <= roster.taken_at,
                or_(
                    FollowPeriod.ended_after.is_(None), FollowPeriod.ended_after >= roster.taken_at
                ),
            )
        )
        people = [FollowerRecord(number) for number in session.scalars(followed)]
        assert len(people) == roster.size
        forgotten = Forgotten.read(session, "x", b"key")
        taken = take_roster(
            session, account, people, roster.taken_at, "file", forgotten=forgotten, now=now()
        )
        assert not taken.is_new


def test_removing_takes_all_that_leads_there_and_nothing_of_others(world: World) -> None:
    """Posts that were not wrapped are numbered apart from posts; what was made meanwhile goes."""
    session, demo, mine = world.session, world.account("@demo"), world.account("@mine", role="me")
    demo.simulated = True
    for each in (demo, mine):
        told = PostRecord("1", NOON, False, "https://b.org/", ("https://b.org/",))
        keep_posts(session, each, [told], "go.jessestay.com")
    for number in range(3):
        world.post(demo, f"https://example.com/{number}")
    add_experiment(session, mine, Question("Pictures", NOON, demo), NOON)
    webhook, _ = add_webhook(session, bytes(32), "https://example.com/", [], demo.id, now=NOON)
    send_test(session, webhook, NOON)
    create_token(session, "demo", "write", demo.id, NOON)
    reserve_answer(session, list_tokens(session)[0].id, "key", "hash", NOON)
    session.commit()
    remove_demo(world.database)
    session.expunge_all()
    assert [each.handle for each in list_accounts(session)] == ["@mine"]
    (post,) = list_unwrapped(session, mine.id, 9)
    assert addresses_of(session, [post]) == {post.id: ["https://b.org/"]}
    assert rows(world)["webhook_deliveries"] == rows(world)["idempotent_answers"] == 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_year() -> None:
    """So that pictures and sentences about it stay true."""
    year = list(posts(YOU, NOON, 1))
    assert year == list(posts(YOU, NOON, 1))
    assert year != list(posts(YOU, NOON, 2))
    assert all(post.at <= NOON for post in year)
    assert all(click.at <= NOON for post in year for click in post.clicks)


def test_the_accident_is_in_the_follower_counts() -> None:
    """Within a week of it about 6,000 people are gone, some come back, and readers all stay."""
    fans = crowd(1)
    eve, week, month, end = sizes(fans, [ACCIDENT, ACCIDENT - 7.0, ACCIDENT - 30.0, 0.0])
    assert eve == 23_000
    assert 5_700 < eve - week < 6_000
    assert week < month < end < 20_000
    assert sum(len(fan.times) > 1 for fan in fans) == COME_BACK
    left = Counter(fan.kind for fan in fans if 66 < (fan.times[0][1] or 0) < ACCIDENT)
    assert LEAVE <= left["automatic"] > 50 * (left["reads"] + left["empty"])
    assert len(members(fans)) == MEMBERS
    assert list_days() == sorted(set(list_days()), reverse=True)


def test_every_page_with_simulated_data_says_so(sqlite_world: World) -> None:
    """Pages of all accounts, of a simulated one, and what strangers see of it; no others."""
    demo, mine = sqlite_world.account("@demo"), sqlite_world.account("@mine", role="me")
    demo.simulated = True
    session = sqlite_world.session
    its = sqlite_world.post(demo, "https://example.com/its").links[0]
    own = sqlite_world.post(mine, "https://example.com/own").links[0]
    secret = share_report(session, demo.id, 30, now())
    person = add_person(session, "Ada", now())
    person.simulated = True
    share_page(session, person, now(), is_public=True)
    session.commit()
    sqlite_world.click([ClickRecord(to_ms(NOON), its.id, FIREFOX, None, 1)])
    browser, mark = Browser.signed_in(sqlite_world), "Simulated data. @demo is a demonstration"
    for path in ("", "posts", "digest", "links", "timing", "segments", "followers", "audience"):
        assert mark in read(browser.get(f"/owner/{path}")), path
        page = f"/owner/{path}?account={mine.id}"
        assert path == "digest" or "Simulated data." not in read(browser.get(page)), path
    assert mark in read(browser.get(f"/owner/links/{its.code}"))
    assert "Simulated data." not in read(browser.get(f"/owner/links/{own.code}"))
    stranger = Browser.on(sqlite_world)
    demo.on_front_page = True
    session.commit()
    for path in ("/", f"/{its.code}+", "/hello/@demo", f"/shared/{secret}"):
        assert mark in read(stranger.get(path)), path
    session.refresh(person)
    thanks = f"/people/{page_secret(load_keys(sqlite_world.settings.data), person)}"
    assert "Simulated data. Ada is a demonstration" in read(stranger.get(thanks))
    for path in (f"/{own.code}+", "/hello/@mine", "/owner/sign-in"):
        assert "Simulated data." not in read(stranger.get(path)), path


def test_what_is_exported_of_simulated_accounts_says_so(sqlite_world: World) -> None:
    """A field more in their rows, in a report's account, and in the zip; a word in file names."""
    demo, mine = sqlite_world.account("@demo"), sqlite_world.account("@mine", role="me")
    session, engine = sqlite_world.session, sqlite_world.database.engine

    def exported(form: str) -> list[str]:
        blocks = stream(engine, sqlite_world.shortener, "posts", form, Selection())
        return "".join(blocks).splitlines()

    for account in (demo, mine):
        sqlite_world.post(account, f"https://example.com/{account.id}")
    header = exported("csv")[0]
    demo.simulated = True
    session.commit()
    its, own = map(json.loads, exported("ndjson"))
    assert its["simulated"] is True
    assert "simulated" not in own
    assert list(own) == header.split(",")
    marked, first, second = exported("csv")
    assert marked == f"{header},simulated"
    assert (first.rpartition(",")[2], second.rpartition(",")[2]) == ("true", "")
    assert account_json(demo) == {
        "network": "x", "handle": "@demo", "role": "you", "simulated": True,
    }  # fmt: skip
    assert "simulated" not in account_json(mine)
    browser = Browser.signed_in(sqlite_world)
    for account, name in ((demo, "posts-simulated.csv"), (mine, "posts.csv")):
        answer = browser.get(f"/owner/posts?account={account.id}&format=csv")
        assert name in answer.headers["Content-Disposition"]
    path = sqlite_world.settings.data / "all.zip"
    export_all(sqlite_world.database, path, now())
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("manifest.json"))["simulated"] == ["@demo"]
