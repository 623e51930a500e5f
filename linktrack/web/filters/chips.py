"""Filters in a page's address, shown as chips that can be removed.

A filter is part of the address and kept from report to report, as the days are. Which report
takes which is said once, in `navigation`; a report names those that it can't apply just now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, request, url_for

from linktrack.errors import Invalid
from linktrack.reports.narrowing.wanted import FILTERS, UNWRITTEN
from linktrack.reports.sources.facet_days import FACET_NAMES, facet_of
from linktrack.web.context import here
from linktrack.web.fields import RANGE
from linktrack.web.filters.seeing import Seen
from linktrack.web.formats import REASON_WORDS
from linktrack.web.navigation import PAGES, Page, Section

UNSAID: Final = "Direct or unknown"
UNTOLD: Final = "We can't tell who"

CARRIED: Final = (*RANGE, "account", *FILTERS)
"""What goes along from report to report."""

LONGEST: Final = 60
"""Letters of a filter's value on a chip."""

CANNOT: Final[Mapping[str, str]] = {
    "source": "by where clicks came from",
    "segment": "by segment",
    **{name: f"by {name}" for name in FACET_NAMES},
}
"""How reports say what they cannot be narrowed by."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words, and the page's address without it."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The filters of the current report, those it can't apply, and what is to be known of them."""

    chips: list[Chip]
    ignored: list[Chip]
    sentences: Sequence[str]
    all_off: str


def as_filter(name: str | None) -> str:
    """Return a source or a segment as addresses write it."""
    return name or UNWRITTEN


def filters_here() -> dict[str, str]:
    """Return the filters of this page's address that other reports take, as their arguments."""
    return {name: value for name in CANNOT if (value := request.args.get(name))}


def narrowing(seen: Seen | None = None) -> Narrowing:
    """Return the filters of this page's address; `seen` is what its figures are of."""
    page = _page_at_hand()
    takes = set(page.by or ()) if page else set()
    takes -= set() if seen is None else set(seen.cannot)
    words = _words()
    chips = {name: Chip(said, here({name: None, "after": None})) for name, said in words.items()}
    ignored = [name for name in chips if name not in takes]
    told = " or ".join(CANNOT[name] for name in ignored if name in CANNOT)
    sentences = [f"This page can't be filtered {told}."] if told else []
    if seen is not None and not seen.of.is_whole:
        sentences += [each for each in (page.leaves if page else "", seen.deleted) if each]
    if seen is not None and seen.refused:
        sentences = [f"{seen.refused} These figures are of all clicks."]
    return Narrowing(
        [chip for name, chip in chips.items() if name in takes],
        [chips[name] for name in ignored],
        sentences,
        here(dict.fromkeys((*chips, "after"))),
    )


def _words() -> dict[str, str]:
    """Return the address's filters in words, but not the account, which has its own control."""
    given = {name: value[:LONGEST] for name, value in request.args.items() if value}
    found = {}
    if source := given.get("source"):
        found["source"] = f"From: {UNSAID.lower() if source == UNWRITTEN else source}"
    if segment := given.get("segment"):
        found["segment"] = UNTOLD if segment == UNWRITTEN else f"Segment: {segment}"
    for name in FACET_NAMES:
        if value := given.get(name):
            found[name] = f"{name.capitalize()}: {_in_words(name, value)}"
    if reason := given.get("reason"):
        found["reason"] = f"Reason: {REASON_WORDS.get(reason, (reason, reason))[1]}"
    if "agent" in given:
        found["agent"] = "One agent"
    if "post" in given:
        found["post"] = f"Post {given['post']}"
    if link := given.get("link"):
        found["link"] = f"Link {link}"
    return found


def _in_words(name: str, value: str) -> str:
    try:
        facet = facet_of({name: value})
    except Invalid:  # on a page that doesn't use it
        return value
    return value if facet is None else facet.words


def _page_at_hand() -> Page | None:
    return next((page for page in PAGES if page.endpoint == request.endpoint), None)


def page_address(page: Page, carry: bool = True) -> str:
    """Return a page's address; between reports, days and filters are kept."""
    at_hand = _page_at_hand()
    if not carry or page.by is None or at_hand is None or at_hand.by is None:
        return url_for(page.endpoint)
    carried: dict[str, Any] = {name: request.args.get(name) or None for name in CARRIED}
    return url_for(page.endpoint, **carried)


def section_address(section: Section, carry: bool = True) -> str:
    """Return the address of a section's first page."""
    return page_address(section.pages[0], carry)


def register(app: Flask) -> None:
    """Register the functions that templates use."""
    app.jinja_env.globals.update(
        as_filter=as_filter,
        filters_here=filters_here,
        narrowing=narrowing,
        page_address=page_address,
        section_address=section_address,
    )
