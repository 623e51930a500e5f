"""Segment rules: FIELD OP VALUE, judged on what is known of one follower; pure.

A fact that is not known never matches: then the answer is neither yes nor no but None.
"""

from linktrack.audience.rules.facts import DAY, Ago, Facts, Rule, Value
from linktrack.audience.rules.fields import FIELDS
from linktrack.audience.rules.presets import DAY_PRESETS, PRESETS, preset, preset_name
from linktrack.audience.rules.signs import SIGNS, empty_signs, shown_signs
from linktrack.audience.rules.written import judge, parse_rule, parse_rules

__all__ = [
    "DAY",
    "DAY_PRESETS",
    "FIELDS",
    "PRESETS",
    "SIGNS",
    "Ago",
    "Facts",
    "Rule",
    "Value",
    "empty_signs",
    "judge",
    "parse_rule",
    "parse_rules",
    "preset",
    "preset_name",
    "shown_signs",
]
