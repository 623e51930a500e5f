"""Watching: what went out is known by its links, and what went around us is said."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from wall import HOUR, Wall, watch
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.db import now
from linktrack.errors import NotFound, Unavailable
from linktrack.links.models import Post, SeenPost, UnwrappedPost, Watch
from linktrack.links.posts import Wish, rewrap_post, wrap_post
from linktrack.networks.errors import Pause
from linktrack.networks.records import PostRecord
from linktrack.publishing.states import discard
from linktrack.publishing.unwrapped.coverage import coverage, coverages
from linktrack.publishing.unwrapped.posts import addresses_of, list_unwrapped
from linktrack.publishing.unwrapped.watching import Watched, claim_watch, due_watches

DAY = timedelta(days=1)


def wrapped(
    world: World, account: Account, text: str, state: str = "draft", at: datetime | None = None
) -> tuple[Post, list[str]]:
    """Wrap a text; return the post, and its short addresses."""
    wish = Wish(text, state=state, posted_at=at)
    post = wrap_post(
        world.session, world.shortener, account, wish, max(at or NOON, NOON) - DAY * (at is None)
    )
    assert post is not None
    world.session.commit()
    return post, [world.shortener.short_url(link.code or "") for link in post.links]


def not_wrapped(world: World, account: Account) -> list[str]:
    return [post.text for post in list_unwrapped(world.session, account.id, 100)]


def test_a_draft_that_is_seen_is_published_at_the_networks_time(world: World) -> None:
    """Whoever posted it, and by whatever program."""
    account = world.account("@me.test", "bluesky")
    draft, short = wrapped(world, account, "Read https://a.org/")
    wall = Wall()
    wall.write(f"Read {short[0]}", short[0])
    done = watch(world, account, wall)
    assert (done.posts, done.published, done.not_wrapped, done.problem) == (1, (draft.id,), 0, None)
    world.session.refresh(draft)
    assert (draft.state, draft.posted_at) == ("published", NOON)
    seen = world.session.scalars(select(SeenPost)).one()
    assert (seen.post_id, seen.network_id) == (draft.id, wall.written[0].network_id)
    assert watch(world, account, wall).published == ()


def test_what_the_owner_said_of_a_post_stands(world: World) -> None:
    """Its time, that it is discarded, and that it is another account's."""
    account = world.account("@me.test", "bluesky")
    other = world.account("@other.test", "bluesky", None)
    told, first = wrapped(world, account, "Read https://a.org/", "published", NOON - HOUR)
    gone, second = wrapped(world, account, "Read https://b.org/")
    discard(world.session, gone, now())
    foreign, third = wrapped(world, other, "Read https://c.org/")
    world.session.commit()
    wall = Wall()
    for short in (*first, *second, *third):
        wall.write(f"Read {short}", short)
    assert watch(world, account, wall).published == ()
    for post in (told, gone, foreign):
        world.session.refresh(post)
    assert [post.state for post in (told, gone, foreign)] == ["published", "discarded", "draft"]
    assert told.posted_at == NOON - HOUR
    assert not_wrapped(world, account) == []


def test_seen_twice_the_earlier_time_counts(world: World) -> None:
    """Though the later one is read first; and no time lies before the post was made, or ahead."""
    account = world.account("@me.test", "bluesky")
    twice, first = wrapped(world, account, "Read https://a.org/")
    early, second = wrapped(world, account, "Read https://b.org/")
    late, third = wrapped(world, account, "Read https://c.org/")
    wall = Wall()
    wall.write("Again", *first, at=NOON + 9 * HOUR)
    for hour in (6, 7, 8):
        wall.write("Words", at=NOON + hour * HOUR)
    wall.write("First", *first, at=NOON)
    wall.write("As if long ago", *second, at=NOON - 4000 * DAY)
    wall.write("As if ahead", *third, at=now() + 4000 * DAY)
    watch(world, account, wall)
    for post in (twice, early, late):
        world.session.refresh(post)
    assert twice.posted_at == NOON
    assert early.posted_at == early.created_at
    assert late.posted_at is not None
    assert late.posted_at <= now()


def test_links_posted_around_us_are_listed_and_lower_the_coverage(world: World) -> None:
    """In own words; reposts are others', and a link beside one of ours counts too."""
    account = world.account("@me.test", "bluesky")
    _, short = wrapped(world, account, "Read https://a.org/ and https://b.org/")
    wall = Wall()
    wall.write("Read both", *short)
    wall.write("Words alone")
    wall.write("Passed on", "https://c.org/", repost=True)
    wall.write("Around https://d.org/", "https://d.org/")
    wall.write(f"Half {short[0]} https://e.org/", short[0], "https://e.org/")
    assert watch(world, account, wall).not_wrapped == 2
    posts = list_unwrapped(world.session, account.id, 10)
    assert [post.text for post in posts] == [
        f"Half {short[0]} https://e.org/",
        "Around https://d.org/",
    ]
    assert list(addresses_of(world.session, posts).values()) == [
        ["https://e.org/"],
        ["https://d.org/"],
    ]
    found = coverage(world.session, account.id)
    assert (found.wrapped, found.not_wrapped, found.share) == (2, 2, 0.5)
    assert (found.posts, found.posts_with_links, found.reposts) == (3, 2, 1)
    assert [
        post.network_id for post in list_unwrapped(world.session, account.id, 10, after=posts[0].id)
    ] == [posts[1].network_id]


def test_no_links_and_nobody_looking_are_unknown_and_never_zero(world: World) -> None:
    """Null, as every rate that is not known."""
    account = world.account("@me.test", "bluesky")
    wrapped(world, account, "Read https://a.org/", "published", NOON)
    assert coverage(world.session, account.id).share is None
    silent = world.account("@silent.test", "bluesky", None)
    wall = Wall()
    wall.write("Words alone")
    watch(world, silent, wall)
    found = coverage(world.session, silent.id)
    assert (found.links, found.share, found.posts) == (0, None, 1)
    watch(world, account, Wall())
    assert coverage(world.session, account.id).share == 1.0


def test_coverage_of_some_days_is_of_what_is_known_of_them(world: World) -> None:
    """What was wrapped before anybody looked has nothing beside it."""
    account = world.account("@me.test", "bluesky")
    other = world.account("@other.test", "bluesky", None)
    wrapped(world, account, "Read https://a.org/", "published", NOON - HOUR)
    wall = Wall()
    wall.write("Around https://b.org/", "https://b.org/", at=NOON)
    watch(world, account, wall)
    wrapped(world, account, "Read https://c.org/", "published", NOON + HOUR)

    def share(since: datetime | None, until: datetime | None) -> float | None:
        return coverage(world.session, account.id, since, until).share

    assert share(None, None) == 2 / 3
    assert share(NOON - DAY, NOON + DAY) == 0.5
    assert share(NOON - DAY, NOON) is None
    assert share(NOON + HOUR, None) == 1.0
    assert share(now() + DAY, None) is None
    found = coverages(world.session, [account.id, other.id], NOON, NOON + DAY)
    assert found[account.id].known_from == NOON
    assert (found[other.id].links, found[other.id].known_until) == (0, None)


def test_a_post_that_is_wrapped_later_is_no_longer_around_us(world: World) -> None:
    """And one that was edited is shown as it reads now."""
    account = world.account("@me.test", "bluesky")
    _, short = wrapped(world, account, "Read https://a.org/")
    wall = Wall()
    wall.write("Read https://a.org/", "https://a.org/", at=now() - HOUR)
    wall.write("Typo https://b.org/", "https://b.org/", at=now() - HOUR)
    watch(world, account, wall)
    first, second = wall.written
    wall.written = [
        PostRecord(first.network_id, first.posted_at, False, f"Read {short[0]}", tuple(short)),
        PostRecord(
            second.network_id, second.posted_at, False, "No https://b.org/", ("https://b.org/",)
        ),
    ]
    done = watch(world, account, wall)
    assert (len(done.published), done.not_wrapped) == (1, 0)
    assert not_wrapped(world, account) == ["No https://b.org/"]


def test_a_link_that_an_edit_took_out_was_not_posted(world: World) -> None:
    """It stays with the post and goes on redirecting; of what was posted it is none."""
    account = world.account("@me.test", "bluesky")
    post, _ = wrapped(world, account, "Read https://a.org/ and https://b.org/")
    rewrap_post(world.session, world.shortener, account, post, "Read https://b.org/", now=now())
    world.session.commit()
    assert len(post.links) == 2
    wall = Wall()
    wall.write(post.text, world.shortener.short_url(post.links[1].code or ""), at=now())
    wall.write("Around https://d.org/", "https://d.org/", at=now())
    watch(world, account, wall)
    found = coverage(world.session, account.id)
    assert (found.wrapped, found.not_wrapped, found.share) == (1, 1, 0.5)


def test_reading_goes_on_behind_the_last_page_and_stops_at_what_is_known(world: World) -> None:
    """Whether the network asks for a pause, or is out; a day is read again."""
    account = world.account("@me.test", "bluesky")
    wall = Wall()
    for number in range(10):
        wall.write(
            f"https://a.org/{number}", f"https://a.org/{number}", at=now() - (20 - number) * DAY
        )
    until = now() + timedelta(minutes=3)
    wall.trouble = {"3": Pause(until)}
    done = watch(world, account, wall)
    assert (done.posts, done.not_wrapped) == (3, 3)
    assert done.problem is not None
    assert "asked to wait until" in done.problem
    state = world.session.get_one(Watch, account.id)
    assert (state.next_at, state.known_until) == (until, None)
    wall.trouble = {"6": Unavailable("It is out.")}
    assert watch(world, account, wall).problem == "@me.test: It is out."
    assert watch(world, account, wall).problem is None
    assert wall.asked == [None, "3", "3", "6", "6", "9"]
    world.session.expire_all()
    state = world.session.get_one(Watch, account.id)
    assert state.known_from == wall.written[0].posted_at
    assert state.cursor is None
    wall.asked.clear()
    for _ in range(5):
        wall.write("https://b.org/", "https://b.org/", at=now() - HOUR)
    assert watch(world, account, wall).not_wrapped == 5
    assert wall.asked == [None, "3"]


def test_a_reading_begun_long_ago_begins_anew(world: World) -> None:
    """Networks forget where a page was; what was read is kept."""
    account = world.account("@me.test", "bluesky")
    wall = Wall()
    for number in range(4):
        wall.write(f"https://a.org/{number}", f"https://a.org/{number}")
    wall.trouble = {"3": Unavailable("It is out.")}
    watch(world, account, wall)
    world.session.get_one(Watch, account.id).begun_at = now() - 2 * DAY
    world.session.commit()
    assert watch(world, account, wall).not_wrapped == 1
    assert wall.asked == [None, "3", None, "3"]


def test_each_post_read_on_x_has_a_price(world: World) -> None:
    """The first reading goes back a month, and no further."""
    account = world.account("@me", "x")
    wall = Wall()
    for days in range(0, 60, 5):
        wall.write(f"https://a.org/{days}", f"https://a.org/{days}", at=now() - days * DAY)
    watch(world, account, wall)
    assert wall.asked == [None, "3", "6"]
    found = coverage(world.session, account.id, now() - 60 * DAY)
    assert found.known_from is not None


def test_what_nobody_may_read_is_asked_again_later(world: World) -> None:
    """X, before its account is connected."""
    account = world.account("@me", "x")
    assert watch(world, account, None) == Watched("@me")
    assert due_watches(world.session, now()) == []
    assert coverage(world.session, account.id).known_until is None


def test_accounts_are_due_once_and_belong_to_one_process(world: World) -> None:
    """However many machines look at the same moment."""
    account = world.account("@me.test", "bluesky")
    world.account("Letter", "other", None)
    number = account.id
    assert [one.id for one in due_watches(world.session, now())] == [number]
    world.session.rollback()
    winners = []

    def claim() -> None:
        with world.database.session(writes=True) as session:
            ours = claim_watch(session, number, now())
            session.commit()
            winners.append(ours)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(winners) == [False, False, False, True]
    assert due_watches(world.session, now()) == []


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_interrupts_it_each_post_is_kept_once(
    sqlite_world: World, data: st.DataObject
) -> None:
    """Each reading may break off at any page; the end is the same as without."""
    world = sqlite_world
    number = world.session.scalar(select(func.count()).select_from(Account)) or 0
    account = world.account(f"@me{number}.test", "bluesky", None)
    wall = Wall()
    drafts = []
    for place in range(data.draw(st.integers(0, 12))):
        at = NOON + place * HOUR
        if data.draw(st.booleans()):
            draft, short = wrapped(world, account, f"Read https://a.org/{place}")
            drafts.append((draft, at))
            wall.write("Ours", *short, at=at)
        else:
            wall.write("Around", f"https://a.org/{place}", at=at)
    for _ in range(data.draw(st.integers(0, 4))):
        page = data.draw(st.sampled_from([None, "3", "6", "9"]))
        wall.trouble = {page: Unavailable("It is out.")}
        watch(world, account, wall)
    wall.trouble = {}
    assert watch(world, account, wall).problem is None
    for draft, at in drafts:
        world.session.refresh(draft)
        assert (draft.state, draft.posted_at) == ("published", at)
    found = coverage(world.session, account.id)
    assert (found.wrapped, found.not_wrapped) == (len(drafts), len(wall.written) - len(drafts))
    kept: Sequence[str] = world.session.scalars(
        select(UnwrappedPost.network_id).where(UnwrappedPost.account_id == account.id)
    ).all()
    assert len(kept) == len(set(kept)) == len(wall.written) - len(drafts)


def test_an_account_that_is_gone_is_said(world: World) -> None:
    """In the network's words, and asked again later."""
    account = world.account("@me.test", "bluesky")
    wall = Wall()
    wall.trouble = {None: NotFound("bsky knows no such account.")}
    assert watch(world, account, wall).problem == "@me.test: bsky knows no such account."
    assert world.session.get_one(Watch, account.id).problem is not None
