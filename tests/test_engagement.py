"""Engagement: exactly the followers of the last reading are named, and counts are a step curve."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from audiences import KEY, follow, take
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.models import Account, Follower
from linktrack.calendar.days import Days
from linktrack.engagement.forgetting import forget_follower
from linktrack.engagement.models import Engagement, EngagementCount, NetworkPost
from linktrack.engagement.storing import last_counts, store_reading
from linktrack.engagement.vocabulary import KIND_OF, KINDS, NAMED, Kind
from linktrack.networks.engagement import EngagedPerson
from linktrack.portability.export.everything import export_all
from linktrack.portability.export.restore import import_all

HOUR = timedelta(hours=1)


def network_post(world: World, account: Account, number: int = 0) -> NetworkPost:
    post = NetworkPost(
        account_id=account.id, network_id=f"at://me/{number}", posted_at=NOON + number * HOUR
    )
    world.session.add(post)
    world.session.flush()
    return post


def read(
    world: World,
    post: NetworkPost,
    counts: Mapping[Kind, int],
    people: Sequence[EngagedPerson] | None = (),
    at: datetime = NOON,
) -> None:
    store_reading(world.session, post, counts, people, at)
    world.session.commit()


def named(world: World, post: NetworkPost) -> list[tuple[Kind, str]]:
    query = (
        select(Engagement.kind, Follower.network_id)
        .join(Follower, Follower.id == Engagement.follower_id)
        .where(Engagement.network_post_id == post.id)
        .order_by(Engagement.kind, Follower.network_id)
    )
    return [(KIND_OF[kind], name) for kind, name in world.session.execute(query)]


def likes(*names: str) -> list[EngagedPerson]:
    return [EngagedPerson("like", name) for name in names]


def curve(world: World, post: NetworkPost, kind: Kind = "like") -> list[tuple[int, int]]:
    """Return hours since noon and the count from then on."""
    query = (
        select(EngagementCount.counted_at, EngagementCount.count)
        .where(
            EngagementCount.network_post_id == post.id,
            EngagementCount.kind == KINDS.index(kind) + 1,
        )
        .order_by(EngagementCount.counted_at)
    )
    return [((at - NOON) // HOUR, count) for at, count in world.session.execute(query)]


def test_only_followers_are_named(world: World) -> None:
    """Strangers are in the counts alone; who unfollowed was a follower; the owner is nobody."""
    account = world.account("@me.test", "bluesky")
    account.network_id = "did:me"
    take(world, account, -2, ["1", "2", "3"])
    take(world, account, -1, ["1", "2"])
    post = network_post(world, account)
    people = [*likes("1", "3", "stranger", "did:me"), EngagedPerson("reply", "2")]
    read(world, post, {"like": 4, "reply": 1}, [*people, EngagedPerson("like", "x", "@Me.test")])
    assert named(world, post) == [("like", "1"), ("like", "3"), ("reply", "2")]
    assert last_counts(world.session, [post.id]) == {post.id: {"like": 4, "reply": 1}}


def test_a_follower_whom_a_list_named_by_handle_alone_is_found_by_it(world: World) -> None:
    """Archives and tables of other programs have no ids."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{"network_id": "@ann.test", "handle_key": "ann.test"}])
    post = network_post(world, account)
    read(world, post, {"like": 1}, [EngagedPerson("like", "did:ann", "@Ann.test")])
    assert named(world, post) == [("like", "@ann.test")]


def test_a_like_that_was_taken_back_goes(world: World) -> None:
    """With the next whole reading; where nobody was named, what is known stays."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}, {}])
    post = network_post(world, account)
    read(world, post, {"like": 2}, likes("1", "2"))
    read(world, post, {"like": 1}, None, NOON + HOUR)
    assert named(world, post) == [("like", "1"), ("like", "2")]
    assert post.names_read_at == NOON
    read(world, post, {"like": 1}, likes("2"), NOON + 2 * HOUR)
    assert named(world, post) == [("like", "2")]
    assert post.names_read_at == post.read_at == NOON + 2 * HOUR


def test_the_networks_own_time_counts_before_that_of_reading(world: World) -> None:
    """The earliest that is known, and never one ahead; someone who replies twice is named once."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}, {}, {}])
    post = network_post(world, account)
    at = NOON + 5 * HOUR
    read(
        world, post, {}, [EngagedPerson("like", "1"), EngagedPerson("like", "3", at=at + HOUR)], at
    )
    replies = [EngagedPerson("reply", "2", at=NOON + hour * HOUR) for hour in (3, 2, 4)]
    likes = [EngagedPerson("like", "1", at=NOON + HOUR), EngagedPerson("like", "3")]
    read(world, post, {}, [*replies, *likes], NOON + 6 * HOUR)
    query = select(Follower.network_id, Engagement.first_seen_at).join(
        Follower, Follower.id == Engagement.follower_id
    )
    found = {name: (when - NOON) // HOUR for name, when in world.session.execute(query)}
    assert found == {"1": 1, "2": 2, "3": 5}


def test_a_count_is_written_when_it_changes(world: World) -> None:
    """A known zero is a row, what isn't told is none, and an older reading changes nothing.

    The first reading after a window's end, such as the first hour, is a row whatever it says.
    """
    account = world.account("@me.test", "bluesky")
    post = network_post(world, account)
    for hour, count in ((0, 0), (1, 0), (2, 5), (3, 5), (4, 4)):
        read(world, post, {"like": count}, None, NOON + hour * HOUR)
    read(world, post, {"like": 9}, None, NOON + 3 * HOUR)
    assert curve(world, post) == [(0, 0), (1, 0), (2, 5), (4, 4)]
    assert curve(world, post, "view") == []
    read(world, post, {"like": 6}, None, NOON + 4 * HOUR)
    assert curve(world, post) == [(0, 0), (1, 0), (2, 5), (4, 6)]


def test_who_asks_to_be_forgotten_is_named_nowhere_and_stays_so(world: World) -> None:
    """The counts stay, and the next reading does not bring them back."""
    account = world.account("@me.test", "bluesky")
    take(world, account, -1, ["1", "2"])
    post = network_post(world, account)
    read(world, post, {"like": 2}, likes("1", "2"))
    days = Days(world.settings.timezone)
    forget_follower(world.session, "bluesky:1", KEY, days, NOON)
    world.session.commit()
    assert named(world, post) == [("like", "2")]
    take(world, account, 1, ["1", "2"])
    read(world, post, {"like": 2}, likes("1", "2"), NOON + HOUR)
    assert named(world, post) == [("like", "2")]
    assert curve(world, post) == [(0, 2), (1, 2)]


PEOPLE = st.lists(st.tuples(st.sampled_from(NAMED), st.integers(1, 9)), max_size=12)
COUNTS = st.dictionaries(st.sampled_from(KINDS), st.integers(0, 3))


@settings(
    deadline=None,
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(readings=st.lists(st.tuples(COUNTS, st.none() | PEOPLE, st.integers(0, 3)), max_size=8))
def test_after_any_readings_the_last_ones_followers_are_named(
    sqlite_world: World,
    readings: list[tuple[dict[Kind, int], list[tuple[Kind, int]] | None, int]],
) -> None:
    """Followers are 1 to 6, strangers 7 to 9; each count is the last that was told."""
    world = sqlite_world
    number = world.session.scalar(select(func.count()).select_from(Account)) or 0
    account = world.account(f"@me{number}.test", "bluesky", None)
    follow(world, account, [{}] * 6)
    post = network_post(world, account)
    expected: set[tuple[Kind, str]] = set()
    told: dict[Kind, int] = {}
    steps: dict[tuple[Kind, datetime], int] = {}
    at = NOON
    for counts, some, hours in readings:
        at += hours * HOUR
        people = None if some is None else [EngagedPerson(kind, str(who)) for kind, who in some]
        read(world, post, counts, people, at)
        if some is not None:
            expected = {(kind, str(who)) for kind, who in some if who <= 6}
        told |= counts
        steps |= {(kind, at): told[kind] for kind in told}
    assert set(named(world, post)) == expected
    assert last_counts(world.session, [post.id]) == {post.id: told}
    for (kind, moment), count in steps.items():
        known = [value for hour, value in curve(world, post, kind) if NOON + hour * HOUR <= moment]
        assert known[-1] == count


def test_an_installation_with_engagement_is_exported_and_restored(
    world: World, tmp_path: Path
) -> None:
    """All of its tables are carried by themselves."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}])
    read(world, network_post(world, account), {"like": 1, "view": 40}, likes("1"))
    path = tmp_path / "all.zip"
    counts = export_all(world.database, path, NOON)
    names = ("network_posts", "engagement_counts", "engagements")
    assert [counts[name] for name in names] == [1, 2, 1]
    with World.at(tmp_path / "other", f"sqlite:///{tmp_path}/other.db") as other:
        other.database.migrate()
        assert import_all(other.database, path).rows == counts
        post = other.session.scalars(select(NetworkPost)).one()
        assert named(other, post) == [("like", "1")]
