"""The rules of a link in the database: read, replaced, moved."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from linktrack.errors import Invalid, NotFound
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener, led_away
from linktrack.links.models import Link
from linktrack.links.redirects.planned import plan_changed
from linktrack.links.redirects.rules.conditions import Condition, Kind
from linktrack.links.redirects.rules.deciding import WHOLE, Option, Rule
from linktrack.links.redirects.rules.models import LinkOption, LinkRule, read_conditions
from linktrack.links.redirects.rules.words import rule_in_words
from linktrack.owners.audit import note

MOST_RULES: Final = 30  # of a link
MOST_OPTIONS: Final = 10  # of a rule
MOST_CONDITIONS: Final = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as somebody wants it; with `id` it is one that the link has.

    `options` are destinations with their percents.
    """

    conditions: tuple[Condition, ...]
    options: tuple[tuple[str, int], ...]
    id: int | None = None


def rules_of(session: Session, link_id: LinkId) -> tuple[Rule, ...]:
    """Return the rules of a link, in their order."""
    rows = session.scalars(
        select(LinkRule).where(LinkRule.link_id == link_id).order_by(LinkRule.position)
    ).all()
    query = select(LinkOption).where(LinkOption.rule_id.in_([row.id for row in rows]))
    options = session.scalars(query.order_by(LinkOption.position)).all() if rows else ()
    return tuple(
        Rule(
            row.id,
            read_conditions(row.conditions),
            tuple(
                Option(each.id, each.destination, each.percent)
                for each in options
                if each.rule_id == row.id
            ),
        )
        for row in rows
    )


def destinations_of_rules(
    session: Session, link_ids: Sequence[LinkId]
) -> Mapping[LinkId, Sequence[str]]:
    """Return where the rules of these links lead; links without rules are left out."""
    query = select(LinkOption.link_id, LinkOption.destination).where(
        LinkOption.link_id.in_(link_ids), LinkOption.rule_id.is_not(None)
    )
    found: dict[LinkId, list[str]] = {}
    for link_id, destination in session.execute(query.order_by(LinkOption.id)):
        found.setdefault(link_id, []).append(destination)
    return found


def any_asks_for(session: Session, kind: Kind) -> bool:
    """Whether any link has a rule with a condition of this kind."""
    named = LinkRule.conditions.contains(json.dumps([kind])[:-1], autoescape=True)
    return session.scalar(select(LinkRule.id).where(named).limit(1)) is not None


def as_wanted(rule: Rule) -> Wanted:
    """Return a rule as it is, to be kept or changed."""
    options = tuple((each.destination, each.percent) for each in rule.options)
    return Wanted(rule.conditions, options, rule.id)


def wanted_now(session: Session, link: Link) -> list[Wanted]:
    """Return the rules that a link has, to be changed and handed to `set_rules`."""
    return [as_wanted(rule) for rule in rules_of(session, link.id)]


def set_rules(
    session: Session, shortener: Shortener, link: Link, wanted: Sequence[Wanted], at: datetime
) -> tuple[Rule, ...]:
    """Replace the rules of a link from now on; return them.

    An option of a rule that stays keeps its number as long as its destination stays. Raises
    `Invalid` for what can be no rule, and `NotFound` for the number of a rule that isn't the
    link's.
    """
    before = rules_of(session, link.id)
    checked = [_checked(session, shortener, rule) for rule in wanted]
    known = {rule.id: rule for rule in before}
    named = [rule.id for rule in checked if rule.id is not None]
    if len(checked) > MOST_RULES:
        raise Invalid(f"A link may have {MOST_RULES} rules.")
    if len(set(named)) < len(named) or not known.keys() >= set(named):
        raise NotFound(f"The link {link.code} no longer has these rules: look at them again.")
    if [as_wanted(rule) for rule in before] == checked:
        return before
    for position, rule in enumerate(checked):
        row = session.get(LinkRule, rule.id) if rule.id is not None else None
        if row is None:
            row = LinkRule(link_id=link.id)
            session.add(row)
        row.position = position
        row.conditions = json.dumps([[each.kind, each.values] for each in rule.conditions])
        session.flush()
        _set_options(session, row, rule, at, known.get(row.id))
    for gone in before:
        if gone.id not in named:
            _close(session, gone, gone.options, at)
            session.execute(delete(LinkRule).where(LinkRule.id == gone.id))
    plan_changed(session, link, at)
    note(session, f"Changed the rules of the link {link.code}.", at)
    return rules_of(session, link.id)


def moved(wanted: Sequence[Wanted], rule_id: int, to: int) -> list[Wanted]:
    """Return rules with one put at a place, from 0; beyond an end is at it. Raises `NotFound`."""
    found = named_rule(wanted, rule_id)
    others = [rule for rule in wanted if rule is not found]
    others.insert(max(0, to), found)
    return others


def named_rule(wanted: Iterable[Wanted], rule_id: int) -> Wanted:
    """Return the rule of that number. Raises `NotFound`."""
    for rule in wanted:
        if rule.id == rule_id:
            return rule
    raise NotFound(f"The link no longer has a rule {rule_id}.")


def apps_else_web(ios: str, android: str) -> list[Wanted]:
    """Return the rules that lead iOS and Android to their apps or stores, and all others on."""
    both = (("iOS", ios), ("Android", android))
    return [
        Wanted((Condition("system", (system,)),), ((address, WHOLE),))
        for system, address in both
        if address.strip()
    ]


def _checked(session: Session, shortener: Shortener, rule: Wanted) -> Wanted:
    if not 1 <= len(rule.options) <= MOST_OPTIONS:
        raise Invalid(f"A rule leads to 1 to {MOST_OPTIONS} destinations.")
    if len(rule.conditions) > MOST_CONDITIONS:
        raise Invalid(f"A rule may have {MOST_CONDITIONS} conditions.")
    options = tuple(
        (led_away(session, shortener, written), percent) for written, percent in rule.options
    )
    percents = [percent for _, percent in options]
    if any(not 1 <= percent <= WHOLE for percent in percents) or sum(percents) != WHOLE:
        raise Invalid(f"The shares of a rule sum to {sum(percents)}%: make it {WHOLE}%.")
    if len({destination for destination, _ in options}) < len(options):
        raise Invalid("A rule has the same destination twice: give it one share.")
    return replace(rule, options=options)


def _set_options(
    session: Session, row: LinkRule, wanted: Wanted, at: datetime, before: Rule | None
) -> None:
    known = {option.destination: option for option in before.options} if before else {}
    kept = {destination for destination, _ in wanted.options}
    for position, (destination, percent) in enumerate(wanted.options):
        option = session.get(LinkOption, known[destination].id) if destination in known else None
        if option is None:
            option = LinkOption(
                link_id=row.link_id, rule_id=row.id, destination=destination, created_at=at
            )
            session.add(option)
        elif option.percent != percent:
            option.percent_since = at
        option.position, option.percent = position, percent
    if before is not None:
        gone = [option for option in before.options if option.destination not in kept]
        _close(session, before, gone, at)
    session.flush()


def _close(session: Session, rule: Rule, options: Iterable[Option], at: datetime) -> None:
    session.execute(
        update(LinkOption)
        .where(LinkOption.id.in_([option.id for option in options]))
        .values(rule_id=None, closed_at=at, said=rule_in_words(rule))
    )
