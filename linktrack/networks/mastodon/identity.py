"""Who somebody is on Mastodon: OAuth with PKCE at their own server.

The server is asked to read the profile and nothing else, and speaks only for people at addresses of
its own. Mastodon.py registers us and reads who it is; the code flow is Authlib's, since Mastodon.py
knows no PKCE.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import ada_url
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from mastodon import Mastodon as Client
from mastodon.errors import MastodonError

from linktrack import __version__
from linktrack.errors import Forbidden, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.errors import Refused, SignedOut
from linktrack.networks.fetching import MISREADINGS
from linktrack.networks.identity import Identity, Leaving, Visit, code_of
from linktrack.networks.mastodon.places import LIMITS, Place, Places
from linktrack.networks.mastodon.writer import asking, fields_of
from linktrack.networks.texts import stable_id, text
from linktrack.outside.requests_adapter import GuardedAdapter
from linktrack.outside.visit import host_of

NARROW: Final = "profile"
"""The scope that shows one's own profile and nothing else, since Mastodon 4.3."""

WIDE: Final = "read:accounts"
"""The narrowest that older servers know."""

_WAY: Final = "client_secret_post"


@dataclass(frozen=True, slots=True)
class _Begun:
    """What is remembered of a sign-in: `name` and `domain` are of the handle that was typed."""

    server: str
    name: str | None
    domain: str
    back: str
    verifier: str
    scope: str
    client_id: str
    client_secret: str
    issuer: str
    token: str
    revocation: str
    names_itself: bool


class MastodonIdentity:
    """Asks the server of whoever wants to sign in (`identity.IdentityReader`)."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._places = Places(visit.homes)

    def begin(self, typed: str, back: str, state: str) -> Leaving:
        """Find their server, register there if need be, and return its page of consent.

        Each server has an address of its own to come back to, so that none can pass off another's
        code as one of its own (RFC 9700, 4.4).
        """
        place = self._places.find(typed)
        back = f"{back}/{sha256(place.server.encode()).hexdigest()[:16]}"
        with _session(place) as session:
            found = _described(place, session)
            scope = _scope(found)
            client_id, client_secret = self._registered(place, session, scope, back)
            begun = _Begun(
                server=place.server,
                name=place.name,
                domain=place.domain,
                back=back,
                verifier=secrets.token_urlsafe(48),
                scope=scope,
                client_id=client_id,
                client_secret=client_secret,
                issuer=text(found.get("issuer")) or place.server,
                token=_endpoint(place, found, "token"),
                revocation=_endpoint(place, found, "revocation", "revoke"),
                names_itself=found.get("authorization_response_iss_parameter_supported") is True,
            )
            with _client(begun, session) as client:
                address, _ = client.create_authorization_url(
                    _endpoint(place, found, "authorization", "authorize"),
                    state=state,
                    code_verifier=begun.verifier,
                )
        return Leaving(str(address), back, json.dumps(asdict(begun)))

    def finish(self, remembered: str, sent: Mapping[str, str]) -> Identity:
        """Return who has come back; the token is revoked, whatever it says."""
        begun = _Begun(**json.loads(remembered))
        host = urlsplit(begun.server).netloc
        code = code_of(sent, host, begun.issuer, names_itself=begun.names_itself)
        place = self._places.at(begun.server, begun.name, begun.domain)
        with _session(place) as session, _client(begun, session) as client:
            given = _token(client, begun, code)
            try:
                found = _who(place, session, given)
            finally:
                with suppress(requests.RequestException, AuthlibBaseError):
                    client.revoke_token(begun.revocation, token=given)
        return _proved(place, found)

    def _registered(
        self, place: Place, session: requests.Session, scope: str, back: str
    ) -> tuple[str, str]:
        """Return what the server calls us, and our secret there."""
        kept = self._visit.registrations.kept(place.server, back)
        if kept is None:
            try:
                made = Client.create_app(
                    f"linktrack at {urlsplit(self._visit.settings.base_url).netloc}",
                    scopes=[scope],
                    redirect_uris=back,
                    website=self._visit.settings.base_url,
                    api_base_url=place.server,
                    session=session,
                    user_agent=f"linktrack/{__version__}",
                )
            except (MastodonError, *MISREADINGS) as error:
                raise _no_sign_in(place) from error
            kept = json.dumps([str(each) for each in made])
            self._visit.registrations.keep(place.server, back, kept)
        client_id, client_secret = json.loads(kept)
        return client_id, client_secret


@contextmanager
def _session(place: Place) -> Iterator[requests.Session]:
    with closing(requests.Session()) as session:
        _guard(session, place)
        yield session


def _guard(session: requests.Session, place: Place) -> None:
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, GuardedAdapter(LIMITS, place.guard))


def _api(place: Place, session: requests.Session) -> Client:
    return Client(
        api_base_url=place.server,
        ratelimit_method="throw",
        user_agent=f"linktrack/{__version__}",
        session=session,
    )


@contextmanager
def _client(begun: _Begun, guarded: requests.Session) -> Iterator[OAuth2Session]:
    session = OAuth2Session(
        client_id=begun.client_id,
        client_secret=begun.client_secret,
        token_endpoint_auth_method=_WAY,
        revocation_endpoint_auth_method=_WAY,
        scope=begun.scope,
        redirect_uri=begun.back,
        code_challenge_method="S256",
    )
    session.trust_env = False
    for scheme, adapter in guarded.adapters.items():
        session.mount(scheme, adapter)
    session.headers["User-Agent"] = f"linktrack/{__version__}"
    with closing(session):
        yield session


def _described(place: Place, session: requests.Session) -> Fields:
    """Return what a server says of signing in there: nothing before Mastodon 4.3."""
    client = _api(place, session)
    with asking(client, sends=False):
        return dict(client.oauth_authorization_server_info())


def _scope(found: Fields) -> str:
    known = found.get("scopes_supported")
    return NARROW if isinstance(known, list) and NARROW in known else WIDE


def _endpoint(place: Place, found: Fields, name: str, path: str | None = None) -> str:
    """Return where something of signing in is done: as encrypted as the server itself."""
    said = text(found.get(f"{name}_endpoint")) or f"{place.server}/oauth/{path or name}"
    try:
        address: str = ada_url.URL(said).href
    except ValueError as error:
        raise _no_sign_in(place) from error
    if not address.startswith(f"{urlsplit(place.server).scheme}://"):
        raise _no_sign_in(place)
    return address


def _token(client: OAuth2Session, begun: _Begun, code: str) -> str:
    host = urlsplit(begun.server).netloc
    try:
        given = client.fetch_token(
            begun.token,
            grant_type="authorization_code",
            code=code,
            code_verifier=begun.verifier,
        )
        return str(given["access_token"])
    except requests.RequestException as error:
        raise Unavailable(f"{host} can't be asked right now: try again in a minute.") from error
    except (AuthlibBaseError, *MISREADINGS) as error:
        raise Forbidden(f"{host} didn't confirm this sign-in: begin again.") from error


def _who(place: Place, session: requests.Session, token: str) -> Fields:
    client = _api(place, session)
    client.access_token = token  # given to Client(), it would be looked for as a file
    try:
        with asking(client, sends=False):
            return fields_of(client.account_verify_credentials())
    except (SignedOut, Refused) as error:
        raise Forbidden(f"{place.host} doesn't say who you are: begin again.") from error


def _proved(place: Place, found: Fields) -> Identity:
    """Return who a server says it is, if it may say so, and if it is who was meant."""
    url, name = stable_id(found.get("url")), text(found.get("acct"))
    if url is None or name is None or "@" in name or not _is_own(place, url):
        raise Forbidden(f"{place.host} doesn't say which of its own people you are.")
    handle = f"@{name}@{place.domain}"
    if place.name is not None and name.casefold() != place.name.casefold():
        raise Forbidden(
            f"You signed in as {handle}, but wrote @{place.name}@{place.domain}: sign in there as "
            "who you are here, or write that handle."
        )
    return Identity("mastodon", url, handle)


def _is_own(place: Place, url: str) -> bool:
    """Whether an address of a person is on the server that named them."""
    try:
        return host_of(url) in place.hosts
    except ValueError:
        return False


def _no_sign_in(place: Place) -> Refused:
    return Refused(
        f"{place.host} doesn't let people sign in elsewhere as Mastodon does: choose another way."
    )
