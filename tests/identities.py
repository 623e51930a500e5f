"""A browser on a page of ours that asks who somebody is, for tests of signing in on networks."""

from dataclasses import dataclass
from typing import Final, Self

from browser import Browser, read
from flask import request
from sqlalchemy import select
from werkzeug.test import Cookie, TestResponse
from werkzeug.wrappers import Response
from world import World

from linktrack.audience.models import Account
from linktrack.context import db_session
from linktrack.networks.identity import Identity
from linktrack.web.public import identity

OURS: Final = "https://go.jessestay.com"


@dataclass
class Visitor(Browser):
    """A browser on a page that asks who somebody is."""

    @classmethod
    def of(cls, world: World) -> Self:
        """Open another browser on it."""
        browser = cls.on(world)
        app = browser.client.application
        app.config["WTF_CSRF_ENABLED"] = False
        app.add_url_rule("/try", view_func=begin, methods=["POST"])
        return browser

    def begin(self, typed: str = "@ann@square.test", network: str = "mastodon") -> TestResponse:
        """Send the form; return the page that leads on."""
        return self.client.post("/try", data={"typed": typed, "network": network})

    def led(self, typed: str = "@ann@square.test") -> str:
        """Return the address on which the form leads."""
        answer = self.begin(typed)
        assert answer.status_code == 200, read(answer)
        wait, _, address = answer.headers["Refresh"].partition("; url=")
        assert wait == "0"
        return address

    def cookies(self) -> list[Cookie]:
        """Return the cookies it has."""
        return list((self.client._cookies or {}).values())

    def back(self, address: str) -> TestResponse:
        """Follow the network back to us."""
        assert address.startswith(OURS)
        return self.get(address.removeprefix(OURS))


def begin() -> Response:
    """A page of ours that asks who somebody is."""
    account = db_session().scalar(select(Account))
    assert account is not None
    typed, network = request.form["typed"], request.form["network"]
    return identity.start_sign_in("try", account, typed, network=network, note="a note")


def signed_in(account: Account, who: Identity, note: str) -> Response:
    return Response(f"{account.handle}: {who.network_id} {who.handle} ({note})")


def refused(account: Account, sentence: str, note: str) -> Response:
    return Response(f"{account.handle}: {sentence} ({note})", 403)


identity.ends("try", signed_in, refused)
