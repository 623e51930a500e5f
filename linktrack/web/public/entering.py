"""The end of every way of signing in: a session, the cookies of this browser, and a mail."""

from datetime import timedelta

from flask import redirect, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.owners.access import SESSION_LIFE, begin_session
from linktrack.owners.signing_in.new_devices import (
    COOKIE_SECONDS,
    SignIn,
    device_cookie,
    device_mark,
    is_known,
    tell_of_new_device,
)
from linktrack.owners.viewers import get_owner
from linktrack.web.devices import mark_device, seen_here


def enter(owner_id: int, by: str, wanted: str, life: timedelta = SESSION_LIFE) -> Response:
    """Begin a session in this browser, and lead on to the page that was wanted, if any.

    All that the request has changed is committed with it. A mail about a new device is only queued:
    signing in waits for no mail server.
    """
    session, at, opened = db_session(), now(), installation()
    owner, seen = get_owner(session, owner_id), seen_here()
    secret = begin_session(session, owner.id, at, by, seen, life=life)
    markers = opened.keys.markers()
    if opened.settings.mail and not is_known(markers, owner, request.headers.get("Cookie", "")):
        local = at.astimezone(opened.settings.timezone)
        told = SignIn(opened.settings.base_host, owner.name, by, seen, local)
        tell_of_new_device(session, told, at)
    session.commit()
    cookie.clear()
    cookie["secret"] = secret
    cookie.permanent = True
    answer = mark_device(redirect(wanted or url_for("overview.show"), 303))
    answer.set_cookie(
        device_cookie(owner),
        device_mark(markers, owner),
        max_age=COOKIE_SECONDS,
        path="/owner/",
        secure=opened.settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer
