"""Who is there, side by side, growth, half-lives, hours: true figures, and words where none are."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from audiences import followers
from browser import Browser, read
from clicking import FIREFOX, visited
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.models import account_visits, visitor_accounts
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.links.models import Post
from linktrack.reports.comparison import compare, comparison_json
from linktrack.reports.cpf import cpf_json, cpf_report
from linktrack.reports.people.audience import AudienceReport, audience_json, audience_report
from linktrack.reports.people.growth import growth_json, growth_report
from linktrack.reports.queries import chosen_posts
from linktrack.reports.timing.hours import hours_json, hours_report
from linktrack.reports.timing.life_queries import clicked_posts, count_clicked_posts
from linktrack.reports.timing.lifetimes import (
    life_of_code,
    lifetimes_json,
    lifetimes_report,
    link_life,
)

UTC = ZoneInfo("UTC")
LATER = NOON + timedelta(days=400)
HOUR = 3_600_000


def posts(world: World, account: Account, number: int, days: float = 1) -> list[Post]:
    return [
        world.post(account, f"http://{account.id}-{i}.com/", NOON + timedelta(days=i * days))
        for i in range(number)
    ]


def people(world: World, account: Account, **more: Any) -> AudienceReport:
    given: dict[str, Any] = {"period": "month", "timezone": UTC, "now": LATER, **more}
    return audience_report(world.session, account, **given)


def test_the_people_behind_those_who_were_seen(world: World) -> None:
    """The published example: 35 seen on 30 links, at least about 59 of 1,000 followers."""
    account = world.account()
    followers(world, account, 1_000, days=-3)
    made = posts(world, account, 30, days=0.5)
    who = 0
    for links, number in {1: 20, 2: 8, 3: 4, 5: 2, 9: 1}.items():
        for _ in range(number):
            for place in range(links):
                visited(world, made[(who + place * 3) % 30], [who, who])
            who += 1
    answer = audience_json(people(world, account, since=NOON))
    assert answer["seen"] == 35
    assert answer["links"] == 30
    assert (answer["at_least"], answer["low"], answer["high"]) == (59.1667, 43.0842, 107.2433)
    assert (answer["method"], answer["refused"]) == ("chao2", None)
    assert (answer["share"], answer["share_low"], answer["share_high"]) == (
        0.059167, 0.043084, 0.107243,
    )  # fmt: skip
    assert answer["period"] == {
        "name": "month", "from": "2026-05-01", "to": "2026-06-01", "running": False,
    }  # fmt: skip
    assert answer["sentence"] == (
        "In May 2026, at least about 59 different people clicked links by @JessesLinks (likely 43 "
        "to 110, or more); we saw 35 of them. It has 1,000 followers: 59 people are 5.9% of that "
        "number (4.3% to 11%)."
    )
    json.dumps(answer, allow_nan=False)


def test_the_two_halves_of_a_month_count_people_again(world: World) -> None:
    """May turns over at the 16th and a half: from the 17th on it is the second half."""
    account = world.account()
    one, two = posts(world, account, 2)
    visited(world, one, range(20), NOON.replace(day=16, hour=23))
    visited(world, two, range(8, 25), NOON.replace(day=17, hour=0))
    halves = people(world, account, since=NOON).halves
    assert (halves.first, halves.second, halves.both) == (20, 17, 12)
    assert halves.people is not None
    assert halves.people.estimate == pytest.approx(21 * 18 / 13 - 1)


def test_an_earlier_click_loaded_later_moves_a_visit_to_its_month(world: World) -> None:
    """Whatever the order, the counts equal those of a rebuild; nothing is left of where it was."""
    account = world.account()
    one, two = posts(world, account, 2)
    visited(world, one, [1, 2, 3], NOON + timedelta(days=40))
    visited(world, two, [1], NOON + timedelta(days=40))
    visited(world, one, [1, 2], NOON)
    visited(world, one, [3], NOON + timedelta(days=20))

    def stored() -> list[list[tuple[int, ...]]]:
        with world.database.engine.connect() as connection:
            tables = (visitor_accounts, account_visits)
            return [sorted(map(tuple, connection.execute(select(table)))) for table in tables]

    loaded = stored()
    may, june = NOON.date().replace(day=1).toordinal(), NOON.date().replace(month=6, day=1)
    assert loaded == [
        [
            (account.id, may, 1, 1, 0),
            (account.id, may, 2, 1, 0),
            (account.id, may, 3, 0, 1),
            (account.id, june.toordinal(), 1, 1, 0),
        ],
        [
            (account.id, may, 0, 1, 1),
            (account.id, may, 1, 0, 2),
            (account.id, june.toordinal(), 1, 0, 1),
        ],
    ]  # fmt: skip
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert stored() == loaded


@pytest.mark.parametrize(
    ("clicks", "more", "reason"),
    [
        ([], {}, "Nobody was seen clicking a link of @JessesLinks"),
        ([[1, 2]], {}, "Only one link of @JessesLinks was clicked"),
        ([[1, 2], [3]], {}, "none of them exactly two different links"),
        ([[1, 2], [1, 2]], {}, "everybody we saw clicked more than one link"),
        ([[1, 2], [2]], {"period": "day"}, "too short"),
        ([[1, 2], [2]], {"until": NOON + timedelta(days=40)}, "within one month only"),
    ],
)
def test_what_cannot_be_told_of_people_is_refused(
    sqlite_world: World, clicks: list[list[int]], more: dict[str, Any], reason: str
) -> None:
    """With the reason, and no figure."""
    account = sqlite_world.account()
    for post, visitors in zip(posts(sqlite_world, account, 2), clicks, strict=False):
        visited(sqlite_world, post, visitors, NOON)
    report = people(sqlite_world, account, since=NOON, **more)
    answer = audience_json(report)
    assert reason in str(answer["refused"])
    assert report.sentence == report.refused
    assert answer["at_least"] is answer["low"] is answer["high"] is None
    assert answer["method"] is None


def test_more_people_than_followers_are_told_as_such(sqlite_world: World) -> None:
    """Boosts bring others: the share exceeds 1."""
    account = sqlite_world.account()
    followers(sqlite_world, account, 3)
    one, two = posts(sqlite_world, account, 2)
    visited(sqlite_world, one, range(30))
    visited(sqlite_world, two, range(25, 40))
    report = people(sqlite_world, account, since=NOON)
    assert report.share.value is not None
    assert report.share.value > 1
    assert "That is 33 times its number of followers, 3." in report.sentence


def test_the_last_period_that_is_over_is_the_usual_one(sqlite_world: World) -> None:
    """The running one would always look small; without another it is told as running."""
    account = sqlite_world.account()
    one, two = posts(sqlite_world, account, 2)
    visited(sqlite_world, one, [1, 2], NOON)
    visited(sqlite_world, two, [2], NOON)
    running = people(sqlite_world, account, now=NOON + timedelta(days=2))
    assert running.is_running
    assert "so far" in running.sentence
    over = people(sqlite_world, account, now=NOON + timedelta(days=70))
    assert (over.first.month, over.is_running) == (5, False)


def test_those_we_can_tell_are_counted_again_by_halves(world: World) -> None:
    """Browsers that said hello, and followers with a personal link, whatever browser opens it."""
    account = world.account()
    followers(world, account, 1_000)
    segment = add_segment(world.session, account, "community", 120, NOON)
    other = add_segment(world.session, world.account("@other"), "community", 120, NOON)
    world.session.commit()
    one, two = posts(world, account, 2)
    link = one.links[0].id
    second_half = NOON + timedelta(days=20)

    def known(at: datetime, visitors: Iterable[int], **more: Any) -> None:
        fields = {"segment_id": segment.id, "attribution": "recognised", **more}
        world.click(
            [
                ClickRecord(to_ms(at) + n * 60_000, link, FIREFOX, "//t.co/a", n, **fields)
                for n in visitors
            ]
        )

    known(NOON, range(20))
    known(second_half, range(10, 30))
    known(second_half, range(40, 45), segment_id=other.id)  # of another account's segment
    known(second_half + timedelta(days=40), range(5))  # in another period
    visited(world, two, range(50, 60))
    world.session.commit()
    found = people(world, account, since=NOON)
    halves = found.members
    assert (halves.first, halves.second, halves.both) == (20, 20, 10)
    assert halves.people is not None
    assert halves.people.estimate == pytest.approx(21 * 21 / 11 - 1)
    assert audience_json(found)["members"]["method"] == "chapman"
    address = f"/owner/audience?period=2026-05-01&account={account.id}"
    page = read(Browser.signed_in(world).get(address))
    assert "or because they said hello: 20 in the first half, 20 in the second, 10 in both." in page


def test_a_second_count_that_is_lower_is_explained_below_the_first(world: World) -> None:
    """60 people click everything, 40 once, 4 twice: some 280 by links, about 110 by halves."""
    account = world.account()
    followers(world, account, 1_000)
    links = posts(world, account, 10)
    later = NOON + timedelta(days=20)
    for i, post in enumerate(links):
        visited(world, post, range(60), NOON if i < 5 else later)
        visited(world, post, range(60 + 4 * i, 64 + 4 * i), NOON if i < 5 else later)
    visited(world, links[0], range(200, 204))
    visited(world, links[1], range(200, 204))
    world.session.commit()
    found = people(world, account, since=NOON)
    assert found.people is not None
    again = found.halves.people
    assert again is not None
    assert again.interval.high < found.people.interval.low
    assert found.sentence.startswith("In May 2026, at least about 280 different people clicked")
    assert "we saw 104 of them" in found.sentence
    assert "That is lower because some people click far more often" in found.on_halves
    assert audience_json(found)["at_least"] == pytest.approx(found.people.estimate, abs=1e-3)
    page = read(Browser.signed_in(world).get(f"/owner/audience?account={account.id}"))
    assert "That is lower because some people click" in page


def test_growth_is_told_in_a_sentence(world: World) -> None:
    """Followers double while 30 people click throughout: twice as many bring no more clicks."""
    account = world.account()
    made = posts(world, account, 20)
    for i, post in enumerate(made):
        followers(world, account, 1_000 + 60 * i, days=i)
        visited(world, post, range(30 + i % 3))
    report = growth_report(world.session, account, window="7d", now=LATER)
    assert report.growth.verdict == "hollow"
    assert report.sentence == (
        "Twice the followers went with as many people clicking a post (likely as many to 4% more; "
        "20 posts, 1,000 to 2,140 followers). Clicks clearly change less than followers do: those "
        "who come or go click less than average."
    )
    assert growth_json(report)["verdict"] == "hollow"


def test_posts_that_are_still_counted_make_no_trend(sqlite_world: World) -> None:
    """A post of yesterday looks as if nobody clicked."""
    account = sqlite_world.account()
    followers(sqlite_world, account, 1_000)
    posts(sqlite_world, account, 3)
    report = growth_report(
        sqlite_world.session, account, window="7d", now=NOON + timedelta(days=8, minutes=1)
    )
    assert report.growth.posts == 2
    assert "here are 2" in report.sentence


def lived(world: World, account: Account, number: int) -> list[Post]:
    """Posts with 40 clicks in the first hour, 20 in the third, 20 in the fifth, 8 on day 3."""
    made = posts(world, account, number)
    for post in made:
        at = post.posted_at or NOON
        for hours, count in ((0, 40), (2, 20), (4, 20), (50, 8)):
            visited(world, post, [None] * count, at + timedelta(hours=hours))
    return made


def test_half_lives_of_posts_and_their_middle(world: World) -> None:
    """Half of 88 from the busiest hour on: all 40 of the first, and 4 of the 20 of the third."""
    account = world.account()
    made = lived(world, account, 6)
    report = lifetimes_report(world.session, account, now=LATER)
    assert [life.post_id for life in report.posts] == [post.id for post in made[::-1]]
    assert report.half is not None
    assert report.half.seconds == pytest.approx(3600 * 2.2)
    assert report.whole is not None
    assert report.whole.seconds == pytest.approx(3600 * (4 + 19.2 / 20), abs=3600)
    assert "within 2.2 hours" in report.sentence
    json.dumps(lifetimes_json(report), allow_nan=False)


def test_more_posts_are_read_than_a_statement_takes_values(sqlite_world: World) -> None:
    """Many accounts have more posts than SQLite takes variables; each account's newest count."""
    world = sqlite_world
    accounts = [world.account(), world.account("@jesse", role="me")]
    for account in accounts:
        lived(world, account, 12)
    connection = world.session.connection().connection.driver_connection
    assert isinstance(connection, sqlite3.Connection)
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 20)  # 32,766 where it is not set
    ids = [account.id for account in accounts]
    chosen = chosen_posts(ids, None, None)
    found = clicked_posts(world.session, ids, chosen, fewest=20, most=11)
    assert (len(found), count_clicked_posts(world.session, chosen, fewest=20)) == (22, 24)
    assert {sum(post.by_hour) for post in found} == {88}
    assert min(post.posted_at for post in found) == NOON + timedelta(days=1)


def test_a_young_post_lives_at_least_so_long(sqlite_world: World) -> None:
    """It is told with ≥, and the middle of such posts is not told at all."""
    account = sqlite_world.account()
    lived(sqlite_world, account, 6)
    report = lifetimes_report(sqlite_world.session, account, now=NOON + timedelta(days=13))
    assert not any(life.half.is_over for life in report.posts)
    assert report.half is None
    assert "still being clicked" in report.sentence


def test_the_half_life_of_one_link(world: World) -> None:
    """By ten minutes: 30 in the first, then 10 and 20 an hour later; half of 60 is 30."""
    account, other = world.account(), world.account("@other")
    (post,) = posts(world, account, 1)
    for minutes, count in ((0, 30), (60, 10), (120, 20)):
        at = to_ms(NOON) + minutes * 60_000
        world.click(
            [ClickRecord(at + n, post.links[0].id, FIREFOX, None, None) for n in range(count)]
        )
    world.session.commit()
    life = link_life(world.session, post.links[0], LATER)
    assert life.half is not None
    assert (life.half.seconds, life.half.is_over) == (600, True)
    assert "within 10 minutes" in life.sentence
    young = link_life(world.session, post.links[0], NOON + timedelta(hours=5))
    assert "at least 10 minutes after its busiest" in young.sentence
    codes = world.shortener.codes
    found = life_of_code(world.session, codes, account, post.links[0].code or "", LATER)
    assert found == life
    with pytest.raises(Exception, match="has no link"):
        life_of_code(world.session, codes, other, post.links[0].code or "", LATER)


def test_accounts_side_by_side(world: World) -> None:
    """Figures, and only the differences that the intervals leave no doubt about are sure."""
    you, me = world.account(), world.account("@jesse", role="me")
    for account in (you, me):
        followers(world, account, 1_000)
    for i, post in enumerate(posts(world, you, 12)):
        visited(world, post, range(30 + i % 4))
    for i, post in enumerate(posts(world, me, 12)):
        visited(world, post, range(4 if i % 2 else 0))
    found = compare(world.session, [you, me], window="7d", now=LATER)
    first, second = found.accounts
    assert (first.posts, second.posts) == (12, 12)
    assert first.cpf.value == pytest.approx(0.0315)
    assert first.people_per_post.value == pytest.approx(31.5)
    assert second.never_clicked.value == 0.5
    told = {difference.figure: difference for difference in found.differences}
    assert told["cpf"].is_sure
    assert told["cpf"].value == pytest.approx(0.0295)
    assert told["cpf"].sentence.startswith(
        "@JessesLinks gets 29.5 more clicks per 1,000 followers than @jesse (likely "
    )
    assert told["never_clicked"].sentence.startswith(
        "Out of 100 posts, @jesse has 50 more that nobody clicks than @JessesLinks (likely "
    )
    assert "half_life" not in told  # @jesse has no posts with 20 clicks
    json.dumps(comparison_json(found), allow_nan=False)


def test_accounts_without_posts_are_compared_in_words(sqlite_world: World) -> None:
    """Nothing is known, and nothing fails."""
    you, me = sqlite_world.account(), sqlite_world.account("@jesse", role="me")
    found = compare(sqlite_world.session, [you, me], window="7d", now=LATER)
    assert found.differences == []
    assert [line.cpf.value for line in found.accounts] == [None, None]
    json.dumps(comparison_json(found), allow_nan=False)


def test_the_hour_is_that_of_the_owner(sqlite_world: World) -> None:
    """Noon in UTC is two in the afternoon in Berlin; 29 posts are not enough."""
    account = sqlite_world.account()
    followers(sqlite_world, account, 1_000)
    made = posts(sqlite_world, account, 29)
    for post in made:
        visited(sqlite_world, post, range(5))
    berlin = ZoneInfo("Europe/Berlin")

    def report() -> Any:
        return hours_report(sqlite_world.session, account, window="7d", timezone=berlin, now=LATER)

    assert "Not enough posts yet: it takes 30" in report().sentence
    assert "@JessesLinks has 29." in report().sentence
    sqlite_world.post(account, "http://last.com/", NOON + timedelta(days=30))
    sqlite_world.session.commit()
    found = report()
    assert found.refused is None
    assert [slot.posts for slot in found.hours.slots if slot.posts] == [30]
    assert found.hours.slots[14].posts == 30
    assert found.sentence == (
        "No weekday clearly beats the others. No hour clearly beats the others."
    )


def test_posts_are_held_against_the_usual_and_sorted_by_the_surest(world: World) -> None:
    """A post far above is marked; by the lower bound it comes first, unknown rates last."""
    account = world.account()
    early = world.post(account, "http://early.com/", NOON - timedelta(days=9))
    followers(world, account, 20_000, days=-1)
    made = posts(world, account, 12)
    for i, post in enumerate(made):
        visited(world, post, range(90 if i == 5 else 2 if i == 7 else 30 + i))
    report = cpf_report(world.session, account, window="7d", sort="low", now=LATER)
    numbers = [line.facts.id for line in report.posts]
    assert numbers[0] == made[5].id
    assert numbers[-2:] == [made[7].id, early.id]
    usual = {line.facts.id: line.usual for line in report.posts}
    assert usual.pop(made[5].id) == "above"
    assert usual.pop(made[7].id) == "below"
    assert set(usual.values()) == {None}
    page = cpf_report(
        world.session, account, window="7d", sort="low", limit=3, after=numbers[2], now=LATER
    )
    assert [line.facts.id for line in page.posts] == numbers[3:6]
    total = cpf_json(report)["total"]
    assert isinstance(total, dict)
    assert total["median_cpf"] == pytest.approx(35 / 20_000, abs=0.0002)
    low, high = total["median_cpf_low"], total["median_cpf_high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < 0.0018 < high


@pytest.mark.parametrize("count", [None, 0, 3])
def test_no_edge_breaks_a_report(sqlite_world: World, count: int | None) -> None:
    """No posts, no count, a count of 0, one click, more people than followers: words, no NaN."""
    account = sqlite_world.account()
    session = sqlite_world.session

    def everything() -> None:
        reports: list[Mapping[str, object]] = [
            audience_json(people(sqlite_world, account)),
            growth_json(growth_report(session, account, window="all", now=LATER)),
            lifetimes_json(lifetimes_report(session, account, now=LATER)),
            hours_json(hours_report(session, account, window="1h", timezone=UTC, now=LATER)),
            comparison_json(compare(session, [account], window="7d", now=LATER)),
            cpf_json(cpf_report(session, account, window="7d", now=LATER)),
        ]
        for report in reports:
            json.dumps(report, allow_nan=False)
        for report in reports[:4]:
            assert report["sentence"]

    everything()
    if count is not None:
        followers(sqlite_world, account, count, days=5)
    made = posts(sqlite_world, account, 35, days=0.4)
    everything()
    visited(sqlite_world, made[30], [1])
    everything()
    for post in made[:20]:
        visited(sqlite_world, post, range(25))
    everything()
