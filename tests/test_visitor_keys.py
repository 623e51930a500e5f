"""Keys of visitors: one for each period, whatever the clocks do."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from linktrack.clicks.capture.visitors import Visitors

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0
DAY = 24 * HOUR


def at(written: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=BERLIN).timestamp()


def who(visitors: Visitors, moment: float) -> int:
    return visitors.identify(moment, "203.0.113.9", "Firefox", "en")


class Machine:
    """A machine that runs for some time, and whose clock may be set."""

    def __init__(self, folder: Path, moment: str) -> None:
        self.clock, self.running = at(moment), 0.0
        self.visitors = Visitors(folder, "month", BERLIN, lambda: self.running)

    def who(self) -> int:
        return who(self.visitors, self.clock)

    def wait(self, seconds: float) -> int:
        self.clock += seconds
        self.running += seconds
        return self.who()


def test_a_visitor_is_the_same_within_a_month_and_another_in_the_next(tmp_path: Path) -> None:
    """The old key is destroyed a day after its month."""
    machine = Machine(tmp_path, "2026-11-01T00:00")
    first = machine.who()
    assert machine.wait(29 * DAY) == first
    assert machine.wait(DAY) != first
    assert len(list(tmp_path.iterdir())) == 2
    machine.wait(DAY)
    assert [path.name for path in tmp_path.iterdir()] == ["month-2026-12-01.key"]


def test_a_clock_that_was_put_back_leaves_no_key_of_the_future(tmp_path: Path) -> None:
    """The key of 2036 was used on for ten years: each visitor was one person all that time."""
    machine = Machine(tmp_path, "2036-05-04T12:00")
    wrong = machine.who()
    machine.clock = at("2026-11-28T12:00")
    right = machine.who()
    assert right != wrong
    assert machine.wait(DAY) == right
    assert [path.name for path in tmp_path.iterdir()] == ["month-2026-11-01.key"]


@pytest.mark.parametrize("jump", [-400 * DAY, -40 * DAY, 40 * DAY, 400 * DAY])
def test_a_clock_that_was_wrong_for_a_minute_destroys_no_key(tmp_path: Path, jump: float) -> None:
    """Either way: whoever clicked before it and after it is one visitor."""
    machine = Machine(tmp_path, "2026-11-10T12:00")
    first = machine.who()
    machine.wait(DAY)
    machine.clock += jump
    assert machine.wait(30) != first
    machine.wait(30)
    machine.clock -= jump
    assert machine.wait(30) == first
    assert machine.wait(DAY) == first
    assert [path.name for path in tmp_path.iterdir()] == ["month-2026-11-01.key"]


def test_two_workers_whose_clocks_differ_a_little_share_the_keys_of_both_months(
    tmp_path: Path,
) -> None:
    """Neither destroys what the other still needs."""
    ahead, behind = Visitors(tmp_path, "month", BERLIN), Visitors(tmp_path, "month", BERLIN)
    midnight = at("2026-12-01T00:00")
    december = who(ahead, midnight + HOUR)
    november = who(behind, midnight - HOUR)
    assert who(ahead, midnight - HOUR) == november
    assert who(behind, midnight + HOUR) == december
