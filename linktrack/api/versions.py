"""ETag and If-Match: a change that was made from an older state is refused, and nothing is lost.

An ETag is `"WHOLE-VERSION"`: two digests of the JSON that a GET answers, of all of it, for
If-None-Match, and of all but its figures, for If-Match: a click is nobody's edit.
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from flask import Response, make_response, request

from linktrack.context import db_session
from linktrack.db import take_edit_lock
from linktrack.errors import Invalid, Overtaken

VERSION: Final = re.compile(r"^[0-9a-f]{16}-([0-9a-f]{16})")

P = ParamSpec("P")
R = TypeVar("R")


def etag_of(body: bytes, figures: frozenset[str] = frozenset()) -> str:
    """Return the ETag of an answer, without quotes; `figures` are the fields that nobody edits."""
    whole = _digest(body)
    if not figures:
        return f"{whole}-{whole}"
    said: object = json.loads(body)
    if isinstance(said, dict):
        said = {name: value for name, value in said.items() if name not in figures}
    return f"{whole}-{_digest(json.dumps(said).encode())}"


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def unless_overtaken(
    view: Callable[P, R], read: Callable[[], tuple[Callable[..., object], frozenset[str]] | None]
) -> Callable[P, R]:
    """Let a view change a thing only if its version is the one in If-Match, where that is sent.

    `read` returns the view that answers GET of the same thing and its figures, or None if there is
    none. Edits wait for each other, so none comes between the comparison and the change. Raises
    `Overtaken`; `Invalid` where nothing answers GET, so that there is no version.
    """

    @wraps(view)
    def changed(*args: P.args, **kwargs: P.kwargs) -> R:
        request.get_data()  # however slowly it comes: nobody waits for it behind the lock
        session = db_session()
        take_edit_lock(session.connection())
        if "If-Match" not in request.headers or request.if_match.star_tag:
            return view(*args, **kwargs)
        reading = read()
        if reading is None:
            raise Invalid("Nothing here has an ETag: leave the If-Match out.")
        show, figures = reading
        answer: Response = make_response(show(*args, **kwargs))
        found = VERSION.match(etag_of(answer.get_data(), figures))
        sent = map(VERSION.match, request.if_match.as_set(include_weak=True))
        assert found is not None
        if found[1] not in {each[1] for each in sent if each is not None}:
            raise Overtaken(
                "Somebody has changed this since you read it (If-Match): read it again, and send "
                "your change with its new ETag. Nothing was changed."
            )
        return view(*args, **kwargs)

    return changed
