"""What Mastodon makes a link of: http:// and https:// only, by linkify-it. Pure."""

from linktrack.networks.linkify import find_links
from linktrack.networks.network import Found


def detect(text: str) -> list[Found]:
    """Return what Mastodon makes a link of."""
    return find_links(text, bare=False)
