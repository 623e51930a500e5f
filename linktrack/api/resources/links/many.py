"""Many links at once: made from rows, changed together, and undone."""

from typing import Literal, NotRequired, TypedDict

from flask import g

from linktrack.api.access import named_account, require_account, require_all, seen_session
from linktrack.api.operations import AFTER, asked, operation, sent
from linktrack.api.read import Fields, stored
from linktrack.audience.accounts import accounts_by_number
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.many.changing import MOST_CHANGED, Wish, change_many, plan_change
from linktrack.links.many.choosing import links_with_codes
from linktrack.links.many.making import judge_rows, make_links
from linktrack.links.many.models import BulkChange
from linktrack.links.many.recording import MOST_LISTED, get_change, list_changes
from linktrack.links.many.rows import NewRow
from linktrack.links.many.undoing import undo_change
from linktrack.reports.links.listed import LinkSearch, found_links, state_named
from linktrack.reports.links.many import (
    BulkChangeJson,
    ChangedLinkJson,
    LinksChangeJson,
    NewLinksJson,
    UndoneChangeJson,
    bulk_change_json,
    changed_links_json,
    links_change_json,
    new_links_json,
    undone_json,
)


class NewLinkRow(TypedDict):
    """A link to be made; `account` is for this one alone.

    Without `domain` it is on the one that the account's links are on.
    """

    destination: str
    slug: NotRequired[str | None]
    title: NotRequired[str | None]
    tags: NotRequired[list[str]]
    note: NotRequired[str | None]
    account: NotRequired[str | None]
    domain: NotRequired[str | None]
    expires_at: NotRequired[str | None]


class NewLinks(TypedDict):
    """Up to 1,000 links without a post, all made or none; with `preview` none.

    `account` has those whose rows name none.
    """

    links: list[NewLinkRow]
    account: NotRequired[str | None]
    preview: NotRequired[bool]


@operation("POST", "/links/bulk", scope="wrap", body=NewLinks, problems=(404, 409))
def create_links() -> tuple[NewLinksJson, Literal[200, 201]]:
    """Create up to 1,000 links without a post: all, or none if a row is wrong."""
    fields, shortener = sent(), installation().shortener
    handle = fields.optional_text("account")
    rows = [_row(number, each) for number, each in enumerate(fields.objects("links"), 1)]
    account = None if handle is None else named_account(handle)
    session = seen_session()
    judged = judge_rows(session, shortener, rows, account)
    if fields.flag("preview"):
        return new_links_json(shortener, judged), 200
    made = make_links(session, shortener, judged, now())
    session.commit()
    return new_links_json(shortener, judged, made), 201


def _row(number: int, values: dict[str, object]) -> NewRow:
    fields = Fields(values, set(NewLinkRow.__annotations__), is_kept=True)
    return NewRow(
        number,
        fields.text("destination"),
        slug=fields.optional_text("slug") or None,
        title=fields.optional_text("title"),
        note=fields.optional_text("note"),
        tags=fields.texts("tags"),
        account=fields.optional_text("account") or None,
        domain=fields.optional_text("domain") or None,
        expires_at=fields.optional_text("expires_at") or None,
    )


class FoundLinks(TypedDict, total=False):
    """Links that fit all that is said here, as in GET /links."""

    q: str
    tag: str
    state: str
    account: str


class Replacement(TypedDict):
    """A host (old.example) or the beginning of addresses, and what takes its place."""

    old: str
    new: str


class LinksChange(TypedDict, total=False):
    """What becomes of up to 5,000 links: those with these codes, or all that a search finds.

    With `preview` nothing is changed.
    """

    codes: list[str]
    found: FoundLinks
    add_tags: list[str]
    remove_tags: list[str]
    disabled: bool
    destination: str
    replace: Replacement
    preview: bool


@operation("POST", "/links/bulk/changes", scope="write", body=LinksChange, problems=(404, 409))
def change_links() -> LinksChangeJson:
    """Change many links at once: tags, whether they redirect, where they lead."""
    fields, shortener = sent(), installation().shortener
    replaced = None
    if fields.value("replace") is not None:
        parts = Fields(fields.named_texts("replace"), set(Replacement.__annotations__))
        replaced = (parts.text("old"), parts.text("new"))
    wish = Wish(
        add_tags=fields.texts("add_tags"),
        remove_tags=fields.texts("remove_tags"),
        disabled=fields.truth("disabled") if fields.value("disabled") is not None else None,
        destination=fields.optional_text("destination"),
        replace=replaced,
    )
    if fields.has("codes") == fields.has("found"):
        raise Invalid("Choose the links either by 'codes' or by what is 'found'.")
    search = None if fields.has("codes") else _search(fields.named_texts("found"))
    session = seen_session()
    if search is None:
        chosen = links_with_codes(session, shortener, fields.texts("codes", MOST_CHANGED))
    else:
        chosen = found_links(session, shortener, search, MOST_CHANGED + 1, at=now())
    plan = plan_change(session, shortener, chosen, wish, now())
    if fields.flag("preview"):
        return links_change_json(shortener, plan)
    change = change_many(session, plan, now())
    session.commit()
    return links_change_json(shortener, plan, change)


def _search(named: dict[str, str]) -> LinkSearch:
    found = Fields(named, set(FoundLinks.__annotations__), is_kept=True)
    handle = found.optional_text("account")
    return LinkSearch(
        account_id=g.token.account_id if handle is None else named_account(handle).id,
        search=found.text("q", ""),
        tag=found.optional_text("tag"),
        state=state_named(found.text("state", "")),
    )


class BulkChangesJson(TypedDict):
    """Bulk changes, newest first; `next` is the `after` of the next page."""

    data: list[BulkChangeJson]
    next: int | None


@operation("GET", "/links/bulk/changes", scope="read", query=(AFTER,))
def read_bulk_changes() -> BulkChangesJson:
    """List what was done to many links at once, newest first."""
    fields, session = asked(), seen_session()
    found = list_changes(session, fields.row_number("after"))
    handles = {number: each.handle for number, each in accounts_by_number(session).items()}
    return {
        "data": [bulk_change_json(change, links, handles) for change, links in found],
        "next": found[-1][0].id if len(found) == MOST_LISTED else None,
    }


class ChangedLinksJson(TypedDict):
    """The links of a bulk change."""

    data: list[ChangedLinkJson]


@operation("GET", "/links/bulk/changes/<int:number>", scope="read", problems=(404,))
def read_bulk_change(number: int) -> ChangedLinksJson:
    """List the links of a bulk change, as they are now."""
    session, change = db_session(), _change(number)
    handles = {number: each.handle for number, each in accounts_by_number(session).items()}
    return {"data": changed_links_json(session, installation().shortener, change, handles)}


def _change(number: int) -> BulkChange:
    change = get_change(db_session(), stored(number))
    if change.account_id is None:
        require_all()
    require_account(change.account_id)
    return change


@operation("POST", "/links/bulk/changes/<int:number>/undo", scope="write", problems=(404, 409))
def undo_bulk_change(number: int) -> UndoneChangeJson:
    """Undo a bulk change as a whole, once; links changed since are left alone, and named."""
    session, change = db_session(), _change(number)
    undone = undo_change(session, installation().shortener, change, now())
    session.commit()
    return undone_json(undone)
