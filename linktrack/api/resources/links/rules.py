"""Rules of links: who is led somewhere else than to the link's own destination."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from linktrack.api.operations import Parameter, asked, operation, sent
from linktrack.api.resources.links.links import DOMAIN, named_link
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.models import Link
from linktrack.links.redirects.rules.conditions import Condition, condition
from linktrack.links.redirects.rules.written import (
    ConditionJson,
    RuleJson,
    TriedJson,
    imagined,
    rule_json,
    tried_json,
)
from linktrack.links.redirects.ruling import Wanted, rules_of, set_rules
from linktrack.reports.links.options import options_report
from linktrack.reports.links.options_shapes import OptionsReportJson, options_json


class RulesJson(TypedDict):
    """A link's rules in their order; where none holds, it leads to `destination`."""

    destination: str
    rules: list[RuleJson]


class NewOption(TypedDict):
    """A destination and its percentage; those of a rule sum to 100, which one alone is given."""

    destination: str
    percent: NotRequired[int]


class NewRule(TypedDict):
    """A rule; with `id` it is one that the link has, whose options keep their figures."""

    id: NotRequired[int]
    conditions: list[ConditionJson]
    options: list[NewOption]


class NewRules(TypedDict):
    """All rules of a link, in their order: the first whose conditions all hold wins."""

    rules: list[NewRule]


@operation("GET", "/links/<code>/rules", scope="read", query=(DOMAIN,), problems=(404,))
def read_rules(code: str) -> RulesJson:
    """Return a link's rules."""
    return _rules(named_link(code))


@operation(
    "PATCH",
    "/links/<code>/rules",
    scope="write",
    query=(DOMAIN,),
    body=NewRules,
    problems=(404,),
)
def replace_rules(code: str) -> RulesJson:
    """Replace a link's rules; an empty list removes them."""
    link, session = named_link(code), db_session()
    wanted = [_wanted(each) for each in sent().objects("rules")]
    set_rules(session, installation().shortener, link, wanted, now())
    session.commit()
    return _rules(link)


@operation(
    "GET",
    "/links/<code>/rules/try",
    scope="read",
    query=(
        DOMAIN,
        Parameter("device", "mobile, tablet or desktop."),
        Parameter("system", "iOS, Android, Windows, macOS, Linux or Chrome OS."),
        Parameter("language", "The browser's preferred one, such as de or pt-br."),
        Parameter("country", "Two letters, such as DE."),
        Parameter("query", "What stands behind the ? of the short address."),
        Parameter("visitor", "new, or returning.", choices=("new", "returning")),
        Parameter("at", "When; now if left out.", kind="moment"),
    ),
    problems=(404,),
)
def try_rules(code: str) -> TriedJson:
    """Say where such a visit would be led; nothing is counted."""
    fields, link = asked(), named_link(code)
    names = ("device", "system", "language", "country", "query", "visitor")
    at = fields.moment("at") or now()
    visit = imagined(
        at.astimezone(installation().settings.timezone),
        **{name: fields.text(name, "") for name in names},
    )
    return tried_json(rules_of(db_session(), link.id), link.destination, visit)


@operation("GET", "/links/<code>/options", scope="read", query=(DOMAIN,), problems=(404,))
def read_options(code: str) -> OptionsReportJson:
    """Return what each destination of a link got since it has rules, and what splits show."""
    link = named_link(code)
    return options_json(link, options_report(db_session(), link))


def _rules(link: Link) -> RulesJson:
    found = rules_of(db_session(), link.id)
    return {"destination": link.destination, "rules": [rule_json(rule) for rule in found]}


def _wanted(written: Mapping[str, object]) -> Wanted:
    number = written.get("id")
    options = _objects(written, "options")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise Invalid("The id of a rule is a whole number.")
    return Wanted(
        tuple(_condition(each) for each in _objects(written, "conditions")),
        tuple(_option(each, alone=len(options) == 1) for each in options),
        number,
    )


def _objects(written: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = written.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Invalid(f"The {name} of a rule are a list of objects.")
    return found


def _condition(written: Mapping[str, object]) -> Condition:
    kind, values = written.get("kind"), written.get("values")
    if not isinstance(kind, str) or not isinstance(values, list):
        raise Invalid("A condition has a kind, which is a text, and values, which are a list.")
    if not all(isinstance(value, str) and "\0" not in value for value in values):
        raise Invalid("The values of a condition are texts.")
    return condition(kind, values)


def _option(written: Mapping[str, object], *, alone: bool) -> tuple[str, int]:
    destination, percent = written.get("destination"), written.get("percent", 100 if alone else 0)
    if not isinstance(destination, str) or "\0" in destination:
        raise Invalid("The destination of an option is a text.")
    if not isinstance(percent, int) or isinstance(percent, bool):
        raise Invalid("The percent of an option is a whole number.")
    return destination, percent
