"""Small copies of pages' pictures, for whoever is signed in."""

from flask import Response

from linktrack.context import db_session
from linktrack.errors import NotFound
from linktrack.links.cards.looking import thumbnail_named
from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("thumbnails", __name__)


@blueprint.get("/thumbnails/<name>.jpg")
def show(name: str) -> Response:
    """Return the small copy of a picture."""
    body = None if "\0" in name else thumbnail_named(db_session(), name)
    if body is None:
        raise NotFound("There is no such picture.")
    answer = Response(body, mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer
