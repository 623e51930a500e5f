"""Change many links at once: their tags, whether they redirect, and where they lead."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from linktrack.change_numbers import number_at_commit
from linktrack.chunks import chunked
from linktrack.db import from_ms, to_ms
from linktrack.errors import Invalid, LinktrackError, Overtaken
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener
from linktrack.links.destinations import parse_destination
from linktrack.links.labels import MOST_TAGS, Spellings, check_tags, tag_rows, tags_by_link
from linktrack.links.many.choosing import also_led
from linktrack.links.many.models import BulkChange
from linktrack.links.many.moving import Move
from linktrack.links.many.recording import record
from linktrack.links.many.state import State
from linktrack.links.models import Link, LinkDestination, LinkTag
from linktrack.links.own_addresses import own_sites, site_of

MOST_CHANGED: Final = 5_000
"""Links that are changed at once."""

CHUNK: Final = 500
NOTHING: Final = "Say what to change: tags, whether the links redirect, or where they lead."
OVERTAKEN: Final = "Some of these links were changed since you looked: see what would change now."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to become of links; None and empty mean: stays as it is.

    `replace` are a host, or the beginning of an address, and what takes its place (`Move`).
    """

    add_tags: Collection[str] = ()
    remove_tags: Collection[str] = ()
    disabled: bool | None = None
    destination: str | None = None
    replace: tuple[str, str] | None = None

    @property
    def sentence(self) -> str:
        """What it does, in words for the audit list; raises `Invalid` if it does nothing."""
        said = [
            f"{words} {what}"
            for words, what in (
                ("tagged", ", ".join(self.add_tags)),
                ("removed the tag", ", ".join(self.remove_tags)),
                ("led to", self.destination or ""),
                ("replaced", " by ".join(self.replace or ())),
            )
            if what
        ]
        if self.disabled is not None:
            said.append("disabled" if self.disabled else "enabled")
        if not said:
            raise Invalid(NOTHING)
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Step:
    """One link, and what becomes of it."""

    link: Link
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class Refused:
    """A link that can't become what is wished, and why; it stays as it is."""

    link: Link
    problem: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a wish does: the links that change, how many stay the same, and those that can't.

    `besides` are links whose rules, or address after their end, go on leading to what is replaced:
    only destinations of links are.
    """

    wish: Wish
    steps: Sequence[Step]
    same: int
    refused: Sequence[Refused]
    besides: Sequence[Link] = ()

    @property
    def version(self) -> str:
        """What tells this plan from any other."""
        told = "\n".join(
            f"{step.link.id} {step.before.written()} {step.after.undated()}" for step in self.steps
        )
        return hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=8).hexdigest()


def plan_change(
    session: Session, shortener: Shortener, link_ids: Collection[LinkId], wish: Wish, now: datetime
) -> Plan:
    """Return what a wish does with links; nothing is changed.

    Links that this session doesn't see are left out. Raises `Invalid` for a wish that can't be, or
    for more than MOST_CHANGED links.
    """
    if len(link_ids) > MOST_CHANGED:
        raise Invalid(f"At most {MOST_CHANGED:,} links are changed at once: choose fewer.")
    make = _Maker(session, shortener, wish, now)
    steps: list[Step] = []
    refused: list[Refused] = []
    besides: list[Link] = []
    same = 0
    for part in chunked(sorted(set(link_ids)), CHUNK):
        tags = tags_by_link(session, part)
        links = session.scalars(select(Link).where(Link.id.in_(part)).order_by(Link.id))
        also = also_led(session, part) if wish.replace else {}
        for link in links:
            if any(map(make.is_moved, also.get(link.id, ()))):
                besides.append(link)
            before = state_of(link, tags[link.id])
            try:
                after = make.of(before)
            except LinktrackError as error:
                refused.append(Refused(link, error.sentence))
                continue
            if after == before:
                same += 1
            else:
                steps.append(Step(link, before, after))
    return Plan(wish, steps, same, refused, besides)


def state_of(link: Link, tags: Iterable[str]) -> State:
    """Return what a link is now."""
    disabled_at = None if link.disabled_at is None else to_ms(link.disabled_at)
    return State(link.destination, disabled_at, tuple(tags))


class _Maker:
    """Makes of what a link is what is wished."""

    def __init__(self, session: Session, shortener: Shortener, wish: Wish, now: datetime) -> None:
        _ = wish.sentence
        if wish.destination is not None and wish.replace is not None:
            raise Invalid("Lead the links to one address, or replace a part of theirs: not both.")
        self._wish = wish
        self._now = now
        self._add = Spellings(session, wish.add_tags).of(check_tags(list(wish.add_tags)))
        self._remove = {tag.casefold() for tag in check_tags(list(wish.remove_tags))}
        both = self._remove & {tag.casefold() for tag in self._add}
        if both:
            raise Invalid(f"The tag {min(both)!r} is to be added and removed: choose one.")
        self._move = Move.parse(*wish.replace) if wish.replace else None
        self._sites = own_sites(session, shortener.base_url)
        self._destination = self._led(wish.destination) if wish.destination else None

    def of(self, before: State) -> State:
        """Return what a link becomes; raises `Invalid` where it can't."""
        kept = [tag for tag in before.tags if tag.casefold() not in self._remove]
        there = {tag.casefold() for tag in kept}
        tags = (*kept, *(tag for tag in self._add if tag.casefold() not in there))
        if len(tags) > MOST_TAGS and len(tags) > len(before.tags):
            raise Invalid(f"A link may have {MOST_TAGS} tags.")
        after = replace(before, tags=tags, destination=self._of(before.destination))
        if self._wish.disabled is None or self._wish.disabled == (before.disabled_at is not None):
            return after
        if self._wish.disabled:
            return replace(after, disabled_at=to_ms(self._now))
        parse_destination(after.destination)  # an imported link may have led to an FTP server
        return replace(after, disabled_at=None)

    def is_moved(self, destination: str) -> bool:
        """Whether an address is at what is to be replaced."""
        with suppress(Invalid):
            return self._move is not None and self._move.moved(destination) is not None
        return True

    def _of(self, destination: str) -> str:
        if self._destination is not None:
            return self._destination
        moved = None if self._move is None else self._move.moved(destination)
        return destination if moved is None else self._led(moved)

    def _led(self, written: str) -> str:
        destination = parse_destination(written)
        if site_of(destination) in self._sites:
            raise Invalid("A short link cannot lead to another short link of this installation.")
        return destination


def change_many(session: Session, plan: Plan, now: datetime, seen: str | None = None) -> BulkChange:
    """Do what a plan says; what is changed can be undone as a whole.

    `seen` is the version of the plan that somebody agreed to. Raises `Overtaken` if that was
    another one, `Invalid` if nothing would change.
    """
    if seen is not None and seen != plan.version:
        raise Overtaken(OVERTAKEN)
    if not plan.steps:
        raise Invalid("None of these links would change.")
    become(session, [(step.link, step.before, step.after) for step in plan.steps], now)
    number = len(plan.steps)
    return record(
        session,
        "changed",
        f"Changed {number:,} link{'s' if number > 1 else ''}: {plan.wish.sentence}.",
        {step.link.id: (step.before, step.after) for step in plan.steps},
        accounts=[step.link.account_id for step in plan.steps],
        at=now,
    )


def become(session: Session, steps: Sequence[tuple[Link, State, State]], now: datetime) -> None:
    """Make of links what they are to be, in few statements however many there are."""
    retagged = [(link, after) for link, before, after in steps if before.tags != after.tags]
    for part in chunked(retagged, CHUNK):
        ids = [link.id for link, _ in part]
        session.execute(delete(LinkTag).where(LinkTag.link_id.in_(ids)))
        rows = [row for link, after in part for row in tag_rows(link.id, after.tags)]
        if rows:
            session.execute(insert(LinkTag), rows)
    redirected = [link for link, before, after in steps if before.destination != after.destination]
    for link, _, after in steps:
        link.destination = after.destination
        link.disabled_at = None if after.disabled_at is None else from_ms(after.disabled_at)
        link.changed_at = now
    session.flush()
    if redirected:
        session.execute(
            insert(LinkDestination),
            [
                {"link_id": link.id, "since": now, "destination": link.destination}
                for link in redirected
            ],
        )
    number_at_commit(session, *(link for link, _, _ in steps))
