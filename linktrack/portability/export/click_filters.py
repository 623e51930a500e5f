"""Filters for exports of clicks: from the words of a request to which clicks are meant."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Segment
from linktrack.clicks.classify.referrers import MEDIA
from linktrack.clicks.keeping.which import EVERY, Numbers, Which
from linktrack.clicks.models import agents, referrers, sources
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
) -> Which:
    """Return which clicks are asked for, of one account or of all.

    Raises `NotFound` for what does not exist, `Invalid` for what cannot be.
    """
    wanted = EVERY
    for name, value in asked.items():
        choices = FILTERS[name].choices
        if choices and value not in choices:
            raise Invalid(f"{name!r} must be one of {', '.join(choices)}, not {value[:40]!r}.")
        value = value.replace("\0", "")  # which no database can be asked for
        if name == "segment":
            found = _of_segment(session, value, account_id)
        elif name == "source":
            found = _of_source(session, value)
        elif name == "link":
            found = Which(links=(get_link(session, codes, value).id,))
        elif name == "post":
            found = _of_post(session, value)
        else:
            found = _CHOSEN[name](value)
        wanted = _both(wanted, found)
    return wanted


def _both(one: Which, other: Which) -> Which:
    """Return which clicks two filters leave."""
    return Which(
        links=_common(one.links, other.links),
        segments=_common(one.segments, other.segments),
        attributions=_in_both(one.attributions, other.attributions),
        reasons=_in_both(one.reasons, other.reasons),
        left_out=one.left_out or other.left_out,
        agents=_common(one.agents, other.agents),
        referrers=_common(one.referrers, other.referrers),
    )


def _in_both(one: Collection[int] | None, other: Collection[int] | None) -> Collection[int] | None:
    if one is None or other is None:
        return other if one is None else one
    return sorted(set(one) & set(other))


def _common(one: Numbers | None, other: Numbers | None) -> Numbers | None:
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, Select):
        (number,) = one.selected_columns
        return one.where(number.in_(other))
    return _common(other, one) if isinstance(other, Select) else _in_both(one, other)


def _of_segment(session: Session, name: str, account_id: int | None) -> Which:
    if name == NOTHING:
        return Which(segments=(UNATTRIBUTED,))
    query = select(Segment.id).where(Segment.name == name)
    if account_id is not None:
        query = query.where(Segment.account_id == account_id)
    found = session.scalars(query).all()
    if not found:
        raise NotFound(f"There is no segment {name[:100]!r}: look at linktrack segment list.")
    return Which(segments=found)


def _of_source(session: Session, name: str) -> Which:
    wanted = "" if name == NOTHING else name
    found = session.scalars(select(sources.c.id).where(sources.c.name == wanted)).all()
    if not found and name != NOTHING:
        raise NotFound(f"No click has come from the source {name[:100]!r}.")
    return _from_sources(sources.c.name == wanted)


def _of_post(session: Session, written: str) -> Which:
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 11 else 0
    if not 0 < number <= LARGEST:
        raise Invalid(f"'post' must be the number of a post, not {written[:40]!r}.")
    return Which(links=select(Link.id).where(Link.post_id == get_post(session, number).id))


def _of_attribution(name: str) -> Which:
    wanted = None if name == NOTHING else name
    numbers = range(len(ATTRIBUTIONS))
    return Which(attributions=[each for each in numbers if attribution_name(each) == wanted])


def _of_way(name: str) -> Which:
    return Which(attributions=[each for each, way in RECOGNISED_BY.items() if way == name])


def _of_device(name: str) -> Which:
    kind = agents.c.device.is_(None) if name == NOTHING else agents.c.device == name
    return Which(agents=select(agents.c.id).where(kind))


def _from_sources(kind: ColumnElement[bool]) -> Which:
    found = select(referrers.c.id).join(sources, referrers.c.source_id == sources.c.id).where(kind)
    return Which(referrers=found)


def _of_medium(name: str) -> Which:
    return _from_sources(sources.c.medium == name)


def _of_reason(name: str) -> Which:
    return Which(reasons=(REASON_NUMBER[name],))


def _are_human(value: str) -> Which:
    return Which(reasons=(HUMAN,)) if value == "true" else Which(left_out=True)


_CHOSEN: Final = {
    "attribution": _of_attribution,
    "device": _of_device,
    "human": _are_human,
    "medium": _of_medium,
    "reason": _of_reason,
    "recognised_by": _of_way,
}
