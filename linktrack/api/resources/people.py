"""People whom links promote, and the owner's own sites; they belong to no account."""

from typing import Literal, NotRequired, TypedDict

from flask import Response

from linktrack.api.access import named_account, require_all
from linktrack.api.operations import ACCOUNT, FROM, NEEDED_ACCOUNT, TO, asked, operation, sent
from linktrack.api.read import stored
from linktrack.api.reports.reporting import asked_range, report_at
from linktrack.clicks.conversions.sites import own_sites, set_click_ids
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.models import OwnSite, Person
from linktrack.links.people import (
    add_own_site,
    add_person,
    add_rule,
    get_person,
    list_people,
    page_address,
    remove_own_site,
    remove_person,
    replace_rules,
    share_page,
)
from linktrack.links.promotion import HOST, MENTION
from linktrack.reports.links.kinds import (
    OwnLinksReportJson,
    PeopleReportJson,
    own_links_json,
    own_links_report,
    people_json,
    people_report,
)

RULES = {HOST: "hosts", MENTION: "mentions"}
"""By the kind of a rule, the field that lists the rules of this kind."""


class PersonJson(TypedDict):
    """A person you link to: links to these hosts, and in posts with these @names, promote them.

    `page` is the address of their public page, null if it is closed.
    """

    id: int
    name: str
    hosts: list[str]
    mentions: list[str]
    public: bool
    page: str | None


def _json(person: Person) -> PersonJson:
    opened = installation()
    return {
        "id": person.id,
        "name": person.name,
        "hosts": [rule.value for rule in person.rules if rule.kind == HOST],
        "mentions": [rule.value for rule in person.rules if rule.kind == MENTION],
        "public": person.is_public,
        "page": page_address(opened.settings.base_url, opened.keys, person),
    }


class PersonListJson(TypedDict):
    """People by name."""

    data: list[PersonJson]


@operation("GET", "/people", scope="read")
def read_people() -> PersonListJson:
    """List the people your links promote."""
    require_all()
    return {"data": [_json(each) for each in list_people(db_session())]}


class NewPerson(TypedDict):
    """A new person."""

    name: str
    hosts: NotRequired[list[str]]
    mentions: NotRequired[list[str]]


@operation("POST", "/people", scope="write", body=NewPerson, problems=(409,))
def create_person() -> tuple[PersonJson, Literal[201]]:
    """Add a person; the rules match existing links too."""
    require_all()
    fields, session = sent(), db_session()
    person = add_person(session, fields.text("name"), now())
    for kind, name in RULES.items():
        for written in fields.texts(name):
            add_rule(session, person, kind, written, now())
    session.commit()
    return _json(person), 201


@operation("GET", "/people/<int:number>", scope="read", problems=(404,))
def read_person(number: int) -> PersonJson:
    """Return a person your links promote."""
    require_all()
    return _json(get_person(db_session(), stored(number)))


class PersonChange(TypedDict, total=False):
    """Changes to a person; fields you leave out stay, fields you send replace the current values.

    A page that was closed gets a new address when it is opened again.
    """

    hosts: list[str]
    mentions: list[str]
    public: bool


@operation("PATCH", "/people/<int:number>", scope="write", body=PersonChange, problems=(404,))
def change_person(number: int) -> PersonJson:
    """Change the rules that match a person's links, and open or close their public page."""
    require_all()
    fields, session = sent(), db_session()
    person = get_person(session, stored(number))
    for kind, name in RULES.items():
        if fields.value(name) is not None:
            replace_rules(session, person, kind, fields.texts(name), now())
    if fields.value("public") is not None:
        share_page(session, person, now(), is_public=fields.truth("public"))
    session.commit()
    return _json(person)


@operation("DELETE", "/people/<int:number>", scope="write", answers={204: None}, problems=(404,))
def delete_person(number: int) -> Response:
    """Delete a person; links and clicks stay."""
    require_all()
    session = db_session()
    remove_person(session, get_person(session, stored(number)), now())
    session.commit()
    return Response(status=204)


class NewSite(TypedDict):
    """One of your own sites; its subdomains count too."""

    host: str


class SiteChange(TypedDict):
    """Whether readers come to this site with a click id, so that goals find their clicks."""

    click_ids: bool


class SiteJson(SiteChange):
    """One of your own sites; its subdomains count too."""

    host: str


class SiteListJson(TypedDict):
    """Your own sites."""

    data: list[SiteJson]


@operation("GET", "/sites", scope="read")
def read_sites() -> SiteListJson:
    """List your own sites."""
    require_all()
    sites = own_sites(db_session())
    return {"data": [{"host": site.host, "click_ids": site.click_ids} for site in sites]}


@operation("POST", "/sites", scope="write", body=NewSite)
def create_site() -> tuple[SiteJson, Literal[201]]:
    """Add one of your own sites; adding it again changes nothing."""
    require_all()
    host = add_own_site(db_session(), sent().text("host"), now())
    db_session().commit()
    return _site_json(host), 201


@operation("PATCH", "/sites/<host>", scope="write", body=SiteChange, problems=(404,))
def change_site(host: str) -> SiteJson:
    """Turn click ids on or off for one of your own sites."""
    require_all()
    host = set_click_ids(db_session(), host, sent().truth("click_ids"), now())
    db_session().commit()
    return _site_json(host)


def _site_json(host: str) -> SiteJson:
    site = db_session().get_one(OwnSite, host)
    return {"host": host, "click_ids": site.click_ids}


@operation("DELETE", "/sites/<host>", scope="write", answers={204: None}, problems=(404,))
def delete_site(host: str) -> Response:
    """Remove one of your own sites."""
    require_all()
    remove_own_site(db_session(), host, now())
    db_session().commit()
    return Response(status=204)


@report_at("people", (ACCOUNT, FROM, TO))
def report_people() -> PeopleReportJson:
    """Return the clicks that links brought to the people they promote, from one account or all."""
    fields = asked()
    handle = fields.optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        require_all()
    return people_json(people_report(db_session(), account, **asked_range(fields)))


@report_at("own", (NEEDED_ACCOUNT, FROM, TO))
def report_own() -> OwnLinksReportJson:
    """Compare links to your own sites with other links."""
    fields = asked()
    account = named_account(fields.text("account"))
    report = own_links_report(db_session(), account, fields.moment("from"), fields.moment("to"))
    return own_links_json(report)
