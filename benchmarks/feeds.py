"""How long a member's feed takes, in a community of ten thousand with a hundred entries.

python benchmarks/feeds.py [MEMBERS [ENTRIES]]: prints the median and the slowest CPU time of 200
feeds of different members as Atom and JSON Feed, of 200 that are answered with 304, and of 200
pages.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert

from linktrack.app import create_app
from linktrack.audience.accounts import add_account
from linktrack.audience.models import Consent, Follower
from linktrack.community.communities import open_community
from linktrack.community.feed.bringing_in import bring_in
from linktrack.community.feed_addresses import feed_token
from linktrack.community.models import Member
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.links.posts import Wish, wrap_post
from linktrack.settings import load_settings

RUNS = 200


def fill(installation: Installation, members: int, entries: int) -> list[str]:
    """Make the community; return the tokens of some members' feeds."""
    database, shortener, at = installation.database, installation.shortener, now()
    with database.session(writes=True) as session:
        we = add_account(session, "mastodon", "@we@example.social", "we", at)
        you = add_account(session, "mastodon", "@you@example.social", "you", at)
        open_community(session, we, at)
        who = [f"https://example.social/@{number}" for number in range(members)]
        session.execute(
            insert(Member),
            [
                {
                    "account_id": we.id, "network": "mastodon", "network_id": each, "handle": each,
                    "handle_key": each, "introduction": "", "agrees_links": True,
                    "agrees_mail": False, "joined_at": at, "feed_number": 0,
                }
                for each in who
            ],
        )  # fmt: skip
        session.execute(
            insert(Follower), [{"account_id": you.id, "network_id": each} for each in who]
        )
        followers = [{"follower_id": each + 1, "agreed_at": at} for each in range(members)]
        session.execute(insert(Consent), followers)
        for number in range(entries):
            text = f"Post {number}: " + "words " * 30 + f"http://one.com/{number} http://two.com/"
            post = wrap_post(session, shortener, you, Wish(text), at)
            assert post is not None
            bring_in(session, shortener, we, post, written="My favourite", now=at)
        session.commit()
        markers = installation.keys.markers()
        step = max(1, members // RUNS)
        found = [session.get_one(Member, 1 + step * each) for each in range(min(RUNS, members))]
        return [feed_token(markers, member) for member in found]


def measure(what: str, do: Callable[[str], int], tokens: list[str]) -> None:
    """Print the CPU time that something takes for each of these members, in milliseconds."""
    do(tokens[0])
    took = []
    for token in tokens:
        began = time.process_time()
        do(token)
        took.append(1000 * (time.process_time() - began))
    print(f"{what:<16} median {statistics.median(took):5.1f} ms, slowest {max(took):5.1f} ms")


def main() -> None:
    """Fill a new installation, and measure."""
    members, entries = (int(each) for each in (*sys.argv[1:], "10000", "100")[:2])
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            {"LINKTRACK_DATA": str(Path(folder) / "data"), "LINKTRACK_PERSONAL_LINKS": "on"}
        )
        installation = Installation.open(settings)
        installation.database.prepare()
        tokens = fill(installation, members, entries)
        client = create_app(installation).test_client()
        marks = {token: client.get(f"/feed/{token}").headers["ETag"] for token in tokens}
        print(f"{members:,} members, {entries} entries of two links each, SQLite")
        measure("Atom", lambda each: len(client.get(f"/feed/{each}").data), tokens)
        measure("JSON Feed", lambda each: len(client.get(f"/feed/{each}.json").data), tokens)
        measure(
            "304",
            lambda each: (
                client.get(f"/feed/{each}", headers={"If-None-Match": marks[each]}).status_code
            ),
            tokens,
        )
        measure("page", lambda each: len(client.get(f"/feed/{each}.html").data), tokens)
        installation.database.close()


if __name__ == "__main__":
    main()
