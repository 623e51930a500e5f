"""Publishing on Bluesky's own servers: compose, publish, read back; and kill -9 in the middle."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from atnetwork import PIXEL, Network, Person, app_password, join, record_of
from browser import Browser, read
from databases import Maker
from servers import environment
from sqlalchemy import update
from standins import Answer, Asked, standin
from world import World

from linktrack.audience.credentials import connect, open_writer
from linktrack.calendar.days import Days
from linktrack.db import now
from linktrack.keys import load_keys
from linktrack.links.models import Post
from linktrack.networks.signing_in import sign_in
from linktrack.publishing import queue
from linktrack.publishing.models import Sending
from linktrack.publishing.sender import Sender

pytestmark = pytest.mark.network

BASE = "https://go.jessestay.com"
PAGE = (
    b"<html><head><title>A title \xe2\x80\x93 \xe2\x80\x9cquoted\xe2\x80\x9d</title>"
    b"<meta name='description' content='What it says.'>"
    b"<meta property='og:image' content='/picture.png'></head></html>"
)


@pytest.fixture(scope="module")
def author(atmosphere: Network) -> Person:
    return join(atmosphere, "publisher.test")


@pytest.fixture(scope="module")
def password(atmosphere: Network, author: Person) -> str:
    return app_password(atmosphere, author)


def connected(world: World, server: str, password: str, author: Person) -> None:
    """Add the author's account, signed in at a server."""
    account = world.account(f"@{author.handle}", "bluesky")
    values = {"app_password": password}
    signed = sign_in("bluesky", account.handle, values, server)
    connect(world.session, load_keys(world.settings.data), account, signed, now())
    world.session.commit()


def page(asked: Asked) -> Answer:
    if asked.path == "/picture.png":
        return Answer(PIXEL, headers={"Content-Type": "image/png"})
    return Answer(PAGE, headers={"Content-Type": "text/html; charset=utf-8"})


def facets_of(record: dict[str, Any]) -> list[tuple[str, str]]:
    raw = record["text"].encode()
    return [
        (raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), feature["uri"])
        for facet in record["facets"]
        for feature in facet["features"]
    ]


def test_composed_and_published_it_is_there_byte_for_byte(
    atmosphere: Network, author: Person, password: str, sqlite_world: World
) -> None:
    """Text, the link as a facet, the card of the page behind it; our page says where it went."""
    world = sqlite_world
    connected(world, atmosphere.pds, password, author)
    browser = Browser.signed_in(world)
    keys = load_keys(world.settings.data)

    def send() -> None:
        Sender(
            world.database,
            world.shortener,
            Days(world.settings.timezone, "month"),
            lambda account: open_writer(world.database, keys, account),
            readable=lambda _: True,  # the page behind the link is on loopback
        ).send_due()

    with standin(page) as site:
        fields: dict[str, str | list[str]] = {
            "account": "1",
            "text": f"Grüße 👩‍👩‍👧‍👦: {site.address}/story",
            "state": "send",
        }
        made = browser.send("/owner/compose", fields)
        assert made.status_code == 303, read(made)
        send()
        send()
    post = world.session.get_one(Post, 1)
    sending = world.session.get_one(Sending, 1)
    short = f"{BASE}/{post.links[0].code}"
    assert (sending.state, post.state) == ("sent", "published")
    assert sending.network_id is not None
    record = record_of(atmosphere, sending.network_id)
    assert record["text"] == f"Grüße 👩‍👩‍👧‍👦: {short}" == post.text
    assert facets_of(record) == [(short, short)]
    external = record["embed"]["external"]
    assert (external["uri"], external["title"], external["description"]) == (
        short,
        "A title – “quoted”",
        "What it says.",
    )
    blob = httpx.get(
        f"{atmosphere.pds}/xrpc/com.atproto.sync.getBlob",
        params={"did": author.did, "cid": external["thumb"]["ref"]["$link"]},
    )
    assert blob.content == PIXEL
    assert f'href="{sending.url}"' in browser.get("/owner/posts/1").text
    world.session.rollback()


@pytest.mark.parametrize("moment", ["before Bluesky has the post", "before its answer"])
def test_a_killed_process_between_storing_and_sending_posts_once(
    atmosphere: Network,
    author: Person,
    password: str,
    sqlite_databases: Maker,
    tmp_path: Path,
    moment: str,
) -> None:
    """`linktrack post queue --send` is killed by -9; the next one finds out, and sends or not."""
    database_url = sqlite_databases()
    environ = environment(tmp_path, database_url, LINKTRACK_BASE_URL=BASE)
    command = [sys.executable, "-m", "linktrack", "post", "queue", "--send"]
    running: list[subprocess.Popen[bytes]] = []
    kills = [moment]

    def proxy(asked: Asked) -> Answer:
        """Hand on what is asked to Bluesky's server, and kill who asks at the moment chosen."""
        writes = asked.path.endswith("putRecord") and kills
        if writes and moment == "before Bluesky has the post":
            os.kill(running[0].pid, signal.SIGKILL)
        else:
            kept = ("authorization", "content-type")
            answer = httpx.request(
                asked.method,
                f"{atmosphere.pds}{asked.path}",
                params=asked.arguments,
                content=asked.body,
                headers={name: asked.headers[name] for name in kept if name in asked.headers},
            )
            if not writes:
                return Answer(answer.json(), answer.status_code)
            os.kill(running[0].pid, signal.SIGKILL)
        kills.clear()
        return Answer(silent=True)

    def records() -> list[str]:
        found = httpx.get(
            f"{atmosphere.pds}/xrpc/com.atproto.repo.listRecords",
            params={"repo": author.did, "collection": "app.bsky.feed.post", "limit": 100},
        ).json()["records"]
        return [each["value"]["text"] for each in found if "Once" in each["value"]["text"]]

    before = len(records())
    with standin(proxy) as server, World.at(tmp_path, database_url) as world:
        connected(world, server.address, password, author)
        made = subprocess.run(
            [sys.executable, "-m", "linktrack", "wrap", f"@{author.handle}", "--draft"],
            input="Once: http://example.org/", text=True, env=environ, check=True,
            capture_output=True,
        )  # fmt: skip
        post = world.session.get_one(Post, 1)
        days = Days(world.settings.timezone, "month")
        queue.enqueue(world.session, post, None, now(), days, base_url=BASE)
        world.session.commit()
        running.append(subprocess.Popen(command, env=environ))
        assert running[0].wait(60) == -signal.SIGKILL
        world.session.expire_all()
        left = world.session.get_one(Sending, 1)
        assert (left.state, left.in_doubt) == ("sending", True)
        assert len(records()) - before == (moment == "before its answer")
        world.session.execute(update(Sending).values(next_at=now()))  # ten minutes later
        world.session.commit()
        for _ in range(2):
            subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        world.session.expire_all()
        assert world.session.get_one(Sending, 1).state == "sent"
        assert world.session.get_one(Post, 1).state == "published"
        assert len(records()) == before + 1
        assert made.stdout.strip() in records()
