"""Posts and links: wrapping, states, versions, codes of one's own, changing destinations."""

from datetime import timedelta
from typing import Any

import pytest
from clicking import FIREFOX, START
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.segments import add_segment
from linktrack.calendar.days import Days
from linktrack.clicks.records import ClickRecord
from linktrack.db import now
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.ids import LinkId
from linktrack.links.catalog import change_destination, get_link, set_disabled
from linktrack.links.models import Link, Post
from linktrack.links.post_json import post_json
from linktrack.links.posts import Wish, wrap_post
from linktrack.links.redirects.lookup import changed_links, find_target
from linktrack.publishing import states
from linktrack.reports.cpf import cpf_report


def test_every_address_is_wrapped_and_the_rest_stays(world: World) -> None:
    """Two addresses, one of them twice: two links, and the text around them as it was."""
    post = world.post(
        world.account(), "See http://one.com/a, (http://two.com/b) — and http://one.com/a!"
    )
    one, two = (world.shortener.short_url(link.code or "") for link in post.links)
    assert post.text == f"See {one}, ({two}) — and {one}!"
    assert [link.destination for link in post.links] == ["http://one.com/a", "http://two.com/b"]


def test_the_same_address_in_two_posts_is_two_links(world: World) -> None:
    """Each post is measured by itself."""
    account = world.account()
    first, second = world.post(account, "http://one.com/"), world.post(account, "http://one.com/")
    assert first.links[0].code != second.links[0].code


def test_wrapping_a_wrapped_text_makes_no_post(world: World) -> None:
    """What is ours stays as it is."""
    account = world.account()
    text = world.post(account, "http://one.com/ is new").text
    assert wrap_post(world.session, world.shortener, account, Wish(text), NOON) is None
    assert world.session.scalar(select(func.count()).select_from(Post)) == 1


def test_a_chosen_code_is_used_and_never_given_twice(world: World) -> None:
    """The owner's own code; taken, reserved and impossible ones are refused."""
    account = world.account()
    wish = Wish("http://one.com/ http://two.com/", slugs=("spring-sale",))
    post = wrap_post(world.session, world.shortener, account, wish, NOON)
    assert post is not None
    world.session.commit()
    assert post.links[0].code == "spring-sale"
    for wrong, error in (("spring-sale", Conflict), ("owner", Invalid), ("a b", Invalid)):
        with pytest.raises(error):
            wrap_post(
                world.session, world.shortener, account, Wish("http://x.com", slugs=(wrong,)), NOON
            )
        world.session.rollback()
    with pytest.raises(Invalid, match="at most one for each"):
        wrap_post(
            world.session, world.shortener, account, Wish("http://x.com", slugs=("p", "q")), NOON
        )


def test_a_taken_proposal_takes_the_next_code(world: World) -> None:
    """An imported or chosen code that our own order would have come to is stepped over."""
    account = world.account()
    first = world.post(account, "http://one.com/").links[0]
    ahead = [world.shortener.codes.propose(first.id + step) for step in (2, 3)]
    wish = Wish("http://two.com/", slugs=(ahead[0],))
    assert wrap_post(world.session, world.shortener, account, wish, NOON)
    world.session.commit()
    later = [world.post(account, f"http://{n}.com/").links[0] for n in range(3)]
    codes = [link.code for link in world.session.scalars(select(Link))]
    assert len(set(codes)) == len(codes) == 5
    assert later[0].code != ahead[0]


def test_a_failed_wrap_leaves_nothing_behind(world: World) -> None:
    """One wrong wish, and neither post nor links are recorded."""
    account = world.account()
    with pytest.raises(NotFound, match="segment add"):
        wrap_post(
            world.session,
            world.shortener,
            account,
            Wish("http://one.com/", segments=("nobody",)),
            NOON,
        )
    world.session.rollback()
    assert world.session.scalar(select(func.count()).select_from(Link)) == 0


def test_a_version_has_links_of_its_own_that_lead_to_the_same_place(world: World) -> None:
    """Its code carries the segment; a forged one is unknown; disabling reaches it too."""
    account = world.account()
    segment = add_segment(world.session, account, "community", 120, NOON)
    world.session.commit()
    post = world.post(account, "http://one.com/", segments=("community",))
    answer: Any = post_json(world.session, world.shortener, post)
    world.session.commit()
    (version,) = answer["versions"]
    code = version["links"][0]["code"]
    engine, codes = world.database.engine, world.shortener.codes
    target = find_target(engine, codes, code)
    assert target is not None
    assert (target.link_id, target.segment_id, target.attribution, target.location) == (
        post.links[0].id,
        segment.id,
        "variant",
        "http://one.com/",
    )
    assert find_target(engine, codes, code[:-1] + ("a" if code[-1] != "a" else "b")) is None
    assert get_link(world.session, codes, code).id == post.links[0].id
    with pytest.raises(Conflict, match="taken"):  # or its clicks would be led elsewhere
        wrap_post(
            world.session, world.shortener, account, Wish("http://evil.com", slugs=(code,)), NOON
        )
    world.session.rollback()
    set_disabled(world.session, post.links[0], True, NOON)
    world.session.commit()
    disabled = find_target(engine, codes, code)
    assert disabled is not None and disabled.location is None


def test_a_changed_destination_keeps_its_history(world: World) -> None:
    """And the redirecting workers hear of it."""
    link = world.post(world.account(), "http://one.com/").links[0]
    before = changed_links(world.database.engine, None).number
    later = NOON + timedelta(hours=1)
    change_destination(world.session, world.shortener, link, "http://zwei.example/ä", later)
    world.session.commit()
    assert link.destination == "http://zwei.example/%C3%A4"
    assert [step.destination for step in link.history] == ["http://one.com/", link.destination]
    changes = changed_links(world.database.engine, before)
    assert changes.links == {link.id}
    assert not changed_links(world.database.engine, changes.number).links
    own = ("https://GO.jessestay.com/x", "http://go.jessestay.com/x", world.settings.base_url)
    for wrong in ("javascript:alert(1)", "", "ftp://a.com/", *own):
        with pytest.raises(Invalid):
            change_destination(world.session, world.shortener, link, wrong, later)


def click(link_id: LinkId, hours: float, visitor: int) -> ClickRecord:
    return ClickRecord(START + int(hours * 3_600_000), link_id, FIREFOX, None, visitor)


def test_a_draft_counts_from_the_moment_it_was_published(world: World) -> None:
    """Clicks on a draft are kept; publishing puts them into their windows."""
    account = world.account()
    wish = Wish("http://one.com/", state="draft")
    post = wrap_post(world.session, world.shortener, account, wish, NOON)
    assert post is not None
    world.session.commit()
    assert post.posted_at is None
    world.click([click(post.links[0].id, 1, 1), click(post.links[0].id, 30, 2)])
    world.session.commit()
    assert cpf_report(world.session, account, window="7d", now=now()).total.posts_without_count == 0

    days = Days(world.settings.timezone)
    world.session.commit()
    states.publish(world.session, post, NOON, NOON + timedelta(days=3), days)
    world.session.commit()
    figures = {
        window: cpf_report(world.session, account, window=window, now=now()).posts[0].unique_clicks
        for window in ("1h", "24h", "7d", "all")
    }
    assert figures == {"1h": 0, "24h": 1, "7d": 2, "all": 2}

    world.session.commit()
    states.publish(
        world.session, post, NOON + timedelta(hours=29.5), NOON + timedelta(days=3), days
    )
    world.session.commit()
    (line,) = cpf_report(world.session, account, window="1h", now=now()).posts
    assert line.unique_clicks == 2  # earlier clicks are included


def test_a_discarded_post_leaves_the_report_and_comes_back(world: World) -> None:
    """Its links go on; restoring brings back the state it had."""
    account = world.account()
    post = world.post(account, "http://one.com/")
    states.discard(world.session, post, now())
    world.session.commit()
    assert cpf_report(world.session, account, window="7d", now=now()).posts == []
    assert find_target(world.database.engine, world.shortener.codes, post.links[0].code or "")
    days = Days(world.settings.timezone)
    with pytest.raises(Conflict, match="restore it first"):
        states.publish(world.session, post, None, NOON, days)
    states.restore(world.session, post, now())
    world.session.commit()
    assert len(cpf_report(world.session, account, window="7d", now=now()).posts) == 1
    draft = wrap_post(
        world.session, world.shortener, account, Wish("http://b.com", "draft", NOON), NOON
    )
    assert draft is not None
    states.discard(world.session, draft, now())
    states.restore(world.session, draft, now())
    assert draft.state == "draft"  # it never was published
    world.session.commit()
    with pytest.raises(Conflict, match="not discarded"):
        states.restore(world.session, post, now())


def test_times_must_fit_states(world: World) -> None:
    """Published in the past, scheduled in the future."""
    account = world.account()
    tomorrow, yesterday = NOON + timedelta(days=1), NOON - timedelta(days=1)
    for state, at in (
        ("published", tomorrow),
        ("scheduled", yesterday),
        ("scheduled", None),
        ("discarded", None),
        ("sent", None),
    ):
        with pytest.raises(Invalid):
            wrap_post(
                world.session,
                world.shortener,
                account,
                Wish("http://one.com/", state=state, posted_at=at),
                NOON,
            )
        world.session.rollback()
    wish = Wish("http://one.com/", state="scheduled", posted_at=tomorrow)
    post = wrap_post(world.session, world.shortener, account, wish, NOON)
    assert post is not None and post.state == "scheduled"
