"""What owner pages need of a request: the owner, today's date, the page's path."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode

from flask import Blueprint, current_app, g, request
from flask import session as cookie
from werkzeug.wrappers import Response

from linktrack.context import installation, reading
from linktrack.db import now
from linktrack.errors import Forbidden
from linktrack.owners.access import hash_secret, signed_in_owner
from linktrack.owners.viewers import viewed_accounts
from linktrack.web.wanted import to_sign_in

if TYPE_CHECKING:
    from linktrack.owners.models import Owner

ONLY_LOOKS: Final = "You can look at everything here but not change it: ask an owner."
READS: Final = ("GET", "HEAD", "OPTIONS")
OWN: Final = "own"
"""The blueprint of what concerns oneself, which viewers change too."""


def today() -> date:
    """Return today's date in the owner's time zone."""
    return datetime.now(installation().settings.timezone).date()


def page_path() -> str:
    """Return the path of the current page, which answers GET.

    After a refused form it is the page with the form: forms are sent to addresses below it.
    """
    path, addresses = request.path, current_app.create_url_adapter(request)
    assert addresses is not None  # there is a request
    while path.count("/") > 1 and not addresses.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path


def here(changes: Mapping[str, object]) -> str:
    """Return this page's address with some arguments changed; None removes one."""
    path = page_path()
    arguments: dict[str, object] = dict(request.args.items()) | dict(changes)
    kept = {name: value for name, value in arguments.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


def current_owner() -> "Owner | None":
    """Return the signed-in owner, or None."""
    secret = cookie.get("secret")
    if not isinstance(secret, str):
        return None
    if "owner" not in g:
        with reading() as session:
            g.owner = signed_in_owner(session, secret, now())
            g.shown_accounts = None if g.owner is None else viewed_accounts(session, g.owner)
        if g.owner is not None:
            g.actor = g.owner.name
    return cast("Owner | None", g.owner)


class May:
    """What whoever looks may do; templates ask it before they offer a control.

    It asks the database for nothing: on an error page it may be what fails.
    """

    @property
    def write(self) -> bool:
        """Whether they may change things; false for strangers, and where nobody has asked yet."""
        owner: Owner | None = g.get("owner")
        return owner is not None and owner.role == "owner"

    @property
    def only_look(self) -> bool:
        """Whether they are known to be a viewer."""
        owner: Owner | None = g.get("owner")
        return owner is not None and owner.role == "viewer"

    @property
    def see_all(self) -> bool:
        """Whether nothing is hidden from them: they aren't limited to some accounts."""
        owner: Owner | None = g.get("owner")
        return owner is not None and not owner.limited


def require_writer() -> None:
    """Raise `Forbidden` for viewers: the page is for changing something."""
    if May().only_look:
        raise Forbidden(ONLY_LOOKS)


def signed_in() -> "Owner":
    """Return the signed-in owner, on a page that strangers don't see."""
    owner = current_owner()
    assert owner is not None  # strangers were sent away
    return owner


def own_hash() -> str:
    """Return the hash that identifies this browser's session."""
    return hash_secret(str(cookie.get("secret")))


def owner_blueprint(name: str, module: str) -> Blueprint:
    """Return a module's blueprint below /owner; its pages send strangers to sign in."""
    blueprint = Blueprint(name, module, url_prefix="/owner")
    blueprint.before_request(_send_strangers_away)
    return blueprint


def _send_strangers_away() -> Response | None:
    owner = current_owner()
    if owner is None:
        return to_sign_in(page_path)
    if owner.role == "viewer" and request.method not in READS and request.blueprint != OWN:
        raise Forbidden(ONLY_LOOKS)
    return None
