"""Letting people in by hand: who is a member, what that takes, and who is told what."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from asked import request_of
from gatehouse import Gatehouse, connected
from mailboxes import Mailbox, served
from sqlalchemy import func, select
from square import KEY, Clock
from standins import Answer, standin
from world import NOON, World

from linktrack.audience.credentials import disconnect, open_host
from linktrack.audience.follow_back.plan import make_plan
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account, Consent, Follower, MadeFollow, Segment
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import add_segment, list_segments, move_segment, rename_segment
from linktrack.audience.sorting import sort_followers
from linktrack.community.letting_in.deciding import (
    KEPT,
    approve,
    decide_later,
    decline,
    delete_decided,
    get_request,
    told,
)
from linktrack.community.letting_in.known import keep_agreements, withdraw_agreement
from linktrack.community.letting_in.messages import Addresses, welcome
from linktrack.community.letting_in.steps import steps_of, tick, try_again, waiting_steps
from linktrack.community.letting_in.worker import ASKING, LettingIn, Mailing
from linktrack.community.models import JoinRequest, Member, MemberStep, StepKind
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.keys import load_keys
from linktrack.mail import mail_server
from linktrack.networks.protocols import Host
from linktrack.networks.records import FollowerRecord
from linktrack.owners.models import AuditEntry

HOUR = timedelta(hours=1)
MAIL = "ann@example.org"


def let_in(world: World, request: JoinRequest, *, can_mail: bool = False) -> Member:
    found = get_request(world.session, request.id)
    member = approve(world.session, found, "Jesse", NOON, can_mail=can_mail)
    world.session.commit()
    return member


def roster(world: World, account: Account, names: str, at: datetime = NOON) -> None:
    people = [FollowerRecord(f"https://a.example/@{name}", f"@{name}") for name in names.split()]
    take_roster(
        world.session, account, people, at, "test", confirmed=True, now=at,
        forgotten=Forgotten(account.network, KEY, frozenset()),
    )  # fmt: skip
    sort_followers(world.session, account, at, roster_came=True)
    world.session.commit()


def worker(world: World, clock: Clock, smtp: str = "") -> LettingIn:
    keys = load_keys(world.settings.data)
    server = mail_server(smtp and f"smtp://{smtp}", "", "jesse@example.org")
    mailing = Mailing(server, keys.sealing(), Addresses(world.settings.base_url, keys.markers()))

    def host(account: Account) -> Host:
        return open_host(world.database, keys, account)

    return LettingIn(world.database, mailing, host, clock)


def states(world: World, member: Member) -> Mapping[StepKind, str]:
    world.session.rollback()
    world.session.expire_all()
    found = {step.kind: step.state for step in steps_of(world.session, [member])[member.id]}
    world.session.rollback()
    return found


def step_of(world: World, member: Member, kind: StepKind) -> MemberStep:
    world.session.rollback()
    world.session.expire_all()
    found = world.session.get_one(MemberStep, (member.id, kind))
    world.session.expunge(found)
    world.session.rollback()
    return found


def sizes(world: World, account: Account) -> dict[str, int | None]:
    world.session.expire_all()
    found = {each.name: each.size for each in list_segments(world.session, account)}
    world.session.rollback()
    return found


def test_a_member_counts_as_one_of_the_community_on_every_account_of_the_network(
    world: World,
) -> None:
    """The segment comes first, since the first match wins; where the owner moves it, it stays."""
    account = world.account("@we@a.example", "mastodon", "we")
    you = world.account("@you@a.example", "mastodon", "you")
    elsewhere = world.account("@you.test", "bluesky", "me")
    add_segment(world.session, you, "silent", None, NOON, rules=["posts = 0"])
    roster(world, you, "ann bob")
    member = let_in(world, request_of(world, account, "ann", "https://a.example/@ann"))
    assert sizes(world, you) == {"community": 1, "silent": 0, "everyone else": 1}
    assert "community" in sizes(world, account)
    assert "community" not in sizes(world, elsewhere)
    segment = world.session.scalars(select(Segment).where(Segment.account_id == you.id)).first()
    assert segment is not None
    named = world.session.scalars(
        select(Segment).where(Segment.account_id == you.id, Segment.name == "community")
    ).one()
    move_segment(world.session, you, named, 2, NOON)
    rename_segment(world.session, you, named, "us", NOON)
    world.session.commit()
    let_in(world, request_of(world, account, "bob", "https://a.example/@bob"))
    assert list(sizes(world, you).items()) == [("silent", 0), ("us", 2), ("everyone else", 0)]
    assert member.handle == "@ann"


def test_a_rule_of_that_name_is_left_alone(sqlite_world: World) -> None:
    """The ready-made segment is named community, too."""
    world = sqlite_world
    account = world.account("@we@a.example", "mastodon", "we")
    add_segment(world.session, account, "community", None, NOON, rules=["posts > 3"])
    world.session.commit()
    let_in(world, request_of(world, account, "ann", "https://a.example/@ann"))
    names = [each.name for each in list_segments(world.session, account)]
    assert names == ["community (let in by hand)", "community", "everyone else"]


def test_who_agreed_to_personal_links_has_agreed_on_later_lists_too(world: World) -> None:
    """Until they withdraw it: then a later list does not bring it back."""
    account = world.account("@we@a.example", "mastodon", "we")
    you = world.account("@you@a.example", "mastodon", "you")
    roster(world, account, "ann bob")
    let_in(world, request_of(world, account, "ann", "https://a.example/@ann"))
    let_in(world, request_of(world, account, "bob", "https://a.example/@bob", agrees_links=False))

    def agreed() -> list[tuple[str | None, str]]:
        query = (
            select(Follower.handle, Account.handle)
            .join(Account)
            .join(Consent, Consent.follower_id == Follower.id)
        )
        return [(row[0], row[1]) for row in world.session.execute(query.order_by(Follower.id))]

    assert agreed() == [("@ann", account.handle)]
    world.session.rollback()
    roster(world, you, "ann bob", NOON + HOUR)
    assert keep_agreements(world.session, NOON + HOUR) == 1
    assert keep_agreements(world.session, NOON + HOUR) == 0
    world.session.commit()
    assert agreed() == [("@ann", account.handle), ("@ann", you.handle)]
    for follower in world.session.scalars(select(Follower).where(Follower.handle == "@ann")).all():
        withdraw_agreement(world.session, follower, NOON, world.store().days)
    world.session.commit()
    assert keep_agreements(world.session, NOON + 2 * HOUR) == 0
    assert agreed() == []


def test_letting_in_twice_is_letting_in_once(world: World) -> None:
    """Of one request, and of two of the same person, whose newer agreements hold."""
    account = world.account("@we@a.example", "mastodon", "we")
    request = request_of(world, account, "ann", "https://a.example/@ann")
    first = let_in(world, request)
    assert let_in(world, request).id == first.id
    again = request_of(world, account, "ann", "https://a.example/@ann", mail=MAIL)
    assert let_in(world, again).id == first.id
    assert first.agrees_mail
    assert first.sealed_mail is not None
    assert world.session.scalar(select(func.count()).select_from(Member)) == 1
    assert MAIL not in first.sealed_mail


def test_only_who_proved_who_they_are_can_be_let_in(sqlite_world: World) -> None:
    """What is not confirmed is as if it weren't there."""
    world = sqlite_world
    account = world.account("@we@a.example", "mastodon", "we")
    request = request_of(world, account, "ann", "https://a.example/@ann")
    request.state = "unconfirmed"
    world.session.commit()
    with pytest.raises(NotFound, match="no request number"):
        get_request(world.session, request.id)


@pytest.mark.parametrize(
    ("handle", "network", "network_id", "expected"),
    [
        ("@we", "x", "77", {"accept": "by_hand", "follow": "by_hand", "welcome": "by_hand"}),
        ("@we.test", "bluesky", "did:plc:a", {"follow": "by_hand", "welcome": "by_hand"}),
        ("Letter", "other", None, {"welcome": "by_hand"}),
    ],
)
def test_what_no_program_does_is_done_by_hand(
    sqlite_world: World, handle: str, network: str, network_id: str | None, expected: Any
) -> None:
    """And ticked; what was followed by hand is never followed back by itself."""
    world = sqlite_world
    account = world.account(handle, network, "we")
    mail = None if network_id else MAIL
    member = let_in(world, request_of(world, account, "ann", network_id, mail=mail))
    assert states(world, member) == expected
    waiting = waiting_steps(world.session)
    assert [(each.by_hand, each.in_doubt) for each in waiting] == [(len(expected), 0)]
    for kind in expected:
        tick(world.session, member, kind, NOON)
        tick(world.session, member, kind, NOON)
    world.session.commit()
    assert set(states(world, member).values()) == {"done"}
    assert waiting_steps(world.session) == []
    follows = [(row.network_id, row.state) for row in world.session.scalars(select(MadeFollow))]
    assert follows == ([(network_id, "by_hand")] if network_id else [])


def test_a_locked_account_accepts_when_they_ask_and_follows_back_at_once(
    sqlite_world: World,
) -> None:
    """For a month it is looked whether they ask to follow; then it is the owner's."""
    world, clock, gatehouse = sqlite_world, Clock(), Gatehouse()
    with standin(gatehouse.answer) as place:
        account = connected(world, gatehouse, place)
        ann = let_in(world, request_of(world, account, "ann", gatehouse.url("ann")))
        bob = let_in(world, request_of(world, account, "bob", gatehouse.url("bob")))
        doing = worker(world, clock)
        doing.do_all_due()
        assert sorted(gatehouse.done) == [("follow", "ann"), ("follow", "bob")]
        assert states(world, ann) == {"accept": "due", "follow": "done", "welcome": "by_hand"}
        gatehouse.asking.add("7")
        clock.now += HOUR
        doing.do_all_due()
        doing.do_all_due()
        assert gatehouse.done.count(("accept", "ann")) == 1
        assert states(world, ann)["accept"] == "done"
        clock.now += ASKING
        doing.do_all_due()
        assert states(world, bob)["accept"] == "by_hand"
        gatehouse.locked = False
        carl = request_of(world, account, "carl", gatehouse.url("carl"))
        gatehouse.names["9"] = "carl"
        member = let_in(world, carl)
        doing.do_all_due()
        assert states(world, member)["accept"] == "done"  # nobody has to be accepted


def test_whom_the_account_follows_already_is_no_follow_of_ours(sqlite_world: World) -> None:
    """So taking follows back leaves them alone; and who was followed back is not followed again."""
    world, clock, gatehouse = sqlite_world, Clock(), Gatehouse(followed={"7"})
    with standin(gatehouse.answer) as place:
        account = connected(world, gatehouse, place)
        world.session.add(
            MadeFollow(
                account_id=account.id, network_id=gatehouse.url("bob"), handle="@bob",
                state="followed", why="Began to follow.", begun_at=NOON, followed="8",
            )
        )  # fmt: skip
        members = [
            let_in(world, request_of(world, account, name, gatehouse.url(name)))
            for name in ("ann", "bob")
        ]
        worker(world, clock).do_all_due()
        assert [states(world, member)["follow"] for member in members] == ["done", "done"]
        assert gatehouse.done == []
        assert [row.network_id for row in world.session.scalars(select(MadeFollow))] == [
            gatehouse.url("bob")
        ]


def test_what_the_network_has_against_it_is_said(sqlite_world: World) -> None:
    """Refused is the owner's to see; what was not done is done later; nobody is kept by mistake."""
    world, clock = sqlite_world, Clock()
    gatehouse = Gatehouse(following={"7", "8"})
    with standin(gatehouse.answer) as place:
        account = connected(world, gatehouse, place)
        member = let_in(world, request_of(world, account, "ann", gatehouse.url("ann")))
        gatehouse.refuses["follow"] = Answer({"error": "Down for a minute"}, 429)
        doing = worker(world, clock)
        doing.do_all_due()
        step = step_of(world, member, "follow")
        assert (step.state, step.problem is None) == ("due", False)
        assert world.session.scalars(select(MadeFollow)).all() == []
        world.session.rollback()
        clock.now = max(clock.now, step.next_at or NOON)
        gatehouse.refuses["follow"] = Answer({"error": "You are blocked"}, 403)
        doing.do_all_due()
        step = step_of(world, member, "follow")
        assert (step.state, step.problem) == ("refused", "Mastodon refuses it: You are blocked.")
        try_again(world.session, member, "follow", clock.now)
        world.session.commit()
        doing.do_all_due()
        assert states(world, member)["follow"] == "done"
        assert gatehouse.done == [("follow", "ann")]
        gone = let_in(world, request_of(world, account, "zoe", gatehouse.url("zoe")))
        doing.do_all_due()
        assert states(world, gone)["follow"] == "refused"


def test_a_follow_without_an_answer_is_looked_for_and_then_the_owners(
    sqlite_world: World,
) -> None:
    """A day long; asked to try again, it is looked for first."""
    world, clock, gatehouse = sqlite_world, Clock(), Gatehouse(following={"7"})
    with standin(gatehouse.answer) as place:
        account = connected(world, gatehouse, place)
        member = let_in(world, request_of(world, account, "ann", gatehouse.url("ann")))
        gatehouse.refuses["follow"] = Answer(silent=True)
        doing = worker(world, clock)
        doing.do_all_due()
        assert states(world, member)["follow"] == "begun"
        with pytest.raises(Conflict, match="right now"):
            tick(world.session, member, "follow", clock.now)
        world.session.rollback()
        gatehouse.names.pop("7")

        def broken(_: object) -> Answer:
            return Answer({"error": "out of order"}, 500)

        answer, gatehouse.answer = gatehouse.answer, broken  # type: ignore[method-assign,assignment]
    with standin(broken):
        for _ in range(3):
            clock.now += 13 * HOUR
            doing.do_all_due()
        step = step_of(world, member, "follow")
        assert step.state == "in_doubt"
        assert str(step.problem).startswith("It may have been done.")
        assert [each.in_doubt for each in waiting_steps(world.session)] == [1]
        world.session.rollback()
        tick(world.session, member, "follow", clock.now)
        world.session.commit()
        assert states(world, member)["follow"] == "done"
    assert answer is not None


def test_an_account_that_was_disconnected_lets_in_by_hand(sqlite_world: World) -> None:
    """The owner sees what is left."""
    world, gatehouse = sqlite_world, Gatehouse()
    with standin(gatehouse.answer) as place:
        account = connected(world, gatehouse, place)
        member = let_in(world, request_of(world, account, "ann", gatehouse.url("ann")))
        disconnect(world.session, account, NOON)
        world.session.commit()
        worker(world, Clock()).do_all_due()
    assert states(world, member) == {"accept": "by_hand", "follow": "by_hand", "welcome": "by_hand"}


def test_the_welcome_has_the_feed_and_how_to_leave(sqlite_world: World) -> None:
    """By mail to those who agreed, where a server is set; a new owner's text is in it."""
    world, clock, box = sqlite_world, Clock(), Mailbox()
    account = world.account("Letter", "other", "we")
    with served(box) as smtp:
        member = let_in(world, request_of(world, account, "ann", mail=MAIL), can_mail=True)
        worker(world, clock, smtp).do_all_due()
        worker(world, clock, smtp).do_all_due()
    (envelope,) = box.envelopes
    mail = box.read(envelope)
    text = mail.get_content().replace("\r\n", "\n")
    assert envelope.rcpt_tos == [MAIL]
    assert mail["Subject"] == "Welcome to the community of Letter"
    addresses = Addresses(world.settings.base_url, load_keys(world.settings.data).markers())
    assert text == welcome(world.session, addresses, member).text
    assert addresses.feed(member) in text
    assert addresses.leave(member) in text
    assert states(world, member) == {"welcome": "done"}


def test_whoever_gave_an_address_alone_is_welcomed_there(sqlite_world: World) -> None:
    """It answers their request, agreed to mail or not; with a handle, there is another way."""
    world, clock, box = sqlite_world, Clock(), Mailbox()
    account = world.account("@we@a.example", "mastodon", "we")
    asked = [
        request_of(world, account, "bob", mail=MAIL),
        request_of(world, account, "eve", "https://a.example/@eve", mail="eve@example.org"),
    ]
    for request in asked:
        request.agrees_mail = False
    world.session.commit()
    with served(box) as smtp:
        bob, eve = (let_in(world, request, can_mail=True) for request in asked)
        worker(world, clock, smtp).do_all_due()
    assert [envelope.rcpt_tos for envelope in box.envelopes] == [[MAIL]]
    assert states(world, bob) == {"welcome": "done"}
    assert states(world, eve)["welcome"] == "by_hand"


def test_a_mail_that_is_refused_or_waits_says_so_without_the_address(sqlite_world: World) -> None:
    """What the server was never given is tried again for a day."""
    world, clock = sqlite_world, Clock()
    account = world.account("Letter", "other", "we")
    with served(Mailbox(refused=[MAIL])) as smtp:
        member = let_in(world, request_of(world, account, "ann", mail=MAIL), can_mail=True)
        worker(world, clock, smtp).do_all_due()
    step = step_of(world, member, "welcome")
    assert step.state == "refused"
    assert MAIL not in str(step.problem)
    other = let_in(world, request_of(world, account, "bob", mail="bob@example.org"), can_mail=True)
    doing = worker(world, clock, smtp)
    doing.do_all_due()
    assert states(world, other)["welcome"] == "due"
    for _ in range(30):
        clock.now += 0.9 * HOUR
        doing.do_all_due()
    assert states(world, other)["welcome"] == "refused"
    try_again(world.session, other, "welcome", clock.now)
    world.session.commit()
    box = Mailbox()
    with served(box) as smtp:
        worker(world, clock, smtp).do_all_due()
    assert states(world, other)["welcome"] == "done"
    assert len(box.envelopes) == 1


def test_who_is_declined_is_told_or_not_and_forgotten_after_a_week(world: World) -> None:
    """By mail where there is an address, else the owner sends it; it is short."""
    clock, box = Clock(), Mailbox()
    account = world.account("@we@a.example", "mastodon", "we")
    ann = request_of(world, account, "ann", "https://a.example/@ann", mail=MAIL)
    bob = request_of(world, account, "bob", "https://a.example/@bob")
    carl = request_of(world, account, "carl", "https://a.example/@carl")
    later = request_of(world, account, "dora", "https://a.example/@dora")
    for request, word in ((ann, "Not now."), (bob, "Not now."), (carl, "")):
        found = get_request(world.session, request.id)
        decline(world.session, found, word, "Jesse", NOON, can_mail=True)
        decline(world.session, found, "Another word", "Jesse", NOON, can_mail=True)
    with pytest.raises(Invalid, match="2,000 characters"):
        decline(world.session, later, "x" * 2_001, "Jesse", NOON, can_mail=True)
    decide_later(world.session, later, NOON)
    world.session.commit()
    assert [each.word_state for each in (ann, bob, carl)] == ["due", "by_hand", None]
    assert later.state == "later"
    with served(box) as smtp:
        worker(world, clock, smtp).do_all_due()
        worker(world, clock, smtp).do_all_due()
    assert box.mail().get_content().strip() == "Not now."
    told(world.session, get_request(world.session, bob.id), NOON)
    with pytest.raises(Conflict, match="not declined with a word"):
        told(world.session, get_request(world.session, carl.id), NOON)
    world.session.commit()
    assert delete_decided(world.session, NOON + KEPT - timedelta(seconds=1)) == 0
    assert delete_decided(world.session, NOON + KEPT) == 3
    world.session.commit()
    assert [row.handle for row in world.session.scalars(select(JoinRequest))] == ["@dora"]


def test_somebody_who_was_declined_by_mistake_can_be_let_in(sqlite_world: World) -> None:
    """For as long as the request is kept; not the other way round."""
    world = sqlite_world
    account = world.account("@we@a.example", "mastodon", "we")
    request = request_of(world, account, "ann", "https://a.example/@ann", mail=MAIL)
    decline(world.session, request, "No.", "Jesse", NOON, can_mail=True)
    let_in(world, request)
    assert (request.state, request.word, request.word_next_at) == ("approved", None, None)
    with pytest.raises(Conflict, match="remove the member"):
        decline(world.session, request, "", "Jesse", NOON, can_mail=True)


def test_the_activity_log_names_nobody(sqlite_world: World) -> None:
    """It stays when they leave."""
    world = sqlite_world
    account = world.account("@we@a.example", "mastodon", "we")
    let_in(world, request_of(world, account, "annabel", "https://a.example/@annabel"))
    said = " ".join(world.session.scalars(select(AuditEntry.what)))
    assert "Let member 1 into the community of @we@a.example." in said
    assert "annabel" not in said


def test_the_service_tidies_once_a_minute(sqlite_world: World) -> None:
    """Old requests go, and agreements come with later lists."""
    world, clock = sqlite_world, Clock()
    account = world.account("@we@a.example", "mastodon", "we")
    let_in(world, request_of(world, account, "ann", "https://a.example/@ann"))
    doing = worker(world, clock)
    doing.tidy()
    roster(world, account, "ann")
    clock.now += timedelta(seconds=59)
    doing.tidy()
    assert world.session.scalar(select(func.count()).select_from(Consent)) == 0
    world.session.rollback()
    clock.now += KEPT
    doing.tidy()
    assert world.session.scalar(select(func.count()).select_from(Consent)) == 1
    assert world.session.scalars(select(JoinRequest)).all() == []


def test_two_machines_do_each_step_once(world: World) -> None:
    """Both look at the same moment."""
    clock, gatehouse, box = Clock(), Gatehouse(asking={"7", "8"}), Mailbox()
    with standin(gatehouse.answer) as place, served(box) as smtp:
        account = connected(world, gatehouse, place)
        for name in ("ann", "bob"):
            request = request_of(
                world, account, name, gatehouse.url(name), mail=f"{name}@a.example"
            )
            let_in(world, request, can_mail=True)
        world.session.rollback()
        machines = [Thread(target=worker(world, clock, smtp).do_all_due) for _ in range(2)]
        for machine in machines:
            machine.start()
        for machine in machines:
            machine.join()
    assert sorted(gatehouse.done) == [
        ("accept", "ann"), ("accept", "bob"), ("follow", "ann"), ("follow", "bob"),
    ]  # fmt: skip
    assert sorted(each.rcpt_tos[0] for each in box.envelopes) == ["ann@a.example", "bob@a.example"]
    assert set(world.session.scalars(select(MemberStep.state))) == {"done"}


def test_who_was_let_in_is_not_followed_back_again(sqlite_world: World) -> None:
    """Following back has the same log."""
    world, gatehouse = sqlite_world, Gatehouse(asking={"7"})
    with standin(gatehouse.answer) as place:
        account = connected(world, gatehouse, place)
        account.role = "you"
        roster(world, account, "old", NOON - HOUR)
        people = [FollowerRecord(gatehouse.url(name), f"@{name}") for name in ("ann", "bob")]
        take_roster(
            world.session, account, [FollowerRecord("https://a.example/@old", "@old"), *people],
            NOON, "test", confirmed=True, now=NOON,
            forgotten=Forgotten(account.network, KEY, frozenset()),
        )  # fmt: skip
        world.session.commit()
        let_in(world, request_of(world, account, "ann", gatehouse.url("ann")))
        worker(world, Clock()).do_all_due()
        plan = make_plan(world.session, account, NOON - 24 * HOUR, 20, NOON)
    assert [each.handle for each in plan.now] == ["@bob"]


def test_a_mail_that_is_late_may_have_been_sent_by_somebody_else(sqlite_world: World) -> None:
    """As after a backup was restored: the owner decides, for the welcome and for a word."""
    world, clock, box = sqlite_world, Clock(), Mailbox()
    account = world.account("Letter", "other", "we")
    member = let_in(world, request_of(world, account, "ann", mail=MAIL), can_mail=True)
    asked = request_of(world, account, "bob", mail="bob@example.org")
    decline(world.session, asked, "Not now.", "Jesse", NOON, can_mail=True)
    world.session.commit()
    clock.now += 2 * HOUR
    with served(box) as smtp:
        worker(world, clock, smtp).do_all_due()
        assert box.envelopes == []
        assert "restored from a backup" in str(step_of(world, member, "welcome").problem)
        world.session.refresh(asked)
        assert asked.word_state == "in_doubt"
        world.session.rollback()
        try_again(world.session, member, "welcome", clock.now)
        world.session.commit()
        worker(world, clock, smtp).do_all_due()
    assert [each.rcpt_tos for each in box.envelopes] == [[MAIL]]
