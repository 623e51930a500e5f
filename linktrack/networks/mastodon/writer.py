"""Mastodon by an account that is signed in: posts, edits, follower lists, follows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

from mastodon import Mastodon as Client
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    MastodonNotFoundError,
    MastodonRatelimitError,
    MastodonServerError,
    MastodonUnauthorizedError,
)

from linktrack import __version__
from linktrack.errors import NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.credentials import Credential, Keeper, SignIn, telling
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.fetching import MISREADINGS, WAIT, guard_for, limits
from linktrack.networks.looking_back import find_sent
from linktrack.networks.mastodon.access import ABILITIES
from linktrack.networks.mastodon.content import FORMATTING, is_written_so
from linktrack.networks.mastodon.followers import follower_record
from linktrack.networks.mastodon.posts import post_record
from linktrack.networks.mastodon.reader import limits_said
from linktrack.networks.mastodon.replies import find_reply, number_of
from linktrack.networks.records import (
    FollowerRecord,
    Message,
    Page,
    PostPage,
    PostRecord,
    Profile,
    Sent,
    Standing,
    TextLimits,
)
from linktrack.networks.sending import silence
from linktrack.networks.texts import moment, stable_id, text, whole
from linktrack.networks.tids import new_tid
from linktrack.outside.requests_adapter import GuardedAdapter
from linktrack.outside.visit import host_of

PEOPLE: Final = 80  # the most that a page of followers has
POSTS: Final = 40  # the most that a page of posts has

OUT_OF_SCOPE: Final = "outside the authorized scopes"
"""Of what Mastodon says where a token may not do something."""

_UNPROCESSABLE: Final = 422
"""Mastodon's only word against a follow, where the person is there and lets us: too many already.

FollowLimitValidator: 7,500 people, or 1.1 times one's followers; the words are in the server's
language. Too many in a day are 429.
"""

T = TypeVar("T")


def sign_in(handle: str, access_token: str, server: str | None) -> SignIn:
    """Try an access token; raises `SignedOut` where the server does not take it."""
    host = handle.rpartition("@")[2]
    address = server or f"https://{host}"
    client = _client(address, access_token, may_be_private=server is not None)
    try:
        with asking(client, sends=False):
            found = fields_of(client.account_verify_credentials())
    except SignedOut as error:
        raise SignedOut(f"{address} doesn't accept this access token for {handle}.") from error
    finally:
        client.session.close()
    number, url, user = (
        stable_id(found.get("id")),
        stable_id(found.get("url")),
        text(found.get("acct")),
    )
    if number is None or url is None or user is None:
        raise Unavailable(f"{address} answers without saying whose access token this is.")
    # Its own people have no host in their `acct`; it is that of the handle, which may be another
    # than the server's.
    found_handle = f"@{user}@{host}"
    values = {"access_token": access_token, "id": number, "url": url, "handle": found_handle}
    if server is not None:
        values["server_is_set"] = "yes"
    return SignIn(url, found_handle, Credential("mastodon", address, values))


class MastodonWriter:
    """Speaks for one account (`protocols.Writer`)."""

    abilities = ABILITIES

    def __init__(self, credential: Credential, keeper: Keeper) -> None:
        """Nothing is asked yet."""
        self._credential = credential
        self._keeper = keeper
        # Credentials of before that was kept: another server than the handle's was set.
        is_set = (
            "server_is_set" in credential.values
            or host_of(credential.server) != credential.values["handle"].rpartition("@")[2]
        )
        self._client = _client(
            credential.server, credential.values["access_token"], may_be_private=is_set
        )

    def close(self) -> None:
        """Give back the connections."""
        self._client.session.close()

    def profile(self, name: str) -> Profile:
        """Return an account by its handle or address."""
        found = self._account(name)
        url, followers = stable_id(found.get("url")), whole(found.get("followers_count"))
        if url is None or followers is None:
            raise Unavailable("Mastodon answers without an address or a follower count.")
        return Profile(url, "@" + name.removeprefix("@"), followers, self._limits())

    def _limits(self) -> TextLimits | None:
        return limits_said(lambda: fields_of(self._ask(self._client.instance_v2, sends=False)))

    def followers(self, name: str, cursor: str | None) -> Page:
        """Return one page of an account's followers, newest first, as far as the server shows it.

        Of its own account a server shows all; of others maybe a part.
        """
        number = self._number(name)
        return self._people(
            lambda: self._client.account_followers(number, max_id=cursor, limit=PEOPLE)
        )

    def follows(self, cursor: str | None) -> Page:
        """Return one page of whom the account follows, newest first."""
        number = self._credential.values["id"]
        return self._people(
            lambda: self._client.account_following(number, max_id=cursor, limit=PEOPLE)
        )

    def new_key(self) -> str:
        """Return a key; Mastodon knows it for an hour (Idempotency-Key)."""
        return new_tid()

    def publish(self, message: Message) -> Sent:
        """Send a post; the same key within an hour gives the same one."""
        answered = None if message.reply_to is None else self._status_number(message.reply_to)
        status = self._ask(
            lambda: self._client.status_post(
                message.text, in_reply_to_id=answered, idempotency_key=message.key
            ),
            sends=True,
        )
        return _sent(status)

    def find(self, message: Message) -> Sent | None:
        """Look for a message among the newest posts: its key is forgotten after an hour."""
        if message.reply_to is not None:
            number = self._status_number(message.reply_to)
            status = find_reply(message, number, self._statuses)
            return None if status is None else _sent(status)
        addresses: dict[str, str] = {}

        def page(cursor: str | None) -> PostPage:
            found, cursor = self._statuses(cursor)
            for status in found:
                addresses[str(status.get("uri"))] = str(status.get("url"))
            return PostPage(_posts(found), cursor)

        post = find_sent(message, page)
        if post is None:
            return None
        return Sent(post.network_id, addresses[post.network_id], post.posted_at)

    def edit(self, network_id: str, message: Message) -> Sent:
        """Change a post's text; the ones before it are kept by Mastodon, for all to see.

        Its readers, its language, and who may quote it stay as they are where they are not named;
        that it is sensitive does not.
        """
        kept = {} if message.instead_of is None else message.instead_of.kept
        sensitive = True if kept.get("sensitive") is True else None
        status = self._ask(
            lambda: self._client.status_update(
                _local(network_id), message.text, sensitive=sensitive
            ),
            sends=True,
        )
        return _sent(status)

    def standing(self, network_id: str) -> Standing | None:
        """Return a post as it stands; what its author wrote is compared with what is read of it."""
        number = _local(network_id)
        try:
            status = fields_of(self._ask(lambda: self._client.status(number), sends=False))
        except NotFound:
            return None
        post = post_record(status)
        if post is None:
            return None
        if not is_written_so(self._source(number), post.text):
            post = replace(post, is_plain=False, more=(*post.more, FORMATTING))
        return Standing(post, {"sensitive": status.get("sensitive")})

    def _source(self, number: str) -> str | None:
        """Return what the author of a post wrote, None if the server does not say."""
        try:
            found = self._ask(lambda: self._client.status_source(number), sends=False)
        except NotFound:
            return None
        return str(fields_of(found).get("text") or "")

    def delete(self, network_id: str) -> None:
        """Take a post back."""
        try:
            self._ask(lambda: self._client.status_delete(_local(network_id)), sends=True)
        except NotFound:
            return

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page of the account's own posts, newest first, with what it boosted."""
        found, cursor = self._statuses(cursor)
        return PostPage(_posts(found), cursor)

    def follow(self, network_id: str) -> str:
        """Follow an account by its address; return the number that its server knows it by."""
        try:
            number = self._number(network_id)
            self._ask(lambda: self._client.account_follow(number), sends=True)
        except NotFound as error:
            raise Refused(error.sentence) from error
        except Refused as error:
            # The token's fault or the account's, and not theirs: they are followed once it is over.
            if OUT_OF_SCOPE in error.sentence:
                raise Unavailable(f"{error.sentence} Connect it with a token that may.") from error
            if (
                isinstance(error.__cause__, MastodonAPIError)
                and _UNPROCESSABLE in error.__cause__.args
            ):
                raise Unavailable(f"{error.sentence} Nobody more can be followed now.") from error
            raise
        return number

    def unfollow(self, followed: str) -> None:
        """Take a follow back."""
        try:
            self._ask(lambda: self._client.account_unfollow(followed), sends=True)
        except NotFound:
            return

    def _statuses(self, cursor: str | None) -> tuple[list[Fields], str | None]:
        number = self._credential.values["id"]
        found = self._ask(
            lambda: self._client.account_statuses(number, max_id=cursor, limit=POSTS), sends=False
        )
        return [fields_of(status) for status in found], _next(found)

    def _people(self, ask: Callable[[], object]) -> Page:
        found = self._ask(ask, sends=False)
        rows = [follower_record(fields_of(row)) for row in cast("list[object]", found)]
        people: list[FollowerRecord] = [person for person in rows if person is not None]
        return Page(people, _next(found))

    def _number(self, name: str) -> str:
        if self._is_own(name):
            return self._credential.values["id"]
        number = stable_id(self._account(name).get("id"))
        if number is None:
            raise Unavailable("Mastodon answers without an account's number.")
        return number

    def _account(self, name: str) -> Fields:
        if self._is_own(name):
            return fields_of(self._ask(self._client.account_verify_credentials, sends=False))
        if not name.startswith(("https://", "http://")):
            name = name.removeprefix("@")
            return fields_of(self._ask(lambda: self._client.account_lookup(name), sends=False))
        # An address may be on another server, which ours asks then.
        found = self._ask(
            lambda: self._client.search_v2(
                name, resolve=True, result_type="accounts", limit=1, exclude_unreviewed=False
            ),
            sends=False,
        )
        accounts = fields_of(found).get("accounts")
        if not isinstance(accounts, list) or not accounts:
            raise NotFound(f"Mastodon knows no account {name[:200]}.")
        return fields_of(accounts[0])

    def _status_number(self, address: str) -> str:
        return number_of(
            self._ask(
                lambda: self._client.search_v2(
                    address, resolve=True, result_type="statuses", limit=1
                ),
                sends=False,
            )
        )

    def _is_own(self, name: str) -> bool:
        ours = self._credential.values["handle"].removeprefix("@").casefold()
        return name == self._credential.values["url"] or name.removeprefix("@").casefold() == ours

    def _ask(self, ask: Callable[[], T], *, sends: bool) -> T:
        with telling(self._keeper), asking(self._client, sends=sends):
            return ask()


def _client(server: str, access_token: str, *, may_be_private: bool) -> Client:
    client = Client(
        api_base_url=server,
        ratelimit_method="throw",
        user_agent=f"linktrack/{__version__}",
    )
    guarded = GuardedAdapter(limits(), guard_for(server, may_be_private=may_be_private))
    client.session.mount("https://", guarded)
    client.session.mount("http://", guarded)
    client.access_token = access_token  # given to Client(), it would be looked for as a file
    return client


def fields_of(value: object, failure: type[Unavailable] = Unavailable) -> Fields:
    """Return an entity as the JSON it was: the client has made moments of texts."""
    if not isinstance(value, dict):
        raise failure("Mastodon sent an answer that isn't a JSON object.")
    return {
        key: item.isoformat() if isinstance(item, datetime | date) else item
        for key, item in value.items()
    }


def _next(found: object) -> str | None:
    """Return where the next page begins, by the Link header of this one."""
    more = getattr(found, "_pagination_next", None)
    return None if more is None else str(more["max_id"])


def _posts(statuses: list[Fields]) -> list[PostRecord]:
    return [post for status in statuses if (post := post_record(status)) is not None]


def _sent(status: object) -> Sent:
    fields = fields_of(status, Unclear)
    address, url = stable_id(fields.get("uri")), text(fields.get("url"))
    at = moment(fields.get("created_at"))
    if address is None or at is None:
        raise Unclear("Mastodon answers without saying which post it made.")
    return Sent(address, url or address, at)


def _local(network_id: str) -> str:
    """Return the number of a post on its own server: the end of its address."""
    return urlsplit(network_id).path.rpartition("/")[2]


@contextmanager
def asking(client: Client, *, sends: bool) -> Iterator[None]:
    """Turn what can go wrong into what `protocols.Writer` promises."""
    try:
        yield
    except MastodonRatelimitError as error:
        now = datetime.now(UTC)
        # Read of x-ratelimit-reset, an ISO time; None where it is over, or was not sent.
        reset: float | None = client.ratelimit_reset
        until = now + WAIT if reset is None else datetime.fromtimestamp(reset, UTC)
        raise Pause(max(until, now)) from error
    except MastodonUnauthorizedError as error:
        raise SignedOut(
            "Mastodon no longer accepts the access token: connect the account again."
        ) from error
    except MastodonNotFoundError as error:
        raise NotFound(f"Mastodon has no such thing: {_said(error)}.") from error
    except MastodonNetworkError as error:
        raise silence(error, "Mastodon", sends=sends) from error
    except MastodonServerError as error:
        sentence = f"Mastodon reports an error: {_said(error)}."
        raise (Unclear if sends else Unavailable)(sentence) from error
    except MastodonAPIError as error:
        if len(error.args) < 4:  # an answer that is no JSON
            raise (Unclear if sends else Unavailable)(
                "Mastodon sent an answer that can't be read."
            ) from error
        raise Refused(f"Mastodon refuses it: {_said(error)}.") from error
    except (MastodonError, *MISREADINGS) as error:
        raise (Unclear if sends else Unavailable)(
            "Mastodon sent an answer that can't be read."
        ) from error


def _said(error: MastodonAPIError) -> str:
    """Return what the server says, else its status."""
    _, status, _, said = (*error.args, None, None, None, None)[:4]
    return str(said or f"status {status}")[:200]
