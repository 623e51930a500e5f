"""People whom links promote, and the owner's own sites. They belong to no account."""

from flask import Response, jsonify

from linktrack.api import audience_shapes, shapes
from linktrack.api.access import named_account, reaches_all
from linktrack.api.operations import ACCOUNT, FROM, NEEDED_ACCOUNT, TO, asked, operation, sent
from linktrack.api.read import stored
from linktrack.api.reports.reporting import report_at
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.models import Person
from linktrack.links.people import (
    add_own_site,
    add_person,
    add_rule,
    get_person,
    list_own_sites,
    list_people,
    page_address,
    remove_own_site,
    remove_person,
    replace_rules,
    share_page,
)
from linktrack.links.promotion import HOST, MENTION
from linktrack.reports.links.kinds import own_links_report, people_report

RULES = {HOST: "hosts", MENTION: "mentions"}
"""By the kind of a rule, the field that lists the rules of this kind."""


@operation("GET", "/people", scope="read", answers={200: shapes.PersonList})
def read_people() -> Response:
    """List the people whom links promote."""
    reaches_all()
    return jsonify({"data": [_told(each) for each in list_people(db_session())]})


@operation(
    "POST",
    "/people",
    scope="write",
    body=shapes.NewPerson,
    answers={201: shapes.Person},
    problems=(409,),
)
def create_person() -> tuple[Response, int]:
    """Add a person; links made before are found by the rules too."""
    reaches_all()
    fields, session = sent(), db_session()
    person = add_person(session, fields.text("name"), now())
    for kind, name in RULES.items():
        for written in fields.texts(name):
            add_rule(session, person, kind, written, now())
    session.commit()
    return jsonify(_told(person)), 201


@operation(
    "PATCH",
    "/people/<int:number>",
    scope="write",
    body=shapes.PersonChange,
    answers={200: shapes.Person},
    problems=(404,),
)
def change_person(number: int) -> Response:
    """Change by which rules links promote a person, and open or close their public page."""
    reaches_all()
    fields, session = sent(), db_session()
    person = get_person(session, stored(number))
    for kind, name in RULES.items():
        if fields.value(name) is not None:
            replace_rules(session, person, kind, fields.texts(name), now())
    if fields.value("public") is not None:
        share_page(session, person, now(), is_public=fields.truth("public"))
    session.commit()
    return jsonify(_told(person))


@operation("DELETE", "/people/<int:number>", scope="write", answers={204: None}, problems=(404,))
def delete_person(number: int) -> Response:
    """Forget a person; links and clicks stay."""
    reaches_all()
    session = db_session()
    remove_person(session, get_person(session, stored(number)), now())
    session.commit()
    return Response(status=204)


@operation("GET", "/sites", scope="read", answers={200: shapes.SiteList})
def read_sites() -> Response:
    """List the owner's own sites."""
    reaches_all()
    return jsonify({"data": [{"host": host} for host in list_own_sites(db_session())]})


@operation("POST", "/sites", scope="write", body=shapes.Site, answers={201: shapes.Site})
def create_site() -> tuple[Response, int]:
    """Say that a host is the owner's own; saying it again changes nothing."""
    reaches_all()
    host = add_own_site(db_session(), sent().text("host"), now())
    db_session().commit()
    return jsonify({"host": host}), 201


@operation("DELETE", "/sites/<host>", scope="write", answers={204: None}, problems=(404,))
def delete_site(host: str) -> Response:
    """Say that a host is not the owner's own."""
    reaches_all()
    remove_own_site(db_session(), host, now())
    db_session().commit()
    return Response(status=204)


@report_at("people", (ACCOUNT,), audience_shapes.PeopleReport)
def report_people() -> Response:
    """Return what links sent to the people they promote, from one account or from all."""
    handle = asked().optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        reaches_all()
    return jsonify(people_report(db_session(), account).as_json())


@report_at("own", (NEEDED_ACCOUNT, FROM, TO), audience_shapes.OwnLinksReport)
def report_own() -> Response:
    """Return what links to the owner's own sites got, beside other people's."""
    fields = asked()
    account = named_account(fields.text("account"))
    report = own_links_report(db_session(), account, fields.moment("from"), fields.moment("to"))
    return jsonify(report.as_json())


def _told(person: Person) -> dict[str, object]:
    opened = installation()
    return {
        "id": person.id,
        "name": person.name,
        "hosts": [rule.value for rule in person.rules if rule.kind == HOST],
        "mentions": [rule.value for rule in person.rules if rule.kind == MENTION],
        "public": person.is_public,
        "page": page_address(opened.settings.base_url, opened.keys, person),
    }
