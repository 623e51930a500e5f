"""Messages for persons: digests when their time has come, and alerts, each once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.reports.alerts.episodes import alerts_since
from linktrack.reports.alerts.models import Alert
from linktrack.reports.alerts.words import path_of, sentence_of, title_of
from linktrack.reports.digest import as_letter, digests
from linktrack.settings import Settings
from linktrack.webhooks.models import Delivery, MessageName, Webhook

AFTER: Final = timedelta(days=1)
"""How long after its last day a digest waits: by then that day's posts are complete."""

NEWS: Final = timedelta(days=7)
"""An alert that is older is no news; what was told of it is known for longer."""

PERIODS: Final[Mapping[MessageName, str]] = {
    "digest.weekly": "week",
    "digest.monthly": "month",
    "digest.daily": "day",
}
NAMING: Final[MessageName] = "digest.daily"
"""The one that names who came and who left; nobody gets it without having chosen it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message for one person: its key says what it is about."""

    name: MessageName
    key: str
    title: str
    text: str

    @property
    def data(self) -> Mapping[str, object]:
        """The message as it is kept until it is sent."""
        return {"title": self.title, "text": self.text}


def new_letters(
    session: Session, recipient: Webhook, settings: Settings, at: datetime
) -> Iterator[Told]:
    """Yield the messages that a person hasn't received; all clicks before `at` are loaded."""
    if "alert.raised" in recipient.events.split():
        yield from _of_alerts(session, recipient, settings, at)
    due = dict(_due_digests(recipient, settings, at))
    keys = {name: f"{name}:{day:%Y-%m-%d}" for name, day in due.items()}
    known = _known(session, recipient, keys.values())
    untold = [name for name, key in keys.items() if key not in known]
    accounts = _accounts(session, recipient) if untold else []
    for name in untold if accounts else ():
        today = due[name].date()
        found = digests(session, accounts, PERIODS[name], today, now=at, timezone=settings.timezone)
        title, text = as_letter(found, session if name == NAMING else None)
        yield Told(name, keys[name], title, f"{text}\n{settings.base_url}/owner/digest\n")


def new_alerts(
    session: Session, recipient: Webhook, at: datetime
) -> Iterator[tuple[str, Alert, Account]]:
    """Yield the alerts that a program or person hasn't been told, each with its key."""
    accounts = {account.id: account for account in _accounts(session, recipient)}
    found = alerts_since(session, max(recipient.created_at, at - NEWS), list(accounts))
    keys = {f"alert.raised:{alert.id}": alert for alert in reversed(found)}
    known = _known(session, recipient, keys)
    for key, alert in keys.items():
        if key not in known:
            yield key, alert, accounts[alert.account_id]


def _of_alerts(
    session: Session, recipient: Webhook, settings: Settings, at: datetime
) -> Iterator[Told]:
    for key, alert, account in new_alerts(session, recipient, at):
        sentence = sentence_of(alert, settings.timezone)
        text = f"{sentence}\n\n{settings.base_url}{path_of(alert)}\n"
        yield Told("alert.raised", key, title_of(alert, account), text)


def _known(session: Session, recipient: Webhook, keys: Iterable[str]) -> set[str]:
    query = select(Delivery.event_key).where(
        Delivery.webhook_id == recipient.id, Delivery.event_key.in_(list(keys))
    )
    return set(session.scalars(query))


def _due_digests(
    recipient: Webhook, settings: Settings, at: datetime
) -> Iterator[tuple[MessageName, datetime]]:
    """Yield the digests whose hour has come since the recipient was added, and when that was."""
    local = at.astimezone(settings.timezone)
    hour = time(recipient.hour or 0)
    firsts = {
        "week": local.date() - timedelta(days=local.weekday()),
        "month": local.date().replace(day=1),
        "day": local.date() - AFTER,  # yesterday's, whose names are known
    }
    chosen = recipient.events.split()
    for name, period in PERIODS.items():
        due = datetime.combine(firsts[period] + AFTER, hour, settings.timezone)
        if name in chosen and recipient.created_at < due <= at:
            yield name, due


def _accounts(session: Session, recipient: Webhook) -> Sequence[Account]:
    found = list_accounts(session)
    return [each for each in found if recipient.account_id in (None, each.id)]
