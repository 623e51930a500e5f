"""The guide, on the pages: of the version that runs, and there without the internet."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import render_template, url_for
from markupsafe import Markup

from linktrack.db import resource
from linktrack.errors import NotFound
from linktrack.web.context import owner_blueprint

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

blueprint = owner_blueprint("guide", __name__)

INDEX: Final = "README"
_WORDS: Final = re.compile(r"[^\w\- ]")
_PAGE: Final = re.compile(r"([a-z0-9-]+|README)\.md(#.*)?")


def folder() -> Path:
    """Return where the guide is: inside the package, or in the docs of a checkout."""
    inside = resource("guide")
    return inside if inside.is_dir() else resource("docs") / "guide"


@blueprint.get("/guide/")
@blueprint.get("/guide/<page>")
def show(page: str = INDEX) -> str:
    """Show a page of the guide; without a name, the list of all."""
    title, text = _read(page)
    return render_template("guide/show.html", title=title, text=text, is_index=page == INDEX)


@cache
def _read(page: str) -> tuple[str, Markup]:
    """Return the title and the text of a page; raises `NotFound`, which isn't remembered."""
    files = {path.stem: path for path in folder().glob("*.md")}
    if page not in files:
        raise NotFound("The guide has no such page.")
    markdown = _markdown()
    tokens = markdown.parse(files[page].read_text(encoding="utf-8"))
    _name_headings(tokens)
    for token in tokens:
        for child in token.children or ():
            _lead_within(child)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return _title_of(tokens), Markup(html)  # noqa: S704 - our own files, and HTML in them is text


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("table_open", lambda *_: f"<div {_REGION}><table>")
    markdown.add_render_rule("table_close", lambda *_: "</table></div>")
    return markdown


_REGION: Final = 'class="table-scroll" role="region" tabindex="0" aria-label="Table"'


def _name_headings(tokens: "Sequence[Token]") -> None:
    """Give headings the names that links lead to, as the repository's pages have them."""
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            words = _WORDS.sub("", inline.content.lower())
            heading.attrSet("id", words.replace(" ", "-"))


def _lead_within(token: "Token") -> None:
    """Make a link to another page of the guide one to the page here; other files are not here."""
    if token.type != "link_open":
        return
    address = str(token.attrGet("href"))
    page = _PAGE.fullmatch(address)
    if page is not None:
        name = None if page[1] == INDEX else page[1]
        token.attrSet("href", url_for("guide.show", page=name) + (page[2] or ""))
    elif not address.startswith(("https://", "#")):
        token.attrs.pop("href")


def _title_of(tokens: "Sequence[Token]") -> str:
    return next(token.content for token in tokens if token.type == "inline")
