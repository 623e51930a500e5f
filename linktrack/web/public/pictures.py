"""Pictures of link cards, as networks and browsers fetch them."""

import re
from typing import Final

from flask import Blueprint, Response

from linktrack.context import reading
from linktrack.errors import NotFound
from linktrack.links.looks.pictures import picture_named
from linktrack.web.delivery import KEPT

blueprint = Blueprint("pictures", __name__)

_NAME: Final = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/img/<name>.jpg")
def show(name: str) -> Response:
    """Return a picture, to be kept for a year: its name changes with it."""
    with reading() as session:
        body = picture_named(session, name) if _NAME.fullmatch(name) else None
    if body is None:
        raise NotFound("There is no such picture.")
    answer = Response(body, mimetype="image/jpeg")
    answer.headers["Cache-Control"] = KEPT
    return answer
