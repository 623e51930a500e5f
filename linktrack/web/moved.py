"""Old addresses of pages lead to where these are now."""

from typing import Final

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("moved", __name__)

MOVED: Final = {
    "more": "overview.show",
    "owners": "team.list_all",
    "you": "own.show",
    "audit": "audit.show",
}
"""Pages by the last part of their old address."""


@blueprint.get(f"/<any({','.join(MOVED)}):old>")
def lead_on(old: str) -> Response:
    """Redirect an old address, with its arguments."""
    arguments: dict[str, str] = dict(request.args.items())
    return redirect(url_for(MOVED[old], **arguments), 308)  # type: ignore[arg-type]  # no options
