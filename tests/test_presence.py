"""Who is really there: a year of months beside the followers, and what a fall cost in readers."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from audiences import followers
from browser import Browser, read
from clicking import visited
from drawn import parse, with_class
from statements import Statements
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.charts import JumpMark, PeoplePoint, Point, Series, people_chart
from linktrack.db import now
from linktrack.reports.people import visit_queries
from linktrack.reports.people.audience import audience_report
from linktrack.reports.people.jumps import Jump, count_jumps
from linktrack.reports.people.presence import Presence, presence
from linktrack.reports.people.visit_queries import clicked_links, links_by_period

UTC = ZoneInfo("UTC")
AUTUMN = NOON.replace(month=9, day=15)
MONTHS = (5, 6, 7, 8)


def month_of_clicks(
    world: World, account: Account, month: int, people: int, *, seldom: bool = False
) -> None:
    """Five posts of a month; all click one of them, two in three a second one, or one in six."""
    start = NOON.replace(month=month, day=5)
    for i in range(5):
        at = start + timedelta(days=i)
        post = world.post(account, f"https://{month}-{i}.org/", at)
        twice = {n for n in range(people) if (n % 6 == 0 if seldom else n % 3)}
        who = [n for n in range(people) if n % 5 == i or (n in twice and (n + 1) % 5 == i)]
        visited(world, post, who, at)


def story(world: World, readers: dict[int, int], *, seldom: bool = False) -> Account:
    """20,000 followers, of whom 5,000 leave between 10 and 12 July 2026; so many readers."""
    account = world.account()
    for week in range(10):
        followers(world, account, 20_000 + 10 * week, days=7 * week - 1)
    followers(world, account, 17_500, days=68)
    followers(world, account, 15_090, days=69)
    for week in range(11, 18):
        followers(world, account, 15_100 + 100 * (week - 11), days=7 * week)
    for month, people in readers.items():
        month_of_clicks(world, account, month, people, seldom=seldom)
    return account


def found(world: World, account: Account, at: datetime = AUTUMN) -> Presence:
    return presence(world.session, account, period="month", timezone=UTC, now=at)


def test_a_fall_of_followers_without_one_of_readers_is_told(world: World) -> None:
    """Both months are whole, both ranges overlap, and a quarter of the readers would be missed."""
    account = story(world, dict.fromkeys(MONTHS, 300))
    told = found(world, account)
    assert [jump.net for jump in told.jumps] == [-5_000]
    assert told.loss is not None
    assert told.loss.sentence == (
        "You lost 5,000 followers in July, and no readers that we can see: about 320 people "
        "clicked in June, about 320 in August."
    )
    assert "(310 to 340 in June and 310 to 340 in August)" in told.loss.explanation
    assert told.regained == pytest.approx(610 / 5_000)
    page = read(Browser.signed_in(world).get(f"/owner/audience?account={account.id}"))
    assert "Real audience" in page


def test_links_of_a_period_are_counted_whenever_they_were_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those made after it, as imported clicks have them, or before it; up to the most."""
    account, other = world.account(), world.account("@other")
    posts = [
        world.post(account, f"https://{number}.org/", NOON + timedelta(days=20 * number))
        for number in range(6)
    ]
    for number, post in enumerate(posts):
        for month in (5, 6, 8)[: 1 + number % 3]:
            visited(world, post, [month, 100 + month], NOON.replace(month=month, day=25))
    visited(world, world.post(other, "https://another.org/", NOON), [1], NOON)
    months = [
        (date(2026, month, 1).toordinal(), date(2026, month + 1, 1).toordinal())
        for month in (5, 6, 7, 8)
    ]
    counted = [clicked_links(world.session, account.id, first, end) for first, end in months]
    assert counted == [6, 4, 0, 2]
    assert list(links_by_period(world.session, account.id, months).values()) == counted
    monkeypatch.setattr(visit_queries, "ENOUGH_LINKS", 3)
    assert list(links_by_period(world.session, account.id, months).values()) == [3, 3, 0, 2]


def test_what_was_regained_is_of_the_fall_that_is_named(sqlite_world: World) -> None:
    """A second fall, in the month that isn't over, isn't in the picture and isn't judged yet."""
    account = story(sqlite_world, dict.fromkeys(MONTHS, 10))
    before = found(sqlite_world, account)
    followers(sqlite_world, account, 12_000, days=120)
    told = found(sqlite_world, account)
    assert told.last_fall == before.last_fall
    assert before.regained == pytest.approx(0.122)
    assert told.regained == 0


@pytest.mark.parametrize(
    "readers",
    [
        {5: 300, 6: 300, 7: 300, 8: 215},  # readers left as followers did
        {5: 300, 7: 300, 8: 300},  # June has no clicks
        {5: 300, 6: 300, 7: 300},  # August has no clicks
        {5: 12, 6: 12, 7: 12, 8: 12},  # so few that a loss of a quarter would not show
    ],
)
def test_where_it_cannot_be_told_nothing_is_said(
    sqlite_world: World, readers: dict[int, int]
) -> None:
    """The jump is marked all the same."""
    told = found(sqlite_world, story(sqlite_world, readers))
    assert [jump.net for jump in told.jumps] == [-5_000]
    assert told.loss is None


def test_where_the_months_are_known_too_roughly_nothing_is_said(sqlite_world: World) -> None:
    """480 people (365 to 668) in both: a quarter fewer, of so many as there may have been, fits."""
    told = found(sqlite_world, story(sqlite_world, dict.fromkeys(MONTHS, 180), seldom=True))
    assert {each.told for each in told.periods} == {(480, 360, 670)}
    assert told.loss is None


def test_the_months_have_the_very_figures_of_their_reports(world: World) -> None:
    """The same estimates as when asked for one by one; the running month is not among them."""
    account = story(world, {5: 300, 6: 200, 7: 100, 8: 150, 9: 50})
    told = found(world, account)
    assert [each.first.month for each in told.periods] == [5, 6, 7, 8]
    for each in told.periods:
        report = audience_report(
            world.session,
            account,
            period="month",
            timezone=UTC,
            now=AUTUMN,
            since=datetime.combine(each.first, datetime.min.time(), UTC),
        )
        assert (each.seen, each.people, each.followers) == (
            report.seen,
            report.people,
            report.followers,
        )
    assert told.latest.first == date(2026, 8, 1)
    assert [each.is_whole for each in told.periods] == [False, True, True, True]


def test_the_answer_is_a_number_beside_the_followers(world: World) -> None:
    """It says how sure it is, and never that they are among the followers."""
    account = story(world, dict.fromkeys(MONTHS, 300))
    assert found(world, account).sentence == (
        "At least that many different people clicked something @JessesLinks posted in August 2026: "
        "2% of the number of followers (likely 310 to 340; 300 of them seen)."
    )


def test_an_account_nobody_clicked_says_so(sqlite_world: World) -> None:
    """No number, no picture, and a sentence that helps."""
    account = sqlite_world.account()
    told = found(sqlite_world, account)
    assert told.told is None
    assert told.periods == []
    assert "Nobody was seen clicking a link of @JessesLinks" in told.sentence


def test_months_are_read_in_as_few_queries_as_one(world: World, statements: Statements) -> None:
    """A year of months costs no query more than a single one."""
    account = world.account()
    counts = []
    for months in ((5,), (6, 7, 8)):
        for month in months:
            month_of_clicks(world, account, month, 30)
        with statements(world.database.engine) as asked:
            found(world, account)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def days(*counts: int) -> list[tuple[datetime, int]]:
    return [(NOON + timedelta(days=i), count) for i, count in enumerate(counts)]


def test_falls_on_days_in_a_row_are_one_fall() -> None:
    """A rise after it is another jump; what is less than a twentieth is no news."""
    usual = [10_000 + i for i in range(20)]
    history = days(*usual, 9_000, 8_000, 8_001, 8_002, 9_500, *range(9_501, 9_520), 9_700)
    assert [(jump.before, jump.net) for jump in count_jumps(history, UTC)] == [
        (10_019, -2_019),
        (8_002, 1_498),
    ]
    assert count_jumps(history, UTC)[0].sentence == "2,019 followers left, 23 to 25 May 2026"


def test_a_jump_names_its_days() -> None:
    """As the picture's table has it."""
    jump = Jump(date(2026, 7, 21), date(2026, 7, 25), 22_424, -5_320)
    assert jump.sentence == "5,320 followers left, 21 to 25 July 2026"


def points() -> list[PeoplePoint]:
    firsts = [date(2026, month, 1) for month in (5, 6, 7)]
    return [
        PeoplePoint(
            first=first,
            last=date(2026, first.month + 1, 1) - timedelta(days=1),
            name=f"{first:%B} 2026",
            short=f"{first:%b}",
            seen=400 + i,
            value=value,
            low=low,
            high=high,
            followers=20_000 - i,
        )
        for i, (first, value, low, high) in enumerate(
            zip(firsts, (500, None, 520), (480, None, 490), (540, None, 9_000), strict=True)
        )
    ]


def test_the_picture_has_the_line_its_band_those_seen_and_the_jump() -> None:
    """A month without an estimate is a gap in line and band; a wild upper end is cut at the top."""
    strip = Series("Followers", [Point(date(2026, 5, 1), 20_000), Point(date(2026, 7, 31), 19_998)])
    words = "20\u201324 Jul: 5,320 left"
    words = "20\u201324 Jul: 5,320 left"
    jump = JumpMark(date(2026, 7, 20), date(2026, 7, 24), words, is_loss=True)
    heads = ("Month", "At least", "Lowest likely", "Highest likely", "Seen", "Followers")
    root = parse(
        people_chart(points(), strip, [jump], label="People", heads=heads, empty="Nothing.")
    )
    assert len(with_class(root, "area")) == 2 + 1  # two bands, and the key
    assert len(with_class(root, "strip")) >= 1
    (line,) = with_class(root, "loss")
    assert "".join(line.itertext()) == words
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert rows[1] == ["May 2026", "500", "480", "540", "400", "20,000"]
    assert rows[2][1:4] == ["\u2013"] * 3
    ticks = [float(text.get("data-value", 0)) for text in with_class(root, "y")]
    assert max(tick for tick in ticks if tick < 19_000) < 1_500


def test_a_month_far_beyond_all_others_does_not_flatten_them() -> None:
    """It is cut at the top, with its number beside it; the table has it, too."""
    usual = [replace(point, value=500, low=450, high=550) for point in points()]
    wild = replace(points()[1], seen=1_200, value=7_500, low=7_000, high=9_000)
    heads = ("Month", "At least", "Lowest likely", "Highest likely", "Seen", "Followers")
    chart = people_chart(
        [*usual[:1], wild, *usual[2:]], None, label="People", heads=heads, empty="Nothing."
    )
    root = parse(chart)
    assert max(float(text.get("data-value", 0)) for text in with_class(root, "y")) <= 1_500
    assert "7,500 \u2191" in ["".join(text.itertext()) for text in with_class(root, "named")]
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert rows[2][:3] == ["June 2026", "7,500", "7,000"]


def test_the_overview_answers_first(world: World) -> None:
    """Who is really there, of the account that shares links, before any other figure."""
    other = world.account("@me", role="me")
    account = world.account()
    at = now().replace(day=1) - timedelta(days=40)
    for each in (other, account):
        followers(world, each, 1_000)
        for i in range(5):
            post = world.post(each, f"https://{each.id}-{i}.org/", at.replace(day=5 + i))
            who = [n for n in range(60) if n % 5 == i or (n % 3 and (n + 1) % 5 == i)]
            visited(world, post, who, at.replace(day=5 + i))
    browser = Browser.signed_in(world)
    page = read(browser.get("/owner/"))
    answer = page.index("Who is really there?")
    assert answer < page.index("A post gets") < page.index("Latest posts") < page.rindex("To do")
    assert "something @JessesLinks posted" in page
    assert "something @me posted" in read(
        Browser.signed_in(world, "Jo").get(f"/owner/?account={other.id}")
    )
