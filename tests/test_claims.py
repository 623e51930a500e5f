"""Turns at a network: of several that try at once, one asks for an account."""

from datetime import timedelta

from world import NOON, World

from linktrack.audience.claims import claim_turn
from linktrack.audience.models import Sync

LEASE = timedelta(minutes=10)


def test_the_first_gets_the_turn_and_keeps_it_for_its_lease(world: World) -> None:
    """Who comes before its end is told no; who comes at its end, yes."""
    account = world.account().id

    def claim(minutes: float) -> bool:
        with world.database.session() as session:
            got = claim_turn(session, Sync, account, NOON + timedelta(minutes=minutes), LEASE)
            session.commit()
            return got

    assert claim(0)
    assert not claim(0)
    assert not claim(9.99)
    assert claim(10)
    assert not claim(10)


def test_one_account_s_turn_is_no_other_s(world: World) -> None:
    """Each has its own."""
    one, other = world.account("@one").id, world.account("@other").id
    session = world.session
    assert claim_turn(session, Sync, one, NOON, LEASE)
    assert claim_turn(session, Sync, other, NOON, LEASE)
    assert not claim_turn(session, Sync, one, NOON, LEASE)
    session.commit()


def test_of_two_that_begin_at_once_the_second_is_told_no(world: World) -> None:
    """Where no row stood yet, the other's comes first: this one has lost, and may go on."""
    account = world.account().id
    late = world.database.session()
    with late:
        with world.database.session() as early:
            assert claim_turn(early, Sync, account, NOON, LEASE)
            early.commit()
        assert not claim_turn(late, Sync, account, NOON, LEASE)
        late.commit()
