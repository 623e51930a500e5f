"""Who somebody is on Bluesky, proved by signing in on their own server, by atproto's OAuth."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from atprotoplace import ANN, BOB, AtprotoPlace, reset, served
from browser import Browser, read
from identities import OURS, Visitor
from world import World

from linktrack.errors import Invalid, LinktrackError, NotFound
from linktrack.networks.bluesky.client import refuses
from linktrack.networks.bluesky.places import DIRECTORY, Places
from linktrack.networks.bluesky.reader import PUBLIC

FORM = "@ann.test"


@pytest.fixture(scope="module")
def running() -> Iterator[AtprotoPlace]:
    with served(AtprotoPlace()) as place:
        yield place


@pytest.fixture
def place(running: AtprotoPlace) -> AtprotoPlace:
    return reset(running)


def visitor(world: World, place: AtprotoPlace, base_url: str = OURS) -> Visitor:
    """A browser on an installation that asks these servers, which know its document."""
    settings = replace(world.settings, bluesky=place.address, plc=place.address, base_url=base_url)
    world = replace(world, settings=settings)
    if not place.document:
        world.account("@me.test", "bluesky")
        document = Browser.on(world).get("/oauth/bluesky.json")
        assert document.status_code == 200
        assert document.content_type == "application/json"
        place.document = document.get_json()
    return Visitor.of(world)


def led(browser: Visitor, typed: str = FORM) -> str:
    answer = browser.begin(typed, "bluesky")
    assert answer.status_code == 200, read(answer)
    return answer.headers["Refresh"].partition("; url=")[2]


@pytest.mark.parametrize("typed", [FORM, "Ann.test", "https://bsky.app/profile/ann.test", ANN])
def test_whoever_signs_in_there_is_the_account_of_their_handle(
    sqlite_world: World, place: AtprotoPlace, typed: str
) -> None:
    """The request was pushed, each is proved with a nonce, and the token is revoked."""
    browser = visitor(sqlite_world, place)
    answer = browser.back(place.consented(led(browser, typed)))
    assert answer.text == f"@me.test: {ANN} @ann.test (a note)"
    assert place.tokens == []
    assert [one.path for one in place.asked if one.method == "POST"] == [
        "/par", "/par", "/token", "/revoke",
    ]  # fmt: skip


def test_it_comes_back_once_to_the_browser_that_began(world: World, place: AtprotoPlace) -> None:
    """On both databases; another's code is refused by the server: it belongs to another key."""
    ann, bob = visitor(world, place), visitor(world, place)
    for_ann, for_bob = place.consented(led(ann)), place.consented(led(bob))
    assert bob.back(for_ann).status_code == 403
    mixed = parse_qs(urlsplit(for_bob).query)["code"][0]
    own = parse_qs(urlsplit(for_ann).query)["code"][0]
    answer = ann.back(for_ann.replace(own, mixed))
    assert answer.status_code == 403
    assert "didn't confirm this sign-in" in answer.text
    assert ann.back(for_ann).status_code == 403
    assert place.tokens == []


@pytest.mark.parametrize(
    ("twist", "sentence"),
    [
        ({"who": BOB}, "You signed in as somebody else than @ann.test"),
        ({"given": {"sub": None}}, "You signed in as somebody else"),
        ({"given": {"token_type": "Bearer"}}, "didn't confirm this sign-in"),
        ({"given": {"scope": "profile"}}, "doesn't say who you are"),
        ({"back": {"iss": "https://bsky.social"}}, "Another server than"),
        ({"back": {"iss": ""}}, "Another server than"),
        ({"back": {"code": "", "error": "access_denied"}}, "You cancelled at"),
    ],
)
def test_who_is_somebody_else_or_comes_from_elsewhere_is_refused(
    sqlite_world: World, place: AtprotoPlace, twist: dict[str, object], sentence: str
) -> None:
    """The subject of the token must be who began, and the answer must name who sent it."""
    browser = visitor(sqlite_world, place)
    for name, value in twist.items():
        setattr(place, name, value)
    answer = browser.back(place.consented(led(browser)))
    assert answer.status_code == 403
    assert sentence in answer.text
    assert place.tokens == []


@pytest.mark.parametrize(
    ("twist", "sentence"),
    [
        ({"identity": {"alsoKnownAs": ["at://bob.test"]}}, "don't name each other"),
        ({"identity": {"alsoKnownAs": None}}, "don't name each other"),
        ({"identity": {"id": BOB}}, "identity can't be found"),
        ({"identity": {"service": []}}, "names no server"),
        (
            {"identity": {"service": [{"id": "#atproto_pds", "serviceEndpoint": "ftp://x.test"}]}},
            "an address that can't be used",
        ),
        ({"handles": {"ann.test": "did:plc:short"}}, "There is no @ann.test"),
        ({"handles": {}}, "There is no @ann.test"),
        ({"resource": {"resource": "https://elsewhere.test"}}, "doesn't let people sign in"),
        ({"resource": {"authorization_servers": []}}, "doesn't let people sign in"),
        ({"described": {"issuer": "https://bsky.social"}}, "doesn't let people sign in"),
        ({"described": {"scopes_supported": ["openid"]}}, "doesn't let people sign in"),
        ({"described": {"dpop_signing_alg_values_supported": ["RS256"]}}, "doesn't let people"),
        (
            {"described": {"authorization_response_iss_parameter_supported": False}},
            "doesn't let people sign in",
        ),
        ({"described": {"token_endpoint": "file:///etc/passwd"}}, "an address that can't be used"),
        ({"described": {"pushed_authorization_request_endpoint": None}}, "can't be used"),
        (
            {"described": {"authorization_endpoint": "http://x.test/" + "a" * 9_000}},
            "can't be used",
        ),
        ({"described": {"revocation_endpoint": "http://[::1"}}, "can't be used"),
        (
            {"document": {"client_id": "x", "redirect_uris": [OURS], "scope": "atproto"}},
            "not known",
        ),
    ],
)
def test_a_handle_an_identity_and_a_server_must_name_each_other(
    sqlite_world: World, place: AtprotoPlace, twist: dict[str, object], sentence: str
) -> None:
    """Whatever else they say, the browser is led nowhere."""
    browser = visitor(sqlite_world, place)
    for name, value in twist.items():
        setattr(place, name, value)
    answer = browser.begin(FORM, "bluesky")
    assert answer.status_code in (404, 422)
    assert sentence in read(answer).replace("’", "'")
    assert "Refresh" not in answer.headers


def test_an_address_of_a_server_is_no_header_of_ours(
    sqlite_world: World, place: AtprotoPlace
) -> None:
    """Line ends and other letters are read as browsers read them."""
    browser = visitor(sqlite_world, place)
    place.described = {"authorization_endpoint": "http://x.test/\r\nSet-Cookie: a=b/é ; url=c"}
    answer = browser.begin(FORM, "bluesky")
    assert answer.headers["Refresh"].startswith("0; url=http://x.test/Set-Cookie:%20a=b/%C3%A9%20;")
    assert [name for name, _ in answer.headers if name == "Set-Cookie"] == ["Set-Cookie"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_on_loopback_no_server_has_to_read_a_page_of_ours(
    sqlite_world: World, place: AtprotoPlace, host: str
) -> None:
    """The name says all, and who comes back by number finds the cookie of the name."""
    browser = visitor(sqlite_world, place, f"http://{host}:8000")
    back = place.consented(led(browser))
    assert back.startswith("http://127.0.0.1:8000/oauth/back?")
    path = back.removeprefix("http://127.0.0.1:8000")
    if host == "localhost":
        answer = browser.client.get(path, base_url="http://127.0.0.1:8000")
        assert answer.location == f"http://localhost:8000{path}"
    answer = browser.client.get(path)
    assert f"{ANN} @ann.test" in answer.text


@pytest.mark.parametrize(
    "base_url",
    ["http://go.example.org", "https://go.example.org:8443", "https://203.0.113.7", "https://home"],
)
def test_an_address_whose_page_no_server_can_read_offers_no_sign_in(
    sqlite_world: World, place: AtprotoPlace, base_url: str
) -> None:
    """And says what it would take."""
    assert "an https address with a name" in str(refuses(base_url))
    world = replace(sqlite_world, settings=replace(sqlite_world.settings, base_url=base_url))
    sqlite_world.account("@me.test", "bluesky")
    answer = Visitor.of(world).begin(FORM, "bluesky")
    assert answer.status_code == 422
    assert Browser.on(world).get("/oauth/bluesky.json").status_code == 404
    assert place.asked == []


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "ann",
            "@",
            "@ann",
            "@ann@square.test",
            "did:plc:",
            "did:key:z6Mk",
            "did:web:a b.test",
        ),
        *(
            "@127.0.0.1",
            "@ann.1",
            "@ann..test",
            "@-ann.test",
            "http://ann.test/x",
            "@a.test\0",
            "@é.test",
        ),
    ],
)
def test_what_is_no_handle_of_bluesky_asks_nobody(place: AtprotoPlace, typed: str) -> None:
    """Nor is a DID of another method."""
    with pytest.raises(Invalid):
        Places(place.address, place.address).find(typed)
    assert place.asked == []


@pytest.mark.parametrize(
    "did", ["did:web:127.0.0.1", "did:web:localhost", "did:web:2130706433", "did:web:0x7f.1"]
)
def test_an_identity_on_this_machine_is_not_asked(did: str) -> None:
    """A did:web is an address that a stranger writes."""
    with pytest.raises(LinktrackError):
        Places(PUBLIC, DIRECTORY).find(did)


def test_a_public_directory_makes_no_private_server_one_to_ask(place: AtprotoPlace) -> None:
    """Only with a directory of one's own may a server be private, or without encryption."""
    places = Places(place.address, DIRECTORY)
    with pytest.raises(LinktrackError):
        places._entrance(ANN, "ann.test", place.address)
    assert [one.path for one in place.asked] == []
    with pytest.raises((NotFound, LinktrackError)):
        places._origin(place.address)
