"""Who may ask for what: each route of the product, asked by everybody there is.

The table is access.txt. A new route is in no line yet, so that `test_every_route_is_decided` fails
until somebody has decided who may ask for it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from databases import Maker
from gates import OURS, SCOPES, TABLE, THEIRS, WHO, Gates, Line, fill, lines, outcome, rules
from sqlalchemy import func, select
from world import World

from linktrack.db import Base

LINES: Final = lines(TABLE)
DOORS: Final = "yourls, shlink, kutt, dub"

Told = dict[str, str]


def told(otherwise: str, **groups: str) -> Told:
    """Return what each who asks is told: `otherwise`, unless one of the groups names them."""
    found = dict.fromkeys(WHO, otherwise)
    for who, said in groups.items():
        found |= dict.fromkeys(_GROUPS[who], said)
    return found


_GROUPS: Final = {
    "tokens": [f"{scope}{of}" for scope in SCOPES for of in ("", " of ours", " of theirs")],
    "readers": ["read", "write"],
    "readers_of_ours": ["read of ours", "write of ours"],
    "readers_of_theirs": ["read of theirs", "write of theirs"],
    "writer": ["write"],
    "writer_of_ours": ["write of ours"],
    "writer_of_theirs": ["write of theirs"],
    "wrapper": ["wrap"],
    "wrapper_of_ours": ["wrap of ours"],
    "wrapper_of_theirs": ["wrap of theirs"],
    "tellers": ["goals", "goals of ours"],
    "teller_of_theirs": ["goals of theirs"],
    "owner": ["owner"],
    "viewers": ["viewer", "viewer of ours", "viewer of theirs"],
    "limited": ["viewer of ours", "viewer of theirs"],
    "viewer_of_theirs": ["viewer of theirs"],
}

_READS: Final = {"tokens": "403", "readers": "in", "readers_of_ours": "in"}
_WRITES: Final = {"tokens": "403", "writer": "in", "writer_of_ours": "in"}
_DOOR: Final = {"writer_of_ours": "in", "writer_of_theirs": "in"}
_BOTH: Final = {**_DOOR, "wrapper_of_ours": "in", "wrapper_of_theirs": "in"}
_HIDDEN: Final = {"writer_of_theirs": "404"}
_OWN: Final = {"wrapper_of_ours": "404", "wrapper_of_theirs": "404", **_HIDDEN}
_ONLY_READS: Final = {"wrapper_of_ours": "403", "wrapper_of_theirs": "403"}

CLASSES: Final[dict[str, Told]] = {
    "anybody": told("in"),
    "nobody": told("404"),
    "wrong password": told("403"),
    "not begun": told("403"),  # a sign-in elsewhere that comes back to a browser that began none
    "signs out": told("sign in"),
    # Pages: a token opens none.
    "signed in": told("sign in", owner="in", viewers="in"),
    "sees": told("sign in", owner="in", viewers="in", viewer_of_theirs="404"),
    "has": told("sign in", owner="in", viewers="404"),  # what is the owner's own
    "sees all": told("sign in", owner="in", viewers="in", limited="403"),
    "changes": told("sign in", owner="in", viewers="403"),
    "changes what they see": told("sign in", owner="in", viewers="403", viewer_of_theirs="404"),
    # The API: a session opens nothing.
    "lists": told("401", **_READS, readers_of_theirs="in"),
    "reads": told("401", **_READS),
    "reads all": told("401", tokens="403", readers="in"),
    "lists to change": told("401", **_WRITES, writer_of_theirs="in"),
    "writes": told("401", **_WRITES),
    "writes all": told("401", tokens="403", writer="in"),
    "wraps": told("401", **_WRITES, wrapper="in", wrapper_of_ours="in"),
    # Another account's click is no click to them.
    "tells": told("401", **_WRITES, tellers="in", teller_of_theirs="404", **_HIDDEN),
    "monitors": told("403", readers="in"),
    # APIs of other shorteners: a token of one account, and what it has made.
    "door lists": told("401", tokens="403", **_BOTH),
    "door reads": told("401", tokens="403", **(_DOOR | _OWN)),
    "door changes": told("401", tokens="403", **(_DOOR | _HIDDEN)),
    "shlink lists": told("401", **_BOTH),
    "shlink reads": told("401", **(_DOOR | _OWN)),
    "shlink changes": told("401", **(_DOOR | _ONLY_READS | _HIDDEN)),
    "shlink changes all": told("401", **(_DOOR | _ONLY_READS)),
    "shlink never": told("401", writer_of_ours="403", **(_ONLY_READS | _HIDDEN)),
    "yourls lists": told("403", wrapper_of_ours="in", wrapper_of_theirs="in"),
    "yourls reads": told("403", wrapper_of_ours="in", wrapper_of_theirs="404"),
}


@pytest.fixture
def gates(sqlite_databases: Maker, tmp_path: Path) -> Iterator[Gates]:
    with World.at(tmp_path / "data", sqlite_databases(), LINKTRACK_DOORS=DOORS) as world:
        opened = Gates(world)
        yield opened
        opened.close()


def test_every_route_is_decided(gates: Gates) -> None:
    """The table has every route there is, and only those."""
    addresses = gates.app.url_map.bind("go.example")
    decided = set()
    for line in LINES:
        path = fill(line.address, gates.named).partition("?")[0]
        rule, _ = addresses.match(path, line.method, return_rule=True)
        decided.add((line.method, rule.rule))
        left = re.findall(r"\{(\w+)\}", fill(line.address + line.body, gates.named))
        assert left == [], f"nothing in gates.py or households.py is called {left}: {line.name}"
    undecided = {(method, rule.rule) for method, rule in rules(gates)} - decided
    assert not undecided, (
        "Nobody has decided who may ask for these. Add a line for each to tests/access.txt, "
        f"`class: METHOD address body`, where the classes are {', '.join(CLASSES)}:\n"
        + "\n".join(f"{method} {rule}" for method, rule in sorted(undecided))
    )


OTHERWISE: Final = {
    "credentials": "an account that is connected is asked for by its network",
    "viewed_accounts": "who may see the account, not what is in it",
    "replacements": "a post that is just being replaced",
    "sync_pages": "a list that is just being read",
    "consents": "who agreed to links of their own",
    "follower_properties": "sorting fills it for lists with facts",
    "link_people": "people whom links promote belong to all accounts",
    "idempotent_answers": "answers to a token, given again to that token alone",
    "imported_links": "names of links in old logs: nothing shows them",
    "imported_totals": "clicks counted by another shortener",
}
"""Tables of an account's that a household does not fill, and why."""


def test_households_have_something_of_everything(gates: Gates) -> None:
    """Else no answer could show what it must not: a new table is filled in households.py too."""
    belonging = {"accounts"}
    tables = Base.metadata.sorted_tables
    for table in tables:
        if belonging & {key.column.table.name for key in table.foreign_keys}:
            belonging.add(table.name)
    session = gates.world.session
    empty = {
        table.name
        for table in tables
        if table.name in belonging and not session.scalar(select(func.count()).select_from(table))
    }
    assert empty - OTHERWISE.keys() == set(), "fill these in tests/households.py, with its mark"


def sections() -> dict[str, list[Line]]:
    """Return the lines in parts that are asked side by side."""
    found: dict[str, list[Line]] = {}
    for line in LINES:
        room = line.address.split("/")[1]
        part = {"owner": "pages", "api": "API"}.get(room, "others")
        if part == "pages" and line.method == "POST":
            part = "forms"
        found.setdefault(part, []).append(line)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("part", sections())
def test_everybody_gets_what_the_table_says_and_nothing_of_another_account(
    gates: Gates, part: str
) -> None:
    """Every route, asked by everybody. Whoever is refused changes nothing, and nor does a GET."""
    wrong = []
    for line in sections()[part]:
        for who, expected in CLASSES[line.who].items():
            with gates.watched() as is_changed:
                answer = gates.ask(who, line)
                found = outcome(answer)
                if found != expected:
                    wrong.append(f"{line.name}: {who} is told {found}, not {expected}")
                fails = line.fails or (422 if part == "forms" else None)
                if found == "in" and answer.status_code >= 400 and answer.status_code != fails:
                    wrong.append(f"{line.name}: {who} gets {answer.status_code}: {answer.text}")
                may_change = found == "in" or line.who == "signs out"
                if is_changed() and (line.method == "GET" or not may_change):
                    wrong.append(f"{line.name}: {who} changes something")
                met = marks_met(gates, line, who, answer.data.decode("utf-8", "replace"))
                if met:
                    wrong.append(f"{line.name}: {who} meets {met}")
    assert not wrong, "\n" + "\n".join(wrong)


def marks_met(gates: Gates, line: Line, who: str, text: str) -> list[str]:
    """Return the marks in an answer that whoever asked for it must not meet.

    What they have sent themselves may come back to them. What anybody may see is hidden from none.
    """
    if line.who == "anybody":
        return []
    hidden = [OURS] if who.endswith("of theirs") else []
    hidden += [THEIRS] if who.endswith("of ours") else []
    if CLASSES[line.who][who] != "in":
        hidden = [OURS, THEIRS]
    asked = fill(line.address + line.body, gates.named).casefold()
    read = text.casefold()
    for name in sorted(gates.named.values(), key=len, reverse=True):
        if len(name) > 4 and name.casefold() in asked:
            read = read.replace(name.casefold(), "")
    return [mark for mark in hidden if mark.casefold() in read]
