"""Plain English: turns of phrase that readers stopped at come back nowhere.

Each pattern was on a page once, and a native speaker stumbled over it. Beside it stands what to
write instead.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from paths import REPOSITORY

INSTEAD: Final = {
    r"\bset against\b": "compared with",
    r"\bleft empty\b": "if empty, …",
    r"\b(?:is|are) told\b(?! apart)": "shows, reads, or: linktrack tells somebody",
    r"(?<!replaces \")\bsurely\b": "clearly",
    r"[\d}] %(?! \w)": "no space before %: 39%",
    r"\bof its moment\b": "of that time",
    r"\bsomebody large\b": "a big account",
    r"\bthe middle post\b": "the median post",
    r"\bcounted by hand\b": "a size entered by you",
    r"\b(?:are|is) no people(?:'s)?\b": "not from people",
    r"\band the like\b": "name them",
    r"\bas ever\b": "as usual, as before",
    r"\bany more\b": "no longer",
    r"\bgo(?:es)? on redirecting\b": "keep working",
    r"\bdealt out\b": "shuffled",
    r"\bled on\b": "redirected",
    r"\bnobody has looked\b": "not checked yet",
    r"} is no (?!longer|more|such)[a-z]+": "X isn't a …",
    r"\bjust now: (?=try|look|wait)": "right now, for what still goes on",
    r"\bbring(?:s)? it back with\b": "restore it with",
    r"\b(?:judged|reads?) otherwise\b": "differently, or: has changed",
    r"\bin a way nobody thought of\b": "unexpectedly",
    r"\bhas no editing\b": "can't edit posts",
}
"""A pattern, and what to write instead."""

LEFT_ALONE: Final = ("docs/decisions",)
"""What was decided, in the words of its day."""


def sentences() -> Iterator[tuple[str, str]]:
    """Return all text that people read, with the place it is at."""
    for path in sorted((REPOSITORY / "templates").rglob("*.html")):
        yield str(path.relative_to(REPOSITORY)), _shown(path.read_text())
    for path in sorted((REPOSITORY / "linktrack").rglob("*.py")):
        for line, text in _texts(path):
            yield f"{path.relative_to(REPOSITORY)}:{line}", text
    pages = [*(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("*.md")]
    for path in sorted(pages):
        name = str(path.relative_to(REPOSITORY))
        if not name.startswith(LEFT_ALONE):
            text = path.read_text()
            released = re.search(r"^## \d", text, re.MULTILINE)
            yield name, text[: released.start()] if released else text


def _shown(template: str) -> str:
    """Return a template without its statements: they are Jinja, not English."""
    return re.sub(r"{%.*?%}|{#.*?#}", " ", template, flags=re.DOTALL)


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Return the texts in a module: messages and docstrings; what is put in is `}`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            parts = [
                str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values
            ]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("pattern", INSTEAD)
def test_a_turn_of_phrase_that_readers_stopped_at_is_nowhere(pattern: str) -> None:
    """In templates, messages, docstrings and docs."""
    form = re.compile(pattern, re.IGNORECASE)
    found = [
        f"{place}: …{text[max(0, each.start() - 40) : each.end() + 30]}…"
        for place, text in sentences()
        for each in form.finditer(text)
    ]
    assert not found, f"write: {INSTEAD[pattern]}\n" + "\n".join(found)
