"""Personal links that are passed on together, as in a feed that leaked, name nobody."""

from audiences import follow
from clicking import FIREFOX, HOUR, START, counts
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account, Follower, Segment
from linktrack.audience.segments import add_segment
from linktrack.audience.sorting import sort_followers
from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.loading.personal import MOST_A_DAY, close_leak, open_leaks
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord
from linktrack.db import writing
from linktrack.ids import LinkId
from linktrack.publishing import personal


def two_readers(world: World, links: int) -> tuple[Segment, list[Follower], list[LinkId]]:
    """Return a segment, two followers of it who agreed, and links of as many posts."""
    account = world.account()
    followers = follow(world, account, [{"posts": 9}, {"posts": 8}])
    segment = add_segment(world.session, account, "busy", None, NOON, rules=["posts > 5"])
    sort_followers(world.session, account, NOON)
    for follower in followers:
        personal.agree(world.session, follower, NOON)
    world.session.commit()
    posts = [world.post(account, f"http://one.com/{number}") for number in range(links)]
    return segment, list(followers), [post.links[0].id for post in posts]


def clicked(
    segment: Segment, follower: Follower, link: LinkId, visitor: int, hours: int = 0
) -> ClickRecord:
    """A click on a personal link."""
    return ClickRecord(
        START + hours * HOUR, link, FIREFOX, None, visitor, 0, segment.id, follower.id, "personal"
    )


def named(world: World) -> list[int]:
    """Return whom the stored clicks name, in order."""
    with world.database.engine.connect() as connection:
        query = select(clicks.c.follower_id).where(clicks.c.follower_id.is_not(None))
        return sorted(number for number in connection.scalars(query) if number is not None)


def test_a_leak_in_which_each_link_is_clicked_by_few_names_nobody(world: World) -> None:
    """Earlier and later clicks lose the name, other followers keep theirs; counts stay right."""
    segment, (leaked, other), links = two_readers(world, 10)
    world.click([clicked(segment, leaked, links[0], 1, -30 * 24)])
    world.click([clicked(segment, other, link, 99) for link in links])
    world.click([clicked(segment, leaked, link, 1) for link in links])
    assert named(world) == [leaked.id] * 11 + [other.id] * 10
    strangers = range(2, MOST_A_DAY + 1)
    world.click([clicked(segment, leaked, links[each], each) for each in strangers])
    assert named(world).count(leaked.id) == 11 + len(strangers)
    world.click([clicked(segment, leaked, links[9], MOST_A_DAY + 1, 1)])
    assert named(world) == [other.id] * 10
    world.click([clicked(segment, leaked, links[5], 1, 24 * 40)])
    assert named(world) == [other.id] * 10
    kept = counts(world)
    with writing(world.database.engine) as connection:
        assert open_leaks(connection, [leaked.id, other.id]) == {leaked.id}
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == kept


def test_whose_address_changes_every_day_keeps_the_name(sqlite_world: World) -> None:
    """A visitor is an address and a browser: many of them in a month are no leak."""
    segment, (follower, _), links = two_readers(sqlite_world, 60)
    for day in range(30):
        sqlite_world.click(
            [clicked(segment, follower, links[2 * day + each], 10 * day + each, day * 24)
             for each in range(2)]
        )  # fmt: skip
    assert len(named(sqlite_world)) == 60


def test_once_a_leak_is_closed_links_made_later_name_again(world: World) -> None:
    """Those of before stay nameless: copies of them are out."""
    segment, (follower, _), links = two_readers(world, 8)
    world.click([clicked(segment, follower, link, number) for number, link in enumerate(links)])
    assert named(world) == []
    with writing(world.database.engine) as connection:
        close_leak(connection, [follower.id])
        assert open_leaks(connection, [follower.id]) == set()
    account = world.session.get_one(Account, segment.account_id)
    new = [world.post(account, f"http://two.com/{number}").links[0].id for number in range(8)]
    world.click([clicked(segment, follower, link, 1, 48) for link in (new[0], links[0])])
    assert named(world) == [follower.id]
    world.click([clicked(segment, follower, link, each, 72) for each, link in enumerate(new)])
    assert named(world) == []
    with writing(world.database.engine) as connection:
        assert open_leaks(connection, [follower.id]) == {follower.id}
