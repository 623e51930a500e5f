"""The table of asking who somebody is: what servers call us."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment


class Registration(Base):
    """What a server gave us (sealed) so that people can sign in there, for a day.

    It is found by a keyed hash of the server and of the address to come back to: a server may have
    one person alone, whom its name would name.
    """

    __tablename__ = "registrations"

    key_hash: Mapped[str] = mapped_column(String(32), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment] = mapped_column(index=True)
