"""From `Which` to SQL: conditions on the table of clicks, each so that it uses the right index."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, Select, exists, literal_column, select

from linktrack.clicks.bulk import among
from linktrack.clicks.keeping.dressing import known
from linktrack.clicks.keeping.which import Numbers, Which
from linktrack.clicks.models import IS_RECOGNISED, agents, clicks, referrers
from linktrack.clicks.vocabulary import HUMAN
from linktrack.links.models import Link

FEW = 100
"""Numbers that are named one by one: more are handed over as one value."""

_LEFT_OUT = clicks.c.reason != literal_column(str(HUMAN))
"""With the number in the statement: only so does SQLite see that the index has all of these."""


def conditions(connection: Connection, which: Which) -> list[ColumnElement[bool]]:
    """Return what clicks fulfil that are meant; `spans` are not among it."""
    return [
        *_places(connection, which),
        *_properties(which),
        *_facets(which),
        *_numbers(connection, which),
    ]


def _plain(column: ColumnElement[int], which: Which) -> ColumnElement[int]:
    """Return a column hidden from its index where clicks are read along their numbers."""
    return column if which.after is None and which.upto is None else column + 0


def _places(connection: Connection, which: Which) -> Iterator[ColumnElement[bool]]:
    column = clicks.c
    if which.after is not None:
        yield column.seq > which.after
    if which.upto is not None:
        yield column.seq <= which.upto
    if which.seqs is not None:
        yield is_one_of(connection, column.seq, which.seqs)
    # A sum hides a column from its index: those that name a follower have one of their own.
    is_named = which.named or which.followers is not None
    at = column.clicked_at + 0 if is_named else column.clicked_at
    if which.since is not None:
        yield at >= which.since
    if which.until is not None:
        yield at < which.until


def _properties(which: Which) -> Iterator[ColumnElement[bool]]:
    column = clicks.c
    if which.named or which.followers is not None:
        yield column.follower_id.is_not(None)
    if which.accounts is not None:
        link = _plain(column.link_id, which)
        owned = exists().where(Link.id == link, Link.account_id.in_(which.accounts))
        yield owned.correlate(clicks)  # and not to the links of the query around it
    if which.left_out:
        plain = _plain(column.reason, which)
        yield _LEFT_OUT if plain is column.reason else plain != HUMAN
    if which.recognised:
        # As it is written: of a Boolean, SQLAlchemy would ask whether it is 1, and SQLite not see
        # that the index has all of these.
        yield literal_column(IS_RECOGNISED.text)
    if which.with_visitor:
        yield column.visitor.is_not(None)
    if which.without_flags:
        yield column.flags.bitwise_and(which.without_flags) == 0


def _facets(which: Which) -> Iterator[ColumnElement[bool]]:
    column = clicks.c
    if which.countries is not None:
        yield known(column.country).in_(which.countries)
    if which.languages is not None:
        yield column.language.in_(which.languages)
    if which.devices is not None:
        of_them = select(agents.c.id).where(agents.c.device_id.in_(which.devices))
        yield column.agent_id.in_(of_them.correlate(None))
    if which.sources is not None:
        of_them = select(referrers.c.id).where(referrers.c.source_id.in_(which.sources))
        yield column.referrer_id.in_(of_them.correlate(None))


def _numbers(connection: Connection, which: Which) -> Iterator[ColumnElement[bool]]:
    column = clicks.c
    wanted_of = {
        column.link_id: which.links,
        column.segment_id: which.segments,
        column.attribution: which.attributions,
        column.agent_id: which.agents,
        column.referrer_id: which.referrers,
        column.reason: which.reasons,
        column.follower_id: which.followers,
    }
    for one, wanted in wanted_of.items():
        if wanted is not None:
            yield is_one_of(connection, _plain(one, which), wanted)


def is_one_of(
    connection: Connection, column: ColumnElement[int], wanted: Numbers
) -> ColumnElement[bool]:
    """Return the condition that a column is one of these numbers."""
    if isinstance(wanted, Select):
        return column.in_(wanted)
    if len(wanted) == 1:
        return column == next(iter(wanted))
    if len(wanted) <= FEW:
        return column.in_(sorted(wanted))
    return among(connection, column, sorted(wanted))
