"""Reading engagement: what is due, page by page, going on where it was, and politely."""

from contextlib import suppress
from datetime import timedelta

import pytest
from audiences import follow, take
from examples import examples
from fakenetwork import Clock, Killed
from gathering import Gathering, engage, named, post_named, said
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.accounts import remove_account
from linktrack.audience.models import Account
from linktrack.engagement.models import EngagementWatch, NetworkPost
from linktrack.engagement.reading import claim_engagement, due_engagement
from linktrack.engagement.schedule import lists_to_read, next_reading
from linktrack.engagement.storing import last_counts
from linktrack.engagement.vocabulary import NAMED, Kind
from linktrack.errors import NotFound, Unavailable
from linktrack.links.models import SeenPost, UnwrappedPost
from linktrack.networks.errors import Pause

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_posts_with_links_and_without_are_read(world: World) -> None:
    """Ours are told apart; reposts of others, and what is older than 30 days, are left out."""
    account = world.account("@me.test", "bluesky")
    take(world, account, -40, ["1", "2"])
    ours = world.post(account, "Read https://a.org/", NOON - HOUR)
    world.session.add(
        SeenPost(account_id=account.id, network_id="ours", post_id=ours.id, posted_at=NOON - HOUR)
    )
    said(world, account, "words", NOON - 2 * DAY)
    said(world, account, "old", NOON - 31 * DAY)
    said(world, account, "repost", NOON - HOUR)
    repost = select(UnwrappedPost).where(UnwrappedPost.network_id == "repost")
    world.session.scalars(repost).one().is_repost = True
    world.session.commit()
    gathering = Gathering(views={"ours": 70})
    gathering.act("ours", "like", "1", "stranger")
    gathering.act("words", "reply", "2")
    done = engage(world, account, gathering, Clock(NOON))
    assert (done.posts, done.gone, done.pages, done.problem) == (2, 0, 2, None)
    found = {post.network_id: post.post_id for post in world.session.scalars(select(NetworkPost))}
    assert found == {"ours": ours.id, "words": None}
    assert named(world, "ours") == [("like", "1")]
    assert named(world, "words") == [("reply", "2")]
    number = post_named(world, "ours").id
    counts: dict[Kind, int] = {"like": 2, "repost": 0, "reply": 0, "quote": 0, "view": 70}
    assert last_counts(world.session, [number]) == {number: counts}


def test_a_post_that_is_wrapped_later_is_ours_then(world: World) -> None:
    """Its words were edited where they stand."""
    account = world.account("@me.test", "bluesky")
    said(world, account, "words", NOON - HOUR)
    engage(world, account, Gathering(), Clock(NOON))
    ours = world.post(account, "Read https://a.org/", NOON - HOUR)
    world.session.add(
        SeenPost(account_id=account.id, network_id="words", post_id=ours.id, posted_at=NOON - HOUR)
    )
    world.session.commit()
    engage(world, account, Gathering(), Clock(NOON + HOUR))
    assert post_named(world, "words").post_id == ours.id


def test_fresh_posts_are_read_each_hour_and_old_ones_each_day(world: World) -> None:
    """And at the end of each window, so that its figures are of that moment."""
    at, found = NOON, [0.0]
    while (then := next_reading(NOON, at, HOUR)) is not None:
        at = then
        found.append((at - NOON) / HOUR)
    assert found == [float(hour) for hour in (*range(49), *range(72, 721, 24))]
    assert next_reading(NOON, NOON + 71.5 * HOUR, HOUR) == NOON + 95.5 * HOUR
    assert next_reading(NOON, NOON + 6.5 * DAY, HOUR) == NOON + 7 * DAY
    assert next_reading(NOON, NOON, DAY) == NOON + HOUR
    assert next_reading(NOON, NOON + HOUR, DAY) == NOON + DAY


@pytest.mark.parametrize(
    ("days", "changed", "read"),
    [
        (1.0, ("like",), ("like",)),
        (1.0, (), ()),
        (1.0, None, ("like", "reply")),
        (2.0, (), ("like", "reply")),
        (9.0, (), ()),
        (9.0, ("reply", "repost"), ("reply",)),
        (30.0, (), ("like", "reply")),
    ],
)
def test_a_list_whose_count_did_not_change_is_seldom_read(
    days: float, changed: tuple[Kind, ...] | None, read: tuple[Kind, ...]
) -> None:
    """A known zero needs no list, and a kind that the network does not name has none."""
    counts: dict[Kind, int] = {"like": 3, "repost": 0, "reply": 1, "quote": 7, "view": 40}
    lists = lists_to_read(
        NOON, NOON + days * DAY, counts=counts, changed=changed, names=("like", "repost", "reply")
    )
    assert (lists.read, lists.empty) == (read, ("repost",))


def test_lists_are_asked_for_only_where_their_counts_have_changed(world: World) -> None:
    """A quiet hour costs one request."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}] * 9)
    said(world, account, "words", NOON)
    gathering = Gathering()
    gathering.act("words", "like", "1", "2")
    gathering.act("words", "reply", "3")
    clock = Clock(NOON)
    engage(world, account, gathering, clock)
    assert gathering.asked == ["counts", ("words", "like", None), ("words", "reply", None)]
    clock.move(hours=1)
    engage(world, account, gathering, clock)
    assert gathering.asked == ["counts"]
    gathering.take_back("words", "like", "1")
    clock.move(minutes=30)
    engage(world, account, gathering, clock)
    assert gathering.asked == []
    clock.move(minutes=30)
    engage(world, account, gathering, clock)
    assert gathering.asked == ["counts", ("words", "like", None)]
    assert named(world, "words") == [("like", "2"), ("reply", "3")]
    assert post_named(world, "words").names_read_at == clock.now
    gathering.take_back("words", "like", "2")
    clock.move(hours=1)
    engage(world, account, gathering, clock)
    assert gathering.asked == ["counts"]
    assert named(world, "words") == [("reply", "3")]


def test_a_network_that_names_nobody_gives_counts_alone(world: World) -> None:
    """Whose names were never read is not said to have none."""
    account = world.account("@me.test", "bluesky")
    said(world, account, "words", NOON)
    gathering = Gathering(names=(), views={"words": 12})
    gathering.act("words", "like", "1")
    engage(world, account, gathering, Clock(NOON))
    post = post_named(world, "words")
    assert (post.read_at, post.names_read_at) == (NOON, None)
    assert named(world, "words") == []


def test_a_deleted_post_is_marked_as_gone(world: World) -> None:
    """What is known of it stays; it may come back, and is looked for once a day."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}])
    said(world, account, "words", NOON)
    gathering = Gathering()
    gathering.act("words", "like", "1")
    clock = Clock(NOON)
    engage(world, account, gathering, clock)
    gathering.hidden.add("words")
    clock.move(hours=50)
    assert engage(world, account, gathering, clock).gone == 1
    assert (post_named(world, "words").gone_at, named(world, "words")) == (
        clock.now,
        [("like", "1")],
    )
    clock.move(days=1)
    gathering.hidden.clear()
    assert engage(world, account, gathering, clock).gone == 0
    assert post_named(world, "words").gone_at is None


def test_reading_goes_on_behind_the_last_page(world: World) -> None:
    """Whether the network asked for a pause, was away, or the process was killed."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}] * 9)
    said(world, account, "words", NOON)
    gathering = Gathering()
    gathering.act("words", "like", *"123456789")
    gathering.act("words", "repost", "4")
    until = NOON + timedelta(minutes=3)
    gathering.trouble = {("words", "like", "3"): Pause(until)}
    clock = Clock(NOON)
    problem = engage(world, account, gathering, clock).problem
    assert problem == "@me.test: asked to wait until 2026-05-04 12:03:00 UTC."
    watch = world.session.get_one(EngagementWatch, account.id)
    assert (watch.next_at, watch.problem) == (until, problem)
    assert len(named(world, "words")) == 3
    assert post_named(world, "words").names_read_at is None

    clock.now = until
    gathering.trouble = {("words", "like", "6"): Killed()}
    with pytest.raises(Killed):
        engage(world, account, gathering, clock)
    clock.move(minutes=15)
    done = engage(world, account, gathering, clock)
    assert gathering.asked == ["counts", ("words", "like", "6"), ("words", "repost", None)]
    assert (done.pages, done.problem, len(named(world, "words"))) == (2, None, 10)
    assert post_named(world, "words").names_read_at == NOON
    watch = world.session.get_one(EngagementWatch, account.id)
    assert (watch.network_post_id, watch.cursor, watch.problem) == (None, None, None)


def test_a_post_whose_people_cannot_be_read_keeps_no_others_waiting(world: World) -> None:
    """It is tried again an hour later."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}, {}])
    said(world, account, "sick", NOON)
    said(world, account, "well", NOON - HOUR)
    gathering = Gathering()
    for name in ("sick", "well"):
        gathering.act(name, "like", "1")
    clock = Clock(NOON)
    gathering.trouble = {("sick", "like", None): Unavailable("It is out.")}
    assert engage(world, account, gathering, clock).problem == "@me.test: It is out."
    assert engage(world, account, gathering, clock).problem is None
    assert (named(world, "sick"), named(world, "well")) == ([], [("like", "1")])
    clock.move(hours=1)
    gathering.trouble = {("sick", "like", None): NotFound("It is gone.")}
    assert engage(world, account, gathering, clock).problem is None
    clock.move(hours=1)
    engage(world, account, gathering, clock)
    assert named(world, "sick") == [("like", "1")]


def test_one_of_several_processes_reads_an_account_that_is_due(world: World) -> None:
    """Simulated and removed accounts are never due, nor those of networks that tell nothing."""
    account = world.account("@me.test", "bluesky")
    world.account("News", "other", None)
    simulated = world.account("@sim.test", "bluesky", None)
    simulated.simulated = True
    removed = world.account("@removed.test", "bluesky", None)
    remove_account(world.session, removed, NOON)
    world.session.commit()
    assert [each.id for each in due_engagement(world.session, NOON)] == [account.id]
    assert claim_engagement(world.session, account.id, NOON)
    assert not claim_engagement(world.session, account.id, NOON)
    world.session.commit()
    assert due_engagement(world.session, NOON) == []
    said(world, account, "words", NOON)
    assert engage(world, account, None, Clock(NOON)).posts == 0


@settings(
    deadline=None,
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_interrupts_it_the_names_are_those_of_the_network(
    sqlite_world: World, data: st.DataObject
) -> None:
    """Each turn may break off at any page, and people change their minds meanwhile."""
    world = sqlite_world
    number = world.session.scalar(select(func.count()).select_from(Account)) or 0
    account = world.account(f"@me{number}.test", "bluesky", None)
    follow(world, account, [{}] * 8)  # 9 is a stranger
    names = [f"{number}-{place}" for place in range(data.draw(st.integers(1, 3)))]
    for place, name in enumerate(names):
        said(world, account, name, NOON - place * HOUR)
    gathering = Gathering(most=2)
    clock = Clock(NOON)
    for _ in range(data.draw(st.integers(1, 5))):
        for name in names:
            for kind in NAMED:
                who = data.draw(st.lists(st.sampled_from("123456789"), max_size=5, unique=True))
                gathering.done.setdefault(name, {})[kind] = who
        page = data.draw(st.sampled_from([None, "3"]))
        asked = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(NAMED)), page
        gathering.trouble = {
            asked: data.draw(st.sampled_from([Pause(clock.now), Unavailable("Out."), Killed()]))
        }
        with suppress(Killed):
            engage(world, account, gathering, clock)
        clock.move(hours=data.draw(st.integers(0, 3)), minutes=1)
    gathering.trouble = {}
    clock.move(days=3)  # from then on all lists are read, whatever their counts
    assert engage(world, account, gathering, clock).problem is None  # ends what was begun before
    clock.move(days=1)
    assert engage(world, account, gathering, clock).problem is None
    for name in names:
        expected = {
            (kind, who) for kind in NAMED for who in gathering.done[name][kind] if who != "9"
        }
        assert set(named(world, name)) == expected
        post = post_named(world, name)
        counts = last_counts(world.session, [post.id])[post.id]
        assert counts == {kind: len(gathering.done[name][kind]) for kind in NAMED}
