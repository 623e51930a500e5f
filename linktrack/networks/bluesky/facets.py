"""Where our addresses stand in a text, as Bluesky has it: in bytes. Pure."""

import re
from collections.abc import Sequence


def own_links(written: str, short_urls: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return where our addresses stand, as UTF-8 byte offsets, in order of the text.

    An address may be written without its scheme, and with it directly beside a letter that is not
    ASCII: Japanese puts no space there. A longer one that another begins is not it.
    """
    forms = [(form, url) for url in short_urls for form in (url, url.partition("://")[2])]
    found: list[tuple[int, int, str]] = []
    for form, url in sorted(forms, key=lambda pair: -len(pair[0])):
        before = "[a-zA-Z0-9/]" if form == url else r"[\w/]"
        for match in re.finditer(rf"(?<!{before}){re.escape(form)}(?![a-zA-Z0-9_-])", written):
            start = len(written[: match.start()].encode())
            end = start + len(form.encode())
            if not any(start < other_end and other < end for other, other_end, _ in found):
                found.append((start, end, url))
    return sorted(found)
