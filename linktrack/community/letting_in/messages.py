"""What people read: the welcome of a new member, and the word to somebody who is declined."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.feed_addresses import feed_token, member_token
from linktrack.community.models import Community, JoinRequest, Member
from linktrack.keys import Markers

_FEED: Final = "Your own feed, for a feed reader or a browser. It is yours alone: don't pass it on."
_RENEW: Final = "If somebody else may have your feed's address, get a new one here:"
_LEAVE: Final = "To leave, with everything about you deleted:"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes the addresses that are a member's own: `base_url` is where this service is."""

    base_url: str
    markers: Markers

    def feed(self, member: Member) -> str:
        """Return the address of a member's feed."""
        return f"{self.base_url}/feed/{feed_token(self.markers, member)}"

    def renewing(self, member: Member) -> str:
        """Return the address of the page on which a member gets new addresses."""
        return f"{self.base_url}/feed/member/{member_token(self.markers, 'member', member)}"

    def leave(self, member: Member) -> str:
        """Return the address of the page on which a member leaves."""
        return f"{self.base_url}/leave/{member_token(self.markers, 'member', member)}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A text that is sent by mail, or by hand; the subject is for mail."""

    subject: str
    text: str


def welcome(session: Session, addresses: Addresses, member: Member) -> Letter:
    """Return the welcome of a member: the owner's text, their feed, and how to leave."""
    account = session.get_one(Account, member.account_id)
    chosen = session.get(Community, member.account_id)
    said = chosen.welcome.strip() if chosen is not None else ""
    parts = [
        said or f"Welcome to the community of {account.handle}!",
        f"{_FEED}\n{addresses.feed(member)}",
        f"{_RENEW}\n{addresses.renewing(member)}",
        f"{_LEAVE}\n{addresses.leave(member)}",
    ]
    subject = f"Welcome to the community of {account.handle}"
    return Letter(subject[:200], "\n\n".join(parts) + "\n")


def word(session: Session, request: JoinRequest) -> Letter:
    """Return what somebody reads who was declined with a word."""
    account = session.get_one(Account, request.account_id)
    subject = f"Your request to join the community of {account.handle}"
    return Letter(subject[:200], f"{(request.word or '').strip()}\n")
