"""The invitation of a person: the link that signs them in, and the mail with it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that signs a person in once, until `until`, in the owner's time zone."""

    host: str
    by: str
    name: str
    is_viewer: bool
    is_limited: bool
    address: str
    until: datetime

    @property
    def ends(self) -> str:
        """When the link ends, in words."""
        at = self.until
        return f"{at.day} {at:%b %Y, %H:%M} ({at.tzinfo})"

    @property
    def subject(self) -> str:
        """The subject of the mail."""
        return f"{self.by} invites you to linktrack on {self.host}"

    @property
    def text(self) -> str:
        """The mail."""
        role = "see and change everything"
        if self.is_viewer:
            role = "see everything but not change it"
        if self.is_limited:
            role = "see some of the accounts but not change them"
        return (
            f"Hello {self.name},\n\n"
            f"{self.by} invites you to linktrack on {self.host}, where you can {role}.\n\n"
            f"To sign in, open this link. It works once, until {self.ends}:\n\n"
            f"{self.address}\n\n"
            "You can set a password there. If you didn't expect this email, ignore it.\n"
        )
