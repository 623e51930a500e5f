"""A process that is killed while it sends: the network has the post once all the same."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from blueskyserver import DID, connected
from blueskyserver import Server as Bluesky
from databases import Maker
from fakenetwork import Clock
from keepers import Kept
from killnetwork import send_due
from office import Office
from servers import answer, environment, serving
from sqlalchemy import update
from standins import Answer, Asked, standin
from victims import run_apart
from waiting import wait_until
from world import NOON, World
from xserver import VALUES
from xserver import Server as XServer

from linktrack.db import now
from linktrack.networks.credentials import Credential
from linktrack.networks.x.writer import XWriter
from linktrack.publishing.models import Sending
from linktrack.publishing.sender import LEASE


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before it has the post", "before its answer", "never"])
def test_a_process_killed_between_storing_and_sending_posts_once(world: World, moment: str) -> None:
    """And so does one that is killed between sending and storing: the next one looks first."""
    posts: list[str] = []
    kills = [] if moment == "never" else [moment]

    def network(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer(
                [f"n{i}" for i, text in enumerate(posts) if [text] == asked.arguments["text"]]
            )
        if kills == ["before it has the post"]:
            kills.clear()
            os.kill(int(asked.headers["pid"]), signal.SIGKILL)
            return Answer(silent=True)
        posts.append(asked.json["text"])
        if kills:
            kills.clear()
            os.kill(int(asked.headers["pid"]), signal.SIGKILL)
            return Answer(silent=True)
        return Answer({"id": f"n{len(posts) - 1}"}, 201)

    office = Office(world)
    post = office.draft(world.account())
    office.enqueue(post)
    world.session.rollback()
    with standin(network) as running:

        def send(at: timedelta) -> int:
            given = (world.settings.data, world.settings.database, running.address, NOON + at)
            return run_apart(send_due, *given)

        first = send(timedelta())
        assert first == (0 if moment == "never" else -signal.SIGKILL)
        if moment != "never":
            left = office.sending(post)
            assert (left.state, left.in_doubt) == ("sending", True)
            assert left.key
            assert send(LEASE - timedelta(seconds=1)) == 0
            assert office.sending(post).state == "sending"
        assert send(LEASE) == 0
        assert send(2 * LEASE) == 0
        assert posts == [post.text]
        assert office.sending(post).state == "sent"
        assert office.state(post) == "published"
        keys = {asked.json["key"] for asked in running.asked if asked.method == "POST"}
        assert keys == {office.sending(post).key}


def sending_now(world: World, post_id: int) -> Sending:
    """Return how a post's sending stands in the database at this moment."""
    world.session.expire_all()
    sending = world.session.get_one(Sending, post_id)
    world.session.expunge(sending)
    world.session.rollback()
    return sending


@pytest.mark.slow
def test_the_running_service_publishes_what_is_due(sqlite_databases: Maker, tmp_path: Path) -> None:
    """`linktrack wrap --send --at` puts a post into the queue; `linktrack serve` sends it."""
    database_url = sqlite_databases()
    environ = environment(
        tmp_path,
        database_url,
        LINKTRACK_BASE_URL="https://go.jessestay.com",
        LINKTRACK_SYNC_HOURS="0",
    )
    written = {"uri": f"at://{DID}/app.bsky.feed.post/3jzfcijpj2z2a", "cid": "bafy"}
    bluesky = Bluesky()

    def network(asked: Asked) -> Answer:
        return Answer(written) if asked.path.endswith("putRecord") else bluesky.answer(asked)

    with standin(network) as place, World.at(tmp_path, database_url) as world:
        connected(world, place)
        planned = answer(
            environ, "wrap", "@jesse.example.com", "Read http://192.0.2.1/", "--send",
            "--at", "2099-01-01",
        )  # fmt: skip
        assert planned["sending"]["state"] == "waiting"
        world.session.execute(update(Sending).values(due_at=now(), next_at=now()))  # it is 2099
        world.session.commit()
        with serving(environ, tmp_path / "log"):
            wait_until(lambda: sending_now(world, planned["id"]).state == "sent", 30, every=0.2)
        sending = sending_now(world, planned["id"])
        assert (sending.state, sending.problem) == ("sent", None)
        puts = [one for one in place.asked if one.path.endswith("putRecord")]
        assert [one.json["record"]["text"] for one in puts] == [planned["text"]]


def test_a_time_out_after_success_on_x_makes_no_second_post(sqlite_world: World) -> None:
    """X has no keys: the queue looks among the newest posts, and finds it by its short link."""
    office = Office(sqlite_world, Clock(now()))
    account = sqlite_world.account("@JessesLinks")
    post = office.draft(account)
    office.enqueue(post)
    url = sqlite_world.shortener.short_url(post.links[0].code or "")
    x = XServer(loses_answers=True)

    def network(asked: Asked) -> Answer:
        said = x.answer(asked)
        if asked.method == "GET" and isinstance(said.body, dict):
            for each in said.body["data"]:
                each["entities"]["urls"] = [{"url": url, "expanded_url": url}]
        return said

    with standin(network) as place:
        values = {**VALUES, "id": "42", "username": "JessesLinks"}
        office.open = lambda: XWriter(Credential("x", place.address, values), Kept())
        unclear = office.send()
        assert (unclear.state, unclear.in_doubt) == ("waiting", True)
        found = office.send(minutes=1)
    assert (found.state, found.network_id) == ("sent", "1")
    assert place.paths().count("POST /2/tweets") == 1
    assert office.state(post) == "published"
