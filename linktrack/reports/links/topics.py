"""Topics: what posts whose links have a tag get, in clicks and in engagement per follower."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import count_at, count_histories
from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.clicks.vocabulary import window_number
from linktrack.ids import PostId
from linktrack.links.models import Link, LinkTag, Post
from linktrack.reports import queries
from linktrack.reports.counting import (
    Counting,
    StillCounting,
    StillCountingJson,
    set_apart,
    still_counting_json,
)
from linktrack.reports.engagement.pairs import engaged_by_post
from linktrack.reports.figures.rate import Rate, RateJson, rate_json
from linktrack.reports.figures.statistics.comparisons import ratio_of_ratios
from linktrack.reports.figures.statistics.experiments import Pair
from linktrack.reports.figures.statistics.groups import Group, stand_out
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS, ratio_of_sums
from linktrack.reports.figures.statistics.usual import Verdict
from linktrack.reports.figures.words import counted

NO_TAGS: Final = (
    "No link in these posts has a tag. Tag links by topic on their own pages, or with "
    "linktrack link edit: then you'll see here which topics do well."
)

MOST_TOPICS: Final = 100
"""Tags with most posts that a report has: an import may bring thousands."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What posts get of one kind per follower, beside the account's other posts.

    `posts` are complete ones with a follower count, and `count` what they got. `times` is how many
    times as much as the others get; `verdict` is there where that is clear.
    """

    posts: int
    count: int
    rate: Rate
    times: Rate
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Topic:
    """One tag; a post of several tags is in each."""

    tag: str
    clicks: Figure
    engagement: Figure


@dataclass(frozen=True, slots=True)
class TopicsReport:
    """An account's topics, those of most posts first; `tags` is how many there are in all.

    Of the complete posts `tagged` have a tag; `posts_without_count` are in no rate.
    """

    account: Account
    window: str
    topics: list[Topic]
    tags: int
    posts: int
    tagged: int
    posts_without_count: int
    posts_unmeasured: int
    still_counting: StillCounting
    cpf: Rate

    @property
    def sentences(self) -> list[str]:
        """What stands out, and what it is of."""
        if not self.tags:
            return [NO_TAGS]
        said = [
            sentence
            for topic in self.topics
            for sentence in (
                _sentence(topic.tag, topic.clicks, "clicks"),
                _sentence(topic.tag, topic.engagement, "likes, reposts, replies and quotes"),
            )
            if sentence
        ]
        if not said:
            enough = any(topic.clicks.posts >= FEWEST_POSTS for topic in self.topics)
            said = [
                "No topic clearly stands out: every difference could be chance."
                if enough
                else f"It takes {FEWEST_POSTS} complete posts of a topic, and as many others, to "
                "compare them."
            ]
        said.append("A post with several tags counts in each of them.")
        return said + set_apart(self.still_counting, self.posts_unmeasured)


def _sentence(tag: str, figure: Figure, what: str) -> str:
    if figure.verdict is None:
        return ""
    more = "more" if figure.verdict == "above" else "fewer"
    within = figure.times.interval
    told = ""
    if within is not None and figure.times.value is not None:
        told = f": {figure.times.value:.2g} times as many (likely {within.low:.2g} to "
        told += f"{within.high:.2g})"
    return (
        f"{counted(figure.posts, 'post')} tagged {tag} clearly got {more} {what} per follower than "
        f"your other posts{told}."
    )


def topics_report(
    session: Session,
    account: Account,
    *,
    window: str,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> TopicsReport:
    """Return an account's topics over its complete posts posted in [since, until).

    Those that clearly stand out do so with at most 5% of false alarms over all topics and both
    figures together. Raises `Invalid`.
    """
    number = window_number(window)
    check_range(since, until)
    histories = count_histories(session, [account.id])
    history = histories[account.id]
    chosen = queries.chosen_posts([account.id], since, until)
    split = Counting(window, now).split(queries.sums_by_post(session, chosen, number))
    clicked: dict[PostId, Pair] = {}
    for post in split.pooled:
        followers = count_at(history, post.posted_at)[1]
        if followers:
            clicked[post.post_id] = (post.unique_clicks, followers)
    known = {post.post_id for post in (*split.pooled, *split.counting, *split.unmeasured)}
    engaged = {
        post_id: pair
        for post_id, pair in engaged_by_post(session, histories, number, since, until).items()
        if post_id in known
    }
    posts_of: defaultdict[str, set[PostId]] = defaultdict(set)
    tags_of_posts = (
        select(LinkTag.tag, Link.post_id)
        .join(Link, Link.id == LinkTag.link_id)
        .join(Post, Post.id == Link.post_id)
        .where(chosen)
        .distinct()
    )
    tagged: set[PostId] = set()
    for tag, post_id in session.execute(tags_of_posts):
        if post_id is not None:
            posts_of[tag].add(post_id)
            tagged.add(post_id)
    tags = sorted(posts_of, key=lambda tag: (-len(posts_of[tag] & clicked.keys()), tag))
    shown = tags[:MOST_TOPICS]
    pooled = {post.post_id for post in split.pooled}
    return TopicsReport(
        account=account,
        window=window,
        topics=_topics({tag: posts_of[tag] for tag in shown}, clicked, engaged),
        tags=len(tags),
        posts=len(pooled),
        tagged=len(pooled & tagged),
        posts_without_count=len(pooled) - len(clicked),
        posts_unmeasured=len(split.unmeasured),
        still_counting=StillCounting.of(split.counting),
        cpf=Rate.over(list(clicked.values())),
    )


def _topics(
    posts_of: Mapping[str, set[PostId]],
    clicked: Mapping[PostId, Pair],
    engaged: Mapping[PostId, Pair],
) -> list[Topic]:
    groups = [
        Group(
            [pair for post_id, pair in pairs.items() if post_id in posts],
            [pair for post_id, pair in pairs.items() if post_id not in posts],
        )
        for posts in posts_of.values()
        for pairs in (clicked, engaged)
    ]
    figures = list(map(_figure, groups, stand_out(groups)))
    return [
        Topic(tag, *both)
        for tag, both in zip(posts_of, zip(figures[::2], figures[1::2], strict=True), strict=True)
    ]


def _figure(group: Group, verdict: Verdict | None) -> Figure:
    inside, outside = ratio_of_sums(group.inside), ratio_of_sums(group.outside)
    times = Rate()
    if inside is not None and outside is not None and outside.value:
        times = Rate(inside.value / outside.value, ratio_of_ratios(outside, inside))
    count = sum(count for count, _ in group.inside)
    return Figure(len(group.inside), count, Rate.of_ratio(inside), times, verdict)


class TopicJson(RateJson):
    """One tag: its posts' clicks per follower, and likes, reposts, replies and quotes per follower.

    `times` is how many times as many as the account's other posts get, and `usual` whether that
    is clear; the same of engagement.
    """

    tag: str
    posts: int
    unique_clicks: int
    times: float | None
    times_low: float | None
    times_high: float | None
    usual: Verdict | None
    engagement_posts: int
    engagement_count: int
    engagement: float | None
    engagement_low: float | None
    engagement_high: float | None
    engagement_times: float | None
    engagement_times_low: float | None
    engagement_times_high: float | None
    engagement_usual: Verdict | None


def topic_json(topic: Topic) -> TopicJson:
    """Return one topic as every door gives it."""
    clicks, engagement = topic.clicks, topic.engagement
    times, rate, engaged_times = (
        each.written for each in (clicks.times, engagement.rate, engagement.times)
    )
    return {
        "tag": topic.tag,
        "posts": clicks.posts,
        "unique_clicks": clicks.count,
        **rate_json(clicks.rate),
        "times": times.value,
        "times_low": times.low,
        "times_high": times.high,
        "usual": clicks.verdict,
        "engagement_posts": engagement.posts,
        "engagement_count": engagement.count,
        "engagement": rate.value,
        "engagement_low": rate.low,
        "engagement_high": rate.high,
        "engagement_times": engaged_times.value,
        "engagement_times_low": engaged_times.low,
        "engagement_times_high": engaged_times.high,
        "engagement_usual": engagement.verdict,
    }


class TopicsReportJson(RateJson):
    """An account's topics: posts by the tags of their links. `cpf` is of all complete posts."""

    account: AccountNameJson
    window: str
    topics: list[TopicJson]
    tags: int
    posts: int
    posts_tagged: int
    posts_without_count: int
    posts_unmeasured: int
    still_counting: StillCountingJson
    sentences: Sequence[str]


def topics_json(report: TopicsReport) -> TopicsReportJson:
    """Return the report as every door gives it."""
    return {
        "account": account_json(report.account),
        "window": report.window,
        "topics": [topic_json(topic) for topic in report.topics],
        "tags": report.tags,
        "posts": report.posts,
        "posts_tagged": report.tagged,
        "posts_without_count": report.posts_without_count,
        "posts_unmeasured": report.posts_unmeasured,
        "still_counting": still_counting_json(report.still_counting),
        **rate_json(report.cpf),
        "sentences": report.sentences,
    }
