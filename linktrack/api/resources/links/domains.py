"""Domains: what short links begin with, and what strangers see there."""

from dataclasses import replace
from typing import Literal, TypedDict

from flask import Response

from linktrack.api.access import named_account, require_all
from linktrack.api.operations import operation, sent
from linktrack.api.read import stored
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.links.domains.domains import add_domain, get_domain, move_domain, remove_domain
from linktrack.links.domains.faces import face_of, set_default_account, set_face
from linktrack.links.domains.listing import DomainJson, domain_lines
from linktrack.links.hosts.models import Domain

DOMAIN = "/domains/<int:number>"


class DomainListJson(TypedDict):
    """All domains, the first one first."""

    data: list[DomainJson]


@operation("GET", "/domains", scope="read")
def read_domains() -> DomainListJson:
    """List the domains that short links begin with, and what strangers see there."""
    require_all()
    return {"data": domain_lines(db_session(), installation().settings.base_url)}


class NewDomain(TypedDict):
    """A domain, by the address its short links begin with, such as https://go.example.org."""

    address: str


@operation("POST", "/domains", scope="write", body=NewDomain, problems=(409,))
def create_domain() -> tuple[DomainJson, Literal[201]]:
    """Add a domain with codes of its own; its name and your proxy lead here already."""
    require_all()
    base_url = installation().settings.base_url
    domain = add_domain(db_session(), base_url, sent().text("address"), now())
    db_session().commit()
    return _json(domain.id), 201


class DomainChange(TypedDict, total=False):
    """Changes to a domain; fields you leave out stay as they are, null or "" removes one."""

    address: str
    account: str | None
    front_title: str | None
    front_text: str | None
    front_address: str | None
    missing_text: str | None
    missing_address: str | None


@operation("PATCH", DOMAIN, scope="write", body=DomainChange, problems=(404, 409))
def change_domain(number: int) -> DomainJson:
    """Change a domain's address, its account, or what strangers see there; 0 is the first."""
    require_all()
    fields, session, base_url = sent(), db_session(), installation().settings.base_url
    domain = _domain(number)
    if fields.value("address") is not None:
        move_domain(session, base_url, domain, fields.text("address"), now())
    if fields.has("account"):
        handle = fields.optional_text("account")
        account = None if not handle else named_account(handle)
        set_default_account(session, domain, account, now())
    said = {
        name: fields.optional_text(name)
        for name in ("front_title", "front_text", "front_address", "missing_text")
        if fields.has(name)
    }
    if fields.has("missing_address"):
        said["missing_address"] = fields.optional_text("missing_address")
    if said:
        set_face(session, base_url, domain, replace(face_of(domain), **said), now())
    session.commit()
    return _json(number)


@operation("DELETE", DOMAIN, scope="write", answers={204: None}, problems=(404, 409))
def delete_domain(number: int) -> Response:
    """Remove a domain that has no links."""
    require_all()
    remove_domain(db_session(), _domain(number), now())
    db_session().commit()
    return Response(status=204)


def _domain(number: int) -> Domain:
    return get_domain(db_session(), stored(number), now())


def _json(number: int) -> DomainJson:
    lines = domain_lines(db_session(), installation().settings.base_url)
    return next(line for line in lines if line["id"] == number)
