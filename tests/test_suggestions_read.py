"""Mentions and replies with an address become suggestions, each once, whatever ends when."""

from datetime import timedelta

import pytest
from plaza import Plaza, listener
from sqlalchemy import select
from square import Clock, Killed
from world import NOON, World

from linktrack.audience.forgetting import digest
from linktrack.audience.models import Account, ForgottenFollower
from linktrack.community.models import Suggestion, SuggestionWatch
from linktrack.community.suggestions.boxes import set_box
from linktrack.community.suggestions.models import SuggestedAddress
from linktrack.community.suggestions.reading import (
    MOST_PAGES,
    Taken,
    claim_suggestions,
    due_for_suggestions,
    take_suggestions,
)
from linktrack.community.suggestions.storing import Suggested, keep
from linktrack.errors import Unavailable
from linktrack.networks.errors import Pause
from linktrack.networks.records import MentionPage

KEY = b"k" * 32


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plaza(clock: Clock) -> Plaza:
    return Plaza(clock)


def take(world: World, account: Account, plaza: Plaza) -> Taken:
    """Take a turn at an account whose time has come."""
    with world.database.session(writes=True) as session:
        assert claim_suggestions(session, account.id, plaza.clock())
        session.commit()
    return take_suggestions(
        world.database, account, plaza.open,
        key=KEY, base_url=world.settings.base_url, clock=plaza.clock,
    )  # fmt: skip


def stored(world: World) -> list[Suggestion]:
    world.session.rollback()
    return list(world.session.scalars(select(Suggestion).order_by(Suggestion.id)))


def texts(world: World) -> list[str]:
    return [each.text for each in stored(world)]


def addresses(world: World, suggestion: Suggestion) -> list[str]:
    query = select(SuggestedAddress.address).where(SuggestedAddress.suggestion_id == suggestion.id)
    return list(world.session.scalars(query.order_by(SuggestedAddress.position)))


def test_what_is_said_with_an_address_is_taken_in_once(world: World, plaza: Plaza) -> None:
    """With who said it, where and when; words without an address, and our own links, are not."""
    account = listener(world)
    plaza.say("ann", "@you.test look: https://example.org/moss and example.net/fern")
    plaza.say("ben", "@you.test thank you!", spoken="mention")
    plaza.say("cat", f"@you.test I liked {world.settings.base_url}/Ab3dE")
    assert take(world, account, plaza) == Taken("@you.test", 1)
    [found] = stored(world)
    assert (found.way, found.state, found.handle, found.person_id) == (
        "reply", "new", "@ann.test", "did:plc:ann",
    )  # fmt: skip
    assert (found.said_at, found.received_at) == (NOON, NOON)
    assert addresses(world, found) == ["https://example.org/moss", "https://example.net/fern"]
    plaza.clock.now += timedelta(minutes=20)
    plaza.say("dan", "https://example.org/new", spoken="mention")
    assert take(world, account, plaza).taken == 1
    assert [each.way for each in stored(world)] == ["reply", "mention"]
    plaza.clock.now += timedelta(minutes=20)
    assert take(world, account, plaza).taken == 0


def test_nobody_is_read_before_the_owner_says_so(world: World, plaza: Plaza) -> None:
    """And nothing of what was said before, or while it was off."""
    account = listener(world)
    set_box(world.session, account, NOON, form=False, mentions=False)
    world.session.commit()
    assert due_for_suggestions(world.session, NOON) == []
    plaza.say("ann", "https://example.org/before", at=NOON - timedelta(hours=1))
    set_box(world.session, account, NOON, form=False, mentions=True)
    world.session.commit()
    assert [each.handle for each in due_for_suggestions(world.session, NOON)] == ["@you.test"]
    plaza.say("ben", "https://example.org/after", at=NOON + timedelta(minutes=1))
    assert take(world, account, plaza).taken == 1
    assert texts(world) == ["https://example.org/after"]
    world.session.rollback()
    assert due_for_suggestions(world.session, NOON + timedelta(minutes=9)) == []
    assert len(due_for_suggestions(world.session, NOON + timedelta(minutes=10))) == 1


def test_our_own_posts_and_forgotten_people_are_left_out(world: World, plaza: Plaza) -> None:
    """Whichever of our accounts it was; somebody forgotten by their handle, too."""
    account = listener(world)
    world.account("@Other.test", "bluesky")
    for network_id in ("did:plc:gone", "@left.test"):
        world.session.add(
            ForgottenFollower(digest=digest(KEY, "bluesky", network_id), forgotten_at=NOON)
        )
    world.session.commit()
    for who in ("you", "other", "gone", "left", "ann"):
        plaza.say(who, f"https://example.org/{who}")
    assert take(world, account, plaza).taken == 1
    assert texts(world) == ["https://example.org/ann"]


STEPS = 7


@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_any_page_everything_is_taken_in_once(
    world: World, plaza: Plaza, step: int
) -> None:
    """Reading goes on behind the last page that was stored; what came meanwhile is read, too."""
    account = listener(world)
    said = [plaza.say(f"p{number}", f"https://example.org/{number}") for number in range(18)]
    newest_first = [each.network_id for each in reversed(said)]
    cursors = [None, *newest_first[2::3]]
    plaza.trouble = {cursors[step]: Killed()} if step < len(cursors) - 1 else {}
    try:
        take(world, account, plaza)
    except Killed:
        assert len(stored(world)) == 3 * step
    plaza.say("late", "https://example.org/late")
    plaza.clock.now += timedelta(minutes=11)
    take(world, account, plaza)
    plaza.clock.now += timedelta(minutes=11)
    take(world, account, plaza)
    assert sorted(texts(world)) == sorted(
        [*(f"https://example.org/{number}" for number in range(18)), "https://example.org/late"]
    )
    assert plaza.asked.count(None) < 4


class Circle(Plaza):
    """A server whose pages lead around in a circle, or never end."""

    def __init__(self, clock: Clock, length: int) -> None:
        super().__init__(clock)
        self.length = length

    def mentions(self, cursor: str | None) -> MentionPage:
        self.asked.append(cursor)
        return MentionPage([], self.clock.now, str(len(self.asked) % self.length))


@pytest.mark.parametrize(("length", "pages"), [(2, 3), (10_000, MOST_PAGES)])
def test_pages_without_an_end_end(world: World, length: int, pages: int) -> None:
    """In a circle at once; else after many, and the next turn goes on behind them."""
    account = listener(world)
    circle = Circle(Clock(), length)
    assert take(world, account, circle).problem is None
    assert len(circle.asked) == pages


def test_a_pause_is_kept_and_a_failure_is_said(world: World, plaza: Plaza) -> None:
    """Nothing of what was read is lost, and nobody else is at it meanwhile."""
    account = listener(world)
    for number in range(5):
        plaza.say("ann", f"https://example.org/{number}")
    until = NOON + timedelta(minutes=30)
    plaza.trouble = {plaza.said[2].network_id: Pause(until)}
    assert take(world, account, plaza).problem == (
        "@you.test: asked to wait until 2026-05-04 12:30:00 UTC."
    )
    assert len(stored(world)) == 3
    world.session.rollback()
    assert due_for_suggestions(world.session, until - timedelta(seconds=1)) == []
    plaza.clock.now = until
    plaza.trouble = {plaza.said[2].network_id: Unavailable("It is out.")}
    assert take(world, account, plaza).problem == "@you.test: It is out."
    world.session.rollback()
    watch = world.session.scalars(select(SuggestionWatch)).one()
    assert watch.problem == "@you.test: It is out."
    plaza.clock.now += timedelta(hours=1)
    assert take(world, account, plaza) == Taken("@you.test", 2)


def test_a_flood_fills_no_inbox(world: World, plaza: Plaza) -> None:
    """Ten of one person wait at most; at the account's bound reading stops, and goes on later."""
    account = listener(world)
    for number in range(30):
        plaza.say("troll", f"https://example.org/{number}")
    take(world, account, plaza)
    assert len(stored(world)) == 10
    for _ in range(488):
        said = Suggested(way="form", text="", addresses=["https://example.org/"], said_at=NOON)
        keep(world.session, account, said, NOON)
    world.session.commit()
    for number in range(6):
        plaza.say(f"p{number}", f"https://example.org/p{number}")
    plaza.clock.now += timedelta(minutes=11)
    assert "wait already" in str(take(world, account, plaza).problem)
    assert 500 <= len(stored(world)) < 504
    for row in stored(world):
        row.state = "declined"
    world.session.commit()
    plaza.clock.now += timedelta(minutes=11)
    assert take(world, account, plaza).problem is None
    found = [each for each in texts(world) if each]
    assert {f"https://example.org/p{number}" for number in range(6)} <= set(found)
    assert len(found) == len(set(found))


def test_long_and_hostile_texts_are_cut_and_stored(world: World, plaza: Plaza) -> None:
    """An address that the bound cuts through is not stored as another one."""
    account = listener(world)
    plaza.say("ann", f"https://example.org/kept {'word ' * 390} https://example.org/{'a' * 300}")
    plaza.say("ben", "<script>alert(1)</script> https://example.org/<b> \u202e '; DROP TABLE x;--")
    plaza.say("cat", " ".join(f"https://example.org/{number}" for number in range(60)))
    take(world, account, plaza)
    first, second, third = stored(world)
    assert len(first.text) <= 2_000
    assert addresses(world, first) == ["https://example.org/kept"]
    assert second.text.startswith("<script>")
    assert len(addresses(world, third)) == 5
