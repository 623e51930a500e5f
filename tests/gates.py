"""Everybody who may ask for something, and what they are answered: for the table of access."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from browser import Browser
from flask import Flask
from households import household
from missing import asked_for
from sqlalchemy import update
from sqlalchemy.engine import make_url
from werkzeug.routing import Rule
from werkzeug.test import TestResponse
from world import World

from linktrack.api.limits import NAME, Limiter
from linktrack.audience.hello import invitation
from linktrack.audience.models import Segment
from linktrack.clicks.click_ids import ClickIds
from linktrack.db import now, to_ms
from linktrack.ids import AccountId
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.links.catalog import get_link
from linktrack.links.people import add_own_site, add_person, add_rule, page_secret, share_page
from linktrack.owners.access import create_owner, make_sign_in_link
from linktrack.owners.leaving import remove_owner
from linktrack.owners.models import Token
from linktrack.owners.signing_in.models import Passkey
from linktrack.owners.tokens import create_token, find_token, revoke_token
from linktrack.owners.viewers import end_sessions, list_sessions, set_role

TABLE: Final = Path(__file__).with_name("access.txt")
OURS: Final = "Amberwick"
THEIRS: Final = "Quillfeather"
SCOPES: Final = ("read", "write", "wrap", "goals")

WHO: Final = (
    "stranger",
    *SCOPES,  # tokens of all accounts
    *(f"{scope} of ours" for scope in SCOPES),
    *(f"{scope} of theirs" for scope in SCOPES),
    "expired token",
    "revoked token",
    "owner",
    "viewer",
    "viewer of ours",
    "viewer of theirs",
    "ended session",
    "removed owner",
)
"""Whoever asks. All lines of the table are about things of *our* account."""

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: who gets in (a class), and one request that would work."""

    who: str
    fails: int | None
    """The status with which it is refused to those let in, for a reason of its own."""
    method: str
    address: str
    body: str

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.method} {self.address}"


def lines(path: Path) -> list[Line]:
    """Read the table: `class: METHOD address body`; empty lines and # comments mean nothing."""
    found = []
    for written in path.read_text(encoding="utf-8").splitlines():
        if written.strip() and not written.startswith("#"):
            who, _, request = written.partition(": ")
            method, address, body = (*request.split(None, 2), "")[:3]
            name, _, status = who.rpartition(" ")
            fails = int(status) if status.isdigit() else None
            found.append(Line(who if fails is None else name, fails, method, address, body))
    return found


class Gates:
    """An installation with two accounts, and everybody who may come to it.

    Without `others` the second account is not there yet, and nobody is limited to it.
    """

    def __init__(self, world: World, *, others: bool = True) -> None:
        self.world = world
        self.ours = household(world, OURS)
        self.theirs = household(world, THEIRS) if others else None
        self.named = dict(self.ours.named)
        self._share()
        self.app: Flask = Browser.on(world).client.application
        # Whether one may ask must not depend on having a form's token.
        self.app.config["WTF_CSRF_ENABLED"] = False
        self.app.extensions["limiter"] = Limiter(1_000_000, world.settings.data / NAME)
        self.sent: dict[str, Headers] = {"stranger": {}, **self._tokens(), **self._sessions()}
        # When a token was used is written down now and then: not while we look who writes.
        world.session.execute(update(Token).values(last_used_at=now() + timedelta(days=1)))
        world.session.commit()
        self._kept = Kept(make_url(world.settings.database).database or "") if others else None

    def _share(self) -> None:
        """Add what belongs to all accounts."""
        session, at = self.world.session, now()
        person = add_person(session, "Jo", at)
        add_rule(session, person, "host", "jo.example", at)
        share_page(session, person, at, is_public=True)
        add_own_site(session, "own.example", at)
        keys = load_keys(self.world.settings.data)
        segment = session.get_one(Segment, int(self.ours.named["segment"]))
        opened = Installation(self.world.settings, keys, self.world.database, self.world.shortener)
        clicked = get_link(session, self.world.shortener.codes, self.ours.named["code"]).id
        self.named |= {
            "mark": OURS.lower(),
            "person": str(person.id),
            "page": page_secret(keys, person),
            "click_id": ClickIds(keys.click_ids()).make(clicked, None, None, to_ms(at)),
            "invitation": invitation(keys.markers(), segment),
            "device": opened.own_clicks().secret(),
            "unknown": str(asked_for(self.world, "nobodyhas", 9)),
        }

    def _tokens(self) -> dict[str, Headers]:
        session, at = self.world.session, now()
        accounts: dict[str, AccountId | None] = {"": None, " of ours": self.ours.account.id}
        if self.theirs is not None:
            accounts[" of theirs"] = self.theirs.account.id
        found = {
            f"{scope}{of}": create_token(session, f"{scope}{of}", scope, number, at)
            for of, number in accounts.items()
            for scope in SCOPES
        }
        # What a door lists is what its own token has made.
        found |= {
            "write of ours": self.ours.named["door"],
            "wrap of ours": self.ours.named["wraps"],
        }
        long_ago = at - timedelta(days=9)
        found["expired token"] = create_token(
            session, "expired", "write", None, long_ago, expires_at=at - timedelta(days=1)
        )
        found["revoked token"] = create_token(session, "revoked", "write", None, at)
        revoke_token(session, find_token(session, "revoked"), at)
        self.named["token"] = str(find_token(session, "read of ours").id)
        return {
            who: {"Authorization": f"Bearer {secret}", "X-Api-Key": secret}
            for who, secret in found.items()
        }

    def _sessions(self) -> dict[str, Headers]:
        session = self.world.session
        found = {}
        theirs = () if self.theirs is None else (self.theirs.account.id,)
        for who, of in {
            "owner": (),
            "viewer": (),
            "viewer of ours": (self.ours.account.id,),
            "viewer of theirs": theirs,
            "ended session": (),
            "removed owner": (),
        }.items():
            person = create_owner(session, who.title(), now())
            secret = make_sign_in_link(session, person, now())
            session.commit()
            client = self.app.test_client()
            client.post(f"/owner/sign-in/{secret}")
            cookie = client.get_cookie("linktrack", path="/owner")
            assert cookie is not None
            found[who] = {"Cookie": f"linktrack={cookie.value}"}
            if who.startswith("viewer"):
                set_role(session, person, "viewer", now(), of)
            elif who == "ended session":
                end_sessions(session, person, now())
            elif who == "removed owner":
                remove_owner(session, person, now())
            else:
                self.named["owner"] = str(person.id)
                self.named["session"] = list_sessions(session, person)[0].mark
                key = {"credential_hash": "0", "credential_id": "AA", "public_key": "AA"}
                passkey = Passkey(
                    owner_id=person.id, name="Key", sign_count=0, created_at=now(), **key
                )
                session.add(passkey)
                session.flush()
                self.named["passkey"] = str(passkey.id)
        invited = create_owner(session, "Invited", now())
        self.named |= {
            "invited": str(invited.id),
            "sign_in": make_sign_in_link(session, invited, now()),
        }
        session.commit()
        return found

    def ask(self, who: str, line: Line) -> TestResponse:
        """Send a request of the table as somebody."""
        return ask(self.app, line, self.named, self.sent[who], self.world.settings.base_url)

    @contextmanager
    def watched(self) -> Iterator[Callable[[], bool]]:
        """Tell whether anything was stored meanwhile, and take it back."""
        kept = self._kept
        assert kept is not None
        before = kept.version()
        yield lambda: kept.version() != before
        if kept.version() != before:
            kept.bring_back()

    def close(self) -> None:
        """Let go of the database."""
        if self._kept is not None:
            self._kept.close()


class Kept:
    """An SQLite database as it was, to tell that it was changed, and to bring it back."""

    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file)
        self._copy = sqlite3.connect(":memory:")
        self._database.backup(self._copy)

    def version(self) -> int:
        """Return a number that grows with each commit of somebody else's."""
        (number,) = self._database.execute("PRAGMA data_version").fetchone()
        return int(number)

    def bring_back(self) -> None:
        """Take back whatever was stored since."""
        self._copy.backup(self._database)

    def close(self) -> None:
        """Let go of both."""
        self._database.close()
        self._copy.close()


def fill(written: str, named: dict[str, str]) -> str:
    """Put the names of things where they stand in braces; other braces stay."""
    return re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], found[0]), written)


def ask(
    app: Flask, line: Line, named: dict[str, str], headers: Headers, base_url: str
) -> TestResponse:
    """Send a request of the table to the first domain, from the other end of the world."""
    address, body = fill(line.address, named), fill(line.body, named)
    options: dict[str, Any] = {}
    if body.startswith("{"):
        options["json"] = json.loads(body)
    elif body:
        options["data"] = dict(parse_qsl(body))
    if address.startswith("/yourls") and "X-Api-Key" in headers:
        address += f"&signature={headers['X-Api-Key']}"
    client = app.test_client(use_cookies=False)
    return client.open(
        address,
        base_url=base_url,
        method=line.method,
        headers=headers,
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
        buffered=True,
        **options,
    )


def outcome(answer: TestResponse) -> str:
    """Return what somebody is told: `sign in`, a status that refuses, or `in`."""
    if answer.status_code in (302, 303) and "/owner/sign-in" in answer.location:
        return "sign in"
    return str(answer.status_code) if answer.status_code in (401, 403, 404) else "in"


def rules(gates: Gates) -> Iterator[tuple[str, Rule]]:
    """Yield each route of the application by its method."""
    for rule in gates.app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            if method not in ("HEAD", "OPTIONS"):  # HEAD is a GET, OPTIONS names the methods
                yield method, rule
