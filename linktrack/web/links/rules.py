"""Rules of a link: who is led somewhere else, in which order, and who would get what."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from flask import render_template, request

from linktrack.audience.accounts import get_account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.models import Link
from linktrack.links.redirects.rules.conditions import (
    DEVICES,
    KINDS,
    SYSTEMS,
    WEEKDAYS,
    Condition,
    condition,
)
from linktrack.links.redirects.rules.deciding import WHOLE, Rule, asks_for
from linktrack.links.redirects.rules.words import DAY_NAMES, DEVICE_NAMES, rule_in_words
from linktrack.links.redirects.rules.written import TriedJson, imagined, tried_json
from linktrack.links.redirects.ruling import (
    MOST_OPTIONS,
    Wanted,
    apps_else_web,
    moved,
    named_rule,
    rules_of,
    set_rules,
    wanted_now,
)
from linktrack.reports.links.options import options_report
from linktrack.reports.links.options_shapes import split_sentences
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import moment, named_link, row_id, text
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("rules", __name__)

ROWS: Final = 3
"""Destinations that the form has room for, if a rule doesn't have more."""

_TRIED: Final = ("device", "system", "language", "country", "query", "visitor")


@blueprint.get("/links/<code>/rules")
def show(code: str) -> str:
    """Show a link's rules, a form for another or a chosen one, and who would get what."""
    return _page(named_link(code))


def _edited(code: str) -> dict[str, object]:
    found = rules_of(db_session(), named_link(code).id)
    return {
        f"Rule {place}": f"{rule_in_words(rule)}: "
        + ", ".join(f"{each.percent}% {each.destination}" for each in rule.options)
        for place, rule in enumerate(found, 1)
    }


rules_form = partial(
    form,
    blueprint,
    back_to="rules.show",
    again=lambda error, code: _page(named_link(code), error.sentence),
    edits=_edited,
)


@rules_form("/links/<code>/rules")
def save(sent: Sent, code: str) -> str:
    """Add a rule behind the others, or change one where it stands."""
    number = sent.row_id("rule", "The rule")
    link = named_link(code)
    wanted = wanted_now(sent.session, link)
    new = Wanted(tuple(_conditions(sent)), _options(sent), number)
    if number is None:
        wanted.append(new)
    else:
        wanted[wanted.index(named_rule(wanted, number))] = new
    _set(sent, link, wanted)
    return "The rule is saved. Short links follow it within two seconds."


def _number(sent: Sent) -> int:
    number = sent.row_id("rule", "The rule")
    if number is None:
        raise Invalid("Choose a rule.")
    return number


@rules_form("/links/<code>/rules/move")
def move(sent: Sent, code: str) -> str:
    """Move a rule up or down by one place."""
    link, number = named_link(code), _number(sent)
    wanted = wanted_now(sent.session, link)
    place = wanted.index(named_rule(wanted, number))
    to = place + 1 if sent.text("to", "The direction") == "down" else place - 1
    _set(sent, link, moved(wanted, number, to))
    return "The order is changed."


@rules_form("/links/<code>/rules/remove")
def remove(sent: Sent, code: str) -> str:
    """Remove a rule; what it led to stays in the figures."""
    link, number = named_link(code), _number(sent)
    wanted = wanted_now(sent.session, link)
    wanted.remove(named_rule(wanted, number))
    _set(sent, link, wanted)
    return "The rule is removed."


@rules_form("/links/<code>/rules/apps")
def apps(sent: Sent, code: str) -> str:
    """Lead iOS and Android to an app or its store, before all other rules."""
    link = named_link(code)
    new = apps_else_web(sent.text("ios", "The address"), sent.text("android", "The address"))
    if not new:
        raise Invalid("Write the address for iOS, for Android, or both.")
    _set(sent, link, [*new, *wanted_now(sent.session, link)])
    return "iOS and Android are led to the app, everyone else to the web page."


def _set(sent: Sent, link: Link, wanted: Sequence[Wanted]) -> None:
    set_rules(sent.session, installation().shortener, link, wanted, sent.now)


def _conditions(sent: Sent) -> list[Condition]:
    said = {
        "device": sent.all_of("device"),
        "system": sent.all_of("system"),
        "language": sent.text("language", "The language").split(","),
        "country": sent.text("country", "The country").split(","),
        "query": sent.text("query", "The query parameter").splitlines(),
        "visitor": [sent.text("visitor", "The visitor")],
        "weekday": sent.all_of("weekday"),
        "time": _range(sent, "time", "-"),
        "date": _range(sent, "date", ".."),
    }
    return [condition(kind, said[kind]) for kind in KINDS if any(map(str.strip, said[kind]))]


def _range(sent: Sent, name: str, between: str) -> list[str]:
    first = sent.text(f"{name}-from", f"The first {name}")
    last = sent.text(f"{name}-until", f"The last {name}")
    if name == "time" and (first or last):  # an open end is midnight
        first, last = first or "00:00", last or "24:00"
    return [f"{first}{between}{last}"] if first or last else []


def _options(sent: Sent) -> tuple[tuple[str, int], ...]:
    """Return the destinations with their shares; equal ones where no share is written."""
    pairs = [
        (address.strip(), share.strip())
        for address, share in zip(sent.all_of("destination"), sent.all_of("percent"), strict=False)
        if address.strip()
    ]
    if pairs and not any(share for _, share in pairs):
        equal, rest = divmod(WHOLE, len(pairs))
        shares = [str(equal + (place < rest)) for place in range(len(pairs))]
        pairs = [(address, share) for (address, _), share in zip(pairs, shares, strict=True)]
    if not all(share.isascii() and share.isdecimal() and len(share) < 4 for _, share in pairs):
        raise Invalid("Each share is a whole number of percent, such as 50.")
    return tuple((address.replace("\0", ""), int(share)) for address, share in pairs)


def _page(link: Link, error: str | None = None) -> str:
    session = db_session()
    found = rules_of(session, link.id)
    number = row_id(request.values, "rule", "The rule")
    chosen = next((rule for rule in found if rule.id == number), None)
    report = options_report(session, link)
    sent = {name: values for name, values in request.form.lists() if name != "csrf_token"}
    return render_template(
        "links/rules.html",
        link=link,
        account=get_account(session, link.account_id),
        rules=found,
        said={rule.id: rule_in_words(rule) for rule in found},
        editable={rule.id for rule in found if _fits_the_form(rule)},
        chosen=chosen,
        form=sent if error and "destination" in sent else _filled(chosen),
        rows=range(min(MOST_OPTIONS, max(ROWS, len(chosen.options) if chosen else 0))),
        devices={kind: DEVICE_NAMES[kind].capitalize() for kind in DEVICES},
        systems=SYSTEMS,
        weekdays={day: DAY_NAMES[day] for day in WEEKDAYS},
        has_geoip=installation().settings.geoip is not None,
        by_country=asks_for(found, "country"),
        marks=asks_for(found, "visitor"),
        zone=installation().settings.timezone.key,
        tried=_tried(link, found),
        trying={name: request.args.get(name, "") for name in (*_TRIED, "at")},
        report=report,
        sentences={each.rule_id: split_sentences(each, report) for each in report.splits},
        error=error,
    )


def _fits_the_form(rule: Rule) -> bool:
    """Whether the form can show a rule: a program may have made a more involved one."""
    kinds = [each.kind for each in rule.conditions]
    ranges = [each for each in rule.conditions if each.kind in ("time", "date")]
    return len(set(kinds)) == len(kinds) and all(len(each.values) == 1 for each in ranges)


def _filled(rule: Rule | None) -> Mapping[str, Sequence[str]]:
    """Return what the form's fields hold for a rule."""
    if rule is None:
        return {}
    filled = {str(each.kind): list(each.values) for each in rule.conditions}
    for name, between in (("time", "-"), ("date", "..")):
        for value in filled.pop(name, ())[:1]:
            first, _, last = value.partition(between)
            last = "" if last == "24:00" else last
            filled[f"{name}-from"], filled[f"{name}-until"] = [first], [last]
    for name, between in (("language", ", "), ("country", ", "), ("query", "\n")):
        filled[name] = [between.join(filled.get(name, ()))]
    filled["destination"] = [each.destination for each in rule.options]
    filled["percent"] = [str(each.percent) for each in rule.options]
    return filled


def _tried(link: Link, found: Sequence[Rule]) -> TriedJson | None:
    if "try" not in request.args:
        return None
    at = moment(request.args, "at", "The time") or now()
    visit = imagined(
        at.astimezone(installation().settings.timezone),
        **{name: text(request.args, name, f"The {name}") for name in _TRIED},
    )
    return tried_json(found, link.destination, visit)
