"""Which settings the page of the server has forms for, in which groups, and how each is entered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from linktrack.setting_texts import DOORS

Kind = Literal["text", "number", "zone", "choice", "several", "server"]
SMTP_URL: Final = "LINKTRACK_SMTP_URL"


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that are saved together, and what they are for."""

    heading: str
    meaning: str
    names: tuple[str, ...]


GROUPS: Final = {
    "time": Group(
        "Time",
        "Days begin, and times are shown, in this zone.",
        ("LINKTRACK_TIMEZONE",),
    ),
    "contact": Group(
        "Contact",
        "Shown on your domain's public pages, so that people can reach you or report a link.",
        ("LINKTRACK_CONTACT", "LINKTRACK_ABUSE_CONTACT"),
    ),
    "keeping": Group(
        "How long clicks are kept",
        "Older single clicks are deleted for good. Totals stay, so figures don't change.",
        ("LINKTRACK_KEEP_DAYS", "LINKTRACK_JOURNAL_KEEP_DAYS"),
    ),
    "mail": Group(
        "Email",
        "The server that sends digests, and who gets them.",
        (SMTP_URL, "LINKTRACK_MAIL_TO", "LINKTRACK_MAIL_FROM"),
    ),
    "reading": Group(
        "What linktrack does by itself",
        "Checking your links, and reading your accounts on their networks.",
        ("LINKTRACK_CHECK_LINKS", "LINKTRACK_SYNC_HOURS", "LINKTRACK_PERSONAL_LINKS"),
    ),
    "doors": Group(
        "Apps made for other shorteners",
        "linktrack can answer them in the other shortener's place, with one of your API tokens.",
        ("LINKTRACK_DOORS",),
    ),
}

HINTS: Final = {
    "LINKTRACK_TIMEZONE": "Such as Europe/Berlin. Figures by day need a recount after a change.",
    "LINKTRACK_CONTACT": "An email address or a web address.",
    "LINKTRACK_ABUSE_CONTACT": "If empty, your contact.",
    "LINKTRACK_MAIL_TO": "Addresses, separated by commas.",
    "LINKTRACK_MAIL_FROM": "If empty, the first address that gets them.",
    "LINKTRACK_KEEP_DAYS": "If empty, forever.",
    "LINKTRACK_JOURNAL_KEEP_DAYS": "So that a restored backup can catch up.",
    "LINKTRACK_SYNC_HOURS": "0: only when you ask for it.",
}

KINDS: Final[Mapping[str, Kind]] = {
    "LINKTRACK_TIMEZONE": "zone",
    "LINKTRACK_KEEP_DAYS": "number",
    "LINKTRACK_JOURNAL_KEEP_DAYS": "number",
    "LINKTRACK_SYNC_HOURS": "number",
    "LINKTRACK_DOORS": "several",
    SMTP_URL: "server",
}

CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "LINKTRACK_CHECK_LINKS": {
        "weekly": "Check the destinations of clicked links once a week",
        "never": "Never",
    },
    "LINKTRACK_PERSONAL_LINKS": {
        "off": "Off",
        "on": "On: you can make links for single followers who agreed to it",
    },
    "LINKTRACK_DOORS": dict(zip(DOORS, ("YOURLS", "Shlink", "Kutt", "Dub"), strict=True)),
}
