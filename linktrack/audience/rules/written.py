"""Rules as they are written: FIELD OP VALUE, or FIELD / FIELD OP VALUE. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from linktrack.audience.rules.facts import Facts, Rule
from linktrack.audience.rules.fields import field_named
from linktrack.errors import Invalid

_WORDS: Final = {"before": "<", "after": ">", "is": "="}
_RULE: Final = re.compile(
    r"(?P<field>[A-Za-z_][A-Za-z_0-9]*)\s*(?:/\s*(?P<divisor>[A-Za-z_]+)\s*)?"
    r"(?P<op><=|>=|!=|=|<|>|\b(?:before|after|is)\b)\s*(?P<value>.+)",
    re.IGNORECASE,
)


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
    op, value = match["op"].lower(), match["value"].strip()
    op = _WORDS.get(op, op)
    divisor = match["divisor"]
    name, field = field_named(match["field"].lower(), divisor and divisor.lower())
    if op not in field.ops:
        raise Invalid(
            f"{name} cannot be asked with {op!r}: choose {' or '.join(field.ops)}, as in "
            f"'{field.example}'."
        )
    return Rule(name, op, field.read(name, value), written.strip(), field.judge)


def parse_rules(written: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules of several texts; raises `Invalid`."""
    return tuple(parse_rule(text) for text in written)


def judge(rules: Sequence[Rule], facts: Facts, now: int) -> bool | None:
    """Say whether all rules hold: no where one does not, None if one cannot be judged."""
    unknown = False
    for rule in rules:
        holds = rule.judge(facts, now)
        if holds is False:
            return False
        unknown = unknown or holds is None
    return None if unknown else True
