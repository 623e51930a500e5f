"""Bluesky by an account that is signed in: posts, follows, lists, all through its own server.

The session is kept and goes on, renewed by its refresh token: a server takes 30 sign-ins in five
minutes, and 300 a day. Slow to import (atproto takes a second).
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Final, cast

import httpx
from atproto_client import Client, SessionEvent
from atproto_client.exceptions import (
    AtProtocolError,
    BadRequestError,
    LoginRequiredError,
    RateLimitExceededError,
    RequestErrorBase,
    UnauthorizedError,
)
from atproto_client.models.app.bsky.richtext.facet import Main as Facet
from atproto_client.models.dot_dict import DotDict
from atproto_client.models.utils import get_model_as_dict
from atproto_client.request import Request, Response

from linktrack import __version__
from linktrack.errors import Invalid, NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.base import (
    ABILITIES,
    Card,
    Message,
    Page,
    Pause,
    PostPage,
    Profile,
    Refused,
    Sent,
    SignedOut,
    Unclear,
)
from linktrack.networks.bluesky import PAGE, Bluesky
from linktrack.networks.bluesky_links import own_links
from linktrack.networks.credentials import Credential, Keeper, SignIn, telling
from linktrack.networks.feeds import bluesky_post
from linktrack.networks.fetching import MISREADINGS, PATIENCE, WAIT
from linktrack.networks.texts import moment, text
from linktrack.networks.tids import new_tid

HOSTING: Final = "https://bsky.social"
"""Where most accounts are signed in; their own servers are named in the answer."""

POSTS: Final = "app.bsky.feed.post"
FOLLOWS: Final = "app.bsky.graph.follow"
LARGEST_PICTURE: Final = 1_000_000
"""Bytes of a card's picture (app.bsky.embed.external); a card with a larger one goes without."""

Arguments = Mapping[str, str | int | list[str]]
APP_PASSWORD: Final = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}", re.IGNORECASE)
_GONE: Final = ("ExpiredToken", "InvalidToken", "AccountTakedown", "AccountDeactivated")
_CONNECT: Final = "connect the account again"


def sign_in(handle: str, app_password: str, server: str | None) -> SignIn:
    """Sign in with an app password, which is not kept: the session is.

    Raises `Invalid` for a password that is none of an app, `SignedOut` where it is not taken.
    """
    if not APP_PASSWORD.fullmatch(app_password):
        raise Invalid("This is no app password: those are written xxxx-xxxx-xxxx-xxxx.")
    server = server or HOSTING
    client = _client(server)
    try:
        with asking(sends=False):
            client.login(handle.removeprefix("@"), app_password, fetch_bsky_profile=False)
    except SignedOut as error:
        raise SignedOut(
            f"{server} does not take this app password for {handle}. If the account is on a "
            "server of its own, name that."
        ) from error
    finally:
        client.request.close()
    session = client.export_session_string()
    found, did, *_ = session.split(":::")
    return SignIn(did, "@" + found, Credential("bluesky", server, {"session": session}))


class BlueskyWriter:
    """Speaks for one account (`base.Writer`)."""

    abilities = ABILITIES["bluesky"]

    def __init__(self, credential: Credential, keeper: Keeper, page: int = PAGE) -> None:
        """`page` is how many people, or posts, are asked for at a time, at most 100."""
        self._did = credential.values["session"].split(":::")[1]
        self._page = page
        self._server = _Server(credential, keeper)
        self._reader = Bluesky(page=page, asked=self._server)

    def close(self) -> None:
        """Give back the connections."""
        self._reader.close()

    def profile(self, name: str) -> Profile:
        """Return an account by its handle or DID."""
        return self._reader.profile(name)

    def followers(self, name: str, cursor: str | None) -> Page:
        """Return one page of an account's followers, newest first, and who is followed back."""
        return self._reader.followers(name, cursor)

    def follows(self, cursor: str | None) -> Page:
        """Return one page of whom the account follows, newest first."""
        return self._reader.follows(self._did, cursor)

    def new_key(self) -> str:
        """Return a record key."""
        return new_tid()

    def publish(self, message: Message) -> Sent:
        """Write the post under its key; one that stands there already is left as it is."""
        at = datetime.now(UTC)
        record: dict[str, object] = {
            "$type": POSTS,
            "text": message.text,
            "createdAt": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        }
        facets = self._facets(message)
        if facets:
            record["facets"] = facets
        if message.card is not None:
            record["embed"] = self._embed(message.card)
        body = self._place(POSTS, message.key)
        try:
            # Only where nothing stands under the key: a second attempt overwrites nothing.
            put = self._server.call(
                "com.atproto.repo.putRecord", body | {"record": record, "swapRecord": None}
            )
        except _Taken:
            found = self.find(message)
            if found is None:
                raise Unclear(
                    "Bluesky says that the post is there, and does not show it."
                ) from None
            return found
        return self._sent(str(put["uri"]), record)

    def find(self, message: Message) -> Sent | None:
        """Return the post that stands under the message's key."""
        try:
            found = self._server.get(
                "/xrpc/com.atproto.repo.getRecord", self._place(POSTS, message.key)
            )
        except NotFound:
            return None
        return self._sent(str(found["uri"]), cast("Fields", found["value"]))

    def edit(self, network_id: str, message: Message) -> Sent:  # noqa: ARG002 - as Writer has it
        """Refuse: Bluesky's posts are not edited."""
        raise Refused("Bluesky has no editing: delete the post, and post it anew.")

    def delete(self, network_id: str) -> None:
        """Take a post back by its address (at://…)."""
        self._remove(network_id, POSTS)

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page of the account's own posts, newest first; reposts are not among them."""
        arguments: dict[str, str | int | list[str]] = {
            "repo": self._did, "collection": POSTS, "limit": self._page,
        }  # fmt: skip
        if cursor is not None:
            arguments["cursor"] = cursor
        found = self._server.get("/xrpc/com.atproto.repo.listRecords", arguments)
        rows = found.get("records")
        # A stored record, in the shape in which an AppView gives it.
        items: list[Fields] = [
            {"post": {"uri": row.get("uri"), "record": row.get("value")}}
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
        ]
        records = [record for item in items if (record := bluesky_post(item)) is not None]
        return PostPage(records, text(found.get("cursor")))

    def follow(self, network_id: str) -> str:
        """Follow a DID; return the follow's own address. Who is followed already stays so."""
        try:
            profile = self._server.get("/xrpc/app.bsky.actor.getProfile", {"actor": network_id})
        except NotFound as error:
            raise Refused(error.sentence) from error
        viewer = profile.get("viewer")
        already = text(viewer.get("following")) if isinstance(viewer, dict) else None
        if already is not None:
            return already
        at = datetime.now(UTC)
        record = {"$type": FOLLOWS, "subject": network_id, "createdAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        body = {"repo": self._did, "collection": FOLLOWS, "record": record}
        return str(self._server.call("com.atproto.repo.createRecord", body)["uri"])

    def unfollow(self, followed: str) -> None:
        """Take back the follow of this address."""
        self._remove(followed, FOLLOWS)

    def _remove(self, address: str, collection: str) -> None:
        did, _, rest = address.removeprefix("at://").partition("/")
        found, _, key = rest.partition("/")
        if (did, found) != (self._did, collection) or not key:
            raise Refused("This is nothing that this account has made on Bluesky.")
        self._server.call("com.atproto.repo.deleteRecord", self._place(collection, key))

    def _place(self, collection: str, key: str) -> dict[str, str | int | list[str]]:
        return {"repo": self._did, "collection": collection, "rkey": key}

    def _sent(self, address: str, record: Mapping[str, object]) -> Sent:
        key = address.rpartition("/")[2]
        at = moment(record.get("createdAt")) or datetime.now(UTC)
        return Sent(address, f"https://bsky.app/profile/{self._did}/post/{key}", at)

    def _facets(self, message: Message) -> list[dict[str, object]]:
        """Return what makes parts of the text links: ours first, then what the app would find."""
        facets: list[tuple[int, dict[str, object]]] = []
        taken: list[range] = []
        for start, end, url in own_links(message.text, message.short_urls):
            taken.append(range(start, end))
            link = {"$type": "app.bsky.richtext.facet#link", "uri": url}
            index = {"byteStart": start, "byteEnd": end}
            facets.append((start, {"index": index, "features": [link]}))
        for facet in self._server.facets(message.text):
            start, end = facet.index.byte_start, facet.index.byte_end
            if not any(start < other.stop and other.start < end for other in taken):
                facets.append((start, get_model_as_dict(facet)))
        return [facet for _, facet in sorted(facets, key=itemgetter(0))]

    def _embed(self, card: Card) -> dict[str, object]:
        external: dict[str, object] = {
            "uri": card.url, "title": card.title, "description": card.description,
        }  # fmt: skip
        if card.picture is not None and len(card.picture) <= LARGEST_PICTURE:
            kind = card.picture_type or "image/jpeg"
            external["thumb"] = self._server.upload(card.picture, kind)
        return {"$type": "app.bsky.embed.external", "external": external}


class _Server:
    """The server of the account, asked with its session (`bluesky.Asked`)."""

    def __init__(self, credential: Credential, keeper: Keeper) -> None:
        self._credential = credential
        self._keeper = keeper
        self._client = _client(credential.server)
        session = credential.values["session"]
        self._client.login(session_string=session, fetch_bsky_profile=False)
        self._client.on_session_change(self._renewed)

    def _renewed(self, event: SessionEvent, _: object) -> None:
        if event is SessionEvent.REFRESH:
            values = {"session": self._client.export_session_string()}
            self._keeper.renewed(Credential("bluesky", self._credential.server, values))

    def get(self, path: str, arguments: Arguments) -> Fields:
        """Return the JSON object at a path; raises as `base.Writer` says, and `NotFound`."""
        method = path.removeprefix("/xrpc/")
        with telling(self._keeper), asking(sends=False):
            return _object(self._client.invoke_query(method, params=DotDict(arguments)))

    def call(self, method: str, body: Mapping[str, object]) -> Fields:
        """Have something done; return what it says."""
        with telling(self._keeper), asking(sends=True):
            answer = self._client.invoke_procedure(
                method, data=DotDict(body), input_encoding="application/json"
            )
        # Some procedures answer with nothing at all.
        return _object(answer, Unclear) if answer.content else {}

    def upload(self, picture: bytes, kind: str) -> object:
        """Leave a picture there, for a record to name; one that none names is thrown away."""
        with telling(self._keeper), asking(sends=False):
            answer = self._client.invoke_procedure(
                "com.atproto.repo.uploadBlob", content=picture, headers={"Content-Type": kind}
            )
        return _object(answer)["blob"]

    def facets(self, written: str) -> list[Facet]:
        """Return what Bluesky's own app would make links, tags and mentions of a text."""
        with telling(self._keeper), asking(sends=False):
            found: list[Facet] = self._client.detect_facets(written)
        return found

    def close(self) -> None:
        """Give back the connections."""
        self._client.request.close()


class _Taken(Exception):
    """Something stands under the key already."""


def _client(server: str) -> Client:
    agent = {"User-Agent": f"linktrack/{__version__}"}
    request = Request(timeout=PATIENCE)
    request.set_additional_headers(agent)
    return Client(server, request=request)


def _object(answer: Response, failure: type[Unavailable] = Unavailable) -> Fields:
    if not isinstance(answer.content, dict):
        raise failure("Bluesky answers with what is no JSON object.")
    return cast("Fields", answer.content)


@contextmanager
def asking(*, sends: bool) -> Iterator[None]:
    """Turn what can go wrong into what `base.Writer` promises."""
    try:
        yield
    except RateLimitExceededError as error:
        now = datetime.now(UTC)
        after = error.retry_after
        until = error.reset_at if after is None else now + timedelta(seconds=after)
        raise Pause(until if until is not None and until > now else now + WAIT) from error
    except (UnauthorizedError, LoginRequiredError) as error:
        raise SignedOut(f"Bluesky does not take the sign-in any more: {_CONNECT}.") from error
    except RequestErrorBase as error:
        raise _understood(error, sends) from error
    except httpx.HTTPError as error:
        raise _silent(sends, error) from error
    except (AtProtocolError, *MISREADINGS) as error:
        raise (Unclear if sends else Unavailable)(
            "Bluesky answers with what is not understood."
        ) from error


def _understood(error: RequestErrorBase, sends: bool) -> Exception:
    answer = error.response
    if answer is None:
        return _silent(sends, error.__cause__)
    name = text(getattr(answer.content, "error", None))
    said = text(getattr(answer.content, "message", None)) or name or f"status {answer.status_code}"
    if name in _GONE:
        return SignedOut(f"Bluesky does not take the sign-in any more ({name}): {_CONNECT}.")
    if name == "InvalidSwap":
        return _Taken()
    if answer.status_code >= 500 or answer.status_code == 409:
        sentence = f"Bluesky answers with an error of its own: {said[:200]}."
        return Unclear(sentence) if sends else Unavailable(sentence)
    gone = name == "RecordNotFound" or "not found" in said.casefold()
    if isinstance(error, BadRequestError) and gone and not sends:
        return NotFound(f"Bluesky has no such thing: {said[:200]}.")
    return Refused(f"Bluesky refuses it: {said[:200]}.")


def _silent(sends: bool, cause: BaseException | None) -> Unavailable:
    """Nothing was sent where no connection was made; else nobody knows."""
    if sends and not isinstance(
        cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
    ):
        return Unclear("Bluesky did not answer: the post may be there.")
    return Unavailable(f"Bluesky cannot be reached: {cause or 'no answer'}.")
