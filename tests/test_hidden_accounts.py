"""Whoever is limited to one account reads the same, whatever the other accounts do."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from browser import Browser
from flask.testing import FlaskClient
from world import World

from linktrack.audience.counts import record_count
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.links.models import Post
from linktrack.owners.access import create_owner, find_owner
from linktrack.owners.tokens import create_token
from linktrack.owners.viewers import set_role

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OF_THE_MOMENT = re.compile(
    r'name="csrf_token" value="[^"]+"|nonce="[^"]+"|\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?'
)
UNLIKE = ("/owner/live", "/api/v1/status")
"""What is about the service as a whole, and says so."""


def some_data(world: World, account: Account, agent: str, visitor: int) -> Post:
    """Give an account followers, a segment, a post a few days old, and clicks of every kind."""
    posted = now() - timedelta(days=3)
    record_count(world.session, account, 1_000 + visitor, posted, "by hand", now=now())
    add_segment(world.session, account, "friends", 20, now())
    world.session.commit()
    post = world.post(account, f"Read http://example.com/{visitor}", posted, ("friends",))
    at = to_ms(posted)
    world.click(
        [
            ClickRecord(at + place, link.id, each, "//t.co/x", visitor + place, 0)
            for place, (link, each) in enumerate(
                (link, each) for link in post.links for each in (FIREFOX, FIREFOX, agent, agent)
            )
        ]
    )
    return post


def addresses(client: FlaskClient, account: Account, post: Post, root: str) -> Iterator[str]:
    """Yield every address below `root` that can be read, of this account and its post."""
    known: dict[str, object] = {
        "account_id": account.id,
        "post_id": post.id,
        "number": post.id,
        "code": post.links[0].code,
    }
    for rule in client.application.url_map.iter_rules():
        if not rule.rule.startswith(root) or "GET" not in (rule.methods or ()):
            continue
        if not rule.arguments <= known.keys() or rule.rule.startswith(UNLIKE):
            continue
        address = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda name: str(known[name[1]]), rule.rule)
        yield address
        yield f"{address}?account={account.id if root == '/owner/' else account.handle}"
        if root == "/owner/":
            yield f"{address}?days=30&format=csv"
            yield f"{address}?days=30&format=json"


@pytest.mark.slow
def test_a_limited_viewer_and_a_token_of_one_account_read_the_same_beside_other_accounts(
    world: World,
) -> None:
    """Every page, table file and API answer, before and after another account has data."""
    mine = world.account("@JessesLinks")
    post = some_data(world, mine, "Twitterbot/1.0", 1_000)
    create_owner(world.session, "Jesse", now())
    secret = create_token(world.session, "mine", "read", mine.id, now())
    browser = Browser.signed_in(world, "Vera")
    set_role(world.session, find_owner(world.session, "Vera"), "viewer", now(), (mine.id,))
    world.session.commit()
    bearer = {"Authorization": f"Bearer {secret}"}
    pages = list(addresses(browser.client, mine, post, "/owner/"))
    operations = list(addresses(browser.client, mine, post, "/api/v1/"))
    assert len(pages) > 100
    assert len(operations) > 50

    def page(address: str) -> str:
        return browser.get(address).text

    def operation(address: str) -> str:
        return browser.client.get(address, headers=bearer).text

    def read(ask: Callable[[str], str], found: list[str]) -> dict[str, str]:
        return {address: OF_THE_MOMENT.sub("", ask(address)) for address in found}

    operation("/api/v1/accounts")  # from now on the page of tokens says that it was used
    before = read(page, pages) | read(operation, operations)
    some_data(world, world.account("@Jesse", role="me"), "evilbot/1.0 (hidden)", 2_000)
    after = read(page, pages) | read(operation, operations)
    changed = [address for address, text in before.items() if after[address] != text]
    assert changed == []
