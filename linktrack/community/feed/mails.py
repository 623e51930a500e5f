"""The mail of a week to a member: begun before it is sent, so that nobody gets it twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.feed.formats import plain_text, shown
from linktrack.community.feed.reading import MemberFeed
from linktrack.community.feed.texts import fit
from linktrack.community.models import Community, FeedEntry, FeedMail, MailState, Member
from linktrack.db import Database
from linktrack.db_failures import is_duplicate
from linktrack.ids import AccountId

DOUBTFUL: Final = timedelta(hours=1)
"""A mail that was begun so long ago was cut off: whether it went out, nobody knows."""

_RULE: Final = "-" * 60


@dataclass(frozen=True, slots=True)
class MailAddresses:
    """What a mail leads to: the feed, its member's own page, and the end of the mails."""

    feed: str
    member: str
    no_mails: str


def mailing_communities(session: Session, since: datetime, until: datetime) -> Sequence[AccountId]:
    """Return the accounts that mail their members, and had something brought in meanwhile."""
    brought = exists().where(
        FeedEntry.account_id == Community.account_id,
        FeedEntry.brought_at >= since,
        FeedEntry.brought_at < until,
    )
    query = (
        select(Community.account_id)
        .join(Account, Account.id == Community.account_id)
        .where(Community.mails, Account.removed_at.is_(None), brought)
    )
    return session.scalars(query.order_by(Community.account_id)).all()


def is_unsettled(session: Session, until: datetime, now: datetime) -> bool:
    """Whether entries of weeks that ended by then have no place yet, or mails were cut off."""
    unranked = exists().where(FeedEntry.week_rank.is_(None), FeedEntry.brought_at < until)
    return bool(session.scalar(select(unranked | exists().where(*_cut_off(now)))))


def unmailed(
    session: Session,
    account_id: AccountId,
    week: int,
    until: datetime,
    *,
    after: int,
    limit: int,
) -> Sequence[int]:
    """Return members who agreed to mails and were not sent that of a week, behind number `after`.

    They are given by their numbers. Those who came later than its end get no mail of it.
    """
    sent = exists().where(FeedMail.member_id == Member.id, FeedMail.week == week)
    query = (
        select(Member.id)
        .where(Member.account_id == account_id, Member.agrees_mail, Member.id > after)
        .where(Member.sealed_mail.is_not(None), Member.joined_at < until, ~sent)
    )
    return session.scalars(query.order_by(Member.id).limit(limit)).all()


def begin(database: Database, member_id: int, week: int, now: datetime) -> bool:
    """Keep that the mail is being sent; return whether it is ours to send."""
    row = {"member_id": member_id, "week": week, "state": "begun", "begun_at": now}
    with database.session(writes=True) as session:
        # Whoever took the mails back, or left, a moment ago gets none.
        agrees = select(Member.id).where(Member.id == member_id, Member.agrees_mail)
        if session.scalar(agrees) is None:
            return False
        try:
            session.execute(insert(FeedMail), [row])
            session.commit()
        except Exception as error:
            if is_duplicate(error):
                return False
            raise
    return True


def end(
    database: Database,
    member_id: int,
    week: int,
    state: MailState,
    *,
    now: datetime,
    problem: str | None = None,
) -> None:
    """Keep what came of a mail that was begun."""
    this = FeedMail.member_id == member_id, FeedMail.week == week
    with database.session(writes=True) as session:
        change = update(FeedMail).where(*this)
        session.execute(change.values(state=state, ended_at=now, problem=problem))
        session.commit()


def take_back(database: Database, member_id: int, week: int) -> None:
    """Forget that a mail was begun of which the mail server was given nothing: it goes later."""
    this = FeedMail.member_id == member_id, FeedMail.week == week
    with database.session(writes=True) as session:
        session.execute(delete(FeedMail).where(*this))
        session.commit()


def doubt_old(session: Session, now: datetime) -> None:
    """Say of mails that were cut off that they are in doubt; they are not sent again."""
    doubted = update(FeedMail).where(*_cut_off(now))
    session.execute(doubted.values(state="in_doubt", ended_at=now))


def _cut_off(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return FeedMail.state == "begun", FeedMail.begun_at < now - DOUBTFUL


def subject_of(feed: MemberFeed, first: date) -> str:
    """Return the subject of the mail of the week that begins on a day."""
    return fit(f"{feed.community}: the week of {first.day} {first:%b %Y}").replace("\n", " ")


def text_of(feed: MemberFeed, addresses: MailAddresses) -> str:
    """Return the mail: each post with its links, and how to leave or get new addresses."""
    posts = [
        f"{plain_text(feed, item)}\n\n{each.author}, {item.posted_at.day} {item.posted_at:%b %Y}"
        + (f"\n{each.address}" if each.address else "")
        for item, each in zip(feed.items, shown(feed), strict=True)
    ]
    foot = (
        f"You get this as a member of the community of {fit(feed.community)}.\n"
        f"Your feed, to read at any time: {addresses.feed}\n"
        f"New addresses, or leave the community: {addresses.member}\n"
        f"No more emails: {addresses.no_mails}\n"
        "Keep these addresses to yourself: they are yours alone."
    )
    return f"\n\n{_RULE}\n\n".join([*posts, foot]) + "\n"


def headers_of(addresses: MailAddresses) -> dict[str, str]:
    """Return the headers by which a mail program ends the mails with one click (RFC 8058)."""
    headers = {"List-Unsubscribe": f"<{addresses.no_mails}>"}
    if addresses.no_mails.startswith("https://"):  # the standard is for https alone
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
