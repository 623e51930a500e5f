"""The digest and the sentence: true at every edge, and the same at every door."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from audiences import followers, take
from browser import Browser, read
from clicking import people
from commands import Run, good, parsed
from mailboxes import Mailbox, served
from statements import Statements
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.mail import mail_server
from linktrack.owners.tokens import create_token
from linktrack.reports.counting import StillCounting
from linktrack.reports.cpf import CpfTotal
from linktrack.reports.digest import Digest, digest_json, digests
from linktrack.reports.digest_periods import chosen_end, last_whole, later
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import ratio_of_sums
from linktrack.reports.sentences import post_in_words

UTC = ZoneInfo("UTC")
MONDAY = NOON + timedelta(days=14)
"""18 May 2026, two weeks after the Monday on which tests begin."""


def total(posts: Sequence[tuple[int, int]], unattributed: int, missing: int = 0) -> CpfTotal:
    ratio = ratio_of_sums(posts)
    unique = sum(k for k, _ in posts)
    rate = Rate() if ratio is None else Rate(ratio.value, ratio.interval)
    people = sum(n for _, n in posts)
    return CpfTotal(
        posts=len(posts),
        posts_without_count=missing,
        posts_unmeasured=0,
        still_counting=StillCounting(),
        clicks=unique,
        unique_clicks=unique,
        without_visitor=0,
        followers=people,
        cpf=rate,
        unattributed=unattributed,
        median_cpf=Rate(),
    )


@pytest.mark.parametrize(
    ("posts", "unattributed", "sentence"),
    [
        (
            [(35, 23_000)] * 2,
            60,
            (
                "On average, 35 people click a post within 7 days, 1 for every 657 followers; we "
                "can tell who for 14% of the unique clicks."
            ),
        ),
        (
            [(35, 23_000)],
            30,
            (
                "35 people clicked the post within 7 days, 1 for every 657 followers; we can tell "
                "who for 5 of them."
            ),
        ),
        (
            [(35, 23_000)],
            35,
            (
                "35 people clicked the post within 7 days, 1 for every 657 followers; we can't "
                "tell who."
            ),
        ),
        (
            [(35, 23_000)],
            0,
            "35 people clicked the post within 7 days, 1 for every 657 followers; we can tell who.",
        ),
        (
            [(1, 100), (0, 100), (0, 100)],
            0,
            (
                "On average, 0.3 people click a post within 7 days, 1 for every 300 followers; we "
                "can tell who."
            ),
        ),
        (
            [(10, 1_000)] * 20,
            195,
            (
                "On average, 10 people click a post within 7 days, 1 for every 100 followers; we "
                "can tell who for 2% of the unique clicks."
            ),
        ),
        ([(0, 1)], 0, "Nobody clicked the post within 7 days; it had 1 follower."),
        (
            [(0, 10)] * 3,
            0,
            "Nobody clicked any of 3 posts within 7 days; each had about 10 followers.",
        ),
        (
            [(25, 10)],
            25,
            (
                "25 people clicked the post within 7 days, more than its 10 followers; we can't "
                "tell who."
            ),
        ),
        (
            [(3, 4)],
            3,
            (
                "3 people clicked the post within 7 days, 1 for every 1.3 followers; we can't tell "
                "who."
            ),
        ),
        ([], 0, "No posts were published."),
    ],
)
def test_the_sentence_is_true_and_can_be_read_aloud(
    posts: Sequence[tuple[int, int]], unattributed: int, sentence: str
) -> None:
    """One or several posts, nobody, everybody known, more people than followers."""
    assert post_in_words(total(posts, unattributed), "7d") == sentence


def test_without_a_count_the_sentence_says_what_is_missing() -> None:
    """Nothing is set against nothing."""
    found = post_in_words(total([], 0, missing=2), "7d")
    assert found.startswith("The number of followers isn't known")


@pytest.mark.parametrize(
    ("period", "today", "first", "last", "before"),
    [
        ("week", "2026-05-18", "2026-05-11", "2026-05-17", "2026-05-04"),
        ("week", "2026-05-24", "2026-05-11", "2026-05-17", "2026-05-04"),
        ("month", "2026-03-31", "2026-02-01", "2026-02-28", "2026-01-01"),
        ("month", "2026-01-01", "2025-12-01", "2025-12-31", "2025-11-01"),
    ],
)
def test_periods_are_whole_and_over(
    period: str, today: str, first: str, last: str, before: str
) -> None:
    """Monday to Sunday, or a calendar month; the one before it as well."""
    days, earlier = last_whole(period, date.fromisoformat(today), UTC)
    assert (days.first.isoformat(), days.last.isoformat()) == (first, last)
    assert earlier.first.isoformat() == before
    assert earlier.last + timedelta(days=1) == days.first
    with pytest.raises(Invalid):
        last_whole("year", date.fromisoformat(today), UTC)


def fortnight(world: World, first: Sequence[int], second: Sequence[int]) -> Account:
    """One post a day in two weeks, with so many people each."""
    account = world.account()
    for week, counts in enumerate((first, second)):
        for day, count in enumerate(counts):
            at = NOON + timedelta(days=7 * week + day)
            people(
                world,
                world.post(account, f"Day {day} http://{day}.com/", at),
                0,
                count,
                referrer="//t.co/a",
            )
    return account


def of_week(world: World, account: Account, at: datetime = MONDAY) -> Digest:
    (found,) = digests(world.session, [account], "week", at.date(), now=at, timezone=UTC)
    return found


def test_a_week_beside_the_one_before(world: World) -> None:
    """Three numbers, best and weakest posts, and a change that is sure."""
    account = fortnight(world, [20, 22, 21, 19, 23, 20, 22], [41, 44, 40, 46, 43, 90, 30])
    followers(world, account, 10_000, days=-1)
    followers(world, account, 10_500, days=9)
    found = of_week(world, account)
    assert (found.now.unique_clicks, found.before.unique_clicks) == (334, 147)
    assert (found.now.followers, found.before.followers) == (10_500, 10_000)
    assert found.change == "more"
    assert found.sure == "Clearly more clicks per follower than the week before."
    assert [line.unique_clicks for line in found.best] == [90, 46, 44]
    assert [line.unique_clicks for line in found.weakest] == [30, 40, 43]
    assert found.counting == 0
    assert of_week(world, account, MONDAY - timedelta(hours=12)).now.unique_clicks == 334
    text = found.as_text()
    assert text.startswith("@JessesLinks, week from 11 May 2026 to 17 May 2026\n\n")
    assert "Unique clicks               334 (before: 147)" in text
    assert "Followers                   10,500 (before: 10,000)" in text
    answer = digest_json(found)
    assert answer["now"] == {
        "from": "2026-05-11", "to": "2026-05-18", "unique_clicks": 334, "posts": 7,
        "posts_without_count": 0, "posts_unmeasured": 0,
        "cpf": pytest.approx(334 / 72_500, abs=1e-6),
        "cpf_low": pytest.approx(0.0034, abs=5e-4), "cpf_high": pytest.approx(0.0063, abs=6e-4),
        "followers": 10_500, "gained": None, "lost": None,
    }  # fmt: skip
    assert "Gained and lost" not in text


def test_twenty_accounts_take_no_more_statements_than_two(
    sqlite_world: World, statements: Statements
) -> None:
    """The best and the weakest posts of all accounts are read together."""
    accounts = []
    for number in range(20):
        account = sqlite_world.account(f"@a{number}")
        followers(sqlite_world, account, 1_000, days=-60)
        for day in range(4):
            at = MONDAY - timedelta(days=2 + day)
            post = sqlite_world.post(account, f"https://{day}.org/{number}", at)
            people(sqlite_world, post, 0, 10 + day)
        accounts.append(account)

    def sent_for(count: int) -> int:
        with statements(sqlite_world.database.engine) as sent:
            found = digests(
                sqlite_world.session,
                accounts[:count],
                "week",
                MONDAY.date(),
                now=MONDAY,
                timezone=UTC,
            )
        for each in found:
            best = [line.unique_clicks for line in each.best]
            weakest = [line.unique_clicks for line in each.weakest]
            assert (best, weakest) == ([13, 12], [10, 11])
        assert [each.account for each in found] == accounts[:count]
        return len(sent)

    assert sent_for(2) == sent_for(20)


def test_follower_lists_say_who_came_and_left(world: World) -> None:
    """By the lists taken in each week; who came back came; the first list says nothing."""
    account = fortnight(world, [3], [4])
    other = world.account("@other")
    for day, names in enumerate(("abc", "abd", "abcdef", "bcd")):
        take(world, account, 5 * day, names)
    take(world, other, 8, "xy")
    found = of_week(world, account, NOON + timedelta(days=15))
    assert (found.before.gained, found.before.lost) == (1, 1)  # list of 9 May
    assert (found.now.gained, found.now.lost) == (3, 0)  # of 14 May; that of 19 May is later
    assert "Gained and lost             +3, −0 (before: +1, −1)" in found.as_text()
    assert digest_json(found)["now"]["gained"] == 3
    alone = of_week(world, other, NOON + timedelta(days=15))
    assert (alone.now.gained, alone.now.lost, alone.has_lists) == (None, None, False)
    world.session.commit()
    later = of_week(world, account, NOON + timedelta(days=22))
    assert (later.now.gained, later.now.lost) == (0, 3)
    assert "Gained and lost             +0, −3 (before: +3, −0)" in later.as_text()


def test_weeks_without_enough_are_told_as_such(world: World) -> None:
    """No posts, one post, no count, nobody."""
    account = fortnight(world, [], [3])
    found = of_week(world, account)
    assert found.notes == ["1 post has no follower count and no rate."]
    assert found.sure.startswith("Too few posts to say what clearly changed: 5 in each week")
    assert (found.best, found.weakest, found.now.followers) == ([], [], None)
    assert "Followers                   unknown (before: unknown)" in found.as_text()
    followers(world, account, 2, days=-1)
    one = of_week(world, account)
    assert one.sentence.startswith(
        "3 people clicked the post within 24 hours, more than its 2 followers"
    )
    assert (one.best, one.weakest) == ([], [])
    empty = of_week(world, account, MONDAY + timedelta(days=70))
    assert empty.sentence == "No posts were published."


def test_alike_weeks_show_no_change(world: World) -> None:
    """And a post of the last hours is said to be counting still."""
    account = fortnight(world, [20, 22, 21, 19, 23, 20, 22], [21, 20, 22, 23, 19, 22, 20])
    followers(world, account, 10_000, days=-1)
    assert of_week(world, account).sure == "Nothing clearly changed since the week before."
    early = of_week(world, account, MONDAY - timedelta(hours=11))
    assert early.notes == ["1 post is still counting."]


def test_the_digest_by_command(run: Run) -> None:
    """One account or all, text or JSON; nothing or both is wrong usage."""
    run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000")
    run("account", "add", "news", "--network", "other")
    assert parsed(run("digest", "@JessesLinks", "--json"))["period"] == "week"
    both = parsed(run("digest", "--all", "--period", "month", "--json"))
    assert [each["account"]["handle"] for each in both] == ["@JessesLinks", "news"]
    assert good(run("digest", "--all")).count("Unique clicks") == 2
    assert run("digest").exit_code == 2
    assert run("digest", "news", "--all").exit_code == 2
    assert run("digest", "news", "--period", "year").exit_code == 1


def test_the_digest_on_its_page_and_by_api_and_the_sentence_on_the_overview(
    sqlite_world: World,
) -> None:
    """The page is for print, the API has the same object; the overview says it in a sentence."""
    world = sqlite_world
    browser = Browser.signed_in(world)
    assert browser.get("/owner/digest").status_code == 200
    account = world.account()
    followers(world, account, 23_000, days=-60)
    segment = add_segment(world.session, account, "community", 120, NOON)
    world.session.commit()
    for days in (8, 10):
        at = now() - timedelta(days=days)
        post = world.post(account, f"https://{days}.org/", at, ("community",))
        people(world, post, 0, 30)
        people(world, post, 100, 105, segment_id=segment.id, attribution="variant")
    assert (
        "On average, 35 people click a post within 7 days, 1 for every 657 followers; "
        "we can tell who for 14% of the unique clicks." in read(browser.get("/owner/"))
    )
    page = read(browser.get("/owner/digest"))
    assert "Week from" in page
    assert "Too few posts to say what clearly changed" in page
    assert "Month from" in read(browser.get(f"/owner/digest?period=month&account={account.id}"))
    assert browser.get("/owner/digest?period=year").status_code == 422

    secret = create_token(world.session, "t", "read", None, now())
    world.session.commit()
    answer = browser.client.get(
        "/api/v1/reports/digest?account=@JessesLinks&period=month",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.json is not None
    assert answer.json["period"] == "month"


def test_a_digest_of_any_day_is_of_the_period_that_holds_it() -> None:
    """Back and forth by whole weeks and months; what is not over is refused."""
    today = date(2026, 5, 20)  # a Wednesday
    for period, day, first in (
        ("week", date(2026, 5, 15), date(2026, 5, 11)),
        ("week", date(2026, 1, 1), date(2025, 12, 29)),
        ("month", date(2026, 2, 28), date(2026, 2, 1)),
        ("month", date(2025, 12, 31), date(2025, 12, 1)),
    ):
        days, earlier = last_whole(period, chosen_end(period, day, today), UTC)
        assert days.first == first
        assert later(period, earlier, today) == first
        with pytest.raises(Invalid, match="not over yet"):
            chosen_end(period, today, today)
    last, _ = last_whole("week", today, UTC)
    assert later("week", last, today) is None
    with pytest.raises(Invalid, match="before 2000"):
        chosen_end("month", date(1, 1, 1), today)


def test_earlier_weeks_are_pages_with_their_clicks_beside_the_week_before(world: World) -> None:
    """Each leads on to the ones around it; the newest has none after it."""
    account = fortnight(world, [30] * 5, [30] * 5)  # weeks from 4 and from 11 May 2026
    followers(world, account, 10_000, days=-1)
    browser = Browser.signed_in(world)
    page = browser.get(f"/owner/digest?of=2026-05-13&account={account.id}")
    text = read(page)
    assert "Week from 11 May 2026 to 17 May 2026" in text
    assert "On average, 30 people click a post within 24 hours" in text
    assert 'rel="prev"' in page.text
    assert "of=2026-05-04" in page.text
    assert "of=2026-05-18" in page.text
    assert "The week before" in text
    assert "Posts are counted for 24 hours here" in text
    newest = browser.get("/owner/digest").text
    assert 'rel="next"' not in newest
    assert browser.get("/owner/digest?of=2999-01-01").status_code == 422
    assert browser.get("/owner/digest?of=x").status_code == 422


def test_the_page_mails_the_digest_that_it_shows(sqlite_world: World) -> None:
    """To those whom digests are mailed to; without a mail server there is no button."""
    world = sqlite_world
    account = fortnight(world, [30] * 5, [30] * 5)
    followers(world, account, 10_000, days=-1)
    assert "Email it to" not in read(Browser.signed_in(world, "Ann").get("/owner/digest"))
    box = Mailbox()
    with served(box) as where:
        server = mail_server(f"smtp://{where}", "", "me@example.org, you@example.org")
        mailing = replace(world, settings=replace(world.settings, mail=server))
        browser = Browser.signed_in(mailing)
        page = f"/owner/digest?of=2026-05-13&account={account.id}"
        assert "Email it to me@example.org, you@example.org" in read(browser.get(page))
        fields: dict[str, str | list[str]] = {"of": "2026-05-13", "account": str(account.id)}
        answer = browser.send("/owner/digest/mail", fields, form=page)
    assert answer.status_code == 303
    shown = read(browser.get(answer.location))
    assert "Emailed to me@example.org, you@example.org." in shown
    assert "Week from 11 May 2026" in shown
    assert "to 17 May 2026: @JessesLinks" in box.mail()["Subject"]
    assert "30 people" in box.mail().get_content()
