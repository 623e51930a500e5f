"""What is stored about readers: a public page made from the current settings."""

from flask import Blueprint, render_template

from linktrack.clicks.capture.geoip import tells_cities
from linktrack.clicks.conversions.sites import any_with_ids
from linktrack.community.communities import open_ones
from linktrack.community.suggestions.boxes import listening
from linktrack.context import db_session, installation
from linktrack.links.redirects.limiting import any_asks_for_password
from linktrack.links.redirects.ruling import any_asks_for
from linktrack.web.public.domains.here import address_here, is_first_domain

blueprint = Blueprint("privacy", __name__)

PERIOD_WORDS = {
    "day": "one day",
    "week": "one week",
    "month": "one calendar month",
    "quarter": "a quarter of a year",
}


@blueprint.get("/privacy")
def show() -> str:
    """Show what is stored of a click, for how long, and what isn't; with a text to copy."""
    settings, first = installation().settings, is_first_domain()
    return render_template(
        "privacy/show.html",
        address=address_here(),
        joinable=open_ones(db_session()) if first else (),
        period=PERIOD_WORDS[settings.visitor_period],
        keep_days=settings.keep_days,
        country=settings.geoip is not None,
        city=settings.geoip is not None and tells_cities(settings.geoip),
        marks=any_asks_for(db_session(), "visitor"),
        passwords=any_asks_for_password(db_session()),
        ids=any_with_ids(db_session()),
        suggests=[account.handle for account in listening(db_session())] if first else [],
    )
