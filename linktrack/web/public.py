"""What everybody may see: the domain's face, and where a link leads."""

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.errors import NotFound
from linktrack.links.people import public_person
from linktrack.reports.link_kinds import people_report, thanks
from linktrack.web.fields import named_link

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
def home() -> str:
    """Say whose links these are."""
    return render_template("public/home.html", accounts=list_accounts(db_session()))


@blueprint.get("/<code>+")
def preview(code: str) -> str:
    """Show where a link leads, and where it led before, without going there."""
    link = named_link(code)
    return render_template("public/preview.html", link=link, code=code)


@blueprint.get("/<code>")
def unknown(code: str) -> tuple[str, int]:
    """Answer what the lane did not: a disabled link is gone, everything else was never here."""
    link = named_link(code)
    if link.disabled_at is None:
        # The link was made, or enabled, a moment after the lane looked.
        raise NotFound("This short link is not ready yet: try again in a moment.")
    return render_template("public/gone.html", link=link), 410


@blueprint.get("/owner")
def owner() -> AnyResponse:
    """Lead to the owner pages."""
    return redirect(url_for("overview.show"), 308)


@blueprint.get("/people/<secret>")
def person(secret: str) -> str:
    """Thank a person whom links promote; the address is known to those who were given it."""
    found = public_person(db_session(), installation().keys, secret)
    report = people_report(db_session(), people=[found])
    ((_, line),) = report.people
    return render_template("public/person.html", person=found, line=line, thanks=thanks(report))


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Ask crawlers to leave short links alone: each would be a click."""
    return Response("User-agent: *\nAllow: /$\nDisallow: /\n", mimetype="text/plain")
