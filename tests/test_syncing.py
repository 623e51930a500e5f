"""Reading the networks: page by page, going on where it was, and politely."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from standin import stand_in
from world import World

from linktrack.audience.counts import list_counts
from linktrack.audience.forgetting import find_people, forget_people
from linktrack.audience.models import Account, Follower, Roster, Sync, SyncPage
from linktrack.audience.syncing import Synced, claim, due_accounts, sync_account
from linktrack.db import now
from linktrack.errors import Invalid, NotFound, Unavailable
from linktrack.networks.bluesky.reader import Bluesky
from linktrack.networks.errors import Pause
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon.reader import Mastodon
from linktrack.networks.protocols import Reader
from linktrack.networks.records import FollowerRecord, Page, Profile

KEY = b"k" * 32
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)


class Village:
    """A network with a handful of people, which may be out for a while at any page."""

    def __init__(self, people: Sequence[FollowerRecord]) -> None:
        self.people = list(people)
        self.count = len(self.people)
        self.asked: list[str | None] = []
        self.trouble: dict[str | None, Exception] = {}

    def profile(self, name: str) -> Profile:
        return Profile("did:plc:me", f"@{name}", self.count)

    def followers(self, name: str, cursor: str | None) -> Page:
        assert name == "did:plc:me"
        self.asked.append(cursor)
        if cursor in self.trouble:
            raise self.trouble.pop(cursor)
        start = int(cursor or 0)
        more = str(start + 2) if start < len(self.people) else None  # the last page is empty
        return Page(self.people[start : start + 2], more)

    def close(self) -> None:
        pass


def people(names: str) -> list[FollowerRecord]:
    return [
        FollowerRecord(f"did:plc:{name}", f"@{name}.test", last_active_at=LONG_AGO)
        for name in names
    ]


def sync(world: World, account: Account, village: Reader, confirmed: bool = False) -> Synced:
    return sync_account(
        world.database, account, lambda _: village,
        key=KEY, every=timedelta(hours=24), confirmed=confirmed,
    )  # fmt: skip


def state(world: World) -> Sync:
    world.session.rollback()
    world.session.expire_all()
    return world.session.scalars(select(Sync)).one()


def test_count_and_list_are_read_to_the_last_page(world: World) -> None:
    """A promised page may be empty; the account's stable id is kept."""
    account = world.account("@me.test", "bluesky")
    before = now()
    done = sync(world, account, Village(people("abcd")))
    world.session.rollback()
    assert (done.followers, done.problem) == (4, None)
    assert done.roster is not None
    assert done.roster.size == 4
    assert before <= done.roster.taken_at <= now()
    assert [row.count for row in list_counts(world.session, account.id)] == [4]
    world.session.refresh(account)
    assert account.network_id == "did:plc:me"
    person = world.session.scalars(select(Follower).order_by(Follower.id)).first()
    assert person is not None
    assert (person.handle, person.last_active_at) == ("@a.test", LONG_AGO)
    assert before + timedelta(hours=24) <= state(world).next_at
    assert world.session.scalars(select(SyncPage)).all() == []


def test_reading_goes_on_behind_the_last_page(world: World) -> None:
    """Whether the network asked for a pause, or was out."""
    account = world.account("@me.test", "bluesky")
    village = Village(people("abcde"))
    until = now() + timedelta(minutes=3)
    village.trouble = {"2": Pause(until)}
    done = sync(world, account, village)
    assert done.roster is None
    assert done.problem is not None
    assert "asked to wait until" in done.problem
    assert state(world).next_at == until
    world.session.rollback()
    village.trouble = {"4": Unavailable("It is out.")}
    assert sync(world, account, village).problem == "@me.test: It is out."
    assert state(world).problem == "@me.test: It is out."
    world.session.rollback()
    assert sync(world, account, village).roster is not None
    assert village.asked == [None, "2", "2", "4", "4", "6"]
    world.session.rollback()
    assert world.session.scalars(select(Roster.size)).all() == [5]


def test_a_list_begun_long_ago_is_begun_anew(world: World) -> None:
    """It would be a list of no one moment."""
    account = world.account("@me.test", "bluesky")
    village = Village(people("abcde"))
    village.trouble = {"2": Unavailable("It is out.")}
    sync(world, account, village)
    begun = state(world)
    begun.begun_at = now() - timedelta(hours=30)
    world.session.commit()
    sync(world, account, village)
    assert village.asked == [None, "2", None, "2", "4", "6"]


def test_a_list_that_is_suddenly_a_tenth_waits_for_a_yes(world: World) -> None:
    """The pages are kept, and need not be read again."""
    account = world.account("@me.test", "bluesky")
    sync(world, account, Village(people("abcdefghijkl")))
    village = Village(people("a"))
    done = sync(world, account, village)
    assert done.problem is not None
    assert "--yes" in done.problem
    asked = len(village.asked)
    assert sync(world, account, village, confirmed=True).roster is not None
    assert len(village.asked) == asked


def test_a_list_far_shorter_than_the_count_is_not_taken(world: World) -> None:
    """The network showed a part of it; those on the rest have not left."""
    account = world.account("@me.test", "bluesky")
    village = Village(people("abcde"))
    village.count = 11
    problem = sync(world, account, village).problem
    assert problem == (
        "@me.test: The list has 5 people, and the count says 11: if that is right, add --yes."
    )
    assert world.session.scalars(select(Roster)).all() == []
    world.session.rollback()
    assert sync(world, account, village, confirmed=True).roster is not None


def test_who_is_forgotten_while_a_list_is_read_is_not_on_it(world: World) -> None:
    """The pages that had them are thrown away."""
    account = world.account("@me.test", "bluesky")
    sync(world, account, Village(people("abc")))
    village = Village(people("abc"))
    village.trouble = {"2": Unavailable("It is out.")}
    sync(world, account, village)
    forget_people(world.session, find_people(world.session, "did:plc:a"), KEY, now())
    world.session.commit()
    assert world.session.scalars(select(SyncPage)).all() == []
    world.session.rollback()
    done = sync(world, account, village)
    assert done.roster is not None
    assert (done.roster.size, done.roster.forgotten) == (2, 1)


def test_accounts_are_due_once_and_belong_to_one_process(world: World) -> None:
    """Only those of networks that can be read."""
    account = world.account("@me.test", "bluesky")
    world.account("@x")
    assert [one.id for one in due_accounts(world.session, now())] == [account.id]
    assert claim(world.session, account.id, now())
    assert not claim(world.session, account.id, now())
    assert due_accounts(world.session, now()) == []
    later = now() + timedelta(hours=1)
    assert [one.id for one in due_accounts(world.session, later)] == [account.id]
    assert claim(world.session, account.id, later)


def test_x_is_not_read(sqlite_world: World) -> None:
    """It shows nobody's followers without a password."""
    with pytest.raises(Invalid, match="X doesn't show followers without a password"):
        sync(sqlite_world, sqlite_world.account(), Village([]))


def test_mastodons_count_is_public() -> None:
    """The follower list is not."""

    def answer(path: str, arguments: dict[str, list[str]]) -> tuple[int, dict[str, str], object]:
        if (path, arguments) != ("/api/v1/accounts/lookup", {"acct": ["ann"]}):
            return 404, {}, {"error": "Record not found"}
        return 200, {}, {"id": "1", "acct": "ann", "url": "https://a.social/@ann",
                         "followers_count": 23_000}  # fmt: skip

    with stand_in(answer) as address:
        reader = Mastodon("@ann@a.social", address)
        assert reader.profile("@ann@a.social") == Profile(
            "https://a.social/@ann", "@ann@a.social", 23_000
        )
        assert reader.followers("@ann@a.social", None) is None
        with pytest.raises(NotFound):
            reader.profile("@nobody@a.social")
        reader.close()


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"max_characters": 5000, "characters_reserved_per_url": 30}, (5000, 30)),
        ({"max_characters": "x", "characters_reserved_per_url": 23}, (500, 23)),
        ({"max_characters": 10**9, "characters_reserved_per_url": 23}, (500, 23)),
        (None, (500, 23)),
    ],
)
def test_a_servers_own_length_of_posts_is_kept_with_the_account(
    world: World, statuses: object, expected: tuple[int, int]
) -> None:
    """What it does not say leaves what was known; the count is read all the same."""

    def answer(path: str, _: dict[str, list[str]]) -> tuple[int, dict[str, str], object]:
        if path == "/api/v2/instance" and statuses is not None:
            return 200, {}, {"configuration": {"statuses": statuses}}
        if path == "/api/v1/accounts/lookup":
            return 200, {}, {"url": "https://a.social/@ann", "followers_count": 5}
        return 404, {}, {"error": "Record not found"}

    account = world.account("@ann@a.social", "mastodon")
    account.text_limit, account.address_length = 500, 23
    world.session.commit()
    with stand_in(answer) as address:
        done = sync(world, account, Mastodon("@ann@a.social", address))
    assert (done.followers, done.problem) == (5, None)
    world.session.expire_all()
    assert (account.text_limit, account.address_length) == expected


def test_limits_of_the_network_are_heeded() -> None:
    """Few requests left, or one too many: nothing more is asked before the time it names."""
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=90)
    answers: list[tuple[int, dict[str, str], object]] = [
        (200, {"ratelimit-remaining": "2", "ratelimit-reset": str(int(reset.timestamp()))}, {}),
        (429, {"x-ratelimit-reset": reset.isoformat()}, {}),
        (429, {"retry-after": "7"}, {}),
        (429, {}, b"slow down"),
        (429, {"ratelimit-reset": str(int(reset.timestamp() * 1_000))}, {}),
        (429, {"retry-after": "4000000000"}, {}),
        (429, {"x-ratelimit-reset": "9998-01-01T00:00:00Z"}, {}),
    ]
    asked = []

    def answer(path: str, _: dict[str, list[str]]) -> tuple[int, dict[str, str], object]:
        asked.append(path)
        return answers[int(path[1:])]

    with stand_in(answer) as address:
        fetcher = Fetcher(address, may_be_private=True)
        assert fetcher.get("/0", {}) == {}
        with pytest.raises(Pause) as pause:
            fetcher.get("/0", {})
        assert pause.value.until == reset
        assert asked == ["/0"]
        fetcher.close()
        day = 86_400
        for number, seconds in ((1, 90), (2, 7), (3, 300), (4, day), (5, day), (6, day)):
            fetcher = Fetcher(address, may_be_private=True)
            with pytest.raises(Pause) as pause:
                fetcher.get(f"/{number}", {})
            wait = pause.value.until - datetime.now(UTC)
            assert abs(wait.total_seconds() - seconds) < 3
            fetcher.close()


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (500, {"message": "oops"}, "answers with status 500: oops"),
        (302, b"", "answers with status 302"),
        (200, b"<html>", "answers with status 200"),
        (200, b"[" * 100_000, "answers with status 200"),
        (200, {"did": 5}, "without a DID"),
    ],
)
def test_answers_that_are_none_are_said(status: int, body: object, sentence: str) -> None:
    """Nothing is followed elsewhere."""
    with stand_in(lambda *_: (status, {"Location": "http://127.0.0.1:1/"}, body)) as address:
        reader = Bluesky(address)
        with pytest.raises(Unavailable, match=sentence):
            reader.profile("ann.test")
        reader.close()


def test_private_addresses_are_not_asked_unless_set() -> None:
    """Whatever handle somebody types."""
    asked = []

    def answer(path: str, _: dict[str, list[str]]) -> tuple[int, dict[str, str], object]:
        asked.append(path)
        return 200, {}, {}

    with stand_in(answer) as address:
        for host in (address, address.replace("127.0.0.1", "localhost"), "http://[::1]:80",
                     "http://169.254.169.254", "http://10.1.2.3"):  # fmt: skip
            fetcher = Fetcher(host)
            with pytest.raises(Unavailable, match="is a private address"):
                fetcher.get("/", {})
            fetcher.close()
    assert asked == []


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With the reason."""
    fetcher = Fetcher("http://127.0.0.1:9", may_be_private=True)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be reached"):
        fetcher.get("/", {})
    fetcher.close()
