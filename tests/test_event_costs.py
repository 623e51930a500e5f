"""What an event cost beside followers: posts before it and after it, and whom that tells of."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from audiences import day, followers
from browser import Browser, read
from clicking import people
from commands import Run, good, parsed
from doorways import Caller
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.storing import store_reading
from linktrack.networks.engagement import Counts
from linktrack.reports.figures.statistics.before_after import before_after
from linktrack.reports.figures.statistics.experiments import Pair
from linktrack.reports.people.event_costs import CLICKS, Cost, Spans
from linktrack.reports.people.followers import followers_json, followers_report
from linktrack.reports.people.jumps import Jump

UTC = ZoneInfo("UTC")
SWING = (-6, -4, -2, -1, 0, 0, 1, 2, 4, 6)
"""How posts differ from their mean."""


def posts(mean: int, number: int, of: int) -> list[Pair]:
    """Posts with so many clicks on average, at so many followers."""
    return [(mean + SWING[i % 10], of) for i in range(number)]


def test_the_change_is_that_of_the_means_with_a_range() -> None:
    """35 before, 26 after: 26% fewer; the range is that of both means on logarithms."""
    found = before_after(posts(35, 60, 23_000), posts(26, 60, 17_500))
    assert found.change is not None
    assert found.change == pytest.approx(26 / 35 - 1)
    assert found.followers == pytest.approx(17_500 / 23_000 - 1)
    assert found.interval is not None
    assert -0.31 < found.interval.low < found.change < found.interval.high < -0.2


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(26, "like the others"), (35, "less"), (12, "more"), (42, "less")],
)
def test_those_who_left_are_compared_with_the_others(after: int, verdict: str) -> None:
    """A quarter of the followers left: with a quarter of the clicks, with none, with two thirds."""
    found = before_after(posts(35, 60, 23_000), posts(after, 60, 17_500))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(46, "like the others"), (35, "less"), (70, "more")],
)
def test_those_who_came_are_compared_with_the_others(after: int, verdict: str) -> None:
    """A third more followers, and a third more clicks, as many, or twice as many."""
    found = before_after(posts(35, 60, 17_500), posts(after, 60, 23_000))
    assert found.verdict == verdict


def test_where_posts_differ_too_much_nothing_is_claimed() -> None:
    """Ten posts that bring anything between nothing and 200: no loss of a quarter would show."""
    wild = [(k, 23_000) for k in (0, 0, 3, 5, 9, 20, 31, 60, 110, 200)]
    fewer = [(round(k * 0.75), 17_500) for k, _ in wild]
    assert before_after(wild, fewer).verdict == "can't tell"


def test_nothing_after_has_a_range_that_begins_with_all_lost() -> None:
    """And nothing before has no ratio; few posts have no range."""
    found = before_after(posts(35, 10, 100), [(0, 80)] * 10)
    assert (found.change, found.interval and found.interval.low) == (-1, -1)
    assert found.interval is not None
    assert -1 < found.interval.high < 0
    assert before_after([(0, 100)] * 10, posts(35, 10, 80)).change is None
    few = before_after(posts(35, 4, 100), posts(35, 60, 80))
    assert (few.interval, few.verdict) == (None, None)
    with pytest.raises(ValueError, match="both sides"):
        before_after([], posts(35, 10, 80))


def test_where_followers_hardly_changed_nothing_is_said_of_them() -> None:
    """Nobody left, so nobody who left clicked like anybody."""
    assert before_after(posts(35, 60, 23_000), posts(26, 60, 22_900)).verdict is None


STEADY = "A post was clicked by 35 people on average before it and by"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            posts(35, 60, 23_000),
            posts(26, 50, 17_500),
            (f"{STEADY} 26 after (60 posts and 50): 26% fewer (20% to 31%), with 24% fewer "
            "followers. As far as these posts tell, those who left clicked like the others."),
        ),
        (
            posts(35, 60, 23_000),
            posts(35, 60, 17_500),
            (f"{STEADY} 35 after (60 posts and 60): as many (6% fewer to 6% more), with 24% fewer "
            "followers. Those who left clicked less than the others."),
        ),
        (
            posts(35, 3, 23_000),
            posts(35, 60, 17_500),
            ("Too few posts to say what it cost in unique clicks: 5 on each side are needed, and "
            "there are 3 before and 60 after."),
        ),
        (
            [(1, 100)] * 10,
            [(0, 80)] * 10,
            ("A post was clicked by 1 person on average before it and by nobody after (10 posts "
            "and 10): 100% fewer (53% to 100%), with 20% fewer followers. Those who left clicked "
            "more than the others."),
        ),
    ],
)  # fmt: skip
def test_the_sentence_claims_no_more_than_its_range(
    before: Sequence[Pair], after: Sequence[Pair], said: str
) -> None:
    """It gives both means, the posts they are of, the change with its range, and the verdict."""
    assert Cost.of(CLICKS, before, after).sentence == said


def test_posts_of_a_jump_and_of_another_one_are_on_neither_side() -> None:
    """Those whose week had not ended when it began are on neither side, too."""
    fall = Jump(day(60).date(), day(63).date(), 23_000, -6_000)
    rise = Jump(day(93).date(), day(95).date(), 17_000, 4_000)

    def midnight(number: int) -> datetime:
        return (NOON + timedelta(days=number)).replace(hour=0, tzinfo=UTC)

    spans = Spans.of(midnight(62), [fall, rise], UTC)
    assert spans.before == (midnight(61 - 90), midnight(61 - 7))
    assert spans.after == (midnight(64), midnight(94))
    quiet = Spans.of(midnight(30), [fall], UTC)
    assert quiet.after == (midnight(30), midnight(61))
    later = Spans.of(midnight(80), [fall], UTC)
    assert later.before == (midnight(64), midnight(73))


def accident(world: World) -> Account:
    """30 posts a side; 6,000 of 23,000 followers leave on day 40, and a quarter of the clickers."""
    account = world.account()
    for number in range(110):
        followers(world, account, 23_000 if number < 40 else 17_000, days=number)
    for number in range(30):
        for at, mean in ((number, 20), (41 + number, 15)):
            post = world.post(account, f"https://example.com/{at}", day(at + 0.1))
            people(world, post, 0, mean + SWING[number % 10] // 2)
    return account


def test_every_door_says_what_a_day_cost_in_clicks(world: World, run: Run) -> None:
    """The report by API, the page and the command, in one sentence."""
    account = accident(world)
    path = "/reports/followers?account=@JessesLinks&event=2026-06-13T12:00:00Z"
    event = Caller(world)("GET", path).get_json()["event"]
    clicks = event["clicks"]
    assert (clicks["window"], clicks["posts_before"], clicks["posts_after"]) == ("7d", 30, 30)
    assert (clicks["mean_before"], clicks["mean_after"]) == (19.9, 14.9)
    assert clicks["change"] == pytest.approx(14.9 / 19.9 - 1, abs=1e-6)
    assert clicks["change_low"] < clicks["change"] < clicks["change_high"] < 0
    assert clicks["followers_change"] == pytest.approx(17 / 23 - 1, abs=1e-6)
    assert clicks["verdict"] == "like the others"
    assert "those who left clicked like the others" in clicks["sentence"]
    page = Browser.signed_in(world).get(f"/owner/followers?account={account.id}&event=2026-06-13")
    assert clicks["sentence"] in read(page)


def test_the_command_says_it_behind_the_event(run: Run) -> None:
    """Without posts it says nothing of them."""
    good(run("account", "add", "@a", "--network", "x"))
    for number, count in enumerate([1_000] * 20 + [700] * 20):
        at = (NOON + timedelta(days=number)).isoformat()
        good(run("counts", "record", "@a", str(count), "--at", at))
    assert "A post" not in good(run("report", "followers", "@a", "--event", "2026-05-24"))
    at = (NOON + timedelta(days=3)).isoformat()
    good(run("wrap", "@a", "https://example.com/", "--at", at))
    said = good(run("report", "followers", "@a", "--event", "2026-05-24"))
    assert "there are 1 before and 0 after" in said
    event = parsed(run("report", "followers", "@a", "--event", "2026-05-24", "--json"))["event"]
    assert (event["clicks"]["mean_before"], event["clicks"]["change"]) == (0, None)


def test_posts_that_are_still_counting_are_left_out(sqlite_world: World) -> None:
    """They have not got all their clicks: a loss of clicks would be made of them."""
    account = accident(sqlite_world)
    found = followers_report(sqlite_world.session, account, UTC, now=day(60), events=[day(40)])
    clicks = followers_json(found)["events"][0]["clicks"]
    assert clicks is not None
    assert (clicks["posts_before"], clicks["posts_after"]) == (30, 12)


def test_every_door_says_what_a_day_cost_in_likes_and_replies(world: World) -> None:
    """Of posts without links, too; those that were not read after their week are left out."""
    account = world.account()
    for number in range(110):
        followers(world, account, 1_000 if number < 40 else 800, days=number)
    for number in range(30):
        for at, likes in ((number, 20), (41 + number, 20)):
            post = NetworkPost(account_id=account.id, network_id=f"p{at}", posted_at=day(at + 0.1))
            world.session.add(post)
            world.session.flush()
            read_at = day(at + 8) if number < 25 else day(at + 1)
            counts: Counts = {"like": likes + SWING[number % 10], "reply": 1, "view": 5_000}
            store_reading(world.session, post, counts, None, read_at)
    world.session.commit()
    path = "/reports/followers?account=@JessesLinks&event=2026-06-13T12:00:00Z"
    event = Caller(world)("GET", path).get_json()["event"]
    assert event["clicks"] is None
    cost = event["engagement"]
    assert (cost["posts_before"], cost["posts_after"]) == (25, 25)
    assert cost["mean_before"] == cost["mean_after"] == 20.48
    assert (cost["change"], cost["verdict"]) == (0, "less")
    assert cost["sentence"] == (
        "A post got 20 likes, reposts, replies and quotes on average before it and 20 after (25 "
        "posts and 25): as many (12% fewer to 13% more), with 20% fewer followers. Those who left "
        "reacted less than the others."
    )
    page = Browser.signed_in(world).get(f"/owner/followers?account={account.id}&event=2026-06-13")
    assert "reacted less than the others" in read(page)
