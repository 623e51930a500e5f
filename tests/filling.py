"""Installations with something in them, for the tests of pages and reports."""

from collections.abc import Sequence
from datetime import timedelta

from audiences import counted
from clicking import FIREFOX
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.links.models import Post
from linktrack.reports.diary.experiments import Question, add_experiment

EVIL = "<script>alert(1)</script>"


def clicks(post: Post, people: Sequence[int], **more: object) -> list[ClickRecord]:
    """One click an hour after the post for each of these people."""
    assert post.posted_at is not None
    at = to_ms(post.posted_at + timedelta(hours=1))
    fields: dict[str, object] = {"user_agent": FIREFOX, "referrer": "//t.co", **more}
    link = post.links[0].id
    return [ClickRecord(at + i, link, visitor=i, **fields) for i in people]  # type: ignore[arg-type]


def filled(world: World, posts: int = 6, days: int = 1) -> tuple[Account, list[Post]]:
    """An account with a count, a segment, and posts that people and a preview clicked.

    The newest is so many days old.
    """
    account = world.account()
    counted(world, account, 23_000)
    segment = add_segment(world.session, account, "community", 120, now())
    world.session.commit()
    made = []
    for number in range(posts):
        at = now() - timedelta(days=number + days)
        text = f"Number {number}: https://example.com/{number}"
        post = world.post(account, text, at, segments=("community",) if number == 0 else ())
        world.click(clicks(post, range(10 + number)))
        world.click(clicks(post, [900], user_agent="Twitterbot/1.0"))
        made.append(post)
    world.click(clicks(made[0], [500, 501], segment_id=segment.id, attribution="variant"))
    return account, made


def begun(world: World, account: Account, **more: object) -> None:
    question = Question("Pictures", NOON, **{"days": 14, "window": "24h", **more})  # type: ignore[arg-type]
    add_experiment(world.session, account, question, NOON)
    world.session.commit()
