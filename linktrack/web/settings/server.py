"""Server settings: every current value, with what it means."""

from flask import render_template

from linktrack.context import db_session, installation
from linktrack.links.own_addresses import former_addresses
from linktrack.settings import SETTINGS, in_force
from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("settings", __name__)


@blueprint.get("/settings")
def show() -> str:
    """Show each setting: its meaning, current value and default."""
    values = in_force(installation().settings)
    return render_template(
        "settings/show.html",
        lines=[(setting, values[setting.name]) for setting in SETTINGS],
        former=former_addresses(db_session(), installation().settings.base_url),
    )
