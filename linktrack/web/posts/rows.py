"""Posts as rows of a ranking: a title, a domain, and a bar beside what is usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import url_for
from markupsafe import Markup

from linktrack.audience.models import Account
from linktrack.charts import Usual, interval_bar, row_axis, row_scale
from linktrack.context import db_session
from linktrack.links.excerpts import title
from linktrack.links.posts import destinations_of
from linktrack.reports.counting import Counting
from linktrack.reports.cpf import CpfTotal, cpf_total
from linktrack.reports.orders import After
from linktrack.reports.post_lines import PostLine
from linktrack.reports.ranking import RankedPost, Ranking
from linktrack.reports.standing import Standing
from linktrack.web.fields import Values, row_id, text
from linktrack.web.post_bars import PER_THOUSAND, UNIT, rate_point

TIMES_USUAL: Final = "times the account's usual"
BEHIND: Final = "~"


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post in a ranking; `more` links follow the one that leads to `domain`."""

    line: PostLine
    title: str
    domain: str
    more: int
    bar: Markup


@dataclass(frozen=True, slots=True)
class RankedRows:
    """A page of a ranking with the scale of its bars, and behind which post the next begins."""

    rows: list[PostRow]
    axis: Markup
    has_usual: bool
    last: str


def chosen_after(values: Values) -> After | None:
    """Return behind which post the page begins, as `in_address` writes it or its number alone."""
    number, mark, value = text(values, "after", "Post").partition(BEHIND)
    found = row_id({"after": number}, "after", "Post")
    return None if found is None else After(found, value if mark else None)


def in_address(after: After) -> str:
    """Write behind which post the next page begins: its number, and what it is sorted by now."""
    return f"{after.post_id}{BEHIND}{after.value or ''}"


def ranked_rows(posts: Sequence[RankedPost], account: Account | None) -> RankedRows:
    """Return the rows of a page: of one account per 1,000 followers, of all in times of usual."""
    leads = destinations_of(db_session(), [post.line.facts.id for post in posts])
    titled = [(post, *_named(post.line, leads[post.line.facts.id])) for post in posts]
    points = [
        rate_point(
            post.line,
            name,
            _unit_of(post.standing, account),
            url_for("posts.show", post_id=post.line.facts.id),
            said=account is not None,
        )
        for post, name, _ in titled
    ]
    usual = [_usual(post.standing, _unit_of(post.standing, account)) for post in posts]
    scale = row_scale(points, max(filter(None, usual), key=lambda band: band.high, default=None))
    unit = UNIT if account else TIMES_USUAL
    rows = [
        PostRow(
            post.line,
            name,
            domain,
            max(0, len(leads[post.line.facts.id]) - 1),
            interval_bar(point, scale, band, unit=unit),
        )
        for (post, name, domain), point, band in zip(titled, points, usual, strict=True)
    ]
    return RankedRows(
        rows, row_axis(scale, unit), any(usual), in_address(posts[-1].after) if posts else ""
    )


def totals_of(
    accounts: Sequence[Account], found: Ranking, counting: Counting
) -> list[tuple[Account, CpfTotal]]:
    """Return the total of each account that has posts among those asked for."""
    with_posts = {post.account_id for post in found.sums}
    return [
        (
            account,
            cpf_total(
                [post for post in found.sums if post.account_id == account.id],
                found.histories,
                counting,
            ),
        )
        for account in accounts
        if account.id in with_posts
    ]


def _named(line: PostLine, destinations: Sequence[str]) -> tuple[str, str]:
    """Return a post's title, and the domain its first link leads to."""
    domain = (urlsplit(destinations[0]).hostname or "").removeprefix("www.") if destinations else ""
    return title(line.facts.written) or domain or "No text", domain


def _unit_of(standing: Standing | None, account: Account | None) -> float | None:
    """Return the rate that is one on the scale; None where there is none."""
    if account is not None:
        return PER_THOUSAND
    return None if standing is None else (standing.rate.value or None)


def _usual(standing: Standing | None, unit: float | None) -> Usual | None:
    if standing is None or unit is None:
        return None
    return Usual(standing.usual.low / unit, standing.usual.high / unit)
