"""Wrapping what was posted already: edited in place, or posted anew, whatever dies in between."""

from datetime import timedelta

import pytest
from browser import Browser, read
from office import connect
from sqlalchemy import select
from square import Killed, Square
from wall import Wall, posted_around, watch
from world import World

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.db import now
from linktrack.errors import Conflict, Invalid, NotFound, Unavailable
from linktrack.links.cards.cards import Found, keep_card
from linktrack.links.models import Post, Replacement, SeenPost
from linktrack.networks.errors import Pause, Refused
from linktrack.networks.records import Card, Message, PostRecord, Sent, Standing
from linktrack.networks.registry import network_of
from linktrack.publishing import queue
from linktrack.publishing.states import discard, publish
from linktrack.publishing.unwrapped.coverage import coverage
from linktrack.publishing.unwrapped.posts import get_unwrapped, list_unwrapped
from linktrack.publishing.unwrapped.replacing import Replaced, draft_for, replace_on_network

HOUR = timedelta(hours=1)
WHEN = ("before", "after")


class Writing(Square):
    """A network that takes, edits and deletes the posts of a wall; `dies` names a step."""

    def __init__(self, network: str, wall: Wall) -> None:
        connecting = network_of(network).connecting
        assert connecting is not None
        self.abilities = connecting.abilities
        self.wall = wall
        self.keys = 0
        self.sent: dict[str, PostRecord] = {}
        self.cards: list[Card | None] = []
        self.dies: dict[str, BaseException] = {}

    def close(self) -> None:
        pass

    def step(self, name: str) -> None:
        if name in self.dies:
            raise self.dies.pop(name)

    def new_key(self) -> str:
        self.keys += 1
        return f"key{self.keys}"

    def publish(self, message: Message) -> Sent:
        self.step("before publish")
        self.cards.append(message.card)
        if message.key not in self.sent:
            self.sent[message.key] = self.wall.write(message.text, *message.short_urls, at=now())
        record = self.sent[message.key]
        self.step("after publish")
        return Sent(record.network_id, "https://bsky.app/", record.posted_at)

    def standing(self, network_id: str) -> Standing | None:
        found = [post for post in self.wall.written if post.network_id == network_id]
        return Standing(found[0]) if found else None

    def find(self, message: Message) -> Sent | None:
        if message.key not in self.sent:
            return None
        record = self.sent[message.key]
        return Sent(record.network_id, "https://bsky.app/", record.posted_at)

    def edit(self, network_id: str, message: Message) -> Sent:
        self.step("before edit")
        place = next(n for n, post in enumerate(self.wall.written) if post.network_id == network_id)
        old = self.wall.written[place]
        self.wall.written[place] = PostRecord(
            network_id, old.posted_at, False, message.text, message.short_urls, is_plain=True
        )
        self.step("after edit")
        return Sent(network_id, "https://a.social/", old.posted_at)

    def delete(self, network_id: str) -> None:
        self.step("before delete")
        self.wall.written = [post for post in self.wall.written if post.network_id != network_id]
        self.step("after delete")


def replace(world: World, number: int, writer: Writing, *, confirmed: bool = True) -> Replaced:
    world.session.rollback()
    done = replace_on_network(
        world.database, world.shortener, Days(world.settings.timezone), number,
        lambda _: writer, confirmed=confirmed, actor="Jesse", readable=lambda _: False,
    )  # fmt: skip
    world.session.rollback()
    return done


def one_around(world: World, network: str = "bluesky") -> tuple[Account, Wall, int]:
    """An account that posted one link without wrapping it, an hour ago."""
    handle = {"bluesky": "@me.test", "mastodon": "@me@a.social", "x": "@me"}[network]
    account = world.account(handle, network)
    wall = Wall()
    wall.write("One https://d.org/", "https://d.org/", at=now() - HOUR)
    watch(world, account, wall)
    return account, wall, list_unwrapped(world.session, account.id, 1)[0].id


def test_mastodon_edits_it_where_it_stands(world: World) -> None:
    """It counts from now on, and is no longer around us."""
    account, wall, number = one_around(world, "mastodon")
    before = now()
    done = replace(world, number, Writing("mastodon", wall), confirmed=False)
    post = world.session.get_one(Post, done.post_id)
    assert (done.way, post.state) == ("edit", "published")
    assert post.posted_at is not None
    assert post.posted_at >= before
    assert [record.text for record in wall.written] == [post.text]
    assert coverage(world.session, account.id).share == 1.0
    assert world.session.scalars(select(Replacement)).all() == []
    posted_at = post.posted_at
    assert watch(world, account, wall).published == ()
    world.session.refresh(post)
    assert post.posted_at == posted_at


def test_bluesky_posts_it_anew_on_a_second_word_only(world: World) -> None:
    """The new one first, then the old one goes."""
    account, wall, number = one_around(world)
    writer = Writing("bluesky", wall)
    with pytest.raises(Conflict, match="loses its likes, its reposts"):
        replace(world, number, writer, confirmed=False)
    world.session.rollback()
    assert world.session.scalars(select(Post)).all() == []
    done = replace(world, number, writer)
    post = world.session.get_one(Post, done.post_id)
    assert (done.way, post.state, post.text) == ("repost", "published", wall.written[0].text)
    assert len(wall.written) == 1
    seen = world.session.scalars(select(SeenPost)).one()
    assert seen.network_id == wall.written[0].network_id
    assert coverage(world.session, account.id).share == 1.0
    with pytest.raises(NotFound):
        replace(world, number, writer)


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize("reading", [False, True])
@pytest.mark.parametrize(
    "step",
    [
        "before publish",
        "after publish",
        "before delete",
        "after delete",
        "before edit",
        "after edit",
    ],
)
def test_killed_at_any_step_it_goes_on_where_it_was(
    sqlite_world: World, network: str, step: str, reading: bool
) -> None:
    """Asked for again, it ends with one wrapped post; a reading in between changes nothing."""
    world = sqlite_world
    account, wall, number = one_around(world, network)
    writer = Writing(network, wall)
    writer.dies = {step: Killed()}
    try:
        replace(world, number, writer)
    except Killed:
        assert len(wall.written) in (1, 2)  # never none
        if reading:
            watch(world, account, wall)
        try:
            replace(world, number, writer)
        except NotFound:
            assert reading  # which has seen that it was edited
    watch(world, account, wall)
    assert len(wall.written) == 1
    post = world.session.scalars(select(Post)).one()
    assert (post.state, post.text) == ("published", wall.written[0].text)
    found = coverage(world.session, account.id)
    assert (found.wrapped, found.not_wrapped) == (1, 0)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refused("The network does not take it."), "does not take it"),
        (Unavailable("It is out."), "It is out"),
        (Pause(now()), "Bluesky asked to wait until"),
    ],
)
def test_what_the_network_has_against_it_is_said(
    sqlite_world: World, error: Exception, said: str
) -> None:
    """The old post stands, and the draft waits for the next try."""
    _, wall, number = one_around(sqlite_world)
    writer = Writing("bluesky", wall)
    writer.dies = {"before publish": error}
    with pytest.raises((Refused, Unavailable), match=said):
        replace(sqlite_world, number, writer)
    assert [record.text for record in wall.written] == ["One https://d.org/"]
    sqlite_world.session.rollback()
    assert sqlite_world.session.scalars(select(Post.state)).all() == ["draft"]
    assert replace(sqlite_world, number, writer).way == "repost"


def test_more_than_a_text_and_x_are_done_by_hand(sqlite_world: World) -> None:
    """A picture would be lost; X's posts are not edited by programs."""
    world = sqlite_world
    account = world.account("@pictures.test", "bluesky")
    wall = Wall()
    record = wall.write("Look https://d.org/", "https://d.org/", at=now() - HOUR)
    wall.written = [
        PostRecord(
            record.network_id,
            record.posted_at,
            False,
            record.text,
            record.addresses,
            is_plain=False,
        )
    ]
    watch(world, account, wall)
    number = list_unwrapped(world.session, account.id, 1)[0].id
    with pytest.raises(Invalid, match="its pictures"):
        replace(world, number, Writing("bluesky", wall))
    _, other, of_x = one_around(world, "x")
    with pytest.raises(Invalid):
        replace(world, of_x, Writing("x", other))
    world.session.rollback()
    assert world.session.scalars(select(Post)).all() == []


def test_a_discarded_version_is_not_posted(sqlite_world: World) -> None:
    """Its owner has said so."""
    world = sqlite_world
    _, wall, number = one_around(world)
    writer = Writing("bluesky", wall)
    writer.dies = {"before publish": Unavailable("It is out.")}
    with pytest.raises(Unavailable):
        replace(world, number, writer)
    discard(world.session, world.session.scalars(select(Post)).one(), now())
    world.session.commit()
    with pytest.raises(Conflict, match="is discarded"):
        replace(world, number, writer)


def test_a_version_that_was_posted_by_hand_is_not_posted_again(sqlite_world: World) -> None:
    """It was copied, and a reading has seen it."""
    world = sqlite_world
    account, wall, number = one_around(world)
    old = get_unwrapped(world.session, number)
    draft = draft_for(world.session, world.shortener, account, old, now())
    text, short = draft.text, world.shortener.short_url(draft.links[0].code or "")
    world.session.commit()
    wall.write(text, short, at=now())
    assert len(watch(world, account, wall).published) == 1
    with pytest.raises(Conflict, match="is already published"):
        replace(world, number, Writing("bluesky", wall))
    assert len(wall.written) == 2


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize("reading", [False, True])
def test_a_version_posted_by_hand_after_a_failure_is_not_posted_again(
    world: World, network: str, reading: bool
) -> None:
    """Its key was stored, and nothing stands under it: what is out is another post."""
    account, wall, number = one_around(world, network)
    writer = Writing(network, wall)
    failure = Unavailable("It is out.")
    writer.dies = {"before publish": failure, "before edit": failure}
    with pytest.raises(Unavailable):
        replace(world, number, writer)
    draft = world.session.scalars(select(Post)).one()
    assert world.session.scalars(select(Replacement)).one().key
    if reading:
        short = world.shortener.short_url(draft.links[0].code or "")
        world.session.rollback()
        wall.write(draft.text, short, at=now())
        assert watch(world, account, wall).published == (draft.id,)
    else:
        publish(world.session, draft, now(), now(), Days(world.settings.timezone))
        world.session.commit()
    texts = [record.text for record in wall.written]
    writer.dies.clear()
    with pytest.raises(Conflict, match="is already published"):
        replace(world, number, writer)
    assert [record.text for record in wall.written] == texts


def test_posted_anew_it_brings_its_card(sqlite_world: World) -> None:
    """As the old one had, but leading to the short link."""
    world = sqlite_world
    account, wall, number = one_around(world)
    old = get_unwrapped(world.session, number)
    draft = draft_for(world.session, world.shortener, account, old, now())
    (link,) = draft.links
    keep_card(world.session, link.id, link.destination, Found("The title", "It says"), now())
    short = world.shortener.short_url(link.code or "")
    world.session.commit()
    writer = Writing("bluesky", wall)
    replace(world, number, writer)
    assert writer.cards == [Card(short, "The title", "It says")]


def test_what_the_queue_is_to_send_is_not_sent_beside_it(world: World) -> None:
    """Taken out, it is; and whoever sends it, it has one key."""
    account, wall, number = one_around(world)
    connect(world, account)
    old = get_unwrapped(world.session, number)
    draft = draft_for(world.session, world.shortener, account, old, now())
    days = Days(world.settings.timezone)
    sending = queue.enqueue(
        world.session, draft, None, now(), days, base_url=world.settings.base_url
    )
    key = sending.key
    world.session.commit()
    writer = Writing("bluesky", wall)
    with pytest.raises(Conflict, match="is in the queue"):
        replace(world, number, writer)
    sending.in_doubt, sending.state = True, "withdrawn"
    world.session.commit()
    with pytest.raises(Conflict, match="may already be published"):
        replace(world, number, writer)
    sending.in_doubt = False
    world.session.commit()
    replace(world, number, writer)
    assert list(writer.sent) == [key]
    assert len(wall.written) == 1


def test_a_version_that_was_tried_here_has_the_same_key_in_the_queue(sqlite_world: World) -> None:
    """No answer came: the post may already be published under it."""
    world = sqlite_world
    account, wall, number = one_around(world)
    connect(world, account)
    writer = Writing("bluesky", wall)
    writer.dies = {"after publish": Unavailable("No answer came.")}
    with pytest.raises(Unavailable):
        replace(world, number, writer)
    draft = world.session.scalars(select(Post)).one()
    days = Days(world.settings.timezone)
    sending = queue.enqueue(
        world.session, draft, None, now(), days, base_url=world.settings.base_url
    )
    assert [sending.key] == list(writer.sent)


def test_other_words_get_another_wrapped_version(sqlite_world: World) -> None:
    """Its owner has edited the post meanwhile: the edit is not taken back."""
    world = sqlite_world
    account, wall, number = one_around(world, "mastodon")
    old = get_unwrapped(world.session, number)
    draft_for(world.session, world.shortener, account, old, now())
    world.session.commit()
    (record,) = wall.written
    wall.written = [
        PostRecord(
            record.network_id, record.posted_at, False, f"{record.text} again", record.addresses,
            is_plain=True,
        )
    ]  # fmt: skip
    watch(world, account, wall)
    number = list_unwrapped(world.session, account.id, 1)[0].id
    done = replace(world, number, Writing("mastodon", wall))
    assert world.session.get_one(Post, done.post_id).written == "One https://d.org/ again"
    assert wall.written[0].text.endswith(" again")


def test_the_page_says_what_is_lost_and_by_hand_where_nobody_signed_in(world: World) -> None:
    """A form that asks for more than can be done gets a sentence."""
    account, _ = posted_around(world)
    number = list_unwrapped(world.session, account.id, 1)[0].id
    world.session.rollback()
    browser = Browser.signed_in(world)
    assert "Delete and repost" not in read(browser.get("/owner/not-wrapped"))
    page = f"/owner/not-wrapped/{number}/replace"
    assert "You have to do this yourself" in read(browser.get(page))
    answer = browser.send(page, {"confirmed": "yes"}, "/owner/not-wrapped")
    assert answer.status_code == 422
    assert "is not connected" in read(answer)
