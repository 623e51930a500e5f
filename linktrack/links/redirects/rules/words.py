"""Rules in plain English. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from linktrack.links.redirects.rules.conditions import Condition, Kind
from linktrack.links.redirects.rules.deciding import Rule

DEVICE_NAMES: Final = {"mobile": "phone", "tablet": "tablet", "desktop": "computer"}
DAY_NAMES: Final = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def rule_in_words(rule: Rule) -> str:
    """Return whom a rule is for: "On a phone, with iOS or Android"."""
    said = ", ".join(condition_in_words(each) for each in rule.conditions) or "everyone"
    return said[0].upper() + said[1:]


def condition_in_words(condition: Condition) -> str:
    """Return a condition as it is read in a sentence: "in DE or AT"."""
    return _SAID[condition.kind](condition.values)


def _either(values: Sequence[str]) -> str:
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _days(value: str) -> str:
    first, _, last = value.partition("..")
    if first == last:
        return f"on {_day(first)}"
    if not last:
        return f"from {_day(first)} on"
    return f"from {_day(first)} to {_day(last)}" if first else f"until {_day(last)}"


def _day(written: str) -> str:
    day = date.fromisoformat(written)
    return f"{day.day} {day:%B %Y}"


_SAID: Final[Mapping[Kind, Callable[[Sequence[str]], str]]] = {
    "device": lambda values: f"on a {_either([DEVICE_NAMES[value] for value in values])}",
    "system": lambda values: f"with {_either(values)}",
    "language": lambda values: f"who prefer {_either(values)}",
    "country": lambda values: f"in {_either(values)}",
    "query": lambda values: f"with {_either([f'?{value}' for value in values])} in the address",
    "visitor": lambda values: f"{_either(values)} visitors",
    "weekday": lambda values: f"on {_either([DAY_NAMES[value] for value in values])}",
    "time": lambda values: _either([f"from {value.replace('-', ' to ')}" for value in values]),
    "date": lambda values: _either([_days(value) for value in values]),
}
