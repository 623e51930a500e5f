"""The mail of the week: to each member who agreed, once, with what was brought in."""

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from audiences import followers
from killmails import mail_due
from mailboxes import Mailbox, served
from members import Club, add_member, club
from sqlalchemy import select
from victims import run_apart
from world import NOON, World

from linktrack.clicks.records import ClickRecord
from linktrack.community.contacts import seal_mail
from linktrack.community.feed.bringing_in import take_out
from linktrack.community.feed_addresses import member_token
from linktrack.community.models import Community, FeedEntry, FeedMail, Member
from linktrack.db import to_ms
from linktrack.ids import PostId
from linktrack.keys import load_keys
from linktrack.links.models import Post
from linktrack.settings import load_settings
from linktrack.webhooks.feed_mails import MOST_DEFERRED, FeedMails

# NOON is a Monday; what is brought in then is in the mail of the next one.
EIGHT = datetime(2026, 5, 11, 8, tzinfo=NOON.tzinfo)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def we(world: World) -> Club:
    """A community whose installation knows a mail server once `mailing` has set it."""
    return club(world)


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, str]]:
    """A mail server and its address."""
    found = Mailbox(refused=["nobody@example.org"])
    with served(found) as where:
        yield found, f"smtp://{where}"


def mailing(we: Club, url: str, at: datetime = EIGHT) -> FeedMails:
    """Return what sends the mails, with a mail server, at a moment."""
    found = load_settings(
        {
            "LINKTRACK_DATA": str(we.world.settings.data),
            "LINKTRACK_DATABASE": we.world.settings.database,
            "LINKTRACK_BASE_URL": we.world.settings.base_url,
            "LINKTRACK_PERSONAL_LINKS": "on",
            "LINKTRACK_SMTP_URL": url,
            "LINKTRACK_MAIL_TO": "owner@example.org",
        }
    )
    we.world.settings = we.world.database.settings = found
    keys = load_keys(found.data)
    return FeedMails(we.world.database, we.world.shortener, keys, lambda: at)


def agrees(we: Club, member: Member, address: str) -> Member:
    """Let a member get mails."""
    sealed = seal_mail(load_keys(we.world.settings.data).sealing(), address)
    member.sealed_mail, member.mail_digest = sealed.sealed, sealed.digest
    member.agrees_mail = True
    we.world.session.commit()
    return member


def newcomer(we: Club, name: str) -> Member:
    """Add a member who gets mails."""
    member = add_member(we.world.session, we.community, f"@{name}", network_id=f"id {name}")
    return agrees(we, member, f"{name}@example.org")


def states(we: Club) -> dict[int, str]:
    """Return what came of each member's mail."""
    we.world.session.rollback()
    rows = we.world.session.scalars(select(FeedMail)).all()
    found: dict[int, str] = {row.member_id: row.state for row in rows}
    we.world.session.rollback()
    return found


def addressed(box: Mailbox) -> list[str]:
    """Return who got mails, in order."""
    return [address for envelope in box.envelopes for address in envelope.rcpt_tos]


def test_each_member_who_agreed_gets_the_week_once_with_links_of_their_own(
    we: Club, box: tuple[Mailbox, str]
) -> None:
    """From Monday 8 o'clock; the mail ends the mails with one click, and leads to new addresses."""
    (mails, url), world = box, we.world
    ada = agrees(we, we.ada, "ada@example.org")
    add_member(world.session, we.community, "@quiet", network_id="q")
    entry = we.bring("See http://one.com/", note="My favourite")
    we.bring("http://later.com/", at=NOON + timedelta(days=7))
    assert mailing(we, url, EIGHT - timedelta(minutes=1)).mail_due() == 0
    assert mailing(we, url).mail_due() == 1
    assert mailing(we, url, EIGHT + timedelta(days=3)).mail_due() == 0
    found = mails.mail()
    text = found.get_content()
    token, ends = (member_token(we.markers, each, ada) for each in ("member", "mails"))
    assert addressed(mails) == ["ada@example.org"]
    assert found["Subject"] == "@we@example.social: the week of 4 May 2026"
    assert found["List-Unsubscribe"] == f"<https://go.jessestay.com/feed/mails/{ends}>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("My favourite", f"/feed/member/{token}", f"/feed/{we.token()}.html", ends):
        assert part in text
    assert "later.com" not in text
    codes = world.shortener.codes
    (code,) = (
        word.rpartition("/")[2] for word in text.split() if "/feed/" not in word and "/go." in word
    )
    bearer = codes.read(code)
    assert bearer is not None
    assert (bearer.segment_id, bearer.follower_id is None) == (entry.segment_id, False)
    assert mailing(we, url, EIGHT + timedelta(days=7)).mail_due() == 1
    assert "later.com" not in str(mails.read(mails.envelopes[1]))  # its link is ours
    assert states(we) == {ada.id: "sent"}


def test_nobody_is_mailed_where_nothing_was_brought_in_or_mails_are_off(
    we: Club, box: tuple[Mailbox, str]
) -> None:
    """Nor who took the mails back, or came after the week."""
    (mails, url), session = box, we.world.session
    agrees(we, we.ada, "ada@example.org")
    assert mailing(we, url).mail_due() == 0
    entry = we.bring("http://one.com/")
    session.get_one(Community, we.community.id).mails = False
    session.commit()
    assert mailing(we, url).mail_due() == 0
    session.get_one(Community, we.community.id).mails = True
    newcomer(we, "late").joined_at = EIGHT
    we.ada.agrees_mail = False
    session.commit()
    assert mailing(we, url).mail_due() == 0
    we.ada.agrees_mail = True
    take_out(session, entry, NOON)
    session.commit()
    assert mailing(we, url).mail_due() == 0
    assert mails.envelopes == []


def test_what_the_server_refuses_is_told_apart(we: Club) -> None:
    """No such mailbox: not again. Later, or not reached: again. Nobody else's mail is held up."""

    class Moody(Mailbox):
        async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
            self, server: Any, session: Any, envelope: Any, address: str, options: Any
        ) -> str:
            if address in self.refused:
                return "450 later"
            if address.startswith("nobody"):
                return "550 no such mailbox"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    we.bring("http://one.com/")
    names = ("nobody", "greylisted", "ben")
    nobody, greylisted, ben = (newcomer(we, name) for name in names)
    assert mailing(we, "smtp://127.0.0.1:9").mail_due() == 0
    assert states(we) == {}
    box = Moody(refused=["greylisted@example.org"])
    with served(box) as where:
        assert mailing(we, f"smtp://{where}").mail_due() == 1
        assert states(we) == {nobody.id: "refused", ben.id: "sent"}
        problems = we.world.session.scalars(select(FeedMail.problem)).all()
        assert not any("example.org" in (each or "") for each in problems)
        we.world.session.rollback()
        box.refused = ()
        assert mailing(we, f"smtp://{where}").mail_due() == 1
    assert states(we) == {nobody.id: "refused", ben.id: "sent", greylisted.id: "sent"}
    assert addressed(box) == ["ben@example.org", "greylisted@example.org"]


def test_full_mailboxes_keep_nobody_from_their_mail(we: Club) -> None:
    """However many of them come first: they are tried again later, and the others now."""
    we.bring("http://one.com/")
    names = [f"full{number}" for number in range(MOST_DEFERRED)]
    for name in names:
        newcomer(we, name)
    ben = newcomer(we, "ben")
    box = Mailbox(deferred=[f"{name}@example.org" for name in names])
    with served(box) as where:
        mails = mailing(we, f"smtp://{where}")
        assert mails.mail_due() == 0  # so many after one another: it may be the server
        assert mails.mail_due() == 1
    assert states(we) == {ben.id: "sent"}


def test_the_best_of_a_week_are_those_furthest_above_their_own_usual(
    we: Club, box: tuple[Mailbox, str]
) -> None:
    """With the best of each week, feed and mail have those alone; a place stays for ever."""
    (_, url), world, session = box, we.world, we.world.session
    agrees(we, we.ada, "ada@example.org")
    for account, number in ((we.links, 10_000), (we.me, 100)):
        followers(world, account, number, -60)
    clicks: list[ClickRecord] = []
    entries: list[FeedEntry] = []

    def clicked(post_id: PostId | None, at: datetime, people: int) -> None:
        link = session.get_one(Post, post_id).links[0].id
        for _ in range(people):  # a minute apart: many at once are a program
            number = len(clicks)
            clicks.append(
                ClickRecord(to_ms(at) + number % 600 * 60_000, link, FIREFOX, None, number)
            )

    for number in range(12):  # what is usual: ten people
        at = NOON - timedelta(days=30 - number)
        clicked(world.post(we.links, f"http://one.com/{number}", at).id, at, 10)
    for people in (5, 60, 30):
        entries.append(we.bring(f"http://two.com/{people}"))
        clicked(entries[-1].post_id, NOON - timedelta(days=9), people)
    session.commit()
    world.click(clicks)
    community = session.get_one(Community, we.community.id)
    community.feed, community.weekly_best = "weekly", 2
    session.commit()
    assert mailing(we, url).mail_due() == 1
    ranks = session.scalars(select(FeedEntry.week_rank).order_by(FeedEntry.id)).all()
    session.rollback()
    assert ranks == [3, 1, 2]
    with we.pages() as pages:
        feed = pages.get(f"/feed/{we.token()}").text
    assert feed.count("<entry>") == 2


class Killer(Mailbox):
    """Kills whoever hands it the mail number `fatal`, before or after taking it."""

    def __init__(self, fatal: int, *, takes: bool) -> None:
        super().__init__()
        self.fatal, self.takes, self.pid = fatal, takes, 0

    def watch(self, pid: int) -> None:
        """Know whom to kill."""
        self.pid = pid

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.fatal -= 1
        if self.fatal == 0:
            if self.takes:
                self.envelopes.append(envelope)
            os.kill(self.pid, signal.SIGKILL)
            return "451 you are dead"
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.slow
@pytest.mark.parametrize("takes", [True, False])
def test_nobody_is_mailed_twice_whatever_is_killed(we: Club, takes: bool) -> None:
    """The one that was cut off is in doubt, and all others get theirs."""
    members = [agrees(we, we.ada, "m0@example.org"), *(newcomer(we, f"m{n}") for n in range(1, 4))]
    we.bring("http://one.com/")
    box = Killer(2, takes=takes)
    settings = we.world.settings
    with served(box) as where:
        for at, ended in ((EIGHT, -signal.SIGKILL), (EIGHT + timedelta(hours=2), 0)):
            given = (settings.data, settings.database, f"smtp://{where}", at)
            assert run_apart(mail_due, *given, told=box.watch) == ended
    got = addressed(box)
    assert len(got) == len(set(got)) == 4 - (not takes)
    in_doubt = members[1].id
    assert states(we) == {
        member.id: "in_doubt" if member.id == in_doubt else "sent" for member in members
    }
