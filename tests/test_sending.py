"""Posts are sent exactly once, whatever fails, and what cannot be sent says why."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from examples import examples
from fakenetwork import FAULTS, Killed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import TEXT, Office, connect
from sqlalchemy import delete, update
from world import NOON, World

from linktrack.audience.accounts import remove_account
from linktrack.audience.models import Account, StoredCredential
from linktrack.db import Database, is_sqlite, now
from linktrack.errors import Conflict, Invalid, Unconfirmed
from linktrack.links.cards.cards import Found, keep_card
from linktrack.links.models import Post
from linktrack.links.posts import Wish, wrap_post
from linktrack.owners.audit import entries
from linktrack.publishing import queue, states
from linktrack.publishing.attempts import PATIENCE, WAITS
from linktrack.publishing.cards import card_below
from linktrack.publishing.models import Sending
from linktrack.publishing.sender import LEASE, Sender


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


@pytest.fixture
def small(sqlite_world: World) -> Office:
    """On SQLite alone, for what no database can change."""
    return Office(sqlite_world)


def test_a_post_is_sent_once_and_counted_from_the_networks_time(office: Office) -> None:
    """It is published then; its address on the network and the key are kept."""
    post = office.draft(office.world.account("@jesse.example", "bluesky"))
    office.enqueue(post)
    assert office.state(post) == "scheduled"
    sending = office.send(seconds=3)
    assert (sending.state, sending.url) == ("sent", "https://network.example/n1")
    assert (sending.network_id, sending.in_doubt) == ("n1", False)
    assert office.state(post) == "published"
    assert post.posted_at == NOON + timedelta(seconds=3)
    (message,) = office.network.messages
    assert message.text == post.text
    assert message.short_urls == (f"https://go.jessestay.com/{post.links[0].code}",)
    office.world.session.rollback()
    assert office.send(hours=1).attempts == 1
    assert len(office.network.shown) == 1


def test_a_code_that_begins_another_is_not_taken_for_it(office: Office) -> None:
    """Neither for the card below a post nor as an address of it, once an edit took it out."""
    world, session = office.world, office.world.session
    account = world.account("@jesse.example", "bluesky")
    connect(world, account)
    wish = Wish("http://a.example/ http://b.example/", state="draft", slugs=("abcd", "abc"))
    post = wrap_post(session, world.shortener, account, wish, NOON)
    assert post is not None
    for link in post.links:
        keep_card(session, link.id, link.destination, Found(f"Page of {link.code}"), NOON)
    session.commit()
    card = card_below(world.database, world.shortener, post.id, post.text, NOON)
    assert card is not None
    assert (card.title, card.url) == ("Page of abcd", "https://go.jessestay.com/abcd")
    queue.rewrite(session, world.shortener, post, "http://a.example/", NOON)
    office.enqueue(post)
    office.send()
    assert [each.short_urls for each in office.network.messages] == [
        ("https://go.jessestay.com/abcd",)
    ]


def test_the_key_is_stored_before_the_network_is_asked(office: Office) -> None:
    """A process that is killed in between has left that the post is in doubt."""
    post = office.draft(office.world.account())
    office.enqueue(post)
    key = office.sending().key
    office.network.faults = ["kills before"]
    with pytest.raises(Killed):
        office.send()
    left = office.sending()
    assert (left.state, left.key, left.in_doubt) == ("sending", key, True)
    assert office.network.messages[0].key == key


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("fault", ["kills before", "kills after"])
def test_a_killed_process_posts_once(office: Office, fault: str, keyed: bool) -> None:
    """Whoever finds the post after the lease looks for it first, under the same key."""
    office.network.keyed = keyed
    office.enqueue(office.draft(office.world.account()))
    office.network.faults = [fault]
    with pytest.raises(Killed):
        office.send()
    assert office.send(seconds=LEASE.seconds - 1).state == "sending"
    assert office.send(seconds=1).state == "sent"
    assert len(office.network.shown) == 1
    assert office.network.looks == 1
    assert {message.key for message in office.network.messages} == {office.sending().key}


@pytest.mark.parametrize("fault", ["takes it and loses the answer", "takes it and fails strangely"])
def test_an_answer_that_is_lost_leads_to_a_look_and_not_to_a_second_post(
    office: Office, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Even on a network that heeds no keys."""
    post = office.draft(office.world.account())
    office.enqueue(post)
    office.network.faults = [fault]
    unclear = office.send()
    assert (unclear.state, unclear.in_doubt) == ("waiting", True)
    office.network.look_is_away = True
    assert office.send(minutes=1).in_doubt  # nothing was learned
    office.network.look_is_away = False
    assert office.send(minutes=5).state == "sent"
    assert len(office.network.shown) == len(office.network.messages) == 1
    assert bool(caplog.records) == ("strangely" in fault)


def test_two_machines_send_once(office: Office) -> None:
    """Each saw the post due; one reserves it."""
    office.enqueue(office.draft(office.world.account()))
    first, second = office.sender, office.another()
    with office.world.database.session() as session:
        from linktrack.publishing.sender import _due

        (row,) = session.execute(_due(NOON)).all()
    first._send(*row)
    second._send(*row)
    assert len(office.network.messages) == 1


def test_two_doors_that_ask_at_once_make_one_sending(office: Office) -> None:
    """A button that is pressed twice, on either database."""
    post = office.draft(office.world.account())
    world = office.world
    world.session.rollback()
    together = Barrier(4)

    def ask() -> str:
        with world.database.session(writes=True) as session:
            again = session.get_one(Post, post.id)
            if not is_sqlite(world.database.engine):
                together.wait(20)
            base_url = world.settings.base_url
            made = queue.enqueue(session, again, None, NOON, office.days, base_url=base_url)
            session.commit()
            return made.state

    with ThreadPoolExecutor(4) as pool:
        assert [each.result() for each in [pool.submit(ask) for _ in range(4)]] == ["waiting"] * 4
    office.send()
    assert len(office.network.messages) == 1


def test_the_service_sends_what_is_due_until_it_ends(
    small: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """A database that is away is said once, and waited for."""
    post = small.draft(small.world.account())
    small.enqueue(post)
    looks = 0

    def wait(_seconds: float) -> bool:
        nonlocal looks
        looks += 1
        return looks > 3

    small.sender.follow(wait)
    assert looks == 4
    assert small.sending().state == "sent"
    settings = replace(small.world.settings, database="sqlite:////nowhere/at/all.sqlite")
    away = Sender(Database(settings), small.world.shortener, small.days, small._open, small.clock)
    looks = 0
    away.follow(wait)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_what_is_away_is_tried_again_later_and_later(small: Office) -> None:
    """Until a day after its time; then it stays in the queue with the reason."""
    small.network.faults = ["is away"] * 100
    small.enqueue(small.draft(small.world.account()))
    small.sender.send_due()
    for wait in WAITS:
        assert small.send(seconds=wait.seconds - 1).state == "waiting"
        small.send(seconds=1)
    assert len(small.network.messages) == len(WAITS) + 1
    while small.sending().state == "waiting":
        small.send(hours=4)
    failed = small.sending()
    assert failed.state == "failed"
    assert failed.problem == "The network is away. It is not tried again."
    assert small.clock.now <= failed.due_at + PATIENCE
    tried = len(small.network.messages)
    small.send(days=30)
    assert len(small.network.messages) == tried


def test_what_is_refused_stays_with_its_reason_and_can_be_mended(office: Office) -> None:
    """Its text is wrapped again: what it linked to already keeps its link."""
    account = office.world.account()
    post = office.draft(account)
    office.enqueue(post)
    office.network.faults = ["refuses"]
    failed = office.send()
    assert (failed.state, failed.next_at) == ("failed", None)
    assert failed.problem == "The network does not take this text."
    assert office.state(post) == "scheduled"
    assert len(queue.failed_posts(office.world.session)) == 1
    code = post.links[0].code
    session, shortener = office.world.session, office.world.shortener
    queue.rewrite(session, shortener, post, f"{TEXT} and http://example.org/new", NOON)
    session.commit()
    assert f"Read this: https://go.jessestay.com/{code} and https://go." in post.text
    assert len(post.links) == 2
    office.enqueue(post)
    assert office.send().state == "sent"
    assert list(office.network.shown.values()) == [post.text]
    session.rollback()


def test_who_is_signed_out_is_told_to_connect_again(small: Office) -> None:
    """Nothing is tried until the owner sends it again."""
    small.enqueue(small.draft(small.world.account()))
    small.network.faults = ["signs out"]
    assert small.send().problem == "The network does not know this password any more."
    assert small.sending().state == "failed"


def test_a_pause_is_heeded_for_all_posts_of_the_account(office: Office) -> None:
    """It is no failed attempt; another account's posts go on."""
    account, other = office.world.account(), office.world.account("@other")
    first = office.draft(account)
    second = office.draft(account, "And http://example.org/this")
    third = office.draft(other, "Elsewhere: http://example.org/that")
    for post in (first, second, third):
        office.enqueue(post)
    office.network.faults = ["pauses"]
    office.send()
    paused = office.sending(first)
    assert paused.problem == ("@JessesLinks: asked to wait until 2026-05-04 12:15:00 UTC.")
    assert (paused.attempts, paused.next_at) == (0, NOON + timedelta(minutes=15))
    assert office.sending(second).next_at == paused.next_at
    assert office.sending(third).state == "sent"
    office.send(minutes=14)
    assert len(office.network.messages) == 2
    office.send(minutes=1)
    assert office.sending(first).state == office.sending(second).state == "sent"


def test_a_planned_post_is_sent_at_its_time(small: Office) -> None:
    """And at another one where that is chosen."""
    post = small.draft(small.world.account())
    small.enqueue(post, timedelta(hours=2))
    assert small.send(hours=1).state == "waiting"
    session = small.world.session
    states.schedule(session, post, NOON + timedelta(hours=5), small.clock.now, small.days)
    session.commit()
    assert small.send(hours=3).state == "waiting"
    assert small.send(hours=1).state == "sent"
    assert small.state(post) == "published"


def test_a_time_that_has_passed_for_long_sends_nothing_by_itself(small: Office) -> None:
    """The service was off for two days: yesterday's words are not sent without asking."""
    small.enqueue(small.draft(small.world.account()))
    late = small.send(days=2)
    assert late.state == "failed"
    assert late.problem == (
        "Its time was 2026-05-04 12:00 UTC, more than a day ago, and it was not sent then. "
        "Send it now, or choose another time."
    )
    assert not small.network.messages


def test_what_is_late_is_looked_for_first(small: Office) -> None:
    """A backup was restored that does not know what was sent after it."""
    post = small.draft(small.world.account())
    small.enqueue(post)
    small.send()
    session = small.world.session
    values = {"state": "waiting", "due_at": NOON, "next_at": NOON, "attempts": 0}
    session.execute(update(Sending).values(values))
    session.execute(update(Post).values(state="scheduled"))
    session.commit()
    assert small.send(hours=1).state == "sent"
    assert len(small.network.shown) == 1


@pytest.mark.parametrize("way", ["withdrawn", "discarded", "published by hand", "removed"])
def test_what_is_taken_back_is_not_sent(office: Office, way: str) -> None:
    """Withdrawn it is a draft again; marked as published, the owner has posted it."""
    account = office.world.account()
    post = office.draft(account)
    office.enqueue(post, timedelta(hours=1))
    session = office.world.session
    match way:
        case "withdrawn":
            queue.withdraw(session, post, office.clock.now, office.days)
        case "discarded":
            states.discard(session, post, now())
        case "published by hand":
            states.publish(session, post, None, office.clock.now, office.days)
        case _:
            remove_account(session, account, office.clock.now)
    session.commit()
    assert queue.queued(session) == []
    expected = {"withdrawn": "draft", "published by hand": "published", "removed": "scheduled"}
    assert office.state(post) == expected.get(way, way)
    office.send(hours=2)
    assert not office.network.messages


def test_a_post_that_may_be_out_is_not_changed(office: Office) -> None:
    """Its text is what it is found by; taken back and sent again it is looked for first."""
    post = office.draft(office.world.account())
    office.enqueue(post)
    office.network.faults = ["takes it and loses the answer"]
    office.send()
    session = office.world.session
    with pytest.raises(Conflict, match="may already have this post"):
        queue.rewrite(session, office.world.shortener, post, "Other: http://example.org/", NOON)
    session.rollback()
    queue.withdraw(session, post, office.clock.now, office.days)
    session.commit()
    office.enqueue(post)
    assert office.send().state == "sent"
    assert len(office.network.shown) == 1


def test_what_was_sent_is_not_sent_again(small: Office) -> None:
    """Nor is what is published or discarded, or what is being sent at this moment."""
    account = small.world.account()
    post = small.draft(account)
    small.enqueue(post)
    small.send()
    with pytest.raises(Conflict, match=r"sent already: https://network\.example/n1"):
        small.enqueue(post)
    with pytest.raises(Conflict, match="published"):
        small.enqueue(small.world.post(account, "http://example.org/by-hand"))
    busy = small.draft(account, "Busy: http://example.org/")
    small.enqueue(busy)
    small.network.faults = ["kills before"]
    with pytest.raises(Killed):
        small.send()
    with pytest.raises(Conflict, match="being published right now"):
        small.enqueue(busy)
    small.world.session.rollback()
    with pytest.raises(Conflict, match="being published right now"):
        queue.withdraw(small.world.session, busy, small.clock.now, small.days)


def test_what_was_sent_while_it_was_discarded_is_known_all_the_same(small: Office) -> None:
    """It is out there; restored, it is published at its time."""
    post = small.draft(small.world.account())
    small.enqueue(post)
    small.network.faults = ["kills after"]
    with pytest.raises(Killed):
        small.send()
    session = small.world.session
    session.rollback()
    states.discard(session, post, now())
    session.commit()
    assert small.sending().in_doubt
    states.restore(session, post, now())
    session.commit()
    small.enqueue(post)
    assert small.send().state == "sent"
    assert len(small.network.shown) == 1


@pytest.mark.parametrize(
    ("base_url", "reachable"),
    [
        ("https://go.jessestay.com", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("https://linktrack", False),
        ("https://nas.local", False),
        ("https://10.1.2.3", False),
        ("https://[fd00::1]", False),
        ("https://[::1]:8000", False),
        ("https://93.184.216.34", True),
    ],
)
def test_nothing_is_sent_whose_links_readers_cannot_reach(base_url: str, reachable: bool) -> None:
    """localhost, loopback, private networks, names without a dot."""
    from linktrack.publishing.checks import is_reachable

    assert is_reachable(base_url) == reachable


def test_what_cannot_be_sent_is_refused_with_the_reason(small: Office) -> None:
    """Before anything is put into the queue."""
    session, world = small.world.session, small.world
    letter = small.draft(world.account("Letter", "other"))
    account, public = world.account(), world.settings.base_url
    lone, long = small.draft(account), small.draft(account, f"{TEXT} {'x' * 260}")
    stranger = small.draft(world.account("@stranger"))
    session.execute(
        delete(StoredCredential).where(StoredCredential.account_id == stranger.account_id)
    )
    session.commit()
    for post, base_url, said in (
        (letter, public, "is on no network it knows"),
        (stranger, public, "@stranger is not connected to X"),
        (lone, "http://127.0.0.1:8000", "which readers cannot reach"),
        (long, public, "295 characters once wrapped, where 280 are allowed"),
    ):
        with pytest.raises(Invalid, match=said):
            queue.enqueue(session, post, None, NOON, small.days, base_url=base_url)
        session.rollback()
    with pytest.raises(Invalid, match="a time in the future"):
        small.enqueue(lone, timedelta(hours=-1))
    session.rollback()
    assert queue.queued(session) == []


def test_an_account_that_cannot_be_opened_says_so(small: Office) -> None:
    """It was connected when the post was planned, and is not any more."""
    small.enqueue(small.draft(small.world.account()))
    small.refusal = Invalid("@JessesLinks is not connected.")
    assert small.send().problem == "@JessesLinks is not connected."
    assert small.sending().state == "failed"


def test_the_same_text_on_two_x_accounts_needs_a_second_word(office: Office) -> None:
    """X forbids it; other networks do not."""
    for network, handles in (("bluesky", ("a.example", "b.example")), ("x", ("@one", "@two"))):
        posts = [office.draft(office.world.account(handle, network)) for handle in handles]
        office.enqueue(posts[0])
        if network == "x":
            with pytest.raises(Conflict, match="The same text is already on @one"):
                office.enqueue(posts[1])
            office.world.session.rollback()
        office.enqueue(posts[1], confirmed=network == "x")
    office.send()
    assert len(office.network.shown) == 4


def test_a_long_text_for_mastodon_needs_a_second_word(small: Office) -> None:
    """Its servers have limits of their own, mostly 500; what they refuse stays with their word."""
    post = small.draft(small.world.account("@jo@social.example", "mastodon"), f"{TEXT} {'x' * 600}")
    with pytest.raises(Unconfirmed, match="most servers of Mastodon allow 500"):
        small.enqueue(post)
    small.world.session.rollback()
    small.enqueue(post, confirmed=True)
    assert small.send().state == "sent"


def test_what_a_server_of_mastodon_says_it_takes_is_what_counts(small: Office) -> None:
    """Less than it needs no second word; more is refused, whatever is said."""
    account = small.world.account("@jo@social.example", "mastodon")
    account.text_limit, account.address_length = 1000, 23
    small.world.session.commit()
    small.enqueue(small.draft(account, f"{TEXT} {'x' * 600}"))
    assert small.send().state == "sent"
    long = small.draft(account, f"{TEXT} {'x' * 1000}")
    with pytest.raises(Invalid, match=r"too long for Mastodon: 1,0.. characters .* where 1,000"):
        small.enqueue(long, confirmed=True)


def test_an_edited_text_in_the_queue_must_fit(small: Office) -> None:
    """It is checked again, and nothing is changed where it does not."""
    post = small.draft(small.world.account())
    small.enqueue(post, timedelta(hours=1))
    session, shortener = small.world.session, small.world.shortener
    for text, said in (
        (f"{TEXT} {'x' * 300}", "too long"),
        ("no address", "no address in this text"),
    ):
        with pytest.raises(Invalid, match=said):
            queue.rewrite(session, shortener, post, text, NOON)
        session.rollback()
        session.refresh(post)
        assert post.written == TEXT
        session.rollback()


def test_an_edited_text_in_the_queue_needs_the_second_word_too(small: Office) -> None:
    """Another account on X has it by now."""
    session, shortener = small.world.session, small.world.shortener
    small.enqueue(small.draft(small.world.account("@one")))
    post = small.draft(small.world.account("@two"), f"Mine: {TEXT}")
    small.enqueue(post)
    with pytest.raises(Unconfirmed, match="The same text is already on @one"):
        queue.rewrite(session, shortener, post, TEXT, NOON)
    session.rollback()
    queue.rewrite(session, shortener, post, TEXT, NOON, confirmed=True)
    assert post.written == TEXT
    session.rollback()


def test_versions_are_wrapped_again_with_the_text_and_not_sent(small: Office) -> None:
    """They are for places, where they are posted by hand."""
    from linktrack.audience.segments import add_segment

    session, account = small.world.session, small.world.account()
    connect(small.world, account)
    add_segment(session, account, "community", 120, NOON)
    wish = Wish(TEXT, state="draft", segments=("community",))
    post = wrap_post(session, small.world.shortener, account, wish, NOON)
    assert post is not None
    before = post.versions[0].text
    queue.rewrite(session, small.world.shortener, post, f"Now {TEXT}", NOON)
    session.commit()
    assert post.versions[0].text == f"Now {before}"
    small.enqueue(post)
    small.send()
    assert list(small.network.shown.values()) == [post.text]
    session.rollback()


def test_the_audit_list_says_what_was_sent_and_what_was_not(small: Office) -> None:
    """Who asked for it, too."""
    account = small.world.account()
    for fault in ("refuses", None):
        post = small.draft(account, f"{fault}: http://example.org/")
        small.enqueue(post)
        small.network.faults = [fault]
        small.send()
    said = [entry.what for entry in entries(small.world.session, None, 20)]
    assert "Sent post 2 of @JessesLinks to X." in said
    assert "Asked for post 2 to be sent to @JessesLinks now." in said
    assert "Post 1 was not sent: The network does not take this text." in said


@pytest.mark.slow
@given(faults=st.lists(st.sampled_from((*FAULTS, None)), max_size=8), keyed=st.booleans())
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_faults_in_any_order_never_make_a_second_post(
    office: Office, faults: list[str | None], keyed: bool
) -> None:
    """The network has the post once and linktrack knows it, or not at all and the reason is kept.

    The owner sends again whatever has failed, until the faults are over.
    """
    session = office.world.session
    account = session.query(Account).first() or office.world.account()
    office.network.shown.clear()
    office.network.keyed = keyed
    office.network.faults = list(faults)
    post = office.draft(account)
    office.enqueue(post)
    for _ in range(4 * len(faults) + 4):
        try:
            office.sender.send_due()
        except Killed:
            office.clock.now += LEASE
        sending = office.sending(post)
        shown = len(office.network.shown)
        assert shown <= 1
        match sending.state:
            case "sent":
                assert shown == 1
                assert office.state(post) == "published"
                break
            case "failed":
                assert sending.problem
                assert shown == 0 or sending.in_doubt
                office.enqueue(post)
            case _:
                assert shown == 0 or sending.in_doubt
                office.clock.now = max(sending.next_at or NOON, office.clock.now)
    assert office.sending(post).state == "sent"
    assert len(office.network.shown) == 1
