"""The owner's own clicks: which devices aren't counted, and the page that marks one.

Apps open links in browsers of their own, in which nobody is signed in. So the page that marks a
device is public, under an address that is not guessed and that the owner sends to themselves.
Whoever learns it can take nothing but their own clicks out of the counts.
"""

import hmac

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.context import installation
from linktrack.errors import NotFound
from linktrack.web.context import owner_blueprint
from linktrack.web.devices import mark_device, unmark_device

blueprint = owner_blueprint("own_clicks", __name__)
device = Blueprint("device", __name__)


@blueprint.get("/own-clicks")
def show() -> str:
    """Show whether this device is counted, and the address for marking others."""
    own = installation().own_clicks()
    base_url = installation().settings.base_url
    return render_template(
        "own_clicks/show.html",
        is_marked=own.is_marked(request.headers.get("Cookie")),
        address=base_url + url_for("device.page", secret=own.secret()),
        ignored=own.ignored,
    )


@blueprint.post("/own-clicks")
def change() -> Response:
    """Stop counting this device, or count it again."""
    answer = redirect(url_for("own_clicks.show"), 303)
    if request.form.get("count") == "yes":
        flash("Clicks from this browser are counted again.")
        return unmark_device(answer)
    flash("Clicks from this browser are now ignored.")
    return mark_device(answer)


@device.get("/uncounted/<secret>")
def page(secret: str) -> str:
    """Offer to stop counting this browser, or to count it again."""
    _check(secret)
    own = installation().own_clicks()
    return render_template(
        "own_clicks/device.html", is_marked=own.is_marked(request.headers.get("Cookie"))
    )


@device.post("/uncounted/<secret>")
def change_here(secret: str) -> Response:
    """Stop counting this browser, or count it again.

    No CSRF token: there is no session here, and the address is the secret.
    """
    _check(secret)
    answer = redirect(url_for("device.page", secret=secret), 303)
    return unmark_device(answer) if request.form.get("count") == "yes" else mark_device(answer)


def _check(secret: str) -> None:
    if not hmac.compare_digest(
        secret.encode("utf-8", "replace"), installation().own_clicks().secret().encode()
    ):
        raise NotFound("There is nothing at this address.")
