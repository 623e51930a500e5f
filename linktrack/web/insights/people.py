"""People whom links promote: what was sent to them, by which links, and their thank-you pages."""

from collections.abc import Callable
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.models import Person
from linktrack.links.people import (
    add_person,
    add_rule,
    get_person,
    page_address,
    remove_person,
    remove_rule,
    share_page,
)
from linktrack.links.posts import excerpt
from linktrack.reports.links.kinds import people_report, thanks
from linktrack.web.context import MENDABLE, UNPROCESSABLE, current_owner, owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, text
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("people")

PERSON: Final = f"/people/<int(max={LARGEST_ID}):number>"


@blueprint.get("/people")
def list_all() -> str | Response:
    """Show everybody who is promoted, and the form for another."""
    if is_table_wanted():
        report = people_report(db_session(), chosen_account(request.args))
        return table_file("people", report.as_json()["people"])
    return _list()


@blueprint.post("/people")
def add() -> Response | tuple[str, int]:
    """Add a person with their site and handle, where they are known."""
    session = db_session()
    try:
        person = add_person(session, text(request.form, "name", "The name"), now())
        for kind, label in (("host", "The site"), ("mention", "The handle")):
            written = text(request.form, kind, label)
            if written:
                add_rule(session, person, kind, written, now())
    except MENDABLE as error:
        session.rollback()
        return _list(error.sentence), UNPROCESSABLE
    session.commit()
    flash(f"{person.name} is added.")
    return redirect(url_for("people.show", number=person.id), 303)


@blueprint.get(PERSON)
def show(number: int) -> str:
    """Show one person: what was sent, the rules, and the public page."""
    return _page(get_person(db_session(), number))


@blueprint.post(f"{PERSON}/rules")
def rule(number: int) -> Response | tuple[str, int]:
    """Add a rule."""

    def act(person: Person) -> str:
        kind = text(request.form, "kind", "The rule")
        add_rule(db_session(), person, kind, text(request.form, "value", "The rule"), now())
        return "The rule holds, for links made before too."

    return _act(number, act)


@blueprint.post(f"{PERSON}/rules/remove")
def unrule(number: int) -> Response | tuple[str, int]:
    """Take a rule back."""

    def act(person: Person) -> str:
        kind = text(request.form, "kind", "The rule")
        remove_rule(db_session(), person, kind, text(request.form, "value", "The rule"), now())
        return "The rule is gone."

    return _act(number, act)


@blueprint.post(f"{PERSON}/page")
def share(number: int) -> Response | tuple[str, int]:
    """Open or close the public page."""

    def act(person: Person) -> str:
        is_public = request.form.get("public") == "yes"
        share_page(db_session(), person, now(), is_public=is_public)
        return "The page is open." if is_public else "The page is closed; its address is dead."

    return _act(number, act)


@blueprint.post(f"{PERSON}/remove")
def remove(number: int) -> Response:
    """Forget a person."""
    person = get_person(db_session(), number)
    remove_person(db_session(), person, now())
    db_session().commit()
    flash(f"{person.name} is forgotten; links and clicks stay.")
    return redirect(url_for("people.list_all"), 303)


def _act(number: int, act: Callable[[Person], str]) -> Response | tuple[str, int]:
    person = get_person(db_session(), number)
    try:
        said = act(person)
    except MENDABLE as error:
        db_session().rollback()
        return _page(get_person(db_session(), number), error.sentence), UNPROCESSABLE
    db_session().commit()
    flash(said)
    return redirect(url_for("people.show", number=number), 303)


def _list(error: str | None = None) -> str:
    account = chosen_account(request.args)
    return render_template(
        "people/list.html",
        accounts=list_accounts(db_session()),
        account=account,
        report=people_report(db_session(), account),
        excerpt=excerpt,
        error=error,
        typed=request.form,
    )


def _page(person: Person, error: str | None = None) -> str:
    opened, owner = installation(), current_owner()
    report = people_report(db_session(), people=[person])
    return render_template(
        "people/show.html",
        person=person,
        line=report.people[0][1],
        thanks=thanks(report),
        address=page_address(opened.settings.base_url, opened.keys, person),
        is_whole=owner is not None and not owner.limited,
        excerpt=excerpt,
        error=error,
        typed=request.form,
    )
