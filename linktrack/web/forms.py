"""Forms: do what was sent, commit and say so; or show the page again with the error.

Every form of the owner pages is one function under `@form`: it reads what was `Sent`, calls the
capability, which writes the activity log, and returns the message to show. The rest is the same for
all of them, and is here.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Final, TypeAlias, TypeVar

from flask import Blueprint, current_app, flash, make_response, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from linktrack.audience.models import Account
from linktrack.context import close_db_session, db_session
from linktrack.db import Session, now, take_edit_lock
from linktrack.errors import Conflict, Invalid, LinktrackError, Overtaken, TooLarge
from linktrack.web import fields

MENDABLE: Final = (Invalid, Conflict, Overtaken, TooLarge)
"""What a person mends in the form at hand, which is shown again with what was typed."""

UNPROCESSABLE: Final = 422

MADE_FROM: Final = "made_from"
"""The field with the version of what a form changes, as it was when the form was made."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A form sent at the moment `now`; values that can't be read raise `Invalid`."""

    now: datetime

    @property
    def session(self) -> Session:
        """The request's session, opened at first use: networks are asked before that."""
        return db_session()

    def text(self, name: str, label: str) -> str:
        """Return a text as `fields.text` does."""
        return fields.text(request.form, name, label)

    def whole(self, name: str, label: str) -> int | None:
        """Return a whole number as `fields.whole` does."""
        return fields.whole(request.form, name, label)

    def row_id(self, name: str, label: str) -> int | None:
        """Return the number of something stored as `fields.row_id` does."""
        return fields.row_id(request.form, name, label)

    def moment(self, name: str, label: str) -> datetime | None:
        """Return a date or time as `fields.moment` does."""
        return fields.moment(request.form, name, label)

    def day(self, name: str, label: str) -> date | None:
        """Return a calendar day as `fields.day` does."""
        return fields.day(request.form, name, label)

    def all_of(self, name: str) -> list[str]:
        """Return every value of a field, such as ticked boxes."""
        return request.form.getlist(name)

    def has(self, name: str) -> bool:
        """Whether a box was ticked or a button pressed."""
        return name in request.form

    def says_yes(self, name: str) -> bool:
        """Whether a field is "yes"."""
        return request.form.get(name) == "yes"

    def file(self, name: str) -> bytes:
        """Return what an uploaded file holds, b"" for none; a request has LARGEST."""
        sent = request.files.get(name)
        return sent.read() if sent is not None else b""

    def account(self) -> Account | None:
        """Return the account named in the form; raises `NotFound`."""
        return fields.chosen_account(request.form)


@dataclass(frozen=True, slots=True)
class Done:
    """The form is done: the message to show, on a page whose address wasn't known before."""

    said: str
    address: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The form is done: the answer is a page shown only once, such as one with a secret."""

    page: Callable[[], str]


Outcome: TypeAlias = str | Done | Shown
Page: TypeAlias = Response | str
Action = TypeVar("Action", bound=Callable[..., Outcome])
Edited: TypeAlias = Callable[..., Mapping[str, object]]
"""What a form changes as it is now, each value by its label; takes the arguments of the path."""

_EDITED: Final[dict[str, Edited]] = {}  # by the endpoint of the form


def form(
    blueprint: Blueprint,
    path: str,
    *,
    back_to: str | Callable[..., str],
    again: Callable[..., Page] | None = None,
    mends: tuple[type[LinktrackError], ...] = MENDABLE,
    edits: Edited | None = None,
) -> Callable[[Action], Action]:
    """Make a function the handler of a form that is sent to `path`.

    It gets a `Sent` and the arguments of the path. Its changes are committed, its message is
    shown on the page `back_to`: an endpoint, which takes from the path what it needs, or a function
    from these arguments to an address. If it raises one of `mends`, all is rolled back, and `again`
    gets the error and these arguments, and returns the page with the error in place (status 422);
    without `again` the error page answers.

    `edits` returns what the form changes. A form with the field `made_from` raises `Overtaken` if
    that is no longer what it was made from: nobody replaces a change they haven't seen.
    """

    def register(action: Action) -> Action:
        if edits is not None:
            _EDITED[f"{blueprint.name}.{action.__name__}"] = edits

        @wraps(action)
        def view(**values: object) -> Response:
            try:
                if edits is not None:
                    take_edit_lock(db_session().connection())
                    _refuse_overtaken(edits(**values))
                outcome = action(Sent(now()), **values)
            except mends as error:
                if again is None:
                    raise
                close_db_session()  # all is undone, and the page is made without a lock
                db_session(writes=False)
                answer = make_response(again(error, **values))
                answer.status_code = UNPROCESSABLE
                return answer
            db_session().commit()
            if isinstance(outcome, Shown):
                return make_response(outcome.page())
            if isinstance(outcome, Done):
                flash(outcome.said)
                return redirect(outcome.address, 303)
            flash(outcome)
            return redirect(_address(back_to, values), 303)

        blueprint.add_url_rule(path, view_func=view, methods=["POST"])
        return action

    return register


def made_from(endpoint: str, **values: object) -> Markup:
    """Return the hidden field that says which version a form was made from."""
    version = _version(_EDITED[endpoint](**values))
    return Markup('<input type="hidden" name="{}" value="{}">').format(MADE_FROM, version)


def versioned() -> frozenset[str]:
    """Return the endpoints of forms that refuse a change made from an older version."""
    return frozenset(_EDITED)


def _version(edited: Mapping[str, object]) -> str:
    return hashlib.blake2b(json.dumps(list(edited.items())).encode(), digest_size=8).hexdigest()


def _refuse_overtaken(edited: Mapping[str, object]) -> None:
    made_from = request.form.get(MADE_FROM)
    if made_from is not None and made_from != _version(edited):
        now_there = "; ".join(f"{label}: {value or 'empty'}" for label, value in edited.items())
        raise Overtaken(
            f"Somebody changed this while you had it open. It is now: {now_there}. What you "
            "entered is not saved yet: save again to replace theirs."
        )


def _address(back_to: str | Callable[..., str], values: dict[str, object]) -> str:
    if not isinstance(back_to, str):
        return back_to(**values)
    rule = next(current_app.url_map.iter_rules(back_to))
    arguments: dict[str, str] = {name: str(values[name]) for name in rule.arguments}
    return url_for(back_to, **arguments)  # type: ignore[arg-type]  # none is named as an option
