"""Store the engagement that an account's archive tells: counts as of when it was made."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.chunks import chunked
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.storing import keep_counts
from linktrack.ids import PostId
from linktrack.links.models import SeenPost
from linktrack.networks.engagement import Counts
from linktrack.networks.records import PostRecord

CHUNK: Final = 500


class EngagementOfArchive:
    """Takes note of what the posts of an archive say while they are read, to be stored after them.

    It makes no post due: whether one is still to be read, the watcher knows (`finding`).
    """

    def __init__(self, session: Session, account: Account, taken_at: datetime) -> None:
        self._session = session
        self._account_id = account.id
        self._taken_at = taken_at
        self._told: dict[str, tuple[datetime, Counts]] = {}

    @property
    def posts(self) -> int:
        """Of how many posts something was told."""
        return len(self._told)

    def noted(self, posts: Iterable[PostRecord]) -> Iterator[PostRecord]:
        """Yield the posts as they come."""
        for post in posts:
            if post.engagement:
                self._told[post.network_id] = post.posted_at, post.engagement
            yield post

    def store(self) -> None:
        """Store the counts; those of an older archive change nothing."""
        for names in chunked(self._told, CHUNK):
            numbers = self._numbers(names)
            new = [name for name in names if name not in numbers]
            if new:
                ours = self._ours(new)
                rows = [
                    {
                        "account_id": self._account_id,
                        "network_id": name,
                        "posted_at": self._told[name][0],
                        "post_id": ours.get(name),
                        "readings": 0,
                    }
                    for name in new
                ]
                self._session.execute(insert(NetworkPost), rows)
                numbers = self._numbers(names)
            counts = {numbers[name]: self._told[name][1] for name in names}
            keep_counts(self._session, counts, self._taken_at)
            self._mark(numbers.values())

    def _mark(self, numbers: Iterable[int]) -> None:
        """Say when the posts were read, unless they were read later."""
        query = select(NetworkPost).where(NetworkPost.id.in_(list(numbers)))
        for post in self._session.scalars(query):
            post.read_at = max(post.read_at or self._taken_at, self._taken_at)
        self._session.flush()

    def _numbers(self, names: Iterable[str]) -> dict[str, int]:
        query = select(NetworkPost.network_id, NetworkPost.id).where(
            NetworkPost.account_id == self._account_id, NetworkPost.network_id.in_(list(names))
        )
        return dict(self._session.execute(query).all())

    def _ours(self, names: Iterable[str]) -> Mapping[str, PostId]:
        query = (
            select(SeenPost.network_id, func.min(SeenPost.post_id))
            .where(SeenPost.account_id == self._account_id, SeenPost.network_id.in_(list(names)))
            .group_by(SeenPost.network_id)
        )
        return dict(self._session.execute(query).all())
