"""What Bluesky makes a link of, as the facets of its SDK have it. Pure."""

from linktrack.networks.network import Found


def detect(text: str) -> list[Found]:
    """Return what Bluesky makes a link of; the first time takes up to a second."""
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
    return found
