"""For the doctor: how the running service identifies a client. Needs the installation's keys."""

import resource
import time
from typing import Final

from flask import Blueprint, Response, jsonify, request

from linktrack.clicks.capture.visitors import client_address
from linktrack.context import installation
from linktrack.errors import NotFound

blueprint = Blueprint("probe", __name__)

MARKER: Final = "probe"
SECONDS: Final = 120.0


@blueprint.get("/healthz/seen")
def seen() -> Response:
    """Return a request's peer, trusted client address and X-Forwarded-For; needs the keys.

    Also how many files this worker may have open.
    """
    sent = request.headers.get("X-Linktrack-Probe", "")
    value = installation().keys.markers().read(MARKER, f"{MARKER}={sent}")
    if value is None or not value.isdigit() or abs(time.time() - int(value)) > SECONDS:
        raise NotFound("There is nothing at this address.")
    peer = request.environ.get("REMOTE_ADDR", "")
    trusted = installation().settings.trusted_proxies
    onward = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": "192.0.2.1"}
    return jsonify(
        peer=peer,
        is_trusted=client_address(onward, trusted) != peer,
        client=client_address(request.environ, trusted),
        forwarded=request.headers.get("X-Forwarded-For"),
        host=request.environ.get("HTTP_HOST"),
        files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    )
