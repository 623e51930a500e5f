"""The simulation with known truth, in short: benchmarks/attribution.py has the long form."""

import random
from datetime import timedelta

import attribution
import pytest
from audiences import followers
from clicking import FIREFOX
from world import NOON, World

from linktrack.audience.segments import add_segment, rest_segment
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
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


def test_a_simulated_month_comes_out_of_the_database_as_it_went_in(world: World) -> None:
    """Versions, hellos, strangers and bots: every segment has its own people, and no others."""
    run = attribution.simulate(random.Random(3), posts=8)
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
    for simulated in run.posts:
        at = NOON + (simulated.posted_at - attribution.START)
        link = world.post(account, "http://one.com/", at, segments=versions).links[0]
        for group_id, count in simulated.unique.items():
            for _ in range(count):
                visitor += 1
                known = None if group_id == attribution.NOBODY else numbers[group_id]
                way = "variant" if group_id in simulated.addressed else "recognised"
                fields = (
                    to_ms(at) + 4_000 * visitor,
                    link.id,
                    FIREFOX,
                    None,
                    visitor,
                    0,
                    known,
                    None,
                )
                record = ClickRecord(*fields, None if known is None else way)
                records += [record] * (1 + visitor % 2)  # half of them click twice
        records += [
            ClickRecord(to_ms(at), link.id, "Twitterbot/1.0", None, -number)
            for number in range(1, 13)
        ]
    random.Random(4).shuffle(records)
    for start in range(0, len(records), 200):
        world.click(records[start : start + 200])
    report = segments_report(
        world.session,
        account,
        window="7d",
        settings=world.settings,
        now=NOON + (run.posts[-1].posted_at - attribution.START) + timedelta(days=7),
    )
    told = {line.segment.id: (line.unique_clicks, line.addressed) for line in report.lines}
    for group in attribution.GROUPS:
        clicked = sum(post.unique.get(group.id, 0) for post in run.posts)
        reached = group.size * len(run.posts) if group.has_version else None
        assert told[numbers[group.id]] == (clicked, reached), group.name
    assert report.unattributed == sum(post.unique[attribution.NOBODY] for post in run.posts)
    assert report.unattributed / report.unique_clicks >= 0.8
