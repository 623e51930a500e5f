"""A session on the server of a Bluesky account: beginning it, asking with it, what can go wrong.

The session is kept and goes on, renewed by its refresh token: a server takes 30 sign-ins in five
minutes, and 300 a day. Slow to import (atproto takes a second).
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
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
from atproto_client.models.app.bsky.richtext.facet import ByteSlice, Mention
from atproto_client.models.app.bsky.richtext.facet import Main as Facet
from atproto_client.models.dot_dict import DotDict
from atproto_client.request import Request, Response
from atproto_client.utils.facet_detection import detect_facets, detect_mentions

from linktrack import __version__
from linktrack.errors import Invalid, LinktrackError, NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.credentials import Credential, Keeper, SignIn, telling
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.fetching import MISREADINGS, WAIT, guard_for, limits
from linktrack.networks.texts import text
from linktrack.outside.httpx_transport import GuardedTransport

log = logging.getLogger(__name__)

HOSTING: Final = "https://bsky.social"
"""Where most accounts are signed in; their own servers are named in the answer."""

Arguments = Mapping[str, str | int | list[str]]
APP_PASSWORD: Final = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}", re.IGNORECASE)
_OVER: Final = ("ExpiredToken", "InvalidToken")
_GONE: Final = ("RecordNotFound", "AccountTakedown", "AccountDeactivated")
"""Names of what is asked for; of the account that is signed in they come with status 401."""

_CONNECT: Final = "connect the account again"


def sign_in(handle: str, app_password: str, server: str | None) -> SignIn:
    """Sign in with an app password, which is not kept: the session is.

    Raises `Invalid` for a password that is none of an app, `SignedOut` where it is not taken.
    """
    if not APP_PASSWORD.fullmatch(app_password):
        raise Invalid("This isn't an app password: those look like xxxx-xxxx-xxxx-xxxx.")
    server = server or HOSTING
    client = _client(server)
    try:
        with asking(sends=False):
            client.login(handle.removeprefix("@"), app_password, fetch_bsky_profile=False)
    except SignedOut as error:
        raise SignedOut(
            f"{server} doesn't accept this app password for {handle}. If the account is on a "
            "server of its own, name that."
        ) from error
    finally:
        client.request.close()
    session = client.export_session_string()
    found, did, *_ = session.split(":::")
    return SignIn(did, "@" + found, Credential("bluesky", server, {"session": session}))


class Server:
    """The server of the account, asked with its session (`reader.Asked`)."""

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
        """Return the JSON object at a path; raises as `protocols.Writer` says, and `NotFound`."""
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
        blob = _object(answer).get("blob")
        if blob is None:
            raise Unavailable("Bluesky answers without saying what it made of the picture.")
        return blob

    def facets(self, written: str) -> list[Facet]:
        """Return what Bluesky's own app would make links, tags and mentions of a text.

        A mention of a name that is not known, or cannot be looked up now, stays text. Where one
        look-up fails, the others are not tried: each may take a minute.
        """
        found: list[Facet] = detect_facets(written)
        people: dict[str, str | None] = {}
        for mention in detect_mentions(written):
            name = mention.handle.lower()
            try:
                if name not in people:
                    people[name] = self._did_of(name)
            except SignedOut:
                raise
            except (LinktrackError, Pause) as error:
                log.info("Mentions stay text, %s could not be looked up: %s", name, error)
                break
            did = people[name]
            if did is not None:
                place = ByteSlice(byte_start=mention.byte_start, byte_end=mention.byte_end)
                found.append(Facet(features=[Mention(did=did)], index=place))
        return found

    def _did_of(self, name: str) -> str | None:
        """Return who has a name, None where nobody has."""
        try:
            found = self.get("/xrpc/com.atproto.identity.resolveHandle", {"handle": name})
        except SignedOut:
            raise
        except (NotFound, Refused):
            return None
        return text(found.get("did"))

    def close(self) -> None:
        """Give back the connections."""
        self._client.request.close()


class Taken(Exception):
    """Something stands under the key already."""


def _client(server: str) -> Client:
    agent = {"User-Agent": f"linktrack/{__version__}"}
    guard = guard_for(server, may_be_private=server != HOSTING)
    request = Request(transport=GuardedTransport(limits(), guard))
    request.set_additional_headers(agent)
    return Client(server, request=request)


def _object(answer: Response, failure: type[Unavailable] = Unavailable) -> Fields:
    if not isinstance(answer.content, dict):
        raise failure("Bluesky sent an answer that isn't a JSON object.")
    return cast("Fields", answer.content)


@contextmanager
def asking(*, sends: bool) -> Iterator[None]:
    """Turn what can go wrong into what `protocols.Writer` promises."""
    try:
        yield
    except RateLimitExceededError as error:
        now = datetime.now(UTC)
        after = error.retry_after
        until = error.reset_at if after is None else now + timedelta(seconds=after)
        raise Pause(until if until is not None and until > now else now + WAIT) from error
    except (UnauthorizedError, LoginRequiredError) as error:
        raise SignedOut(f"Bluesky no longer accepts the sign-in: {_CONNECT}.") from error
    except RequestErrorBase as error:
        raise _understood(error, sends) from error
    except httpx.HTTPError as error:
        raise _silent(sends, error) from error
    except (AtProtocolError, *MISREADINGS) as error:
        raise (Unclear if sends else Unavailable)(
            "Bluesky sent an answer that can't be read."
        ) from error


def _understood(error: RequestErrorBase, sends: bool) -> Exception:
    answer = error.response
    if answer is None:
        return _silent(sends, error.__cause__)
    name = text(getattr(answer.content, "error", None))
    said = text(getattr(answer.content, "message", None)) or name or f"status {answer.status_code}"
    if name in _OVER:
        return SignedOut(f"Bluesky no longer accepts the sign-in ({name}): {_CONNECT}.")
    if name == "InvalidSwap":
        return Taken()
    if answer.status_code >= 500 or answer.status_code == 409:
        sentence = f"Bluesky reports an error: {said[:200]}."
        return Unclear(sentence) if sends else Unavailable(sentence)
    gone = name in _GONE or "not found" in said.casefold()
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
