"""Bluesky, as the product knows it. Pure."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from linktrack.networks.bluesky.access import ABILITIES, NEEDS
from linktrack.networks.bluesky.client import document, refuses
from linktrack.networks.bluesky.detection import detect
from linktrack.networks.bluesky.followers import follower_record
from linktrack.networks.bluesky.lengths import length
from linktrack.networks.bluesky.own_posts import is_own_post
from linktrack.networks.credentials import Credential, Keeper, SignIn
from linktrack.networks.identity import Identifying, Visit
from linktrack.networks.network import Cards, Connecting, FollowerJson, Handles, Ids, Network
from linktrack.networks.records import PublicTexts

if TYPE_CHECKING:
    from linktrack.networks.bluesky.engagement import BlueskyEngagement
    from linktrack.networks.bluesky.host import BlueskyHost
    from linktrack.networks.bluesky.identity import BlueskyIdentity
    from linktrack.networks.bluesky.mentions import BlueskyMentions
    from linktrack.networks.bluesky.posts import BlueskyFeed
    from linktrack.networks.bluesky.reader import Bluesky
    from linktrack.networks.bluesky.writer import BlueskyWriter
    from linktrack.settings import Settings

_IDS: Final = Ids(re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+"), "did:…")
_PROFILE: Final = re.compile(r"(?:https?://)?bsky\.app/profile/@?([A-Za-z0-9.-]+)/?(?:\?.*)?")
_POST: Final = re.compile(r"at://(did:[a-z0-9]+:[A-Za-z0-9._:%-]+)/app\.bsky\.feed\.post/(\S+)")


def composer(handle: str, text: str) -> str:  # noqa: ARG001 - as Network has it
    """Return the address of the composer with this text."""
    return f"https://bsky.app/intent/compose?text={quote(text, safe='')}"


def post_address(network_id: str) -> str | None:
    """Return where a post is shown, by at://DID/app.bsky.feed.post/KEY."""
    found = _POST.fullmatch(network_id)
    return None if found is None else f"https://bsky.app/profile/{found[1]}/post/{found[2]}"


def profile_address(network_id: str, handle: str | None) -> str | None:  # noqa: ARG001
    """Return where a profile is shown, by its DID, which outlives the handle."""
    return f"https://bsky.app/profile/{network_id}" if _IDS.is_one(network_id) else None


def handle_at(address: str) -> str | None:
    """Return the handle of a profile's address."""
    found = _PROFILE.fullmatch(address)
    return None if found is None else f"@{found[1]}"


def _open_reader(handle: str, settings: "Settings") -> "Bluesky":  # noqa: ARG001
    from linktrack.networks.bluesky.reader import Bluesky

    return Bluesky(settings.bluesky)


def _open_feed(handle: str, network_id: str | None, settings: "Settings") -> "BlueskyFeed":
    from linktrack.networks.bluesky.posts import BlueskyFeed

    return BlueskyFeed(network_id or handle, settings.bluesky)


def _public_texts(handle: str, settings: "Settings") -> PublicTexts:
    from linktrack.networks.bluesky.posts import public_texts

    return public_texts(handle, settings.bluesky)


def _open_engagement(
    handle: str,  # noqa: ARG001 - as Network has it
    network_id: str | None,  # noqa: ARG001
    settings: "Settings",
) -> "BlueskyEngagement":
    from linktrack.networks.bluesky.engagement import BlueskyEngagement

    return BlueskyEngagement(settings.bluesky)


def _sign_in(handle: str, values: Mapping[str, str], server: str | None) -> SignIn:
    from linktrack.networks.bluesky.session import sign_in

    return sign_in(handle, values["app_password"], server)


def _open_writer(credential: Credential, keeper: Keeper) -> "BlueskyWriter":
    from linktrack.networks.bluesky.writer import BlueskyWriter

    return BlueskyWriter(credential, keeper)


def _open_mentions(credential: Credential, keeper: Keeper) -> "BlueskyMentions":
    from linktrack.networks.bluesky.mentions import BlueskyMentions

    return BlueskyMentions(credential, keeper)


def _open_host(credential: Credential, keeper: Keeper) -> "BlueskyHost":
    from linktrack.networks.bluesky.host import BlueskyHost

    return BlueskyHost(credential, keeper)


def _open_identity(visit: Visit) -> "BlueskyIdentity":
    from linktrack.networks.bluesky.identity import BlueskyIdentity

    return BlueskyIdentity(visit)


NETWORK: Final = Network(
    name="bluesky",
    label="Bluesky",
    handles=Handles(
        pattern=re.compile(
            r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*"
        ),
        example="@name.bsky.social or a domain of your own",
        hint="@name.bsky.social",
    ),
    ids=_IDS,
    follower_json=FollowerJson("did", follower_record),
    asks_by_id=True,
    detect=detect,
    is_own_post=is_own_post,
    shares_detector=True,
    length=length,
    composer=composer,
    post_address=post_address,
    profile_address=profile_address,
    handle_at=handle_at,
    cards=Cards(
        parts=("picture", "title", "description", "site"),
        come_with_posts=True,
        user_agents=("Bluesky Cardyb",),
        first_fetchers=("bluesky",),
    ),
    open_reader=_open_reader,
    shows_followers=True,
    open_feed=_open_feed,
    open_engagement=_open_engagement,
    public_texts=_public_texts,
    connecting=Connecting(
        needs=NEEDS,
        abilities=ABILITIES,
        sign_in=_sign_in,
        open_writer=_open_writer,
        open_mentions=_open_mentions,
        open_host=_open_host,
    ),
    identifying=Identifying(
        hint="@name.bsky.social", open=_open_identity, refuses=refuses, document=document
    ),
)
