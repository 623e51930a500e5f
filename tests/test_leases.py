"""People's clicks on a link that has so many: never more, whatever processes do."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import sleep

from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import wait_until
from world import NOON, World

from linktrack.ids import LinkId
from linktrack.links.models import Link
from linktrack.links.redirects.budgets import Budgets
from linktrack.links.redirects.leases import IDLE_SECONDS, Drawn, Leases, lease_of
from linktrack.links.redirects.limiting import LinkLimits, count_anew, limits_of, set_limits
from linktrack.links.redirects.limits import Limits
from linktrack.links.redirects.lookup import changed_links, find_target

LINK = LinkId(1)


@dataclass
class Counted:
    """A budget as the database keeps it: each of its links has the same number of clicks."""

    most: int
    uses: dict[LinkId, int] = field(default_factory=dict)
    drawn: int = 0  # how often
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def used(self) -> int:
        """How many clicks of the one link were drawn."""
        return self.uses.get(LINK, 0)

    def draw(self, link_ids: Collection[LinkId], again: Collection[LinkId]) -> dict[LinkId, Drawn]:
        """Draw of each link, but for the last clicks of those that nobody waits for."""
        with self.lock:
            self.drawn += 1
            found = {}
            for link_id in [*link_ids, *again]:
                used = self.uses.get(link_id, 0)
                clicks = lease_of(self.most - used)
                if link_id in link_ids or clicks > 1:
                    self.uses[link_id] = used + clicks
                    found[link_id] = Drawn(0, clicks)
            return found

    def give_back(self, given: Mapping[LinkId, Drawn]) -> None:
        """Take back what was not used."""
        with self.lock:
            for link_id, drawn in given.items():
                self.uses[link_id] -= drawn.clicks


@dataclass
class Crowd:
    """Some processes that answer the same links."""

    budget: Counted
    processes: list[Leases] = field(default_factory=list)
    now: float = 0.0

    def begin(self) -> Leases:
        return Leases(self.budget, lambda: self.now)


PROCESSES = 4
LINKS = (LINK, LinkId(2), LinkId(3))


@given(
    st.one_of(st.integers(1, 600), st.integers(600, 100_000)),
    st.lists(
        st.tuples(
            st.sampled_from(("click", "click", "click", "many", "kill", "end", "idle")),
            st.integers(0, PROCESSES - 1),
            st.sampled_from(LINKS),
        ),
        max_size=120,
    ),
)
def test_processes_together_never_answer_more_clicks_than_a_link_has(
    most: int, story: list[tuple[str, int, LinkId]]
) -> None:
    """However they take turns, end, idle or are killed; and only kills lose clicks."""
    budget = Counted(most)
    crowd = Crowd(budget)
    processes = [crowd.begin() for _ in range(PROCESSES)]
    limits = Limits(most_clicks=most)
    answered, lost = Counter[LinkId](), Counter[LinkId]()
    for what, number, link in story:
        process = processes[number]
        if what in ("click", "many"):
            for _ in range(1 if what == "click" else 40):
                answered[link] += process.draw(link, limits)
        elif what == "idle":
            crowd.now += IDLE_SECONDS
            process.tidy()
        else:
            before = dict(budget.uses)
            process.close()
            if what == "kill":  # what it would have given back is gone
                for each, used in before.items():
                    assert used - budget.uses[each] <= max(1, min(1_000, most / 50))
                    lost[each] += used - budget.uses[each]
                budget.uses |= before
            processes[number] = crowd.begin()
        assert max(answered.values(), default=0) <= most
    for process in processes:
        process.close()
    assert Counter(budget.uses) == answered + lost
    crowd.now += IDLE_SECONDS
    last = crowd.begin()
    for link in LINKS:
        while last.draw(link, limits):
            answered[link] += 1
        assert answered[link] == most - lost[link]
    last.close()


def test_links_that_are_waited_for_are_drawn_for_together() -> None:
    """While the database is busy with one link five others are asked for: one transaction more."""
    is_free = threading.Event()

    class Slow(Counted):
        def draw(
            self, link_ids: Collection[LinkId], again: Collection[LinkId]
        ) -> dict[LinkId, Drawn]:
            is_free.wait(60)
            return super().draw(link_ids, again)

    budget = Slow(1_000_000)
    process = Leases(budget)
    limits = Limits(most_clicks=budget.most)
    with ThreadPoolExecutor(6) as threads:
        waiting = [threads.submit(process.draw, LinkId(number), limits) for number in range(1, 7)]
        wait_until(lambda: sum(each.running() for each in waiting) == 6)
        sleep(0.2)  # till they stand in line
        is_free.set()
        assert all(each.result(10) for each in waiting)
    assert budget.drawn == 2
    assert sorted(budget.uses) == [1, 2, 3, 4, 5, 6]
    process.close()
    assert set(budget.uses.values()) == {1}


def test_after_a_pause_the_first_click_draws_for_all_that_were_clicked_lately() -> None:
    """Once in vain, and no more: a link that nobody clicks meanwhile is left alone."""
    crowd = Crowd(Counted(1_000_000))
    process, budget = crowd.begin(), crowd.budget
    limits = Limits(most_clicks=budget.most)
    assert all(process.draw(link, limits) for link in LINKS)
    for is_drawn in (True, False):
        crowd.now += IDLE_SECONDS
        process.tidy()
        before = budget.drawn
        assert process.draw(LINK, limits)
        assert process.take(LINKS[1], limits) is True
        assert budget.drawn == before + 1
        assert (budget.uses[LINKS[2]] > 1) is is_drawn
    process.close()


def test_the_last_clicks_are_not_drawn_for_who_has_not_asked() -> None:
    """They would lie in a process that nobody asks."""
    crowd = Crowd(Counted(149))
    process, budget = crowd.begin(), crowd.budget
    limits = Limits(most_clicks=budget.most)
    assert all(process.draw(link, limits) for link in LINKS)
    crowd.now += IDLE_SECONDS
    process.tidy()
    assert process.draw(LINK, limits)
    assert process.take(LINKS[1], limits) is None
    assert budget.uses == {LINKS[0]: 2, LINKS[1]: 1, LINKS[2]: 1}
    process.close()


@settings(max_examples=200)
@given(st.integers(-5, 100_000))
def test_a_lease_and_half_are_a_fiftieth_of_what_is_left(left: int) -> None:
    """At most 1,000 clicks, at least one while one is left: what a killed process may lose."""
    drawn = lease_of(left)
    assert drawn <= max(0, left)
    assert drawn >= (left > 0)
    assert drawn + drawn // 2 <= max(1, min(1_000, left / 50))


def test_clicks_are_drawn_before_the_last_is_used() -> None:
    """Once by itself; from then on no click of 5,000 finds nothing, however the budget dawdles."""
    budget = Counted(1_000_000)
    process = Leases(budget)
    limits = Limits(most_clicks=budget.most)
    assert process.draw(LINK, limits)
    for number in range(5_000):
        if number % lease_of(budget.most) == 400:  # half of a lease is used: time for the thread
            wait_until(partial(_has_drawn, budget, 2 + number // 660))
        assert process.take(LINK, limits) is True
    process.close()
    assert budget.used == 5_001


def _has_drawn(budget: Counted, times: int) -> bool:
    return budget.drawn >= times


def test_the_last_clicks_are_drawn_one_by_one() -> None:
    """None lies in a process that nobody asks, while another says that the link has ended."""
    budget = Counted(3)
    processes = [Leases(budget) for _ in range(3)]
    limits = Limits(most_clicks=3)
    assert [process.draw(LINK, limits) for process in processes] == [True] * 3
    assert budget.drawn == 3
    for process in processes:
        process.close()


def limited(world: World, limits: LinkLimits) -> Link:
    """Return a link with these limits."""
    link = world.post(world.account(), "http://one.com/").links[0]
    set_limits(world.session, world.shortener, link, limits, NOON)
    world.session.commit()
    return link


def looked_up(world: World, link: Link) -> Limits:
    """Return a link's limits as the lane has them."""
    target = find_target(world.database.engine, world.shortener.codes, link.code or "")
    assert target is not None
    assert target.plan is not None
    assert target.plan.limits is not None
    return target.plan.limits


def test_the_database_gives_each_click_out_once(world: World) -> None:
    """Two processes share 150 clicks; when the last is drawn, workers look the link up anew."""
    link = limited(world, LinkLimits(most_clicks=150))
    budgets = Budgets(world.database.engine)
    processes = [Leases(budgets) for _ in range(2)]
    before = changed_links(world.database.engine, None).number
    limits = looked_up(world, link)
    answered = [process.draw(link.id, limits) for _ in range(100) for process in processes]
    assert sum(answered) == 150
    assert looked_up(world, link).is_used_up
    assert changed_links(world.database.engine, before).links == {link.id}
    for process in processes:
        process.close()


def test_what_was_drawn_and_not_used_comes_back(world: World) -> None:
    """A link that had ended by it redirects again; of a round that is over nothing comes back."""
    link = limited(world, LinkLimits(most_clicks=150))
    budgets = Budgets(world.database.engine)
    drawn = budgets.draw([link.id])[link.id]
    assert drawn == Drawn(1, 2)
    assert limits_of(world.session, link).used_clicks == 2
    budgets.give_back({link.id: Drawn(1, 1)})
    world.session.rollback()
    assert limits_of(world.session, link).used_clicks == 1
    count_anew(world.session, link, NOON)
    world.session.commit()
    budgets.give_back({link.id: Drawn(1, 1)})
    assert limits_of(world.session, link).used_clicks == 0
    assert looked_up(world, link).round == 2


def test_a_number_of_clicks_may_be_raised_lowered_and_taken_away(world: World) -> None:
    """A higher one goes on counting; a number given later begins at 0."""
    link = limited(world, LinkLimits(most_clicks=1))
    budgets = Budgets(world.database.engine)
    assert budgets.draw([link.id])[link.id].clicks == 1
    assert budgets.draw([link.id])[link.id].clicks == 0
    for most, clicks in ((2, 1), (1, 0), (None, 1), (3, 1)):
        set_limits(world.session, world.shortener, link, LinkLimits(most_clicks=most), NOON)
        world.session.commit()
        assert budgets.draw([link.id])[link.id].clicks == clicks
    assert limits_of(world.session, link).used_clicks == 1
