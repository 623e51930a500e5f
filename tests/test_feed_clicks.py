"""Clicks on members' feeds, through a running service: whose they are, and when nobody's."""

import gzip
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from databases import Maker
from members import Club, add_member, club
from servers import Server, environment, serving
from services import BROWSER, loaded
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Consent
from linktrack.clicks.classify.agents import classify_agent
from linktrack.clicks.loading.personal import MOST_A_DAY
from linktrack.clicks.models import clicks
from linktrack.clicks.vocabulary import REASON_NUMBER
from linktrack.community.feed_addresses import member_token
from linktrack.community.models import Member

READERS = (
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)",
    "NetNewsWire (RSS Reader; https://netnewswire.com/)",
    "FreshRSS/1.24.1 (Linux; https://freshrss.org)",
    "Mozilla/5.0 (compatible; Miniflux/2.1.0; +https://miniflux.app)",
    "NewsBlur Feed Fetcher - 1 subscriber - http://www.newsblur.com/site/1",
    "Reeder/5050001 CFNetwork/1474 Darwin/23.0.0",
)


HOST = "https://go.jessestay.com"


@dataclass(frozen=True, slots=True)
class Running:
    """A service, and the community in it."""

    server: Server
    we: Club
    environ: dict[str, str]

    def links(self, token: str, **headers: str) -> list[str]:
        """Return the paths of the short links in a feed, newest first."""
        status, _, body = self.server.request(f"/feed/{token}", **headers)
        assert status == 200
        return re.findall(rf'href="{HOST}(/[A-Za-z0-9]+)"', body.decode())

    def click(self, path: str, number: int, **headers: str) -> None:
        """Click a link as a person from an address of their own."""
        sent = BROWSER | {"X_Forwarded_For": f"203.0.113.{number}"} | headers
        assert self.server.request(path, **sent)[0] == 302
        time.sleep(0.002)  # no two in one millisecond: two workers' clicks come in any order then

    def stored(self) -> list[tuple[int, int | None, int]]:
        """Return segment, follower and reason of each click, in the order of clicking."""
        loaded(self.environ)
        with self.we.world.database.engine.connect() as connection:
            rows = connection.execute(
                select(clicks.c.segment_id, clicks.c.follower_id, clicks.c.reason).order_by(
                    clicks.c.clicked_at
                )
            )
            return [(row[0], row[1], row[2]) for row in rows]


@pytest.fixture
def running(sqlite_databases: Maker, tmp_path: Path) -> Iterator[Running]:
    """A service with ten posts in the feed of Ada, and of Ben, who agreed to nothing."""
    url, settings = sqlite_databases(), {"LINKTRACK_PERSONAL_LINKS": "on"}
    with World.at(tmp_path / "data", url, **settings) as world:
        we = club(world)
        add_member(world.session, we.community, "@ben", network_id="b", agrees_links=False)
        for number in range(10):
            we.bring(f"See http://one.com/{number}")
        environ = environment(tmp_path / "data", url, LINKTRACK_BASE_URL=HOST, **settings)
        with serving(environ, tmp_path / "log") as server:
            yield Running(server, we, environ)


@pytest.mark.slow
def test_a_click_on_a_member_s_link_is_theirs_until_the_feed_leaks(running: Running) -> None:
    """Programs that fetch ahead are nobody; with GPC, and for who agreed to nothing, a member's.

    Then the address is published: seven strangers click a link each, and no click names Ada.
    """
    we = running.we
    ben = next(
        member for member in we.world.session.scalars(select(Member)) if member.handle == "@ben"
    )
    consents = we.world.session.scalars(select(Consent.follower_id)).all()
    we.world.session.rollback()
    own, bens = running.links(we.token()), running.links(we.token(ben))
    with_gpc = running.links(we.token(), Sec_GPC="1")
    assert (len(own), bens) == (10, with_gpc)
    assert not set(own) & set(bens)
    for number, agent in enumerate(READERS):
        running.click(own[number], 99, User_Agent=agent)
    running.click(own[0], 1)
    running.click(bens[0], 2)
    running.click(own[1], 1, Sec_GPC="1")
    found = running.stored()
    (follower,) = {each for _, each, reason in found if reason == REASON_NUMBER["human"]} - {None}
    assert follower in consents
    segment = found[-2][0]
    person = REASON_NUMBER["human"]
    assert found[-3:] == [(segment, follower, person), (segment, None, person), (0, None, person)]
    assert not any(reason == person for _, _, reason in found[: len(READERS)])
    for number in range(MOST_A_DAY):
        running.click(own[number + 2], 10 + number)
    found = running.stored()
    assert {each for _, each, _ in found} == {None}
    assert (segment, None, person) in found  # Ben's, by the version
    # The feed has the version's links until Ada has a new address; then her own for new posts.
    assert running.links(we.token()) == bens
    page = f"/feed/member/{member_token(we.markers, 'member', we.ada)}"
    we.world.session.rollback()
    assert b"More people seem to use" in running.server.request(page)[2]
    assert running.server.request(page, "POST")[0] == 303
    we.world.session.refresh(we.ada)
    we.world.session.rollback()
    we.bring("See http://two.com/", at=NOON + timedelta(hours=1))
    assert running.links(we.token())[1:] == bens
    running.click(running.links(we.token())[0], 1)
    assert running.stored()[-1] == (segment, follower, person)


def test_agents_that_are_known_to_read_feeds_are_no_people(shared_data: Path) -> None:
    """All that public lists call a reader, fetcher or parser of feeds."""
    assert {classify_agent(agent).reason for agent in READERS} == {"bot"}
    with gzip.open(shared_data / "ua/labelled_public.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    of_feeds = [row for row in rows if row["is_bot"] and "feed" in str(row.get("cats")).lower()]
    assert len(of_feeds) > 50
    assert [row["ua"] for row in of_feeds if classify_agent(row["ua"]).reason is None] == []
