"""Every regular expression of the product, and texts that are made to be slow for each."""

import ast
import importlib
import re
import re._constants as sre  # type: ignore[import-not-found]  # what patterns are made of
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paths import REPOSITORY

from linktrack.links.wrapping import _own

FUNCTIONS: Final = ("search", "match", "fullmatch", "split", "sub", "subn", "findall", "finditer")
ANYWHERE: Final = frozenset(FUNCTIONS) - {"match", "fullmatch"}
"""What tries a pattern from every place of a text."""


STANDING_IN: Final[dict[str, Any]] = {
    "short": "https://go.example/abcde", "short_url": "https://go.example/abcde",
    "form": "go.example/abcde", "before": r"[\w/]", "length": 2, "names": "ann|bob|anna",
    "prefix": _own("https://go.example").prefix.pattern, "name": "script",
    "dated": "joined since DAY", "local": "ann", "code": r"[A-Za-z0-9_-]{1,64}+",
    "written": r"go\.example|old\.example/path",
    "marks": r"<!--|-->|<(/?)script(?=[ \t\n/>])",
}  # fmt: skip
"""What patterns that are made in a function are made of, by the name it has there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A pattern, where it stands, and how it is used."""

    place: str
    pattern: re.Pattern[str] | re.Pattern[bytes]
    functions: frozenset[str]

    @property
    def name(self) -> str:
        """What it is called in messages and in the list of bounds."""
        return f"{self.place} {self.pattern.pattern!r}"


def patterns() -> tuple[list[Found], list[str]]:
    """Return all patterns, and the places of those that are made of what isn't known here."""
    found, made = [], []
    sources = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((REPOSITORY / "linktrack").rglob("*.py"))
    }
    used = _used(sources)
    for path, tree in sources.items():
        calls = [each for each in ast.walk(tree) if _of_re(each)]
        if not calls:
            continue
        place = path.relative_to(REPOSITORY).as_posix()
        names = _names(path)
        assigned = {
            id(node.value): target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for call in calls:
            assert isinstance(call, ast.Call)
            assert isinstance(call.func, ast.Attribute)
            function = call.func.attr
            try:
                pattern = _value(call, STANDING_IN | names)
            except NameError:
                made.append(f"{place}:{ast.unparse(call.args[0])}")
                continue
            functions = {function}
            if function == "compile":
                name = assigned.get(id(call), "")
                private = (place, name) if name.startswith("_") else ("", name)
                functions = used.get(private) or set(FUNCTIONS)
            functions = {"match"} if place in AT_ONE_PLACE else functions
            found.append(Found(place, pattern, frozenset(functions)))
    return found, made


def _of_re(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in (*FUNCTIONS, "compile")
    )


def _names(path: Path) -> dict[str, Any]:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    module = ".".join(parts).removesuffix(".__init__")
    return vars(importlib.import_module(module))


def _value(call: ast.Call, names: dict[str, Any]) -> re.Pattern[str]:
    """Compile what a call of `re` gets; raises `NameError` for a pattern made in a function."""
    where = 1 if call.func.attr == "compile" else {"sub": 3, "subn": 3}.get(call.func.attr, 2)  # type: ignore[attr-defined]
    flags = [each.value for each in call.keywords if each.arg == "flags"] or call.args[where:][:1]
    if call.func.attr == "split":  # type: ignore[attr-defined]
        flags = [each.value for each in call.keywords if each.arg == "flags"]
    arguments = [ast.unparse(call.args[0]), *(ast.unparse(each) for each in flags)]
    # The source is our own.
    made: re.Pattern[str] = eval(f"re.compile({', '.join(arguments)})", {**names, "re": re})  # noqa: S307
    return made


def _used(sources: dict[Path, ast.Module]) -> dict[tuple[str, str], set[str]]:
    """Return which functions of a pattern are called, by its name, and its place if private."""
    found: dict[tuple[str, str], set[str]] = {}
    for path, tree in sources.items():
        place = path.relative_to(REPOSITORY).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in FUNCTIONS:
                name = node.value
                called = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
                where = place if called.startswith("_") else ""
                found.setdefault((where, called), set()).add(node.attr)
    return found


GENERAL: Final = (
    *" a0.-_/@<>&\"'([{\\\n\t#:%+*=,;!?|`~$^",
    *("\u00e9", "\u200b", "\u2026", "ab ", "a.", ".a", "a@", "@a", "<a ", "<!--", "](", "[["),
    *("http://", "https://a.b/", "&amp", "&#", "\r\n", "a\n", "\\(", "{{ ", "%20", "-a", "x=1&"),
    *("((", "a/", '="'),
)  # fmt: skip


AT_ONE_PLACE: Final = ("linktrack/portability/files/sql_tokens.py",)
"""Where patterns are matched at one place at a time; `test_what_once_failed…` has hostile dumps."""


def hostile(pattern: re.Pattern[str] | re.Pattern[bytes], size: int) -> Iterator[str]:
    """Yield texts of about `size` characters that repeat what some part of the pattern repeats."""
    own = _loops(parser.parse(_text(pattern.pattern), pattern.flags), "")
    general = ((each, "") for each in GENERAL)
    for repeated, before in dict.fromkeys((*own, *general)):
        if repeated:
            yield before + repeated * (size // len(repeated)) + "\0"


def _text(pattern: str | bytes) -> str:
    return pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern


def _loops(items: Any, before: str) -> Iterator[tuple[str, str]]:
    """Yield what each loop of a pattern repeats, and what must stand before it."""
    for place, (kind, value) in enumerate(items):
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            _, most, body = value
            once = _sample(body)
            if most > 1:
                yield once, before
                yield before + once, ""
                # What follows the loop, repeated with it.
                yield before + once + _sample(items[place + 1 :]), ""
                yield once + _sample(items[place + 1 : place + 2]), before
            yield from _loops(body, before)
        for inner in _inner(kind, value):
            yield from _loops(inner, before)
        before += _sample([(kind, value)])
    if before:
        yield before, ""


def _inner(kind: Any, value: Any) -> Iterator[Any]:
    if kind is sre.SUBPATTERN:
        yield value[-1]
    elif kind is sre.BRANCH:
        yield from value[1]
    elif kind in (sre.ASSERT, sre.ASSERT_NOT):
        yield value[1]
    elif kind is sre.ATOMIC_GROUP:
        yield value


def _sample(items: Any) -> str:
    """Return a text that these parts of a pattern take, or nearly."""
    return "".join(str(_one(kind, value)) for kind, value in items)


def _one(kind: Any, value: Any) -> object:
    if kind is sre.LITERAL:
        return chr(value)
    if kind is sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is sre.ANY:
        return "a"
    if kind is sre.IN:
        return _of_set(value)
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, _, body = value
        return _sample(body) * max(1, min(least, 100))
    if kind is sre.SUBPATTERN:
        return _sample(value[-1])
    if kind is sre.ATOMIC_GROUP:
        return _sample(value)
    if kind is sre.BRANCH:
        return _sample(value[1][0])
    return ""


def _of_set(items: Any) -> str:
    members = re.compile(f"[{''.join(map(_member, items))}]")
    candidates = (chr(each) for each in (*range(97, 123), *range(32, 127), 9, 10, *range(160, 600)))
    return next((each for each in candidates if members.match(each)), "a")


def _member(item: tuple[Any, Any]) -> str:
    kind, value = item
    if kind is sre.NEGATE:
        return "^"
    if kind is sre.LITERAL:
        return f"\\U{value:08x}"
    if kind is sre.RANGE:
        return "-".join(f"\\U{each:08x}" for each in value)
    classes: dict[object, str] = {
        sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_SPACE: r"\s",
        sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_NOT_WORD: r"\W",
    }  # fmt: skip
    return classes[value]
