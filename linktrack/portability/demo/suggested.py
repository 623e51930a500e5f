"""What people suggested to the demonstration's accounts: some wait, some became posts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Follower
from linktrack.community.suggestions.boxes import set_box
from linktrack.community.suggestions.storing import Suggested, keep
from linktrack.links.models import Link, Post
from linktrack.portability.demo.story import BLUE, YOU, Profile

SPOKEN: Final = (
    (5, "{you} you like rivers, don’t you? https://rivers.example.com/atlas", 0),
    (21, "{you} somebody drew every bench in town: https://maps.example.org/benches", 1),
    (50, "{you} this one made me late for work https://rivers.example.com/atlas", 2),
)
"""Hours ago, a reply on Bluesky, and which of the followers said it."""

FILLED: Final = (
    (30, "We lend ladders now, too.", "https://example.org/tools/ladders", "@demo_tool_library"),
    (96, "", "https://example.com/a-walk-in-winter", None),
)
"""Hours ago, the words and the address in the form, and who they say they are."""

DECLINED: Final = (200, "Best deals, click here", "https://shop.example.net/deals", None)
CAME_OF_IT: Final = 6  # published posts
_OLDEST: Final = timedelta(days=50)


def add_suggestions(session: Session, accounts: Mapping[Profile, Account], now: datetime) -> None:
    """Add suggestions to the two accounts that share other people's links."""
    you, blue = accounts[YOU], accounts[BLUE]
    since = now - timedelta(days=60)
    set_box(session, you, since, form=True, mentions=False)
    set_box(session, blue, since, form=True, mentions=True)
    followers = session.scalars(
        select(Follower).where(Follower.account_id == blue.id).order_by(Follower.id).limit(9)
    ).all()
    for hours, text, number in SPOKEN:
        said_at = now - timedelta(hours=hours)
        keep(session, blue, _spoken(blue, followers[number], text, said_at), said_at)
    for hours, text, address, handle in (*FILLED, DECLINED):
        said_at = now - timedelta(hours=hours)
        heard = Suggested(
            way="form", text=text, addresses=[address], said_at=said_at, handle=handle
        )
        found = keep(session, you, heard, said_at)
        if (hours, text, address, handle) == DECLINED:
            found.state, found.decided_at = "declined", said_at + timedelta(hours=9)
    _add_published(session, you, now)
    session.flush()


def _spoken(account: Account, follower: Follower, text: str, said_at: datetime) -> Suggested:
    address = text.rpartition(" ")[2]
    return Suggested(
        way="reply",
        text=text.format(you=account.handle),
        addresses=[address],
        said_at=said_at,
        network_id=f"at://{follower.network_id}/app.bsky.feed.post/{int(said_at.timestamp())}",
        person_id=follower.network_id,
        handle=follower.handle,
    )


def _add_published(session: Session, account: Account, now: datetime) -> None:
    """Let some posts that promote a person have come from a suggestion."""
    query = (
        select(Post, Link.destination)
        .join(Link, Link.post_id == Post.id)
        .where(Post.account_id == account.id, Post.state == "published")
        .where(Post.posted_at > now - _OLDEST, Link.destination.contains("example.org/"))
        .order_by(Post.posted_at.desc(), Link.id)
    )
    shown: dict[int, tuple[Post, str]] = {}
    for post, destination in session.execute(query):
        shown.setdefault(post.id, (post, destination))
    for post, destination in list(shown.values())[:CAME_OF_IT]:
        assert post.posted_at is not None
        said_at = post.posted_at - timedelta(days=2)
        heard = Suggested(
            way="form", text="", addresses=[destination], said_at=said_at,
            handle="@demo_tool_library",
        )  # fmt: skip
        found = keep(session, account, heard, said_at)
        found.state, found.post_id = "drafted", post.id
        found.decided_at = found.told_at = post.posted_at
