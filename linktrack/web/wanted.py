"""What somebody wanted who has to sign in first: the page, and the text that they had typed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from flask import current_app, flash, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.db import now

LONGEST: Final = 3_000
"""Characters of an address that signing in leads on to: proxies take no more than 4 to 8 KB."""

REMEMBERED: Final = timedelta(hours=1)
"""How long a one-time link leads on to the page that was asked for before it."""

_COOKIE: Final = "next"


def safe(address: str) -> str:
    """Return an address if it is a page of the owner's, below /owner/, else ""."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None  # there is a request
    path = address.partition("?")[0]
    is_plain = address.isascii() and address.isprintable() and not set(address) & set(" \\")
    if len(address) > LONGEST or not is_plain or not path.startswith("/owner/"):
        return ""
    if "//" in path or path.startswith("/owner/sign-") or not adapter.test(path, "GET"):
        return ""
    return address


def remember(address: str) -> None:
    """Keep in the browser's cookie where a one-time link is to lead on to."""
    if address:
        cookie[_COOKIE] = [address, now().isoformat()]


def remembered(at: datetime) -> str:
    """Return what was remembered within the last hour, else ""."""
    found = cookie.get(_COOKIE)
    if not isinstance(found, list) or datetime.fromisoformat(found[1]) < at - REMEMBERED:
        return ""
    return safe(str(found[0]))


def to_sign_in(page_path: Callable[[], str]) -> Response:
    """Send a stranger to sign in, which leads back to here; what they typed is not lost.

    `page_path` returns the path of the page that a form is on.
    """
    cookie.pop("secret", None)  # of a session that is over
    if request.method in ("GET", "HEAD"):
        query = request.query_string.decode("ascii", "replace")
        asked = quote(request.path) + (f"?{query}" if query else "")
        return redirect(_sign_in_address(asked))
    kept = kept_text(page_path(), "You were signed out before this was saved.")
    if kept is not None:
        return Response(kept, 403, mimetype="text/html")
    flash("You were signed out before this was saved. Sign in and send it again.")
    return redirect(_sign_in_address(quote(page_path())))


def kept_text(page: str, why: str) -> str | None:
    """Return a page with the texts that were sent, which are not saved; None if there are none."""
    texts = [
        value
        for name, value in request.form.items(multi=True)
        if name.startswith("text") and value.strip()
    ]
    if not texts:
        return None
    address = ""
    if page.startswith("/owner/compose") and len(texts) == 1:
        account = request.form.get("account", "")
        sent = {"text": texts[0]} | ({"account": account} if account.isdecimal() else {})
        address = safe(f"/owner/compose?{urlencode(sent)}")
    goes_along = bool(address)
    return render_template(
        "sign_in/kept.html",
        why=why,
        texts=texts,
        goes_along=goes_along,
        place=_sign_in_address(address or quote(page)),
    )


def _sign_in_address(asked: str) -> str:
    lead_on = safe(asked)
    return url_for("sign_in.show", next=lead_on if lead_on != "/owner/" and _is_page() else None)


def _is_page() -> bool:
    """Whether a person asked: scripts ask for other things beside an open page."""
    return not request.path.endswith(".json")
