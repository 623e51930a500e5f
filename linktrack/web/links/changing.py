"""Change many links at once: those that were ticked, or all that a search finds."""

from collections.abc import Sequence

from flask import render_template, request, url_for

from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, LinktrackError
from linktrack.ids import LinkId
from linktrack.links.labels import tags_in_use
from linktrack.links.many.changing import MOST_CHANGED, Plan, Wish, change_many, plan_change
from linktrack.reports.figures.words import counted
from linktrack.reports.links.listed import LinkSearch, found_links, state_named
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID, Values, chosen_account, text
from linktrack.web.forms import Done, Sent, form

blueprint = owner_blueprint("changing", __name__)

SHOWN = 100
"""Links of a plan that a page shows one by one."""

WISHES = ("add_tags", "remove_tags", "redirects", "destination", "old", "new")
SEARCH = ("q", "tag", "state", "account")


@blueprint.get("/links/many/change")
def show() -> str:
    """Show what can be changed, and, if that was said, what would change; only to owners."""
    require_writer()
    asked = any(request.args.get(name) for name in WISHES)
    error = None
    plan = None
    try:
        ids = _ticked(request.args)
        wish = _wish(request.args)
        if asked:
            plan = plan_change(db_session(), installation().shortener, ids, wish, now())
    except Invalid as failure:
        ids, error = [], failure.sentence
    return _page(request.args, ids, plan, error)


@form(
    blueprint,
    "/links/many/change",
    back_to="links.list_all",
    again=lambda error: _again(error),
)
def change(sent: Sent) -> Done:
    """Change many links as the preview said; what was seen is what is done."""
    ids = _numbers(sent.text("links", "The links").split())
    plan = plan_change(sent.session, installation().shortener, ids, _wish(request.form), sent.now)
    done = change_many(sent.session, plan, sent.now, seen=sent.text("seen", "The preview"))
    return Done(
        f"{counted(len(plan.steps), 'link')} changed.",
        url_for("bulk_changes.show", number=done.id),
    )


def _again(error: LinktrackError) -> str:
    ids = _numbers(request.form.get("links", "").split())
    try:
        wish = _wish(request.form)
        plan = plan_change(db_session(), installation().shortener, ids, wish, now())
    except Invalid:
        plan = None
    return _page(request.form, ids, plan, error.sentence)


def _wish(values: Values) -> Wish:
    redirects = text(values, "redirects", "Whether they redirect")
    if redirects not in ("", "yes", "no"):
        raise Invalid("Links redirect or not: choose one.")
    old, new = text(values, "old", "The old part"), text(values, "new", "The new part")
    if bool(old) != bool(new):
        raise Invalid("Say what is replaced, and by what.")
    return Wish(
        add_tags=_parted(text(values, "add_tags", "The tags to add")),
        remove_tags=_parted(text(values, "remove_tags", "The tags to remove")),
        disabled=None if not redirects else redirects == "no",
        destination=text(values, "destination", "The destination") or None,
        replace=(old, new) if old else None,
    )


def _parted(written: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, written.split(","))))


def _ticked(values: Values) -> Sequence[LinkId]:
    """Return the links that were ticked, or all that the search in the address finds."""
    if not values.get("all"):
        return _numbers(request.args.getlist("link"))
    account = chosen_account(values)
    wanted = LinkSearch(
        account_id=account.id if account else None,
        search=text(values, "q", "The search"),
        tag=text(values, "tag", "The tag") or None,
        state=state_named(text(values, "state", "The state")),
    )
    found = found_links(db_session(), installation().shortener, wanted, MOST_CHANGED + 1, at=now())
    if len(found) > MOST_CHANGED:
        raise Invalid(
            f"At most {MOST_CHANGED:,} links are changed at once, and this search finds more: "
            "narrow it."
        )
    return found


def _numbers(written: Sequence[str]) -> Sequence[LinkId]:
    if len(written) > MOST_CHANGED:
        raise Invalid(f"At most {MOST_CHANGED:,} links are changed at once: choose fewer.")
    if not all(each.isascii() and each.isdigit() and len(each) < 11 for each in written):
        raise Invalid("These are no links: choose them on the page Links.")
    numbers = [LinkId(int(each)) for each in written]
    return [number for number in numbers if number <= LARGEST_ID]


def _page(values: Values, ids: Sequence[LinkId], plan: Plan | None, error: str | None) -> str:
    return render_template(
        "links/change.html",
        ids=ids,
        plan=plan,
        steps=plan.steps[:SHOWN] if plan else [],
        refused=plan.refused[:SHOWN] if plan else [],
        wishes={name: values.get(name, "") for name in WISHES},
        search={name: values[name] for name in SEARCH if values.get("all") and values.get(name)},
        is_all=bool(values.get("all")),
        tags=tags_in_use(db_session()),
        error=error,
    )
