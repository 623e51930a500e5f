"""Tables of when links redirect."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, OptionalMoment
from linktrack.ids import LinkId


class LinkLimit(Base):
    """When a link redirects: from `valid_from` until before `expires_at`; null is no limit.

    Who writes a row also sets `Link.has_plan`: the lane looks for none without it.
    """

    __tablename__ = "link_limits"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    valid_from: Mapped[OptionalMoment]
    expires_at: Mapped[OptionalMoment]
