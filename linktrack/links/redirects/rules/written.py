"""Rules as programs write and read them, and visits as somebody imagines them. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict

from linktrack.errors import Invalid
from linktrack.links.redirects.rules.conditions import Condition, Visit, condition
from linktrack.links.redirects.rules.deciding import WHOLE, Rule, first_that_holds
from linktrack.links.redirects.rules.words import rule_in_words


class ConditionJson(TypedDict):
    """A condition: it holds if any of the values does."""

    kind: str
    values: list[str]


class OptionJson(TypedDict):
    """A destination of a rule, and the percentage of its visits that get it."""

    id: int
    destination: str
    percent: int


class RuleJson(TypedDict):
    """A rule: visits that fulfil all conditions are led to its options; `said` is whom it's for."""

    id: int
    said: str
    conditions: list[ConditionJson]
    options: list[OptionJson]


class TriedJson(TypedDict):
    """Where a visit would be led; `rule` is null for the link's own destination."""

    rule: int | None
    said: str
    options: list[OptionJson]


def rule_json(rule: Rule) -> RuleJson:
    """Return a rule as the API shows it."""
    return {
        "id": rule.id,
        "said": rule_in_words(rule),
        "conditions": [
            {"kind": each.kind, "values": list(each.values)} for each in rule.conditions
        ],
        "options": _options_json(rule),
    }


def tried_json(rules: Sequence[Rule], own: str, visit: Visit) -> TriedJson:
    """Return where a visit would be led."""
    rule = first_that_holds(rules, visit)
    if rule is None:
        none: list[OptionJson] = [{"id": 0, "destination": own, "percent": WHOLE}]
        return {"rule": None, "said": "Everyone else", "options": none}
    return {"rule": rule.id, "said": rule_in_words(rule), "options": _options_json(rule)}


def _options_json(rule: Rule) -> list[OptionJson]:
    return [
        {"id": each.id, "destination": each.destination, "percent": each.percent}
        for each in rule.options
    ]


def conditions_written(written: Iterable[str]) -> tuple[Condition, ...]:
    """Return conditions from `kind=value,value`; a query parameter's value may have commas.

    Raises `Invalid`.
    """
    found = []
    for each in written:
        kind, sign, values = each.partition("=")
        if not sign:
            raise Invalid(f"{each[:40]!r} isn't a condition: write one such as device=mobile.")
        kind = kind.strip()
        found.append(condition(kind, [values] if kind == "query" else values.split(",")))
    return tuple(found)


def options_written(written: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return destinations and percents from `50=https://…`, or from one address alone.

    Raises `Invalid`.
    """
    if len(written) == 1 and written[0].lower().startswith(("http://", "https://")):
        return ((written[0], WHOLE),)
    found = []
    for each in written:
        share, _, address = each.partition("=")
        percent = share.strip().removesuffix("%").strip()
        if not (percent.isascii() and percent.isdecimal() and len(percent) < 4):
            raise Invalid(f"Write the share before each address: 50={each[:60]}")
        found.append((address, int(percent)))
    return tuple(found)


def imagined(
    moment: datetime,
    *,
    device: str = "",
    system: str = "",
    language: str = "",
    country: str = "",
    query: str = "",
    visitor: str = "",
) -> Visit:
    """Return a visit at a moment, in the owner's time zone; "" is not known.

    Raises `Invalid` for what no condition could name.
    """

    def one(kind: str, value: str) -> str | None:
        return condition(kind, [value]).values[0] if value.strip() else None

    return Visit(
        moment=moment,
        device=one("device", device),
        system=one("system", system),
        language=one("language", language),
        country=one("country", country),
        query=query.strip().removeprefix("?"),
        returning=one("visitor", visitor) == "returning",
    )
