"""Tables of the addresses that short links begin with."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment
from linktrack.ids import AccountId


class Domain(Base):
    """An address that short links begin with, with codes of its own, and what its pages say.

    A link without one is on the first domain, which begins with LINKTRACK_BASE_URL; what that
    one's pages say is in the row whose address is empty, if there is one. Links made on a domain
    without naming an account are those of `account_id`. Whoever asks for the domain itself is sent
    to `front_address`, or reads `front_title` and `front_text`; whoever asks for an unknown link,
    to `missing_address`, or reads `missing_text`.
    """

    __tablename__ = "domains"

    id: Mapped[Id]
    address: Mapped[str] = mapped_column(String(300), unique=True)
    since: Mapped[Moment]
    account_id: Mapped[AccountId | None] = mapped_column(ForeignKey("accounts.id"))
    front_title: Mapped[str | None] = mapped_column(String(100))
    front_text: Mapped[str | None] = mapped_column(Text)
    front_address: Mapped[str | None] = mapped_column(Text)
    missing_text: Mapped[str | None] = mapped_column(Text)
    missing_address: Mapped[str | None] = mapped_column(Text)

    @property
    def host(self) -> str:
        """What its links begin with, without https://."""
        return self.address.partition("://")[2]


class AccountDomain(Base):
    """The domain on which an account's new links are; an account without one uses the first."""

    __tablename__ = "account_domains"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domains.id"), index=True)


class BaseAddress(Base):
    """An address that short links begin with, or began with before: of a domain, or the first's."""

    __tablename__ = "base_addresses"

    address: Mapped[str] = mapped_column(String(300), primary_key=True)
    since: Mapped[Moment]
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domains.id"), index=True)
