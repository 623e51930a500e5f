"""The blocks of a Markdown text: code, HTML, and paragraphs with links in them. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"[^\n\r]*(?:\r\n|\n|\r|$)")
_MARKERS = r"(?:[ \t>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))*+"
_FENCE = re.compile(rf"{_MARKERS}(?P<fence>`{{3,}}(?=[^`]*$)|~{{3,}})")
_LIST = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)")
_BLOCK_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details"
    "|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header"
    "|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param"
    "|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
_HTML_UNTIL_MARK = re.compile(
    r"[ >]*(?:<(?P<raw>script|pre|style|textarea)(?=[ \t>]|$)"
    r"|(?P<comment><!--)|(?P<cdata><!\[CDATA\[)|(?P<question><\?)|(?P<declaration><![A-Za-z]))",
    re.IGNORECASE,
)
_HTML_UNTIL_BLANK = re.compile(rf"[ >]*</?(?:{_BLOCK_NAMES})(?=[ \t/>]|$)", re.IGNORECASE)
_ATTRIBUTES = (
    r"(?:[ \t\n\r]++[A-Za-z_:\ua66e][\w.:-]*+"
    r"(?:[ \t\n\r]*+=[ \t\n\r]*+(?:[^ \t\n\r\"'=<>`]++|'[^']{0,5000}+'|\"[^\"]{0,5000}+\"))?+)*+"
)
TAG = re.compile(
    rf"<(?:[A-Za-z][A-Za-z0-9:-]*+{_ATTRIBUTES}[ \t\n\r]*+/?|/[A-Za-z][A-Za-z0-9:-]*+[ \t\n\r]*+)>"
)
_LONE_TAG = re.compile(rf"[ >]*{TAG.pattern}[ \t]*$")


def blocks(hidden: str) -> Iterator[tuple[str, int, int]]:
    """Yield kind ("code", "html", "text"), start and end of each block."""
    reader = _BlockReader()
    for match in _LINE.finditer(hidden):
        if match.start() < match.end():
            yield from reader.read(match.start(), match.end(), match[0].rstrip("\r\n"))
    yield from reader.end()


@dataclass(slots=True)
class _BlockReader:
    """What is open while lines are read."""

    kind: str = ""
    start: int = 0
    stop: int = 0
    fence: str = ""
    until: re.Pattern[str] | None = None
    in_list: bool = False
    after_blank: bool = True

    def end(self) -> Iterator[tuple[str, int, int]]:
        """Yield what is open, and close it."""
        if self.kind:
            yield self.kind, self.start, self.stop
        self.kind, self.fence, self.until = "", "", None

    def read(self, start: int, stop: int, line: str) -> Iterator[tuple[str, int, int]]:
        """Take the next line, and yield the block that ends with or in front of it."""
        blank = not line.strip(" \t>")
        if self.fence:
            self.stop = stop
            bare = line.strip(" \t>")
            if bare and not bare.strip(self.fence[0]) and len(bare) >= len(self.fence):
                yield from self.end()
        elif self.kind == "html":
            if self.until is None and blank:
                yield from self.end()
            else:
                self.stop = stop
                if self.until is not None and self.until.search(line):
                    yield from self.end()
        elif blank:
            if self.kind == "text":
                yield from self.end()
        else:
            yield from self._begin(start, stop, line)
        self.after_blank = blank

    def _begin(self, start: int, stop: int, line: str) -> Iterator[tuple[str, int, int]]:
        fence = _FENCE.match(line)
        indented = _INDENTED.match(line) is not None
        if indented and not self.in_list and self.kind != "text":
            if self.kind != "code":
                yield from self.end()
                self.kind, self.start = "code", start
            self.stop = stop
            return
        if self.kind == "code":
            yield from self.end()
        if self.after_blank and not indented and not line.startswith(" "):
            self.in_list = False
        self.in_list = self.in_list or _LIST.match(line) is not None
        until_mark = _HTML_UNTIL_MARK.match(line)
        if fence:
            yield from self.end()
            self.kind, self.start, self.stop = "code", start, stop
            self.fence = fence["fence"]
        elif until_mark:
            yield from self.end()
            self.kind, self.start, self.stop = "html", start, stop
            self.until = _mark_of(until_mark)
            if self.until.search(line, until_mark.end()):
                yield from self.end()
        elif _HTML_UNTIL_BLANK.match(line) or (self.kind == "" and _LONE_TAG.match(line)):
            yield from self.end()
            self.kind, self.start, self.stop = "html", start, stop
        else:
            if not self.kind:
                self.kind, self.start = "text", start
            self.stop = stop


def _mark_of(match: re.Match[str]) -> re.Pattern[str]:
    if match["raw"]:
        return re.compile("</(?:script|pre|style|textarea)>", re.IGNORECASE)
    if match["comment"]:
        return re.compile("-->")
    if match["cdata"]:
        return re.compile("]]>")
    return re.compile(r"\?>") if match["question"] else re.compile(">")
