"""What the database adds up of an account's posts is what their single figures add up to."""

import random
from collections import Counter
from datetime import timedelta
from itertools import product
from zoneinfo import ZoneInfo

from audiences import followers
from clicking import FIREFOX
from sqlalchemy import and_, update
from world import NOON, World

from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import NO_VISITOR, WINDOWS, window_number
from linktrack.db import to_ms
from linktrack.links.models import Post
from linktrack.reports.counting import Counting
from linktrack.reports.cpf import cpf_total, cpf_totals
from linktrack.reports.parts import UNKNOWN, WHOLE, Part
from linktrack.reports.queries import chosen_posts, sums_by_post
from linktrack.reports.rated import people_and_followers, people_by_post, rated_people, rated_posts
from linktrack.reports.sources.referrers import ReferrersReport, referrers_report
from linktrack.reports.sources.top_sources import TopSources, top_sources

UTC = ZoneInfo("UTC")
HOSTS = (None, "//t.co/a", "//x.com", "//bsky.app", "//a.example.org", "//b.example.net")


def filled(world: World) -> list[Account]:
    """Accounts with a count now and then (nobody, at times), none, and posts of all kinds.

    Some posts are older than the first count, some not complete, some measured only since later.
    """
    chance = random.Random(71)
    accounts = [world.account(handle) for handle in ("@you", "@me", "@none", "@empty")]
    for account, counts in zip(accounts, ((900, 0, 1_100), (40,), (), (7,)), strict=True):
        for number, count in enumerate(counts):
            followers(world, account, count, days=3 + 4 * number)
    for account in accounts[:3]:
        segments = [add_segment(world.session, account, name, 9, NOON) for name in ("one", "two")]
        world.session.commit()
        for number in range(24):
            at = NOON + timedelta(hours=20 * number)
            post = world.post(account, f"https://example.com/{account.id}/{number}", at)
            if number % 5 == 0:
                since = at + timedelta(hours=chance.choice((-3, 0, 3)))
                world.session.execute(
                    update(Post).where(Post.id == post.id).values(measured_from=since)
                )
                world.session.commit()
            made = []
            for visitor in range(chance.randrange(8)):
                after = timedelta(hours=chance.choice((0.5, 3, 30, 200, 900)))
                segment = chance.choice((None, *segments))
                made.append(
                    ClickRecord(
                        to_ms(at + after),
                        post.links[0].id,
                        user_agent=FIREFOX,
                        referrer=chance.choice(HOSTS),
                        visitor=None if visitor == 3 else visitor,
                        flags=NO_VISITOR if visitor == 3 else 0,
                        segment_id=None if segment is None else segment.id,
                        attribution=None if segment is None else "variant",
                    )
                )
            world.click(made)
    world.session.commit()
    return accounts


def test_the_totals_of_all_accounts_at_once_are_those_of_their_posts(world: World) -> None:
    """In every window, as of different moments, and of any days."""
    accounts = filled(world)
    ids = [account.id for account in accounts]
    histories = count_histories(world.session, ids)
    seen = set()
    for window in WINDOWS:
        for days in (6, 12, 60):
            for since in (None, NOON + timedelta(days=8)):
                counting = Counting(window, NOON + timedelta(days=days))
                chosen = chosen_posts(ids, since, NOON + timedelta(days=18))
                sums = sums_by_post(world.session, chosen, window_number(window))
                found = cpf_totals(world.session, chosen, histories, counting)
                assert list(found) == ids
                for account in accounts:
                    own = [post for post in sums if post.account_id == account.id]
                    assert found[account.id] == cpf_total(own, histories, counting)
                    total = found[account.id]
                    seen |= {
                        name
                        for name in ("posts", "posts_without_count", "posts_unmeasured")
                        if getattr(total, name)
                    }
                    seen |= {"still"} if total.still_counting.unique_clicks else set()
                    seen |= {"none"} if total.without_visitor and total.unattributed else set()
    assert seen == {"posts", "posts_without_count", "posts_unmeasured", "still", "none"}


def test_posts_read_by_column_are_rated_as_those_read_by_row(world: World) -> None:
    """Their people, their followers, and how far each is counted."""
    ids = [account.id for account in filled(world)]
    histories = count_histories(world.session, ids)
    chosen = chosen_posts(ids, None, None)
    for window in WINDOWS:
        counting = Counting(window, NOON + timedelta(days=12))
        sums = sums_by_post(world.session, chosen, window_number(window))
        found = rated_people(world.session, chosen, histories, counting)
        assert sorted(found) == sorted(rated_posts(sums, histories, counting))
        pooled = and_(chosen, counting.pooled_posts())
        by_account = people_and_followers(world.session, pooled, histories, window_number(window))
        for number in ids:
            own = [post for post in found if post.account_id == number and post.is_pooled]
            assert sorted(by_account.get(number, []), key=repr) == sorted(
                ((post.people, post.followers) for post in own), key=repr
            )
        assert {post.state for post in found} >= {"unmeasured"}
        assert len({post.state for post in found}) > 1
        assert sorted(people_by_post(world.session, chosen, window_number(window))) == sorted(
            (post.account_id, post.posted_at, post.measured_from, post.unique_clicks, post.post_id)
            for post in sums
        )


def drawn(found: TopSources) -> list[tuple[str | None, dict[str | None, int]]]:
    return [(each.source, dict(each.by_segment)) for each in found.first]


def summed(report: ReferrersReport) -> list[tuple[str | None, dict[str | None, int]]]:
    """What the lines of a report add up to by source, most clicks first."""
    found: dict[str | None, Counter[str | None]] = {}
    for line in report.lines:
        found.setdefault(line.source, Counter())[line.segment] += line.clicks
    return [
        (source, dict(found[source]))
        for source in sorted(found, key=lambda source: (-found[source].total(), source or "?"))
    ]


PARTS = (WHOLE, Part("X"), Part(UNKNOWN), Part(segment="one"), Part(segment=UNKNOWN))


def test_the_first_sources_are_those_of_the_whole_report(world: World) -> None:
    """By segment; what is left is of the others, and all clicks are said whatever the part."""
    account = filled(world)[0]
    since, until = NOON.date(), (NOON + timedelta(days=30)).date()
    report = referrers_report(world.session, account, UTC, since=since, until=until)
    for part, most in product(PARTS, (0, 1, 3, 9)):
        found = top_sources(
            world.session, account, since=since, until=until, part=part, most=most, unsaid="?"
        )
        assert (found.clicks, found.unattributed) == (report.clicks, report.unattributed)
        assert found.sentence == report.sentences[-1]
        expected = summed(report.of(part))
        shown = most + (len(expected) == most + 1)
        assert drawn(found) == expected[:shown]
        assert found.others == len(expected[shown:])
        left: Counter[str | None] = Counter()
        for _, by_segment in expected[shown:]:
            left.update(by_segment)
        assert +Counter(found.of_others) == left
        named = {line.segment for line in report.of(part).lines if line.segment is not None}
        assert found.segments == sorted(named)
