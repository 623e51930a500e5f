"""Which owner pages there are, and how they are reached: a few sections, each with its pages."""

from dataclasses import dataclass
from typing import Final

from flask import render_template

from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("more")


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the navigation names it; `says` is one sentence on what it is for."""

    endpoint: str
    label: str
    says: str

    @property
    def blueprint(self) -> str:
        """The pages that belong to it: those of its blueprint."""
        return self.endpoint.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Section:
    """One word at the top of every page; it leads to the first of its pages."""

    label: str
    pages: tuple[Page, ...]

    def holds(self, blueprint_name: str | None) -> bool:
        """Whether a page of this blueprint stands under this word."""
        return any(page.blueprint == blueprint_name for page in self.pages)


SECTIONS: Final = (
    Section("Overview", (Page("overview.show", "Overview", "Every account at a glance."),)),
    Section("Posts", (Page("posts.list_all", "Posts", "What each post did."),)),
    Section(
        "Audience",
        (Page("accounts.list_all", "Accounts", "Your accounts, and their followers over time."),),
    ),
    Section(
        "More",
        (
            Page("more.show", "All pages", "Everything there is."),
            Page("links.list_all", "Links", "Every short link, where it leads, and its clicks."),
            Page(
                "needs.show",
                "Needs you",
                "What waits for you: dead destinations, old counts, space.",
            ),
            Page("audit.show", "Changes", "Who changed what, and when."),
        ),
    ),
)
"""The sections in their order. Compose stands beside them as a button."""


@blueprint.get("/more")
def show() -> str:
    """List every page with what it is for."""
    return render_template("more/show.html")
