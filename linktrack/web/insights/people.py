"""Shout-outs: the people that links promote, their clicks, and their thank-you pages."""

from functools import partial
from typing import Final

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.links.excerpts import excerpt
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
from linktrack.reports.links.kinds import people_json, people_report, thanks
from linktrack.web.context import current_owner, owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account
from linktrack.web.forms import Done, Sent, form
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("people", __name__)

PERSON: Final = f"/people/<int(max={LARGEST_ID}):number>"


@blueprint.get("/people")
def list_all() -> str | Response:
    """Show everybody who is promoted, and the form for a new person."""
    if is_table_wanted():
        report = people_report(db_session(), chosen_account(request.args))
        return table_file("people", people_json(report)["people"])
    return _list()


@form(blueprint, "/people", back_to="people.list_all", again=lambda error: _list(error.sentence))
def add(sent: Sent) -> Done:
    """Add a person with their site and handle, if given."""
    person = add_person(sent.session, sent.text("name", "The name"), sent.now)
    for kind, label in (("host", "The site"), ("mention", "The handle")):
        written = sent.text(kind, label)
        if written:
            add_rule(sent.session, person, kind, written, sent.now)
    return Done(f"Added {person.name}.", url_for("people.show", number=person.id))


@blueprint.get(PERSON)
def show(number: int) -> str:
    """Show one person: their clicks, the rules, and the public page."""
    return _page(get_person(db_session(), number))


person_form = partial(
    form,
    blueprint,
    back_to="people.show",
    again=lambda error, number: _page(get_person(db_session(), number), error.sentence),
)


@person_form(f"{PERSON}/rules")
def rule(sent: Sent, number: int) -> str:
    """Add a rule."""
    kind, value = sent.text("kind", "The rule"), sent.text("value", "The rule")
    add_rule(sent.session, get_person(sent.session, number), kind, value, sent.now)
    return "Rule added. It also applies to links you made before."


@person_form(f"{PERSON}/rules/remove")
def unrule(sent: Sent, number: int) -> str:
    """Remove a rule."""
    kind, value = sent.text("kind", "The rule"), sent.text("value", "The rule")
    remove_rule(sent.session, get_person(sent.session, number), kind, value, sent.now)
    return "Rule removed."


@person_form(f"{PERSON}/page")
def share(sent: Sent, number: int) -> str:
    """Open or close the public page."""
    is_public = sent.says_yes("public")
    share_page(sent.session, get_person(sent.session, number), sent.now, is_public=is_public)
    return (
        "The thank-you page is on."
        if is_public
        else "The thank-you page is off. Its link no longer works."
    )


@form(blueprint, f"{PERSON}/remove", back_to="people.list_all")
def remove(sent: Sent, number: int) -> str:
    """Delete a person."""
    person = get_person(sent.session, number)
    remove_person(sent.session, person, sent.now)
    return f"Deleted {person.name}. Links and clicks stay."


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
