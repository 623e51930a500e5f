"""An installation with one of everything that pages show, and the addresses of these pages."""

from collections.abc import Sequence
from datetime import timedelta

from clicking import FIREFOX
from missing import asked_for
from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.audience.segments import add_segment
from linktrack.audience.utm import set_utm_values
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.links.cards.cards import Found, keep_card, set_own_words
from linktrack.links.models import LinkCheck, UnwrappedPost, Watch
from linktrack.links.people import add_own_site, add_person, add_rule, promote
from linktrack.links.posts import Wish, wrap_post
from linktrack.owners.tokens import create_token
from linktrack.publishing.models import Sending
from linktrack.reports.alerts.models import Alert
from linktrack.reports.diary.experiments import Question, add_experiment
from linktrack.reports.diary.notes import add_note
from linktrack.webhooks.models import Delivery, Webhook

GROUPS = ("followers", "links", "segments")
PLACES = (
    *("", "accounts", "activity", "audience", "compare", "compose", "digest", "experiments"),
    *("followers", "goals", "left-out", "links", "needs-you", "not-wrapped"),
    *("notes", "notifications", "own-clicks"),
    *("own-links", "people", "posts", "queue", "referrers", "segments", "settings"),
    *("shared", "timing", "team", "tokens", "topics", "webhooks", "profile", "domains"),
    "unknown-codes",
)


def furnished(world: World) -> Sequence[str]:
    """Make one of everything that pages show; return the pages' addresses."""
    session = world.session
    account = world.account("A newsletter", "other")
    other = world.account()
    watched = world.account("@me@example.social", "mastodon")
    session.add(Watch(account_id=watched.id, next_at=now(), problem="m"))
    segment = add_segment(session, account, "friends", 10, NOON)
    day = now() - timedelta(hours=3)
    post = world.post(account, "http://one.com/ and http://two.com/", day, ("friends",))
    world.post(other, "http://three.com/", day)
    wish = Wish("http://four.com/", state="scheduled", posted_at=now() + timedelta(days=1))
    planned = wrap_post(session, world.shortener, other, wish, day)
    assert planned is not None
    link = post.links[0]
    person = add_person(session, "Jo", NOON)
    promote(session, link, person, now())
    experiment = add_experiment(session, account, Question("Pictures", day, other), NOON)
    add_own_site(session, "one.com", now())
    add_rule(session, person, "host", "one.com", now())
    set_utm_values(session, account, {"utm_source": "x"})
    record_count(session, account, 1_000, NOON, "entered", now=NOON)
    add_note(session, day.date(), "a holiday", account, NOON)
    create_token(session, "program", "read", None, NOON)
    keep_card(session, link.id, link.destination, Found("a", "b", "https://a.com/1.png", "c"), NOON)
    set_own_words(session, link, "d", "e")
    hook = Webhook(
        url="https://a.com/", events="click", sealed_secret="", first_post=0, seen_post=0,
        created_at=NOON,
    )  # fmt: skip
    recipient = Webhook(
        way="mail", url="o@p.example", events="alert.raised", sealed_secret="", first_post=0,
        seen_post=0, created_at=NOON, hour=7,
    )  # fmt: skip
    alert = Alert(
        account_id=account.id, kind="clicks.spike", since=NOON, until=NOON, count=99, usual=9,
        noticed_at=now(), seen_at=NOON,
    )  # fmt: skip
    session.add_all([hook, recipient, alert])
    session.flush()
    unwrapped = UnwrappedPost(
        account_id=account.id, network_id="1", posted_at=day, is_repost=False, text="f", addresses=1
    )
    session.add_all(
        [
            unwrapped,
            Delivery(
                webhook_id=hook.id, event="g", event_key="h", body="{}", created_at=NOON,
                attempts=1, answer="i",
            ),
            Delivery(
                webhook_id=recipient.id, event="g", event_key="h", body="{}", created_at=NOON,
                attempts=1, next_at=NOON, answer="q",
            ),
            LinkCheck(
                link_id=link.id, destination=link.destination, checked_at=now(), failures=2,
                problem="j", failing_since=NOON,
            ),
            Sending(
                post_id=planned.id, state="failed", due_at=now(), changed_at=now(), key="n",
                problem="l",
            ),
        ]
    )  # fmt: skip
    session.commit()
    world.click(
        [
            ClickRecord(to_ms(day), each.id, agent, "//m.com/n", number)
            for each in post.links
            for number, agent in enumerate((FIREFOX, "Twitterbot/1.0", "curl/8"))
        ]
    )
    unknown = asked_for(world, "mistyped", 3)
    return [
        *(f"/owner/{name}" for name in PLACES),
        f"/owner/accounts/{account.id}",
        f"/owner/accounts/{account.id}/settings",
        *(f"/owner/accounts/{account.id}/settings/{each}" for each in GROUPS),
        f"/owner/accounts/{account.id}/remove",
        f"/owner/segments/{segment.id}",
        f"/owner/posts/{post.id}",
        f"/owner/posts/{planned.id}",
        f"/owner/posts?account={other.id}&state=scheduled",
        f"/owner/compose/made?post={post.id}&post={planned.id}",
        f"/owner/links/{link.code}",
        f"/owner/unknown-codes/{unknown}",
        f"/owner/destinations?address={link.destination}",
        f"/owner/people/{person.id}",
        f"/owner/experiments/{experiment.id}",
        f"/owner/webhooks/{hook.id}",
        f"/owner/notifications/{recipient.id}",
        f"/owner/referrers?account={account.id}",
        f"/owner/not-wrapped?account={account.id}",
        f"/owner/not-wrapped?account={watched.id}",
        "/",
        "/privacy",
        f"/{link.code}+",
    ]
