"""An alert in words, for persons, and in JSON, for programs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.reports.alerts.models import MOST, Alert, AlertKind
from linktrack.reports.figures.words import counted

TITLES: Final[Mapping[AlertKind, str]] = {
    "clicks.spike": "Far more clicks than usual",
    "clicks.drop": "Far fewer clicks than usual",
    "followers.rise": "Far more new followers than usual",
    "followers.fall": "Far more followers left than usual",
    "engagement.spike": "Far more likes, reposts and replies than usual",
    "engagement.drop": "Far fewer likes, reposts and replies than usual",
}
_OTHERS: Final = "likes, reposts, replies and quotes"


def title_of(alert: Alert, account: Account) -> str:
    """Return what goes on with whom."""
    return f"{account.handle}: {TITLES[alert.kind][0].lower()}{TITLES[alert.kind][1:]}"


def sentence_of(alert: Alert, timezone: ZoneInfo) -> str:
    """Return how many, when, and how many are usual."""
    more = f"up to {alert.usual:,}" if alert.kind in MOST else f"{alert.usual:,} or more"
    return f"{_what(alert, timezone)}; {more} would be usual."


def _what(alert: Alert, timezone: ZoneInfo) -> str:
    since, until = alert.since.astimezone(timezone), alert.until.astimezone(timezone)
    between = f"from {_moment(since)} to {_moment(until)}"
    if alert.kind == "clicks.spike":
        return f"{counted(alert.count, 'click')} between {since:%H:%M} and {_moment(until)}"
    if alert.kind == "clicks.drop":
        return f"{counted(alert.count, 'click')} {between}"
    if alert.kind in ("followers.rise", "followers.fall"):
        more = "more" if alert.kind == "followers.rise" else "fewer"
        return f"{counted(alert.count, 'follower')} {more} {between}"
    return f"{alert.count:,} {_OTHERS} on {since.day} {since:%B %Y}"


def _moment(local: datetime) -> str:
    return f"{local:%H:%M} on {local.day} {local:%B %Y}"


def path_of(alert: Alert) -> str:
    """Return the path of the page that shows more."""
    page = "followers" if alert.kind.startswith("followers") else "timing"
    return f"/owner/{page}?account={alert.account_id}"


class AlertJson(TypedDict):
    """Something beyond an account's usual; `ended_at` is null as long as it goes on.

    `usual` is the largest count that is usual, or of a drop the smallest.
    """

    id: int
    account: AccountNameJson
    kind: AlertKind
    since: str
    until: str
    count: int
    usual: int
    noticed_at: str
    ended_at: str | None
    sentence: str


def alert_json(alert: Alert, account: Account, timezone: ZoneInfo) -> AlertJson:
    """Return an alert as every door gives it."""
    return {
        "id": alert.id,
        "account": account_json(account),
        "kind": alert.kind,
        "since": utc(alert.since),
        "until": utc(alert.until),
        "count": alert.count,
        "usual": alert.usual,
        "noticed_at": utc(alert.noticed_at),
        "ended_at": utc(alert.ended_at),
        "sentence": sentence_of(alert, timezone),
    }
