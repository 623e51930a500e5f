"""Look up where codes lead, and which links were changed."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Dialect,
    Engine,
    PoolProxiedConnection,
    Select,
    bindparam,
    literal_column,
    select,
    type_coerce,
)

from linktrack.audience.cards import OURS
from linktrack.audience.models import Account
from linktrack.change_numbers import last_number
from linktrack.ids import LinkId
from linktrack.links.codes import Codes
from linktrack.links.hosts.finding import own_hosts_by_domain
from linktrack.links.models import FoldedCase, Link
from linktrack.links.redirects.limits import Limits, fingerprint
from linktrack.links.redirects.models import LinkBudget, LinkLimit
from linktrack.links.redirects.plan import Plan
from linktrack.links.redirects.rules.deciding import Option, Rule
from linktrack.links.redirects.rules.models import LinkOption, LinkRule, read_conditions
from linktrack.links.redirects.targets import Changes, Target

ALL: Final = 1_000  # rows of a link's rules, each with its options: ruling.py allows 300

# A literal, since the key is the only value that is handed over.
_LED: Final = select(
    Link.id,
    Link.destination,
    Link.disabled_at,
    Link.account_id,
    Link.forward_query,
    (Account.card == literal_column(f"'{OURS}'")).label("shows_card"),
    Link.code,
    Link.has_plan,
).join(Account, Account.id == Link.account_id)
# Made once: making one takes longer than looking it up, and a cold redirect waits for it.
_BY_CODE: Final = _LED.where(Link.code == bindparam("key"))
_BY_NUMBER: Final = _LED.where(Link.id == bindparam("key"))
_RESPELT: Final = _LED.where(FoldedCase(Link.code) == FoldedCase(bindparam("key")))
_WAYS: Final = (_BY_CODE, _RESPELT, _BY_NUMBER)
_ON_FIRST: Final = tuple(way.where(Link.domain_id.is_(None)) for way in _WAYS)
_ON_DOMAIN: Final = tuple(way.where(Link.domain_id == bindparam("domain")) for way in _WAYS)
_RULES: Final = (
    select(
        LinkRule.id,
        LinkRule.conditions,
        LinkOption.id,
        LinkOption.destination,
        LinkOption.percent,
    )
    .join(LinkOption, LinkOption.rule_id == LinkRule.id)
    .where(LinkRule.link_id == bindparam("key"))
    .order_by(LinkRule.position, LinkOption.position)
)
_LIMITS: Final = (
    select(
        type_coerce(LinkLimit.valid_from, BigInteger),
        type_coerce(LinkLimit.expires_at, BigInteger),
        LinkLimit.most_clicks,
        LinkBudget.round,
        LinkBudget.used,
        LinkLimit.password_hash,
        LinkLimit.ended_to,
    )
    .outerjoin(LinkBudget, LinkBudget.link_id == LinkLimit.link_id)
    .where(LinkLimit.link_id == bindparam("key"))
)


def find_target(engine: Engine, codes: Codes, key: str) -> Target | None:
    """Return where a code leads: a stored code, else a computed one whose check is right.

    Else the one stored code that is the same but for capital and small letters, if it is the only.
    `key` is a code of the first domain, or that of another behind the domain's number and a slash.
    """
    dialect = engine.dialect
    number, _, code = key.rpartition("/")
    domain = (int(number),) if number else ()
    by_code, respelt, by_number = _ON_DOMAIN if number else _ON_FIRST
    with closing(engine.raw_connection()) as connection:
        for stored in _targets(connection, dialect, by_code, code, *domain):
            return stored
        bearer = codes.read(code)
        if bearer is None:
            meant = _targets(connection, dialect, respelt, code, *domain)
            return meant[0] if len(meant) == 1 else None
        bases = _targets(connection, dialect, by_number, bearer.link_id, *domain)
    if not bases:
        return None
    (base,) = bases
    personal = bearer.follower_id is not None
    return replace(
        base,
        segment_id=bearer.segment_id,
        follower_id=bearer.follower_id,
        attribution="personal" if personal else "variant",
    )


def _targets(
    connection: PoolProxiedConnection,
    dialect: Dialect,
    query: Select[*tuple[Any, ...]],
    key: str | int,
    *domain: int,
) -> list[Target]:
    return [
        Target(
            link_id=number,
            location=None if disabled_at is not None else destination,
            forward_query=bool(forward_query),
            account_id=account_id,
            shows_card=bool(shows_card),
            code=None if isinstance(key, int) or code == key else code,
            plan=_plan(connection, dialect, number) if has_plan else None,
        )
        for (
            number,
            destination,
            disabled_at,
            account_id,
            forward_query,
            shows_card,
            code,
            has_plan,
        ) in _rows(connection, dialect, query, key, *domain)
    ]


def _plan(connection: PoolProxiedConnection, dialect: Dialect, link_id: LinkId) -> Plan:
    return Plan(_limits(connection, dialect, link_id), _rules(connection, dialect, link_id))


def _rules(
    connection: PoolProxiedConnection, dialect: Dialect, link_id: LinkId
) -> tuple[Rule, ...]:
    options: dict[tuple[int, str], list[Option]] = {}
    for rule_id, conditions, *option in _rows(connection, dialect, _RULES, link_id, most=ALL):
        options.setdefault((rule_id, conditions), []).append(Option(*option))
    return tuple(
        Rule(rule_id, read_conditions(conditions), tuple(of_rule))
        for (rule_id, conditions), of_rule in options.items()
    )


def _limits(connection: PoolProxiedConnection, dialect: Dialect, link_id: LinkId) -> Limits | None:
    for begins, ends, most, number, used, password, ended_to in _rows(
        connection, dialect, _LIMITS, link_id
    ):
        return Limits(
            valid_from=_seconds(begins),
            expires_at=_seconds(ends),
            most_clicks=most,
            round=number or 0,
            is_used_up=most is not None and (used or 0) >= most,
            password=None if password is None else fingerprint(password),
            ended_to=ended_to,
        )
    return None


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _rows(
    connection: PoolProxiedConnection,
    dialect: Dialect,
    query: Select[*tuple[Any, ...]],
    *values: str | int,
    most: int = 2,  # two tell that there are several
) -> Sequence[Any]:
    # By the driver itself: SQLAlchemy's own way takes five times as long as the database, and
    # every code that a worker meets for the first time waits for it.
    cursor = connection.cursor()
    named = dict(zip(("key", "domain"), values, strict=False))
    cursor.execute(_sql(dialect, query), values if dialect.positional else named)
    rows: Sequence[Any] = cursor.fetchmany(most)
    cursor.close()
    return rows


@lru_cache(maxsize=16)
def _sql(dialect: Dialect, query: Select[*tuple[Any, ...]]) -> str:
    return str(query.compile(dialect=dialect))


def find_hosts(engine: Engine, base_url: str) -> Mapping[str, int]:
    """Return which hosts are those of which domains, but for the first, as they are compared."""
    with engine.connect() as connection:
        hosts = own_hosts_by_domain(connection, base_url)
    return {host: domain_id for host, domain_id in hosts.items() if domain_id is not None}


def changed_links(engine: Engine, since: int | None) -> Changes:
    """Return the links whose changes have a higher number than `since`; none for None.

    All links of an account whose choice of a card was changed are among them.
    """
    with engine.connect() as connection:
        number = last_number(connection)
        if since is None or number == since:
            return Changes(number, ())
        of_accounts = select(Link.id).join(Account, Account.id == Link.account_id)
        return Changes(
            number,
            {
                *connection.scalars(select(Link.id).where(Link.change_number > since)),
                *connection.scalars(of_accounts.where(Account.change_number > since)),
            },
        )
