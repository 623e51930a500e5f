"""Ready-made segments: names for rules that are asked often. Pure."""

import re
from typing import Final

from linktrack.audience.rules.written import parse_rules
from linktrack.errors import Invalid

PRESETS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "newcomers": ("began to follow within 30 days", ("follows_since > 30 days ago",)),
    "mutuals": ("you follow each other", ("we_follow = yes",)),
    "came back": ("had stopped following, and came back", ("came_back = yes",)),
    "quiet": ("have not posted for 6 months", ("last_active < 180 days ago",)),
    "looks empty": ("two or more signs of an empty profile", ("empty_signs >= 2",)),
    "community": ("follow your account with the role we, too", ("in_community = yes",)),
}
"""Ready-made segments: name → what it means, and its rules."""


DAY_PRESETS: Final = {
    "stayed through DAY": (
        "began to follow before that day, and never stopped",
        ("follows_since < DAY",),
    ),
}
"""Ready-made segments that need a day, which stands where DAY is."""


def preset(name: str) -> tuple[str, ...]:
    """Return the rules of a preset, such as "mutuals" or "stayed through 2026-07-21".

    Raises `Invalid`.
    """
    key = preset_name(name)
    if key in PRESETS:
        return PRESETS[key][1]
    for dated, (_, rules) in DAY_PRESETS.items():
        found = re.fullmatch(re.escape(dated).replace("DAY", "(.+)"), key)
        if found is not None:
            written = tuple(rule.replace("DAY", found[1]) for rule in rules)
            parse_rules(written)
            return written
    known = ", ".join((*PRESETS, *DAY_PRESETS))
    raise Invalid(f"There is no preset {name[:40]!r}: choose one of {known}.")


def preset_name(name: str) -> str:
    """Return the name that a preset's segment gets, however its words were joined."""
    words = re.split(r"[\s-]+(?![0-9])|[\s]+|-(?=[0-9]{4}-)", name.strip().casefold())
    return " ".join(words)
