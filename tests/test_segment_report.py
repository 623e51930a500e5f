"""The report of segments: what is not known comes first, and is never spread."""

from datetime import timedelta

import pytest
from audiences import follow, followers
from browser import Browser, read
from clicking import people
from hypothesis import given
from hypothesis import strategies as st
from world import NOON, World

from linktrack.audience.hello import Said, count_hello
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment, rest_segment
from linktrack.audience.sorting import sort_followers
from linktrack.db import now as right_now
from linktrack.errors import Invalid
from linktrack.reports.figures.statistics.lifts import Pair, lift
from linktrack.reports.people.segments import SegmentsReport, segments_json, segments_report
from linktrack.reports.sentences import living, unattributed

DAY = timedelta(days=1)


def report(world: World, account: Account, days: int = 20) -> SegmentsReport:
    return segments_report(
        world.session, account, window="7d", settings=world.settings, now=NOON + days * DAY
    )


def property_json(name: str, people: int | None, unknown: int) -> dict[str, object]:
    """A property, the others being known of nobody."""
    names = ("looks empty", "quiet", "newcomers", "mutuals", "came back")
    overlaps = [{"property": other, "people": None} for other in names if other != name]
    return {"property": name, "people": people, "unknown": unknown, "overlaps": overlaps}


def test_the_report_of_the_mission(world: World) -> None:
    """35 people of 23,000, five through the community's version; 6,000 of a list look empty."""
    account = world.account()
    followers(world, account, 23_000)
    session = world.session
    empty: list[dict[str, object]] = [{"posts": 0, "followers": 1}] * 6
    busy: list[dict[str, object]] = [{"posts": 9, "followers": 90}] * 3
    follow(world, account, [*empty, *busy, {}])
    community = add_segment(session, account, "community", 120, NOON, place="our chat")
    add_segment(session, account, "looks empty", None, NOON, rules=["empty_signs >= 2"])
    sort_followers(session, account, NOON)
    session.commit()
    post = world.post(account, "http://one.com/", segments=("community",))
    people(world, post, 0, 30)
    people(world, post, 200, 205, segment_id=community.id, attribution="variant")
    found = report(world, account)
    nothing = {"share_low": None, "share_high": None}
    no_lift = {"lift": None, "lift_low": None, "lift_high": None}
    no_cpf = {"cpf": None, "cpf_low": None, "cpf_high": None}
    assert segments_json(found) == {
        "account": {"network": "x", "handle": "@JessesLinks", "role": "you"},
        "window": "7d",
        "posts": 1,
        "posts_unmeasured": 0,
        "still_counting": {"posts": 0, "clicks": 0, "unique_clicks": 0},
        "unattributed": {"unique_clicks": 30, "share": 0.857143, **nothing},
        "count": 23_000,
        "roster": 10,
        "roster_at": "2026-05-03T12:00:00Z",
        "unknown_people": 22_990,
        "segments": [
            {
                "segment": "community",
                "size": 120,
                "unjudged": None,
                "addressed": 120,
                "unique_clicks": 5,
                "cpf": 0.041667,
                "cpf_low": None,
                "cpf_high": None,
                "share": 0.142857,
                **nothing,
                "lift": 27.380952,
                "lift_low": None,
                "lift_high": None,
                "recognised": None,
            },
            {
                "segment": "looks empty",
                "size": 6,
                "unjudged": 4,  # of the three, too, three signs are not known
                "addressed": None,
                "unique_clicks": 0,
                **no_cpf,
                "share": 0.0,
                **nothing,
                **no_lift,
                "recognised": None,
            },
            {
                "segment": "everyone else",
                "size": 4,
                "unjudged": 0,
                "addressed": None,
                "unique_clicks": 0,
                **no_cpf,
                "share": 0.0,
                **nothing,
                **no_lift,
                "recognised": None,
            },
        ],
        "living": {
            "assumed_empty": 6,
            "followers": 22_994,
            "cpf": round(35 / 22_994, 6),
            "cpf_low": None,
            "cpf_high": None,
        },
        "properties": [
            property_json("looks empty", 6, 4),
            property_json("quiet", None, 10),
            property_json("newcomers", None, 10),
            property_json("mutuals", None, 10),
            property_json("came back", None, 10),
        ],
        "properties_at": "2026-05-04T12:00:00Z",
        "ways": {
            "months": [
                {
                    "month": "2026-05",
                    "is_over": False,
                    "unique_clicks": 35,
                    "attributed": 5,
                    "share": 0.142857,
                    "by": {"personal": 0, "version": 5, "hello_button": 0, "hello_network": 0},
                }
            ],
            "hellos": {"button": 0, "network": 0},
        },
    }
    assert unattributed(found) == (
        "For 30 of 35 people who clicked (86%) we can't tell who: they came through public links."
    )
    assert living(found) == (
        "35 people clicked the post: 1 for every 657 of 23,000 followers. If the 6 that look empty "
        "never click, 1 for every 657 of the other 22,994. That they never do is an assumption."
    )


def test_unattributed_clicks_are_never_spread(world: World) -> None:
    """What segments have and what nobody has are all the people who clicked, on every post."""
    account = world.account()
    followers(world, account, 1_000)
    session = world.session
    segment = add_segment(session, account, "chat", 100, NOON)
    session.commit()
    for number in range(6):
        post = world.post(account, "http://one.com/", NOON + number * DAY, segments=("chat",))
        people(world, post, 0, 40 + number)
        people(world, post, 500, 502 + number, segment_id=segment.id, attribution="variant")
    found = report(world, account)
    (line,) = found.lines
    assert (found.unattributed, line.unique_clicks, found.unique_clicks) == (255, 27, 282)
    assert line.addressed == 600
    assert line.cpf.value == 27 / 600
    assert line.cpf.interval is not None
    assert line.cpf.interval.low < 27 / 600 < line.cpf.interval.high
    assert line.lift.interval is not None
    assert line.share.value is not None and found.unattributed_share.value is not None
    assert line.share.value + found.unattributed_share.value == pytest.approx(1)


def test_recognised_people_have_two_bounds(world: World) -> None:
    """Seen within 45 days and said hello ever; a version's posts are counted by the version."""
    account = world.account()
    followers(world, account, 1_000)
    session = world.session
    rest = rest_segment(session, account, NOON)
    for _ in range(10):
        count_hello(session, NOON.date(), "home", Said(rest), None)
    count_hello(session, NOON.date(), "home", None, Said(rest))
    count_hello(
        session, NOON.date(), "home", Said(rest), Said(rest)
    )  # the same again is nothing new
    session.commit()
    for number in range(6):
        post = world.post(account, "http://one.com/", NOON + number * DAY)
        people(world, post, 0, 20)
        people(world, post, 900, 903, segment_id=rest.id, attribution="recognised")
    found = report(world, account)
    hello = found.lines[-1].recognised
    assert hello is not None
    assert (hello.at_least, hello.at_most, hello.posts, hello.unique_clicks) == (3, 9, 6, 18)
    assert hello.low is not None and hello.high is not None
    assert hello.low < 3 / 9 < hello.high <= 1
    late = report(world, account, days=60).lines[-1].recognised
    assert late is not None
    assert (late.at_least, late.at_most, late.posts) == (0, 9, 0)


def test_clicks_on_posts_that_still_count_are_not_nobodys(sqlite_world: World) -> None:
    """While no post is complete it isn't said that nobody clicked, and of some not of all."""
    account = sqlite_world.account()
    people(sqlite_world, sqlite_world.post(account, "http://one.com/"), 0, 3)
    early = report(sqlite_world, account, days=1)
    assert early.still_counting.unique_clicks == 3
    sentence = "None of these posts is complete, so we can't tell yet who clicked."
    assert unattributed(early) == sentence
    sqlite_world.post(account, "http://two.com/", NOON - 9 * DAY)
    some = report(sqlite_world, account, days=1)
    assert unattributed(some) == "Nobody has clicked on the posts that these figures are of."


def test_an_account_without_anything_has_an_empty_report(sqlite_world: World) -> None:
    """Null where nothing is known, and a sentence."""
    found = report(sqlite_world, sqlite_world.account())
    answer = segments_json(found)
    assert answer["unattributed"] == {
        "unique_clicks": 0, "share": None, "share_low": None, "share_high": None,
    }  # fmt: skip
    assert (answer["count"], answer["roster"], answer["unknown_people"]) == (None, None, None)
    assert unattributed(found) == "Nobody has clicked on these posts yet."
    assert living(found) == ""
    with pytest.raises(Invalid, match="range is empty"):
        segments_report(
            sqlite_world.session,
            found.account,
            window="7d",
            settings=sqlite_world.settings,
            now=NOON,
            since=NOON,
            until=NOON,
        )


def test_a_lift_is_a_ratio_of_two_rates_with_an_interval_over_posts() -> None:
    """What makes a post better for everybody cancels out; too few posts have no interval."""
    posts = [Pair(2 * number, 100, 10 * number, 10_000) for number in range(1, 9)]
    found = lift(posts)
    assert found is not None
    value, ends = found
    assert value == pytest.approx(20)
    assert ends is not None
    assert ends.low == pytest.approx(20) == ends.high
    few = lift(posts[:4])
    assert few is not None and few[1] is None
    assert lift([]) is None
    assert lift([Pair(1, 0, 5, 100)]) is None
    assert lift([Pair(1, 10, 0, 100)]) is None
    none = lift([Pair(0, 100, 10, 10_000)] * 6)
    assert none is not None and none[1] is not None
    assert (none[0], none[1].low) == (0, 0)
    assert none[1].high > 1


@given(
    st.lists(
        st.tuples(
            st.integers(0, 50), st.integers(0, 500), st.integers(0, 99), st.integers(0, 9_999)
        ),
        max_size=12,
    )
)
def test_any_posts_have_a_lift_within_its_interval_or_none(
    posts: list[tuple[int, int, int, int]],
) -> None:
    """No division by zero, no overflow."""
    found = lift([Pair(*post) for post in posts])
    if found is not None and found[1] is not None:
        assert 0 <= found[1].low <= found[0] <= found[1].high


def test_segments_are_made_looked_at_and_changed_on_their_pages(world: World) -> None:
    """Ready-made, by rules, by hand; the first words are about whom we can't tell."""
    account = world.account()
    followers(world, account, 1_000)
    follow(world, account, [{"posts": 0, "followers": 0}, {"posts": 50}, {}], right_now() - DAY)
    world.session.commit()
    browser = Browser.signed_in(world)
    page = f"/owner/segments?account={account.id}"
    assert "No segments yet" in read(browser.get(page))
    form = {"account": str(account.id)}
    made = browser.send("/owner/segments", {**form, "preset": "looks empty"}, form=page)
    assert made.status_code == 303
    shown = read(browser.get(made.headers["Location"]))
    assert "looks empty @JessesLinks" in shown
    assert "fewer than 5 followers" in shown
    assert "Share this link only where" in shown
    browser.send("/owner/segments", {**form, "name": "busy", "rules": "posts >= 10\n"}, form=page)
    by_hand: dict[str, str | list[str]] = {
        **form,
        "name": "chat",
        "size": "12",
        "place": "the chat",
    }
    chat = browser.send("/owner/segments", by_hand, form=page).headers["Location"]
    wrong = browser.send("/owner/segments", {**form, "name": "x", "rules": "posts"}, form=page)
    assert wrong.status_code == 422
    assert "isn't a rule" in read(wrong)
    changed = browser.send(chat, {"name": "circle", "size": "13", "position": "1"})
    assert changed.status_code == 303
    refused = browser.send(chat, {"name": "circle", "position": "9"})
    assert "There are places 1 to 3, not 9" in read(refused)
    post = world.post(account, "http://one.com/", right_now() - 8 * DAY, segments=("circle",))
    people(world, post, 0, 3)
    text = read(browser.get(page))
    assert "For 100% we can't tell who" in text
    assert "For 3 of 3 people who clicked (100%) we can't tell who" in text
    assert "1 for every 333 of 1,000 followers. If the 1 that look empty never click, 1 for" in text
    for part in ("circle", "a size you enter", "looks empty", "everyone else", "997 of the 1,000"):
        assert part in text
    warned = read(browser.get(f"/owner/posts/{post.id}"))
    assert "circle has no place that only they see" in warned
    gone = browser.send(f"{chat}/remove", {}, form=chat)
    assert "circle is removed" in read(browser.get(gone.headers["Location"]))
    assert "removed" in read(browser.get(chat))
