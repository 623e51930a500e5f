"""Topics: posts by the tags of their links, compared with all other posts, and what stands out."""

import csv
import io
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from attribution import poisson
from audiences import day, followers
from browser import Browser, read
from clicking import people
from engaging import engage, network_post
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.links.labels import describe
from linktrack.links.models import Post
from linktrack.reports.figures.statistics.experiments import Pair
from linktrack.reports.figures.statistics.groups import Group, stand_out
from linktrack.reports.links.topics import TopicsReport, topics_json, topics_report

WEEK = timedelta(days=7)
LATER = day(60)


def tagged(world: World, account: Account, number: float, tags: Sequence[str], clicks: int) -> Post:
    """A post of that day with two links, both with these tags, and so many people's clicks."""
    text = f"http://one.com/{number} http://two.com/{number}"
    post = world.post(account, text, day(number))
    for link in post.links:
        describe(world.session, link, NOON, tags=tags)
    world.session.commit()
    people(world, post, 0, clicks)
    return post


def an_account(world: World) -> Account:
    """Eight posts about maps (one of them about trains, too) and eight others; 1,000 followers."""
    account = world.account("@you.test", "bluesky")
    followers(world, account, 1_000, days=-1)
    for number in range(16):
        is_map = number % 2 == 0
        tags = ["maps", *(["trains"] if number == 4 else [])] if is_map else []
        post = tagged(world, account, number, tags, 20 + 20 * is_map + number % 3)
        seen = network_post(world, account, number, day(number), post.id)
        strangers = 12 + number % 3 if is_map else 11 + number % 4
        engage(world, seen, day(number) + WEEK, {}, strangers=strangers)
    return account


def report(world: World, account: Account) -> TopicsReport:
    world.session.commit()
    return topics_report(world.session, account, window="7d", now=LATER)


def test_a_topic_that_clearly_gets_more_clicks_is_named(world: World) -> None:
    """Its engagement is as usual. A post of two tags counts in both; its two links count once."""
    found = report(world, an_account(world))
    maps, trains = found.topics
    assert (maps.tag, maps.clicks.posts, maps.clicks.count) == ("maps", 8, 328)
    assert (maps.clicks.verdict, maps.engagement.verdict) == ("above", None)
    assert maps.clicks.rate.value == pytest.approx(328 / 8_000)
    assert maps.clicks.times.value == pytest.approx(328 / 167)
    assert maps.clicks.times.interval is not None and maps.clicks.times.interval.low > 1.5
    assert (maps.engagement.posts, maps.engagement.count) == (8, 104)
    assert (trains.clicks.posts, trains.clicks.count, trains.clicks.verdict) == (1, 41, None)
    assert trains.clicks.rate.interval is None  # of one post
    first, second = found.sentences
    assert first == (
        "8 posts tagged maps clearly got more clicks per follower than your other posts: 2 times "
        "as many (likely 1.6 to 2.4)."
    )
    assert second == "A post with several tags counts in each of them."
    assert (found.posts, found.tagged, found.tags) == (16, 8, 2)


def test_posts_that_still_count_or_are_unmeasured_move_no_topic(world: World) -> None:
    """As in every report of several posts: they stand apart. So do links in no post."""
    account = an_account(world)
    before = topics_json(report(world, account))
    tagged(world, account, 58, ["maps"], 900)
    imported = tagged(world, account, 30, ["maps"], 900)
    imported.measured_from = day(40)
    after = topics_json(report(world, account))
    assert after["still_counting"] == {"posts": 1, "clicks": 900, "unique_clicks": 900}
    assert after["posts_unmeasured"] == 1
    assert {**after, "still_counting": 0, "posts_unmeasured": 0, "sentences": 0} == {
        **before, "still_counting": 0, "posts_unmeasured": 0, "sentences": 0,
    }  # fmt: skip


def test_nothing_is_said_of_too_few_posts_or_without_tags(sqlite_world: World) -> None:
    """The sentence says what it takes."""
    account = sqlite_world.account("@you.test", "bluesky")
    followers(sqlite_world, account, 1_000, days=-1)
    (sentence,) = report(sqlite_world, account).sentences
    assert sentence.startswith("No link in these posts has a tag. Tag links by topic on their own")
    for number in range(6):
        tagged(sqlite_world, account, number, ["maps"] if number < 4 else [], 90 * (number < 4))
    found = report(sqlite_world, account)
    assert found.topics[0].clicks.verdict is None
    assert found.sentences[0] == (
        "It takes 5 complete posts of a topic, and as many others, to compare them."
    )


def test_the_page_and_its_file_show_every_topic(sqlite_world: World) -> None:
    """With a link to the tag's links."""
    account = an_account(sqlite_world)
    browser = Browser.signed_in(sqlite_world)
    address = f"/owner/topics?account={account.id}&from=2026-05-01&to=2026-06-10"
    answer = browser.get(address)
    page = read(answer)
    assert "8 posts tagged maps clearly got more clicks per follower" in page
    assert "maps 8 41.0" in page and "clearly above" in page
    assert f"/owner/links?account={account.id}&amp;tag=maps" in answer.text
    rows = list(csv.DictReader(io.StringIO(browser.get(f"{address}&format=csv").text)))
    assert [(row["tag"], row["posts"], row["usual"]) for row in rows] == [
        ("maps", "8", "above"), ("trains", "1", ""),
    ]  # fmt: skip
    assert "No link in these posts has a tag." in read(
        browser.get("/owner/topics?from=2026-03-01&to=2026-04-02")
    )


def groups_of(chance: random.Random, better: float, posts: int = 60) -> list[Group]:
    """Eight tags at random over posts that scatter widely; one tag's posts do better."""
    pairs: list[Pair] = []
    tags = [set(chance.sample(range(8), chance.choice((0, 1, 1, 2)))) for _ in range(posts)]
    for own in tags:
        mean = 20 * chance.gammavariate(2, 0.5) * (better if 0 in own else 1)
        pairs.append((poisson(chance, mean), 10_000))
    return [
        Group(
            [pair for pair, own in zip(pairs, tags, strict=True) if tag in own],
            [pair for pair, own in zip(pairs, tags, strict=True) if tag not in own],
        )
        for tag in range(8)
    ]


@pytest.mark.slow
def test_topics_that_are_alike_are_hardly_ever_said_to_differ() -> None:
    """In 5% of reports at most, over all their topics, which share posts; a real one is found."""
    chance = random.Random(11)
    false = sum(any(stand_out(groups_of(chance, 1))) for _ in range(80))
    assert false <= 8  # 4 expected at most; more than 8 by chance once in fifty times
    verdicts = [stand_out(groups_of(chance, 3, 300)) for _ in range(12)]
    assert sum(each[0] == "above" for each in verdicts) >= 10
