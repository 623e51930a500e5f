"""The fields that rules can ask for, each with how its value is read and judged. Pure."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fractions import Fraction
from typing import Final

from linktrack.audience.rules.facts import DAY, Ago, Facts, Judged, Rule, Value
from linktrack.audience.rules.signs import empty_signs
from linktrack.errors import Invalid

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_ANY: Final = ("=", "!=", "<", "<=", ">", ">=")
_TIMES: Final = ("<", "<=", ">", ">=", "before", "after")
_SAME: Final = ("=", "!=")
_COUNTS: Final = {"followers": "followers", "following": "following", "posts": "posts"}
"""The fields that can be divided by each other, and the facts that they are."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a field says of a follower, an example of a rule, and how a rule with it is judged."""

    says: str
    example: str
    ops: tuple[str, ...]
    read: Callable[[str, str], Value]
    judge: Judged


def _read_number(name: str, written: str) -> int:
    digits = written.replace(",", "")
    if not re.fullmatch(r"[0-9]{1,12}", digits):
        raise Invalid(f"{name} is compared with a whole number, not {written[:40]!r}.")
    return int(digits)


def _read_ratio(name: str, written: str) -> Fraction:
    digits = written.replace(",", "")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", digits):
        raise Invalid(f"{name} is compared with a number such as 10 or 0.5, not {written[:40]!r}.")
    return Fraction(digits)


def _read_days(name: str, written: str) -> int:
    return _read_number(name, re.sub(r"(?<!\s)\s*days?\Z", "", written))


def _read_yes(name: str, written: str) -> bool:
    answer = {"yes": True, "no": False, "true": True, "false": False}.get(written.lower())
    if answer is None:
        raise Invalid(f"{name} is compared with yes or no, not {written[:40]!r}.")
    return answer


def _read_moment(name: str, written: str) -> int | Ago:
    ago = re.fullmatch(r"([0-9]{1,5}) ?(?:d|days?)(?: ago)?", written)
    if ago:
        return Ago(int(ago[1]))
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise Invalid(
            f"{name} is compared with a date such as 2026-05-04, or with '30 days ago', not "
            f"{written[:40]!r}."
        ) from error
    return int(datetime.combine(day, time.min, UTC).timestamp()) * 1000


def _read_name(_name: str, written: str) -> str:
    return written


def _number(attribute: str) -> Judged:
    def holds(facts: Facts, rule: Rule, _now: int) -> bool | None:
        known = getattr(facts, attribute)
        return None if known is None else _COMPARE[rule.op](known, int(_plain(rule.value)))

    return holds


def _quotient(above: str, below: str) -> Judged:
    """Judge one number divided by another: by none, any number is more than every ratio."""

    def holds(facts: Facts, rule: Rule, _now: int) -> bool | None:
        first, second = getattr(facts, above), getattr(facts, below)
        if first is None or second is None or (not first and not second):
            return None
        if not isinstance(rule.value, Fraction):
            raise TypeError(f"{rule.value!r} is not a ratio")
        # Multiplied instead of divided: nothing is rounded, and nothing divided by zero.
        return _COMPARE[rule.op](first * rule.value.denominator, second * rule.value.numerator)

    return holds


def _age(facts: Facts, rule: Rule, now: int) -> bool | None:
    if facts.account_created_at is None:
        return None
    days = (now - facts.account_created_at) // DAY
    return _COMPARE[rule.op](days, int(_plain(rule.value)))


def _moment(attribute: str) -> Judged:
    def holds(facts: Facts, rule: Rule, now: int) -> bool | None:
        known = getattr(facts, attribute)
        return None if known is None else _COMPARE[rule.op](known, _at(rule.value, now))

    return holds


def _follows_since(facts: Facts, rule: Rule, now: int) -> bool | None:
    """Judge a time that lies between two rosters: only where both ends say the same."""
    compare, asked = _COMPARE[rule.op], _at(rule.value, now)
    late = compare(facts.followed_by, asked)
    if facts.followed_after is None:  # any time before the first roster
        return late if late == (rule.op in ("<", "<=")) else None
    # The earliest they can have followed is just after the roster that lacked them.
    early = compare(facts.followed_after + 1, asked)
    return late if early == late else None


def _signs(facts: Facts, rule: Rule, now: int) -> bool | None:
    sure, perhaps = empty_signs(facts, now)
    compare, asked = _COMPARE[rule.op], int(_plain(rule.value))
    if not perhaps:
        return compare(sure, asked)
    answers = {compare(number, asked) for number in range(sure, sure + perhaps + 1)}
    return answers.pop() if len(answers) == 1 else None


def _on_list(facts: Facts, rule: Rule, _now: int) -> bool | None:
    return (rule.value in facts.lists) == (rule.op == "=")


def _plain(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a number")
    return value


def _at(value: Value, now: int) -> int:
    return now - value.days * DAY if isinstance(value, Ago) else _plain(value)


def _is_number(attribute: str, says: str) -> Field:
    return Field(says, f"{attribute} >= 10", _ANY, _read_number, _number(attribute))


def _is_yes(name: str, attribute: str, says: str) -> Field:
    return Field(says, f"{name} = yes", _SAME, _read_yes, _number(attribute))


_FIELDS: Final[Mapping[str, Field]] = {
    "followers": _is_number("followers", "how many people follow them"),
    "following": _is_number("following", "how many people they follow"),
    "posts": _is_number("posts", "how many posts they have written"),
    "account_age": Field(
        "how many days ago their account was made", "account_age < 90", _ANY, _read_days, _age
    ),
    "has_description": _is_yes("has_description", "has_description", "they say who they are"),
    "has_picture": _is_yes("has_picture", "has_picture", "they have a picture of their own"),
    "follows_since": Field(
        "when they began to follow, this time",
        "follows_since > 30 days ago",
        _TIMES,
        _read_moment,
        _follows_since,
    ),
    "came_back": _is_yes("came_back", "came_back", "they had stopped following, and came back"),
    "we_follow": _is_yes("we_follow", "followed_back", "the account follows them too"),
    "last_active": Field(
        "when they last posted",
        "last_active < 180 days ago",
        _TIMES,
        _read_moment,
        _moment("last_active_at"),
    ),
    "in_community": _is_yes(
        "in_community", "in_community", "they follow your account with the role we, too"
    ),
    "list": Field("a list segment they are on", "list = Friends", _SAME, _read_name, _on_list),
    "engaged_last_90_days": Field(
        "how many likes, reposts, replies and quotes they gave you in 90 days",
        "engaged_last_90_days >= 3",
        _ANY,
        _read_number,
        _number("engaged"),
    ),
    "empty_signs": Field(
        "how many signs of an empty profile show", "empty_signs >= 2", _ANY, _read_number, _signs
    ),
}

FIELDS: Final = {name: (field.says, field.example) for name, field in _FIELDS.items()} | {
    "following / followers": (
        "one number divided by another: followers, following or posts",
        "following / followers > 10",
    )
}
"""Field → what it says of a follower, and a rule with it."""


def field_named(name: str, divisor: str | None) -> tuple[str, Field]:
    """Return a field and its name as rules have it, or the ratio of two; raises `Invalid`."""
    for each in (name, divisor):
        if each is not None and each not in _FIELDS:
            raise Invalid(
                f"There is no field {each[:40]!r} in rules: choose one of {', '.join(_FIELDS)}."
            )
    if divisor is None:
        return name, _FIELDS[name]
    if name not in _COUNTS or divisor not in _COUNTS or name == divisor:
        raise Invalid(
            f"{name} / {divisor} can't be asked: divide one of {', '.join(_COUNTS)} by another, "
            "as in 'following / followers > 10'."
        )
    ratio = f"{name} / {divisor}"
    return ratio, Field(
        f"{name} divided by {divisor}",
        f"{ratio} > 10",
        _ANY,
        _read_ratio,
        _quotient(_COUNTS[name], _COUNTS[divisor]),
    )
