"""What a story says beside its sentences: notes on its figures, and the people of each period."""

from typing import Final

from linktrack.reports.story.facts import Facts
from linktrack.reports.story.telling import Figure

HOW: Final = (
    "Each person counts once per post, in its first 7 days; people who click need not follow. "
    "Ranges contain the true value in 95 of 100 cases. Every note names the figures of linktrack's "
    "API that its sentence comes from."
)
SIMULATED: Final = "Simulated data: this is a demonstration, and none of it happened."
PERIODS: Final = "Different people who clicked links by {handle}, at least"

_LONGEST: Final = 40  # letters of a text that a note repeats


def written(figure: Figure) -> str:
    """Return a figure as a note has it: total.cpf 0.001182 (0.001054 to 0.001326)."""
    value = figure.value
    if isinstance(value, str):
        return f"{figure.where} {value}" if len(value) <= _LONGEST else figure.where
    told = f"{figure.where} {_number(value)}"
    if figure.low is None or figure.high is None:
        return told
    return f"{told} ({_number(figure.low)} to {_number(figure.high)})"


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:.6f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def period_lines(facts: Facts) -> list[list[str]]:
    """Return the periods of a story that are over, with a head; nothing where nobody was seen."""
    periods = [each for each in facts.presence.periods if each.first >= facts.first]
    if not any(each.told for each in periods):
        return []
    lines = [["", "at least", "likely", "seen", "followers"]]
    for each in periods:
        told = each.told
        followers = "unknown" if each.followers is None else f"{each.followers:,}"
        likely = ["–", "–"] if told is None else [f"{told[0]:,}", f"{told[1]:,} to {told[2]:,}"]
        lines.append([each.name, *likely, f"{each.seen:,}", followers])
    return lines
