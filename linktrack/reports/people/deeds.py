"""What followers did, by name: likes and replies where the network names them, links by consent."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Consent
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.vocabulary import HUMAN
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.engagement.vocabulary import KIND_NUMBER
from linktrack.ids import FollowerId
from linktrack.reports.figures.words import counted

_WORDS: Final = (
    ("like", "likes"),
    ("repost", "reposts"),
    ("reply", "replies"),
    ("quote", "quotes"),
    ("link clicked", "links clicked"),
)


@dataclass(frozen=True, slots=True)
class Deeds:
    """How many posts a person liked, reposted, answered and quoted; how many links they clicked.

    None is unknown: the network names nobody, or the person has not agreed to personal links.
    """

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    links: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything is known of what they did, if only that it was nothing."""
        return self.likes is not None or self.links is not None

    @property
    def in_words(self) -> str:
        """As in "3 likes, 1 reply"; "nothing" where that is known, "" where nothing is known."""
        if not self.is_known:
            return ""
        counts = (self.likes, self.reposts, self.replies, self.quotes, self.links)
        told = [
            counted(count, *words) for count, words in zip(counts, _WORDS, strict=True) if count
        ]
        return ", ".join(told) or "nothing"


def names_known_since(session: Session, account: Account) -> datetime | None:
    """Return since which posts it is known who liked them; None where the network names nobody."""
    query = select(func.min(NetworkPost.posted_at)).where(
        NetworkPost.account_id == account.id, NetworkPost.names_read_at.is_not(None)
    )
    return session.scalar(query)


def deeds_of(
    session: Session, account: Account, people: Collection[FollowerId]
) -> Mapping[FollowerId, Deeds]:
    """Return what these people (a page of them) did at any time, in a few queries."""
    if not people:
        return {}
    is_named = names_known_since(session, account) is not None
    kinds: defaultdict[FollowerId, dict[int, int]] = defaultdict(dict)
    for follower_id, kind, count in session.execute(
        select(Engagement.follower_id, Engagement.kind, func.count())
        .where(Engagement.follower_id.in_(people))
        .group_by(Engagement.follower_id, Engagement.kind)
    ):
        kinds[follower_id][kind] = count
    agreed = set(
        session.scalars(select(Consent.follower_id).where(Consent.follower_id.in_(people)))
    )
    links: Mapping[int | None, int] = {}
    if agreed:
        theirs = Which(followers=agreed, reasons=(HUMAN,))
        links = dict(clicks_of(session).count(theirs, ("follower_id",), ("links",)))

    def posts(follower_id: FollowerId, kind: int) -> int | None:
        return kinds[follower_id].get(kind, 0) if is_named else None

    return {
        each: Deeds(
            likes=posts(each, KIND_NUMBER["like"]),
            reposts=posts(each, KIND_NUMBER["repost"]),
            replies=posts(each, KIND_NUMBER["reply"]),
            quotes=posts(each, KIND_NUMBER["quote"]),
            links=links.get(each, 0) if each in agreed else None,
        )
        for each in people
    }
