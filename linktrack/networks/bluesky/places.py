"""From a handle to the server that signs somebody in, each step verified (atproto).

A handle leads to a DID, whose document must name the handle; the document names the data server;
that one names the server where people sign in, which must call itself so.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlencode, urlsplit

import ada_url

from linktrack.errors import Invalid, NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.client import SCOPE
from linktrack.networks.bluesky.dpop import ALGORITHM, LIMITS, json_of
from linktrack.networks.bluesky.reader import PUBLIC
from linktrack.networks.errors import Refused
from linktrack.networks.fetching import guard_for
from linktrack.networks.texts import text
from linktrack.outside.errors import NotPublic, Unanswered
from linktrack.outside.finding import Guard
from linktrack.outside.visit import PUBLIC as ANYBODY
from linktrack.outside.visit import ask

DIRECTORY: Final = "https://plc.directory"

_UNFIT: Final = "That account's server has an address that can't be used."
_TYPED: Final = re.compile(
    r"(?:(?:https?://)?bsky\.app/profile/)?@?"
    r"(?P<who>did:(?:plc:[a-z2-7]{24}|web:[A-Za-z0-9.-]{1,253})"
    r"|(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*)/?"
)


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where somebody signs in; `issuer` is what the server calls itself."""

    did: str
    handle: str
    issuer: str
    pushed: str
    authorization: str
    token: str
    revocation: str | None


class Places:
    """Asks an AppView for handles, and a directory for documents.

    One that was set on purpose may be private; with such a directory, so may the servers that it
    names: it is a network of one's own.
    """

    def __init__(self, appview: str, directory: str) -> None:
        self._appview, self._directory = appview, directory
        self._is_own = directory != DIRECTORY
        self.guard = Guard(allowed=lambda _: True) if self._is_own else ANYBODY

    def find(self, typed: str) -> Entrance:
        """Return where whoever has this handle or DID signs in.

        Raises `Invalid`, `NotFound`, `Refused` or `Unavailable`.
        """
        found = _TYPED.fullmatch(typed.strip())
        if found is None:
            raise Invalid("Write your handle, like @name.bsky.social.")
        who = found["who"]
        did = who if who.startswith("did:") else self._did_of(who.lower())
        document = self._document(did)
        names = [name for each in _listed(document.get("alsoKnownAs")) if (name := _handle(each))]
        if who.startswith("did:"):
            handle = next(iter(names), "")
            if not handle or self._did_of(handle) != did:
                raise NotFound("That account has no handle that leads back to it.")
        else:
            handle = who.lower()
            if handle not in names:
                raise Invalid(f"@{handle} and the account it leads to don't name each other.")
        return self._entrance(did, handle, self._data_server(document))

    def _did_of(self, handle: str) -> str:
        query = urlencode({"handle": handle})
        address = f"{self._appview}/xrpc/com.atproto.identity.resolveHandle?{query}"
        guard = guard_for(self._appview, may_be_private=self._appview != PUBLIC)
        missing = f"There is no @{handle}: check how it is written."
        did = text(self._get(address, guard, missing).get("did")) or ""
        if not did.startswith("did:") or not _TYPED.fullmatch(did):
            raise NotFound(missing)
        return did

    def _document(self, did: str) -> Fields:
        gone = "That account's identity can't be found."
        if did.startswith("did:plc:"):
            guard = guard_for(self._directory, may_be_private=self._is_own)
            document = self._get(f"{self._directory}/{did}", guard, gone)
        else:
            host = _host(did.removeprefix("did:web:"))
            document = self._get(f"https://{host}/.well-known/did.json", self.guard, gone)
        if document.get("id") != did:
            raise NotFound(gone)
        return document

    def _data_server(self, document: Fields) -> str:
        for service in _objects(document.get("service")):
            if str(service.get("id")).endswith("#atproto_pds"):
                return self._origin(service.get("serviceEndpoint"))
        raise NotFound("That account's identity names no server.")

    def _entrance(self, did: str, handle: str, server: str) -> Entrance:
        host = urlsplit(server).netloc
        none = f"{host} doesn't let people sign in elsewhere: choose another way."
        resource = self._get(f"{server}/.well-known/oauth-protected-resource", self.guard, none)
        entrances = _listed(resource.get("authorization_servers"))
        if resource.get("resource") != server or len(entrances) != 1:
            raise Refused(none)
        issuer = self._origin(entrances[0])
        found = self._get(f"{issuer}/.well-known/oauth-authorization-server", self.guard, none)
        if found.get("issuer") != issuer or not _is_as_specified(found):
            raise Refused(none)
        return Entrance(
            did,
            handle,
            issuer,
            pushed=self._endpoint(found, "pushed_authorization_request"),
            authorization=self._endpoint(found, "authorization"),
            token=self._endpoint(found, "token"),
            revocation=self._endpoint(found, "revocation")
            if found.get("revocation_endpoint")
            else None,
        )

    def _endpoint(self, found: Fields, name: str) -> str:
        address = text(found.get(f"{name}_endpoint")) or ""
        self._origin(address)
        try:
            return str(ada_url.URL(address).href)  # it becomes part of a header
        except ValueError as error:
            raise Refused(_UNFIT) from error

    def _origin(self, address: object) -> str:
        """Return scheme, host and port of an address: https, but for a network of one's own."""
        try:
            parts = urlsplit(text(address) or "")
            plain = parts.scheme == "https" or (self._is_own and parts.scheme == "http")
            if plain and parts.hostname and parts.port != 0 and not parts.username:
                return f"{parts.scheme}://{parts.netloc}"
        except ValueError:
            pass
        raise Refused(_UNFIT)

    def _get(self, address: str, guard: Guard, missing: str) -> Fields:
        """Return a JSON object; redirects are not followed, as the specifications want it."""
        host = urlsplit(address).netloc
        try:
            answer = ask(
                "GET", address, limits=LIMITS, headers={"Accept": "application/json"}, guard=guard
            )
        except NotPublic as error:
            raise Refused(f"{error.host} is a private address, so it isn't contacted.") from error
        except Unanswered as error:
            raise Unavailable(f"{host} can't be reached. {error.sentence}") from error
        if answer.status >= 500:
            raise Unavailable(f"{host} answers with status {answer.status}: try again later.")
        found = json_of(answer)
        if answer.status != 200 or not found:
            raise NotFound(missing)
        return found


def _is_as_specified(found: Fields) -> bool:
    """Whether a server signs people in as atproto wants it: PKCE, DPoP, `iss`, our document."""
    return (
        found.get("authorization_response_iss_parameter_supported") is True
        and found.get("client_id_metadata_document_supported") is True
        and SCOPE in _listed(found.get("scopes_supported"))
        and "S256" in _listed(found.get("code_challenge_methods_supported"))
        and ALGORITHM in _listed(found.get("dpop_signing_alg_values_supported"))
        and "none" in _listed(found.get("token_endpoint_auth_methods_supported"))
    )


def _handle(known_as: str) -> str | None:
    return known_as.removeprefix("at://").lower() if known_as.startswith("at://") else None


def _host(name: str) -> str:
    """Return the host of a did:web, which is a name and no number."""
    try:
        ip_address(name)
    except ValueError:
        if "." in name and not name.rpartition(".")[2].isdigit():
            return name
    raise Invalid("That account's identity has no host.")


def _listed(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _objects(value: object) -> list[Fields]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
