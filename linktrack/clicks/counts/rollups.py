"""Rollups: counts stored beside the clicks, so that reports read hundreds of rows, not millions.

Each is one small function in a plain list, and depends on the first-click marks (first_clicks.py).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final, TypeAlias

from sqlalchemy import Connection, Table

from linktrack.calendar.days import QUARTER, Days, month_of_day
from linktrack.clicks.click_ids import PERSONAL
from linktrack.clicks.conversions.models import link_click_ids
from linktrack.clicks.counts.first_clicks import Moves, Uniques, mark_firsts, unmark_firsts
from linktrack.clicks.counts.sums import Deltas, add, by_longer_period, correct, deltas_of, sums
from linktrack.clicks.counts.visits import move_visitors
from linktrack.clicks.facet_models import (
    account_agent_months,
    account_facet_days,
    account_facet_months,
    account_link_months,
    link_facets,
)
from linktrack.clicks.keeping.click import Click
from linktrack.clicks.models import (
    account_days,
    account_hours,
    account_referrer_days,
    account_referrer_months,
    account_referrer_years,
    account_visits,
    account_ways,
    link_days,
    link_options_clicked,
    link_totals,
    post_hours,
    post_reasons,
    post_segments,
    post_sources,
    post_totals,
)
from linktrack.clicks.vocabulary import (
    ATTRIBUTIONS,
    CITY,
    CLICK_ID,
    FACETS,
    HOUR,
    HOURS_KEPT,
    HUMAN,
    UNATTRIBUTED,
    WINDOWS,
)
from linktrack.ids import LinkId


@dataclass(frozen=True)
class Batch:
    """Clicks to count, and the unique clicks they add and remove.

    What several counts need is computed once.
    """

    clicks: Sequence[Click]
    uniques: Uniques
    days: "Days"

    @cached_property
    def humans(self) -> Moves:
        """People's clicks."""
        return Moves([click for click in self.clicks if click.reason == HUMAN])

    @cached_property
    def humans_on_posts(self) -> Moves:
        """Those of them that are on posts."""
        return Moves([click for click in self.humans.added if click.post_id is not None])

    @cached_property
    def not_human(self) -> Moves:
        """The clicks that are left out."""
        return Moves([click for click in self.clicks if click.reason != HUMAN])

    @cached_property
    def uniques_of_accounts(self) -> Moves:
        """An account's unique clicks: those on posts, and on links that are on their own."""
        posts, links = self.uniques.on_posts, self.uniques.on_links
        return Moves(
            posts.added + [click for click in links.added if click.post_id is None],
            posts.removed + [click for click in links.removed if click.post_id is None],
        )

    @cached_property
    def by_segment_and_window(self) -> Deltas:
        """clicks, unique_clicks, without_visitor by (post, segment, window)."""
        humans = self.humans_on_posts
        without_visitor = Moves([click for click in humans.added if click.visitor is None])
        key = attrgetter("post_id", "segment_id", "window")
        return sums(key, humans, self.uniques.on_posts, without_visitor)

    @cached_property
    def by_link_and_day(self) -> Deltas:
        """clicks, unique_clicks, not_human by (link, day)."""
        key = attrgetter("link_id", "day")
        return sums(key, self.humans, self.uniques.on_links, self.not_human)

    @cached_property
    def by_referrer_and_day(self) -> Deltas:
        """clicks, unique_clicks by (account, day, segment, referrer)."""
        key = attrgetter("account_id", "day", "segment_id", "referrer_id")
        return sums(key, self.humans, self.uniques_of_accounts)

    @cached_property
    def by_referrer_and_month(self) -> Deltas:
        """The same by (account, month, segment, referrer)."""
        return by_longer_period(self.by_referrer_and_day, month_of_day)

    @cached_property
    def by_facet_and_day(self) -> Deltas:
        """clicks, unique_clicks by (account, facet, day, value)."""
        key = attrgetter("account_id", "day", *FACETS)
        deltas = deltas_of(2)
        counts = sums(key, self.humans, self.uniques_of_accounts)
        for (account_id, day, *values), (clicks, unique_clicks) in counts.items():
            for facet, value in enumerate(values):
                if facet == CITY and not value:
                    continue
                row = deltas[account_id, facet, day, value]
                row[0] += clicks
                row[1] += unique_clicks
        return deltas


def add_batch(connection: Connection, new: Sequence[Click], days: Days) -> None:
    """Count clicks that have just been stored, in the same transaction."""
    humans = [click for click in new if click.reason == HUMAN]
    batch = Batch(new, mark_firsts(connection, humans, days.day), days)
    for table, count in COUNTS:
        (correct if table in OF_UNIQUE_CLICKS else add)(connection, table, count(batch))
    _move_visits(connection, batch)


def move_batch(
    connection: Connection, before: Sequence[Click], after: Sequence[Click], days: Days
) -> None:
    """Replace what these stored clicks counted before by what they count now, marks included.

    The tables of clicks and referrers already have the new values.
    """
    removed = [click for click in before if click.reason == HUMAN]
    added = [click for click in after if click.reason == HUMAN]
    uniques = unmark_firsts(connection, removed, days.day) + mark_firsts(
        connection, added, days.day
    )
    old, new = Batch(before, Uniques(), days), Batch(after, uniques, days)
    for table, count in COUNTS:
        counted = count(new)
        deltas = dict(counted)  # a batch may share one mapping among its counts
        for key, values in count(old).items():
            row = counted.get(key, [0] * len(values))
            deltas[key] = [now - then for now, then in zip(row, values, strict=True)]
        correct(connection, table, deltas)
    _move_visits(connection, new)


def _move_visits(connection: Connection, batch: Batch) -> None:
    correct(connection, account_visits, move_visitors(connection, count_visits(batch)))


def count_post_segments(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (post, segment): two numbers for each window, in one row."""
    deltas = deltas_of(2 * len(WINDOWS))
    for (post_id, segment_id, window), counts in batch.by_segment_and_window.items():
        deltas[post_id, segment_id][2 * window : 2 * window + 2] = counts[:2]
    return deltas


def count_post_totals(batch: Batch) -> Deltas:
    """clicks, unique_clicks, without_visitor, unattributed by post: four for each window."""
    deltas = deltas_of(4 * len(WINDOWS))
    for (post_id, segment_id, window), counts in batch.by_segment_and_window.items():
        row = deltas[post_id,]
        first = 4 * window
        row[first] += counts[0]
        row[first + 1] += counts[1]
        row[first + 2] += counts[2]
        if segment_id == UNATTRIBUTED:
            row[first + 3] += counts[1]
    return deltas


def count_post_sources(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (post, source, window)."""
    key = attrgetter("post_id", "source_id", "window")
    return sums(key, batch.humans_on_posts, batch.uniques.on_posts)


def count_post_reasons(batch: Batch) -> Deltas:
    """Clicks left out by (post, reason, window)."""
    on_posts = Moves([click for click in batch.not_human.added if click.post_id is not None])
    return sums(attrgetter("post_id", "reason", "window"), on_posts)


def count_post_hours(batch: Batch) -> Deltas:
    """Clicks by (post, hour since it was posted), for its first 7 days."""
    hours = Counter(
        (click.post_id, max(0, (click.clicked_at - click.posted_at) // HOUR))
        for click in batch.humans.added
        if click.post_id is not None
        and click.posted_at is not None
        and click.clicked_at - click.posted_at < HOURS_KEPT * HOUR
    )
    return {key: [clicks] for key, clicks in hours.items()}


def count_link_days(batch: Batch) -> Deltas:
    """clicks, unique_clicks, not_human by (link, day)."""
    return batch.by_link_and_day


def count_link_totals(batch: Batch) -> Deltas:
    """clicks, unique_clicks, not_human by link."""
    deltas = deltas_of(3)
    for (link_id, _), (clicks, unique_clicks, not_human) in batch.by_link_and_day.items():
        row = deltas[link_id,]
        row[0] += clicks
        row[1] += unique_clicks
        row[2] += not_human
    return deltas


def count_link_options(batch: Batch) -> Deltas:
    """clicks, unique_clicks, with_click_id by (link, option), of links with rules."""
    people = [click for click in batch.humans.added if click.option]
    firsts = batch.uniques.on_links
    return sums(
        attrgetter("link_id", "option"),
        Moves(people),
        Moves(
            *([click for click in some if click.option] for some in (firsts.added, firsts.removed))
        ),
        Moves([click for click in people if click.flags & CLICK_ID]),
    )


def count_account_days(batch: Batch) -> Deltas:
    """clicks, unique_clicks, not_human by (account, day); a link on its own counts as a post."""
    key = attrgetter("account_id", "day")
    return sums(key, batch.humans, batch.uniques_of_accounts, batch.not_human)


def count_account_hours(batch: Batch) -> Deltas:
    """People's clicks by (account, day, hour)."""
    quarters = Counter(
        (click.account_id, click.clicked_at // QUARTER) for click in batch.humans.added
    )
    deltas = deltas_of(1)
    for (account_id, quarter), clicks in quarters.items():
        day, hour = batch.days.hour(quarter * QUARTER)
        deltas[account_id, day, hour][0] += clicks
    return deltas


def count_account_ways(batch: Batch) -> Deltas:
    """Unique clicks of each attribution by (account, month)."""
    deltas = deltas_of(len(ATTRIBUTIONS))
    moves = batch.uniques_of_accounts
    key = attrgetter("account_id", "day", "attribution")
    for sign, moved in ((1, moves.added), (-1, moves.removed)):
        for (account_id, day, attribution), number in Counter(map(key, moved)).items():
            deltas[account_id, month_of_day(day)][attribution] += sign * number
    return deltas


def count_visits(batch: Batch) -> Deltas:
    """Links clicked first in the first and second half by (account, visitor period, visitor)."""
    deltas = deltas_of(2)
    on_links = batch.uniques.on_links
    for sign, moved in ((1, on_links.added), (-1, on_links.removed)):
        for click in moved:
            if click.visitor is not None:
                first, second_half, _ = batch.days.period(click.day)
                half = click.day >= second_half
                deltas[click.account_id, first, click.visitor][half] += sign
    return deltas


def count_account_referrer_days(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (account, day, segment, referrer)."""
    return batch.by_referrer_and_day


def count_account_referrer_months(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (account, month, segment, referrer)."""
    return batch.by_referrer_and_month


def count_account_referrer_years(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (account, year, segment, referrer)."""
    return by_longer_period(batch.by_referrer_and_month, lambda month: month // 12)


def count_account_facet_days(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (account, facet, day, value)."""
    return {key: row for key, row in batch.by_facet_and_day.items() if key[1] != CITY}


def count_account_facet_months(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (account, facet, month, value)."""
    deltas = deltas_of(2)
    for (account_id, facet, day, value), counts in batch.by_facet_and_day.items():
        row = deltas[account_id, facet, month_of_day(day), value]
        row[0] += counts[0]
        row[1] += counts[1]
    return deltas


def count_account_agent_months(batch: Batch) -> Deltas:
    """Clicks left out by (account, month, reason, agent)."""
    key = attrgetter("account_id", "day", "reason", "agent_id")
    deltas = deltas_of(1)
    for (account_id, day, *what), clicks in Counter(map(key, batch.not_human.added)).items():
        deltas[account_id, month_of_day(day), *what][0] += clicks
    return deltas


def count_account_link_months(batch: Batch) -> Deltas:
    """Unique clicks by (account, month, link)."""
    moves = batch.uniques.on_links
    account_of = {click.link_id: click.account_id for click in (*moves.added, *moves.removed)}
    deltas = deltas_of(1)
    for (link_id, day), (_, unique_clicks, _) in batch.by_link_and_day.items():
        if unique_clicks:
            deltas[account_of[LinkId(link_id)], month_of_day(day), link_id][0] += unique_clicks
    return deltas


def count_link_facets(batch: Batch) -> Deltas:
    """clicks, unique_clicks by (link, facet, value), where it is known."""
    deltas = deltas_of(2)
    counts = sums(attrgetter("link_id", *FACETS), batch.humans, batch.uniques.on_links)
    for (link_id, *values), (clicks, unique_clicks) in counts.items():
        for facet, value in enumerate(values):
            if not value:
                continue
            row = deltas[link_id, facet, value]
            row[0] += clicks
            row[1] += unique_clicks
    return deltas


def count_link_click_ids(batch: Batch) -> Deltas:
    """Clicks that carried a click id by (link, day, segment), as the id has it."""
    deltas = deltas_of(1)
    for click in batch.humans.added:
        if click.flags & CLICK_ID:
            segment_id = UNATTRIBUTED if click.attribution == PERSONAL else click.segment_id
            deltas[click.link_id, click.day, segment_id][0] += 1
    return deltas


Count: TypeAlias = Callable[[Batch], Deltas]

POST_COUNTS: Final[tuple[tuple[Table, Count], ...]] = (
    (post_segments, count_post_segments),
    (post_totals, count_post_totals),
    (post_sources, count_post_sources),
    (post_reasons, count_post_reasons),
    (post_hours, count_post_hours),
)
"""Counts that depend on when the post was posted."""

COUNTS: Final = (
    *POST_COUNTS,
    (link_days, count_link_days),
    (link_totals, count_link_totals),
    (link_options_clicked, count_link_options),
    (account_days, count_account_days),
    (account_hours, count_account_hours),
    (account_ways, count_account_ways),
    (account_referrer_days, count_account_referrer_days),
    (account_referrer_months, count_account_referrer_months),
    (account_referrer_years, count_account_referrer_years),
    (account_facet_days, count_account_facet_days),
    (account_facet_months, count_account_facet_months),
    (account_agent_months, count_account_agent_months),
    (account_link_months, count_account_link_months),
    (link_facets, count_link_facets),
    (link_click_ids, count_link_click_ids),
)

OF_UNIQUE_CLICKS: Final = {account_ways, account_link_months}
"""Counts whose rows may come down to nothing when an earlier click moves a first one."""
