"""Signs of a profile that nobody may be using. Pure."""

from collections.abc import Callable
from typing import Final

from linktrack.audience.rules.facts import DAY, Facts

# Signs of a profile that nobody may be using, from the rule sets that Cresci et al. compare (Fame
# for sale: efficient detection of fake Twitter followers, Decision Support Systems 80, 2015):
# Camisani-Calzolari (2012), Van den Beld's State of Search (2014), and Socialbakers (2012). Only
# rules about the profile itself, since nothing else of followers is known here. On their labelled
# accounts no single rule told people from bought followers well; so several have to hold, they
# are named, and nobody is called "fake" for them.


def _never_posted(facts: Facts, _now: int) -> bool | None:
    return None if facts.posts is None else facts.posts == 0


def _no_picture_after_two_months(facts: Facts, now: int) -> bool | None:
    young = None
    if facts.account_created_at is not None:
        young = now - facts.account_created_at < 60 * DAY
    if facts.has_picture or young:
        return False
    return None if facts.has_picture is None or young is None else True


def _no_description_but_follows_many(facts: Facts, _now: int) -> bool | None:
    many = None if facts.following is None else facts.following > 100
    if facts.has_description or many is False:
        return False
    return None if facts.has_description is None or many is None else True


def _follows_fifty_for_each_follower(facts: Facts, _now: int) -> bool | None:
    if facts.followers is None or facts.following is None:
        return None
    return facts.following >= 50 * max(facts.followers, 1)


def _hardly_followed(facts: Facts, _now: int) -> bool | None:
    return None if facts.followers is None else facts.followers < 5


SIGNS: Final[dict[str, Callable[[Facts, int], bool | None]]] = {
    "never posted": _never_posted,
    "no picture after two months": _no_picture_after_two_months,
    "no description, yet follows more than 100": _no_description_but_follows_many,
    "follows 50 or more for each follower": _follows_fifty_for_each_follower,
    "fewer than 5 followers": _hardly_followed,
}
"""Name → whether a profile shows this sign of being empty."""


def shown_signs(facts: Facts, now: int) -> list[str]:
    """Return the names of the signs that are known to be there."""
    return [name for name, sign in SIGNS.items() if sign(facts, now)]


def empty_signs(facts: Facts, now: int) -> tuple[int, int]:
    """Return how many signs are known to be there, and how many more may be."""
    found = [sign(facts, now) for sign in SIGNS.values()]
    return found.count(True), found.count(None)
