"""X, as the product knows it. Pure."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from linktrack.networks.archives import Archive
from linktrack.networks.credentials import Credential, Keeper, SignIn
from linktrack.networks.network import Archives, Cards, Connecting, Handles, Ids, Network
from linktrack.networks.x.access import ABILITIES, NEEDS
from linktrack.networks.x.detection import detect
from linktrack.networks.x.lengths import length
from linktrack.networks.x.own_posts import is_own_post

if TYPE_CHECKING:
    from linktrack.networks.x.archive import XArchive
    from linktrack.networks.x.engagement import XEngagement
    from linktrack.networks.x.grailbird import GrailbirdArchive
    from linktrack.networks.x.writer import XWriter


_IDS: Final = Ids(re.compile(r"[0-9]{1,20}"), "a number")
"""Of people, and of posts."""

_PROFILE: Final = re.compile(
    r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/@?([A-Za-z0-9_]{1,20})/?(?:\?.*)?"
)


def composer(handle: str, text: str) -> str:  # noqa: ARG001 - as Network has it
    """Return the address of the composer with this text."""
    return f"https://x.com/intent/post?text={quote(text, safe='')}"


def post_address(network_id: str) -> str | None:
    """Return where a post is shown, by its number."""
    return f"https://x.com/i/status/{network_id}" if _IDS.is_one(network_id) else None


def profile_address(network_id: str, handle: str | None) -> str | None:
    """Return where a profile is shown: by its number, which outlives the handle, else by that."""
    if _IDS.is_one(network_id):
        return f"https://x.com/i/user/{network_id}"
    return None if handle is None else f"https://x.com/{handle.removeprefix('@')}"


def handle_at(address: str) -> str | None:
    """Return the handle of a profile's address."""
    found = _PROFILE.fullmatch(address)
    return None if found is None else f"@{found[1]}"


def _is_archive(archive: Archive) -> bool:
    from linktrack.networks.x.archive import XArchive
    from linktrack.networks.x.grailbird import GrailbirdArchive

    return XArchive.is_one(archive) or GrailbirdArchive.is_one(archive)


def _open_archive(archive: Archive) -> "XArchive | GrailbirdArchive":
    from linktrack.networks.x.archive import XArchive
    from linktrack.networks.x.grailbird import GrailbirdArchive

    return XArchive(archive) if XArchive.is_one(archive) else GrailbirdArchive(archive)


def _sign_in(handle: str, values: Mapping[str, str], server: str | None) -> SignIn:
    from linktrack.networks.x.writer import sign_in

    return sign_in(handle, values, server)


def _open_writer(credential: Credential, keeper: Keeper) -> "XWriter":
    from linktrack.networks.x.writer import XWriter

    return XWriter(credential, keeper)


def _open_engagement(credential: Credential, keeper: Keeper) -> "XEngagement":
    from linktrack.networks.x.engagement import XEngagement

    return XEngagement(credential, keeper)


NETWORK: Final = Network(
    name="x",
    label="X",
    handles=Handles(
        # X takes 15 characters now; a few accounts of its first years have up to 20.
        pattern=re.compile(r"@[A-Za-z0-9_]{1,20}"),
        example="@name: up to 20 letters, digits and _",
        hint="@name on X",
    ),
    ids=_IDS,
    detect=detect,
    is_own_post=is_own_post,
    length=length,
    links_public_hosts_only=True,
    has_follow_requests=True,
    composer=composer,
    post_address=post_address,
    profile_address=profile_address,
    handle_at=handle_at,
    cards=Cards(
        parts=("picture", "title", "site"),
        user_agents=("Twitterbot",),
        first_fetchers=("twitterbot",),
    ),
    forbids_same_text=True,
    first_reading=timedelta(days=30),  # each post that is read has a price
    engagement_every=timedelta(days=1),  # as above
    connecting=Connecting(
        needs=NEEDS,
        abilities=ABILITIES,
        sign_in=_sign_in,
        open_writer=_open_writer,
        open_engagement=_open_engagement,
    ),
    identifying=(
        "You can't sign in with X here: X tells a program who you are only together with the right "
        "to read your posts, which linktrack doesn't ask for."
    ),
    archives=Archives(is_one=_is_archive, open=_open_archive, follower_file="data/follower.js"),
)
