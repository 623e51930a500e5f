"""People whom links promote, their rules and public pages, and the owner's own sites."""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.keys import Keys
from linktrack.links.models import Link, LinkPerson, OwnSite, Person, PersonRule
from linktrack.links.promotion import HOST, MENTION, Rule, Rules, check_host, check_mention
from linktrack.owners.audit import note

MOST_RULES: Final = 1_000
"""Rules of one person, at most."""
MOST_PEOPLE: Final = 2_000
MOST_SITES: Final = 1_000
"""Of people and of own sites, which pages list whole."""


def add_person(session: Session, name: str, now: datetime) -> Person:
    """Add a person whom links promote; their public page is off. Raises `Invalid`, `Conflict`."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid("A person needs a name of 1 to 100 visible characters.")
    if session.scalar(select(Person.id).where(Person.name == name)) is not None:
        raise Conflict(f"{name} already exists.")
    if (session.scalar(select(func.count()).select_from(Person)) or 0) >= MOST_PEOPLE:
        raise Conflict(f"There may be {MOST_PEOPLE:,} people: remove one first.")
    person = Person(name=name, page=1, is_public=False, created_at=now)
    session.add(person)
    note(session, f"Added the person {name}.", now)
    return person


def list_people(session: Session) -> Sequence[Person]:
    """Return all people by name."""
    return session.scalars(select(Person).order_by(Person.name)).all()


def get_person(session: Session, number: int) -> Person:
    """Return a person by number; raises `NotFound`."""
    person = session.get(Person, number)
    if person is None:
        raise NotFound(f"There is no person number {number}.")
    return person


def find_person(session: Session, name: str) -> Person:
    """Return a person by name; raises `NotFound`."""
    person = session.scalar(select(Person).where(Person.name == name.strip().replace("\0", "")))
    if person is None:
        raise NotFound(
            f"There is no person {name[:100]!r}: add them with linktrack people add, or look at "
            "linktrack people list."
        )
    return person


def remove_person(session: Session, person: Person, now: datetime) -> None:
    """Delete a person; links and clicks stay."""
    session.execute(delete(LinkPerson).where(LinkPerson.person_id == person.id))
    session.delete(person)
    note(session, f"Removed the person {person.name}.", now)


def add_rule(session: Session, person: Person, kind: str, written: str, now: datetime) -> None:
    """Add a rule: links to a host, or with a @mention, promote this person; earlier links too.

    Raises `Invalid`, also for more than MOST_RULES; the same rule again changes nothing.
    """
    if kind not in (HOST, MENTION):
        raise Invalid(f"{kind[:40]!r} isn't a rule: choose host or mention.")
    value = check_host(written) if kind == HOST else check_mention(written)
    if all((rule.kind, rule.value) != (kind, value) for rule in person.rules):
        _add_rule(session, person, kind, value, now)


def _add_rule(session: Session, person: Person, kind: str, value: str, now: datetime) -> None:
    if len(person.rules) >= MOST_RULES:
        raise Invalid(f"A person may have {MOST_RULES:,} rules: remove one first.")
    person.rules.append(PersonRule(kind=kind, value=value))
    note(session, f"Links promote {person.name} by the {kind} {value}.", now)


def remove_rule(session: Session, person: Person, kind: str, value: str, now: datetime) -> None:
    """Take a rule back; raises `NotFound`."""
    for rule in person.rules:
        if (rule.kind, rule.value) == (kind, value):
            person.rules.remove(rule)
            note(session, f"Links no longer promote {person.name} by {value}.", now)
            return
    raise NotFound(f"{person.name} has no such rule.")


def replace_rules(
    session: Session, person: Person, kind: str, written: Iterable[str], now: datetime
) -> None:
    """Let these rules of a kind hold, and no others of it; raises `Invalid`."""
    check = check_host if kind == HOST else check_mention
    named = list(islice(written, MOST_RULES + 1))
    if len(named) > MOST_RULES:
        raise Invalid(f"A person may have {MOST_RULES:,} rules: send fewer.")
    wanted = {check(each) for each in named}
    there = {rule.value for rule in person.rules if rule.kind == kind}
    for value in sorted(there - wanted):
        remove_rule(session, person, kind, value, now)
    for value in sorted(wanted - there):
        _add_rule(session, person, kind, value, now)


def rules_of(people: Iterable[Person]) -> list[Rule]:
    """Return the rules of these people."""
    return [Rule(each.id, rule.kind, rule.value) for each in people for rule in each.rules]


def promote(session: Session, link: Link, person: Person, now: datetime) -> None:
    """Say that a link promotes a person; saying it again changes nothing."""
    if session.get(LinkPerson, (link.id, person.id)) is None:
        session.add(LinkPerson(link_id=link.id, person_id=person.id))
        note(session, f"The link {link.code} promotes {person.name}.", now)


def remove_promotion(session: Session, link: Link, person: Person, now: datetime) -> None:
    """Undo `promote`; raises `NotFound` if the person was not set by hand."""
    said = session.get(LinkPerson, (link.id, person.id))
    if said is None:
        raise NotFound(f"{person.name} was not added to this link by hand.")
    session.delete(said)
    note(session, f"The link {link.code} no longer promotes {person.name}.", now)


def promoted_by_hand(session: Session, link: Link) -> Sequence[Person]:
    """Return the people who were set by hand for a link, by name."""
    said = select(LinkPerson.person_id).where(LinkPerson.link_id == link.id)
    return session.scalars(select(Person).where(Person.id.in_(said)).order_by(Person.name)).all()


def promote_these(session: Session, link: Link, names: Iterable[str], now: datetime) -> None:
    """Set the people a link promotes by hand, and remove all others; raises `NotFound`."""
    wanted = {person.id: person for person in (find_person(session, name) for name in names)}
    for person in promoted_by_hand(session, link):
        if person.id not in wanted:
            remove_promotion(session, link, person, now)
    for person in wanted.values():
        promote(session, link, person, now)


def promoted_by(session: Session, link: Link, text: str | None) -> list[tuple[Person, bool]]:
    """Return whom a link promotes, and whether that was set by hand or matches a rule."""
    by_hand = set(
        session.scalars(select(LinkPerson.person_id).where(LinkPerson.link_id == link.id))
    )
    people = list_people(session)
    by_rule = Rules.of(rules_of(people)).people(link.destination, text)
    return [(person, person.id in by_hand) for person in people if person.id in by_hand | by_rule]


# Public pages ---------------------------------------------------------------------------------


def share_page(session: Session, person: Person, now: datetime, *, is_public: bool) -> None:
    """Open a person's public page, or close it for good: opened again it has a new address."""
    if person.is_public and not is_public:
        person.page += 1
    if person.is_public != is_public:
        deed = "Opened" if is_public else "Closed"
        note(session, f"{deed} the page of {person.name}.", now)
    person.is_public = is_public
    session.flush()


def page_secret(keys: Keys, person: Person) -> str:
    """Return the last part of the public page's address: nobody finds it by guessing (128 bits).

    It is computed, and stored nowhere.
    """
    message = f"{person.id}-{person.page}".encode()
    key = bytes.fromhex(keys.session)
    signature = blake2b(message, key=key, person=b"people", digest_size=16).hexdigest()
    return f"{person.id}-{signature}"


def page_address(base_url: str, keys: Keys, person: Person) -> str | None:
    """Return the address of a person's public page, None if it is closed."""
    return f"{base_url}/people/{page_secret(keys, person)}" if person.is_public else None


def public_person(session: Session, keys: Keys, secret: str) -> Person:
    """Return the person whose public page this is; raises `NotFound` for anything else."""
    number = secret.partition("-")[0]
    if number.isascii() and number.isdigit() and len(number) < 10:
        person = session.get(Person, int(number))
        if person is not None and person.is_public:
            expected = page_secret(keys, person).encode()
            if hmac.compare_digest(secret.encode("utf-8", "replace"), expected):
                return person
    raise NotFound("There is nothing at this address.")


# Own sites ------------------------------------------------------------------------------------


def add_own_site(session: Session, written: str, now: datetime) -> str:
    """Say that a host, and those below it, are the owner's own; raises `Invalid`."""
    host = check_host(written)
    if session.get(OwnSite, host) is None:
        if (session.scalar(select(func.count()).select_from(OwnSite)) or 0) >= MOST_SITES:
            raise Invalid(f"There may be {MOST_SITES:,} own sites: remove one first.")
        session.add(OwnSite(host=host))
        note(session, f"Added the own site {host}.", now)
    return host


def list_own_sites(session: Session) -> Sequence[str]:
    """Return the hosts that are the owner's own."""
    return session.scalars(select(OwnSite.host).order_by(OwnSite.host)).all()


def remove_own_site(session: Session, written: str, now: datetime) -> str:
    """Take that back; raises `NotFound`."""
    host = check_host(written)
    site = session.get(OwnSite, host)
    if site is None:
        raise NotFound(f"{host} is not among your own sites.")
    session.delete(site)
    note(session, f"Removed the own site {host}.", now)
    return host
