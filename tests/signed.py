"""Writers of accounts that are signed in on a server of the test's own."""

from keepers import Kept

from linktrack.networks.bluesky.writer import BlueskyWriter
from linktrack.networks.credentials import Credential
from linktrack.networks.mastodon.writer import MastodonWriter
from linktrack.networks.protocols import Writer
from linktrack.networks.x.writer import XWriter

SESSION = "jesse.test:::did:plc:me:::{0}:::{0}:::{1}".format(
    "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.sig", "{server}"
)


def bluesky(server: str) -> Writer:
    values = {"session": SESSION.format(server=server)}
    return BlueskyWriter(Credential("bluesky", server, values), Kept())


def mastodon(server: str) -> Writer:
    values = {"access_token": "t", "id": "7", "url": f"{server}/@you", "handle": "@you@a.example"}
    return MastodonWriter(Credential("mastodon", server, values), Kept())


def x(server: str) -> Writer:
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    values = dict.fromkeys(names, "k") | {"id": "7", "username": "you"}
    return XWriter(Credential("x", server, values), Kept())
