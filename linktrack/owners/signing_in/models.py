"""Tables of signing in: the mails that are to be sent about it."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment


class SignInMail(Base):
    """A mail that is to be sent: somebody signed in on a device that was new.

    `begun_at` is set before it is sent, so that no crash sends it twice; `text` is what it says.
    """

    __tablename__ = "sign_in_mails"

    id: Mapped[Id]
    at: Mapped[Moment]
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    due_at: Mapped[Moment]
    begun_at: Mapped[OptionalMoment]
