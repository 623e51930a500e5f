"""The choice of link preview for an account: linktrack's own card, or the destination page's."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Card
from linktrack.change_numbers import number_at_commit
from linktrack.errors import Invalid
from linktrack.networks.registry import network_of
from linktrack.owners.audit import note

OURS: Final = "ours"
"""Fetchers of previews are answered with the link's card, so that taps on it are counted."""

DESTINATION: Final = "destination"
"""Fetchers are redirected like people, and make a card of the page they come to."""

CHOICES: Final[tuple[Card, ...]] = (OURS, DESTINATION)


def usual_card(network: str) -> Card:
    """Return what a new account of a network begins with.

    Where a network's own cards lead past us, one of ours; else the destination's, which shows its
    own site's name.
    """
    return "ours" if network_of(network).cards.lead_past_us else "destination"


def set_card(session: Session, account: Account, choice: str, now: datetime) -> None:
    """Choose whose card an account's links have; every worker follows within 2 seconds.

    Raises `Invalid` for another choice than `ours` and `destination`.
    """
    if choice not in CHOICES:
        raise Invalid(f"{choice[:40]!r} isn't a card: choose ours or destination.")
    if choice == account.card:
        return
    account.card, account.card_set_at = choice, now
    number_at_commit(session, account)
    session.flush()
    whose = "our own" if choice == OURS else "the destination's"
    note(session, f"Links of {account.handle} show {whose} card.", now)
