"""Filters for exports of clicks: from the words of a request to conditions in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Segment
from linktrack.clicks.classify.referrers import MEDIA
from linktrack.clicks.models import agents, clicks, referrers, sources
from linktrack.clicks.vocabulary import (
    ATTRIBUTIONS,
    HUMAN,
    LEFT_OUT,
    REASON_NUMBER,
    RECOGNISED_BY,
    UNATTRIBUTED,
    attribution_name,
)
from linktrack.errors import Invalid, NotFound
from linktrack.keys import WAYS
from linktrack.links.catalog import get_link
from linktrack.links.codes import Codes
from linktrack.links.models import Link
from linktrack.links.posts import get_post

NOTHING: Final = "-"
"""Asks for clicks whose field is null: we can't tell who, no referrer was sent, not known."""

LARGEST: Final = 2**31 - 1


class Filter(NamedTuple):
    """What it narrows to, and its values where these are few."""

    meaning: str
    choices: tuple[str, ...] = ()


FILTERS: Final = {
    "link": Filter("Clicks on the link with this code, including its versions."),
    "post": Filter("Clicks on the post with this number."),
    "segment": Filter("Clicks of the segment with this name; - for unknown."),
    "attribution": Filter(
        "Clicks whose segment is known in this way; - for: we can't tell who.",
        ("personal", "variant", "recognised", NOTHING),
    ),
    "recognised_by": Filter("Clicks whose readers said hello in this way.", WAYS),
    "source": Filter("Clicks from the source with this name; - if no referrer was sent."),
    "medium": Filter("Clicks from sources of this kind.", MEDIA),
    "device": Filter(
        "Clicks from devices of this kind; - for: not known.",
        ("desktop", "mobile", "tablet", "other", NOTHING),
    ),
    "human": Filter("Clicks by people (true), or filtered ones (false).", ("true", "false")),
    "reason": Filter("Clicks filtered for this reason.", LEFT_OUT),
}
"""By name; those that are asked for must all hold."""

Conditions: TypeAlias = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Clicks that fulfil all of these conditions on the click table."""

    conditions: Conditions = ()


EVERY_CLICK: Final = Wanted()


def read_filters(written: Iterable[str]) -> dict[str, str]:
    """Return filters written as NAME=VALUE; raises `Invalid`."""
    asked = {}
    for each in written:
        name, _, value = each.partition("=")
        if name not in FILTERS or not value:
            raise Invalid(
                f"{each[:60]!r} isn't a filter: write NAME=VALUE, with one of {', '.join(FILTERS)}."
            )
        asked[name] = value
    return asked


def find_wanted(
    session: Session, codes: Codes, asked: Mapping[str, str], account_id: int | None
) -> Wanted:
    """Return which clicks are asked for, of one account or of all.

    Raises `NotFound` for what does not exist, `Invalid` for what cannot be.
    """
    conditions: list[ColumnElement[bool]] = []
    for name, value in asked.items():
        choices = FILTERS[name].choices
        if choices and value not in choices:
            raise Invalid(f"{name!r} must be one of {', '.join(choices)}, not {value[:40]!r}.")
        value = value.replace("\0", "")  # which no database can be asked for
        if name == "segment":
            conditions.append(_of_segment(session, value, account_id))
        elif name == "source":
            conditions.append(_of_source(session, value))
        elif name == "link":
            conditions.append(_plain("link_id") == get_link(session, codes, value).id)
        elif name == "post":
            conditions.append(_of_post(session, value))
        else:
            conditions.append(_CHOSEN[name](value))
    return Wanted(tuple(conditions))


def _plain(name: str) -> ColumnElement[int]:
    """Return a column without its index: an export reads along `seq`, whatever it looks for."""
    column: ColumnElement[int] = clicks.c[name] + 0
    return column


def _of_segment(session: Session, name: str, account_id: int | None) -> ColumnElement[bool]:
    if name == NOTHING:
        return _plain("segment_id") == UNATTRIBUTED
    query = select(Segment.id).where(Segment.name == name)
    if account_id is not None:
        query = query.where(Segment.account_id == account_id)
    found = session.scalars(query).all()
    if not found:
        raise NotFound(f"There is no segment {name[:100]!r}: look at linktrack segment list.")
    return _plain("segment_id").in_(found)


def _of_source(session: Session, name: str) -> ColumnElement[bool]:
    wanted = "" if name == NOTHING else name
    found = session.scalars(select(sources.c.id).where(sources.c.name == wanted)).all()
    if not found and name != NOTHING:
        raise NotFound(f"No click has come from the source {name[:100]!r}.")
    return _from_sources(sources.c.name == wanted)


def _of_post(session: Session, written: str) -> ColumnElement[bool]:
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 11 else 0
    if not 0 < number <= LARGEST:
        raise Invalid(f"'post' must be the number of a post, not {written[:40]!r}.")
    links = select(Link.id).where(Link.post_id == get_post(session, number).id)
    return _plain("link_id").in_(links)


def _of_attribution(name: str) -> ColumnElement[bool]:
    wanted = None if name == NOTHING else name
    numbers = range(len(ATTRIBUTIONS))
    return _plain("attribution").in_([each for each in numbers if attribution_name(each) == wanted])


def _of_way(name: str) -> ColumnElement[bool]:
    return _plain("attribution").in_([each for each, way in RECOGNISED_BY.items() if way == name])


def _of_device(name: str) -> ColumnElement[bool]:
    kind = agents.c.device.is_(None) if name == NOTHING else agents.c.device == name
    return _plain("agent_id").in_(select(agents.c.id).where(kind))


def _from_sources(kind: ColumnElement[bool]) -> ColumnElement[bool]:
    found = select(referrers.c.id).join(sources, referrers.c.source_id == sources.c.id).where(kind)
    return _plain("referrer_id").in_(found)


def _of_medium(name: str) -> ColumnElement[bool]:
    return _from_sources(sources.c.medium == name)


def _of_reason(name: str) -> ColumnElement[bool]:
    return _plain("reason") == REASON_NUMBER[name]


def _are_human(value: str) -> ColumnElement[bool]:
    reason = _plain("reason")
    return reason == HUMAN if value == "true" else reason != HUMAN


_CHOSEN: Final = {
    "attribution": _of_attribution,
    "device": _of_device,
    "human": _are_human,
    "medium": _of_medium,
    "reason": _of_reason,
    "recognised_by": _of_way,
}
