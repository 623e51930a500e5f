"""The navigation: a few sections, each with its pages."""

from dataclasses import dataclass
from typing import Final

from flask import render_template

from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("more", __name__)

ACCOUNT: Final = ("account",)
CLICKS: Final = ("account", "source", "segment")


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the navigation; `says` is one sentence on what it is for.

    `by` lists the filters it can apply, None if it isn't a report.
    """

    endpoint: str
    label: str
    says: str
    by: tuple[str, ...] | None = None

    @property
    def blueprint(self) -> str:
        """The pages that belong to it: those of its blueprint."""
        return self.endpoint.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Section:
    """One word at the top of every page, a link to the first of its pages."""

    label: str
    pages: tuple[Page, ...]

    def holds(self, blueprint_name: str | None) -> bool:
        """Whether a page of this blueprint belongs to this section."""
        return any(page.blueprint == blueprint_name for page in self.pages)


SECTIONS: Final = (
    Section(
        "Overview",
        (
            Page("overview.show", "Overview", "Every account at a glance.", CLICKS),
            Page(
                "digest.show",
                "Digest",
                "The last week or month, to be read, printed or mailed.",
                ACCOUNT,
            ),
        ),
    ),
    Section(
        "Posts",
        (
            Page("posts.list_all", "Posts", "What each post did.", CLICKS),
            Page("queue.show", "Queue", "What is to be published, and what could not be.", ACCOUNT),
            Page("not_wrapped.show", "Not wrapped", "What was posted around linktrack.", ACCOUNT),
            Page("timing.show", "Timing", "When posts do well, and how long they live.", ACCOUNT),
            Page("experiments.list_all", "Experiments", "Whether a change made a difference."),
            Page("notes.list_all", "Notes", "What you want to remember of a day, on every chart."),
            Page("people.list_all", "People promoted", "Whom your links send readers to."),
            Page(
                "own_links.show",
                "Own links",
                "Your own sites' links beside other people's.",
                ACCOUNT,
            ),
        ),
    ),
    Section(
        "Audience",
        (
            Page("accounts.list_all", "Accounts", "Your accounts, and their follower counts."),
            Page("connections.list_all", "Connections", "Which accounts linktrack posts for."),
            Page(
                "segments.list_all",
                "Segments",
                "Which followers clicked, where it is known.",
                ACCOUNT,
            ),
            Page(
                "followers.show", "Followers", "Who came, who left, and what a day cost.", ACCOUNT
            ),
            Page("follow_back.show", "Follow back", "Whom you follow back, by itself or by hand."),
            Page("audience.show", "Who clicks", "How many people there are, at least.", ACCOUNT),
            Page("comparison.show", "Side by side", "What clearly differs between accounts.", ()),
            Page(
                "referrers.show",
                "Referrers",
                "Where clicks come from, by segment.",
                (*CLICKS, "post", "link"),
            ),
        ),
    ),
    Section(
        "More",
        (
            Page("more.show", "All pages", "Everything there is."),
            Page("links.list_all", "Links", "Every short link, where it leads, and its clicks."),
            Page("tokens.list_all", "Tokens", "Programs that may read, write or wrap for you."),
            Page("webhooks.list_all", "Webhooks", "Programs that are told what happens."),
            Page(
                "needs.show",
                "Needs you",
                "What waits for you: dead destinations, old counts, space.",
            ),
            Page("audit.show", "Changes", "Who changed what, and when."),
            Page(
                "left_out.show",
                "Left out",
                "What is not counted, why, and from whom it came.",
                (*ACCOUNT, "post", "link", "reason", "agent"),
            ),
            Page("own_clicks.show", "Own clicks", "Which of your devices are not counted."),
            Page("settings.show", "Settings", "What is set, and what each setting means."),
            Page("sharing.list_all", "Shared reports", "Addresses that show others your posts."),
            Page("owners.list_all", "Owners", "Who may sign in, and what they may do."),
            Page("own.show", "You", "Your password, and where you are signed in."),
        ),
    ),
)
"""The sections in their order. Compose stands beside them as a button."""


@blueprint.get("/more")
def show() -> str:
    """List every page with what it is for."""
    return render_template("more/show.html")
