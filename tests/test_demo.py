"""The demonstration: a simulated year, marked as such, made and removed whole."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from browser import Browser, read
from clicking import FIREFOX
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.accounts import find_account, list_accounts
from linktrack.calendar.days import Days
from linktrack.clicks.counts import rebuild
from linktrack.clicks.records import ClickRecord
from linktrack.db import Base, now, to_ms
from linktrack.errors import Conflict, NotFound
from linktrack.networks.records import PostRecord
from linktrack.owners.answers import reserve_answer
from linktrack.owners.sharing import share_report
from linktrack.owners.tokens import create_token, list_tokens
from linktrack.portability.demo import make_demo, remove_demo
from linktrack.portability.simulation import PROFILES, YOU, follower_counts, posts
from linktrack.publishing.unwrapped.posts import addresses_of, keep_posts, list_unwrapped
from linktrack.reports.cpf import cpf_json, cpf_report
from linktrack.reports.diary.experiments import Question, add_experiment
from linktrack.webhooks.catalog import add_webhook, send_test


def rows(world: World) -> dict[str, int]:
    """Return how many rows each table has, but for what all accounts share."""
    shared = {"agents", "sources", "referrers", "counted_by"}
    with world.database.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in shared
        }


def report(world: World) -> Any:
    account = find_account(world.session, "@demo_you")
    return cpf_json(cpf_report(world.session, account, window="7d", limit=1, now=now()))["total"]


@pytest.mark.slow
def test_the_demonstration_leaves_nothing_behind(world: World) -> None:
    """Made beside an owner's post, reported, counted anew, removed: only the owner's is left."""
    account = world.account("@JessesLinks")
    world.post(account, "Mine: https://example.com/mine")
    before = rows(world)

    made = make_demo(world.database, world.shortener, NOON)
    assert made.posts > 500
    assert made.clicks > 20_000
    assert rows(world)["clicks"] == made.clicks
    simulated = [each.handle for each in list_accounts(world.session) if each.simulated]
    assert simulated == [profile.handle for profile in PROFILES]

    total = report(world)
    assert 0.0008 < total["cpf"] < 0.0025
    assert total["posts_without_count"] == 0
    assert total["unattributed"] / total["unique_clicks"] >= 0.8
    with world.store().transaction() as connection:
        rebuild.rebuild(connection, Days(world.settings.timezone))
    world.session.expire_all()
    world.session.rollback()
    assert report(world) == total

    with pytest.raises(Conflict, match="here already"):
        make_demo(world.database, world.shortener, NOON)
    world.session.rollback()
    remove_demo(world.database)
    assert rows(world) == before
    with pytest.raises(NotFound, match="no demonstration"):
        remove_demo(world.database)


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
    """Within a week of it more than 5,000 people are gone; every count has its own day."""
    counts = dict(follower_counts(YOU, NOON))
    assert max(Counter(at.date() for at in counts).values()) == 1
    before, after = (counts[NOON - timedelta(days=ago)] for ago in (131, 126))
    assert before - after > 5_000


@pytest.mark.slow
def test_a_new_owner_looks_around_and_clears_up(sqlite_world: World) -> None:
    """One button makes the demonstration, pages mark its accounts, one button removes it."""
    browser = Browser.signed_in(sqlite_world)
    assert "Or look around first" in read(browser.get("/owner/"))
    made = browser.send("/owner/demo", {}, form="/owner/")
    assert made.status_code == 303
    assert read(browser.get("/owner/")).count("simulated") >= 3
    removed = browser.send("/owner/demo/remove", {}, form="/owner/accounts")
    assert removed.status_code == 303
    assert "The demonstration is gone." in read(browser.get("/owner/"))
    assert "Or look around first" in read(browser.get("/owner/"))


def test_every_page_with_simulated_data_says_so(sqlite_world: World) -> None:
    """Pages of all accounts, of a simulated one, and what strangers see of it; no others."""
    demo, mine = sqlite_world.account("@demo"), sqlite_world.account("@mine", role="me")
    demo.simulated = True
    session = sqlite_world.session
    its = sqlite_world.post(demo, "https://example.com/its").links[0]
    own = sqlite_world.post(mine, "https://example.com/own").links[0]
    secret = share_report(session, demo.id, 30, now())
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
    for path in ("/", f"/{its.code}+", "/hello/@demo", f"/shared/{secret}"):
        assert mark in read(stranger.get(path)), path
    for path in (f"/{own.code}+", "/hello/@mine", "/owner/sign-in"):
        assert "Simulated data." not in read(stranger.get(path)), path
