"""QR codes of short links, for posters and slides."""

from flask import Response

from linktrack.charts.qr import TYPES, qr_code
from linktrack.context import installation
from linktrack.errors import NotFound
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import named_link

blueprint = owner_blueprint("qr", __name__)


@blueprint.get("/links/<code>/qr.<form>")
def show(code: str, form: str) -> Response:
    """Return the code of a short link as SVG, which scales, or as PNG."""
    if form not in TYPES:
        raise NotFound("QR codes are there as .svg and .png.")
    link = named_link(code)
    made = qr_code(installation().shortener.short_url(link.code or ""), form)
    response = Response(made, mimetype=TYPES[form])
    response.headers["Content-Disposition"] = f'inline; filename="{link.code}.{form}"'
    return response
