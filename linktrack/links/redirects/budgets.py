"""Draw from what is left of a link's clicks, and give back what was not used."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, select, update
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

    def draw(
        self, link_ids: Collection[LinkId], again: Collection[LinkId] = ()
    ) -> dict[LinkId, Drawn]:
        """Draw a few clicks of each link, in one transaction; none where none is left.

        They are drawn when this returns: two processes never get the same. Where the last one is
        drawn, the workers look the link up anew. A link without such a limit has enough. Links in
        `again` are left out where theirs would be one of the last ones.
        """
        drawn: dict[LinkId, Drawn] = {}
        used_now: dict[LinkId, int] = {}
        ended: list[LinkId] = []
        with _writing(self.engine).begin() as connection:
            budgets = _locked(connection, {*link_ids, *again})
            for link_id in {*link_ids, *again}:
                used, number, most = budgets.get(link_id, (0, 0, None))
                clicks = 1 if most is None else lease_of(most - used)
                if link_id in link_ids or clicks > 1:
                    drawn[link_id] = Drawn(number, clicks)
                    if most is not None and clicks:
                        used_now[link_id] = used + clicks
                        ended += [link_id] if used + clicks == most else []
            _set_used(connection, used_now)
        for link_id in ended:
            self._tell(link_id)
        return drawn

    def give_back(self, given: Mapping[LinkId, Drawn]) -> None:
        """Give back clicks that were drawn and not used; those of a round that is over are void."""
        with _writing(self.engine).begin() as connection:
            budgets = {
                link_id: budget
                for link_id, budget in _locked(connection, given).items()
                if budget[1] == given[link_id].round
            }
            _set_used(
                connection,
                {
                    link_id: max(0, used - given[link_id].clicks)
                    for link_id, (used, _, _) in budgets.items()
                },
            )
        for link_id, (used, _, most) in budgets.items():
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


def _locked(
    connection: Connection, link_ids: Collection[LinkId]
) -> dict[LinkId, tuple[int, int, int | None]]:
    """Return what was used, the round and the most, held until the end of the transaction.

    In the order of the links, in which all take them.
    """
    query = (
        select(LinkBudget.link_id, LinkBudget.used, LinkBudget.round, LinkLimit.most_clicks)
        .join(LinkLimit, LinkLimit.link_id == LinkBudget.link_id)
        .where(LinkBudget.link_id.in_(sorted(link_ids)))
        .order_by(LinkBudget.link_id)
        .with_for_update(of=LinkBudget)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


def _set_used(connection: Connection, used: Mapping[LinkId, int]) -> None:
    if used:
        change = update(LinkBudget).where(LinkBudget.link_id == bindparam("of"))
        values = [{"of": link_id, "used_now": number} for link_id, number in used.items()]
        connection.execute(change.values(used=bindparam("used_now")), values)
