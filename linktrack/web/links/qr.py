"""QR codes of short links, for posters and slides."""

from io import BytesIO
from typing import Final

from flask import Response

from linktrack.context import installation
from linktrack.errors import NotFound
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import named_link

blueprint = owner_blueprint("qr", __name__)

TYPES: Final = {"svg": "image/svg+xml", "png": "image/png"}
SCALE: Final = 10  # pixels a module of the PNG: sharp on a slide, and in print at 4 cm
QUIET_ZONE: Final = 4  # modules of white around it, as ISO 18004 asks


@blueprint.get("/links/<code>/qr.<form>")
def show(code: str, form: str) -> Response:
    """Return the code of a short link as SVG, which scales, or as PNG.

    Always black on white, which scanners need. Up to a quarter of it may be covered.
    """
    import segno

    if form not in TYPES:
        raise NotFound("QR codes are there as .svg and .png.")
    link = named_link(code)
    made = segno.make_qr(installation().shortener.short_url(link.code or ""), error="q")
    file = BytesIO()
    made.save(file, kind=form, scale=SCALE, border=QUIET_ZONE, light="#fff")
    response = Response(file.getvalue(), mimetype=TYPES[form])
    response.headers["Content-Disposition"] = f'inline; filename="{link.code}.{form}"'
    return response
