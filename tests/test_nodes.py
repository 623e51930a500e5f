"""What each node says of itself, and what the others make of it."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from browser import Browser, read
from clicking import click, some_clicks
from commands import Run
from databases import Maker
from world import World

from linktrack import __version__
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.losses import Losses
from linktrack.clicks.loading.loaded import loaded_until
from linktrack.clicks.nodes.seen import UNSEEN, last_loss
from linktrack.clicks.nodes.telling import KEPT, Telling
from linktrack.clicks.nodes.turns import take_turn, turn
from linktrack.db import now
from linktrack.errors import Conflict
from linktrack.keys import KEYS_FILE, load_keys
from linktrack.owners.tokens import create_token
from linktrack.upkeep.doctor import examine
from linktrack.upkeep.health.attention import pressing
from linktrack.upkeep.health.nodes import node_json, nodes_now

MINUTE = timedelta(minutes=1)


@dataclass
class Pair:
    """Two nodes of one installation, `here` and `there`, at one moment that goes on."""

    here: World
    there: World

    def __post_init__(self) -> None:
        self.now = now()
        self.tell_here = Telling(self.here.database, load_keys(self.here.settings.data), self.at)
        self.tell_there = Telling(self.there.database, load_keys(self.there.settings.data), self.at)

    def at(self) -> datetime:
        return self.now

    def states(self) -> dict[str, str]:
        """Return the states of all nodes as they are seen from here."""
        self.here.session.rollback()
        found = nodes_now(self.here.session, self.here.settings.journals)
        return {node.name: node.state(self.now) for node in found}

    def needs(self) -> list[str]:
        self.here.session.rollback()
        found = pressing(self.here.session, self.here.settings, self.now)
        return [need.sentence for need in found if "node" in need.sentence]


@pytest.fixture
def pair(postgresql_databases: Maker, tmp_path: Path) -> Iterator[Pair]:
    url = postgresql_databases()
    one, two = tmp_path / "one", tmp_path / "two"
    with World.at(one, url, LINKTRACK_NODE="one") as here:
        two.mkdir()
        (two / KEYS_FILE).write_bytes((one / KEYS_FILE).read_bytes())
        with World.at(two, url, LINKTRACK_NODE="two") as there:
            yield Pair(here, there)


def test_every_node_is_seen_from_every_node(pair: Pair) -> None:
    """With what waits in its journals, what it lost, and its version."""
    links, _ = some_clicks(pair.here)
    journal = Journal(pair.there.settings.journals)
    journal.append(click(links[0]))
    Losses(pair.there.settings.journals).add()
    pair.tell_here.enter()
    pair.tell_there.enter()
    assert pair.states() == {"one": "running", "two": "running"}
    found = nodes_now(pair.here.session, pair.here.settings.journals)
    one, two = [node_json(node, pair.now) for node in found]
    assert (one["here"], one["clicks_to_load"], one["lost_clicks"]) == (True, 0, 0)
    assert (two["here"], two["clicks_to_load"], two["lost_clicks"]) == (False, 1, 1)
    assert two["seconds_behind"] > 0
    assert two["version"] == __version__
    assert last_loss(pair.here.session, pair.here.settings.journals) is not None
    journal.close()


def test_a_node_that_is_gone_without_a_word_is_said_so(pair: Pair) -> None:
    """On the pages of the others, by their doctors, until it is back or removed."""
    pair.tell_here.enter()
    pair.tell_there.enter()
    assert pair.needs() == []
    pair.now += UNSEEN + MINUTE
    pair.tell_here.tell()
    assert pair.states() == {"one": "running", "two": "not seen"}
    (need,) = pair.needs()
    assert need.startswith("The node two was last seen on ")
    assert need.endswith(": start it again, or remove it if it is gone for good.")
    settings = pair.here.settings
    environ = {"LINKTRACK_DATA": str(settings.data), "LINKTRACK_DATABASE": settings.database}
    (finding,) = [each for each in examine(environ, pair.now) if each.name == "nodes"]
    assert finding.says == need
    assert finding.remedy == "linktrack node list; linktrack node remove NAME"
    pair.tell_there.tell()
    assert pair.needs() == []


def test_a_node_that_was_stopped_is_missed_only_with_its_clicks(pair: Pair) -> None:
    """One that has loaded all is forgotten after a day."""
    links, _ = some_clicks(pair.here)
    pair.tell_here.enter()
    pair.tell_there.tell(is_end=True)
    pair.now += 10 * MINUTE
    pair.tell_here.tell()
    assert pair.states() == {"one": "running", "two": "stopped"}
    assert pair.needs() == []
    journal = Journal(pair.there.settings.journals)
    journal.append(click(links[0]))
    pair.tell_there.tell(is_end=True)
    (need,) = pair.needs()
    assert "1 click waits in its journals" in need
    journal.close()
    pair.there.loader().load()
    pair.tell_there.tell(is_end=True)
    pair.now += KEPT + MINUTE
    pair.tell_here.tell()
    assert pair.states() == {"one": "running"}


def test_figures_wait_for_the_clicks_of_all_nodes(pair: Pair) -> None:
    """Nothing is complete that may have clicks in another machine's journals."""
    links, _ = some_clicks(pair.here)
    pair.tell_here.enter()
    pair.tell_there.enter()
    folder = pair.here.settings.journals
    assert loaded_until(pair.here.session, folder, pair.now) == pair.now
    journal = Journal(pair.there.settings.journals)
    line = click(links[0])
    journal.append(line)
    pair.tell_there.tell()
    waits_since = nodes_now(pair.there.session, pair.there.settings.journals)[1].waiting_since
    assert waits_since is not None
    pair.here.session.rollback()
    assert loaded_until(pair.here.session, folder, pair.now) == waits_since
    pair.there.loader().load()
    pair.tell_there.tell()
    seen = pair.now
    pair.now += 10 * MINUTE
    pair.here.session.rollback()
    assert loaded_until(pair.here.session, folder, pair.now) == seen
    journal.close()


def test_journals_of_a_machine_that_is_gone_are_loaded_by_another_node(pair: Pair) -> None:
    """Copied into its folder: what was loaded already isn't loaded again."""
    links, _ = some_clicks(pair.here)
    journal = Journal(pair.there.settings.journals)
    for second in range(3):
        journal.append(click(links[0], second))
    assert pair.there.loader().load().clicks == 3
    journal.append(click(links[0], 3))
    (left,) = pair.there.settings.journals.glob("*.journal")
    pair.here.settings.journals.mkdir()
    shutil.copy(left, pair.here.settings.journals)
    assert pair.here.loader().load().clicks == 1
    assert pair.here.loader().load().clicks == 0
    journal.close()


def test_a_node_with_other_keys_is_refused_while_another_runs(pair: Pair, tmp_path: Path) -> None:
    """Else links of versions that one makes would be unknown to the other."""
    pair.tell_here.enter()
    with World.at(tmp_path / "three", pair.here.settings.database) as third:
        stranger = Telling(third.database, load_keys(third.settings.data), pair.at)
        with pytest.raises(Conflict, match="aren't those of one"):
            stranger.enter()
        stranger.tell()
        assert any(need.startswith("This node has other keys") for need in pair.needs())
        pair.now += UNSEEN + MINUTE
        stranger.enter()  # nobody else runs any more


def test_namesakes_are_asked_to_choose_names(pair: Pair, tmp_path: Path) -> None:
    """Both are in every list, since a number of its own tells a node."""
    pair.tell_here.enter()
    third = tmp_path / "three"
    third.mkdir()
    (third / KEYS_FILE).write_bytes((pair.here.settings.data / KEYS_FILE).read_bytes())
    with World.at(third, pair.here.settings.database, LINKTRACK_NODE="one") as other:
        Telling(other.database, load_keys(third), pair.at).enter()
    assert pair.needs() == ["Several nodes are called one: give each a name with LINKTRACK_NODE."]


def test_a_node_that_is_gone_for_good_is_removed_on_the_page(pair: Pair) -> None:
    """One that runs isn't."""
    pair.tell_here.enter()
    pair.tell_there.enter()
    browser = Browser.signed_in(pair.here)
    page = browser.get("/owner/settings")
    assert "two running" in read(page)
    assert "/remove" not in page.text
    pair.now = now() - UNSEEN - MINUTE
    pair.tell_there.tell()
    page = browser.get("/owner/settings")
    assert "two not seen" in read(page)
    number = next(n.id for n in nodes_now(pair.here.session, pair.here.settings.journals)[1:])
    answer = browser.send(f"/owner/settings/nodes/{number}/remove", {}, "/owner/settings")
    assert answer.status_code == 303
    after = read(browser.get("/owner/settings"))
    assert "The node two is removed." in after
    assert "two not seen" not in after


def test_programs_read_how_all_nodes_are(pair: Pair) -> None:
    """The API has the lines of the page, and /metrics has them for Prometheus."""
    pair.tell_here.enter()
    pair.tell_there.tell(is_end=True)
    secret = create_token(pair.here.session, "watch", "read", None, now())
    pair.here.session.commit()
    client = Browser.on(pair.here).client
    asked = client.get("/api/v1/nodes", headers={"Authorization": f"Bearer {secret}"})
    assert asked.json is not None
    assert [(node["name"], node["state"], node["here"]) for node in asked.json["data"]] == [
        ("one", "running", True),
        ("two", "stopped", False),
    ]
    said = client.get("/metrics").text
    assert re.findall(
        r'^linktrack_node_up\{node="(\w+)",id="\w{8}"\} (\d)$', said, re.MULTILINE
    ) == [
        ("one", "1"),
        ("two", "0"),
    ]


def test_the_command_lists_and_removes_nodes(run: Run, world: World) -> None:
    """Of one that never ran there is none, and none can be removed."""
    assert run("node", "list", "--json").stdout.split() == ['{"data":', "[]}"]
    Telling(world.database, load_keys(world.settings.data), now).enter()
    status = run("status", "--json")
    assert '"state": "running"' in status.stdout
    assert "Node" not in run("status").stdout
    gone = run("node", "remove", "nobody")
    assert (gone.exit_code, gone.stderr) == (
        1,
        "Error: There is no node nobody: linktrack status names them all.\n",
    )
    node = next(iter(nodes_now(world.session, world.settings.journals))).name
    running = run("node", "remove", node)
    assert running.exit_code == 1
    assert running.stderr.endswith("is running: stop it first.\n")


def test_one_of_several_nodes_does_what_one_should(pair: Pair) -> None:
    """A turn keeps the others away; one that was killed in it keeps them for its length."""
    one, two = pair.here.database, pair.there.database
    assert take_turn(one, "link_checks", pair.now, 59 * MINUTE)
    assert not take_turn(two, "link_checks", pair.now + 58 * MINUTE, 59 * MINUTE)
    assert take_turn(two, "link_checks", pair.now + 59 * MINUTE, 59 * MINUTE)
    with turn(one, "cards", pair.now, MINUTE) as ours, turn(two, "cards", pair.now, MINUTE) as no:
        assert (ours, no) == (True, False)
    with turn(two, "cards", pair.now, MINUTE) as ours:
        assert ours


def test_a_turn_of_a_clock_that_ran_ahead_is_over(world: World) -> None:
    """Else nobody would check links for a year."""
    assert take_turn(world.database, "link_checks", now() + timedelta(days=400), MINUTE)
    assert take_turn(world.database, "link_checks", now(), MINUTE)
