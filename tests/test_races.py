"""Two who do the same at once: one is in, the other is told so, and nobody sees a 500."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser import Browser
from doorways import Caller
from world import World

Form = dict[str, str | list[str]]
FORMS: list[tuple[str, Form]] = [
    ("/owner/people", {"name": "Ann", "hosts": "", "mentions": ""}),
    ("/owner/accounts", {"handle": "@same", "network": "x", "role": "", "followers": ""}),
    ("/owner/links", {"account": "1", "destination": "https://a.com", "slug": "same"}),
    ("/owner/team", {"name": "Jo", "role": "owner"}),
    ("/owner/tokens", {"name": "same", "scope": "read", "account": ""}),
]


def at_once(ask: Callable[[int], int], threads: int = 6) -> list[int]:
    """Return the statuses of as many answers to requests that begin at the same moment."""
    ready = threading.Barrier(threads)

    def one(number: int) -> int:
        ready.wait()
        return ask(number)

    with ThreadPoolExecutor(threads) as pool:
        return sorted(pool.map(one, range(threads)))


@pytest.mark.parametrize(("address", "form"), FORMS, ids=[address for address, _ in FORMS])
def test_a_form_sent_by_several_at_once_is_done_once(
    world: World, address: str, form: Form
) -> None:
    world.account()
    browsers = [Browser.signed_in(world, f"Owner{number}") for number in range(6)]
    statuses = at_once(lambda number: browsers[number].send(address, form).status_code)
    done = [status for status in statuses if status in (200, 303)]
    assert len(done) == 1, statuses
    assert set(statuses) <= {200, 303, 409, 422}, statuses


def test_a_request_sent_by_several_at_once_is_done_once(world: World) -> None:
    world.account()
    callers = [Caller(world, f"caller{number}") for number in range(6)]
    body = {"account": "@JessesLinks", "destination": "https://a.com/", "slug": "same"}
    statuses = at_once(lambda number: callers[number]("POST", "/links", body).status_code)
    assert statuses.count(201) == 1, statuses
    assert set(statuses) <= {201, 409}, statuses
