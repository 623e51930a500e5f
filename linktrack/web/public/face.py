"""Public pages: the home page, and where a link leads."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from linktrack.calendar.times import utc
from linktrack.clicks.capture.lane import CARD
from linktrack.community.communities import open_ones
from linktrack.community.suggestions.boxes import listening
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import NotFound
from linktrack.links.cards.cards import card_of
from linktrack.links.domains.faces import accounts_on_front_page
from linktrack.links.people import public_person
from linktrack.links.redirects.limiting import limits_of
from linktrack.links.redirects.rules.words import rule_in_words
from linktrack.links.redirects.ruling import rules_of
from linktrack.networks.registry import networks
from linktrack.reports.links.kinds import people_report, thanks
from linktrack.web.public.domains.here import (
    address_here,
    domain_here,
    host_here,
    is_first_domain,
    link_here,
)
from linktrack.web.public.limited import limited_page

blueprint = Blueprint("public", __name__)

blueprint.app_context_processor(lambda: {"host_here": host_here})

SECURITY_HOLDS: Final = timedelta(days=180)  # of security.txt; RFC 9116: less than a year

PREVIEWS: Final = (
    "facebookexternalhit",
    "LinkedInBot",
    "Slackbot",
    "TelegramBot",
    "WhatsApp",
    "Discordbot",
)
"""Programs that fetch a link so that a message shows a card; networks name their own."""


@blueprint.get("/")
def home() -> str | AnyResponse:
    """Show whose links these are, as far as they have made that public, and how to contact them."""
    session, face = db_session(), domain_here()
    if face is not None and face.front_address:
        return redirect(face.front_address, 302)
    first = is_first_domain()
    return render_template(
        "public/home.html",
        face=face,
        accounts=accounts_on_front_page(session, None if first or face is None else face.id),
        joinable=open_ones(session) if first else (),
        suggestible=listening(session, by_form=True) if first else (),
        may_sign_in=first,
    )


@blueprint.get("/<code>+")
def preview(code: str) -> str:
    """Show where a link leads, and where it led before, without going there.

    It says neither of a link with a password, and of one that has not begun or has ended.
    """
    link = link_here(code)
    return render_template(
        "public/preview.html",
        link=link,
        code=code,
        limits=limits_of(db_session(), link),
        at=now(),
        elsewhere=[
            (rule_in_words(rule), rule.options)
            for rule in (rules_of(db_session(), link.id) if link.has_plan else ())
        ],
    )


@blueprint.get("/<code>")
def unknown(code: str) -> tuple[str, int] | AnyResponse:
    """Answer what the lane passed on: a preview card, "gone", "not found", or what limits ask."""
    try:
        link = link_here(code)
    except NotFound:
        face = domain_here()
        if face is not None and face.missing_address:
            return redirect(face.missing_address, 302)
        return render_template("public/unknown.html", code=code, face=face), 404
    if request.environ.get(CARD) and link.disabled_at is None:
        shown = card_of(db_session(), installation().shortener, link, code)
        return render_template("public/card.html", card=shown, code=code), 200
    if link.disabled_at is None:
        return limited_page(link, code)
    secret = limits_of(db_session(), link).keeps_secret(now())
    return render_template("public/gone.html", link=link, secret=secret), 410


@blueprint.get("/owner")
def owner() -> AnyResponse:
    """Redirect to the owner pages."""
    return redirect(url_for("overview.show"), 308)


@blueprint.get("/people/<secret>")
def person(secret: str) -> str:
    """Show a promoted person's thank-you page, to whoever was given its address."""
    found = public_person(db_session(), installation().keys, secret)
    report = people_report(db_session(), people=[found])
    ((_, line),) = report.people
    return render_template("public/person.html", person=found, line=line, thanks=thanks(report))


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Ask crawlers to leave short links alone: each would be a click.

    Programs that fetch a link for its preview are allowed: some of them obey this file, and a
    post whose link shows no card gets fewer clicks. Their clicks are filtered from all figures.
    """
    own = [agent for each in networks() for agent in each.cards.user_agents]
    lines = [f"User-agent: {name}" for name in (*own, *PREVIEWS)]
    lines += [
        "Allow: /",
        "",
        "User-agent: *",
        "Allow: /$",
        "Allow: /static/",
        "Allow: /img/",
        "Disallow: /",
        "",
    ]
    return Response("\n".join(lines), mimetype="text/plain")


@blueprint.get("/.well-known/security.txt")
def security() -> Response:
    """Say where to report a problem with this installation (RFC 9116)."""
    settings = installation().settings
    if settings.abuse_contact is None:
        raise NotFound("Nobody has said where to report problems with this installation.")
    expires = (now() + SECURITY_HOLDS).replace(microsecond=0)
    said = (
        f"Contact: {settings.abuse_contact}\nExpires: {utc(expires)}\n"
        f"Canonical: {address_here()}/.well-known/security.txt\n"
    )
    return Response(said, mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> AnyResponse:
    """Serve the icon to programs that ask for it without reading the page."""
    return redirect(url_for("static", filename="favicon.svg"), 301)
