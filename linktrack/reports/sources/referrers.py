"""Referrers by segment: where the clicks of an account, a post or a link came from, and whose."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final, NamedTuple, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.audience.segments import segment_names
from linktrack.calendar.ranges import check_range
from linktrack.clicks.vocabulary import UNATTRIBUTED
from linktrack.errors import NotFound
from linktrack.links.models import Link, Post
from linktrack.reports.figures.words import counted, share
from linktrack.reports.parts import Part
from linktrack.reports.sources import referrer_queries

ONE_SUBJECT: Final = "Sources of one post or link are filtered by source and segment only."


class ReferrerLine(NamedTuple):
    """Clicks of one segment from one host.

    `source` None: no referrer was sent; `segment` None: we can't tell who.
    """

    source: str | None
    medium: str
    host: str | None
    segment: str | None
    clicks: int
    unique_clicks: int


@dataclass(frozen=True, slots=True)
class ReferrersReport:
    """Where clicks came from on the days in [since, until); None is "from, or to, all time"."""

    account: Account
    since: date | None
    until: date | None
    post_id: int | None
    code: str | None
    lines: list[ReferrerLine]

    def of(self, part: Part) -> "ReferrersReport":
        """Return the same of a part of the clicks."""
        lines = [line for line in self.lines if part.has(line.source, line.segment)]
        return replace(self, lines=lines)

    @property
    def clicks(self) -> int:
        """All of them."""
        return sum(line.clicks for line in self.lines)

    @property
    def unsaid(self) -> int:
        """Clicks that came without a referrer."""
        return sum(line.clicks for line in self.lines if line.source is None)

    @property
    def unattributed(self) -> int:
        """Clicks of whom no segment is known."""
        return sum(line.clicks for line in self.lines if line.segment is None)

    @property
    def sentences(self) -> list[str]:
        """What is not known, before what is, in words."""
        if not self.clicks:
            return []
        unsaid = self.unsaid
        everything = counted(self.clicks, "click")
        return [
            "Every click said where it came from."
            if not unsaid
            else f"{unsaid:,} of {everything} ({share(unsaid, self.clicks)}) "
            f"{'has' if unsaid == 1 else 'have'} no known source: most apps don't send one.",
            whose(self.clicks, self.unattributed),
        ]


def whose(clicks: int, unattributed: int) -> str:
    """Return in words of how many clicks no segment is known."""
    if not unattributed:
        return "We know the segment of every click."
    if unattributed == clicks:
        return "We don't know the segment of any click."
    return (
        f"For {unattributed:,} of {counted(clicks, 'click')} ({share(unattributed, clicks)}) we "
        "can't tell who."
    )


def referrers_report(
    session: Session,
    account: Account,
    timezone: ZoneInfo,
    *,
    since: date | None = None,
    until: date | None = None,
    post: Post | None = None,
    link: Link | None = None,
) -> ReferrersReport:
    """Return where the clicks of an account came from, or of one post or link of it.

    Days are calendar days in `timezone`. Raises `Invalid` for an empty range and `NotFound` for
    another account's post or link.
    """
    check_range(since, until)
    if post is not None and post.account_id != account.id:
        raise NotFound(f"There is no post number {post.id} on {account.handle}.")
    if link is not None and link.account_id != account.id:
        raise NotFound(f"There is no link {link.code!r} on {account.handle}.")
    if post is None and link is None:
        found = referrer_queries.account_origins(session, account.id, since, until)
    else:
        ids = [each.id for each in post.links] if post is not None else []
        ids = [link.id] if link is not None else ids
        found = referrer_queries.link_origins(
            session, ids, _midnight(since, timezone), _midnight(until, timezone)
        )
    names = names_of_segments(session, (origin.segment_id for origin in found))
    return ReferrersReport(
        account=account,
        since=since,
        until=until,
        post_id=None if post is None else post.id,
        code=None if link is None else link.code,
        lines=[
            ReferrerLine._make((*origin[:3], names[origin.segment_id], *origin[4:]))
            for origin in found
        ],
    )


def names_of_segments(session: Session, segment_ids: Iterable[int]) -> dict[int, str | None]:
    """Return the names of segments by their numbers; None: we can't tell who."""
    ids = set(segment_ids) - {UNATTRIBUTED}
    names = segment_names(session, ids)
    return {
        UNATTRIBUTED: None,
        **{number: names.get(number, f"segment {number}") for number in ids},
    }


def _midnight(day: date | None, timezone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, timezone)


class ReferrersLineJson(TypedDict):
    """Clicks from one source by one segment; a null segment is "we can't tell who"."""

    source: str | None
    medium: str
    host: str | None
    segment: str | None
    clicks: int
    unique_clicks: int


def _line_json(line: ReferrerLine) -> ReferrersLineJson:
    return {
        "source": line.source,
        "medium": line.medium,
        "host": line.host,
        "segment": line.segment,
        "clicks": line.clicks,
        "unique_clicks": line.unique_clicks,
    }


ReferrersRangeJson = TypedDict("ReferrersRangeJson", {"from": str | None, "to": str | None})


class ReferrersReportJson(ReferrersRangeJson):
    """Where clicks came from; `post` or `link` is present if you asked for one."""

    account: AccountNameJson
    post: NotRequired[int]
    link: NotRequired[str]
    referrers: list[ReferrersLineJson]


class _AskedJson(TypedDict, total=False):
    post: int
    link: str


def referrers_json(report: ReferrersReport) -> ReferrersReportJson:
    """Return the report as every door gives it."""
    asked: _AskedJson = {}
    if report.post_id is not None:
        asked["post"] = report.post_id
    if report.code is not None:
        asked["link"] = report.code
    return {
        "account": account_json(report.account),
        "from": None if report.since is None else report.since.isoformat(),
        "to": None if report.until is None else report.until.isoformat(),
        **asked,
        "referrers": [_line_json(line) for line in report.lines],
    }
