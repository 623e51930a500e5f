"""The owner's inbox of suggestions: who said what where, and what became of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from linktrack.audience.models import Account, Follower, FollowPeriod
from linktrack.audience.segments import segment_names
from linktrack.audience.sorting import segment_now
from linktrack.community.models import Member, Suggestion, SuggestionWatch
from linktrack.community.suggestions.addresses import addresses_of, posts_leading_to
from linktrack.community.suggestions.models import SuggestedAddress, SuggestionAnswer
from linktrack.errors import Invalid
from linktrack.ids import AccountId
from linktrack.links.models import Post
from linktrack.networks.registry import network_of

Which = Literal["new", "all"]
WHICH: Final[tuple[Which, ...]] = ("new", "all")
ON_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of whoever suggested something; `is_proved` where their network says who it is.

    They are a follower of the account `since` a moment, by its lists, and in a segment.
    """

    handle: str | None
    profile: str | None
    is_proved: bool
    since: datetime | None = None
    segment: str | None = None
    is_member: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A suggestion as the inbox shows it.

    `said` is where their network shows what they said; `posted` are posts of the account that led
    to one of its addresses before, or wait to; `also` are others that suggested the same page.
    """

    suggestion: Suggestion
    account: Account
    addresses: Sequence[str]
    sender: Sender
    said: str | None
    post: Post | None
    posted: Sequence[Post]
    answers: Mapping[str, SuggestionAnswer]
    also: Sequence[Suggestion]


def which_named(name: str) -> Which:
    """Return a filter of the inbox; raises `Invalid`."""
    for which in WHICH:
        if which == name:
            return which
    raise Invalid(f"{name[:40]!r} isn't a filter of suggestions: choose new or all.")


def list_suggestions(
    session: Session,
    account_id: AccountId | None,
    which: Which,
    *,
    before: int | None = None,
    limit: int = ON_A_PAGE,
) -> Sequence[Suggestion]:
    """Return suggestions, newest first, behind the one numbered `before`.

    Of those of one page the newest stands for all.
    """
    query = (
        select(Suggestion)
        .join(Account, Account.id == Suggestion.account_id)
        .where(Account.removed_at.is_(None), ~_is_behind_another(which))
        .order_by(Suggestion.said_at.desc(), Suggestion.id.desc())
    )
    if which == "new":
        query = query.where(Suggestion.state == "new")
    if account_id is not None:
        query = query.where(Suggestion.account_id == account_id)
    if before is not None:
        last = session.get(Suggestion, before)
        if last is None:
            return []
        query = query.where(
            or_(
                Suggestion.said_at < last.said_at,
                and_(Suggestion.said_at == last.said_at, Suggestion.id < last.id),
            )
        )
    return session.scalars(query.limit(limit)).all()


def count_new(session: Session) -> Mapping[int, int]:
    """Return how many suggestions wait on each account; nobody waits for a simulated one."""
    query = (
        select(Suggestion.account_id, func.count())
        .join(Account, Account.id == Suggestion.account_id)
        .where(Suggestion.state == "new", Account.removed_at.is_(None), ~Account.simulated)
        .group_by(Suggestion.account_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def entries(session: Session, suggestions: Sequence[Suggestion]) -> list[Entry]:
    """Return suggestions with what is known about each, in a few queries."""
    accounts = {
        account.id: account
        for account in session.scalars(
            select(Account).where(Account.id.in_({each.account_id for each in suggestions}))
        )
    }
    numbers = [each.id for each in suggestions]
    addresses = addresses_of(session, numbers)
    answers = answers_of(session, numbers)
    also = _same_page(session, numbers)
    posts = {
        post.id: post
        for post in session.scalars(
            select(Post).where(Post.id.in_([each.post_id for each in suggestions if each.post_id]))
        )
    }
    senders = _senders(session, accounts, suggestions)
    led = posts_leading_to(
        session,
        {
            (each.account_id, address)
            for each in suggestions
            for address in addresses.get(each.id, ())
        },
    )
    posted: dict[int, list[Post]] = {}
    for each in suggestions:
        found = {
            post.id: post
            for address in addresses.get(each.id, ())
            for post in led.get((each.account_id, address), ())
            if post.id != each.post_id
        }
        posted[each.id] = list(found.values())
    return [
        Entry(
            suggestion=each,
            account=accounts[each.account_id],
            addresses=addresses.get(each.id, []),
            sender=senders[each.id],
            said=_said_at(accounts[each.account_id], each),
            post=None if each.post_id is None else posts.get(each.post_id),
            posted=posted[each.id],
            answers=answers.get(each.id, {}),
            also=also.get(each.id, []),
        )
        for each in suggestions
    ]


def answers_of(
    session: Session, numbers: Sequence[int]
) -> Mapping[int, Mapping[str, SuggestionAnswer]]:
    """Return what the senders of these suggestions are answered, by its kind."""
    query = select(SuggestionAnswer).where(SuggestionAnswer.suggestion_id.in_(numbers))
    found: defaultdict[int, dict[str, SuggestionAnswer]] = defaultdict(dict)
    for answer in session.scalars(query):
        found[answer.suggestion_id][answer.kind] = answer
    return found


def _is_behind_another(which: Which) -> ColumnElement[bool]:
    """Return whether a newer suggestion of the same page stands for this one."""
    newer, mine, theirs = aliased(Suggestion), aliased(SuggestedAddress), aliased(SuggestedAddress)
    same = (
        select(theirs.suggestion_id)
        .join(mine, mine.key == theirs.key)
        .where(mine.suggestion_id == Suggestion.id, theirs.suggestion_id == newer.id)
        .correlate(Suggestion, newer)
    )
    stands_for_it = exists().where(
        newer.account_id == Suggestion.account_id,
        newer.state == "new" if which == "new" else true(),
        or_(
            newer.said_at > Suggestion.said_at,
            and_(newer.said_at == Suggestion.said_at, newer.id > Suggestion.id),
        ),
        same.exists(),
    )
    return stands_for_it.correlate(Suggestion)


def _same_page(session: Session, numbers: Sequence[int]) -> Mapping[int, list[Suggestion]]:
    """Return the other suggestions of a page on the same account, newest first."""
    other, mine, theirs = aliased(Suggestion), aliased(SuggestedAddress), aliased(SuggestedAddress)
    query = (
        select(mine.suggestion_id, other)
        .join(theirs, theirs.key == mine.key)
        .join(other, other.id == theirs.suggestion_id)
        .join(Suggestion, Suggestion.id == mine.suggestion_id)
        .where(mine.suggestion_id.in_(numbers), other.id != mine.suggestion_id)
        .where(other.account_id == Suggestion.account_id)
        .order_by(other.said_at.desc(), other.id.desc())
    )
    found: defaultdict[int, dict[int, Suggestion]] = defaultdict(dict)
    for number, suggestion in session.execute(query):
        found[number][suggestion.id] = suggestion
    return {number: list(others.values()) for number, others in found.items()}


def _senders(
    session: Session, accounts: Mapping[AccountId, Account], suggestions: Sequence[Suggestion]
) -> dict[int, Sender]:
    """Return who sent these suggestions, and what the lists of the account say of them.

    A name that somebody has only written is looked for, too: the page says that it is not proved.
    """
    people = {each.person_id for each in suggestions if each.person_id}
    names = {each.handle_key for each in suggestions if each.handle_key and not each.person_id}
    lists = (
        select(
            Follower.account_id, Follower.network_id, Follower.handle_key,
            FollowPeriod.began_by, segment_now(Follower.id),
        )
        .join(FollowPeriod, FollowPeriod.follower_id == Follower.id)
        .where(Follower.account_id.in_(accounts), FollowPeriod.ended_after.is_(None))
        .where(or_(Follower.network_id.in_(people), Follower.handle_key.in_(names)))
    )  # fmt: skip
    rows = session.execute(lists).all()
    segments = segment_names(session, {row[4] for row in rows})
    known: dict[tuple[AccountId, str], tuple[datetime, str | None]] = {}
    for number, network_id, handle_key, began_by, sorted_into in rows:
        facts = (began_by, segments.get(sorted_into))
        known[number, network_id] = known[number, f"@{handle_key}"] = facts
    let_in = session.execute(
        select(Member.network, Member.network_id, Member.handle_key).where(
            or_(Member.network_id.in_(people), Member.handle_key.in_(names))
        )
    ).all()
    members = {(row[0], row[1]) for row in let_in} | {(row[0], f"@{row[2]}") for row in let_in}
    found = {}
    for each in suggestions:
        account, name = accounts[each.account_id], each.person_id or f"@{each.handle_key}"
        since, segment = known.get((account.id, name), (None, None))
        found[each.id] = Sender(
            handle=each.handle,
            profile=_profile(account, each),
            is_proved=each.person_id is not None,
            since=since,
            segment=segment,
            is_member=(account.network, name) in members,
        )
    return found


def _profile(account: Account, suggestion: Suggestion) -> str | None:
    if suggestion.person_id is None:
        return None
    return network_of(account.network).profile_address(suggestion.person_id, suggestion.handle)


def _said_at(account: Account, suggestion: Suggestion) -> str | None:
    if suggestion.network_id is None:
        return None
    return network_of(account.network).post_address(suggestion.network_id)


def watch_problem(session: Session, account: Account) -> str | None:
    """Return why reading an account's mentions went wrong the last time, None if it didn't."""
    watch = session.get(SuggestionWatch, account.id)
    return None if watch is None else watch.problem
