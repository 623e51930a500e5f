"""What becomes of suggestions: drafts with credit, answers said once, and what is deleted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from mailboxes import Mailbox, served
from plaza import MOSS, Plaza, listener
from servers import free_port
from sqlalchemy import func, select
from square import Clock, Killed, person, roster
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.audience.utm import set_utm_values
from linktrack.calendar.days import Days
from linktrack.community.members.forgetting import forget_person
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.answering import Offer, Offers, ask, offers_for
from linktrack.community.suggestions.deciding import decline, draft, remove, reopen
from linktrack.community.suggestions.filling import Filled, suggest
from linktrack.community.suggestions.inbox import Which, count_new, entries, list_suggestions
from linktrack.community.suggestions.leaving import tidy
from linktrack.community.suggestions.models import SeenSuggestion, SuggestionAnswer
from linktrack.community.suggestions.reading import take_suggestions
from linktrack.community.suggestions.saying import Mailing, say_due
from linktrack.errors import Conflict, Invalid, NotFound, Unavailable
from linktrack.keys import load_keys
from linktrack.links.models import Post
from linktrack.links.people import promoted_by
from linktrack.mail import mail_server
from linktrack.networks.errors import Pause, Refused, Unclear
from linktrack.publishing.states import publish


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plaza(clock: Clock) -> Plaza:
    return Plaza(clock)


def taken(world: World, account: Account, plaza: Plaza) -> list[Suggestion]:
    """Take in what was said; return all suggestions, the oldest first."""
    world.session.commit()
    key = load_keys(world.settings.data).forgetting
    done = take_suggestions(
        world.database, account, plaza.open,
        key=key, base_url=world.settings.base_url, clock=plaza.clock,
    )  # fmt: skip
    assert done.problem is None
    world.session.rollback()
    return list(world.session.scalars(select(Suggestion).order_by(Suggestion.id)))


def one(world: World, account: Account, plaza: Plaza, text: str = f"Look: {MOSS}") -> Suggestion:
    plaza.say("ann", f"@you.test {text}")
    return taken(world, account, plaza)[-1]


def drafted(world: World, suggestion: Suggestion) -> Post:
    post = draft(world.session, world.shortener, suggestion, world.settings.base_url, NOON)
    world.session.commit()
    return post


def published(world: World, suggestion: Suggestion) -> Post:
    post = drafted(world, suggestion)
    publish(world.session, post, NOON, NOON, world_days(world))
    world.session.commit()
    return post


def world_days(world: World) -> Days:
    return Days(world.settings.timezone, world.settings.visitor_period)


def listed(world: World, which: Which = "new") -> list[int]:
    return [each.id for each in list_suggestions(world.session, None, which)]


def test_one_tap_makes_a_draft_with_credit_and_promotes_who_found_it(
    world: World, plaza: Plaza
) -> None:
    """Their words stand in quotes; a second tap is the same draft."""
    account = listener(world)
    found = one(world, account, plaza, f"you will love this field guide: {MOSS}")
    post = drafted(world, found)
    assert post.state == "draft"
    assert post.written == f"“you will love this field guide”\n{MOSS}\n\nvia @ann.test"
    assert post.links[0].destination == MOSS
    assert MOSS not in post.text
    who = promoted_by(world.session, post.links[0], post.written)
    assert [(person.name, by_hand) for person, by_hand in who] == [("@ann.test", True)]
    assert drafted(world, found).id == post.id
    assert world.session.scalar(select(func.count()).select_from(Post)) == 1
    assert (found.state, found.post_id) == ("drafted", post.id)
    with pytest.raises(Conflict, match="made into a draft already"):
        decline(world.session, found, NOON)


def test_a_page_suggested_twice_is_one_line_and_one_draft(world: World, plaza: Plaza) -> None:
    """However its address is written; credit has who said it first, and both can be told."""
    account = listener(world)
    set_utm_values(world.session, account, {"utm_campaign": "{date}", "utm_term": "{slug}"})
    plaza.say("ann", f"{MOSS}/?utm_source=x")
    plaza.clock.now += timedelta(minutes=1)
    plaza.say("ben", "http://www.example.org/moss")
    plaza.say("cat", "https://example.org/fern")
    ann, ben, cat = taken(world, account, plaza)
    assert listed(world) == [cat.id, ben.id]
    [_, entry] = entries(world.session, list_suggestions(world.session, None, "new"))
    assert [each.id for each in entry.also] == [ann.id]
    post = drafted(world, ben)
    assert post.written.endswith("via @ann.test")
    assert {ann.state, ben.state, cat.state} == {"drafted", "new"}
    assert ann.post_id == ben.post_id == post.id
    later = one(world, account, plaza, MOSS)
    [entry] = entries(world.session, [later])
    assert [each.id for each in entry.posted] == [post.id]


def test_the_inbox_says_who_it_was_and_pages(world: World, plaza: Plaza) -> None:
    """Since when they follow, by the lists; behind the last one shown, others come."""
    account = listener(world)
    roster(world, account, [person("old")], NOON - timedelta(days=9))
    roster(world, account, [person("old"), person("ann")], NOON - timedelta(days=3))
    for number in range(5):
        plaza.clock.now += timedelta(minutes=1)
        plaza.say("ann" if number else "zoe", f"https://example.org/{number}")
    found = taken(world, account, plaza)
    first = list_suggestions(world.session, account.id, "new", limit=3)
    rest = list_suggestions(world.session, account.id, "new", before=first[-1].id, limit=3)
    newest = sorted(found, key=lambda each: each.said_at, reverse=True)
    assert [each.id for each in (*first, *rest)] == [each.id for each in newest]
    known = {each.sender.handle: each.sender for each in entries(world.session, found)}
    assert known["@ann.test"].since == NOON - timedelta(days=3)
    assert known["@zoe.test"].since is None
    assert known["@ann.test"].is_proved
    assert known["@ann.test"].profile == "https://bsky.app/profile/did:plc:ann"
    assert count_new(world.session) == {account.id: 5}
    decline(world.session, newest[-1], NOON)
    world.session.commit()
    assert count_new(world.session) == {account.id: 4}
    assert listed(world, "all")[-1] == newest[-1].id
    reopen(world.session, newest[-1], NOON)
    assert newest[-1].state == "new"


def test_quotes_are_cut_to_what_the_network_takes(world: World, plaza: Plaza) -> None:
    """The addresses and the credit stay whole."""
    account = listener(world)
    post = drafted(world, one(world, account, plaza, f"{'wonderful ' * 180} {MOSS}"))
    assert f"{MOSS}\n\nvia @ann.test" in post.written
    assert len(post.text) <= 300


# Answers ----------------------------------------------------------------------------------------


def say(world: World, plaza: Plaza) -> int:
    world.session.commit()
    return say_due(world.database, plaza.open, Mailing(None, b"k" * 32, "go.example"), plaza.clock)


def answer_of(world: World, suggestion: Suggestion, kind: str = "thanks") -> SuggestionAnswer:
    world.session.rollback()
    world.session.expire_all()
    found = world.session.get(SuggestionAnswer, (suggestion.id, kind))
    assert found is not None
    return found


def offers_of(world: World, suggestion: Suggestion) -> Offers:
    return offers_for(world.session, [suggestion], can_mail=True)[suggestion.id]


def asked(world: World, account: Account, suggestion: Suggestion, kind: str = "thanks") -> None:
    offer = (
        offers_of(world, suggestion).thanks
        if kind == "thanks"
        else offers_of(world, suggestion).word
    )
    assert offer is not None
    assert offer.way == "reply"
    ask(world.session, account, suggestion, offer, NOON, base_url=world.settings.base_url)
    world.session.commit()


def test_nothing_is_said_until_the_owner_presses(world: World, plaza: Plaza) -> None:
    """Then it is a reply to what they said, once, however often the owner presses."""
    account = listener(world)
    found = one(world, account, plaza)
    assert say(world, plaza) == 0
    asked(world, account, found)
    asked(world, account, found)
    assert say(world, plaza) == 1
    assert say(world, plaza) == 0
    [message] = plaza.replies.values()
    assert (message.text, message.reply_to) == ("Thank you for the link!", found.network_id)
    done = answer_of(world, found)
    assert (done.state, found.state) == ("done", "thanked")
    assert str(done.url).startswith("https://bsky.test/")


KILLS: list[Callable[[Plaza], None]] = [
    lambda plaza: plaza.before.append(Killed()),
    lambda plaza: plaza.after.append(Killed()),
    lambda plaza: plaza.after.append(Unclear("No answer came.")),
    lambda plaza: plaza.before.append(Unavailable("It is out.")),
    lambda plaza: plaza.before.append(Pause(NOON + timedelta(minutes=3))),
]


@pytest.mark.parametrize("kind", ["thanks", "published"])
@pytest.mark.parametrize("trouble", KILLS)
def test_whatever_is_killed_they_read_it_once(
    world: World, plaza: Plaza, trouble: Callable[[Plaza], None], kind: str
) -> None:
    """A reply that may be out is looked for before it is sent again."""
    account = listener(world)
    found = one(world, account, plaza)
    if kind == "published":
        published(world, found)
    asked(world, account, found, kind)
    trouble(plaza)
    try:
        say(world, plaza)
    except Killed:
        assert answer_of(world, found, kind).state == "begun"
    for _ in range(3):
        plaza.clock.now += timedelta(minutes=11)
        say(world, plaza)
    assert len(plaza.replies) == 1
    assert answer_of(world, found, kind).state == "done"
    world.session.refresh(found)
    assert (found.told_at is not None) is (kind == "published")


def test_a_refused_reply_is_said_and_can_be_done_by_hand(world: World, plaza: Plaza) -> None:
    """Linktrack doesn't try it again."""
    account = listener(world)
    found = one(world, account, plaza)
    asked(world, account, found)
    plaza.before.append(Refused("They have blocked you."))
    say(world, plaza)
    plaza.clock.now += timedelta(hours=1)
    assert say(world, plaza) == 0
    refused = answer_of(world, found)
    assert (refused.state, refused.problem) == ("refused", "They have blocked you.")
    with pytest.raises(Conflict, match="by hand"):
        asked(world, account, found)
    offer = Offer("thanks", "hand", "")
    ask(world.session, account, found, offer, NOON, base_url=world.settings.base_url)
    world.session.commit()
    assert answer_of(world, found).state == "done"


def test_they_are_told_only_once_it_is_published(world: World, plaza: Plaza) -> None:
    """A text that the network doesn't take is refused before anything is kept."""
    account = listener(world)
    found = one(world, account, plaza)
    drafted(world, found)
    assert offers_of(world, found).word is None
    with pytest.raises(Conflict, match="isn't published yet"):
        ask(
            world.session, account, found, Offer("published", "reply", "Hi"),
            NOON, base_url=world.settings.base_url,
        )  # fmt: skip
    published(world, found)
    with pytest.raises(Invalid, match="too long"):
        ask(
            world.session, account, found, Offer("published", "reply", "x" * 301),
            NOON, base_url=world.settings.base_url,
        )  # fmt: skip
    asked(world, account, found, "published")


def by_mail(world: World) -> Suggestion:
    """Somebody used the form, wants to be told, and their find is published."""
    account = listener(world)
    found = fill(world, account, mail="ann@example.org", wants_word=True)
    published(world, found)
    offer = offers_of(world, found).word
    assert offer is not None
    assert offer.way == "mail"
    ask(world.session, account, found, offer, NOON, base_url=world.settings.base_url)
    world.session.commit()
    return found


def mailing(world: World, url: str) -> Mailing:
    server = mail_server(url, "you@example.org", "you@example.org")
    return Mailing(server, load_keys(world.settings.data).sealing(), "go.example")


def test_whoever_left_an_address_gets_one_mail(world: World, plaza: Plaza) -> None:
    """Then the address is deleted; a server that is away is tried again."""
    found = by_mail(world)
    away = mailing(world, f"smtp://127.0.0.1:{free_port()}")
    say_due(world.database, plaza.open, away, plaza.clock)
    assert answer_of(world, found, "published").state == "due"
    plaza.clock.now += timedelta(minutes=10)
    box = Mailbox()
    with served(box) as where:
        for _ in range(2):
            say_due(world.database, plaza.open, mailing(world, f"smtp://{where}"), plaza.clock)
            plaza.clock.now += timedelta(minutes=20)
    mail = box.mail()
    assert mail["To"] == "ann@example.org"
    assert "shared what you found" in mail.get_content()
    assert answer_of(world, found, "published").state == "done"
    world.session.refresh(found)
    assert (found.sealed_mail, found.mail_digest) == (None, None)
    assert found.told_at is not None


def test_a_mail_whose_sending_was_killed_is_never_sent_again(world: World, plaza: Plaza) -> None:
    """Nobody can look whether it arrived: the owner reads that it may have."""
    found = by_mail(world)
    answer = answer_of(world, found, "published")
    answer.state, answer.next_at = "begun", NOON
    world.session.commit()
    box = Mailbox()
    with served(box) as where:
        say_due(world.database, plaza.open, mailing(world, f"smtp://{where}"), plaza.clock)
    assert box.envelopes == []
    left = answer_of(world, found, "published")
    assert (left.state, left.next_at) == ("in_doubt", None)
    assert "may have arrived" in str(left.problem)


# What goes --------------------------------------------------------------------------------------


def test_a_deleted_suggestion_is_not_taken_in_again(world: World, plaza: Plaza) -> None:
    """Nothing says any more who it was."""
    account = listener(world)
    found = one(world, account, plaza)
    remove(world.session, found, NOON)
    plaza.clock.now += timedelta(minutes=11)
    assert taken(world, account, plaza) == []
    [trace] = world.session.scalars(select(SeenSuggestion)).all()
    assert "ann" not in trace.digest


def test_after_weeks_only_addresses_are_left_of_decided_ones(world: World, plaza: Plaza) -> None:
    """And nothing of those that nobody decided on for half a year."""
    account = listener(world)
    found = one(world, account, plaza)
    post = published(world, found)
    plaza.say("ben", "https://example.org/waits")
    waits = taken(world, account, plaza)[-1].id
    assert tidy(world.session, NOON + timedelta(weeks=8)) == 0
    assert tidy(world.session, NOON + timedelta(weeks=8, seconds=1)) == 1
    world.session.commit()
    world.session.refresh(found)
    assert (found.handle, found.person_id, found.network_id, found.text) == (None, None, None, "")
    assert (found.state, found.post_id) == ("drafted", post.id)
    [entry] = entries(world.session, [found])
    assert entry.addresses == [MOSS]
    assert offers_of(world, found).word is None
    assert tidy(world.session, NOON + timedelta(weeks=27)) == 1
    assert world.session.get(Suggestion, waits) is None


def test_whoever_is_forgotten_is_in_no_suggestion(world: World, plaza: Plaza) -> None:
    """The draft that came of one stays; what they said isn't taken in again."""
    account = listener(world)
    first = one(world, account, plaza)
    post = drafted(world, first)
    asked(world, account, first)
    plaza.say("ben", "https://example.org/third")
    taken(world, account, plaza)
    forget_person(
        world.session, "did:plc:ann", load_keys(world.settings.data), world_days(world), NOON
    )
    world.session.commit()
    plaza.clock.now += timedelta(minutes=11)
    left = taken(world, account, plaza)
    assert [(each.handle, each.post_id) for each in left] == [(None, post.id), ("@ben.test", None)]
    assert world.session.scalars(select(SuggestionAnswer)).all() == []


# The form ---------------------------------------------------------------------------------------


def fill(world: World, account: Account, **fields: object) -> Suggestion:
    filled = Filled(**{"address": MOSS, **fields})  # type: ignore[arg-type]
    found = suggest(
        world.session, load_keys(world.settings.data), account, filled,
        NOON, base_url=world.settings.base_url,
    )  # fmt: skip
    world.session.commit()
    return found


def test_the_form_stores_what_was_filled_in_once(world: World) -> None:
    """A mail address is kept only where they want to be told, and is sealed."""
    account = listener(world)
    found = fill(world, account, text="Nice!", handle="ann.test", mail="ann@example.org")
    assert fill(world, account, text="Nice!", handle="@ann.test").id == found.id
    assert (found.handle, found.sealed_mail, found.wants_word) == ("@ann.test", None, False)
    told = fill(world, account, text="2", mail="ann@example.org", wants_word=True)
    assert told.sealed_mail is not None
    assert "example" not in told.sealed_mail
    assert fill(world, account, address="example.org/bare").text == ""


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"address": ""}, "Write the address"),
        ({"address": "nonsense"}, "write it like example.org/page"),
        ({"address": "javascript:alert(1)"}, "not the address of a web page"),
        ({"address": "https://go.jessestay.com/Ab3dE"}, "one of our own short links"),
        ({"text": "x" * 2_001}, "too long"),
        ({"text": "\ud800"}, "cannot be stored"),
        ({"handle": "not a handle"}, "write it as"),
        ({"wants_word": True}, "To be told"),
        ({"wants_word": True, "mail": "no"}, "not an email address"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(
    world: World, fields: dict[str, object], sentence: str
) -> None:
    """And nothing is stored."""
    account = listener(world)
    with pytest.raises(Invalid, match=sentence):
        fill(world, account, **fields)
    world.session.rollback()
    assert world.session.scalars(select(Suggestion)).all() == []


def test_a_form_that_is_off_is_nowhere(world: World) -> None:
    """As if there were no such page."""
    with pytest.raises(NotFound):
        fill(world, world.account("@off.test", "bluesky"))
