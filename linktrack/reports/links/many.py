"""What is done to many links at once, as every door tells it."""

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.chunks import chunked
from linktrack.links.catalog import Shortener
from linktrack.links.labels import labels_of
from linktrack.links.many.changing import CHUNK, Plan
from linktrack.links.many.making import JudgedRow, Made
from linktrack.links.many.models import BulkChange
from linktrack.links.many.recording import changed_links
from linktrack.links.many.state import State
from linktrack.links.many.undoing import Undone

MOST_STEPS: Final = 1_000
"""Links of a plan that are listed."""


class NewLinkJson(TypedDict):
    """A row of a table and the link it becomes; until that is made, its code is the row's slug.

    `problems` are sentences that say what is wrong with the row.
    """

    row: int
    code: str | None
    short_url: str | None
    destination: str
    title: str | None
    tags: list[str]
    note: str | None
    account: str | None
    domain: str | None
    expires_at: str | None
    problems: list[str]


class NewLinksJson(TypedDict):
    """The rows of a table; `change` is the number by which their making is undone, once made."""

    change: int | None
    made: int
    wrong: int
    rows: list[NewLinkJson]


def new_links_json(
    shortener: Shortener, judged: Sequence[JudgedRow], made: Made | None = None
) -> NewLinksJson:
    """Return the rows of a table, judged or made."""
    rows = judged if made is None else made.rows
    return {
        "change": None if made is None else made.change.id,
        "made": 0 if made is None else len(rows),
        "wrong": sum(bool(each.problems) for each in judged),
        "rows": [
            {
                "row": each.row.number,
                "code": each.code or each.row.slug,
                "short_url": shortener.short_url(each.code, each.domain) if each.code else None,
                "destination": each.destination or each.row.address,
                "title": each.title,
                "tags": list(each.tags),
                "note": each.note,
                "account": each.account.handle if each.account else each.row.account,
                "domain": each.domain.host if each.domain else None,
                "expires_at": utc(each.expires_at),
                "problems": list(each.problems),
            }
            for each in rows
        ],
    }


class LinkStateJson(TypedDict):
    """What a change of many links changes of one."""

    destination: str
    disabled: bool
    tags: list[str]


def link_state_json(state: State) -> LinkStateJson:
    """Return what a link is, or becomes."""
    return {
        "destination": state.destination,
        "disabled": state.disabled_at is not None,
        "tags": list(state.tags),
    }


class LinkStepJson(TypedDict):
    """A link, and what becomes of it."""

    code: str
    short_url: str
    before: LinkStateJson
    after: LinkStateJson


class RefusedLinkJson(TypedDict):
    """A link that can't be changed so, and why."""

    code: str
    problem: str


class LinksChangeJson(TypedDict):
    """A change of many links: how many change and stay the same, and the first 1,000 that change.

    `besides` are codes of links whose rules, or address after their end, still lead to what is
    replaced.
    `change` is the number by which it is undone, null for a preview.
    """

    change: int | None
    changed: int
    same: int
    refused: list[RefusedLinkJson]
    besides: list[str]
    links: list[LinkStepJson]


def links_change_json(
    shortener: Shortener, plan: Plan, change: BulkChange | None = None
) -> LinksChangeJson:
    """Return a change of many links, done or not."""
    return {
        "change": None if change is None else change.id,
        "changed": len(plan.steps),
        "same": plan.same,
        "refused": [
            {"code": each.link.name, "problem": each.problem} for each in plan.refused[:MOST_STEPS]
        ],
        "besides": [link.name for link in plan.besides[:MOST_STEPS]],
        "links": [
            {
                "code": step.link.name,
                "short_url": shortener.short_url(step.link.code or "", step.link.domain),
                "before": link_state_json(step.before),
                "after": link_state_json(step.after),
            }
            for step in plan.steps[:MOST_STEPS]
        ],
    }


class BulkChangeJson(TypedDict):
    """What was done to many links, by whom, and whether it was undone."""

    id: int
    at: str
    by: str
    what: str
    account: str | None
    links: int
    undone_at: str | None


def bulk_change_json(change: BulkChange, links: int, handles: Mapping[int, str]) -> BulkChangeJson:
    """Return a bulk change; `handles` are those of the accounts, by number."""
    return {
        "id": change.id,
        "at": utc(change.at),
        "by": change.actor,
        "what": change.what,
        "account": handles.get(change.account_id or 0),
        "links": links,
        "undone_at": utc(change.undone_at),
    }


class ChangedLinkJson(TypedDict):
    """A link of a bulk change, as it is now."""

    code: str
    short_url: str
    destination: str
    title: str | None
    tags: list[str]
    note: str | None
    account: str | None
    domain: str | None
    disabled: bool


def changed_links_json(
    session: Session, shortener: Shortener, change: BulkChange, handles: Mapping[int, str]
) -> list[ChangedLinkJson]:
    """Return the links of a bulk change, in the order of their making."""
    found: list[ChangedLinkJson] = []
    for part in chunked(changed_links(session, change), CHUNK):
        labels = labels_of(session, [link.id for link in part])
        found += [
            {
                "code": link.code or "",
                "short_url": shortener.short_url(link.code or "", link.domain),
                "destination": link.destination,
                "title": labels[link.id].title,
                "tags": list(labels[link.id].tags),
                "note": labels[link.id].note,
                "account": handles.get(link.account_id),
                "domain": link.domain.host if link.domain else None,
                "disabled": link.disabled_at is not None,
            }
            for link in part
        ]
    return found


class UndoneChangeJson(TypedDict):
    """How many links are as they were before, and the codes of those changed since: left alone."""

    restored: int
    left: list[str]


def undone_json(undone: Undone) -> UndoneChangeJson:
    """Return what undoing has done."""
    return {"restored": undone.restored, "left": [link.name for link in undone.left]}
