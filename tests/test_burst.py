"""Storms of programs that look like browsers are told from a popular post's real peak."""

import random
from collections import Counter

import pytest
from clicking import START, counts, forget_clicks, some_clicks
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.counts.changes import change_reasons
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.loading.burst import storm
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import NO_LANGUAGES, REASONS
from linktrack.ids import LinkId

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0.0.0 Safari/537.36"
PEOPLE = [
    f"Mozilla/5.0 (Linux; Android {14 + number % 3}; Phone {number}) Chrome/130.0 Mobile"
    for number in range(12)
]


def click(
    visitor: int | None,
    seconds: float = 0,
    agent: str = CHROME,
    referrer: str | None = None,
    flags: int = 0,
    link: LinkId = LinkId(1),  # noqa: B008 - a number
) -> ClickRecord:
    return ClickRecord(START + int(seconds * 1000), link, agent, referrer, visitor, flags)


def reasons(world: World) -> Counter[str]:
    with world.database.engine.connect() as connection:
        return Counter(REASONS[number] for number in connection.scalars(select(clicks.c.reason)))


def test_servers_that_name_no_language_are_a_burst(world: World) -> None:
    """Forty servers of the fediverse in a minute, each with an agent of its own."""
    link = some_clicks(world)[0][0]
    storming = [
        click(number, number, f"Mozilla/5.0 (X11; Linux) Firefox/{number}.0", flags=NO_LANGUAGES)
        for number in range(40)
    ]
    people = [click(1_000 + number, number, PEOPLE[number % 12]) for number in range(30)]
    assert {record.link_id for record in storming} == {link}
    world.click(storming + people)
    assert reasons(world) == {"burst": 40, "human": 30}


def test_scanners_with_one_agent_are_a_burst(world: World) -> None:
    """A mail's scanners follow its link from many addresses, all with one browser's name."""
    some_clicks(world)
    world.click([click(number, number) for number in range(25)])
    assert reasons(world) == {"burst": 25}


def test_nine_visitors_are_never_a_burst(world: World) -> None:
    """Under ten visitors in a minute nothing is left out, whatever they look like."""
    some_clicks(world)
    world.click([click(number % 9, number, flags=NO_LANGUAGES) for number in range(50)])
    world.click([click(100 + number, 120 + number) for number in range(9)])
    assert reasons(world) == {"human": 59}


def test_a_popular_post_is_not_thrown_away(world: World) -> None:
    """Six hundred people in a minute: half by X, the others from apps that send no referrer."""
    some_clicks(world)
    chance = random.Random(1)
    weights = [30, 20, 12, 9, 7, 6, 5, 4, 3, 2, 1, 1]  # a few browsers are most people's
    peak = [
        click(
            number,
            chance.random() * 60,
            chance.choices(PEOPLE, weights)[0],
            chance.choice([None, "//t.co/03elZC4Q"]),
        )
        for number in range(600)
    ]
    world.click(peak)
    assert reasons(world) == {"human": 600}


def test_real_peaks_of_every_size_are_hardly_ever_touched() -> None:
    """Of 2,000 peaks of 10 to 200 visitors without a referrer, at most 1 in 500 loses anyone."""
    chance = random.Random(2)
    weights = [35, 22, 12, 8, 6, 5, 4, 3, 2, 2, 1]
    touched = 0
    for _ in range(2_000):
        drawn = chance.choices(range(11), weights, k=chance.randint(10, 200))
        touched += bool(storm({(agent, False): n for agent, n in Counter(drawn).items()}))
    assert touched <= 4


def test_two_as_common_are_both_chosen() -> None:
    """Which of two agents came first, and so has the smaller number, decides nothing."""
    assert storm({(1, False): 20, (2, False): 20}) == {(1, False), (2, False)}
    assert storm({(1, False): 12, (2, False): 4}) == set()
    assert storm({}) == set()


def test_a_storm_in_drops_is_one_storm(world: World) -> None:
    """Loaded one by one, the tenth visitor makes a burst of the nine before."""
    some_clicks(world)
    store = world.store()
    for number in range(12):
        with store.transaction() as connection:
            store.append(connection, [click(number, number, flags=NO_LANGUAGES)])
        assert reasons(world)["burst"] == (number + 1 if number >= 9 else 0)


def test_people_who_come_into_a_burst_end_it(world: World) -> None:
    """Two dozen of one agent look like scanners until a dozen others come by other browsers."""
    some_clicks(world)
    world.click([click(number, number) for number in range(24)])
    assert reasons(world) == {"burst": 24}
    world.click([click(50 + number, number, PEOPLE[number]) for number in range(12)])
    assert reasons(world) == {"human": 36}


def test_when_a_first_click_is_no_persons_the_next_one_is_the_first(world: World) -> None:
    """Marks and counts move to the visitor's next human click, and back again."""
    links, _ = some_clicks(world)
    later = click(7, 3_700 * 24, PEOPLE[0], "//t.co", link=links[1])
    world.click([click(7, 5), later, click(8, 6), click(None, 7)])
    untouched = counts(world)
    days = Days(world.settings.timezone)
    with world.store().transaction() as connection:
        assert change_reasons(connection, {1: 6, 3: 6, 4: 6}, days) == 3
    moved = counts(world)
    assert [row[:2] for row in moved["first_clicks"]] == [(1, 7)]
    assert moved["first_clicks"][0][3] == later.clicked_at
    with world.store().transaction() as connection:
        rebuild(connection, days)
    assert counts(world) == moved
    with world.store().transaction() as connection:
        assert change_reasons(connection, {1: 0, 2: 0, 3: 0, 4: 0}, days) == 3
    assert counts(world) == untouched


def test_where_a_first_click_is_left_out_the_next_one_keeps_its_referrer(world: World) -> None:
    """Its referrer and its source, whose numbers differ: two of these hosts are one source."""
    post = world.post(world.account(), "http://one.com/", NOON)
    link = post.links[0].id
    hosts = ("//google.com", "//google.de", "//t.co", "//example.org")
    world.click([click(n, 60.0 * n, referrer=host, link=link) for n, host in enumerate(hosts)])
    world.click([click(9, 600, referrer="//google.com", link=link)])
    world.click([click(9, 700, referrer="//t.co", link=link)])
    days = Days(world.settings.timezone)
    with world.store().transaction() as connection:
        assert change_reasons(connection, {5: 6}, days) == 1
    changed = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, days)
    assert counts(world) == changed


DRAWN = st.tuples(
    st.integers(0, 2), st.integers(0, 1), st.integers(0, 14) | st.none(), st.integers(0, 3),
    st.sampled_from([0, NO_LANGUAGES]), st.sampled_from([None, None, None, "//t.co"]),
)  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(DRAWN, min_size=20, max_size=90), st.randoms(use_true_random=False))
def test_the_order_of_loading_does_not_matter(
    world: World,
    drawn: list[tuple[int, int, int | None, int, int, str | None]],
    chance: random.Random,
) -> None:
    """Shuffled and split, clicks get the same classes and counts, equal to `rebuild`."""
    if not hasattr(world, "links"):
        world.links = some_clicks(world)[0]  # type: ignore[attr-defined]  # once per database
    links: list[LinkId] = world.links  # type: ignore[attr-defined]
    records = [
        click(visitor, 60 * minute, PEOPLE[agent // 2], referrer, flags, links[link])
        for minute, link, visitor, agent, flags, referrer in drawn
    ]

    def classes() -> Counter[tuple[int, ...]]:
        named = (clicks.c.clicked_at, clicks.c.link_id, clicks.c.visitor, clicks.c.reason)
        with world.database.engine.connect() as connection:
            return Counter(tuple(row) for row in connection.execute(select(*named)))

    forget_clicks(world)
    world.click(records)
    loaded, judged = counts(world), classes()
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == loaded

    forget_clicks(world)
    chance.shuffle(records)
    cuts = sorted(chance.randint(0, len(records)) for _ in range(4))
    store = world.store()
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        with store.transaction() as connection:
            store.append(connection, records[start:end])
    assert classes() == judged
    assert counts(world) == loaded


def test_the_times_of_the_tests_are_within_one_minute() -> None:
    """A minute begins at its full minute: noon is one."""
    assert START % 60_000 == 0 and NOON.second == 0
