"""One answer of a network has a time in which it must come, whatever its server does."""

import time
from collections.abc import Callable

import httpx
import pytest
import requests
from signed import bluesky, mastodon, x
from standins import Answer, standin

from linktrack.errors import Unavailable
from linktrack.networks import fetching
from linktrack.networks.errors import Unclear
from linktrack.networks.fetching import Fetcher
from linktrack.networks.protocols import Writer
from linktrack.networks.records import Message
from linktrack.networks.tids import new_tid
from linktrack.outside.httpx_transport import GuardedTransport
from linktrack.outside.requests_adapter import GuardedAdapter

SLOW = Answer(b" " * 200 + b"{}", drips=True)
"""It would take ten seconds, each byte well within the time for one read."""


@pytest.fixture(autouse=True)
def half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TOTAL", 0.5)


def test_an_answer_that_drips_is_given_up() -> None:
    """Of a network that is asked without a password."""
    with standin(lambda _: SLOW) as server:
        fetcher = Fetcher(server.address, may_be_private=True)
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="does not come to an end"):
            fetcher.get("/", {})
        assert time.monotonic() - begun < 5
        fetcher.close()


@pytest.mark.slow
@pytest.mark.parametrize("opened", [bluesky, mastodon, x])
def test_signed_in_it_is_too_and_what_was_sent_is_in_doubt(
    opened: Callable[[str], Writer],
) -> None:
    """Reading may be tried again; a post may be there."""
    with standin(lambda _: SLOW) as server:
        writer = opened(server.address)
        begun = time.monotonic()
        with pytest.raises(Unavailable) as reading:
            writer.posts(None)
        assert type(reading.value) is Unavailable
        with pytest.raises(Unclear):
            writer.publish(Message(new_tid(), "Hello"))
        assert time.monotonic() - begun < 8
        writer.close()


def test_an_answer_that_comes_in_time_is_whole() -> None:
    """However many blocks it has; and the next one has a time of its own."""
    body = {"text": "x" * 500_000}
    with standin(lambda _: Answer(body)) as server, requests.Session() as session:
        guard = fetching.guard_for(server.address, may_be_private=True)
        session.mount("http://", GuardedAdapter(fetching.limits(), guard))
        for _ in range(2):
            assert session.get(server.address).json() == body
        with httpx.Client(transport=GuardedTransport(fetching.limits(), guard)) as client:
            for _ in range(2):
                assert client.get(server.address).json() == body
