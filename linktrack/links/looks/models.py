"""Tables of how links look."""

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment
from linktrack.ids import AccountId, LinkId
from linktrack.owners.visibility import limit


class QrLook(Base):
    """How the QR codes of an account's links look; `logo` is a PNG, null is none."""

    __tablename__ = "qr_looks"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    colour: Mapped[str] = mapped_column(String(7))
    background: Mapped[str] = mapped_column(String(7))
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    changed_at: Mapped[Moment]


class OwnPicture(Base):
    """A picture of the owner's own for a link's card: a JPEG, of which `digest` is the name."""

    __tablename__ = "own_pictures"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(32), index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[Moment]


limit(QrLook, lambda shown: QrLook.account_id.in_(shown))
