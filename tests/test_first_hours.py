"""A post's first 48 hours: its clicks added up, over the middle half of earlier posts."""

import re
from datetime import timedelta

from browser import Browser, read
from clicking import FIREFOX
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.charts import hours_curve
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.links.models import Post
from linktrack.reports.timing.first_hours import HOURS, first_hours

DAY = timedelta(days=1)


def clicked(world: World, post: Post, hours: list[int]) -> None:
    """One person in each of these hours since the post."""
    assert post.posted_at is not None
    at = [to_ms(post.posted_at + timedelta(hours=hour, minutes=5)) for hour in hours]
    link = post.links[0].id
    world.click(
        [
            ClickRecord(at[i], link, visitor=i, user_agent=FIREFOX, referrer="//t.co")
            for i in range(len(hours))
        ]
    )


def posts(world: World, account: Account, clicks: int) -> list[Post]:
    """Eight earlier posts, number i with i clicks in its third hour; then one with `clicks`."""
    made = []
    for number in range(9):
        post = world.post(
            account, f"Number {number} https://example.com/{number}", NOON + number * 3 * DAY
        )
        clicked(world, post, [2] * number if number < 8 else [0] * clicks)
        made.append(post)
    return made


def test_the_curve_adds_up_and_lies_over_the_middle_half(world: World) -> None:
    """Quartiles of the posts before, at the end of each hour; a later post tells nothing."""
    account = world.account()
    *_, post = posts(world, account, 3)
    later = world.post(account, "Later https://example.com/later", NOON + 60 * DAY)
    clicked(world, later, [0] * 9)
    found = first_hours(world.session, post, NOON + 90 * DAY)
    assert found is not None
    assert found.clicks == [3] * HOURS
    assert found.earlier == 8
    assert found.middle == [(0, 0)] * 2 + [(1.75, 5.25)] * (HOURS - 2)
    assert found.is_over


def test_hours_to_come_are_not_drawn_and_few_posts_have_no_middle(sqlite_world: World) -> None:
    """The curve ends where the last whole hour does."""
    account = sqlite_world.account()
    made = posts(sqlite_world, account, 3)
    young = first_hours(sqlite_world.session, made[-1], NOON + 24 * DAY + timedelta(hours=5.5))
    assert young is not None
    assert young.clicks == [3] * 5
    assert not young.is_over
    early = first_hours(sqlite_world.session, made[7], NOON + 90 * DAY)
    assert early is not None
    assert (early.middle, early.earlier) == ([], 7)
    made[-1].measured_from = NOON + 25 * DAY
    assert first_hours(sqlite_world.session, made[-1], NOON + 90 * DAY) is None


def test_a_posts_page_leads_with_its_text_and_its_answer(world: World) -> None:
    """The number large, then the curve, sources and segments; no row of days without clicks."""
    account = world.account()
    *_, post = posts(world, account, 3)
    answer = Browser.signed_in(world).get(f"/owner/posts/{post.id}")
    page = read(answer)
    assert "<h1>Number 8 " in answer.text
    assert '<strong class="figure">3</strong> <span>people clicked' in answer.text
    places = [page.index(x) for x in ("people clicked", "First 48 hours", "Where clicks", "Who cl")]
    assert places == sorted(places)
    assert "Middle half of the 8 posts before" in page
    assert "Clicks a day" not in page
    young = world.post(account, "Young https://example.com/young", now())
    page = read(Browser.signed_in(world, "Ada").get(f"/owner/posts/{young.id}"))
    assert "Posted less than an hour ago: 0 clicks so far." in page


def test_the_curve_is_drawn_where_its_numbers_are() -> None:
    """Linear from zero on; its table has every hour, and dashes where nothing is known yet."""
    drawn = hours_curve(
        [10, 20], [(0, 40)] * 4, 4, label="Clicks", name="This", band_name="Middle half"
    )
    _key, line = re.findall(r'class="line s0" d="([^"]+)"', drawn)
    assert line == "M0 1800l2500 -450l2500 -450"
    assert drawn.count("<tr data-x=") == 4
    assert 'data-x="100"><th scope="row">4 h</th><td class="num">–</td>' in drawn
    alone = hours_curve([1], [], 4, label="Clicks", name="This", band_name="Middle half")
    assert "Middle half" not in alone
