"""The accounts there are, and the one that the current page is about."""

from collections.abc import Sequence

from flask import abort, make_response, render_template, request

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.context import db_session
from linktrack.web.context import READS
from linktrack.web.fields import account_or_main
from linktrack.web.forms import UNPROCESSABLE


def some_accounts() -> Sequence[Account]:
    """Return all accounts; if there is none, answer with the page that says how to add one.

    A form sent there gets that page with the status of a failed form.
    """
    accounts = list_accounts(db_session())
    if not accounts:
        status = 200 if request.method in READS else UNPROCESSABLE
        abort(make_response(render_template("no_accounts.html"), status))
    return accounts


def accounts_and_chosen() -> tuple[Sequence[Account], Account]:
    """Return all accounts, and the one in the address, else the one that shares links.

    If there is none, answer with the page that says how to add one. Raises `NotFound`.
    """
    accounts = some_accounts()
    return accounts, account_or_main(request.args, accounts)
