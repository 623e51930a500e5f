"""The coverage report: which part of the links an account posted was wrapped."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.links.models import UnwrappedPost
from linktrack.networks.registry import network_of
from linktrack.publishing.unwrapped.coverage import Coverage, coverage
from linktrack.reports.figures.rate import rounded
from linktrack.reports.figures.words import share


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """An account's coverage in the days asked for."""

    account: Account
    since: datetime | None
    until: datetime | None
    coverage: Coverage

    @property
    def sentence(self) -> str:
        """The figure as people read it."""
        return coverage_in_words(self.coverage)


def coverage_report(
    session: Session, account: Account, since: datetime | None, until: datetime | None
) -> CoverageReport:
    """Return the coverage of an account's posts in [since, until)."""
    return CoverageReport(account, since, until, coverage(session, account.id, since, until))


def coverage_in_words(found: Coverage) -> str:
    """Return what part of the links was wrapped, or why nobody knows."""
    if found.known_until is None:
        return (
            "We haven't checked your other posts yet, so we don't know how many links were tracked."
        )
    if not found.links:
        return "You posted no links of your own."
    return (
        f"{found.wrapped:,} of {found.links:,} links in your own posts were tracked"
        f" ({share(found.wrapped, found.links)})."
    )


CoverageRangeJson = TypedDict("CoverageRangeJson", {"from": str | None, "to": str | None})


class CoverageReportJson(CoverageRangeJson):
    """The share of links in the account's own posts that were wrapped; null if none, or unknown.

    Posts are known from `known_from` to `known_until`, within the range you asked for.
    """

    account: AccountNameJson
    known_from: str | None
    known_until: str | None
    posts: int
    posts_with_links: int
    reposts: int
    wrapped: int
    not_wrapped: int
    coverage: float | None


def coverage_json(report: CoverageReport) -> CoverageReportJson:
    """Return the report as every door gives it; a coverage that is not known is null."""
    found = report.coverage
    return {
        "account": account_json(report.account),
        "from": utc(report.since),
        "to": utc(report.until),
        "known_from": utc(found.known_from),
        "known_until": utc(found.known_until),
        "posts": found.posts,
        "posts_with_links": found.posts_with_links,
        "reposts": found.reposts,
        "wrapped": found.wrapped,
        "not_wrapped": found.not_wrapped,
        "coverage": rounded(found.share),
    }


class UnwrappedPostJson(TypedDict):
    """A post with untracked links; `url` is its address on the network."""

    id: int
    account: str
    posted_at: str
    text: str
    url: str | None
    links: list[str]


def unwrapped_json(
    account: Account, post: UnwrappedPost, addresses: list[str]
) -> UnwrappedPostJson:
    """Return a post with links that are not wrapped, as every door gives it."""
    return {
        "id": post.id,
        "account": account.handle,
        "posted_at": utc(post.posted_at),
        "text": post.text,
        "url": network_of(account.network).post_address(post.network_id),
        "links": list(addresses),
    }
