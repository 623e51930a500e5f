"""Redirect rules as Shlink has them: one destination each, and conditions that all must hold."""

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

from flask import Response, jsonify, request

from linktrack.api.clients.shlink.door import blueprint, with_key
from linktrack.api.clients.shlink.short_urls import own_link
from linktrack.api.read import posted_object
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Conflict, Invalid
from linktrack.links.models import Link
from linktrack.links.redirects.rules.conditions import Condition, condition
from linktrack.links.redirects.rules.deciding import WHOLE, Rule
from linktrack.links.redirects.ruling import Wanted, rules_of, set_rules

_DEVICES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "ios": ("system", ("iOS",)),
    "android": ("system", ("Android",)),
    "windows": ("system", ("Windows",)),
    "macos": ("system", ("macOS",)),
    "linux": ("system", ("Linux",)),
    "chromeos": ("system", ("Chrome OS",)),
    "mobile": ("device", ("mobile", "tablet")),
    "desktop": ("device", ("desktop",)),
}
_AS_DEVICE: Final = {written: name for name, written in _DEVICES.items()}


class ConditionJson(TypedDict):
    """A condition as Shlink writes it."""

    type: str
    matchKey: str | None
    matchValue: str


class RuleJson(TypedDict):
    """A rule as Shlink writes it; the first priority is 1."""

    longUrl: str
    priority: int
    conditions: list[ConditionJson]


@blueprint.get("/v3/short-urls/<code>/redirect-rules")
@with_key()
def redirect_rules(code: str) -> Response:
    """Return the rules of a short URL, but for those that Shlink has no words for."""
    return _answer(own_link(code).link)


@blueprint.post("/v3/short-urls/<code>/redirect-rules")
@with_key(changes=True)
def set_redirect_rules(code: str) -> Response:
    """Replace the rules of a short URL, unless it has some that Shlink has no words for."""
    link, session = own_link(code).link, db_session()
    sent = posted_object(request, {"redirectRules"}).objects("redirectRules")
    known = rules_of(session, link.id)
    if any(_written(rule, 1) is None for rule in known):
        raise Conflict(
            "This link has rules that can't be shown here, and would be lost: change them in "
            "linktrack."
        )
    wanted = [_read(each) for each in sorted(sent, key=_priority)]
    same = {_of(rule): rule.id for rule in known}
    set_rules(
        session,
        installation().shortener,
        link,
        [Wanted(each.conditions, each.options, same.pop(_key(each), None)) for each in wanted],
        now(),
    )
    session.commit()
    return _answer(link)


def _answer(link: Link) -> Response:
    found = rules_of(db_session(), link.id)
    written = (_written(rule, place) for place, rule in enumerate(found, 1))
    rules = [each for each in written if each is not None]
    return jsonify({"defaultLongUrl": link.destination, "redirectRules": rules})


def _of(rule: Rule) -> tuple[object, ...]:
    return rule.conditions, rule.options[0].destination


def _key(wanted: Wanted) -> tuple[object, ...]:
    return wanted.conditions, wanted.options[0][0]


def _priority(rule: Mapping[str, object]) -> float:
    priority = rule.get("priority")
    return priority if isinstance(priority, int | float) else float("inf")


def _read(rule: Mapping[str, object]) -> Wanted:
    destination, conditions = rule.get("longUrl"), rule.get("conditions")
    if not isinstance(destination, str) or not isinstance(conditions, list):
        raise Invalid("A redirect rule has a 'longUrl' and 'conditions'.")
    asked = tuple(_read_condition(each) for each in conditions)
    return Wanted(asked, ((destination.replace("\0", ""), WHOLE),))


def _read_condition(written: object) -> Condition:
    fields = written if isinstance(written, dict) else {}
    kind, key, value = (fields.get(name) or "" for name in ("type", "matchKey", "matchValue"))
    if not all(isinstance(each, str) and "\0" not in each for each in (kind, key, value)):
        raise Invalid("The type, key and value of a condition are texts.")
    if kind == "device" and value in _DEVICES:
        name, values = _DEVICES[value]
        return condition(name, values)
    if kind == "language":
        return condition("language", [value])
    if kind == "geolocation-country-code":
        return condition("country", [value])
    if kind == "query-param":
        return condition("query", [f"{key}={value}"])
    if kind == "valueless-query-param":
        return condition("query", [f"{key}="])
    if kind == "any-value-query-param":
        return condition("query", [key])
    raise Invalid(f"The condition {kind[:40]!r} with {value[:40]!r} isn't supported here.")


def _written(rule: Rule, place: int) -> RuleJson | None:
    """Return a rule in Shlink's words; None where it has none."""
    conditions = [_write_condition(each) for each in rule.conditions]
    if len(rule.options) > 1 or not all(conditions):
        return None
    return {
        "longUrl": rule.options[0].destination,
        "priority": place,
        "conditions": [each for each in conditions if each is not None],
    }


def _write_condition(asked: Condition) -> ConditionJson | None:
    device = _AS_DEVICE.get((asked.kind, asked.values))
    if device is not None:
        return {"type": "device", "matchKey": None, "matchValue": device}
    return _write_one(asked.kind, asked.values) if len(asked.values) == 1 else None


def _write_one(kind: str, values: Sequence[str]) -> ConditionJson | None:
    (value,) = values
    if kind == "language":
        return {"type": "language", "matchKey": None, "matchValue": value}
    if kind == "country":
        return {"type": "geolocation-country-code", "matchKey": None, "matchValue": value}
    if kind != "query":
        return None
    key, sign, wanted = value.partition("=")
    if not sign:
        return {"type": "any-value-query-param", "matchKey": key, "matchValue": ""}
    kind = "query-param" if wanted else "valueless-query-param"
    return {"type": kind, "matchKey": key, "matchValue": wanted}
