"""What each destination of a link with rules got: counted at the click, in every door alike."""

import pytest
import scipy  # scipy.stats is imported when it is used: that takes a second
from browser import Browser, read
from clicking import FIREFOX, START, counts
from commands import Run, good, parsed
from doorways import Caller
from sqlalchemy import insert
from world import NOON, World

from linktrack.clicks.conversions.declaring import Terms, add_goal
from linktrack.clicks.conversions.models import GoalReached
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import CLICK_ID
from linktrack.links.models import Link
from linktrack.links.redirects.ruling import Wanted, set_rules
from linktrack.reports.links.options import OptionsReport, options_report

A, B, OWN = "https://a.com/", "https://b.com/", "http://one.com/"


def split(world: World, first: int = 50) -> Link:
    link = world.post(world.account(), OWN).links[0]
    wanted = [Wanted((), ((A, first), (B, 100 - first)))]
    set_rules(world.session, world.shortener, link, wanted, NOON)
    world.session.commit()
    return link


def clicked(world: World, link: Link, option: int, visitors: range, flags: int = 0) -> None:
    world.click(
        [
            ClickRecord(
                clicked_at=START + 60_000 * who,
                link_id=link.id,
                user_agent=FIREFOX,
                referrer="//t.co",
                visitor=who,
                flags=flags,
                option=option,
            )
            for who in visitors
        ]
    )


def report(world: World, link: Link) -> OptionsReport:
    world.session.rollback()  # see what was loaded meanwhile
    return options_report(world.session, world.session.get_one(Link, link.id))


def test_each_option_has_its_clicks_and_its_first_ones(world: World) -> None:
    """Whoever comes twice is unique where they went first, whichever click is loaded first."""
    link = split(world)
    clicked(world, link, 2, range(10, 20))
    clicked(world, link, 1, range(10))
    later = [
        ClickRecord(START + 9_000_000, link.id, FIREFOX, None, who, option=2) for who in range(5)
    ]
    world.click(later)
    earlier = [
        ClickRecord(START - 60_000, link.id, FIREFOX, None, who, option=1) for who in (10, 11)
    ]
    world.click(earlier)
    world.click([ClickRecord(START, link.id, "Twitterbot/1.0", None, 99, option=0)])
    found = report(world, link)
    assert [(each.id, each.clicks, each.unique_clicks) for each in found.options] == [
        (1, 12, 12),
        (2, 15, 8),
        (0, 0, 0),
    ]
    before = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, world.store().days)
    assert counts(world) == before


def test_a_split_that_does_not_fit_its_shares_is_doubted(sqlite_world: World) -> None:
    """Pearson's chi-square as SciPy has it; not where shares were changed, or with few clicks."""
    world = sqlite_world
    link = split(world, 70)
    clicked(world, link, 1, range(3))
    assert report(world, link).splits[0].p is None
    clicked(world, link, 1, range(10, 40))
    clicked(world, link, 2, range(100, 150))
    (found,) = report(world, link).splits
    assert found.p == pytest.approx(scipy.stats.chisquare([33, 50], [83 * 0.7, 83 * 0.3]).pvalue)
    assert found.is_uneven
    link = world.session.get_one(Link, link.id)
    wanted = [Wanted((), ((A, 60), (B, 40)), found.rule_id)]
    set_rules(world.session, world.shortener, link, wanted, NOON)
    world.session.commit()
    assert report(world, link).splits[0].p is None


def test_goals_tell_which_destination_is_better_and_clicks_do_not(world: World) -> None:
    """The interval is Newcombe's; without goals the report says that it can't be told."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    link = split(world)
    clicked(world, link, 1, range(200), flags=CLICK_ID)
    clicked(world, link, 2, range(200, 400), flags=CLICK_ID)
    page = read(Browser.signed_in(world).get(f"/owner/links/{link.code}/rules"))
    assert "Which destination is better can't be told by clicks" in page
    goal = add_goal(world.session, "sign-up", Terms(days=7), NOON)
    rows = [(number, 1 + (number >= 10)) for number in range(60)]
    world.session.execute(
        insert(GoalReached),
        [
            {
                "goal_id": goal.id,
                "click": number,
                "link_id": link.id,
                "segment_id": 0,
                "attribution": 0,
                "clicked_day": 1,
                "reached_day": 1,
                "option_id": option,
            }
            for number, option in rows
        ],
    )
    world.session.commit()
    (found,) = report(world, link).splits
    (comparison,) = found.comparisons
    low, high = confint_proportions_2indep(50, 200, 10, 200, method="newcomb", compare="diff")
    assert (comparison.option, comparison.other) == (2, 1)
    assert comparison.interval.low == pytest.approx(low, abs=1e-9)
    assert comparison.interval.high == pytest.approx(high, abs=1e-9)
    shown = read(Browser.signed_in(world, "Jo").get(f"/owner/links/{link.code}/rules"))
    assert f"Everyone: sign-up: {B} does better than {A}, by {100 * low:.1f} to" in shown


def test_every_door_gives_the_same_options(world: World, run: Run) -> None:
    """The command's JSON is the API's; a destination that was taken away stays in it."""
    link = split(world)
    clicked(world, link, 1, range(4))
    clicked(world, link, 2, range(4, 6))
    set_rules(world.session, world.shortener, world.session.get_one(Link, link.id), [], NOON)
    world.session.commit()
    command = parsed(run("link", "rules", "report", str(link.code), "--json"))
    assert command == Caller(world)("GET", f"/links/{link.code}/options").get_json()
    assert [(each["id"], each["clicks"], each["share"]) for each in command["options"]] == [
        (0, 0, 0.0),
        (1, 4, 0.666667),
        (2, 2, 0.333333),
    ]
    assert A in good(run("link", "rules", "report", str(link.code)))


def test_the_export_says_where_each_click_was_led(sqlite_world: World) -> None:
    """The destination of its option, which is never another one."""
    link = split(sqlite_world)
    clicked(sqlite_world, link, 2, range(1))
    clicked(sqlite_world, link, 0, range(1, 2))
    rows = Caller(sqlite_world)("GET", "/export/clicks?format=ndjson").text.splitlines()
    assert '"option": 2' in rows[0].replace('":', '": ').replace("  ", " ")
    assert B in rows[0]
    assert OWN in rows[1]
