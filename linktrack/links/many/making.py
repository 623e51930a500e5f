"""Make links of a table's rows, all of them or none."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import Final

from sqlalchemy import Connection, bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.audience.accounts import list_accounts, pick_account
from linktrack.audience.models import Account
from linktrack.audience.utm import Utm, utm_by_account
from linktrack.calendar.times import parse_moment
from linktrack.change_numbers import number_at_commit
from linktrack.errors import Conflict, Invalid, LinktrackError
from linktrack.ids import LinkId
from linktrack.links.bulk import own_codes
from linktrack.links.catalog import Shortener, with_utm
from linktrack.links.codes import CODE, check_custom
from linktrack.links.destinations import parse_destination
from linktrack.links.hosts.finding import domains_of_accounts, find_domain
from linktrack.links.hosts.models import Domain
from linktrack.links.labels import Spellings, check_note, check_tags, check_title, tag_rows
from linktrack.links.many.choosing import slugs_in_use
from linktrack.links.many.models import BulkChange
from linktrack.links.many.recording import record
from linktrack.links.many.rows import MOST_MADE, TOO_MANY, NewRow
from linktrack.links.many.state import State
from linktrack.links.models import Link, LinkDestination, LinkLabel, LinkTag
from linktrack.links.own_addresses import own_sites, site_of
from linktrack.links.redirects.models import LinkLimit

LOOP: Final = "A short link cannot lead to another short link of this installation."
NO_ACCOUNT: Final = "Choose the account that the link is for."
TAKEN: Final = "A short code of the table has just been taken: look at it again."


@dataclass(slots=True)
class JudgedRow:
    """A row with the link it becomes, or with sentences that say what is wrong with it.

    Once the link is made, `code` is its code, and `destination` has the account's UTM values.
    """

    row: NewRow
    code: str = ""
    account: Account | None = None
    domain: Domain | None = None
    expires_at: datetime | None = None
    destination: str = ""
    title: str | None = None
    note: str | None = None
    tags: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Made:
    """The act, the numbers of the links, and the rows with their codes, in one order."""

    change: BulkChange
    link_ids: Sequence[LinkId]
    rows: Sequence[JudgedRow]


def judge_rows(
    session: Session, shortener: Shortener, rows: Sequence[NewRow], account: Account | None
) -> list[JudgedRow]:
    """Return each row with what is wrong with it; nothing is made.

    `account` has the links of rows that name none. Raises `Invalid` for more than MOST_MADE rows.
    """
    if len(rows) > MOST_MADE:
        raise Invalid(TOO_MANY)
    bench = _Bench(session, shortener, rows, account)
    judged = [bench.judge(row) for row in rows]
    tags = Spellings(session, {tag for each in judged for tag in each.tags})
    for each in judged:
        each.tags = tags.of(each.tags)
    return judged


class _Bench:
    """What rows are judged by, asked once for all of them."""

    def __init__(
        self,
        session: Session,
        shortener: Shortener,
        rows: Sequence[NewRow],
        account: Account | None,
    ) -> None:
        self._codes = shortener.codes
        self._sites = own_sites(session, shortener.base_url)
        self._account = account
        accounts = [*list_accounts(session), *list_accounts(session, removed=True)]
        self._pick = cache(partial(pick_account, accounts))
        self._domains = domains_of_accounts(session)
        self._find_domain = cache(partial(find_domain, session, shortener.base_url))
        self._timezone = shortener.timezone
        possible = sorted({row.slug for row in rows if row.slug and CODE.fullmatch(row.slug)})
        self._taken = slugs_in_use(session.connection(), possible)
        self._wanted: set[tuple[int | None, str]] = set()

    def judge(self, row: NewRow) -> JudgedRow:
        """Return a row with all that is wrong with it."""
        found = JudgedRow(row)
        if row.unreadable is not None:
            found.problems.append(row.unreadable)
            return found
        for check in (self._lead, self._describe, self._belong, self._code, self._end):
            try:
                check(found)
            except LinktrackError as error:
                found.problems.append(error.sentence)
        return found

    def _lead(self, found: JudgedRow) -> None:
        found.destination = parse_destination(found.row.address)
        if site_of(found.destination) in self._sites:
            raise Invalid(LOOP)

    def _code(self, found: JudgedRow) -> None:
        slug = found.row.slug
        if not slug:
            return
        check_custom(slug)
        key = (None if found.domain is None else found.domain.id, slug)
        if key in self._taken or self._codes.read(slug) is not None:
            raise Conflict(f"The short code {slug!r} is taken: choose another.")
        if key in self._wanted:
            raise Conflict(f"An earlier row has the short code {slug!r}: choose another.")
        self._wanted.add(key)

    def _describe(self, found: JudgedRow) -> None:
        found.title = check_title(found.row.title or "")
        found.note = check_note(found.row.note or "")
        found.tags = check_tags(found.row.tags)

    def _belong(self, found: JudgedRow) -> None:
        handle = found.row.account
        found.account = self._pick(handle) if handle else self._account
        if found.account is None:
            raise Invalid(NO_ACCOUNT)
        host = found.row.domain
        found.domain = self._find_domain(host) if host else self._domains.get(found.account.id)

    def _end(self, found: JudgedRow) -> None:
        if found.row.expires_at:
            found.expires_at = parse_moment(found.row.expires_at, self._timezone)


def make_links(
    session: Session, shortener: Shortener, judged: Sequence[JudgedRow], now: datetime
) -> Made:
    """Make a link of each row, in few statements however many there are.

    Raises `Invalid`, with the first wrong row, unless all are right: then nothing is made.
    """
    check_rows(judged)
    connection = session.connection()
    try:
        link_ids = _insert(connection, judged, now)
        nameless = {
            link_id: each.domain.id if each.domain else None
            for link_id, each in zip(link_ids, judged, strict=True)
            if not each.row.slug
        }
        own = own_codes(connection, shortener.codes, nameless)
        pairs = [
            (link_id, replace(each, code=each.row.slug or own[link_id]))
            for link_id, each in zip(link_ids, judged, strict=True)
        ]
        _lead(session, shortener, pairs, now)
    except IntegrityError as error:  # by somebody else since the rows were judged
        raise Conflict(TAKEN) from error
    _say(session, pairs)
    number_at_commit(session)
    accounts = [each.account.id for each in judged if each.account is not None]
    steps = {
        link_id: (
            State(each.destination, None, tuple(each.tags)),
            State(each.destination, None, tuple(each.tags), each.row.slug),
        )
        for link_id, each in pairs
    }
    what = f"Made {len(pairs):,} link{'s' if len(pairs) > 1 else ''} from a table."
    change = record(session, "made", what, steps, accounts=accounts, at=now)
    return Made(change, link_ids, [each for _, each in pairs])


def _insert(connection: Connection, judged: Sequence[JudgedRow], now: datetime) -> Sequence[LinkId]:
    """Insert a link for each row; return their numbers in the order of the rows.

    A statement that returns them in order would be one for each row on SQLite: so a row takes the
    first number of those that lead where it does, under its code.
    """
    wanted = [
        (each.account.id, each.domain.id if each.domain else None, each.destination, each.row.slug)
        for each in judged
        if each.account is not None
    ]
    rows = connection.execute(
        insert(Link).returning(
            Link.id, Link.account_id, Link.domain_id, Link.destination, Link.code
        ),
        [
            {
                "account_id": account_id,
                "domain_id": domain_id,
                "destination": destination,
                "code": code,
                "created_at": now,
                "changed_at": now,
            }
            for account_id, domain_id, destination, code in wanted
        ],
    ).all()
    numbers: defaultdict[object, deque[LinkId]] = defaultdict(deque)
    for link_id, *key in sorted(rows, key=lambda row: row.id):
        numbers[tuple(key)].append(link_id)
    return [numbers[key].popleft() for key in wanted]


def _lead(
    session: Session,
    shortener: Shortener,
    pairs: Sequence[tuple[LinkId, JudgedRow]],
    now: datetime,
) -> None:
    """Store the codes of links, and where they lead: a UTM value may name the code."""
    by_account = utm_by_account(session)
    for _, each in pairs:
        values = by_account.get(each.account.id) if each.account else None
        if each.account is not None and values:
            utm = Utm(
                each.account.handle,
                each.account.network,
                {name: str(value) for name, value in values.items()},
            )
            tag = next(iter(each.tags), None)
            each.destination = with_utm(
                shortener, each.destination, utm, now, code=each.code, tag=tag
            )
    session.connection().execute(
        update(Link)
        .where(Link.id == bindparam("link"))
        .values(
            code=bindparam("new_code"),
            destination=bindparam("new_destination"),
            has_plan=bindparam("limited"),
        ),
        [
            {
                "link": link_id,
                "new_code": each.code,
                "new_destination": each.destination,
                "limited": each.expires_at is not None,
            }
            for link_id, each in pairs
        ],
    )
    session.execute(
        insert(LinkDestination),
        [
            {"link_id": link_id, "since": now, "destination": each.destination}
            for link_id, each in pairs
        ],
    )


def check_rows(judged: Sequence[JudgedRow]) -> None:
    """Raise `Invalid` unless there are rows and all are right."""
    if not judged:
        raise Invalid("There are no rows here: nothing was made.")
    wrong = [each for each in judged if each.problems]
    if wrong:
        more = f" ({len(wrong) - 1:,} more are wrong.)" if len(wrong) > 1 else ""
        first = wrong[0]
        raise Invalid(
            f"Row {first.row.number}: {first.problems[0]}{more} Nothing was made: correct the "
            "table, and send all of it again."
        )


def _say(session: Session, pairs: Sequence[tuple[LinkId, JudgedRow]]) -> None:
    """Store titles, notes and tags, and when links end."""
    labels = [
        {"link_id": link_id, "title": each.title, "note": each.note}
        for link_id, each in pairs
        if each.title or each.note
    ]
    tags = [row for link_id, each in pairs for row in tag_rows(link_id, each.tags)]
    limits = [
        {"link_id": link_id, "expires_at": each.expires_at}
        for link_id, each in pairs
        if each.expires_at is not None
    ]
    for model, rows in ((LinkLabel, labels), (LinkTag, tags), (LinkLimit, limits)):
        if rows:
            session.execute(insert(model), rows)
