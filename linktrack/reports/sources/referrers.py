"""Referrers by segment: where the clicks of an account, a post or a link came from, and whose."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from linktrack.audience.accounts import account_json
from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import UNATTRIBUTED
from linktrack.errors import Invalid, NotFound
from linktrack.links.models import Link, Post
from linktrack.reports import queries
from linktrack.reports.figures.words import counted, share
from linktrack.reports.sources import referrer_queries
from linktrack.shapes import Json


@dataclass(frozen=True, slots=True)
class ReferrerLine:
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

    def sentences(self) -> list[str]:
        """Say what is not known, before what is."""
        if not self.clicks:
            return []
        unsaid, unknown = self.unsaid, self.unattributed
        everything = counted(self.clicks, "click")
        return [
            "Every click said where it came from."
            if not unsaid
            else f"{unsaid:,} of {everything} ({share(unsaid, self.clicks)}) did not say where "
            f"{'it' if unsaid == 1 else 'they'} came from: most apps, and browsers that keep it "
            "to themselves, send nothing. That is not “typed in”.",
            "Of every click we can tell the segment."
            if not unknown
            else "Of no click we can tell the segment."
            if unknown == self.clicks
            else f"For {unknown:,} of {everything} ({share(unknown, self.clicks)}) we can't tell "
            "who.",
        ]

    def as_json(self) -> dict[str, Json]:
        """Return the report as every door gives it."""
        subject: dict[str, Json] = {}
        if self.post_id is not None:
            subject["post"] = self.post_id
        if self.code is not None:
            subject["link"] = self.code
        return {
            "account": account_json(self.account),
            "from": None if self.since is None else self.since.isoformat(),
            "to": None if self.until is None else self.until.isoformat(),
            **subject,
            "referrers": [
                {
                    "source": line.source,
                    "medium": line.medium,
                    "host": line.host,
                    "segment": line.segment,
                    "clicks": line.clicks,
                    "unique_clicks": line.unique_clicks,
                }
                for line in self.lines
            ],
        }


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
    if since is not None and until is not None and until <= since:
        raise Invalid("The range is empty: its end must be later than its beginning.")
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
    names = _segment_names(session, (origin.segment_id for origin in found))
    return ReferrersReport(
        account,
        since,
        until,
        None if post is None else post.id,
        None if link is None else link.code,
        [
            ReferrerLine(
                origin.source,
                origin.medium,
                origin.host,
                names[origin.segment_id],
                origin.clicks,
                origin.unique_clicks,
            )
            for origin in found
        ],
    )


def _segment_names(session: Session, segment_ids: Iterable[int]) -> dict[int, str | None]:
    ids = set(segment_ids) - {UNATTRIBUTED}
    names = queries.segment_names(session, ids)
    return {
        UNATTRIBUTED: None,
        **{number: names.get(number, f"segment {number}") for number in ids},
    }


def _midnight(day: date | None, timezone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, timezone)
