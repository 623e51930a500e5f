"""Two accounts, each with one of everything; every word of an account carries its own mark.

Whoever may see only one of them must never meet the other's mark, in no answer of any kind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from clicking import FIREFOX
from communing import asks, member
from drawing import drawn
from sqlalchemy import select
from world import World

from linktrack.audience.counts import record_count
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.hello import Said, count_hello
from linktrack.audience.models import Account, FollowBack, Follower, MadeFollow, Segment, Sync
from linktrack.audience.rosters import take_roster
from linktrack.audience.segments import add_segment
from linktrack.audience.sorting import sort_followers
from linktrack.audience.utm import set_utm_values
from linktrack.clicks.conversions.declaring import Terms, add_goal
from linktrack.clicks.conversions.models import Goal, GoalReached
from linktrack.clicks.records import ClickRecord
from linktrack.community.asking.mails import queue_mail
from linktrack.community.communities import Choices, open_community, set_community
from linktrack.community.feed_addresses import Purpose, member_token
from linktrack.community.models import (
    FeedEntry,
    FeedMail,
    JoinRequest,
    Member,
    MemberEntry,
    MemberStep,
    Suggestion,
    SuggestionWatch,
)
from linktrack.community.suggestions.models import (
    SeenSuggestion,
    SuggestionAnswer,
    SuggestionBox,
)
from linktrack.community.suggestions.storing import Suggested, keep
from linktrack.db import now, to_ms
from linktrack.engagement.models import (
    Engagement,
    EngagementCount,
    EngagementWatch,
    NetworkPost,
)
from linktrack.engagement.tallies import keep_tallies
from linktrack.ids import LinkId
from linktrack.keys import load_keys
from linktrack.links.cards.cards import Found, keep_card, set_own_words
from linktrack.links.cards.looking import keep_copy, name_of
from linktrack.links.domains.domains import add_domain
from linktrack.links.hosts.models import AccountDomain, Domain
from linktrack.links.looks.pictures import own_picture, set_picture
from linktrack.links.looks.qr_looks import set_look
from linktrack.links.many.changing import Wish as ManyWish
from linktrack.links.many.changing import change_many, plan_change
from linktrack.links.many.making import judge_rows, make_links
from linktrack.links.many.rows import NewRow
from linktrack.links.models import (
    LinkCheck,
    Post,
    SeenPost,
    UnwrappedAddress,
    UnwrappedPost,
    Watch,
)
from linktrack.links.posts import Wish, wrap_post
from linktrack.links.redirects.limiting import LinkLimits, set_limits, set_password
from linktrack.links.redirects.passwords import begin_try
from linktrack.links.redirects.rules.written import conditions_written
from linktrack.links.redirects.ruling import Wanted, set_rules
from linktrack.links.single import add_single
from linktrack.networks.records import FollowerRecord
from linktrack.owners.passwords import Hashed
from linktrack.owners.sharing import find_shared, share_report
from linktrack.owners.tokens import create_token, find_token
from linktrack.publishing.models import Sending
from linktrack.reports.alerts.models import Alert
from linktrack.reports.diary.experiments import Question, add_experiment
from linktrack.reports.diary.notes import add_note
from linktrack.webhooks.models import Delivery, Webhook

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Household:
    """An account, the mark of its words, and what its things are called in addresses."""

    account: Account
    mark: str
    named: dict[str, str]


def household(world: World, mark: str) -> Household:
    """Make an account with one of everything, `mark` in each of its words."""
    session, at = world.session, now()
    account = world.account(f"@{mark}")
    low = mark.lower()
    site = f"https://example.com/{low}"
    record_count(session, account, 10_000 + len(mark), at - 30 * DAY, "entered", now=at)
    people = [
        FollowerRecord(f"{ord(mark[0])}{number}", f"@{low}{number}", posts=number % 2)
        for number in range(12)
    ]
    segment = add_segment(session, account, f"{low} friends", 20, at, place=f"{low} chat")
    listed = add_segment(session, account, f"{low} list", None, at, entries={f"@{low}1"})
    add_segment(session, account, f"{low} silent", None, at, rules=["posts = 0"])
    key = load_keys(world.settings.data).forgetting
    for days in (20, 3):
        take_roster(
            session, account, people[: 10 + days % 10], at - days * DAY, "json", confirmed=True,
            forgotten=Forgotten.read(session, account.network, key),
            now=at,
        )  # fmt: skip
    sort_followers(session, account, at)
    session.commit()
    posts = [
        world.post(account, f"{mark} says {site}/{days}", at - days * DAY, (segment.name,))
        for days in (20, 9, 3)
    ]
    draft = wrap_post(
        session, world.shortener, account, Wish(f"{mark} {site}/draft", state="draft"), at
    )
    wish = Wish(f"{mark} {site}/queued", state="scheduled", posted_at=at + DAY)
    queued = wrap_post(session, world.shortener, account, wish, at)
    later = Wish(f"{mark} {site}/later", state="scheduled", posted_at=at + DAY)
    planned = wrap_post(session, world.shortener, account, later, at)
    assert draft is not None
    assert queued is not None
    assert planned is not None
    token = create_token(session, f"{mark} door", "write", account.id, at)
    made_by = find_token(session, f"{mark} door")
    lone = add_single(
        session, world.shortener, account, f"{site}/lone", at - DAY, token_id=made_by.id,
        slug=f"{low}-slug", title=f"{mark} title", tags=[f"{low}tag"],
    )  # fmt: skip
    wraps = create_token(session, f"{mark} bookmarklet", "wrap", account.id, at)
    limited = add_single(
        session, world.shortener, account, f"{site}/wrapped", at - DAY, slug=f"{low}-wrapped",
        token_id=find_token(session, f"{mark} bookmarklet").id,
    )  # fmt: skip
    limits = LinkLimits(most_clicks=100, ended_to=f"{site}/over")
    set_limits(session, world.shortener, limited, limits, at)
    set_password(session, limited, Hashed(f"{mark} hash"), at)
    begin_try(session, limited.id, f"{low} network", at)
    link = posts[-1].links[0]
    goal = session.scalar(select(Goal)) or add_goal(session, "order", Terms(currency="EUR"), at)
    day = at.toordinal()
    session.add(
        GoalReached(
            goal_id=goal.id, click=ord(mark[0]), link_id=link.id, segment_id=segment.id,
            attribution=2, clicked_day=day - 2, reached_day=day - 1, value=1000 + len(mark),
        )
    )  # fmt: skip
    found = Found(f"{mark} page", f"{mark} words", f"{site}.png", None)
    keep_card(session, link.id, link.destination, found, at)
    set_own_words(session, link, f"{mark} own", f"{mark} own words")
    set_picture(session, link, drawn(8 + len(mark), 9), at)
    keep_copy(session, f"{site}.png", drawn(9, 9, kind="JPEG"), at)
    set_look(session, account, at, colour="#036", logo=drawn(9, 9))
    tablets = Wanted(conditions_written(["device=tablet"]), ((f"{site}/tablet", 100),))
    set_rules(session, world.shortener, link, [tablets], at)
    question = Question(f"{mark} asks", at - 14 * DAY, days=7, hypothesis=f"{mark} hopes")
    experiment = add_experiment(session, account, question, at)
    noted = add_note(session, (at - 2 * DAY).date(), f"{mark} noted", account, at)
    set_utm_values(session, account, {"utm_source": low})
    shared_secret = share_report(session, account.id, 30, at)
    count_hello(session, at.date(), f"{low} network", Said(segment, "network"), None)
    webhook = _webhook(world, account, mark, at)
    unwrapped = _surroundings(world, account, posts[0], mark, at)
    sending = Sending(
        post_id=queued.id,
        state="failed",
        due_at=at,
        changed_at=at,
        key=low,
        problem=f"{mark} fails",
    )
    check = LinkCheck(
        link_id=link.id, destination=link.destination, checked_at=at, failures=2,
        problem=f"{mark} is gone", failing_since=at - 5 * DAY,
    )  # fmt: skip
    session.add_all([sending, check])
    session.commit()
    _clicks(world, posts, lone.id, segment, mark)
    shared = find_shared(session, shared_secret, at)
    session.commit()
    request = _community(world, account, posts[0], mark, at)
    inside = session.scalars(select(Member).where(Member.account_id == account.id)).one()
    suggestion = session.scalars(select(Suggestion).order_by(Suggestion.id.desc())).first()
    assert suggestion is not None
    rows = [NewRow(1, f"{site}/bulk", title=f"{mark} row", tags=(f"{low}tag",))]
    made = make_links(
        session, world.shortener, judge_rows(session, world.shortener, rows, account), at
    )
    retagged = plan_change(
        session, world.shortener, made.link_ids, ManyWish(add_tags=[f"{low}bulk"]), at
    )
    session.flush()
    changed = change_many(session, retagged, at)
    session.commit()
    named = {
        "bulk_change": str(changed.id),
        "member": str(inside.id),
        "account": str(account.id), "handle": account.handle, "post": str(posts[-1].id),
        "draft": str(draft.id), "queued": str(queued.id), "planned": str(planned.id),
        "thumbnail": name_of(f"{site}.png"),
        "picture": str(own_picture(session, link.id)),
        "code": str(link.code), "slug": f"{low}-slug", "tag": f"{low}tag",
        "segment": str(segment.id), "list": str(listed.id), "segment_name": segment.name,
        "experiment": str(experiment.id), "note": str(noted.id), "webhook": str(webhook.id),
        "domain": str(_domain(world, account, low, at).id),
        "recipient": str(_recipient(world, account, mark, at).id),
        "unwrapped": str(unwrapped.id), "shared": str(shared.id), "shared_secret": shared_secret,
        "token": str(made_by.id), "door": token, "wraps": wraps,
        "wrapped": f"{low}-wrapped", "site": site, "request": str(request.id),
        **_feed_of(world, account),
        "suggestion": str(suggestion.id),
    }  # fmt: skip
    return Household(account, mark, named)


def _feed_of(world: World, account: Account) -> dict[str, str]:
    """Return what the member's addresses and the entry of the feed are called."""
    session, markers = world.session, load_keys(world.settings.data).markers()
    entry = session.scalars(select(FeedEntry).where(FeedEntry.account_id == account.id)).one()
    inside = session.scalars(select(Member).where(Member.account_id == account.id)).one()
    purposes: tuple[Purpose, ...] = ("feed", "member", "mails")
    tokens = {f"{each}_token": member_token(markers, each, inside) for each in purposes}
    return {"entry": str(entry.id), **tokens}


def _post(world: World, account: Account, wish: Wish) -> Post:
    post = wrap_post(world.session, world.shortener, account, wish, now())
    assert post is not None
    return post


def _recipient(world: World, account: Account, mark: str, at: datetime) -> Webhook:
    recipient = Webhook(
        way="mail", url=f"{mark}@example.org", events="alert.raised digest.weekly",
        account_id=account.id, sealed_secret="", first_post=0, seen_post=0, created_at=at, hour=7,
    )  # fmt: skip
    alert = Alert(
        account_id=account.id, kind="clicks.spike", since=at, until=at, count=99, usual=9,
        noticed_at=at, seen_at=at,
    )  # fmt: skip
    world.session.add_all([recipient, alert])
    world.session.flush()
    return recipient


def _community(world: World, account: Account, post: Post, mark: str, at: datetime) -> JoinRequest:
    """Open the account's community, with somebody who asks and somebody who is in."""
    session, since = world.session, at - DAY
    open_community(session, account, since)
    choices = Choices(question=f"{mark} asks: who are you?", welcome=f"{mark} welcomes you.")
    set_community(session, account, choices, since)
    inside = member(world, account, at=since, agrees_mail=True, mark=mark)
    lists = select(Segment.id).where(Segment.account_id == account.id, Segment.kind == "list")
    listed = session.scalars(lists).one()
    session.add(MemberEntry(member_id=inside.id, segment_id=listed))
    session.add_all(
        [
            MemberStep(
                member_id=inside.id, kind="welcome", state="refused", begun_at=since,
                ended_at=since, problem=f"{mark} refuses mail",
            ),
            FeedEntry(
                account_id=account.id, post_id=post.id, brought_at=since, why="picked",
                note=f"{mark} likes it",
            ),
            FeedMail(
                member_id=inside.id, week=1, state="refused", begun_at=since,
                problem=f"{mark} refuses mail",
            ),
            SuggestionWatch(account_id=account.id, next_at=at, problem=f"{mark} is silent"),
            SuggestionBox(account_id=account.id, form_since=since),
            SeenSuggestion(account_id=account.id, digest=mark, seen_at=since),
        ]
    )  # fmt: skip
    _suggestion(world, account, mark, since)
    request = asks(world, account, at=since, agrees_mail=True, mark=mark)
    queue_mail(session, request, since)
    return request


def _suggestion(world: World, account: Account, mark: str, at: datetime) -> None:
    """Let somebody suggest something, and be thanked for it without success."""
    said = Suggested(
        way="mention", text=f"{mark} https://example.com/{mark}/found",
        addresses=[f"https://example.com/{mark}/found"], said_at=at, network_id=f"{mark}9",
        person_id=f"{mark}8", handle=f"@{mark}friend",
    )  # fmt: skip
    found = keep(world.session, account, said, at)
    world.session.add(
        SuggestionAnswer(
            suggestion_id=found.id, kind="thanks", way="reply", state="refused", key=mark,
            text=f"{mark} thanks", asked_at=at, ended_at=at, problem=f"{mark} is blocked",
        )
    )  # fmt: skip


def _domain(world: World, account: Account, low: str, at: datetime) -> Domain:
    domain = add_domain(world.session, world.settings.base_url, f"{low}.example", at)
    domain.account_id = account.id
    domain.front_title = low
    world.session.add(AccountDomain(account_id=account.id, domain_id=domain.id))
    world.session.commit()
    return domain


def _webhook(world: World, account: Account, mark: str, at: datetime) -> Webhook:
    webhook = Webhook(
        url=f"https://hooks.example.com/{mark}", events="digest.weekly", account_id=account.id,
        sealed_secret="", first_post=0, seen_post=0, created_at=at,
    )  # fmt: skip
    world.session.add(webhook)
    world.session.flush()
    world.session.add(
        Delivery(
            webhook_id=webhook.id, event="digest.weekly", event_key=mark, body=f'{{"{mark}": 1}}',
            created_at=at, attempts=1, answer=f"{mark} answered",
        )
    )  # fmt: skip
    return webhook


def _surroundings(
    world: World, account: Account, post: Post, mark: str, at: datetime
) -> UnwrappedPost:
    """What was read from the account's network, and what it follows."""
    session = world.session
    unwrapped = UnwrappedPost(
        account_id=account.id, network_id=f"{mark}1", posted_at=at - 4 * DAY, is_repost=False,
        text=f"{mark} https://example.com/bare", addresses=1,
    )  # fmt: skip
    session.add(unwrapped)
    session.flush()
    session.add_all(
        [
            UnwrappedAddress(post_id=unwrapped.id, place=0, address=f"https://example.com/{mark}"),
            SeenPost(
                account_id=account.id, network_id=f"{mark}2", post_id=post.id,
                posted_at=at - 20 * DAY,
            ),
            Watch(account_id=account.id, next_at=at, known_from=at - 30 * DAY, known_until=at),
            EngagementWatch(account_id=account.id, next_at=at, problem=f"{mark} is tired"),
            Sync(account_id=account.id, next_at=at, problem=f"{mark} is unwell"),
            FollowBack(
                account_id=account.id, since=at - DAY, daily_limit=5, shown_at=at, next_at=at,
                problem=f"{mark} follows nobody",
            ),
            MadeFollow(
                account_id=account.id, network_id=f"{mark}3", handle=f"@{mark}follower",
                state="by_hand", why=f"{mark} likes them", begun_at=at - DAY,
            ),
        ]
    )  # fmt: skip
    read = NetworkPost(
        account_id=account.id, network_id=f"{mark}2", posted_at=at - 20 * DAY, post_id=post.id,
        read_at=at, names_read_at=at, readings=1,
    )  # fmt: skip
    session.add(read)
    session.flush()
    for follower in session.scalars(select(Follower).where(Follower.account_id == account.id)):
        session.add(
            Engagement(
                network_post_id=read.id, kind=1, follower_id=follower.id, reading=1,
                first_seen_at=at - 19 * DAY,
            )
        )  # fmt: skip
    session.add(
        EngagementCount(network_post_id=read.id, kind=1, counted_at=at - DAY, count=40 + len(mark))
    )
    session.flush()
    keep_tallies(session, account.id)
    return unwrapped


def _clicks(world: World, posts: list[Post], lone: LinkId, segment: Segment, mark: str) -> None:
    """Let people and programs of the account's own click, from pages of its own."""
    program, first = f"{mark}Bot/1.0 (+https://{mark}.example/bot)", 1_000 * ord(mark[0])
    records = []
    for number, post in enumerate(posts):
        assert post.posted_at is not None
        begin = to_ms(post.posted_at + timedelta(hours=1))
        records += [
            ClickRecord(begin + each * 60_000, post.links[0].id, FIREFOX, "//t.co/x", first + each)
            for each in range(8 + number)
        ]
        records.append(ClickRecord(begin, post.links[0].id, program, f"//{mark}.example", first))
        records.append(
            ClickRecord(
                begin, post.links[0].id, FIREFOX, f"//{mark}.example/page", first + 50,
                segment_id=segment.id, attribution="variant",
            )
        )  # fmt: skip
    records.append(ClickRecord(to_ms(now() - timedelta(hours=2)), lone, FIREFOX, "", first + 60))
    world.click(records)
