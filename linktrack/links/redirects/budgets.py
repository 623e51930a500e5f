"""Draw from what is left of a link's clicks, and give back what was not used."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Select, select, update
from sqlalchemy.orm import Session

from linktrack.change_numbers import number_at_commit
from linktrack.ids import LinkId
from linktrack.links.models import Link
from linktrack.links.redirects.leases import Drawn, lease_of
from linktrack.links.redirects.models import LinkBudget, LinkLimit


@dataclass(frozen=True, slots=True)
class Budgets:
    """The clicks that links have left, as a database keeps them for all processes."""

    engine: Engine

    def draw(self, link_id: LinkId) -> Drawn:
        """Draw a few of a link's clicks; none where none is left.

        They are drawn when this returns: two processes never get the same. Where the last one is
        drawn, the workers look the link up anew. A link without such a limit has enough.
        """
        with _writing(self.engine).begin() as connection:
            budget = _locked(connection, link_id)
            if budget is None:
                return Drawn(0, 1)
            used, number, most = budget
            drawn = Drawn(number, 1 if most is None else lease_of(most - used))
            if most is not None and drawn.clicks:
                _set_used(connection, link_id, used + drawn.clicks)
        if most is not None and 0 < drawn.clicks == most - used:
            self._tell(link_id)
        return drawn

    def give_back(self, link_id: LinkId, drawn: Drawn) -> None:
        """Give back clicks that were drawn and not used; those of a round that is over are void."""
        with _writing(self.engine).begin() as connection:
            budget = _locked(connection, link_id)
            if budget is None or budget[1] != drawn.round:
                return
            used, _, most = budget
            _set_used(connection, link_id, max(0, used - drawn.clicks))
        if most is not None and used >= most:
            self._tell(link_id)

    def _tell(self, link_id: LinkId) -> None:
        # In a transaction of its own, and the link first: so does whoever changes its limits.
        with Session(_writing(self.engine)) as session:
            link = session.scalar(select(Link).where(Link.id == link_id).with_for_update())
            if link is not None:
                number_at_commit(session, link)
            session.commit()


def _writing(engine: Engine) -> Engine:
    return engine.execution_options(linktrack_writes=True)


def _budget(link_id: LinkId) -> Select[*tuple[int, int, int | None]]:
    return (
        select(LinkBudget.used, LinkBudget.round, LinkLimit.most_clicks)
        .join(LinkLimit, LinkLimit.link_id == LinkBudget.link_id)
        .where(LinkBudget.link_id == link_id)
    )


def _locked(connection: Connection, link_id: LinkId) -> tuple[int, int, int | None] | None:
    """Return what was used, the round and the most, held until the end of the transaction."""
    row = connection.execute(_budget(link_id).with_for_update(of=LinkBudget)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def _set_used(connection: Connection, link_id: LinkId, used: int) -> None:
    connection.execute(update(LinkBudget).where(LinkBudget.link_id == link_id).values(used=used))
