"""Hello with the network: signing in there tells which follower somebody is, and so their segment.

The browser keeps the segment, the day, and that the network told it. Who it was is looked up and
forgotten in one request.
"""

from flask import request
from werkzeug.wrappers import Response

from linktrack.audience.accounts import find_account
from linktrack.audience.hello import Said
from linktrack.audience.identity.following import segment_of
from linktrack.audience.models import Account
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import LinktrackError
from linktrack.networks.identity import Identity
from linktrack.web.context import today
from linktrack.web.public.hello import back_to, blueprint, page, remember
from linktrack.web.public.identity import ends, start_sign_in
from linktrack.web.public.strangers import asks_not_to_be_tracked, refuse_other_sites

PURPOSE = "hello"


@blueprint.post("/<account>/sign-in")
def sign_in(account: str) -> Response:
    """Lead to the network of whoever wants to show that they follow."""
    refuse_other_sites()
    found = find_account(db_session(), account)
    if asks_not_to_be_tracked():
        return back_to(account)
    try:
        return start_sign_in(PURPOSE, found, request.form.get("typed", ""))
    except LinktrackError as error:
        return page(found, error=error.sentence, status=422)


def _signed_in(account: Account, identity: Identity, _: str) -> Response:
    """Find the follower's segment, and have the browser keep that alone."""
    if asks_not_to_be_tracked():
        return back_to(account.handle)
    segment = segment_of(db_session(writes=True), account, identity, now())
    if segment is None:
        return page(account, stranger=identity.handle)
    said = Said(segment, "network", today())
    return remember(back_to(account.handle), account, said)


def _refused(account: Account, sentence: str, _: str) -> Response:
    return page(account, error=sentence, status=403)


ends(PURPOSE, _signed_in, _refused)
