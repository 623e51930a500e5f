"""What could be brought in, at every door: the page, the command line and the API."""

from datetime import timedelta

from audiences import followers
from browser import Browser, field, read
from clicking import FIREFOX
from commands import Run, good, parsed
from doorways import Caller
from engaging import engage
from members import Club, add_member, club
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Follower
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.tallies import keep_tallies
from linktrack.links.models import Post, UnwrappedPost
from linktrack.reports.community.candidates import candidates
from linktrack.reports.counting import Counting
from linktrack.reports.post_lines import post_line

DAY = timedelta(days=1)


def a_year_of_posts(we: Club) -> tuple[Post, UnwrappedPost]:
    """Posts as usual on both accounts, and on each one that did far better; return those two."""
    world, session, at = we.world, we.world.session, now()
    for account in (we.me, we.links):
        followers(world, account, 10_000, (at - 80 * DAY - NOON).days)
    clicks: list[ClickRecord] = []
    best = None
    for number in range(14):
        posted = at - (30 - number) * DAY
        post = world.post(we.links, f"Read http://one.com/{number}", posted)
        people = 60 if number == 13 else 10
        for minute in range(people):
            clicks.append(
                ClickRecord(
                    to_ms(posted) + minute * 60_000, post.links[0].id, FIREFOX, None, len(clicks)
                )
            )
        best = post
    world.click(clicks)
    morsel = None
    for number in range(14):
        posted = at - (30 - number) * DAY
        there = NetworkPost(
            account_id=we.me.id, network_id=f"https://example.social/@me/{number}",
            posted_at=posted,
        )  # fmt: skip
        morsel = UnwrappedPost(
            account_id=we.me.id, network_id=there.network_id, posted_at=posted, is_repost=False,
            text=f"A morsel, number {number}.", addresses=0,
        )  # fmt: skip
        session.add_all([there, morsel])
        session.flush()
        engage(world, there, posted + 8 * DAY, {}, strangers=90 if number == 13 else 10)
    keep_tallies(session, we.me.id)
    session.commit()
    assert best is not None
    assert morsel is not None
    return best, morsel


def test_what_did_clearly_better_is_a_candidate_at_every_door(world: World, run: Run) -> None:
    """Posts with links by clicks, own words by engagement; what is brought in is none."""
    we = club(world)
    post, morsel = a_year_of_posts(we)
    found = candidates(world.session, we.community, now())
    world.session.rollback()
    assert {(each.measure, each.post, each.unwrapped, each.number) for each in found} == {
        ("clicks", post.id, None, 60),
        ("engagement", None, morsel.id, 90),
    }
    assert all(each.times > 3 for each in found)
    browser, caller = Browser.signed_in(world), Caller(world)
    limited = Caller(world, "limited", we.community.id)  # these posts are other accounts'
    handle, of = we.community.handle, f"/owner/community/{we.community.id}"
    here = f"/owner/community/bring-in?account={we.community.id}"
    page = read(browser.get(here))
    assert "60 people clicked: at least 4." in page
    assert "A morsel, number 13." in page
    base = f"/accounts/{we.community.id}"
    told = caller("GET", f"{base}/candidates").get_json()["data"]
    assert parsed(run("community", "candidates", handle, "--json")) == told
    assert limited("GET", f"{base}/candidates").get_json()["data"] == []
    form: dict[str, str | list[str]] = {
        "post": str(post.id), "note": "Read this <b>", "above_usual": "yes",
    }  # fmt: skip
    for _ in range(2):
        assert browser.send(f"{of}/bring-in", form, here).status_code == 303
    answer = browser.get(here)
    assert "Read this &lt;b&gt;" in answer.text
    assert "clearly above usual" in read(answer)
    assert "60 people clicked" not in read(answer)
    good(run("community", "bring-in", handle, str(morsel.id), "--unwrapped"))
    assert caller("GET", f"{base}/candidates").get_json()["data"] == []
    entries = caller("GET", f"{base}/feed").get_json()["data"]
    assert [(each["post"], each["unwrapped_post"]) for each in entries] == [
        (None, morsel.id), (post.id, None),
    ]  # fmt: skip
    assert [each["why"] for each in entries] == ["picked", "above_usual"]
    assert parsed(run("community", "feed", handle, "--json")) == entries
    first, second = (each["id"] for each in entries)
    assert browser.send(f"{of}/feed/{second}/note", {"note": ""}, here).status_code == 303
    assert caller("GET", f"{base}/feed").get_json()["data"][1]["note"] is None
    assert caller("PATCH", f"{base}/feed/{second}", {"note": "Yes"}).get_json()["note"] == "Yes"
    assert browser.send(f"{of}/feed/{first}/take-out", {}, here).status_code == 303
    assert caller("DELETE", f"{base}/feed/{second}").status_code == 204
    again = caller("POST", f"{base}/feed", {"post": post.id})
    assert (again.status_code, again.get_json()["why"]) == (201, "picked")
    good(run("community", "take-out", handle, str(again.get_json()["id"])))
    assert caller("GET", f"{base}/feed").get_json() == {"data": [], "next": None}


def test_an_owner_renews_a_member_s_address(world: World, run: Run) -> None:
    """The command prints it; the old one ends."""
    we = club(world)
    old = good(run("community", "feed-address", str(we.ada.id))).strip()
    new = good(run("community", "feed-address", str(we.ada.id), "--renew")).strip()
    with we.pages() as pages:
        paths = [address.removeprefix("https://go.jessestay.com") for address in (old, new)]
        assert [pages.get(path).status_code for path in paths] == [410, 200]


def test_an_owner_ends_an_address_on_the_member_s_page(sqlite_world: World) -> None:
    """The page then has the new addresses to send; a form made before that changes nothing."""
    we = club(sqlite_world)
    browser, old = Browser.signed_in(sqlite_world), we.token()
    page = f"/owner/community/members/{we.ada.id}"
    made_from = field(browser.get(page).text, f"{page}/renew", "made_from")
    sqlite_world.session.rollback()
    assert browser.send(f"{page}/renew", {"made_from": made_from}, page).status_code == 303
    assert browser.send(f"{page}/renew", {"made_from": made_from}, page).status_code == 422
    sqlite_world.session.refresh(we.ada)
    assert we.ada.feed_number == 1
    assert f"/feed/{we.token()}" in browser.get(page).text
    assert browser.get(f"/feed/{old}").status_code == 410


def test_what_members_click_is_counted_for_their_segment_and_by_member(
    sqlite_world: World,
) -> None:
    """By the version and by personal links alike; clicks per member are of those it reached."""
    we = club(sqlite_world)
    for number in range(3):
        add_member(sqlite_world.session, we.community, f"@m{number}", network_id=f"m{number}")
    entry = we.bring("Read http://one.com/")
    post = sqlite_world.session.get_one(Post, entry.post_id)
    follower = sqlite_world.session.scalars(
        select(Follower.id).where(Follower.account_id == we.links.id)
    ).one()
    assert post.posted_at is not None
    at, link = to_ms(post.posted_at), post.links[0].id
    segment = entry.segment_id
    sqlite_world.session.rollback()
    sqlite_world.click(
        [
            ClickRecord(at + 1, link, FIREFOX, None, 1, 0, segment, follower, "personal"),
            ClickRecord(at + 2, link, FIREFOX, None, 2, 0, segment, None, "variant"),
            ClickRecord(at + 3, link, FIREFOX, None, 3),
        ]
    )
    line = post_line(sqlite_world.session, post, Counting("7d", now()))
    (community,) = [each for each in line.segments if each.segment == "community"]
    assert (community.addressed, community.unique_clicks) == (4, 2)
    assert community.cpf.value == 0.5


def test_a_published_post_s_page_leads_to_bringing_it_in(sqlite_world: World) -> None:
    """And the page has that post first, with its text; a draft's page doesn't lead there."""
    we = club(sqlite_world)
    post = sqlite_world.post(we.links, "Read http://one.com/ <b>")
    browser = Browser.signed_in(sqlite_world)
    address = f"/owner/community/bring-in?account={we.community.id}&post={post.id}"
    assert address.replace("&", "&amp;") in browser.get(f"/owner/posts/{post.id}").text
    page = browser.get(address)
    assert "Read http://one.com/ &lt;b&gt;" in page.text
    own = sqlite_world.post(we.community, "Read http://two.com/")
    assert "bring-in" not in browser.get(f"/owner/posts/{own.id}").text.partition("<main")[2]
    form = f"/owner/community/{we.community.id}/bring-in"
    refused = browser.send(form, {"post": str(own.id)}, address)
    assert refused.status_code == 422
    assert "follow it" in read(refused)
