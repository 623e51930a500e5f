"""What networks tell of engagement: Bluesky, Mastodon and X, by stand-ins for their servers.

What the real servers answer is known from their documentation and code; Bluesky's own are asked by
test_networks_engagement.py.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from keepers import Kept
from standins import Answer, Asked, standin
from xserver import VALUES

from linktrack.errors import NotFound, Unavailable
from linktrack.networks.bluesky.engagement import BlueskyEngagement
from linktrack.networks.credentials import Credential
from linktrack.networks.engagement import EngagedPerson, EngagementReader, Kind
from linktrack.networks.errors import Pause, SignedOut
from linktrack.networks.mastodon.engagement import MastodonEngagement, signed_in
from linktrack.networks.x.engagement import XEngagement

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
POST = "at://did:plc:me/app.bsky.feed.post/1"


def everybody(reader: EngagementReader, post: str, kind: Kind) -> list[EngagedPerson]:
    """Read all pages."""
    found: list[EngagedPerson] = []
    cursor = None
    while True:
        page = reader.people(post, kind, cursor)
        found += page.people
        cursor = page.cursor
        if cursor is None:
            return found


def profile(name: str) -> dict[str, str]:
    return {"did": f"did:plc:{name}", "handle": f"{name}.test"}


def bluesky(asked: Asked) -> Answer:
    """A post with three likes, the last page empty, a repost, a quote and a reply."""
    method = asked.path.rpartition("/")[2]
    uri = asked.arguments.get("uri", [""])[0]
    then = "2026-05-04T12:00:00.000Z"
    if method == "app.bsky.feed.getPosts":
        row = {
            "uri": POST, "cid": "c", "author": profile("me"), "record": {}, "indexedAt": then,
            "likeCount": 3, "repostCount": 1, "replyCount": 2, "quoteCount": 1, "bookmarkCount": 4,
        }  # fmt: skip
        return Answer({"posts": [row] if POST in asked.arguments["uris"] else []})
    if uri != POST:
        return Answer({"error": "NotFound", "message": f"Post not found: {uri}"}, 400)
    match method:
        case "app.bsky.feed.getLikes":
            place = int(asked.arguments.get("cursor", ["0"])[0])
            names = ("a", "b", "c")[place : place + 2]
            likes = [
                {"actor": profile(name), "createdAt": "2024-01-01T00:00:00Z", "indexedAt": then}
                for name in names
            ]
            more = {"cursor": str(place + 2)} if names else {}
            return Answer({"uri": POST, "likes": likes, **more})
        case "app.bsky.feed.getRepostedBy":
            return Answer({"repostedBy": [{**profile("a"), "indexedAt": "2020-01-01"}]})
        case "app.bsky.feed.getQuotes":
            return Answer({"posts": [{"uri": "q", "author": profile("d"), "indexedAt": then}]})
        case "app.bsky.feed.getPostThread":
            replies = [
                {"post": {"uri": "r", "author": profile("e"), "indexedAt": then}},
                {"$type": "app.bsky.feed.defs#blockedPost", "uri": "s", "blocked": True},
            ]
            return Answer({"thread": {"post": {"uri": POST}, "replies": replies}})
    raise AssertionError(method)


def test_bluesky_tells_everybody_how_much_and_who() -> None:
    """The AppView's time counts: what a like says of itself may be anything."""
    with standin(bluesky) as place:
        reader = BlueskyEngagement(place.address)
        counts = reader.counts({POST: AT, "at://gone": AT})
        assert counts == {POST: {"like": 3, "repost": 1, "reply": 2, "quote": 1, "bookmark": 4}}
        likes = everybody(reader, POST, "like")
        assert [(one.network_id, one.handle, one.at) for one in likes] == [
            (f"did:plc:{name}", f"@{name}.test", AT) for name in "abc"
        ]
        assert everybody(reader, POST, "repost") == [
            EngagedPerson("repost", "did:plc:a", "@a.test")
        ]
        assert [one.network_id for one in everybody(reader, POST, "quote")] == ["did:plc:d"]
        assert [one.network_id for one in everybody(reader, POST, "reply")] == ["did:plc:e"]
        with pytest.raises(NotFound):
            reader.people("at://gone", "like", None)
        reader.close()
        assert place.asked[-2].arguments["depth"] == ["1"]


def test_bluesky_is_left_alone_when_it_says_so() -> None:
    """Before the limit is reached, too."""
    until = datetime.now(UTC) + timedelta(minutes=5)

    def answer(_: Asked) -> Answer:
        headers = {
            "ratelimit-remaining": "2",
            "ratelimit-reset": str(int(until.timestamp())),
        }
        return Answer({"posts": []}, headers=headers)

    with standin(answer) as place:
        reader = BlueskyEngagement(place.address)
        reader.counts({POST: AT})
        with pytest.raises(Pause):
            reader.people(POST, "like", None)
        reader.close()
        assert len(place.asked) == 1


SERVER = "https://a.example"


def account(name: str) -> dict[str, Any]:
    return {"id": name, "acct": name, "url": f"{SERVER}/@{name}", "created_at": "2020-01-01"}


def status(number: int, days: float = 0.0, **more: Any) -> dict[str, Any]:
    at = AT - timedelta(days=days)
    counts = {"favourites_count": 3, "reblogs_count": 1, "replies_count": 1}
    return {
        "id": str(number), "uri": uri(number), "created_at": at.isoformat(),
        "account": account("me"), "in_reply_to_id": None, **counts, **more,
    }  # fmt: skip


def uri(number: int) -> str:
    return f"{SERVER}/users/me/statuses/{number}"


def mastodon(asked: Asked) -> Answer:
    """Ninety posts, a day apart; the newest has three likes on two pages."""
    most = int(asked.arguments.get("limit", ["0"])[0])
    before = int(asked.arguments.get("max_id", ["1000"])[0])
    match asked.path:
        case "/api/v1/accounts/lookup":
            return Answer(account("me") | {"id": "7"})
        case "/api/v1/accounts/7/statuses":
            assert asked.arguments["exclude_reblogs"] == ["true"]
            numbers = [number for number in range(100, 10, -1) if number < before][:most]
            more = {"quotes_count": 1} if "authorization" in asked.headers else {}
            return Answer([status(number, 100 - number, **more) for number in numbers])
        case "/api/v1/statuses/100/favourited_by":
            if before == 1000:
                following = f'<{SERVER}{asked.path}?limit=80&max_id=55>; rel="next"'
                links = {"Link": f'{following}, <{SERVER}/x?min_id=1>; rel="prev"'}
                return Answer([account("a"), account("b")], headers=links)
            assert before == 55
            return Answer([account("c@b.example")])
        case "/api/v1/statuses/100/reblogged_by":
            return Answer([account("a")])
        case "/api/v1/statuses/100/quotes":
            assert asked.headers["authorization"] == "Bearer t"
            return Answer([status(300, account=account("q"))])
        case "/api/v1/statuses/100/context":
            rows = [
                status(200, in_reply_to_id="100", account=account("d")),
                status(201, in_reply_to_id="200", account=account("e")),
            ]
            return Answer({"ancestors": [], "descendants": rows})
    return Answer({"error": "Record not found"}, 404)


def test_mastodon_tells_everybody_how_much_and_who() -> None:
    """Counts are in the account's own list, forty posts a request; quotes take a sign-in."""
    with standin(mastodon) as place:
        reader = MastodonEngagement("@me@a.example", place.address)
        counts = reader.counts({uri(100): AT, uri(99): AT - timedelta(days=1)})
        told = {"like": 3, "repost": 1, "reply": 1}
        assert counts == {uri(100): told, uri(99): told}
        assert reader.names == ("like", "repost", "reply")
        assert len(place.asked) == 2
        names = [one.network_id for one in everybody(reader, uri(100), "like")]
        assert names == [f"{SERVER}/@a", f"{SERVER}/@b", f"{SERVER}/@c@b.example"]
        assert [one.network_id for one in everybody(reader, uri(100), "repost")] == [f"{SERVER}/@a"]
        (reply,) = everybody(reader, uri(100), "reply")
        assert (reply.network_id, reply.handle, reply.at) == (f"{SERVER}/@d", "@d@a.example", AT)
        with pytest.raises(NotFound):
            reader.people(uri(99), "like", None)
        with pytest.raises(NotFound):
            reader.people(uri(5), "like", None)
        reader.close()


def test_a_post_that_is_not_in_mastodons_list_is_gone() -> None:
    """The list is read as far back as the post, and no further."""
    with standin(mastodon) as place:
        reader = MastodonEngagement("@me@a.example", place.address)
        posted = {uri(98): AT - timedelta(days=2), uri(500): AT - timedelta(days=30)}
        assert reader.counts(posted).keys() == {uri(98)}
        assert len(place.asked) == 2
        posted[uri(499)] = AT - timedelta(days=60)
        assert reader.counts(posted).keys() == {uri(98)}
        assert len(place.asked) == 3
        reader.close()


def of_mastodon(address: str, kept: Kept) -> MastodonEngagement:
    values = {"access_token": "t", "id": "7", "url": f"{SERVER}/@me", "handle": "@me@a.example"}
    return signed_in(Credential("mastodon", address, values), kept)


def test_mastodon_tells_a_signed_in_account_who_has_quoted() -> None:
    """By its token."""
    with standin(mastodon) as place:
        reader = of_mastodon(place.address, Kept())
        assert reader.counts({uri(100): AT})[uri(100)]["quote"] == 1
        assert [one.network_id for one in everybody(reader, uri(100), "quote")] == [f"{SERVER}/@q"]
        reader.close()


def test_a_token_that_is_refused_is_told_to_who_keeps_it() -> None:
    """So that the account's page says what to do."""
    kept = Kept()
    with standin(lambda _: Answer({"error": "The access token was revoked"}, 401)) as place:
        reader = of_mastodon(place.address, kept)
        with pytest.raises(SignedOut):
            reader.counts({uri(100): AT})
        reader.close()
    assert kept.sentences


def x_reader(address: str) -> XEngagement:
    values = {**VALUES, "id": "42", "username": "JessesLinks"}
    return XEngagement(Credential("x", address, values), Kept())


def test_x_tells_the_owner_how_much_and_not_who() -> None:
    """A post without metrics is there; one that X does not find is gone."""
    metrics = {
        "retweet_count": 2, "reply_count": 1, "like_count": 9, "quote_count": 0,
        "bookmark_count": 3, "impression_count": 700,
    }  # fmt: skip

    def answer(asked: Asked) -> Answer:
        assert asked.arguments["ids"] == ["1,2,3"]
        assert asked.arguments["tweet.fields"] == ["public_metrics,non_public_metrics"]
        own = {"impression_count": 712, "user_profile_clicks": 4}
        gone = {
            "resource_id": "3", "value": "3", "resource_type": "tweet", "parameter": "ids",
            "title": "Not Found Error", "type": "https://api.twitter.com/2/problems/resource-not-found",
        }  # fmt: skip
        row = {"id": "1", "text": "…", "public_metrics": metrics, "non_public_metrics": own}
        return Answer({"data": [row], "errors": [gone]})

    with standin(answer) as place:
        reader = x_reader(place.address)
        assert reader.counts(dict.fromkeys(("1", "2", "3"), AT)) == {
            "1": {"like": 9, "repost": 2, "reply": 1, "quote": 0, "bookmark": 3, "view": 712},
            "2": {},
        }
        assert list(reader.names) == []
        with pytest.raises(NotFound):
            reader.people("1", "like", None)
        reader.close()


def test_x_is_left_alone_when_it_says_so() -> None:
    """And an answer without sense counts nothing."""
    answers = [Answer({"title": "Too Many Requests"}, 429), Answer({"data": 5})]
    with standin(lambda _: answers.pop(0)) as place:
        reader = x_reader(place.address)
        with pytest.raises(Pause):
            reader.counts({"1": AT})
        assert reader.counts({"1": AT}) == {"1": {}}
        reader.close()


@pytest.mark.parametrize("body", [[], {"posts": 7}, {"posts": [3, {}]}])
def test_what_bluesky_answers_without_sense_counts_nothing(body: object) -> None:
    """It is either no answer, or one without posts."""
    with standin(lambda _: Answer(body)) as place:
        reader = BlueskyEngagement(place.address)
        try:
            assert reader.counts({POST: AT}) == {}
        except Unavailable:
            assert body == []
        reader.close()
