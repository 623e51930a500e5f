"""What becomes a link on Bluesky: what the facets of its SDK have, and what they miss. Pure.

linktrack writes the links of a post itself, so an address in Japanese quotation marks, say, is a
link too.
"""

from linktrack.networks.addresses import find_addresses
from linktrack.networks.network import Found


def detect(text: str) -> list[Found]:
    """Return what becomes a link on Bluesky; the first time takes up to a second."""
    from atproto_client.models import AppBskyRichtextFacet
    from atproto_client.utils.facet_detection import detect_facets

    encoded = text.encode()
    found: list[Found] = []
    start = end = byte_end = 0
    for facet in detect_facets(text):
        for feature in facet.features:
            if isinstance(feature, AppBskyRichtextFacet.Link):
                start = end + len(encoded[byte_end : facet.index.byte_start].decode())
                byte_end = facet.index.byte_end
                end = start + len(encoded[facet.index.byte_start : byte_end].decode())
                found.append((start, end, feature.uri))
    missed = [
        address
        for address in find_addresses(text, bare=False)
        if not any(start < address[1] and address[0] < end for start, end, _ in found)
    ]
    return sorted(found + missed)
