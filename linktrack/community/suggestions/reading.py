"""Take in what people say to an account with an address: mentions and replies, each once.

They are read newest first, down to where the reading before began, and each page is committed
before the next is asked for: whatever ends the process, reading goes on behind it.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from linktrack.audience.claims import accounts_due, claim_turn
from linktrack.audience.forgetting import Forgotten, handle_key
from linktrack.audience.models import Account, StoredCredential
from linktrack.community.models import SuggestionWatch
from linktrack.community.suggestions.addresses import addresses_in
from linktrack.community.suggestions.boxes import box_of
from linktrack.community.suggestions.models import SuggestionBox
from linktrack.community.suggestions.storing import (
    MOST_NEW,
    MOST_OF_ONE,
    Suggested,
    keep,
    room_for,
    seen_digest,
    seen_of,
    shortened,
    waiting_by_person,
)
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.errors import LinktrackError
from linktrack.networks.errors import Pause
from linktrack.networks.protocols import MentionReader
from linktrack.networks.records import Mention, MentionPage
from linktrack.networks.registry import networks

LEASE: Final = timedelta(minutes=10)
"""For how long an account that is being read is left to its reader; each page renews it."""

EVERY: Final = timedelta(minutes=10)
AGAIN: Final = timedelta(hours=1)
"""When a network that could not be asked is asked again."""

BEHIND: Final = timedelta(days=1)
"""So far behind the last reading's beginning it is read again: some apps date posts earlier."""

STALE: Final = timedelta(hours=24)
"""A reading that began longer ago is begun anew: networks forget where its next page was."""

MOST_PAGES: Final = 200
"""How many pages are read in one turn: a server may have no end of them."""

Open = Callable[[Account], MentionReader]
"""Opens what tells an account who spoke to it; raises `LinktrackError` where it cannot."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many suggestions were taken in; `problem` is why reading did not come to its end."""

    handle: str
    taken: int = 0
    problem: str | None = None


def due_for_suggestions(session: Session, at: datetime) -> list[Account]:
    """Return the connected accounts whose owner wants them read, and whose time has come."""
    shown = [each.name for each in networks() if each.shows_mentions]
    wanted = exists().where(
        SuggestionBox.account_id == Account.id, SuggestionBox.mentions_since.is_not(None)
    )
    signed_in = exists().where(
        StoredCredential.account_id == Account.id, StoredCredential.problem.is_(None)
    )
    which = Account.network.in_(shown) & wanted & signed_in
    return accounts_due(session, SuggestionWatch, at, which)


def claim_suggestions(session: Session, account_id: int, at: datetime) -> bool:
    """Reserve a due account for this process; of several that try at once one gets it."""
    return claim_turn(session, SuggestionWatch, account_id, at, LEASE)


def take_suggestions(
    database: Database,
    account: Account,
    open_mentions: Open,
    *,
    key: bytes,
    base_url: str,
    clock: Callable[[], datetime] = this_moment,
) -> Taken:
    """Read who spoke to an account that is claimed, as far as it isn't read yet.

    `key` is the installation's (`Keys.forgetting`). What the network has against it is returned as
    `problem`, and kept.
    """
    reading = _Reading(database, account, key, base_url, clock)
    problem, next_at = None, clock() + EVERY
    try:
        with closing(open_mentions(account)) as reader:
            problem = reading.read(reader)
    except Pause as pause:
        problem, next_at = f"{account.handle}: {pause}.", pause.until
    except LinktrackError as error:
        problem, next_at = f"{account.handle}: {error.sentence}", clock() + AGAIN
    with database.session(writes=True) as session:
        session.execute(
            update(SuggestionWatch)
            .where(SuggestionWatch.account_id == account.id)
            .values(next_at=next_at, problem=problem)
        )
        session.commit()
    return Taken(account.handle, reading.taken, problem)


class _Reading:
    """One turn at an account."""

    def __init__(
        self,
        database: Database,
        account: Account,
        key: bytes,
        base_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._account = account
        self._key = key
        self._base_url = base_url
        self._clock = clock
        self.taken = 0

    def read(self, reader: MentionReader) -> str | None:
        """Read page by page; return why it stopped before its end."""
        cursor = self._begin()
        been = {cursor}
        for _ in range(MOST_PAGES):
            page = reader.mentions(cursor)
            found = self._with_addresses(page.mentions)
            with self._database.session(writes=True) as session:
                since = box_of(session, self._account).mentions_since
                if since is None:  # switched off meanwhile
                    return None
                if found and room_for(session, self._account) <= 0:
                    return (
                        f"{self._account.handle}: {MOST_NEW} suggestions wait already. Decide on "
                        "some, and more are taken in."
                    )
                self._keep(session, found, since)
                is_over = self._settle(session, page, since)
                session.commit()
            if is_over or page.cursor in been:  # a server that goes in circles has no more
                return None
            cursor = page.cursor
            been.add(cursor)
        return None  # the next turn goes on there

    def _begin(self) -> str | None:
        """Return where reading goes on; None: with the newest."""
        now = self._clock()
        with self._database.session(writes=True) as session:
            watch = session.get(SuggestionWatch, self._account.id)
            if watch is None:
                watch = SuggestionWatch(account_id=self._account.id, next_at=now + LEASE)
                session.add(watch)
            if watch.begun_at is None or now - watch.begun_at > STALE:
                watch.begun_at, watch.cursor = now, None
            watch.next_at = now + LEASE
            cursor = watch.cursor
            session.commit()
        return cursor

    def _with_addresses(self, mentions: Sequence[Mention]) -> list[tuple[Mention, Suggested]]:
        """Return what has an address to share, as it is stored. Nothing is locked meanwhile."""
        found = []
        with self._database.session() as session:
            for mention in mentions:
                text = shortened(mention.text)
                addresses = addresses_in(session, self._account, text, self._base_url)
                if addresses:
                    said = Suggested(
                        way=mention.spoken,
                        text=text,
                        addresses=addresses,
                        said_at=mention.said_at,
                        network_id=mention.network_id,
                        post_digest=seen_digest(self._key, self._account, mention.network_id),
                        person_id=mention.person_id,
                        handle=mention.handle,
                    )
                    found.append((mention, said))
        return found

    def _keep(
        self, session: Session, found: Sequence[tuple[Mention, Suggested]], since: datetime
    ) -> None:
        """Store those that are new, but for our own and those of people who were forgotten."""
        forgotten = Forgotten.read(session, self._account.network, self._key)
        ours = _own_people(session, self._account)
        digests = [said.post_digest for _, said in found if said.post_digest is not None]
        seen: set[str | None] = {*seen_of(session, self._account, digests)}
        waiting = waiting_by_person(
            session, self._account, {mention.person_id for mention, _ in found}
        )
        for mention, said in reversed(found):  # the oldest first, as they were said
            name = None if mention.handle is None else f"@{handle_key(mention.handle)}"
            if mention.said_at < since or said.post_digest in seen:
                continue
            if mention.person_id in ours or name in ours:
                continue
            if forgotten.holds(mention.person_id) or (name is not None and forgotten.holds(name)):
                continue
            if waiting.get(mention.person_id, 0) >= MOST_OF_ONE:
                continue
            keep(session, self._account, said, self._clock())
            seen.add(said.post_digest)
            waiting[mention.person_id] = waiting.get(mention.person_id, 0) + 1
            self.taken += 1

    def _settle(self, session: Session, page: MentionPage, since: datetime) -> bool:
        """Keep how far it is read; say whether it is read to its end."""
        watch = session.get_one(SuggestionWatch, self._account.id)
        until = since if watch.read_until is None else max(since, watch.read_until - BEHIND)
        is_over = page.cursor is None or (page.oldest is not None and page.oldest < until)
        if is_over:
            watch.read_until = watch.begun_at
            watch.begun_at = watch.cursor = None
        else:
            watch.cursor = page.cursor
        watch.next_at = self._clock() + LEASE
        session.flush()
        return is_over


def _own_people(session: Session, account: Account) -> set[str | None]:
    """Return the ids and the names (as @key) of the installation's accounts on this network."""
    query = select(Account.network_id, Account.handle_key).where(
        Account.network == account.network, Account.removed_at.is_(None)
    )
    rows = session.execute(query).all()
    return {row.network_id for row in rows if row.network_id} | {
        f"@{row.handle_key}" for row in rows
    }
