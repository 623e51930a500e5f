"""What a figure counts: complete posts alone; still counting and unmeasured posts stand apart."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from audiences import followers
from browser import Browser, read
from clicking import people
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.clicks.capture.journal import SUFFIX
from linktrack.clicks.loading.loaded import loaded_until
from linktrack.clicks.vocabulary import WINDOWS
from linktrack.db import alembic_config, from_ms, to_ms
from linktrack.links.models import Link, Post
from linktrack.portability.clicks.formats import click_formats
from linktrack.portability.clicks.importing import ImportedClicks, import_clicks
from linktrack.portability.links.formats import LINK_FORMATS
from linktrack.portability.links.importing import Reading, import_links
from linktrack.reports.comparison import compare, comparison_json
from linktrack.reports.counting import Counting, window_for
from linktrack.reports.cpf import CpfReportJson, cpf_json, cpf_report
from linktrack.reports.digest import digest_json, digests
from linktrack.reports.people.growth import growth_json, growth_report
from linktrack.reports.people.segments import segments_json, segments_report
from linktrack.reports.similar import similar_posts
from linktrack.reports.standing import post_standing
from linktrack.reports.timing.hours import hours_json, hours_report
from linktrack.reports.timing.lifetimes import lifetimes_json, lifetimes_report, link_life

UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)
LATER = NOON + 60 * DAY
"""When the account of 40 posts is looked at: the last of them is 21 days old."""


def parse_time(text: str) -> datetime:
    """Return a time without a zone as one in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def an_account(world: World, posts: int = 40) -> Account:
    """An account with a post a day, at changing hours; its followers grow from 1,000 to 1,390."""
    account = world.account()
    for number in range(posts):
        at = NOON + number * DAY + timedelta(hours=number % 7)
        followers(world, account, 1_000 + 10 * number, days=number)
        post = world.post(account, f"Number {number}: https://example.com/{number}", at)
        people(world, post, 0, 20 + number % 5)
    return account


def report(world: World, account: Account, window: str = "7d") -> CpfReportJson:
    """The CPF report as doors give it."""
    world.session.commit()
    return cpf_json(cpf_report(world.session, account, window=window, now=LATER))


def pooled(world: World, account: Account) -> dict[str, object]:
    """Every figure that is of several posts, of every report, without what stands apart."""
    world.session.commit()
    session = world.session
    cpf = report(world, account)["total"]
    cpf["still_counting"] = {"posts": 0, "clicks": 0, "unique_clicks": 0}
    (side,) = comparison_json(compare(session, [account], window="7d", now=LATER))["accounts"]
    side["posts_still_counted"] = 0
    segments = segments_json(
        segments_report(session, account, window="7d", settings=world.settings, now=LATER)
    )
    segments["still_counting"] = {"posts": 0, "clicks": 0, "unique_clicks": 0}
    segments["ways"]["months"] = []  # of calendar months, like days: every click there was
    first = session.scalars(select(Post).order_by(Post.id)).first()
    assert first is not None
    (digest,) = digests(session, [account], "month", LATER.date(), now=LATER, timezone=UTC)
    found = digest_json(digest)
    return {
        "cpf": cpf,
        "compare": side,
        "segments": segments,
        "hours": hours_json(hours_report(session, account, window="7d", timezone=UTC, now=LATER)),
        "growth": growth_json(growth_report(session, account, window="7d", now=LATER)),
        "half-life": lifetimes_json(lifetimes_report(session, account, now=LATER)),
        "similar": similar_posts(session, account, 1, "7d", LATER),
        "usual": post_standing(session, first, "7d", LATER),
        "digest": {
            "now": {**found["now"], "unique_clicks": None},
            "before": {**found["before"], "unique_clicks": None},
            "best": found["best"],
            "weakest": found["weakest"],
            "change": found["change"],
        },
    }


def test_three_new_posts_move_no_pooled_figure(world: World) -> None:
    """Nor do 900 people on each of them, in whatever report: their seven days are not over."""
    account = an_account(world)
    before = pooled(world, account)
    for number, hours in enumerate((1, 30, 50)):
        post = world.post(account, f"https://new.org/{number}", LATER - timedelta(hours=hours))
        people(world, post, 0, 900)
    assert pooled(world, account) == before
    answer = report(world, account)
    assert answer["still_counting"] == {"posts": 3, "clicks": 2_700, "unique_clicks": 2_700}
    assert answer["still_counting"] == answer["total"]["still_counting"]
    assert [post["complete"] for post in answer["posts"][:4]] == [False, False, False, True]
    assert {post["usual"] for post in answer["posts"][:3]} == {None}


def test_a_post_is_complete_when_its_window_has_ended(world: World) -> None:
    """To the moment; until then its rate is its own, and the account has none."""
    account = world.account()
    followers(world, account, 1_000)
    post = world.post(account, "https://one.org/")
    people(world, post, 0, 5)
    for now, complete, cpf in (
        (NOON + 7 * DAY - timedelta(milliseconds=1), False, None),
        (NOON + 7 * DAY, True, 0.005),
    ):
        answer = cpf_json(cpf_report(world.session, account, window="7d", now=now))
        (line,) = answer["posts"]
        assert (line["complete"], line["counts_until"]) == (complete, "2026-05-11T12:00:00Z")
        assert (line["cpf"], line["measured"]) == (0.005, True)
        assert (answer["total"]["cpf"], answer["total"]["posts"]) == (cpf, int(complete))
        assert answer["still_counting"]["posts"] == int(not complete)


def test_all_time_never_ends_and_is_so_far(world: World) -> None:
    """Its figures are of every measured post, and none is complete."""
    account = world.account()
    followers(world, account, 1_000)
    people(world, world.post(account, "https://one.org/", LATER - DAY), 0, 5)
    answer = report(world, account, "all")
    (line,) = answer["posts"]
    assert (line["complete"], line["counts_until"], line["usual"]) == (False, None, None)
    assert (answer["total"]["posts"], answer["total"]["cpf"]) == (1, 0.005)
    assert answer["still_counting"]["posts"] == 0


@pytest.mark.parametrize(
    ("window", "passed", "progress"),
    [
        ("7d", timedelta(0), "day 1 of 7"),
        ("7d", timedelta(hours=25), "day 2 of 7"),
        ("7d", 7 * DAY - timedelta(seconds=1), "day 7 of 7"),
        ("30d", timedelta(days=12), "day 13 of 30"),
        ("24h", timedelta(minutes=90), "hour 2 of 24"),
        ("1h", timedelta(seconds=61), "minute 2 of 60"),
        ("7d", -timedelta(minutes=1), "day 1 of 7"),
        ("7d", 7 * DAY, None),
        ("all", timedelta(hours=1), None),
    ],
)
def test_how_far_a_post_is_counted_in_words(
    window: str, passed: timedelta, progress: str | None
) -> None:
    """Days of 7 and 30 days, hours of 24, minutes of one hour."""
    post = Post(posted_at=NOON, measured_from=None)
    assert Counting(window, NOON + passed).progress_of(post) == progress  # type: ignore[arg-type]


def test_days_that_can_hold_no_complete_post_are_told_by_a_shorter_window() -> None:
    """Of the last 7 days nothing is complete at 7 days; of today, nothing at 24 hours."""
    for since, wanted, found in (
        (NOON - 28 * DAY, "7d", "7d"),
        (NOON - 7 * DAY, "7d", "7d"),
        (NOON - 6.5 * DAY, "7d", "24h"),
        (NOON - timedelta(hours=12), "7d", "1h"),
        (NOON - timedelta(minutes=12), "7d", "7d"),
        (NOON - 6 * DAY, "30d", "24h"),
        (NOON - timedelta(hours=2), "all", "all"),
        (None, "7d", "7d"),
    ):
        assert window_for(since, wanted, NOON) == found


@given(
    st.sampled_from(WINDOWS),
    st.lists(st.tuples(st.integers(-40, 5), st.none() | st.integers(-41, 5)), max_size=8),
)
def test_every_post_is_in_one_place(window: str, found: Sequence[tuple[int, int | None]]) -> None:
    """And of those apart none is pooled."""
    posts = [
        Post(
            posted_at=NOON + days * DAY,
            measured_from=None if measured is None else NOON + measured * DAY,
        )
        for days, measured in found
    ]
    split = Counting(window, NOON).split(posts)  # type: ignore[type-var]
    assert len(split.pooled) + len(split.counting) + len(split.unmeasured) == len(posts)
    assert not split.counting or window != "all"


def test_queries_and_lists_agree_which_posts_are_pooled(world: World) -> None:
    """The condition for the database and the judgement in Python are one."""
    account = world.account()
    for days in (0, 6, 7, 8, 31):
        for measured in (None, -1, 0, 1):
            post = world.post(account, f"https://{days}.org/{measured}", NOON + days * DAY)
            if measured is not None:
                post.measured_from = NOON + (days + measured) * DAY
    world.session.commit()
    posts = world.session.scalars(select(Post)).all()
    for window in WINDOWS:
        for now in (NOON + 7 * DAY, NOON + 14 * DAY, NOON + 90 * DAY):
            counting = Counting(window, now)
            query = select(Post).where(counting.pooled_posts())
            asked = {post.id for post in world.session.scalars(query)}
            assert asked == {post.id for post in counting.split(posts).pooled}  # type: ignore[type-var]


def test_a_click_that_waits_keeps_posts_from_being_complete(sqlite_world: World) -> None:
    """What ended after the oldest waiting click was made may still get clicks."""
    world = sqlite_world
    folder = world.settings.journals
    folder.mkdir(parents=True, exist_ok=True)
    assert loaded_until(world.session, folder, LATER) == LATER
    waiting = to_ms(LATER - 2 * DAY)
    (folder / f"a{SUFFIX}").write_text(f'{{"t":{waiting},"l":1}}\n{{"t":{waiting + 5},"l":1}}\n')
    assert loaded_until(world.session, folder, LATER) == from_ms(waiting)
    assert loaded_until(world.session, folder, LATER - 3 * DAY) == LATER - 3 * DAY


OLD = "Long URL,Short code,Created,Clicks\n" + "".join(
    f"https://example.com/old{n},old{n},2026-05-0{n + 1} 12:00:00,{n}\n" for n in range(9)
)


def imported(world: World, account: Account, table: str, folder: Path) -> None:
    """Import another shortener's links at `LATER`."""
    file = folder / "links.csv"
    file.write_text(table)
    world.session.commit()
    import_links(
        world.database, world.shortener, account.id, LINK_FORMATS["csv"], [file],
        reading=Reading(parse_time, LATER),
    )  # fmt: skip


def log_imported(
    world: World, account: Account, lines: Sequence[str], folder: Path
) -> ImportedClicks:
    """Import lines of a web server's log."""
    file = folder / "access.log"
    file.write_text("".join(f"{line}\n" for line in lines))
    world.session.commit()
    return import_clicks(
        world.database, world.shortener, account.id,
        click_formats(parse_time)["combined-log"], [file],
        visitor_key=bytes(32), now=LATER,
    )  # fmt: skip


def line(code: str, number: int, day: int) -> str:
    """A line of that log: somebody's click."""
    return (
        f'203.0.113.{number} - - [{day:02}/May/2026:13:{number:02}:00 +0000] "GET /{code} '
        'HTTP/1.1" 302 512 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 '
        'Firefox/140.0"'
    )


def test_links_of_another_shortener_are_unmeasured_and_move_nothing(
    world: World, tmp_path: Path
) -> None:
    """Nine old links: 20.0 per 1,000 stays 20.0, in every report; they are counted apart."""
    account = an_account(world)
    before = pooled(world, account)
    imported(world, account, OLD, tmp_path)
    after = pooled(world, account)
    for name, figures in (("cpf", after["cpf"]), ("segments", after["segments"])):
        assert isinstance(figures, dict)
        assert figures["posts_unmeasured"] == 9, name
        figures["posts_unmeasured"] = 0
    side = after["compare"]
    assert isinstance(side, dict)
    assert side["posts_unmeasured"] == 9
    side["posts_unmeasured"] = 0
    digest = after["digest"]
    assert isinstance(digest, dict)
    assert digest["before"]["posts_unmeasured"] == 9  # they are of May
    digest["before"]["posts_unmeasured"] = 0
    assert after == before
    link = world.session.scalars(select(Link).where(Link.code == "old8")).one()
    assert (
        "before this link's import are not known" in link_life(world.session, link, LATER).sentence
    )
    old = [post for post in report(world, account)["posts"] if not post["measured"]]
    assert len(old) == 9
    for post in old:
        assert (post["clicks"], post["unique_clicks"], post["cpf"]) == (None, None, None)
        assert (post["complete"], post["counts_until"], post["usual"]) == (False, None, None)


def test_links_are_measured_once_their_clicks_are_imported(world: World, tmp_path: Path) -> None:
    """As many as their shortener counted; with fewer they stay out. None of none is all."""
    account = world.account()
    followers(world, account, 1_000, days=-10)
    imported(world, account, OLD, tmp_path)
    lines = [line("old3", n, 5) for n in range(3)] + [line("old4", n, 6) for n in range(3)]
    done = log_imported(world, account, lines, tmp_path)
    assert (done.added, done.measured, done.lacking) == (6, 2, 1)  # old3, and old0 with none
    total = report(world, account)["total"]
    assert (total["posts"], total["unique_clicks"], total["posts_unmeasured"]) == (2, 3, 7)
    rest = log_imported(world, account, [line("old4", 30, 6)], tmp_path)
    assert (rest.added, rest.measured, rest.lacking) == (1, 1, 0)
    total = report(world, account)["total"]
    assert (total["posts"], total["unique_clicks"], total["posts_unmeasured"]) == (3, 7, 6)


def test_without_a_total_any_imported_click_tells_that_they_were_counted(
    world: World, tmp_path: Path
) -> None:
    """What its shortener said is all there is to go by; a link in no log stays unmeasured."""
    account = world.account()
    followers(world, account, 1_000, days=-10)
    table = "Long URL,Short code,Created\n" + "".join(
        f"https://example.com/{code},{code},2026-05-01 12:00:00\n" for code in ("one", "two")
    )
    imported(world, account, table, tmp_path)
    log_imported(world, account, [line("one", 1, 2)], tmp_path)
    total = report(world, account)["total"]
    assert (total["posts"], total["posts_unmeasured"]) == (1, 1)


def test_a_link_without_a_date_is_no_new_post(world: World, tmp_path: Path) -> None:
    """It came with the import, and was posted at some time before."""
    account = world.account()
    followers(world, account, 1_000, days=-10)
    imported(world, account, "Long URL,Short code\nhttps://example.com/a,a\n", tmp_path)
    later = cpf_report(world.session, account, window="7d", now=LATER + 9 * DAY)
    assert (later.total.posts, later.total.posts_unmeasured) == (0, 1)


def test_an_old_link_that_is_posted_anew_is_measured(world: World, tmp_path: Path) -> None:
    """From its import on every click is known: a later time of posting has all of its clicks."""
    account = world.account()
    followers(world, account, 1_000, days=-10)
    imported(world, account, OLD, tmp_path)
    post = world.session.scalars(select(Post).order_by(Post.id)).first()
    assert post is not None
    post.posted_at = LATER + DAY
    world.session.commit()
    later = cpf_report(world.session, account, window="7d", now=LATER + 9 * DAY)
    assert (later.total.posts, later.total.posts_unmeasured) == (1, 8)


def test_an_upgrade_judges_the_links_that_were_imported_before(
    world: World, tmp_path: Path
) -> None:
    """By the same rule: all clicks there, measured; fewer, or none, since the import at most."""
    account = world.account()
    imported(world, account, OLD, tmp_path)
    lines = [line("old3", n, 5) for n in range(3)] + [line("old4", 1, 6)]
    log_imported(world, account, lines, tmp_path)
    ours = world.post(account, "https://ours.org/")
    with world.database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0025")
        command.upgrade(alembic_config(connection), "head")
    world.session.expire_all()
    found = {post.written: post.measured_from for post in world.session.scalars(select(Post)).all()}
    assert found.pop(ours.written) is None
    assert found.pop("https://example.com/old3") is None
    assert set(found.values()) == {LATER}


def test_pages_say_of_an_unmeasured_post_that_its_clicks_are_not_known(
    world: World, tmp_path: Path
) -> None:
    """No zero: on its own page, in the list, and in the list's file."""
    account = world.account()
    followers(world, account, 1_000, days=-10)
    imported(world, account, OLD, tmp_path)
    browser = Browser.signed_in(world)
    post = world.session.scalars(select(Post).order_by(Post.id)).first()
    assert post is not None
    page = read(browser.get(f"/owner/posts/{post.id}"))
    assert "unmeasured" in page
    assert "its clicks from before are unknown, so it has no rate" in page
    assert "Clicks not known 0 counted here" in page
    posts = read(browser.get("/owner/posts"))
    assert "9 imported posts are unmeasured: their clicks before the import are not known." in posts
    assert len(re.findall("unmeasured [^–]{12,30} – – ", posts)) == 9
    table = browser.get("/owner/posts?format=csv").text
    assert [row["clicks"] for row in csv.DictReader(io.StringIO(table))] == [""] * 9
