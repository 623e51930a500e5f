"""Keys of visitors: one for each period, whatever the clocks do."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from linktrack.clicks.capture.visitors import Visitors

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


def at(written: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=BERLIN).timestamp()


def who(visitors: Visitors, moment: float) -> int:
    return visitors.identify(moment, "203.0.113.9", "Firefox", "en")


def test_a_visitor_is_the_same_within_a_month_and_another_in_the_next(tmp_path: Path) -> None:
    """The old key is destroyed a day after its month."""
    visitors = Visitors(tmp_path, "month", BERLIN)
    first = who(visitors, at("2026-11-01T00:00"))
    assert who(visitors, at("2026-11-30T23:59")) == first
    assert who(visitors, at("2026-12-01T00:00")) != first
    assert len(list(tmp_path.iterdir())) == 2
    who(visitors, at("2026-12-02T00:00"))
    assert [path.name for path in tmp_path.iterdir()] == ["month-2026-12-01.key"]


def test_a_clock_that_was_put_back_leaves_no_key_of_the_future(tmp_path: Path) -> None:
    """The key of 2036 was used on for ten years: each visitor was one person all that time."""
    visitors = Visitors(tmp_path, "month", BERLIN)
    wrong = who(visitors, at("2036-05-04T12:00"))
    right = who(visitors, at("2026-11-28T12:00"))
    assert right != wrong
    assert [path.name for path in tmp_path.iterdir()] == ["month-2026-11-01.key"]
    assert who(visitors, at("2026-11-29T12:00")) == right


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
