"""Where an account's suggestions come from; both ways are off until its owner says otherwise."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.models import SuggestionWatch
from linktrack.community.suggestions.models import SuggestionBox
from linktrack.errors import Invalid, NotFound
from linktrack.networks.registry import network_of
from linktrack.owners.audit import note


def box_of(session: Session, account: Account) -> SuggestionBox:
    """Return what an account has switched on; one that was never set has nothing on."""
    return session.get(SuggestionBox, account.id) or SuggestionBox(account_id=account.id)


def listening(session: Session, *, by_form: bool = False) -> Sequence[Account]:
    """Return the accounts that take suggestions in any way, or by the form; in order of adding."""
    by_mentions = SuggestionBox.mentions_since.is_not(None)
    form = SuggestionBox.form_since.is_not(None)
    query = (
        select(Account)
        .join(SuggestionBox, SuggestionBox.account_id == Account.id)
        .where(form if by_form else or_(form, by_mentions), Account.removed_at.is_(None))
    )
    return session.scalars(query.order_by(Account.id)).all()


def reads_mentions(account: Account) -> bool:
    """Whether the network of an account tells a program who spoke to it."""
    return network_of(account.network).shows_mentions


def set_box(
    session: Session, account: Account, now: datetime, *, form: bool, mentions: bool
) -> SuggestionBox:
    """Switch an account's ways on or off; what is on stays on since when it was.

    Only what is said from then on is read. Raises `Invalid` for mentions on a network that doesn't
    tell of them.
    """
    if mentions and not reads_mentions(account):
        raise Invalid(
            f"Mentions and replies aren't read on {network_of(account.network).label}: switch on "
            "the form, and give out its address."
        )
    box = session.get(SuggestionBox, account.id, with_for_update=True)
    if box is None:
        box = SuggestionBox(account_id=account.id)
        session.add(box)
    if form != (box.form_since is not None):
        box.form_since = now if form else None
        note(session, f"Switched the form of {account.handle} {'on' if form else 'off'}.", now)
    if mentions != (box.mentions_since is not None):
        box.mentions_since = now if mentions else None
        watch = session.get(SuggestionWatch, account.id)
        if watch is not None:  # what was said meanwhile is not read
            watch.next_at = now
            watch.read_until = watch.begun_at = watch.cursor = watch.problem = None
        deed = "Began" if mentions else "Stopped"
        note(session, f"{deed} reading who speaks to {account.handle}, for suggestions.", now)
    session.flush()
    return box


def check_form(session: Session, account: Account) -> None:
    """Raise `NotFound` where an account takes no suggestions by the form."""
    if box_of(session, account).form_since is None or account.removed_at is not None:
        raise NotFound("There is nothing at this address.")
