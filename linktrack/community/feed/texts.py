"""A post's text as members read it, with the links of their version or their own. Pure."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from linktrack.links.codes import index_of, with_codes
from linktrack.links.excerpts import cut, title
from linktrack.links.formats.guess import Format
from linktrack.links.formats.html import visible_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

LONGEST: Final = 4_000
"""Characters of a text that members get; a longer one, as of a newsletter, is cut."""

# An address ends where a sentence goes on: no mark of one is its last character.
_ADDRESS: Final = r"https?://[^\s<>\"'()\[\]{}]*[^\s<>\"'()\[\]{}.,;:!?…]"
# What XML 1.0 cannot have, even escaped, or readers take for something else (section 2.2), and half
# characters.
_UNFIT: Final = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class PostText:
    """A post as it was published: its text, what that is read as, and its links by their codes."""

    text: str
    written_in: Format
    destinations: Mapping[str, str]


def fit(text: str) -> str:
    """Return a text that XML and JSON can have: other characters are replaced by U+FFFD."""
    return _UNFIT.sub("\ufffd", text)


def shortened(text: str, most: int = LONGEST) -> str:
    """Return a text of at most about `most` characters, cut between two words."""
    if len(text) <= most:
        return text
    head = text[: most + 1]
    # Between words, so that no address is cut in two: half of one leads elsewhere.
    end = max(head.rfind(" "), head.rfind("\n"))
    return f"{head[:end].rstrip()} …" if end > 0 else "…"


def as_plain(post: PostText, bases: Sequence[str], codes: Mapping[str, str]) -> str:
    """Return a post as plain text; of HTML, the words in it and where its links lead to."""
    if post.written_in != "html":
        return with_codes(shortened(fit(post.text)), bases, codes)
    words = cut(fit(visible_text(post.text, LONGEST)), LONGEST)
    links = [_short(post.text, bases, code, codes) for code in post.destinations]
    return "\n".join([words, *links])


def as_html(post: PostText, bases: Sequence[str], codes: Mapping[str, str]) -> str:
    """Return a post as safe HTML: its own markup is shown where it is Markdown, else escaped."""
    if post.written_in == "markdown":
        text = with_codes(shortened(fit(post.text)), bases, codes)
        return str(_markdown().render(text)).strip()
    if post.written_in == "plain":
        return paragraphs(with_codes(shortened(fit(post.text)), bases, codes))
    words = paragraphs(cut(fit(visible_text(post.text, LONGEST)), LONGEST))
    links = "".join(
        f"<li>{_anchor(_short(post.text, bases, code, codes), _host(destination))}</li>"
        for code, destination in post.destinations.items()
    )
    return f"{words}<ul>{links}</ul>" if links else words


def _short(text: str, bases: Sequence[str], code: str, codes: Mapping[str, str]) -> str:
    """Return the short address of a link, on the domain that it has in its text."""
    base = next((base for base in bases if index_of(f"{base}/{code}", text) >= 0), bases[0])
    return f"{base}/{codes.get(code, code)}"


def paragraphs(text: str) -> str:
    """Return plain text as HTML: escaped, its addresses linked, its lines kept."""
    parts = []
    for block in re.split(r"\n[ \t]*\n\s*", text.replace("\r\n", "\n").strip()):
        linked = _each_address(block, lambda address: _anchor(address, address))
        parts.append(f"<p>{linked.replace(chr(10), '<br>')}</p>")
    return "".join(parts)


@lru_cache(maxsize=2_048)  # the same for all members, and most of the time that a feed takes
def headline(text: str) -> str:
    """Return what a post says on one line, for a list; of a text that says nothing, "A post"."""
    return fit(title(text)) or "A post"


def _each_address(text: str, write: Callable[[str], str]) -> str:
    parts, position = [], 0
    for found in re.finditer(_ADDRESS, text):
        parts += [html.escape(text[position : found.start()]), write(found[0])]
        position = found.end()
    return "".join([*parts, html.escape(text[position:])])


def _anchor(address: str, words: str) -> str:
    return f'<a href="{html.escape(address)}" rel="noreferrer">{html.escape(words)}</a>'


def _in_markdown(
    _renderer: "RendererHTML", tokens: "Sequence[Token]", index: int, _options: object, _env: object
) -> str:
    """Write a piece of text in Markdown, with its addresses linked unless it is in a link."""
    words = tokens[index].content
    inside = sum(token.nesting for token in tokens[:index] if token.type.startswith("link_"))
    return html.escape(words) if inside else _each_address(words, lambda each: _anchor(each, each))


def _link_in_markdown(
    renderer: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    env: "EnvType",
) -> str:
    tokens[index].attrSet("rel", "noreferrer")
    return renderer.renderToken(tokens, index, options, env)


def _host(destination: str) -> str:
    return fit(urlsplit(destination).hostname or destination)


@lru_cache(maxsize=1)
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # No pictures: they would tell their server who reads the feed, and when.
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")
    markdown.add_render_rule("text", _in_markdown)
    markdown.add_render_rule("link_open", _link_in_markdown)
    return markdown
