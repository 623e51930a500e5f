"""What is stored about readers: a public page made from the current settings."""

from flask import Blueprint, render_template

from linktrack.audience.accounts import list_accounts
from linktrack.clicks.capture.geoip import tells_cities
from linktrack.community.communities import open_ones
from linktrack.community.suggestions.boxes import listening
from linktrack.context import db_session, installation

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
    settings = installation().settings
    return render_template(
        "privacy/show.html",
        accounts=list_accounts(db_session()),
        joinable=open_ones(db_session()),
        period=PERIOD_WORDS[settings.visitor_period],
        keep_days=settings.keep_days,
        country=settings.geoip is not None,
        city=settings.geoip is not None and tells_cities(settings.geoip),
        suggests=[account.handle for account in listening(db_session())],
    )
