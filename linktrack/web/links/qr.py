"""QR codes of short links, for posters and slides."""

from flask import Response, request

from linktrack.charts.qr import QUIET_ZONE, TYPES, Drawing, qr_code
from linktrack.context import db_session, installation
from linktrack.errors import NotFound
from linktrack.links.looks.qr_looks import look_of
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import named_link, text, whole

blueprint = owner_blueprint("qr", __name__)


@blueprint.get("/links/<code>/qr.<form>")
def show(code: str, form: str) -> Response:
    """Return the code of a short link as SVG, which scales, or as PNG.

    In the account's look, but for what the address says otherwise.
    """
    if form not in TYPES:
        raise NotFound("QR codes are there as .svg and .png.")
    link = named_link(code)
    look = look_of(db_session(), link.account_id).but(
        text(request.args, "colour", "The colour") or None,
        text(request.args, "background", "The background") or None,
        logo=request.args.get("logo") != "no",
    )
    margin = whole(request.args, "margin", "The margin", 4)
    drawing = Drawing(
        look.colour,
        look.background,
        look.logo,
        QUIET_ZONE if margin is None else margin,
        whole(request.args, "size", "The size", 1000),
    )
    made = qr_code(installation().shortener.short_url(link.code or "", link.domain), form, drawing)
    answer = Response(made, mimetype=TYPES[form])
    how = "attachment" if request.args.get("keep") == "yes" else "inline"
    answer.headers["Content-Disposition"] = f'{how}; filename="{link.code}.{form}"'
    if form == "svg":  # opened on its own it is a document, whose logo is within it
        answer.headers["Content-Security-Policy"] = "default-src 'none'; img-src data:"
    return answer
