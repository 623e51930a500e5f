"""Which clicks a page's figures are of: those that its address asks for, if they can be had.

What is counted is narrowed by the report functions themselves, as fast as the whole. All else is
laid over the stored counts while they run (`reports.narrowing`): they don't know of it then.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from linktrack.audience.models import Account
from linktrack.charts import day_name
from linktrack.context import db_session, installation
from linktrack.errors import Unavailable
from linktrack.reports.narrowing.ranges import OF_CLICKS, Narrows
from linktrack.reports.narrowing.shadows import narrowed
from linktrack.reports.narrowing.since import before_posts
from linktrack.reports.narrowing.wanted import EVERY, FILTERS, Wanted
from linktrack.reports.parts import Part
from linktrack.reports.sources.facet_days import Facet
from linktrack.reports.sources.left_out import deleted_before
from linktrack.web.filters.asked import asked_for, in_file_name
from linktrack.web.table_files import is_table_wanted


@dataclass(frozen=True, slots=True)
class Seen:
    """The clicks that figures are `of`, and what report functions have still to narrow to.

    `refused` says why filters aren't applied, `deleted` which clicks are in no filtered figure;
    `cannot` are the filters that aren't applied.
    """

    of: Wanted = EVERY
    left: Wanted = EVERY
    refused: str = ""
    deleted: str = ""
    cannot: Collection[str] = ()

    @property
    def is_whole(self) -> bool:
        """Whether figures are of all clicks."""
        return self.of.is_whole

    @property
    def is_narrowed(self) -> bool:
        """Whether every count was narrowed, and not only some."""
        return not self.of.is_whole and self.left.is_whole

    @property
    def part(self) -> Part:
        """The source and the segment that report functions narrow to."""
        return self.left.part

    @property
    def facet(self) -> Facet | None:
        """The facet that report functions narrow to."""
        return next(iter(self.left.facets), None)

    @property
    def only(self) -> str:
        """What files are narrowed to, for their names."""
        return in_file_name(self.of)


@contextmanager
def seeing(
    accounts: Sequence[Account],
    since: date | datetime | None,
    *,
    narrows: Narrows = OF_CLICKS,
    cannot: Collection[str] = (),
) -> Iterator[Seen]:
    """Let reports of what is since then count the clicks that are asked for.

    `narrows` says of what the reports' range is, and what they narrow to by themselves. Where there
    are too many clicks to be read, figures stay whole, and what is seen says why; for a file that
    is an error.
    Nothing but reports of clicks belongs inside: all counts are narrowed there.
    """
    wanted, session, days = asked_for(), db_session(), installation().days()
    if cannot:
        wanted = replace(
            wanted, facets=tuple(each for each in wanted.facets if each.name not in cannot)
        )
    if wanted.is_whole or narrows.counted(wanted):
        yield Seen(wanted, wanted, cannot=cannot)
        return
    ids = [account.id for account in accounts]
    if narrows.of_posts:
        assert since is None or isinstance(since, datetime)
        since = before_posts(session, ids, since, with_usual=narrows.with_usual)
    first = since.astimezone(days.timezone).date() if isinstance(since, datetime) else since
    with ExitStack() as stack:
        seen = Seen(wanted, deleted=_deleted(first), cannot=cannot)
        try:
            stack.enter_context(narrowed(session, ids, wanted, days, since=first))
        except Unavailable as error:
            if is_table_wanted():
                raise
            seen = Seen(refused=error.sentence, cannot=FILTERS)
        yield seen


def _deleted(first: date | None) -> str:
    """Say which of the days from this one on have lost their single clicks, "" if none has."""
    before, timezone = deleted_before(db_session()), installation().settings.timezone
    if before is None:
        return ""
    if first is not None and before <= datetime.combine(first, time.min, timezone):
        return ""
    day = day_name(before.astimezone(timezone).date())
    return f"Clicks before {day} are deleted, and in no filtered figure."
