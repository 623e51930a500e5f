"""Where people see a post or a profile, from the network's own ids. Pure."""

import re
from typing import Final

_AT_POST: Final = re.compile(r"at://(did:[a-z0-9]+:[A-Za-z0-9._:%-]+)/app\.bsky\.feed\.post/(\S+)")


def post_address(network: str, network_id: str) -> str | None:
    """Return where a post is shown to people, None where its id does not say.

    Bluesky: at://DID/app.bsky.feed.post/KEY. Mastodon: the address that is the id. X: a number.
    """
    found = _AT_POST.fullmatch(network_id)
    if network == "bluesky" and found is not None:
        return f"https://bsky.app/profile/{found[1]}/post/{found[2]}"
    if network == "mastodon" and re.fullmatch(r"https?://\S+", network_id):
        return network_id
    if network == "x" and network_id.isascii() and network_id.isdigit():
        return f"https://x.com/i/status/{network_id}"
    return None


def profile_address(network: str, network_id: str, handle: str | None) -> str | None:
    """Return where a person's profile is shown, None where nothing says.

    X opens a profile by its number, which outlives the handle; so does Bluesky by the DID.
    """
    if network == "bluesky" and network_id.startswith("did:"):
        return f"https://bsky.app/profile/{network_id}"
    if network == "mastodon" and re.fullmatch(r"https?://\S+", network_id):
        return network_id
    if network == "x" and network_id.isascii() and network_id.isdigit():
        return f"https://x.com/i/user/{network_id}"
    if network == "x" and handle is not None:
        return f"https://x.com/{handle.removeprefix('@')}"
    return None
