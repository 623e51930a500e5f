"""A story as one HTML file that needs nothing else: its pictures and its style are in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from linktrack.calendar.ranges import DayRange
from linktrack.db import resource
from linktrack.reports.story.notes import HOW, written
from linktrack.reports.story.story import Story
from linktrack.reports.story.telling import Figure, Sentence
from linktrack.web.charting import count_line
from linktrack.web.presence import people_picture

STYLE: Final = Path(__file__).parent.parent / "static" / "linktrack.css"


class Shown(TypedDict):
    """What the template of a story needs, on the owner's page and in the file."""

    found: Story
    pictures: dict[str, Markup]
    number_of: Callable[[Sentence], int]
    written: Callable[[Figure], str]
    how: str


def shown(found: Story) -> Shown:
    """Return what the template of a story needs."""
    numbers = {id(sentence): i for i, sentence in enumerate(found.sentences, start=1)}
    return {
        "found": found,
        "pictures": _pictures(found),
        "number_of": lambda sentence: numbers[id(sentence)],
        "written": written,
        "how": HOW,
    }


def story_html(found: Story) -> str:
    """Return the file: no scripts, and nothing that a browser would have to ask for."""
    templates = Environment(
        loader=FileSystemLoader(resource("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = STYLE.read_text("utf-8")
    page = templates.get_template("story/file.html")
    return page.render(style=Markup(style), **shown(found))  # noqa: S704 - our own style sheet


def _pictures(found: Story) -> dict[str, Markup]:
    """Draw the follower counts of each account, and the people who clicked of the first."""
    timezone = found.facts[0].timezone
    days = DayRange(found.first, found.last, timezone)
    lines = [
        count_line(
            [count for count in facts.history if days.since <= count[0] < days.end],
            timezone,
            facts.account.handle,
            colour=number,
        )
        for number, facts in enumerate(found.facts)
        if len(facts.history) > 1
    ]
    pictures = {}
    if lines:
        pictures["followers"] = Markup('<div class="story-lines">{}</div>').format(
            Markup("").join(lines)
        )
    main = found.facts[0]
    if any(each.told for each in main.presence.periods):
        pictures["readers"] = people_picture(main.presence)
    return pictures
