"""A browser for tests: Flask's client with an owner signed in, forms sent as a person would."""

import html
import re
from dataclasses import dataclass
from typing import Self

from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from world import World

from linktrack.app import create_app
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.owners.access import create_owner, make_sign_in_link
from linktrack.owners.viewers import set_role

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Browser:
    """Remembers cookies; `text` of an answer is what a person reads."""

    client: FlaskClient

    @classmethod
    def on(cls, world: World) -> Self:
        """Open a stranger's browser on an installation."""
        keys = load_keys(world.settings.data)
        installation = Installation(world.settings, keys, world.database, world.shortener)
        return cls(create_app(installation).test_client())

    @classmethod
    def signed_in(cls, world: World, name: str = "Jesse") -> Self:
        """Open a browser and sign in a new owner."""
        browser = cls.on(world)
        answer = browser.send(browser.sign_in_address(world, name), {})
        assert answer.status_code == 303, read(answer)
        return browser

    def sign_in_address(self, world: World, name: str = "Jesse") -> str:
        """Make an owner and a sign-in link."""
        secret = make_sign_in_link(world.session, create_owner(world.session, name, now()), now())
        world.session.commit()
        return f"/owner/sign-in/{secret}"

    def get(self, address: str) -> TestResponse:
        """Open an address."""
        return self.client.get(address)

    def send(
        self, address: str, fields: dict[str, str | list[str]], form: str | None = None
    ) -> TestResponse:
        """Send a form of the page at `form` (default: the address itself), with its token."""
        page = self.get(form or address)
        token = TOKEN.search(page.text)
        assert token is not None, f"no form at {form or address}: {page.status}"
        return self.client.post(address, data={**fields, "csrf_token": token[1]})


def viewer_of(world: World, *account_ids: int) -> Browser:
    """Sign in a viewer of all accounts, or of these."""
    viewer = create_owner(world.session, "Vera", now())
    set_role(world.session, viewer, "viewer", now(), account_ids)
    secret = make_sign_in_link(world.session, viewer, now())
    world.session.commit()
    browser = Browser.on(world)
    assert browser.send(f"/owner/sign-in/{secret}", {}).status_code == 303
    return browser


def made_post(answer: TestResponse) -> str:
    """Return the page of the post that was just composed; composing leads to its text first."""
    assert answer.status_code == 303, read(answer)
    address, _, number = answer.location.partition("?post=")
    assert address == "/owner/compose/made"
    return f"/owner/posts/{int(number)}"


def read(answer: TestResponse) -> str:
    """Return what a person reads: text without tags, white space as single spaces."""
    without = re.sub(r"<(script|style|title)\b.*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(without).split())


def field(page: str, form: str, name: str) -> str:
    """Return the value of a hidden field of the form that is sent to an address."""
    forms = re.findall(rf'action="{form}">(.*?)</form>', page, re.DOTALL)
    found = re.search(rf'name="{name}" value="([^"]*)"', "".join(forms))
    assert found is not None, (form, name)
    return found[1]
