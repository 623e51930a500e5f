"""The navigation: six sections and the settings, each with its pages."""

from dataclasses import dataclass
from typing import Final

from linktrack.reports.narrowing.wanted import FILTERS

ACCOUNT: Final = ("account",)
EVERY: Final = ("account", *FILTERS)
RATES: Final = "Rates are the filtered clicks per 1,000 of all followers."


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the navigation; `says` is one sentence on what it is for.

    `by` lists the filters it can apply, None if it isn't a report.
    """

    endpoint: str
    label: str
    says: str
    by: tuple[str, ...] | None = None
    leaves: str = ""
    """What stays of all clicks or followers on it under a filter, as a sentence."""
    of_all: bool = False
    """Whether it is about all accounts: viewers of some don't see it."""
    for_owners: bool = False
    """Whether viewers don't see it."""

    @property
    def blueprint(self) -> str:
        """The pages that belong to it: those of its blueprint."""
        return self.endpoint.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Section:
    """One word at the top of every page, a link to the first of its pages.

    `also` are blueprints whose pages belong to it without a line of their own, and single pages.
    """

    label: str
    pages: tuple[Page, ...]
    also: tuple[str, ...] = ()

    def holds(self, blueprint_name: str | None) -> bool:
        """Whether a page of this blueprint belongs to this section."""
        return blueprint_name in self.also or any(
            page.blueprint == blueprint_name for page in self.pages
        )


SECTIONS: Final = (
    Section(
        "Overview",
        (
            Page(
                "overview.show",
                "Overview",
                "All your accounts at a glance.",
                EVERY,
                leaves="Followers, tracked links and the latest posts aren't filtered.",
            ),
            Page(
                "digest.show", "Digest", "The last week or month, to read, print or email.", ACCOUNT
            ),
            Page("story.show", "Story", "What became of your accounts, to publish.", ACCOUNT),
            Page("needs.show", "To do", "Broken links, outdated counts and failed posts."),
        ),
        also=("sharing", "accounts.show"),
    ),
    Section(
        "Posts",
        (
            Page("posts.list_all", "Posts", "How each post did.", EVERY, leaves=RATES),
            Page("queue.show", "Drafts and queue", "Posts that aren't published yet.", ACCOUNT),
            Page(
                "not_wrapped.show",
                "Untracked links",
                "Links you posted without linktrack.",
                ACCOUNT,
            ),
        ),
        also=("compose",),
    ),
    Section(
        "Links",
        (
            Page("links.list_all", "Links", "All short links, where they lead, and their clicks."),
            Page(
                "many.show",
                "Many links at once",
                "A table of addresses in, short links out.",
                for_owners=True,
            ),
            Page(
                "unknown_codes.list_all",
                "Unknown codes",
                "Short links that people open but that don't exist.",
                of_all=True,
            ),
        ),
        also=("changing", "bulk_changes", "rules"),
    ),
    Section(
        "Audience",
        (
            Page("audience.show", "Real audience", "How many people click, at least.", ACCOUNT),
            Page(
                "followers.show",
                "Followers",
                "How many follow you, and who came and left.",
                ACCOUNT,
            ),
            Page(
                "segments.list_all",
                "Segments",
                "Which groups of followers click.",
                EVERY,
                leaves="Sizes of segments, properties and who said hello aren't filtered.",
            ),
            Page("follow_back.show", "Follow back", "Following back those who follow you."),
        ),
        also=("moves",),
    ),
    Section(
        "Community",
        (
            Page("community.show", "Community", "People who ask to join, and are let in by hand."),
            Page("requests.list_all", "Requests", "Who asks to join.", for_owners=True),
            Page("members.list_all", "Members", "Who was let in.", for_owners=True),
            Page("bring_in.show", "Bring in", "The best of your other accounts, for members."),
            Page(
                "suggestions.list_all",
                "Suggestions",
                "What people found for you to share.",
                for_owners=True,
            ),
            Page(
                "community_settings.show",
                "Community settings",
                "What people are asked, and what members get.",
            ),
        ),
        also=("deciding",),
    ),
    Section(
        "Insights",
        (
            Page("referrers.show", "Sources", "Where clicks come from.", (*EVERY, "post", "link")),
            Page(
                "places.show",
                "Places",
                "In which countries and cities links are clicked.",
                (*EVERY, "post", "link"),
                leaves="Cities can't be filtered, so they are left out.",
            ),
            Page(
                "devices.show",
                "Devices",
                "With which devices, browsers and apps, and in which languages.",
                (*EVERY, "post", "link"),
            ),
            Page(
                "engagement.show",
                "Engagement",
                "Likes, reposts and replies per follower, and your regulars.",
                ACCOUNT,
            ),
            Page(
                "topics.show",
                "Topics",
                "Which tags get more clicks and engagement than others.",
                EVERY,
                leaves=f"{RATES} Engagement isn't filtered.",
            ),
            Page(
                "timing.show",
                "Timing",
                "When posts do well, and how long they live.",
                EVERY,
                leaves=RATES,
            ),
            Page(
                "comparison.show",
                "Compare accounts",
                "Where your accounts clearly differ.",
                FILTERS,
                leaves=f"{RATES} Engagement isn't filtered.",
            ),
            Page("experiments.list_all", "Experiments", "Whether a change made a difference."),
            Page("notes.list_all", "Notes", "What happened on a day, shown on every chart."),
            Page("people.list_all", "Shout-outs", "The people you link to, and their clicks."),
            Page("own_links.show", "My sites", "Your sites compared with other people's.", ACCOUNT),
            Page("goals.show", "Goals", "What clicks on links to your sites become.", ACCOUNT),
        ),
    ),
)
"""The sections in their order. Settings stand apart from them, and beside the button New post."""

SETTINGS: Final = Section(
    "Settings",
    (
        Page("accounts.list_all", "Accounts", "Your accounts and their follower counts."),
        Page("connections.list_all", "Connections", "Which accounts linktrack can post for."),
        Page(
            "domains.list_all",
            "Domains",
            "What short links begin with, and what strangers see there.",
            for_owners=True,
        ),
        Page("team.list_all", "Team", "Who can sign in, and what they may do."),
        Page("tokens.list_all", "API tokens", "Access for programs."),
        Page(
            "notifications.list_all",
            "Notifications",
            "Digests and alerts by email and in chat apps.",
            for_owners=True,
        ),
        Page("webhooks.list_all", "Webhooks", "Programs that are notified of events."),
        Page(
            "left_out.show",
            "Filtered traffic",
            "Requests that weren't from people, and why.",
            (*ACCOUNT, "post", "link", "reason", "agent"),
        ),
        Page("own_clicks.show", "Ignore my clicks", "Your own devices, which aren't counted."),
        Page("audit.show", "Activity log", "Who changed what, and when.", of_all=True),
        Page("own.show", "Profile", "Your password, and where you are signed in."),
        Page("settings.show", "Server", "How this server is set up."),
    ),
)

PAGES: Final = tuple(page for section in (*SECTIONS, SETTINGS) for page in section.pages)
"""Every page that has a line in the navigation."""


def section_of(endpoint: str | None) -> Section | None:
    """Return the section a page belongs to: the one that names it, else that of its blueprint."""
    blueprint_name = (endpoint or "").rpartition(".")[0]
    sections = (*SECTIONS, SETTINGS)
    naming = [section for section in sections if endpoint in section.also]
    return next(iter(naming or [one for one in sections if one.holds(blueprint_name)]), None)


def is_for_owners(endpoint: str) -> bool:
    """Whether only owners may open a page of the navigation."""
    pages = (page for section in (*SECTIONS, SETTINGS) for page in section.pages)
    return any(page.endpoint == endpoint and page.for_owners for page in pages)
