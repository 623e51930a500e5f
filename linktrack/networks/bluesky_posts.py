"""Bluesky's posts as records: where links stand in a text, and what a stored one links to. Pure."""

import re
from collections.abc import Iterator, Sequence

from linktrack.networks.archives import Fields
from linktrack.networks.base import PostRecord
from linktrack.networks.texts import moment, text, whole


def own_links(written: str, short_urls: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return where our addresses stand, as UTF-8 byte offsets, in order of the text.

    An address may be written without its scheme. A longer one that another begins is not it.
    """
    forms = [(form, url) for url in short_urls for form in (url, url.partition("://")[2])]
    found: list[tuple[int, int, str]] = []
    for form, url in sorted(forms, key=lambda pair: -len(pair[0])):
        for match in re.finditer(rf"(?<![\w/]){re.escape(form)}(?![\w-])", written):
            start = len(written[: match.start()].encode())
            end = start + len(form.encode())
            if not any(start < other_end and other < end for other, other_end, _ in found):
                found.append((start, end, url))
    return sorted(found)


def stored_post(row: Fields) -> PostRecord | None:
    """Return a post of com.atproto.repo.listRecords: its links are its facets and its card."""
    address, value = text(row.get("uri")), row.get("value")
    if address is None or not isinstance(value, dict):
        return None
    at = moment(value.get("createdAt"))
    if at is None:
        return None
    written = value.get("text")
    links = [*_linked(value.get("facets")), *_embedded(value.get("embed"))]
    return PostRecord(
        network_id=address,
        posted_at=at,
        is_repost=False,
        text=written if isinstance(written, str) else "",
        addresses=tuple(dict.fromkeys(links)),
    )


def _linked(facets: object) -> Iterator[str]:
    rows = (
        [facet for facet in facets if isinstance(facet, dict)] if isinstance(facets, list) else []
    )
    for facet in sorted(rows, key=_begin):
        features = facet.get("features")
        for feature in features if isinstance(features, list) else ():
            uri = text(feature.get("uri")) if isinstance(feature, dict) else None
            if uri is not None:
                yield uri


def _begin(facet: Fields) -> int:
    index = facet.get("index")
    return (whole(index.get("byteStart")) or 0) if isinstance(index, dict) else 0


def _embedded(embed: object) -> Iterator[str]:
    """Yield the address of a card, also of one beside a quoted post."""
    if isinstance(embed, dict):
        external = embed.get("external")
        uri = text(external.get("uri")) if isinstance(external, dict) else None
        if uri is not None:
            yield uri
        yield from _embedded(embed.get("media"))
