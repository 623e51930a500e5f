"""The mark of simulated data: which simulated accounts the current page shows."""

from flask import Flask, request
from flask import session as cookie
from jinja2 import pass_context
from jinja2.runtime import Context

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.context import db_session
from linktrack.links.models import Link, Person


def register(app: Flask) -> None:
    """Give every page `simulated_here`; base.html shows the mark."""
    app.jinja_env.globals.update(simulated_here=simulated_here)


def simulated_handles(account_id: str | None) -> list[str]:
    """Return the handles of the simulated accounts: of all of them, or of the one with a number."""
    return [
        account.handle
        for account in list_accounts(db_session())
        if account.simulated and account_id in (None, "", str(account.id))
    ]


@pass_context
def simulated_here(context: Context) -> list[str]:
    """Return the handles of the simulated accounts whose data may be on the page, or a name.

    An address that names one account, or one link, has a page of what is theirs alone; any other
    page of the owner's may show all accounts. Public pages show what they are given.
    """
    is_owners = "secret" in cookie
    named = {"account", "account_id", "code"} & {*request.args, *(request.view_args or ())}
    account, link = context.get("account"), context.get("link")
    found: list[Account] = []
    if isinstance(account, Account) and (named or not is_owners):
        found = [account]
    elif isinstance(link, Link) and named:
        found = [db_session().get_one(Account, link.account_id)]
    elif is_owners:
        found = list(list_accounts(db_session()))
    elif isinstance(person := context.get("person"), Person):
        return [person.name] if person.simulated else []
    else:
        found = [each for each in context.get("accounts") or () if isinstance(each, Account)]
    return [account.handle for account in found if account.simulated]
