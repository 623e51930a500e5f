"""Whether more or fewer people click a post than before: the days' first half and their second.

That is asked of the people who click, not of clicks per follower: those change when followers do.
"""

from collections.abc import Sequence

from linktrack.networks.words import all_of
from linktrack.reports.comparison import figure_in_words, figure_value
from linktrack.reports.story.claims import Claims, is_compared
from linktrack.reports.story.facts import Facts, Half
from linktrack.reports.story.telling import Figure, Sentence, rate_figure, report_path


def is_comparable(facts: Facts) -> bool:
    """Whether both halves of an account's posts can be compared."""
    halves = facts.halves
    return halves is not None and is_compared(*(half.figures.people for half in halves))


def changes(told: Sequence[Facts], claims: Claims) -> list[Sentence]:
    """Say what clearly changed, an account each; then of all others that we can't tell."""
    clear: list[Sentence] = []
    others: list[tuple[Facts, Half, Half]] = []
    for facts in filter(is_comparable, told):
        assert facts.halves is not None
        first, second = facts.halves
        if claims.change(first.figures.people, second.figures.people):
            clear.append(_clear(facts, first, second))
        else:
            others.append((facts, first, second))
    return clear + ([_open(others, is_all=not clear)] if others else [])


def _clear(facts: Facts, first: Half, second: Half) -> Sentence:
    one, other = first.figures.people_per_post, second.figures.people_per_post
    more = "more" if (other.value or 0) > (one.value or 0) else "fewer"
    now, before = (figure_in_words("people_per_post", each) for each in (other, one))
    return Sentence(
        f"Clearly {more} people click a post by {facts.account.handle} since {_day(second)}: "
        f"{now}, compared with {before} before. Per 1,000 followers that is "
        f"{_per_thousand(second)}, compared with {_per_thousand(first)}.",
        _cited(facts, first, second),
        "clear",
    )


def _open(others: Sequence[tuple[Facts, Half, Half]], *, is_all: bool) -> Sentence:
    rates = [
        f"{_people(first)} and {_people(second)} on {facts.account.handle} "
        f"({_per_thousand(first)} and {_per_thousand(second)} per 1,000 followers)"
        for facts, first, second in others
    ]
    doubt = (
        "Whether more or fewer people click a post than before, we can't tell"
        if is_all
        else "Elsewhere we can't tell whether more or fewer do"
    )
    return Sentence(
        f"{doubt}: in the first half of this time and in the second, from "
        f"{_day(others[0][2])}, it was {all_of(rates)}.",
        tuple(figure for each in others for figure in _cited(*each)),
        "open",
    )


def _people(half: Half) -> str:
    return figure_value("people_per_post", half.figures.people_per_post)


def _per_thousand(half: Half) -> str:
    return figure_value("cpf", half.figures.cpf)


def _cited(facts: Facts, first: Half, second: Half) -> tuple[Figure, ...]:
    return tuple(
        rate_figure(report_path("compare", facts.account, half.days), f"/accounts/0/{name}", rate)
        for half in (second, first)
        for name, rate in (
            ("people_per_post", half.figures.people_per_post),
            ("cpf", half.figures.cpf),
        )
    )


def _day(half: Half) -> str:
    day = half.days.first
    return f"{day.day} {day:%B %Y}"
