"""A stand-in for somebody's Mastodon server: OAuth as Mastodon 4.3 has it, to the letter.

It registers programs, shows a page of consent, takes each code once, from whom it was for, with the
verifier of its challenge (RFC 7636), and knows which tokens were revoked.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from itertools import count
from urllib.parse import parse_qs, urlencode, urlsplit

from standins import Answer, Asked, standin
from world import NOON, World

from linktrack.audience.models import Account, StoredCredential
from linktrack.keys import load_keys, seal
from linktrack.networks.credentials import Credential

DESCRIBED = "/.well-known/oauth-authorization-server"


@dataclass
class MastodonPlace:
    """A server on loopback; `who` is signed in in the browser that comes there.

    `described`: what it adds to what it says of itself; `is_old`: it says nothing, and knows no
    narrow scope. `said`: what it adds to an account.
    """

    address: str = ""
    who: str = "ann"
    is_old: bool = False
    described: dict[str, object] = field(default_factory=dict)
    said: dict[str, object] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)
    apps: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        ways = {
            ("GET", DESCRIBED): self._describe,
            ("POST", "/api/v1/apps"): self._register,
            ("GET", "/oauth/authorize"): self._ask_for_consent,
            ("POST", "/oauth/authorize"): self._consent,
            ("POST", "/oauth/token"): self._token,
            ("POST", "/oauth/revoke"): self._revoke,
            ("GET", "/api/v1/accounts/verify_credentials"): self._account,
        }
        way = ways.get((asked.method, asked.path))
        return Answer({"error": "Record not found"}, 404) if way is None else way(asked)

    def url(self, name: str) -> str:
        """Return the address by which follower lists know somebody."""
        return f"{self.address}/@{name}"

    def consented(self, address: str) -> str:
        """Consent to what this address asks for; return where the browser is led."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return self._led(query)

    def cancelled(self, address: str) -> str:
        """Refuse what this address asks for; return where the browser is led."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        refused = {"error": "access_denied", "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(refused)}"

    def _describe(self, _: Asked) -> Answer:
        if self.is_old:
            return Answer({"error": "Not found"}, 404)
        return Answer(
            {
                "issuer": f"{self.address}/",
                "authorization_endpoint": f"{self.address}/oauth/authorize",
                "token_endpoint": f"{self.address}/oauth/token",
                "revocation_endpoint": f"{self.address}/oauth/revoke",
                "scopes_supported": ["read", "profile", "read:accounts", "write"],
                "code_challenge_methods_supported": ["S256"],
            }
            | self.described
        )

    def _register(self, asked: Asked) -> Answer:
        number = next(self._numbers)
        made = {**asked.form, "client_secret": f"secret of app {number}"}
        self.apps[f"app-{number}"] = made
        return Answer({"client_id": f"app-{number}", "client_secret": made["client_secret"]})

    def _ask_for_consent(self, asked: Asked) -> Answer:
        query = {name: values[0] for name, values in asked.arguments.items()}
        self._check(query)
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in query.items()
        )
        page = (
            f"<!doctype html><title>Authorize</title><h1>{escape(self.who)}: "
            f'{escape(query["scope"])}</h1><form method="post">{hidden}'
            '<button name="say" value="yes">Authorize</button>'
            '<button name="say" value="no">Deny</button></form>'
        )
        return Answer(page.encode(), headers={"Content-Type": "text/html"})

    def _consent(self, asked: Asked) -> Answer:
        form = asked.form
        if form["say"] == "yes":
            return Answer(b"", 302, {"Location": self._led(form)})
        refused = {"error": "access_denied", "state": form["state"]}
        return Answer(b"", 302, {"Location": f"{form['redirect_uri']}?{urlencode(refused)}"})

    def _check(self, query: Mapping[str, str]) -> None:
        app = self.apps[query["client_id"]]
        assert query["response_type"] == "code"
        assert query["redirect_uri"] == app["redirect_uris"]
        assert query["scope"] == app["scopes"] == ("read:accounts" if self.is_old else "profile")
        assert query["code_challenge_method"] == "S256"
        assert len(query["code_challenge"]) == 43
        assert len(query["state"]) >= 32

    def _led(self, query: Mapping[str, str]) -> str:
        self._check(query)
        code = f"code-{next(self._numbers)}"
        self.codes[code] = {**query, "who": self.who}
        return f"{query['redirect_uri']}?" + urlencode(
            {"code": code, "state": query["state"], **self.back}
        )

    def _token(self, asked: Asked) -> Answer:
        form = asked.form
        given = self.codes.pop(form.get("code", ""), None)  # a code is good once, right or wrong
        app = self.apps.get(form.get("client_id", ""))
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if app is None or form.get("client_secret") != app["client_secret"]:
            return Answer({"error": "invalid_client"}, 401)
        if (
            given is None
            or form.get("grant_type") != "authorization_code"
            or given["client_id"] != form["client_id"]
            or given["redirect_uri"] != form.get("redirect_uri")
            or given["code_challenge"] != challenge
        ):
            return Answer({"error": "invalid_grant"}, 400)
        token = f"token-{next(self._numbers)}"
        self.tokens[token] = given["who"]
        return Answer({"access_token": token, "token_type": "Bearer", "scope": given["scope"]})

    def _revoke(self, asked: Asked) -> Answer:
        form = asked.form
        assert form["client_secret"] == self.apps[form["client_id"]]["client_secret"]
        self.tokens.pop(form["token"])
        self.revoked.append(form["token"])
        return Answer({})

    def _account(self, asked: Asked) -> Answer:
        who = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if who is None:
            return Answer({"error": "The access token is invalid"}, 401)
        made = {"id": "1", "username": who, "acct": who, "url": self.url(who), "note": "<p></p>"}
        return Answer(made | self.said)


@contextmanager
def served(place: MastodonPlace) -> Iterator[MastodonPlace]:
    """Run a server on a free port."""
    with standin(place.answer) as running:
        place.address = running.address
        place.asked = running.asked
        yield place


def reset(running: MastodonPlace) -> MastodonPlace:
    """Make a running server what it was when it began."""
    fresh = MastodonPlace(running.address)
    running.asked.clear()
    running.__dict__.update(fresh.__dict__ | {"asked": running.asked})
    return running


def connect_to(world: World, account: Account, place: MastodonPlace) -> None:
    """Connect an account to a server that was set on purpose, as loopback has to be."""
    values = {"access_token": "t", "id": "9", "url": place.url("me"), "handle": account.handle}
    credential = Credential("mastodon", place.address, {**values, "server_is_set": "yes"})
    sealed = seal(load_keys(world.settings.data).sealing(), credential.packed())
    world.session.add(StoredCredential(account_id=account.id, sealed=sealed, connected_at=NOON))
    world.session.commit()
