"""Letting people in on Bluesky's own servers: killed at any moment, each is followed once."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from asked import request_of
from atnetwork import Network, Person, app_password, follow, join
from databases import Maker
from killhost import do_due
from sqlalchemy import select
from standins import Answer, Asked, standin
from world import World

from linktrack.audience.credentials import connect
from linktrack.audience.models import MadeFollow
from linktrack.community.letting_in.deciding import approve, get_request
from linktrack.community.letting_in.worker import LEASE
from linktrack.community.models import MemberStep
from linktrack.db import now
from linktrack.keys import load_keys
from linktrack.networks.bluesky.session import sign_in

pytestmark = [pytest.mark.network, pytest.mark.slow]

SCRIPT: Final = Path(__file__).with_name("killhost.py")
PASSED_ON: Final[tuple[str, ...]] = (
    "authorization",
    "content-type",
    "atproto-proxy",
    "atproto-accept-labelers",
)


@dataclass
class Door:
    """Passes requests on to the data server; kills who asks before, or after, a follow is made."""

    target: str
    kill: str | None = None
    victim: int | None = None

    def answer(self, asked: Asked) -> Answer:
        follows = asked.path.endswith("createRecord")
        if follows and self.kill == "before":
            return self._killed()
        headers = {name: asked.headers[name] for name in PASSED_ON if name in asked.headers}
        found = httpx.request(
            asked.method, self.target + asked.path, params=asked.arguments,
            content=asked.body or None, headers=headers, timeout=60,
        )  # fmt: skip
        if follows and self.kill == "after":
            return self._killed()
        return Answer(found.content, found.status_code)

    def _killed(self) -> Answer:
        self.kill = None
        assert self.victim is not None
        os.kill(self.victim, signal.SIGKILL)
        return Answer(silent=True)


def subjects(atmosphere: Network, who: Person) -> Counter[str]:
    """How often somebody follows each person, as the data server has it: doubles too."""
    arguments: dict[str, str | int] = {
        "repo": who.did, "collection": "app.bsky.graph.follow", "limit": 100,
    }  # fmt: skip
    answer = httpx.get(f"{atmosphere.pds}/xrpc/com.atproto.repo.listRecords", params=arguments)
    return Counter(row["value"]["subject"] for row in answer.json()["records"])


def test_each_person_is_followed_once(
    atmosphere: Network, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Killed before or after the follow was made; and nobody whom the account follows already."""
    we = join(atmosphere, "we-door.test")
    people = {name: join(atmosphere, f"{name}-door.test") for name in ("before", "after", "known")}
    follow(atmosphere, we, people["known"])
    atmosphere.settle()
    door = Door(atmosphere.pds)
    with standin(door.answer) as place, World.at(tmp_path / "data", sqlite_databases()) as world:
        account = world.account("@we-door.test", "bluesky", "we")
        signed = sign_in(account.handle, app_password(atmosphere, we), place.address)
        connect(world.session, load_keys(world.settings.data), account, signed, now())
        world.session.commit()
        for name, person in people.items():
            request = request_of(world, account, person.handle, person.did, at=now())
            found = get_request(world.session, request.id)
            approve(world.session, found, "Jesse", now(), can_mail=False)
            world.session.commit()
            at = now()
            if name != "known":
                door.kill = name
                arguments = (str(world.settings.data), world.settings.database, "", at.isoformat())
                process = subprocess.Popen([sys.executable, str(SCRIPT), *arguments])
                door.victim = process.pid
                assert process.wait(120) == -signal.SIGKILL
            atmosphere.settle()
            for turn in (1, 2):
                do_due(world.settings.data, world.settings.database, "", at + turn * LEASE)
                atmosphere.settle()
        followed = subjects(atmosphere, we)
        assert followed == Counter({person.did: 1 for person in people.values()})
        steps = world.session.scalars(select(MemberStep.state).where(MemberStep.kind == "follow"))
        assert steps.all() == ["done"] * 3
        made = world.session.scalars(select(MadeFollow.handle).order_by(MadeFollow.id)).all()
        assert made == ["@before-door.test", "@after-door.test"]  # the other is none of ours
