"""Communities: opening and closing them, and what their owner chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.community.models import Community, FeedMode, Member
from linktrack.errors import Invalid, NotFound
from linktrack.owners.audit import note

FEED_MODES: Final[tuple[FeedMode, ...]] = get_args(FeedMode)
LONGEST_QUESTION: Final = 300  # characters; it stands beside the box for the introduction
LONGEST_WELCOME: Final = 4_000
MOST_WEEKLY: Final = 50

_QUESTION: Final = "Who are you, and what would you like to talk about?"
_WELCOME: Final = (
    "Welcome! You're one of us now. I'll bring the best of what I post here, and I read every "
    "answer: tell me what you're working on."
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the owner of a community chooses; see `Community` for what each of them does."""

    question: str = _QUESTION
    welcome: str = _WELCOME
    feed: str = "full"
    weekly_best: int = 5
    mails: bool = True


def find_community(session: Session, account: Account) -> Community | None:
    """Return an account's community, open or closed; None if it was never opened."""
    return session.get(Community, account.id)


def get_community(session: Session, account: Account) -> Community:
    """Return an account's community, open or closed; raises `NotFound` if it was never opened."""
    found = find_community(session, account)
    if found is None:
        raise NotFound(
            f"{account.handle} has no community: open one on the page Community, or with "
            f"linktrack community open {account.handle}."
        )
    return found


def is_open(session: Session, account: Account) -> bool:
    """Whether people can ask to join now; nobody can where the account was removed."""
    found = find_community(session, account)
    return found is not None and found.opened_at is not None and account.removed_at is None


def open_ones(session: Session) -> Sequence[Account]:
    """Return the accounts that people can ask to join now, in order of adding."""
    query = (
        select(Account)
        .join(Community, Community.account_id == Account.id)
        .where(Community.opened_at.is_not(None), Account.removed_at.is_(None))
    )
    return session.scalars(query.order_by(Account.id)).all()


def name_of(session: Session, account: Account) -> str:
    """Return the shortest name by which `find_account` finds an account, for its addresses."""
    same = select(Account.id).where(
        Account.handle_key == account.handle_key, Account.removed_at.is_(None)
    )
    is_one = len(session.scalars(same.limit(2)).all()) < 2
    return account.handle if is_one else f"{account.network}:{account.handle}"


def open_community(session: Session, account: Account, now: datetime) -> Community:
    """Let people ask to join an account; a second time changes nothing.

    What was chosen before it was closed holds again. Raises `Invalid` for a removed account.
    """
    if account.removed_at is not None:
        raise Invalid(f"{account.handle} was removed: restore it first.")
    found = find_community(session, account)
    if found is None:
        usual = Choices()
        found = Community(
            account_id=account.id,
            question=usual.question,
            welcome=usual.welcome,
            feed="full",
            weekly_best=usual.weekly_best,
            mails=usual.mails,
        )
        session.add(found)
    if found.opened_at is None:
        found.opened_at = now
        note(session, f"Opened the community of {account.handle}.", now)
    session.flush()
    return found


def close_community(session: Session, account: Account, now: datetime) -> None:
    """Take no more requests; members stay, and so do requests that wait. Nothing if it is closed.

    Raises `NotFound` if it was never opened.
    """
    found = get_community(session, account)
    if found.opened_at is not None:
        found.opened_at = None
        note(session, f"Closed the community of {account.handle}: it takes no more requests.", now)
    session.flush()


def set_community(session: Session, account: Account, choices: Choices, now: datetime) -> None:
    """Keep what the owner chose.

    Raises `Invalid`, and `NotFound` if the community was never opened.
    """
    found = get_community(session, account)
    feed = next((mode for mode in FEED_MODES if mode == choices.feed), None)
    if feed is None:
        raise Invalid(f"{choices.feed[:40]!r} isn't a way of the feed: choose full or weekly.")
    if not 1 <= choices.weekly_best <= MOST_WEEKLY:
        raise Invalid(f"The best of a week are from 1 to {MOST_WEEKLY} posts.")
    question = " ".join(choices.question.split())
    welcome = choices.welcome.strip()
    if len(question) > LONGEST_QUESTION:
        raise Invalid(f"The question is too long: it may have {LONGEST_QUESTION} characters.")
    if len(welcome) > LONGEST_WELCOME:
        raise Invalid(f"The welcome is too long: it may have {LONGEST_WELCOME:,} characters.")
    if any("\ud800" <= each <= "\udfff" or each == "\0" for each in question + welcome):
        raise Invalid("The text has a character that cannot be stored: take it out.")
    before = (found.question, found.welcome, found.feed, found.weekly_best, found.mails)
    found.question, found.welcome, found.feed = question, welcome, feed
    found.weekly_best, found.mails = choices.weekly_best, choices.mails
    if before != (question, welcome, feed, choices.weekly_best, choices.mails):
        note(session, f"Changed the settings of the community of {account.handle}.", now)
    session.flush()


class CommunityJson(TypedDict):
    """A community; `opened_at` is null while it takes no requests."""

    account: AccountNameJson
    opened_at: str | None
    question: str
    welcome: str
    feed: FeedMode
    weekly_best: int
    mails: bool


def community_json(account: Account, found: Community) -> CommunityJson:
    """Return a community as the API and the command line show it."""
    return {
        "account": account_json(account),
        "opened_at": None if found.opened_at is None else utc(found.opened_at),
        "question": found.question,
        "welcome": found.welcome,
        "feed": found.feed,
        "weekly_best": found.weekly_best,
        "mails": found.mails,
    }


def count_members(session: Session, account: Account) -> int:
    """Return how many members an account has."""
    query = select(func.count()).select_from(Member).where(Member.account_id == account.id)
    return session.scalar(query) or 0
