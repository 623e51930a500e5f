"""What counting texts is made of, whatever the network. Pure."""

from collections.abc import Sequence

from linktrack.networks.network import Found


def with_short_addresses(text: str, found: Sequence[Found], address: int) -> str:
    """Return the text with each address that was found in it as so many letters."""
    parts = []
    position = 0
    for start, end, _ in found:
        parts += [text[position:start], "a" * address]
        position = end
    return "".join([*parts, text[position:]])


def graphemes(text: str) -> int:
    """Return how many characters people see."""
    import regex

    return sum(1 for _ in regex.finditer(r"\X", text))
