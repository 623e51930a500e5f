"""A story as Markdown: its sentences with numbered notes, and the people of each period. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from linktrack.reports.story.notes import HOW, PERIODS, SIMULATED, period_lines, written
from linktrack.reports.story.story import Story
from linktrack.reports.story.telling import Passage, Sentence

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~])")


def markdown(found: Story) -> str:
    """Return a story as Markdown with footnotes; a picture's numbers are a small table."""
    numbers = {id(each): i for i, each in enumerate(found.sentences, start=1)}
    lines = [f"# {_escaped(found.title)}", ""]
    if found.is_simulated:
        lines += [f"*{SIMULATED}*", ""]
    for chapter in found.chapters:
        lines += [f"## {chapter.title}", ""]
        for passage in chapter.passages:
            lines += [*_passage(passage, numbers), ""]
        if chapter.name == "readers":
            lines += _table(found)
    lines += [f"*{HOW}*", ""]
    lines += [f"[^{i}]: {_note(each)}" for i, each in enumerate(found.sentences, start=1)]
    return "\n".join(lines) + "\n"


def _passage(passage: Passage, numbers: Mapping[int, int]) -> Iterator[str]:
    said = [f"{_escaped(each.text)}[^{numbers[id(each)]}]" for each in passage.sentences]
    if not passage.is_list:
        yield " ".join(said)
        return
    if passage.account is not None:
        yield f"{_escaped(passage.account.handle)}:"
        yield ""
    yield from (f"- {each}" for each in said)


def _table(found: Story) -> Iterator[str]:
    facts = found.facts[0]
    rows = period_lines(facts)
    if not rows:
        return
    yield f"{_escaped(PERIODS.format(handle=facts.account.handle))}:"
    yield ""
    heads = rows[0]
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows[1:])
    yield ""


def _note(sentence: Sentence) -> str:
    """Return where a sentence comes from, as in "`/api/v1/…`: total.cpf 0.001182 (… to …)"."""
    return "; ".join(
        f"`{path}`: {', '.join(_escaped(written(each)) for each in figures)}"
        for path, figures in sentence.by_path
    )


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
