"""Communities, read only: whether they are open, and who asks to join."""

from linktrack.api.access import seen_session
from linktrack.api.operations import AFTER, LIMIT, Parameter, asked, operation
from linktrack.api.paging import page_size
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.community.asking.listing import STATES, RequestPageJson, request_page
from linktrack.community.communities import CommunityJson, community_json, get_community
from linktrack.context import db_session
from linktrack.db import now

STATE = Parameter("state", "Which requests; without it those that wait.", choices=STATES)


@operation("GET", f"{ACCOUNT}/community", scope="read", problems=(404,))
def read_community(number: int) -> CommunityJson:
    """Return an account's community."""
    account = numbered_account(number)
    return community_json(account, get_community(db_session(), account))


@operation("GET", f"{ACCOUNT}/requests", scope="read", query=(STATE, LIMIT, AFTER), problems=(404,))
def read_requests(number: int) -> RequestPageJson:
    """List who asks to join an account, the oldest request first; with what is known of them."""
    fields = asked()
    account = numbered_account(number)
    return request_page(
        seen_session(),
        account,
        fields.text("state", "waiting"),
        now(),
        after=fields.row_number("after"),
        limit=page_size(fields),
    )
