"""X by an account that is signed in: posting, taking back, one's own posts and follower count.

X knows no key that keeps a post from being made twice: what ended unclear is looked for among the
account's newest posts, and a text that X refuses as a duplicate too.
"""

import html
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NoReturn, TypeVar, cast

import requests
import tweepy

from linktrack import __version__
from linktrack.errors import NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.credentials import Credential, Keeper, SignIn, telling
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.fetching import MISREADINGS, WAIT, guard_for, limits
from linktrack.networks.looking_back import find_sent
from linktrack.networks.records import (
    Message,
    Page,
    PostPage,
    PostRecord,
    Profile,
    Sent,
    Standing,
)
from linktrack.networks.sending import silence
from linktrack.networks.texts import distinct_links, moment, stable_id, text, whole
from linktrack.networks.tids import new_tid
from linktrack.networks.x.access import ABILITIES, NEEDS
from linktrack.networks.x.own_posts import is_own_post
from linktrack.outside.requests_adapter import GuardedAdapter

HOST: Final = "https://api.twitter.com"
"""What tweepy asks, whatever its arguments say."""

POSTS: Final = 20
"""Posts on a page: X may take money for each that is read."""

FIELDS: Final = "created_at,entities,note_tweet,referenced_tweets"

_PICTURES: Final = "its pictures"
_MORE: Final = {"quoted": "the post it quotes", "replied_to": "its place in a thread"}
"""What a new text would lose, by the kind of the other post."""

T = TypeVar("T")

# Where debugging is on, these write keys and signed headers into the log.
for _name in ("oauthlib", "requests_oauthlib", "tweepy"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def sign_in(handle: str, values: Mapping[str, str], server: str | None) -> SignIn:
    """Try the four values of an app; raises `SignedOut` if X does not take them."""
    server = server or HOST
    client = _client(server, values)
    try:
        with asking(sends=False):
            found = _object(client.get_me())
    except SignedOut as error:
        raise SignedOut(f"X doesn't accept these keys and tokens for {handle}.") from error
    finally:
        client.session.close()
    number, user = stable_id(found.get("id")), text(found.get("username"))
    if number is None or user is None:
        raise Unavailable("X answers without saying whose keys these are.")
    own = {**values, "id": number, "username": user}
    return SignIn(number, f"@{user}", Credential("x", server, own))


class XWriter:
    """Speaks for one account (`protocols.Writer`)."""

    abilities = ABILITIES

    def __init__(self, credential: Credential, keeper: Keeper) -> None:
        """Nothing is asked yet."""
        self._credential = credential
        self._keeper = keeper
        self._client = client_of(credential)

    def close(self) -> None:
        """Give back the connections."""
        self._client.session.close()

    def profile(self, name: str) -> Profile:
        """Return the account itself; X takes money for others, so they are `NotFound`."""
        if name.removeprefix("@").casefold() not in (
            self._credential.values["username"].casefold(),
            self._credential.values["id"],
        ):
            raise NotFound("X only answers about the connected account.")
        found = _object(
            self._ask(lambda: self._client.get_me(user_fields="public_metrics"), sends=False)
        )
        metrics, user = found.get("public_metrics"), text(found.get("username"))
        followers = whole(metrics.get("followers_count")) if isinstance(metrics, dict) else None
        if user is None or followers is None:
            raise Unavailable("X answers without a handle or a follower count.")
        return Profile(self._credential.values["id"], f"@{user}", followers)

    def followers(self, name: str, cursor: str | None) -> Page | None:  # noqa: ARG002 - as Reader
        """Return None: the list is in the archive that X makes, and costs money here."""
        return None

    def follows(self, cursor: str | None) -> Page | None:  # noqa: ARG002
        """Return None, as `followers` does."""
        return None

    def new_key(self) -> str:
        """Return a key that says when it was made; X is not told it."""
        return new_tid()

    def publish(self, message: Message) -> Sent:
        """Send a post; one that X refuses as a duplicate of ours is found and returned."""
        try:
            made = self._ask(lambda: self._client.create_tweet(text=message.text), sends=True)
        except Refused as error:
            if "duplicate" not in error.sentence.casefold():
                raise
            found = self.find(message)
            if found is None:
                raise
            return found
        number = stable_id(_object(made, Unclear).get("id"))
        if number is None:
            raise Unclear("X answers without saying which post it made.")
        return _sent(number, datetime.now(UTC))

    def standing(self, network_id: str) -> Standing:  # noqa: ARG002
        """Refuse: what cannot be edited needs no reading."""
        raise Refused("X doesn't let programs edit posts: delete it and post it again.")

    def find(self, message: Message) -> Sent | None:
        """Look for a message among the newest posts."""
        post = find_sent(message, self.posts)
        return None if post is None else _sent(post.network_id, post.posted_at)

    def edit(self, network_id: str, message: Message) -> NoReturn:  # noqa: ARG002
        """Refuse: programs edit nothing on X."""
        raise Refused("X doesn't let programs edit posts: delete it and post it again.")

    def delete(self, network_id: str) -> None:
        """Take a post back."""
        try:
            self._ask(lambda: self._client.delete_tweet(network_id), sends=True)
        except NotFound:
            return

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page of the account's own posts, newest first, with what it reposted."""
        answer = self._ask(
            lambda: self._client.get_users_tweets(
                self._credential.values["id"],
                max_results=POSTS,
                pagination_token=cursor,
                tweet_fields=FIELDS,
                user_auth=True,
            ),
            sends=False,
        )
        found = cast("Fields", answer)
        rows, meta = found.get("data"), found.get("meta")
        posts = (
            [_post(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        )
        more = text(meta.get("next_token")) if isinstance(meta, dict) else None
        return PostPage([post for post in posts if post is not None], more)

    def follow(self, network_id: str) -> NoReturn:  # noqa: ARG002
        """Refuse: X's automation rules forbid it."""
        raise Refused("X forbids programs to follow: do it by hand.")

    def unfollow(self, followed: str) -> NoReturn:  # noqa: ARG002
        """Refuse, as `follow` does."""
        raise Refused("X forbids programs to unfollow: do it by hand.")

    def _ask(self, ask: Callable[[], T], *, sends: bool) -> T:
        with telling(self._keeper), asking(sends=sends):
            return ask()


class _Elsewhere(GuardedAdapter):
    """Sends what is for X to a server set on purpose."""

    def __init__(self, server: str) -> None:
        super().__init__(limits(), guard_for(server, may_be_private=server != HOST))
        self._server = server

    def send(
        self, request: requests.PreparedRequest, *args: object, **options: object
    ) -> requests.Response:
        """Send a request."""
        if request.url is not None:
            request.url = request.url.replace(HOST, self._server, 1)
        return super().send(request, *args, **options)


def client_of(credential: Credential) -> tweepy.Client:
    """Return what asks X as an account; nothing is asked yet."""
    return _client(credential.server, credential.values)


def _client(server: str, values: Mapping[str, str]) -> tweepy.Client:
    secrets = {secret.name: values[secret.name] for secret in NEEDS.secrets}
    client = tweepy.Client(**secrets, return_type=dict)
    client.user_agent = f"linktrack/{__version__}"
    client.session.mount(HOST, _Elsewhere(server))
    return client


def _object(answer: object, failure: type[Unavailable] = Unavailable) -> Fields:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        raise failure("X sent an answer that can't be read.")
    return cast("Fields", data)


def _sent(number: str, at: datetime) -> Sent:
    return Sent(number, f"https://x.com/i/status/{number}", at)


def _post(row: Fields) -> PostRecord | None:
    """Return a post with its addresses written out; a long one has them in its note."""
    number, at = stable_id(row.get("id")), moment(row.get("created_at"))
    if number is None or at is None:
        return None
    note = row.get("note_tweet")
    whole_post = note if isinstance(note, dict) else row
    written = str(whole_post.get("text") or "")
    entities = whole_post.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    addresses = []
    more: dict[str, None] = {}
    for url in urls if isinstance(urls, list) else ():
        if not isinstance(url, dict):
            continue
        short, address = text(url.get("url")), text(url.get("expanded_url"))
        if short is not None and "media_key" in url:
            written = _written_out(written, short, "").rstrip()
            more[_PICTURES] = None
        elif short is not None and address is not None:
            written = _written_out(written, short, address)
            addresses.append(address)
    others = row.get("referenced_tweets")
    kinds = {
        other.get("type") for other in (others if isinstance(others, list) else [])
        if isinstance(other, dict)
    }  # fmt: skip
    more.update(dict.fromkeys(words for kind, words in _MORE.items() if kind in kinds))
    return PostRecord(
        network_id=number,
        posted_at=at,
        is_repost="retweeted" in kinds,
        text=html.unescape(written),
        addresses=distinct_links(addresses, is_own_post),
        is_plain=False if more else None,
        more=tuple(more),
    )


def _written_out(written: str, short: str, address: str) -> str:
    """Return a text with an address in the place of X's own; a longer one of X's is another."""
    return re.sub(rf"{re.escape(short)}(?![A-Za-z0-9])", lambda _: address, written)


@contextmanager
def asking(*, sends: bool) -> Iterator[None]:
    """Turn what can go wrong into what `protocols.Writer` promises."""
    try:
        yield
    except tweepy.TooManyRequests as error:
        now = datetime.now(UTC)
        until = None if error.reset_time is None else datetime.fromtimestamp(error.reset_time, UTC)
        raise Pause(until if until is not None and until > now else now + WAIT) from error
    except tweepy.Unauthorized as error:
        raise SignedOut(
            "X no longer accepts the keys and tokens: connect the account again."
        ) from error
    except tweepy.NotFound as error:
        raise NotFound(f"X has no such thing: {_said(error)}.") from error
    except tweepy.TwitterServerError as error:
        sentence = f"X reports an error: {_said(error)}."
        raise (Unclear if sends else Unavailable)(sentence) from error
    except tweepy.HTTPException as error:
        raise Refused(f"X refuses it: {_said(error)}.") from error
    except requests.JSONDecodeError as error:
        raise (Unclear if sends else Unavailable)("X sent an answer that isn't JSON.") from error
    except requests.RequestException as error:
        raise silence(error, "X", sends=sends) from error
    except MISREADINGS as error:
        sentence = "X sent an answer that can't be read."
        raise (Unclear if sends else Unavailable)(sentence) from error


def _said(error: tweepy.HTTPException) -> str:
    """Return what X says, else its status."""
    said = " ".join(error.api_messages) or f"status {error.response.status_code}"
    return said.rstrip(".")[:200]
