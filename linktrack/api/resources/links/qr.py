"""QR codes of short links."""

from typing import Final

from flask import Response

from linktrack.api.access import require_account
from linktrack.api.operations import Parameter, asked, operation
from linktrack.charts.qr import QUIET_ZONE, TYPES, Drawing, qr_code
from linktrack.context import db_session, installation
from linktrack.errors import Invalid
from linktrack.links.catalog import get_link
from linktrack.links.looks.qr_looks import look_of

FORMAT: Final = Parameter("format", "svg, which scales, or png.", choices=tuple(TYPES))
COLOUR: Final = Parameter("colour", "The colour of the code, such as #0a3d62.")
BACKGROUND: Final = Parameter("background", "The colour around it, clearly lighter.")
LOGO: Final = Parameter("logo", "no: without the account's logo.", choices=("yes", "no"))
SIZE: Final = Parameter("size", "Its width in pixels.", "whole")
MARGIN: Final = Parameter("margin", "The margin in modules, 2 to 20; 4 if you don't say.", "whole")


@operation(
    "GET",
    "/links/<code>/qr",
    scope="read",
    query=(FORMAT, COLOUR, BACKGROUND, LOGO, SIZE, MARGIN),
    answers={200: ", ".join(TYPES.values())},
    problems=(404,),
)
def read_qr(code: str) -> Response:
    """Return the QR code of a short link, in its account's look but for what you choose."""
    fields, opened = asked(), installation()
    link = get_link(db_session(), opened.shortener.codes, code)
    require_account(link.account_id)
    form, logo = fields.text("format", "svg"), fields.text("logo", "yes")
    if form not in TYPES or logo not in LOGO.choices:
        raise Invalid("'format' is svg or png, and 'logo' yes or no.")
    look = look_of(db_session(), link.account_id).but(
        fields.optional_text("colour"), fields.optional_text("background"), logo=logo == "yes"
    )
    drawing = Drawing(
        look.colour,
        look.background,
        look.logo,
        fields.whole("margin", QUIET_ZONE) or 0,
        fields.whole("size"),
    )
    made = qr_code(opened.shortener.short_url(link.code or "", link.domain), form, drawing)
    return Response(made, mimetype=TYPES[form])
