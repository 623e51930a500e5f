"""An organisation's OpenID provider: asked for who somebody is, and believed only as far as proved.

The authorization code flow with PKCE. Each answer is limited in time and size; an ID token counts
only with a signature by one of the provider's keys of that moment, for us, now, and for the very
sign-in that this browser began.
"""

import json
import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from linktrack.errors import Forbidden, Unavailable
from linktrack.outside.errors import Unanswered
from linktrack.outside.finding import Guard
from linktrack.outside.visit import Limits, ask, host_of
from linktrack.setting_texts import Provider

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

log = logging.getLogger(__name__)

LIMITS: Final = Limits(seconds=10, size=512 * 1024)
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
)
"""Signatures by private keys alone: neither none, nor HS256, for which a public key is a secret."""

KNOWN_FOR: Final = timedelta(minutes=10)
LEEWAY: Final = 60  # seconds by which the provider's clock and ours may differ
UNPROVED: Final = (
    "What {} says about you couldn't be verified. Begin again; if it stays so, tell an owner."
)

_LONGEST_SUBJECT: Final = 255  # as OpenID Connect has it
_MOST_GROUPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider is asked for what."""

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    takes_basic: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """What this browser must bring back, or must be in the ID token."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is at the provider: `subject` never changes, name and groups may."""

    subject: str
    name: str
    groups: frozenset[str]


_known: dict[str, tuple[datetime, Endpoints]] = {}


def begin(provider: Provider, redirect_uri: str, state: str, now: datetime) -> tuple[str, Begun]:
    """Return the address at which somebody signs in there, and what to keep in their browser.

    Raises `Unavailable` while the provider can't be asked.
    """
    begun = Begun(state, secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    endpoints = _endpoints(provider, now)
    with _client(provider, endpoints, redirect_uri) as client:
        address, _ = client.create_authorization_url(
            endpoints.authorization,
            state=begun.state,
            nonce=begun.nonce,
            code_verifier=begun.verifier,
        )
    return str(address), begun


def finish(provider: Provider, redirect_uri: str, begun: Begun, code: str, now: datetime) -> Person:
    """Return who has come back with a code; raises `Forbidden`, or `Unavailable`."""
    endpoints = _endpoints(provider, now)
    with _client(provider, endpoints, redirect_uri) as client:
        given = _given(provider, client, endpoints, code, begun)
    claims = _proved(provider, endpoints, given, begun.nonce, now)
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise Forbidden(UNPROVED.format(provider.name))
    if provider.groups not in claims and endpoints.userinfo is not None:
        further = _object(provider, endpoints.userinfo, str(given.get("access_token", "")))
        if further.get("sub") != subject:  # of somebody else
            raise Forbidden(UNPROVED.format(provider.name))
        claims = {**further, **claims}
    return Person(subject, _name(claims), _groups(provider, claims))


def _endpoints(provider: Provider, now: datetime) -> Endpoints:
    known = _known.get(provider.issuer)
    if known is not None and known[0] <= now < known[0] + KNOWN_FOR:
        return known[1]
    described = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    found = _object(provider, described)
    if found.get("issuer") != provider.issuer:
        raise Unavailable(
            f"{provider.name} calls itself {str(found.get('issuer'))[:100]!r}, which isn't "
            "LINKTRACK_OIDC_ISSUER: an owner has to set that."
        )
    takes = found.get("token_endpoint_auth_methods_supported")
    endpoints = Endpoints(
        authorization=_endpoint(provider, found, "authorization_endpoint"),
        token=_endpoint(provider, found, "token_endpoint"),
        keys=_endpoint(provider, found, "jwks_uri"),
        userinfo=_endpoint(provider, found, "userinfo_endpoint")
        if found.get("userinfo_endpoint")
        else None,
        takes_basic=not isinstance(takes, list) or "client_secret_basic" in takes,
    )
    _known[provider.issuer] = now, endpoints
    return endpoints


def _endpoint(provider: Provider, found: Mapping[str, object], name: str) -> str:
    address = found.get(name)
    plain = urlsplit(provider.issuer).scheme == "http"  # the owner named it so
    schemes = ("https://", "http://") if plain else ("https://",)
    if not isinstance(address, str) or not address.startswith(schemes):
        raise Unavailable(f"{provider.name} names no {name}: it can't be used to sign in.")
    return address


def _object(provider: Provider, address: str, token: str = "") -> dict[str, object]:
    """Ask the provider for a JSON object; raises `Unavailable`."""
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        answer = ask("GET", address, limits=LIMITS, headers=headers, guard=_guard(provider))
        found = json.loads(answer.body) if answer.status == 200 else None
    except (Unanswered, ValueError, RecursionError) as error:
        raise _away(provider, error) from error
    if not isinstance(found, dict):
        raise _away(provider, None)
    return found


def _guard(provider: Provider) -> Guard:
    """Its own host may be private, since the owner named it; whatever else it names may not."""
    return Guard(named=host_of(provider.issuer))


def _away(provider: Provider, error: Exception | None) -> Unavailable:
    why = error.sentence if isinstance(error, Unanswered) else "Its answer couldn't be read."
    return Unavailable(f"{provider.name} can't be asked right now. {why} Try again in a minute.")


@contextmanager
def _client(
    provider: Provider, endpoints: Endpoints, redirect_uri: str
) -> Iterator["OAuth2Session"]:
    from authlib.integrations.requests_client import OAuth2Session

    from linktrack.outside.requests_adapter import GuardedAdapter

    way = "client_secret_basic" if endpoints.takes_basic else "client_secret_post"
    session = OAuth2Session(
        client_id=provider.client_id,
        client_secret=provider.client_secret or None,
        token_endpoint_auth_method=way if provider.client_secret else "none",
        scope=" ".join(provider.scopes),
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )
    session.trust_env = False
    adapter = GuardedAdapter(LIMITS, _guard(provider))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    with closing(session):
        yield session


def _given(
    provider: Provider, client: "OAuth2Session", endpoints: Endpoints, code: str, begun: Begun
) -> Mapping[str, object]:
    """Give the code back for tokens; raises `Forbidden`, or `Unavailable`."""
    import requests

    try:
        given = client.fetch_token(
            endpoints.token,
            grant_type="authorization_code",
            code=code,
            code_verifier=begun.verifier,
        )
    except requests.RequestException as error:
        cause = error.__cause__
        raise _away(provider, cause if isinstance(cause, Exception) else None) from error
    except Exception as error:  # the provider's answer: whatever the library makes of it
        raise _refused(provider, error) from error
    return dict(given)


def _proved(
    provider: Provider,
    endpoints: Endpoints,
    given: Mapping[str, object],
    nonce: str,
    now: datetime,
) -> dict[str, object]:
    """Return the claims of an ID token that is for us; raises `Forbidden`, or `Unavailable`.

    The keys are fetched for each sign-in: they change, and sign-ins are few.
    """
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import KeySet, import_key

    keys = _object(provider, endpoints.keys)
    try:
        usable = [import_key(key) for key in _listed(keys.get("keys")) if _signs(key)]
        token = jwt.decode(str(given["id_token"]), KeySet(usable), algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
                "exp": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            params={
                "nonce": nonce,
                "client_id": provider.client_id,
                "access_token": given.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except Exception as error:  # a token of a stranger: whatever the libraries make of it
        raise _refused(provider, error) from error
    return dict(claims)


def _refused(provider: Provider, error: Exception) -> Forbidden:
    log.warning("A sign-in through %s was refused: %s", provider.name, type(error).__name__)
    return Forbidden(UNPROVED.format(provider.name))


def _listed(value: object) -> list[dict[str, str | list[str]]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _signs(key: Mapping[str, str | list[str]]) -> bool:
    """Whether a key is one that signatures are checked with, and no shared secret."""
    return key.get("kty") in ("RSA", "EC", "OKP") and key.get("use") in (None, "sig")


def _name(claims: Mapping[str, object]) -> str:
    for claim in ("name", "preferred_username", "email", "sub"):
        said = claims.get(claim)
        if isinstance(said, str):
            plain = "".join(letter for letter in said if letter.isprintable()).strip()[:80]
            if plain:
                return plain
    return "Somebody"


def _groups(provider: Provider, claims: Mapping[str, object]) -> frozenset[str]:
    """Return the groups in the claim; an email address counts only where it is verified."""
    if provider.groups == "email" and claims.get("email_verified") is not True:
        return frozenset()
    found = claims.get(provider.groups)
    listed = found if isinstance(found, list) else [found]
    return frozenset(one for one in listed[:_MOST_GROUPS] if isinstance(one, str))
