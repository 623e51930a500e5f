"""Segment rules: FIELD OP VALUE, judged on what is known of one follower. Pure.

A fact that is not known never matches: then the answer is neither yes nor no but None.
"""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple, TypeAlias

from linktrack.errors import Invalid

DAY: Final = 86_400_000
"""Milliseconds."""


class Facts(NamedTuple):
    """What is known of one follower; None if it is not. Times are in milliseconds (UTC).

    They followed after `followed_after` (None: nobody knows how long before) and by `followed_by`.
    """

    followed_by: int
    followed_after: int | None = None
    followers: int | None = None
    following: int | None = None
    posts: int | None = None
    account_created_at: int | None = None
    has_description: bool | None = None
    has_picture: bool | None = None
    last_active_at: int | None = None
    followed_back: bool | None = None
    came_back: bool | None = None
    in_community: bool | None = None
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ago:
    """A moment that moves: so many days before the rule is judged."""

    days: int


Value: TypeAlias = int | bool | str | Ago


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition. `value` is a number, yes or no, a list's name, or a moment (ms or `Ago`)."""

    field: str
    op: str
    value: Value
    written: str

    def judge(self, facts: Facts, now: int) -> bool | None:
        """Say whether it holds at `now` (ms); None if the fact is not known."""
        return _FIELDS[self.field].judge(facts, self, now)


def parse_rule(written: str) -> Rule:
    """Return the rule of a text such as `posts >= 10` or `last_active < 180 days ago`.

    Raises `Invalid`, which says what is possible there.
    """
    match = _RULE.fullmatch(written.strip())
    if match is None or len(written) > 200 or not written.isprintable():
        raise Invalid(
            f"{written[:80]!r} isn't a rule: write FIELD OP VALUE, such as 'posts >= 10' or "
            "'last_active < 180 days ago'."
        )
    name, op, value = match["field"].lower(), match["op"].lower(), match["value"].strip()
    op = _WORDS.get(op, op)
    field = _FIELDS.get(name)
    if field is None:
        raise Invalid(
            f"There is no field {name[:40]!r} in rules: choose one of {', '.join(_FIELDS)}."
        )
    if op not in field.ops:
        raise Invalid(
            f"{name} cannot be asked with {op!r}: choose {' or '.join(field.ops)}, as in "
            f"'{field.example}'."
        )
    return Rule(name, op, field.read(name, value), written.strip())


def judge(rules: Sequence[Rule], facts: Facts, now: int) -> bool | None:
    """Say whether all rules hold: no where one does not, None if one cannot be judged."""
    unknown = False
    for rule in rules:
        holds = rule.judge(facts, now)
        if holds is False:
            return False
        unknown = unknown or holds is None
    return None if unknown else True


# Signs of a profile that nobody may be using, from the rule sets that Cresci et al. compare (Fame
# for sale: efficient detection of fake Twitter followers, Decision Support Systems 80, 2015):
# Camisani-Calzolari (2012), Van den Beld's State of Search (2014), and Socialbakers (2012). Only
# rules about the profile itself, since nothing else of followers is known here. On their labelled
# accounts no single rule told people from bought followers well; so several have to hold, they
# are named, and nobody is called "fake" for them.


def _never_posted(facts: Facts, _now: int) -> bool | None:
    return None if facts.posts is None else facts.posts == 0


def _no_picture_after_two_months(facts: Facts, now: int) -> bool | None:
    young = None
    if facts.account_created_at is not None:
        young = now - facts.account_created_at < 60 * DAY
    if facts.has_picture or young:
        return False
    return None if facts.has_picture is None or young is None else True


def _no_description_but_follows_many(facts: Facts, _now: int) -> bool | None:
    many = None if facts.following is None else facts.following > 100
    if facts.has_description or many is False:
        return False
    return None if facts.has_description is None or many is None else True


def _follows_fifty_for_each_follower(facts: Facts, _now: int) -> bool | None:
    if facts.followers is None or facts.following is None:
        return None
    return facts.following >= 50 * max(facts.followers, 1)


def _hardly_followed(facts: Facts, _now: int) -> bool | None:
    return None if facts.followers is None else facts.followers < 5


SIGNS: Final[dict[str, Callable[[Facts, int], bool | None]]] = {
    "never posted": _never_posted,
    "no picture after two months": _no_picture_after_two_months,
    "no description, yet follows more than 100": _no_description_but_follows_many,
    "follows 50 or more for each follower": _follows_fifty_for_each_follower,
    "fewer than 5 followers": _hardly_followed,
}
"""Name → whether a profile shows this sign of being empty."""


def shown_signs(facts: Facts, now: int) -> list[str]:
    """Return the names of the signs that are known to be there."""
    return [name for name, sign in SIGNS.items() if sign(facts, now)]


def empty_signs(facts: Facts, now: int) -> tuple[int, int]:
    """Return how many signs are known to be there, and how many more may be."""
    found = [sign(facts, now) for sign in SIGNS.values()]
    return found.count(True), found.count(None)


# The fields, each with how it is read and judged.

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_WORDS: Final = {"before": "<", "after": ">", "is": "="}
_RULE: Final = re.compile(
    r"(?P<field>[A-Za-z_]+)\s*(?P<op><=|>=|!=|=|<|>|\b(?:before|after|is)\b)\s*(?P<value>.+)",
    re.IGNORECASE,
)
_ANY: Final = ("=", "!=", "<", "<=", ">", ">=")
_TIMES: Final = ("<", "<=", ">", ">=", "before", "after")
_SAME: Final = ("=", "!=")


@dataclass(frozen=True, slots=True)
class _Field:
    says: str
    example: str
    ops: tuple[str, ...]
    read: Callable[[str, str], Value]
    judge: Callable[[Facts, Rule, int], bool | None]


def _read_number(name: str, written: str) -> int:
    digits = written.replace(",", "")
    if not re.fullmatch(r"[0-9]{1,12}", digits):
        raise Invalid(f"{name} is compared with a whole number, not {written[:40]!r}.")
    return int(digits)


def _read_days(name: str, written: str) -> int:
    return _read_number(name, re.sub(r"\s*days?$", "", written))


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


def _number(attribute: str) -> Callable[[Facts, Rule, int], bool | None]:
    def holds(facts: Facts, rule: Rule, _now: int) -> bool | None:
        known = getattr(facts, attribute)
        return None if known is None else _COMPARE[rule.op](known, int(_plain(rule.value)))

    return holds


def _age(facts: Facts, rule: Rule, now: int) -> bool | None:
    if facts.account_created_at is None:
        return None
    days = (now - facts.account_created_at) // DAY
    return _COMPARE[rule.op](days, int(_plain(rule.value)))


def _moment(attribute: str) -> Callable[[Facts, Rule, int], bool | None]:
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
    answers = {compare(number, asked) for number in range(sure, sure + perhaps + 1)}
    return answers.pop() if len(answers) == 1 else None


def _on_list(facts: Facts, rule: Rule, _now: int) -> bool | None:
    return (rule.value in facts.lists) == (rule.op == "=")


def _plain(value: Value) -> int:
    if isinstance(value, Ago | str):
        raise TypeError(f"{value!r} is not a number")
    return value


def _at(value: Value, now: int) -> int:
    return now - value.days * DAY if isinstance(value, Ago) else _plain(value)


def _is_number(attribute: str, says: str) -> _Field:
    return _Field(says, f"{attribute} >= 10", _ANY, _read_number, _number(attribute))


def _is_yes(name: str, attribute: str, says: str) -> _Field:
    return _Field(says, f"{name} = yes", _SAME, _read_yes, _number(attribute))


_FIELDS: Final[dict[str, _Field]] = {
    "followers": _is_number("followers", "how many people follow them"),
    "following": _is_number("following", "how many people they follow"),
    "posts": _is_number("posts", "how many posts they have written"),
    "account_age": _Field(
        "how many days ago their account was made", "account_age < 90", _ANY, _read_days, _age
    ),
    "has_description": _is_yes("has_description", "has_description", "they say who they are"),
    "has_picture": _is_yes("has_picture", "has_picture", "they have a picture of their own"),
    "follows_since": _Field(
        "when they began to follow, this time",
        "follows_since > 30 days ago",
        _TIMES,
        _read_moment,
        _follows_since,
    ),
    "came_back": _is_yes("came_back", "came_back", "they had stopped following, and came back"),
    "we_follow": _is_yes("we_follow", "followed_back", "the account follows them too"),
    "last_active": _Field(
        "when they last posted",
        "last_active < 180 days ago",
        _TIMES,
        _read_moment,
        _moment("last_active_at"),
    ),
    "in_community": _is_yes(
        "in_community", "in_community", "they follow your account with the role we, too"
    ),
    "list": _Field("a list segment they are on", "list = Friends", _SAME, _read_name, _on_list),
    "empty_signs": _Field(
        "how many signs of an empty profile show", "empty_signs >= 2", _ANY, _read_number, _signs
    ),
}

FIELDS: Final = {name: (field.says, field.example) for name, field in _FIELDS.items()}
"""Field → what it says of a follower, and a rule with it."""


PRESETS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "newcomers": ("began to follow within 30 days", ("follows_since > 30 days ago",)),
    "mutuals": ("you follow each other", ("we_follow = yes",)),
    "came back": ("had stopped following, and came back", ("came_back = yes",)),
    "quiet": ("have not posted for 6 months", ("last_active < 180 days ago",)),
    "looks empty": ("two or more signs of an empty profile", ("empty_signs >= 2",)),
    "community": ("follow your account with the role we, too", ("in_community = yes",)),
}
"""Ready-made segments: name → what it means, and its rules."""


def preset(name: str) -> tuple[str, ...]:
    """Return the rules of a preset; raises `Invalid`."""
    found = PRESETS.get(name.strip().casefold().replace("-", " "))
    if found is None:
        raise Invalid(f"There is no preset {name[:40]!r}: choose one of {', '.join(PRESETS)}.")
    return found[1]


def parse_rules(written: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules of several texts; raises `Invalid`."""
    return tuple(parse_rule(text) for text in written)
