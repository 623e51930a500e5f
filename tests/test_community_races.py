"""Two who do the same at once: it happens once, and neither is answered with an error."""

from collections.abc import Callable
from threading import Thread

import pytest
from communing import MASTODON, asks, opened, sealing
from members import club
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from world import NOON, World

from linktrack.audience.models import Account, Segment
from linktrack.community.asking.requests import Wish, ask_to_join, confirm
from linktrack.community.feed.bringing_in import bring_in
from linktrack.community.letting_in.deciding import approve, get_request
from linktrack.community.models import FeedEntry, JoinRequest, Member, Suggestion
from linktrack.community.suggestions.boxes import set_box
from linktrack.community.suggestions.deciding import draft, get_suggestion
from linktrack.community.suggestions.filling import Filled, suggest
from linktrack.keys import load_keys
from linktrack.links.models import Post
from linktrack.networks.identity import Identity


def at_once(
    world: World, one: Callable[[Session], object], other: Callable[[Session], object]
) -> None:
    """Do one thing, and another before the first is committed."""
    world.session.commit()
    problems: list[BaseException] = []

    def second() -> None:
        try:
            with world.database.session(writes=True) as session:
                other(session)
                session.commit()
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            problems.append(error)

    thread = Thread(target=second)
    with world.database.session(writes=True) as session:
        one(session)
        thread.start()
        thread.join(0.3)  # it waits for us, or is done without having seen what we do
        session.commit()
    thread.join(30)
    assert problems == []


def test_a_post_that_is_brought_in_twice_at_once_is_in_the_feed_once(world: World) -> None:
    """Its version for members is made once, too."""
    we = club(world)
    post = world.post(we.links, "Read http://one.com/", NOON)
    world.session.commit()
    community_id, post_id = we.community.id, post.id

    def bring(session: Session) -> None:
        community = session.get_one(Account, community_id)
        bring_in(session, world.shortener, community, session.get_one(Post, post_id), now=NOON)

    at_once(world, bring, bring)
    assert world.session.scalar(select(func.count()).select_from(FeedEntry)) == 1


def test_two_people_who_are_let_in_at_once_are_in_one_segment(world: World) -> None:
    """The second finds the one that the first has made."""
    account = opened(world)
    first, second = (asks(world, account, name).id for name in ("ann", "ben"))

    def let_in(number: int) -> Callable[[Session], object]:
        return lambda session: approve(
            session, get_request(session, number), "Jesse", NOON, can_mail=False
        )

    at_once(world, let_in(first), let_in(second))
    made = select(func.count()).select_from(Segment).where(Segment.name == "community")
    assert world.session.scalar(made) == 1
    assert world.session.scalar(select(func.count()).select_from(Member)) == 2


def test_of_two_confirmations_at_once_one_request_comes(world: World) -> None:
    """Somebody who asked in two windows, and proves it in both, is there once."""
    account = opened(world)
    wish = Wish(proof="network", introduction="I paint birds.", handle="@ann")
    who = Identity(MASTODON, "https://m.test/@ann", "@ann@m.test")
    first, second = (
        ask_to_join(world.session, account, wish, sealing(world), NOON).request.id for _ in "ab"
    )

    def prove(number: int) -> Callable[[Session], object]:
        return lambda session: confirm(session, session.get_one(JoinRequest, number), who, NOON)

    at_once(world, prove(first), prove(second))
    assert world.session.scalars(select(JoinRequest.state)).all() == ["waiting"]


def test_a_form_that_is_sent_twice_at_once_is_one_suggestion(world: World) -> None:
    """A button was pressed twice, and two workers had one each."""
    account = opened(world)
    set_box(world.session, account, NOON, form=True, mentions=False)
    world.session.commit()
    number, keys = account.id, load_keys(world.settings.data)

    def send(session: Session) -> None:
        suggest(
            session,
            keys,
            session.get_one(Account, number),
            Filled(address="https://one.com/"),
            NOON,
            base_url=world.settings.base_url,
        )

    at_once(world, send, send)
    assert world.session.scalar(select(func.count()).select_from(Suggestion)) == 1


@pytest.mark.parametrize("other", [0, 1], ids=["the same", "another of its page"])
def test_what_two_draft_at_once_is_one_draft(world: World, other: int) -> None:
    """Whoever comes second gets the first one's, whichever suggestion of the page they chose."""
    account = opened(world)
    set_box(world.session, account, NOON, form=True, mentions=False)
    keys, base_url = load_keys(world.settings.data), world.settings.base_url
    numbers = []
    for text in ("This!", "Look"):
        said = Filled(address="https://one.com/", text=text)
        numbers.append(suggest(world.session, keys, account, said, NOON, base_url=base_url).id)

    def drafting(number: int) -> Callable[[Session], object]:
        return lambda session: draft(
            session, world.shortener, get_suggestion(session, number), base_url, NOON
        )

    at_once(world, drafting(numbers[0]), drafting(numbers[other]))
    assert world.session.scalar(select(func.count()).select_from(Post)) == 1
