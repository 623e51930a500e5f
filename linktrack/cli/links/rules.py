"""Commands for the rules of a link: who is led somewhere else."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Commands, Work, json_option, print_json, writing

if TYPE_CHECKING:
    from linktrack.links.redirects.rules.deciding import Rule
    from linktrack.links.redirects.ruling import Wanted

CODE = click.argument("code")
RULE = click.argument("rule_id", metavar="RULE", type=NUMBER)
IF = click.option(
    "--if",
    "conditions",
    multiple=True,
    metavar="KIND=VALUE,…",
    help="A condition, such as device=mobile, language=de,fr or query=ref=mail; all must hold.",
)
TO = click.option(
    "--to",
    "options",
    multiple=True,
    metavar="[SHARE=]ADDRESS",
    help="Where it leads; repeated with shares it is a split: --to 50=https://…",
)


@click.group(cls=Commands)
def rules() -> None:
    """Lead some visitors of a link elsewhere, by rules; the first that holds wins."""


@rules.command("list")
@CODE
@answering
def show(work: Work, code: str) -> Answer:
    """List a link's rules in their order."""
    from linktrack.links.redirects.rules.written import rule_json
    from linktrack.links.redirects.ruling import rules_of

    link = work.link(code)
    found = rules_of(work.session, link.id)
    json = {"destination": link.destination, "rules": [rule_json(rule) for rule in found]}
    return Answer(json, *_told(found), f"Everyone else: {link.destination}")


def _told(found: "Sequence[Rule]") -> list[str]:
    from linktrack.links.redirects.rules.words import rule_in_words

    return [f"{rule.id}  {rule_in_words(rule)}: {_destinations(rule)}" for rule in found]


def _destinations(rule: "Rule") -> str:
    if len(rule.options) == 1:
        return rule.options[0].destination
    return ", ".join(f"{each.percent}% {each.destination}" for each in rule.options)


@rules.command()
@CODE
@IF
@TO
@click.option("--first", is_flag=True, help="Before all others; else it is the last.")
@json_option
def add(
    code: str, conditions: tuple[str, ...], options: tuple[str, ...], first: bool, as_json: bool
) -> None:
    """Add a rule; without --if it is for everyone."""
    from linktrack.links.redirects.rules.written import conditions_written, options_written
    from linktrack.links.redirects.ruling import Wanted

    if not options:
        raise click.UsageError("Say with --to where the rule leads.")
    new = Wanted(conditions_written(conditions), options_written(options))
    _change(code, lambda wanted: [new, *wanted] if first else [*wanted, new], as_json)


@rules.command()
@CODE
@RULE
@IF
@TO
@json_option
def change(
    code: str,
    rule_id: int,
    conditions: tuple[str, ...],
    options: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change a rule's conditions, or where it leads; what you leave out stays."""
    from linktrack.links.redirects.rules.written import conditions_written, options_written
    from linktrack.links.redirects.ruling import named_rule

    def changed(wanted: "list[Wanted]") -> "list[Wanted]":
        old = named_rule(wanted, rule_id)
        new = old
        if conditions:
            new = replace(new, conditions=conditions_written(conditions))
        if options:
            new = replace(new, options=options_written(options))
        return [new if rule is old else rule for rule in wanted]

    _change(code, changed, as_json)


@rules.command()
@CODE
@RULE
@click.argument("place", type=click.IntRange(1, 100))
@json_option
def move(code: str, rule_id: int, place: int, as_json: bool) -> None:
    """Put a rule at a place among the link's, from 1: the first that holds wins."""
    from linktrack.links.redirects.ruling import moved

    _change(code, lambda wanted: moved(wanted, rule_id, place - 1), as_json)


@rules.command()
@CODE
@RULE
@json_option
def remove(code: str, rule_id: int, as_json: bool) -> None:
    """Remove a rule; its clicks stay in the figures."""
    from linktrack.links.redirects.ruling import named_rule

    def changed(wanted: "list[Wanted]") -> "list[Wanted]":
        gone = named_rule(wanted, rule_id)
        return [rule for rule in wanted if rule is not gone]

    _change(code, changed, as_json)


@rules.command()
@CODE
@click.option("--ios", default="", help="Where iPhones and iPads are led: an https address.")
@click.option("--android", default="", help="Where Android is led: an https address.")
@json_option
def apps(code: str, ios: str, android: str, as_json: bool) -> None:
    """Lead iOS and Android to an app or its store, everyone else to the link's destination."""
    from linktrack.links.redirects.ruling import apps_else_web

    if not ios and not android:
        raise click.UsageError("Give --ios, --android, or both.")
    _change(code, lambda wanted: [*apps_else_web(ios, android), *wanted], as_json)


@rules.command("try")
@CODE
@click.option("--device", default="", help="mobile, tablet or desktop.")
@click.option("--system", default="", help="iOS, Android, Windows, macOS, Linux or Chrome OS.")
@click.option("--language", default="", help="The browser's preferred one, such as de or pt-br.")
@click.option("--country", default="", help="Two letters, such as DE.")
@click.option("--query", default="", help="What stands behind the ? of the short address.")
@click.option("--visitor", default="new", show_default=True, help="new or returning.")
@click.option("--at", "moment", help="When, such as 2026-12-24T18:00; now if left out.")
@answering
def attempt(work: Work, code: str, moment: str | None, **said: str) -> Answer:
    """Say where such a visit would be led. Nothing is counted."""
    from linktrack.calendar.times import parse_moment
    from linktrack.links.redirects.rules.written import imagined, tried_json
    from linktrack.links.redirects.ruling import rules_of

    zone = work.installation.settings.timezone
    at = work.now if moment is None else parse_moment(moment, zone)
    link = work.link(code)
    visit = imagined(at.astimezone(zone), **said)
    found = tried_json(rules_of(work.session, link.id), link.destination, visit)
    rows = [(f"{each['percent']}%", each["destination"]) for each in found["options"]]
    return Answer(found, found["said"], Table(["share", "leads to"], rows))


@rules.command("report")
@CODE
@answering
def report(work: Work, code: str) -> Answer:
    """Say what each destination got since the link has rules, and what a split shows."""
    from linktrack.reports.links.options import options_report
    from linktrack.reports.links.options_shapes import options_json

    link = work.link(code)
    found = options_json(link, options_report(work.session, link))
    goals = [goal["goal"] for goal in found["options"][0]["goals"]]
    rows = [
        (
            each["said"],
            each["destination"],
            "" if each["percent"] is None else f"{each['percent']}%",
            each["clicks"],
            each["unique_clicks"],
            each["with_click_id"],
            *(goal["reached"] for goal in each["goals"]),
        )
        for each in found["options"]
    ]
    header = ["visitors", "leads to", "share", "clicks", "unique clicks", "with a click id", *goals]
    sentences = [
        f"{each['said']}: {said}" for each in found["splits"] for said in each["sentences"]
    ]
    return Answer(found, Table(header, rows), *sentences)


def _change(code: str, change: "Callable[[list[Wanted]], Sequence[Wanted]]", as_json: bool) -> None:
    from linktrack.links.redirects.rules.written import rule_json
    from linktrack.links.redirects.ruling import set_rules, wanted_now

    with writing() as work:
        link = work.link(code)
        wanted = change(wanted_now(work.session, link))
        shortener = work.installation.shortener
        found = set_rules(work.session, shortener, link, wanted, work.now)
        own = link.destination
    if as_json:
        print_json({"destination": own, "rules": [rule_json(rule) for rule in found]})
        return
    for line in (*_told(found), f"Everyone else: {own}"):
        click.echo(line)
