"""A process that is killed while it lets somebody in: nobody is followed, or mailed, twice."""

import os
import shutil
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from asked import request_of
from databases import Maker
from gatehouse import Deed, Gatehouse, Moment, connected
from killhost import do_due
from mailboxes import Mailbox, served
from servers import answer, environment, serving
from sqlalchemy import select
from sqlalchemy.engine import make_url
from standins import standin
from victims import run_apart
from waiting import wait_until
from world import NOON, World

from linktrack.audience.models import MadeFollow
from linktrack.community.letting_in.deciding import approve, decline, get_request
from linktrack.community.letting_in.worker import LEASE
from linktrack.community.models import JoinRequest, MemberStep
from linktrack.db import now

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
    settings = world.settings

    def told(number: int) -> None:
        gatehouse.victim = box.victim = number

    given = (settings.data, settings.database, f"smtp://{smtp}", NOON)
    return run_apart(do_due, *given, told=told) == -signal.SIGKILL


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


@pytest.mark.slow
def test_the_running_service_lets_in_and_nothing_is_left_of_who_leaves(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Neither in the data folder nor in the log, as soon as it has ended."""
    data, log = tmp_path / "data", tmp_path / "log"
    url = f"sqlite:///{data}/linktrack.db"
    gatehouse, box = Gatehouse(names={"7": "quicksilvera"}), Box(None)
    with standin(gatehouse.answer) as place, served(box) as smtp:
        data.mkdir()
        shutil.copy(make_url(sqlite_databases()).database or "", data / "linktrack.db")
        environ = environment(
            data, url, LINKTRACK_SMTP_URL=f"smtp://{smtp}", LINKTRACK_MAIL_TO="jesse@example.org",
            LINKTRACK_SYNC_HOURS="0",
        )  # fmt: skip
        with World.at(data, url) as world:
            account = connected(world, gatehouse, place)
            person = gatehouse.url("quicksilvera")
            gatehouse.asking.add("7")
            request = request_of(
                world, account, "quicksilvera", person, mail="quicksilvera@example.org", at=now()
            )
            number = request.id
            world.session.rollback()
            with serving(environ, log) as server:
                answer(environ, "community", "approve", str(number), "--json")
                wait_until(lambda: set(states(world).values()) == {"done"}, 60, every=0.2)
                assert sorted(gatehouse.done) == [
                    ("accept", "quicksilvera"), ("follow", "quicksilvera"),
                ]  # fmt: skip
                text = box.mail().get_content()
                leave = text.partition("/leave/")[2].split()[0]
                left = httpx.post(f"{server.base_url}/leave/{leave}", timeout=30)
                assert left.status_code == 200
        assert traces(data, "quicksilvera") == []
        assert "quicksilvera" not in log.read_text().lower()


def traces(folder: Path, words: str) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if words.encode() in path.read_bytes().lower()]
