"""Alerts: what was far beyond an account's usual."""

from datetime import timedelta
from typing import Final, TypedDict

from linktrack.api.access import named_account, require_all
from linktrack.api.operations import ACCOUNT, FROM, asked, operation
from linktrack.audience.accounts import accounts_by_number, list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.reports.alerts.episodes import alerts_since
from linktrack.reports.alerts.words import AlertJson, alert_json

SHOWN: Final = timedelta(days=30)


class AlertListJson(TypedDict):
    """Alerts, newest first."""

    data: list[AlertJson]


@operation("GET", "/alerts", scope="read", query=(ACCOUNT, FROM), problems=(404,))
def read_alerts() -> AlertListJson:
    """List the alerts that were noticed since `from` (default: 30 days), newest first."""
    fields, session = asked(), db_session()
    handle = fields.optional_text("account")
    if handle is None:
        require_all()
    chosen = list_accounts(session) if handle is None else [named_account(handle)]
    since = fields.moment("from") or now() - SHOWN
    accounts, timezone = accounts_by_number(session), installation().settings.timezone
    found = alerts_since(session, since, [each.id for each in chosen])
    return {"data": [alert_json(each, accounts[each.account_id], timezone) for each in found]}
