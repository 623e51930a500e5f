"""The doors for programs, as tests call them."""

from datetime import timedelta
from typing import Any

from clicking import FIREFOX
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from world import NOON, World

from linktrack.app import create_app
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.links.catalog import get_link
from linktrack.owners.tokens import create_token


def client_of(world: World) -> FlaskClient:
    keys = load_keys(world.settings.data)
    return create_app(
        Installation(world.settings, keys, world.database, world.shortener)
    ).test_client()


def problem(response: TestResponse, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert body["status"] == status
    return str(body["detail"])


class Door:
    """A client of one door."""

    def __init__(self, world: World, scope: str = "wrap", name: str = "phone") -> None:
        self.world = world
        if name == "phone":
            world.account()
        self.secret = create_token(world.session, name, scope, 1, NOON)
        world.session.commit()
        self.client: FlaskClient = client_of(world)

    def yourls(self, action: str, method: str = "GET", **arguments: object) -> TestResponse:
        values = {"action": action, "signature": self.secret, "format": "json", **arguments}
        key = "query_string" if method == "GET" else "data"
        return self.client.open("/yourls-api.php", method=method, **{key: values})  # type: ignore[arg-type]

    def shlink(self, path: str, body: object = None, method: str | None = None) -> TestResponse:
        return self._send(f"/rest/v3{path}", body, method, {"X-Api-Key": self.secret})

    def kutt(self, path: str, body: object = None, method: str | None = None) -> TestResponse:
        return self._send(f"/api/v2{path}", body, method, {"X-API-KEY": self.secret})

    def dub(self, path: str, body: object = None, method: str | None = None) -> TestResponse:
        return self._send(path, body, method, {"Authorization": f"Bearer {self.secret}"})

    def _send(
        self, path: str, body: object, method: str | None, headers: dict[str, str]
    ) -> TestResponse:
        options: dict[str, Any] = {} if body is None else {"json": body}
        method = method or ("GET" if body is None else "POST")
        return self.client.open(path, method=method, headers=headers, **options)


def click_link(world: World, code: str, *visitors: int | None) -> None:
    link_id = get_link(world.session, world.shortener.codes, code).id
    at = to_ms(now() - timedelta(hours=1))
    agents = [FIREFOX if visitor is not None else "Twitterbot/1.0" for visitor in visitors]
    world.click(
        [
            ClickRecord(at, link_id, agent, "//t.co", visitor)
            for agent, visitor in zip(agents, visitors, strict=True)
        ]
    )
    world.session.rollback()


class Caller:
    """A program with a token that may do everything, on all accounts or on one."""

    def __init__(self, world: World, name: str = "all", account_id: int | None = None) -> None:
        self.client = client_of(world)
        self.secret = create_token(world.session, name, "write", account_id, NOON)
        world.session.commit()

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        options: dict[str, Any] = {} if body is None else {"json": body}
        return self.client.open(
            f"/api/v1{path}",
            method=method,
            headers={"Authorization": f"Bearer {self.secret}", **named},
            **options,
        )


ACCOUNT = "account=@JessesLinks"
REPORTS = [
    # name, query, command, members of the answer
    (
        "audience", "from=2026-05-04", "audience @JessesLinks --from 2026-05-04",
        ("account period seen at_least low high method refused links followers followers_at share "
        "share_low share_high halves members sentence"),
    ),
    ("compare", "", "compare @JessesLinks", "window accounts differences"),
    (
        "growth", "", "growth @JessesLinks",
        ("account window posts posts_without_clicks followers_low followers_high slope slope_low "
        "slope_high verdict refused sentence"),
    ),
    (
        "half-life", "", "half-life @JessesLinks",
        ("account posts posts_over posts_skipped half_life half_life_low half_life_high "
        "nine_tenths nine_tenths_low nine_tenths_high refused sentence lives"),
    ),
    (
        "hours", "", "hours @JessesLinks",
        ("account window timezone posts cpf cpf_low cpf_high refused best_weekday best_hour "
        "weekdays_differ hours_differ sentence weekdays hours"),
    ),
    (
        "engagement", "", "engagement @JessesLinks",
        "account window sentences total different posts next",
    ),
    (
        "regulars", "", "regulars @JessesLinks",
        ("account from to known_since refused sentence followers regulars before stayed left stay "
        "stay_low stay_high people next"),
    ),
    ("referrers", "", "referrers @JessesLinks", "account from to referrers"),
    (
        "experiment", "name=Pictures", "experiment @JessesLinks --name Pictures",
        ("name hypothesis at days window before after difference difference_low difference_high "
        "ratio ratio_low ratio_high p verdict decided_at next_look last_look days_needed weeks "
        "besides sentence"),
    ),
    ("people", "", "people @JessesLinks", "people"),
    (
        "own", "", "own @JessesLinks",
        "account own_sites own others ratio ratio_low ratio_high sentence",
    ),
    (
        "digest", "period=month", None,
        "account period window now before change posts_counting best weakest sentence sure",
    ),
    (
        "segments", "", "segments @JessesLinks",
        ("account window unattributed count roster roster_at unknown_people segments living posts "
        "posts_unmeasured still_counting properties properties_at ways"),
    ),
    (
        "topics", "", "topics @JessesLinks",
        ("account window topics tags posts posts_tagged posts_without_count posts_unmeasured "
        "still_counting cpf cpf_low cpf_high sentences"),
    ),
    ("followers", "", "followers @JessesLinks", "account days event events churn jumps"),
    (
        "cpf", "", "cpf @JessesLinks",
        "account window total still_counting posts_without_count posts_unmeasured posts",
    ),
]  # fmt: skip
