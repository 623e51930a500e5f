"""A process that is killed while it lets somebody in: nobody is followed, or mailed, twice."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from asked import request_of
from gatehouse import Deed, Gatehouse, Moment, connected
from killhost import do_due
from mailboxes import Mailbox, served
from sqlalchemy import select
from standins import standin
from world import NOON, World

from linktrack.audience.models import MadeFollow
from linktrack.community.letting_in.deciding import approve, decline, get_request
from linktrack.community.letting_in.worker import LEASE
from linktrack.community.models import JoinRequest, MemberStep

SCRIPT: Final = Path(__file__).with_name("killhost.py")
MAIL: Final = "ann@example.org"


class Box(Mailbox):
    """A mail server that kills who sends, before or after it has taken the mail."""

    def __init__(self, moment: Moment | None) -> None:
        super().__init__()
        self.moment = moment
        self.victim: int | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        if self.moment == "before":
            self._kill()
            return "451 nobody listens"
        answer = await super().handle_DATA(server, session, envelope)
        if self.moment == "after":
            self._kill()
        return answer

    def _kill(self) -> None:
        self.moment = None
        assert self.victim is not None
        os.kill(self.victim, signal.SIGKILL)


def killed(world: World, gatehouse: Gatehouse, box: Box, smtp: str) -> bool:
    """Do what is due in a process of its own; return whether it was killed."""
    world.session.rollback()
    arguments = (str(world.settings.data), world.settings.database, f"smtp://{smtp}")
    process = subprocess.Popen([sys.executable, str(SCRIPT), *arguments, NOON.isoformat()])
    gatehouse.victim = box.victim = process.pid
    return process.wait(120) == -signal.SIGKILL


def later(world: World, smtp: str, by: timedelta) -> None:
    """Do what is due so much later."""
    world.session.rollback()
    do_due(world.settings.data, world.settings.database, f"smtp://{smtp}", NOON + by)


def states(world: World) -> dict[str, str]:
    world.session.rollback()
    rows = world.session.execute(select(MemberStep.kind, MemberStep.state)).all()
    world.session.rollback()
    return {row[0]: row[1] for row in rows}


KILLS: Final[list[tuple[Deed | None, Moment | None]]] = [
    ("accept", "before"),
    ("accept", "after"),
    ("follow", "before"),
    ("follow", "after"),
    (None, "before"),
    (None, "after"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("deed", "moment"), KILLS)
def test_whoever_is_let_in_is_accepted_followed_and_welcomed_once(
    world: World, deed: Deed | None, moment: Moment | None
) -> None:
    """Killed at the network, it looks there first; killed at the mail server, it asks the owner."""
    gatehouse, box = Gatehouse(), Box(None if deed else moment)
    with standin(gatehouse.answer) as place, served(box) as smtp:
        account = connected(world, gatehouse, place)
        gatehouse.asking.add("7")
        request = request_of(world, account, "ann", gatehouse.url("ann"), mail=MAIL)
        approve(world.session, get_request(world.session, request.id), "Jesse", NOON, can_mail=True)
        world.session.commit()
        gatehouse.kill = (deed, moment) if deed and moment else None

        assert killed(world, gatehouse, box, smtp)
        left = deed or "welcome"
        assert states(world)[left] == "begun"
        if deed is not None:
            assert ((deed, "ann") in gatehouse.done) == (moment == "after")
        later(world, smtp, LEASE - timedelta(seconds=1))
        assert states(world)[left] == "begun"  # nobody else's for so long
        later(world, smtp, LEASE)
        later(world, smtp, 3 * LEASE)

        assert sorted(gatehouse.done) == [("accept", "ann"), ("follow", "ann")]
        welcomed = "done" if deed else "in_doubt"
        assert states(world) == {"accept": "done", "follow": "done", "welcome": welcomed}
        assert len(box.envelopes) == (0 if (deed, moment) == (None, "before") else 1)
        follow = world.session.scalars(select(MadeFollow)).one()
        assert (follow.state, follow.followed) == ("followed", "7")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_word_is_sent_once(world: World, moment: Moment) -> None:
    """What may have arrived is the owner's to ask about."""
    gatehouse, box = Gatehouse(), Box(moment)
    with standin(gatehouse.answer) as place, served(box) as smtp:
        account = connected(world, gatehouse, place)
        request = request_of(world, account, "ann", mail=MAIL)
        found = get_request(world.session, request.id)
        decline(world.session, found, "Not yet: come back.", "Jesse", NOON, can_mail=True)
        world.session.commit()
        assert killed(world, gatehouse, box, smtp)
        later(world, smtp, LEASE)
        later(world, smtp, 2 * LEASE)
    assert len(box.envelopes) == (moment == "after")
    world.session.rollback()
    assert world.session.scalars(select(JoinRequest.word_state)).one() == "in_doubt"
