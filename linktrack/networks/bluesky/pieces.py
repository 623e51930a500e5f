"""A post's record taken apart by its facets, and put together again with other links. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from linktrack.networks.archives import Fields
from linktrack.networks.texts import is_short_for, text, whole


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text with one look: `features` of its facet, and the address it leads to."""

    written: str
    features: Sequence[Fields] = ()
    address: str | None = None

    @property
    def is_word(self) -> bool:
        """Whether these are words that lead somewhere, and no address as the app shows it."""
        return self.address is not None and not is_short_for(self.written, self.address)


def pieces_of(record: Fields) -> tuple[list[Piece], bool]:
    """Return the pieces of a text, and whether every facet of the record is one of them.

    Facets (in bytes) that overlap, lie outside or cut a letter are left out.
    """
    content = str(record.get("text") or "").encode("utf-8", "replace")
    rows = record.get("facets")
    facets = sorted(map(_place, rows if isinstance(rows, list) else []), key=lambda one: one[:2])
    pieces, position, is_whole = [], 0, rows is None or isinstance(rows, list)
    for start, end, features in facets:
        label = _letters(content[start:end]) if position <= start < end <= len(content) else None
        before = None if label is None else _letters(content[position:start])
        if label is None or before is None:
            is_whole = False
            continue
        links = [address for one in features if (address := text(one.get("uri"))) is not None]
        pieces.append(Piece(before))
        pieces.append(Piece(label, features, links[0] if links else None))
        is_whole = is_whole and len(links) < 2
        position = end
    pieces.append(Piece(content[position:].decode("utf-8", "replace")))
    return [piece for piece in pieces if piece.written], is_whole


def put_together(
    pieces: Sequence[Piece], other: Callable[[str], str]
) -> tuple[str, list[dict[str, object]]]:
    """Return a text and its facets, with `other(address)` in the place of each address."""
    written: list[str] = []
    facets: list[dict[str, object]] = []
    position = 0
    for piece in pieces:
        shown, features = piece.written, piece.features
        if piece.address is not None:
            address = other(piece.address)
            features = [{**one, "uri": address} if "uri" in one else one for one in features]
            shown = shown if piece.is_word else address
        end = position + len(shown.encode())
        if features:
            index = {"byteStart": position, "byteEnd": end}
            facets.append({"index": index, "features": list(features)})
        written.append(shown)
        position = end
    return "".join(written), facets


def _place(facet: object) -> tuple[int, int, list[Fields]]:
    """Return where a facet stands and what it says; one that is none stands nowhere."""
    facet = facet if isinstance(facet, Mapping) else {}
    index = facet.get("index")
    index = index if isinstance(index, Mapping) else {}
    start, end = whole(index.get("byteStart")), whole(index.get("byteEnd"))
    features = facet.get("features")
    if start is None or end is None or not isinstance(features, list):
        return -1, -1, []
    return start, end, [one for one in features if isinstance(one, dict)]


def _letters(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
