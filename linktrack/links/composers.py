"""The networks' own pages for writing a post, opened with a text: no key, no interface needed."""

import re
from urllib.parse import quote


def composer_address(network: str, handle: str, text: str) -> str | None:
    """Return the address that opens a network's composer with this text, None where there is none.

    X: x.com/intent/post. Bluesky: bsky.app/intent/compose. Mastodon: /share on the instance that
    the handle names.
    """
    written = quote(text, safe="")
    if network == "x":
        return f"https://x.com/intent/post?text={written}"
    if network == "bluesky":
        return f"https://bsky.app/intent/compose?text={written}"
    instance = re.fullmatch(r"@?[^@\s]+@([^@\s/]+)", handle)
    if network == "mastodon" and instance is not None:
        return f"https://{instance[1]}/share?text={written}"
    return None
