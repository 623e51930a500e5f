"""A reply on Bluesky's own servers becomes a suggestion, a draft, a post, and is answered once.

One test, since joining takes most of it. A proxy before the account's server ends the process that
asks, before or after what it asked for was done.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from atnetwork import Network, Person, app_password, join, record_of
from databases import Maker
from servers import environment
from sqlalchemy import select, update
from standins import Answer, Asked, Standin, standin
from waiting import wait_until
from world import World

from linktrack.audience.credentials import connect
from linktrack.audience.models import Account
from linktrack.community.models import Suggestion, SuggestionWatch
from linktrack.community.suggestions.answering import ask, offers_for
from linktrack.community.suggestions.boxes import set_box
from linktrack.community.suggestions.deciding import draft
from linktrack.community.suggestions.models import SuggestionAnswer
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.networks.signing_in import sign_in
from linktrack.publishing.queue import enqueue
from linktrack.sync import answer_due, take_suggestions_due

pytestmark = [pytest.mark.network, pytest.mark.slow]

MOSS: Final = "https://example.org/moss"
RUNS: Final = """\
import sys
from linktrack.installation import Installation
from linktrack import sync
getattr(sync, sys.argv[1])(Installation.open())
"""


@dataclass
class Proxy:
    """Passes requests on to the account's server.

    At a request for `kill_at` it kills the `victim`, and answers nobody; with `after` what was
    asked for is done first.
    """

    target: str
    kill_at: str | None = None
    after: bool = False
    victim: "subprocess.Popen[bytes] | None" = None
    address: str = ""
    methods: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        method = asked.path.rpartition(".")[2]
        self.methods.append(method)
        kills = self.victim is not None and method == self.kill_at
        if not kills or self.after:
            found = self._pass_on(asked)
        if kills:
            assert self.victim is not None
            os.kill(self.victim.pid, signal.SIGKILL)
            return Answer(silent=True)
        # The server names itself in the answer to a sign-in: from there on nobody would ask us.
        said = found.text.replace(self.target, self.address)
        return Answer(json.loads(said) if said else b"", found.status_code)

    def _pass_on(self, asked: Asked) -> httpx.Response:
        kept = ("authorization", "content-type", "atproto-proxy")
        return httpx.request(
            asked.method, self.target + asked.path, params=asked.arguments, content=asked.body,
            headers={name: asked.headers[name] for name in kept if name in asked.headers},
            timeout=60,
        )  # fmt: skip


@pytest.fixture
def proxy(atmosphere: Network) -> Proxy:
    return Proxy(atmosphere.pds)


@pytest.fixture
def place(proxy: Proxy) -> Iterator[Standin]:
    with standin(proxy.answer) as place:
        proxy.address = place.address
        yield place


@pytest.fixture
def world(sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    with World.at(tmp_path / "data", sqlite_databases()) as world:
        yield world


def killed(world: World, proxy: Proxy, deed: str, at: str, *, after: bool) -> None:
    """Run one turn in a process of its own, which is killed as it asks for something."""
    proxy.kill_at, proxy.after = at, after
    process = subprocess.Popen(
        [sys.executable, "-c", RUNS, deed], env=_environment(world), stdin=subprocess.DEVNULL
    )
    proxy.victim = process
    assert process.wait(120) == -signal.SIGKILL
    proxy.victim = None


def _environment(world: World) -> dict[str, str]:
    settings = world.settings
    base_url = settings.base_url
    return environment(settings.data, settings.database, LINKTRACK_BASE_URL=base_url)


def notified(atmosphere: Network, who: Person) -> int:
    """Return how many notifications somebody has: they come a little behind the posts."""
    answer = httpx.get(
        f"{atmosphere.pds}/xrpc/app.bsky.notification.listNotifications",
        headers={"Authorization": f"Bearer {who.token}"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return len(answer.json()["notifications"])


def later(world: World, *tables: type[Any]) -> None:
    """Let the time of what waits have come: minutes are over."""
    world.session.rollback()
    for table in tables:
        world.session.execute(update(table).where(table.next_at.is_not(None)).values(next_at=now()))
    world.session.commit()


def test_a_reply_with_a_link_is_taken_in_published_and_answered_once(
    atmosphere: Network, world: World, proxy: Proxy, place: Standin
) -> None:
    """Whatever is killed between any two steps."""
    you, ann = join(atmosphere, "shares.test"), join(atmosphere, "finds.test")
    account = world.account("@shares.test", "bluesky")
    keys = load_keys(world.settings.data)
    password = {"app_password": app_password(atmosphere, you)}
    signed = sign_in("bluesky", "@shares.test", password, place.address)
    connect(world.session, keys, account, signed, now())
    set_box(
        world.session, account, datetime.now(UTC) - timedelta(hours=1), form=False, mentions=True
    )
    world.session.commit()
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    post = {"$type": "app.bsky.feed.post", "text": "What did you find?", "createdAt": stamp}
    first = atmosphere.call(
        "com.atproto.repo.createRecord",
        {"repo": you.did, "collection": "app.bsky.feed.post", "record": post}, you.token,
    )  # fmt: skip
    atmosphere.settle()  # nobody is notified of a reply to a post that isn't there yet
    place_of = {name: first[name] for name in ("uri", "cid")}
    text = f"This field guide: {MOSS}"
    reply = {
        "$type": "app.bsky.feed.post", "text": text, "createdAt": stamp,
        "reply": {"root": place_of, "parent": place_of},
    }  # fmt: skip
    said = atmosphere.create("app.bsky.feed.post", reply, ann)
    atmosphere.create("app.bsky.feed.post", {**reply, "text": "Nothing today."}, ann)
    atmosphere.settle()
    wait_until(lambda: notified(atmosphere, you) == 2, seconds=60)

    killed(world, proxy, "take_suggestions_due", "listNotifications", after=True)
    opened = Installation(world.settings, keys, world.database, world.shortener)
    for _ in range(2):
        later(world, SuggestionWatch)
        assert [each.problem for each in take_suggestions_due(opened)] == [None]
    world.session.rollback()
    [found] = world.session.scalars(select(Suggestion)).all()
    assert (found.text, found.way, found.handle, found.person_id, found.network_id) == (
        text, "reply", "@finds.test", ann.did, said,
    )  # fmt: skip

    made = draft(world.session, world.shortener, found, world.settings.base_url, now())
    enqueue(
        world.session, made, None, now(), opened.days(), base_url=world.settings.base_url,
        confirmed=True,
    )  # fmt: skip
    world.session.commit()
    opened.sender().send_all_due()
    world.session.rollback()
    world.session.refresh(made)
    assert made.state == "published"
    account = world.session.get_one(Account, account.id)
    offer = offers_for(world.session, [found], can_mail=False)[found.id].word
    assert offer is not None
    assert "https://bsky.app/profile/" in offer.text
    ask(world.session, account, found, offer, now(), base_url=world.settings.base_url)
    world.session.commit()
    for at, after in (("getPosts", False), ("putRecord", False), ("putRecord", True)):
        killed(world, proxy, "answer_due", at, after=after)
        later(world, SuggestionAnswer)
    assert answer_due(opened) == 1
    later(world, SuggestionAnswer)
    assert answer_due(opened) == 0
    listed = httpx.get(
        f"{atmosphere.pds}/xrpc/com.atproto.repo.listRecords",
        params={"repo": you.did, "collection": "app.bsky.feed.post"},
    ).json()["records"]
    replies = [each for each in listed if "reply" in each["value"]]
    assert [each["value"]["text"] for each in replies] == [offer.text]
    assert replies[0]["value"]["reply"]["parent"]["uri"] == said
    assert replies[0]["value"]["reply"]["root"]["uri"] == first["uri"]
    assert record_of(atmosphere, replies[0]["uri"])["text"] == offer.text
    world.session.rollback()
    world.session.refresh(found)
    assert found.told_at is not None
