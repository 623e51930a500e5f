"""What readers see of a link with limits: that it has ended or not begun, or its password page."""

from flask import Blueprint, Response, make_response, render_template, request

from linktrack.context import client_network, close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid, NotFound, TooMany
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import limits_of
from linktrack.links.redirects.limits import pass_name
from linktrack.links.redirects.passwords import begin_try, forget_failures
from linktrack.web.public.domains.here import link_here
from linktrack.web.public.strangers import refuse_other_sites

blueprint = Blueprint("limited", __name__)


def limited_page(link: Link, code: str) -> Response:
    """Answer a click that the lane didn't redirect, on a link that is enabled."""
    limits, at = limits_of(db_session(), link), now()
    if limits.has_ended(at):
        page = render_template("public/gone.html", link=link, ended=limits)
        return make_response(page, 410)
    if not limits.has_begun(at):
        page = render_template("public/early.html", code=code, begins=limits.valid_from)
        return make_response(page, 404)
    if limits.has_password:
        return _password_page(code)
    # The link was made, or changed, a moment after the lane looked.
    raise NotFound("This short link is not ready yet: try again in a moment.")


@blueprint.post("/<code>")
def unlock(code: str) -> Response:
    """Take a link's password, and lead on to the link, which redirects this browser from now on."""
    refuse_other_sites()
    db_session(writes=False)
    link = link_here(code)
    close_db_session()
    database, network = installation().database, client_network()
    typed = request.form.get("password", "")
    try:
        with database.session(writes=True) as session:
            tried = begin_try(session, link.id, network, now())
            session.commit()
        if tried is None or link.disabled_at is not None:
            return _lead_on(code)
        password = tried.check(typed)  # in no transaction: it holds up nobody
    except (Forbidden, Invalid) as error:
        return _password_page(code, error.sentence, 403)
    except TooMany as error:
        return _password_page(code, error.sentence, 429)
    with database.session(writes=True) as session:
        forget_failures(session, tried)
        session.commit()
    answer = _lead_on(code)
    name = pass_name(link.id)
    answer.set_cookie(
        name,
        installation().keys.passes().sign(name, password),
        path=f"/{code}",
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _password_page(code: str, error: str | None = None, status: int = 200) -> Response:
    query = request.query_string.decode("latin-1")
    page = render_template("public/password.html", code=code, query=query, error=error)
    return make_response(page, status)


def _lead_on(code: str) -> Response:
    query = request.query_string.decode("latin-1")
    address = f"/{code}?{query}" if query else f"/{code}"
    answer = make_response(render_template("public/opened.html", address=address))
    # Browsers let no form lead to another site (form-action), nor by a redirect.
    answer.headers["Refresh"] = f"0; url={address}"
    # Else the click would come from this page, which sent nobody.
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
