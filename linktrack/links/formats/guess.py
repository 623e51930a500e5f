"""Which format a text is written in, by its look. Pure."""

import re
from typing import Final, Literal, TypeAlias, get_args

Format: TypeAlias = Literal["plain", "markdown", "html"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
FORMAT_WORDS: Final[dict[Format, str]] = {
    "plain": "plain text",
    "markdown": "Markdown",
    "html": "HTML",
}

_DOCUMENT = re.compile(
    r"\s*(?:<!doctype\s+html|<\?xml|<(?:html|head|body|table|mjml|style)[\s>]|<!--\[if)",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(
    r"\]\([^\s()]"  # [text](address), ![picture](address)
    r"|^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]*\S"
    r"|^ {0,3}#{1,6}[ \t]+\S"
    r"|^ {0,3}(?:```|~~~)"
    r"|\]\[[^\[\]\n]{0,200}\]"
    r"|<https?://[^\s<>]+>"
    r"|\*\*[^\s*](?:[^*\n]{0,200}[^\s*])?\*\*",
    re.MULTILINE,
)
_ELEMENT = re.compile(
    r"</(?:a|p|div|td|table|span|strong|em|b|i|u|ul|ol|li|h[1-6]|center|font|section|body)\s*>"
    r"|<a\s[^<>]*href\s*=|<br\s*/?>|<img\s[^<>]*src\s*=",
    re.IGNORECASE,
)


def guess(text: str) -> Format:
    """Return the format that a text looks like: HTML within Markdown is Markdown."""
    if _DOCUMENT.match(text):
        return "html"
    if _MARKDOWN.search(text):
        return "markdown"
    return "html" if _ELEMENT.search(text) else "plain"
