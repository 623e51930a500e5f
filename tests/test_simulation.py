"""The simulation with known truth, in short: benchmarks/attribution.py has the long form."""

import random
from collections import Counter
from datetime import timedelta

import attribution
import pytest
from attribution import Run
from audiences import followers
from clicking import FIREFOX
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment, rest_segment
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.ids import SegmentId
from linktrack.reports.people.segments import segments_report


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """150 runs: 95 % give or take what chance allows; at least 80 % are nobody's, as in life."""
    held, nobody = attribution.coverage(150, seed=7)
    promised = {name: rate for name, rate in held.items() if not name.startswith("(")}
    assert len(promised) == 8
    assert min(promised.values()) > 0.89, promised
    assert nobody >= 0.8
    assert held["(newsletter: its own members at most)"] > 0.95
    wrong, named, wrong_kept, named_kept = attribution.personal_links(random.Random(7))
    assert wrong_kept / named_kept < 0.1 < wrong / named


@pytest.mark.slow
def test_with_many_hellos_and_a_feed_half_as_many_are_unknown() -> None:
    """As stated by the rates, and the intervals go on holding; strangers spoil one, as said."""
    held, nobody = attribution.coverage(60, seed=7, scenario=attribution.MANY)
    everybody, known = attribution.expected(attribution.MANY)
    assert nobody == pytest.approx(1 - known / everybody, abs=0.01)
    assert nobody < 0.55
    mixed = "everyone else: bounds by hellos"
    promised = {name: rate for name, rate in held.items() if name[0] != "(" and name != mixed}
    assert len(promised) == 7
    assert min(promised.values()) > 0.85, promised
    assert held[mixed] < 0.5
    eager, _ = attribution.coverage(20, seed=7, scenario=attribution.EAGER)
    assert eager["newcomers: bounds by hellos"] < 0.5  # who says hello is not the average


def test_a_simulated_month_comes_out_of_the_database_as_it_went_in(world: World) -> None:
    """Versions, hellos, strangers and bots: every segment has its own people, and no others."""
    run = attribution.simulate(random.Random(3), posts=8)
    account, numbers = lived(world, run, timedelta(days=1))
    report = segments_report(
        world.session,
        account,
        window="7d",
        settings=world.settings,
        now=NOON + timedelta(days=14),
    )
    told = {line.segment.id: (line.unique_clicks, line.addressed) for line in report.lines}
    for group in attribution.GROUPS:
        clicked = sum(post.unique.get(group.id, 0) for post in run.posts)
        reached = group.size * len(run.posts) if group.has_version else None
        assert told[numbers[group.id]] == (clicked, reached), group.name
    assert report.unattributed == sum(post.unique[attribution.NOBODY] for post in run.posts)
    assert report.unattributed / report.unique_clicks >= 0.8


def test_months_show_what_hellos_and_a_feed_bring(world: World) -> None:
    """Two months as usual, then two in which 40 % say hello: each way's clicks, exactly."""
    rng = random.Random(5)
    before = attribution.simulate(rng, posts=4)
    after = attribution.simulate(rng, posts=4, scenario=attribution.MANY)
    run = attribution.Run(before.posts + after.posts, by=before.by + after.by)
    account, _ = lived(world, run, timedelta(days=15, hours=6))
    report = segments_report(
        world.session,
        account,
        window="7d",
        settings=world.settings,
        now=NOON + timedelta(days=119),
    )
    months = report.ways.months
    assert [f"{month.first:%m}" for month in months] == ["05", "06", "07", "08"]
    for number, month in enumerate(months):
        assert month.by is not None
        here = slice(2 * number, 2 * number + 2)
        ways = Counter[str]()
        for by in run.by[here]:
            for (_, how), clicks in by.items():
                ways[how] += clicks
        found = (month.by.personal, month.by.version, month.by.hello_button, month.by.hello_network)
        assert found == tuple(
            ways[how] for how in ("personal", "variant", "recognised", "recognised-network")
        )
        assert month.unique_clicks == sum(post.unique_clicks for post in run.posts[here])
        assert month.share is not None
        assert (month.share > 0.35) == (number >= 2)


def lived(world: World, run: Run, every: timedelta) -> tuple[Account, dict[int, SegmentId]]:
    """Let a run happen to an account, a post `every` so often; return its segments' numbers."""
    account = world.account()
    followers(world, account, attribution.FOLLOWERS, days=-1)
    numbers = {}
    for group in attribution.GROUPS[:-1]:
        segment = add_segment(world.session, account, group.name, group.size, NOON, place="x")
        numbers[group.id] = segment.id
    numbers[attribution.GROUPS[-1].id] = rest_segment(world.session, account, NOON).id
    world.session.commit()
    versions = tuple(group.name for group in attribution.GROUPS if group.has_version)
    visitor = 0
    records = []
    for number, (simulated, by) in enumerate(zip(run.posts, run.by, strict=True)):
        at = NOON + number * every
        link = world.post(account, "http://one.com/", at, segments=versions).links[0]
        known = [(numbers[each], how) for (each, how), count in by.items() for _ in range(count)]
        people = [*known, *[(None, None)] * simulated.unique[attribution.NOBODY]]
        assert len(people) == simulated.unique_clicks
        for nth, (segment_id, how) in enumerate(people):
            visitor += 1
            record = ClickRecord(
                to_ms(at) + 4_000 * nth,
                link.id,
                FIREFOX,
                None,
                visitor,
                segment_id=segment_id,
                attribution=how,
            )
            records += [record] * (1 + visitor % 2)  # half of them click twice
        records += [
            ClickRecord(to_ms(at), link.id, "Twitterbot/1.0", None, -number)
            for number in range(1, 13)
        ]
    random.Random(4).shuffle(records)
    for start in range(0, len(records), 200):
        world.click(records[start : start + 200])
    return account, numbers
