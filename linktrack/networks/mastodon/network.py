"""Mastodon, as the product knows it. Pure."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from linktrack.networks.archives import Archive
from linktrack.networks.credentials import Credential, Keeper, SignIn
from linktrack.networks.identity import Identifying, Visit
from linktrack.networks.mastodon.access import ABILITIES, NEEDS
from linktrack.networks.mastodon.detection import detect
from linktrack.networks.mastodon.followers import follower_record
from linktrack.networks.mastodon.lengths import length
from linktrack.networks.mastodon.own_posts import is_own_post
from linktrack.networks.network import (
    Archives,
    Cards,
    Connecting,
    FollowerJson,
    Handles,
    Ids,
    Network,
)
from linktrack.networks.records import PublicTexts

if TYPE_CHECKING:
    from linktrack.networks.mastodon.archive import MastodonArchive
    from linktrack.networks.mastodon.engagement import MastodonEngagement
    from linktrack.networks.mastodon.host import MastodonHost
    from linktrack.networks.mastodon.identity import MastodonIdentity
    from linktrack.networks.mastodon.mentions import MastodonMentions
    from linktrack.networks.mastodon.posts import MastodonFeed
    from linktrack.networks.mastodon.reader import Mastodon
    from linktrack.networks.mastodon.writer import MastodonWriter
    from linktrack.settings import Settings

_ADDRESS: Final = re.compile(r"https?://\S+")
_PROFILE: Final = re.compile(r"https?://([^\s/@]+)/@([A-Za-z0-9_.-]+)(?:@([^\s/@?]+))?/?(?:\?.*)?")
_HANDLE: Final = re.compile(r"@?[^@\s]+@([^@\s/]+)")


def composer(handle: str, text: str) -> str | None:
    """Return the address of /share with this text, on the server that the handle names."""
    server = _HANDLE.fullmatch(handle)
    return None if server is None else f"https://{server[1]}/share?text={quote(text, safe='')}"


def post_address(network_id: str) -> str | None:
    """Return where a post is shown: its id is the address."""
    return network_id if _ADDRESS.fullmatch(network_id) else None


def profile_address(network_id: str, handle: str | None) -> str | None:  # noqa: ARG001
    """Return where a profile is shown: its id is the address."""
    return post_address(network_id)


def handle_at(address: str) -> str | None:
    """Return the handle of a profile's address: https://server/@name, also of another server."""
    found = _PROFILE.fullmatch(address)
    return None if found is None else f"@{found[2]}@{found[3] or found[1]}"


def _open_reader(handle: str, settings: "Settings") -> "Mastodon":  # noqa: ARG001
    from linktrack.networks.mastodon.reader import Mastodon

    return Mastodon(handle)


def _open_feed(handle: str, network_id: str | None, settings: "Settings") -> "MastodonFeed":  # noqa: ARG001
    from linktrack.networks.mastodon.posts import MastodonFeed

    return MastodonFeed(handle)


def _public_texts(handle: str, settings: "Settings") -> PublicTexts:  # noqa: ARG001
    from linktrack.networks.mastodon.public_texts import public_texts

    return public_texts(handle)


def _open_engagement(
    handle: str,
    network_id: str | None,  # noqa: ARG001 - as Network has it
    settings: "Settings",  # noqa: ARG001
) -> "MastodonEngagement":
    from linktrack.networks.mastodon.engagement import MastodonEngagement

    return MastodonEngagement(handle)


def _open_own_engagement(credential: Credential, keeper: Keeper) -> "MastodonEngagement":
    from linktrack.networks.mastodon.engagement import signed_in

    return signed_in(credential, keeper)


def _is_archive(archive: Archive) -> bool:
    from linktrack.networks.mastodon.archive import MastodonArchive

    return MastodonArchive.is_one(archive)


def _open_archive(archive: Archive) -> "MastodonArchive":
    from linktrack.networks.mastodon.archive import MastodonArchive

    return MastodonArchive(archive)


def _sign_in(handle: str, values: Mapping[str, str], server: str | None) -> SignIn:
    from linktrack.networks.mastodon.writer import sign_in

    return sign_in(handle, values["access_token"], server)


def _open_writer(credential: Credential, keeper: Keeper) -> "MastodonWriter":
    from linktrack.networks.mastodon.writer import MastodonWriter

    return MastodonWriter(credential, keeper)


def _open_host(credential: Credential, keeper: Keeper) -> "MastodonHost":
    from linktrack.networks.mastodon.host import MastodonHost

    return MastodonHost(credential, keeper)


def _open_identity(visit: Visit) -> "MastodonIdentity":
    from linktrack.networks.mastodon.identity import MastodonIdentity

    return MastodonIdentity(visit)


def _open_mentions(credential: Credential, keeper: Keeper) -> "MastodonMentions":
    from linktrack.networks.mastodon.mentions import MastodonMentions

    return MastodonMentions(credential, keeper)


NETWORK: Final = Network(
    name="mastodon",
    label="Mastodon",
    handles=Handles(
        pattern=re.compile(
            r"@[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?@[^\s@/]+\.[^\s@/.]+"
        ),
        example="@name@server",
        hint="@name@server on Mastodon",
    ),
    ids=Ids(_ADDRESS, "https://…"),
    follower_json=FollowerJson("acct", follower_record),
    detect=detect,
    is_own_post=is_own_post,
    length=length,
    links_public_hosts_only=True,
    servers_set_limits=True,
    has_follow_requests=True,
    replies_name=True,
    composer=composer,
    post_address=post_address,
    profile_address=profile_address,
    handle_at=handle_at,
    cards=Cards(
        parts=("picture", "site", "title", "description"),
        lead_past_us=True,
        user_agents=("Mastodon",),
        first_fetchers=(
            *("mastodon", "pleroma", "misskey", "lemmy", "friendica"),
            *("peertube", "gotosocial", "pixelfed", "fediverse"),
        ),
    ),
    open_reader=_open_reader,
    open_feed=_open_feed,
    open_engagement=_open_engagement,
    public_texts=_public_texts,
    connecting=Connecting(
        needs=NEEDS,
        abilities=ABILITIES,
        sign_in=_sign_in,
        open_writer=_open_writer,
        open_engagement=_open_own_engagement,
        open_mentions=_open_mentions,
        open_host=_open_host,
    ),
    identifying=Identifying(hint="@name@server", open=_open_identity),
    archives=Archives(is_one=_is_archive, open=_open_archive, lone_file="outbox.json"),
)
