"""What stands around the demonstration's posts: people, sites, notes, experiments, the queue."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.links.catalog import Shortener
from linktrack.links.models import Link, LinkCheck, OwnSite, Post, Watch
from linktrack.links.own_addresses import site_of
from linktrack.links.people import add_own_site, add_person, add_rule, list_own_sites, share_page
from linktrack.links.posts import Wish, wrap_post
from linktrack.networks.records import PostRecord
from linktrack.portability.demo import story
from linktrack.portability.demo.story import BLUE, DAYS, ME, OWN_SITE, WE, YOU, Profile
from linktrack.portability.demo.texts import PEOPLE, THANKED, WORDS, post_text, untracked_text
from linktrack.publishing.models import Sending, SendingState
from linktrack.publishing.unwrapped.posts import keep_posts
from linktrack.reports.diary.experiments import Question, add_experiment
from linktrack.reports.diary.notes import add_note

Accounts = Mapping[Profile, Account]

NOTES: Final = (
    (BLUE, story.BLUESKY, "Opened the account on Bluesky"),
    (WE, story.GROUP_OPENED, "The letter has a version of its own in many posts from now on"),
    (YOU, story.HOLIDAYS[0], "Two weeks off: no posts"),
    (YOU, story.FEWER_POSTS, "Six posts a week instead of ten"),
    (YOU, story.MENTIONED, "A large account passed a post on"),
    (YOU, story.ACCIDENT, "Unfollowed everybody by mistake"),
    (YOU, story.APOLOGY, "Said so, and asked readers to join the letter"),
)

EVERY_UNTRACKED: Final = 17  # days between two posts of the you account without a short link
WEEKLY_WORDS: Final = 3  # posts of the me account without any link
DRAFTS: Final = 2
PLANNED: Final = (1, 3)  # days from now


def add_the_rest(
    session: Session,
    shortener: Shortener,
    accounts: Accounts,
    *,
    timezone: ZoneInfo,
    now: datetime,
    seed: int,
) -> None:
    """Add everything that needs the posts to be there, but for older links."""
    chance = random.Random(f"{seed} around")
    _add_people(session, now)
    for profile, ago, text in NOTES:
        day = (now - timedelta(days=ago)).astimezone(timezone).date()
        add_note(session, day, text, accounts[profile], now)
    _add_experiments(session, accounts, now)
    _add_untracked(session, chance, accounts, shortener, now=now, seed=seed)
    _add_queue(session, chance, accounts, shortener, now)
    _add_dead_link(session, accounts[YOU], now)


def _add_people(session: Session, now: datetime) -> None:
    since = now - timedelta(days=DAYS)
    for name, kind, value in PEOPLE:
        person = add_person(session, name, since)
        person.simulated = True
        add_rule(session, person, kind, value, since)
        share_page(session, person, since, is_public=name == THANKED)
    if OWN_SITE not in list_own_sites(session):
        add_own_site(session, OWN_SITE, since)
        site = session.get_one(OwnSite, OWN_SITE)
        site.simulated = site.click_ids = True


def _add_experiments(session: Session, accounts: Accounts, now: datetime) -> None:
    def ask(account: Account, ago: int, question: Question) -> None:
        add_experiment(session, account, question, now - timedelta(days=ago + 1))

    at = now - timedelta(days=story.FEWER_POSTS)
    ask(
        accounts[YOU],
        story.FEWER_POSTS,
        Question(
            "Six posts a week instead of ten",
            at.replace(hour=0, minute=0, second=0, microsecond=0),
            days=56,
            hypothesis="Fewer posts, chosen with more care, get more clicks each.",
        ),
    )
    ask(
        accounts[YOU],
        120,
        Question(
            "X beside Bluesky",
            (now - timedelta(days=120)).replace(hour=0, minute=0, second=0, microsecond=0),
            accounts[BLUE],
            hypothesis="Followers on Bluesky click more often: they chose to follow.",
        ),
    )
    ask(
        accounts[YOU],
        17,
        Question(
            "Posts that begin with a question",
            (now - timedelta(days=17)).replace(hour=0, minute=0, second=0, microsecond=0),
            hypothesis="A question in the first words brings more clicks.",
        ),
    )


def _add_untracked(
    session: Session,
    chance: random.Random,
    accounts: Accounts,
    shortener: Shortener,
    *,
    now: datetime,
    seed: int,
) -> None:
    """Add posts that were published around linktrack, as if the networks had been read."""
    host = site_of(shortener.base_url)[0] or ""
    for profile, every in ((YOU, EVERY_UNTRACKED), (BLUE, 40)):
        found = []
        for number, ago in enumerate(range(profile.opened - 5, 1, -every)):
            text, address = untracked_text(chance)
            at = now - timedelta(days=ago, hours=chance.randrange(1, 12))
            is_repost = number % 5 == 4
            found.append(
                PostRecord(f"demo-{number}", at, is_repost, text, (address,), is_plain=True)
            )
        _keep_read(session, profile, accounts[profile], found, host=host, now=now)
    thoughts = random.Random(f"{seed} words")
    words = [
        PostRecord(
            f"demo-words-{number}",
            now - timedelta(days=ago, hours=thoughts.randrange(1, 12)),
            False,
            thoughts.choice(WORDS),
            (),
            is_plain=True,
        )
        for number, ago in enumerate(
            ago for ago in range(ME.opened - 5, 0, -1) if thoughts.random() < WEEKLY_WORDS / 7
        )
    ]
    _keep_read(session, ME, accounts[ME], words, host=host, now=now)


def _keep_read(
    session: Session,
    profile: Profile,
    account: Account,
    posts: Sequence[PostRecord],
    *,
    host: str,
    now: datetime,
) -> None:
    """Keep posts as if an account's had been read from its first day to the last."""
    keep_posts(session, account, posts, host)
    session.add(
        Watch(
            account_id=account.id,
            next_at=now,
            known_from=now - timedelta(days=profile.opened),
            known_until=now,
        )
    )


def _add_queue(
    session: Session,
    chance: random.Random,
    accounts: Accounts,
    shortener: Shortener,
    now: datetime,
) -> None:
    """Add drafts, planned posts, one that failed, and what was sent last."""

    def wrap(profile: Profile, state: str, at: datetime | None, made: datetime) -> Post:
        wish = Wish(post_text(chance, profile, 1), state, at)
        post = wrap_post(session, shortener, accounts[profile], wish, made)
        assert post is not None  # every simulated text holds an address
        return post

    yesterday = now - timedelta(days=1)
    for number in range(DRAFTS):
        wrap(YOU, "draft", None, yesterday - timedelta(hours=number))
    wrap(ME, "scheduled", now + timedelta(days=2), yesterday)
    for ahead in PLANNED:
        due = now + timedelta(days=ahead, hours=2)
        post = wrap(YOU, "scheduled", due, yesterday)
        session.add(_sending(post, "waiting", due, due, yesterday))
    due = now - timedelta(hours=5)
    post = wrap(BLUE, "scheduled", due, yesterday)
    failed = _sending(post, "failed", due, None, now - timedelta(hours=4))
    failed.attempts = 5
    failed.problem = "Bluesky did not answer in time, five times in an hour."
    session.add(failed)
    newest = select(Post).where(Post.account_id == accounts[YOU].id, Post.state == "published")
    for post in session.scalars(newest.order_by(Post.posted_at.desc()).limit(5)):
        assert post.posted_at is not None
        session.add(_sending(post, "sent", post.posted_at, None, post.posted_at))
    session.flush()


def _sending(
    post: Post, state: SendingState, due: datetime, next_at: datetime | None, at: datetime
) -> Sending:
    return Sending(
        post_id=post.id,
        state=state,
        due_at=due,
        next_at=next_at,
        key=f"demo-{post.id}",
        attempts=int(state == "sent"),
        changed_at=at,
    )


def _add_dead_link(session: Session, account: Account, now: datetime) -> None:
    """Let one clicked link of the last days lead to nothing."""
    link = session.scalars(
        select(Link)
        .where(Link.account_id == account.id, Link.created_at < now - timedelta(days=6))
        .order_by(Link.created_at.desc())
        .limit(1)
    ).one()
    session.add(
        LinkCheck(
            link_id=link.id,
            destination=link.destination,
            checked_at=now - timedelta(hours=9),
            problem="The page was not found (404).",
            failing_since=now - timedelta(days=2),
            failures=3,
        )
    )
    session.flush()
