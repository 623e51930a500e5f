"""Published posts that came from suggestions, and how they did against the account's usual."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.community.models import Suggestion
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.figures.statistics.usual import Verdict
from linktrack.reports.post_lines import CpfPostJson, post_line_json
from linktrack.reports.standing import LatestPosts, judged_posts

MOST: Final = 20


@dataclass(frozen=True, slots=True)
class SuggestedPosts:
    """The newest posts that came from suggestions, and the names of those who made them.

    A name is missing where nobody gave one, or it was deleted after some weeks.
    """

    posts: LatestPosts
    names: Mapping[int, list[str]]

    @property
    def above(self) -> int:
        """How many of them did clearly better than the account's usual."""
        return sum(line.usual == "above" for line in self.posts.lines)


def suggested_posts(
    session: Session, account: Account, window: str, now: datetime, limit: int = MOST
) -> SuggestedPosts:
    """Return the newest published posts of an account that came from suggestions."""
    came = select(Suggestion.post_id).where(
        Suggestion.account_id == account.id, Suggestion.post_id.is_not(None)
    )
    chosen = and_(queries.chosen_posts([account.id], None, None), Post.id.in_(came))
    facts = queries.posts_page(session, chosen, None, limit)
    names: dict[int, list[str]] = {}
    query = (
        select(Suggestion.post_id, Suggestion.handle)
        .where(Suggestion.post_id.in_([each.id for each in facts]))
        .where(Suggestion.handle.is_not(None))
        .order_by(Suggestion.said_at, Suggestion.id)
    )
    for post_id, handle in session.execute(query):
        found = names.setdefault(post_id or 0, [])
        if handle is not None and handle not in found:
            found.append(handle)
    return SuggestedPosts(judged_posts(session, account, facts, window, now), names)


class SuggestedPostJson(TypedDict):
    """A post that came from suggestions; `usual` is null where it doesn't clearly differ."""

    post: CpfPostJson
    suggested_by: list[str]
    usual: Verdict | None


class SuggestedPostsJson(TypedDict):
    """Published posts that came from suggestions, newest first."""

    account: AccountNameJson
    window: str
    posts: list[SuggestedPostJson]


def suggested_posts_json(
    account: Account, window: str, found: SuggestedPosts
) -> SuggestedPostsJson:
    """Return the report as every door gives it."""
    return {
        "account": account_json(account),
        "window": window,
        "posts": [
            {
                "post": post_line_json(line),
                "suggested_by": found.names.get(line.facts.id, []),
                "usual": line.usual,
            }
            for line in found.posts.lines
        ],
    }
