"""Properties of all followers, and how many people have two of them: nothing adds up to a whole."""

from typing import TypedDict

from linktrack.audience.properties import PROPERTIES, Properties


class OverlapJson(TypedDict):
    """How many followers have another property, too; null if one of the two is known of nobody."""

    property: str
    people: int | None


class PropertyJson(TypedDict):
    """A property over all followers of the newest list, and its overlaps with the others.

    Of `unknown` people it can't be said; if that is all of them, `people` is null.
    """

    property: str
    people: int | None
    unknown: int
    overlaps: list[OverlapJson]


def properties_json(properties: Properties | None) -> list[PropertyJson]:
    """Return all properties; none without a follower list."""
    if properties is None:
        return []
    return [
        {
            "property": name,
            "people": properties.people(name),
            "unknown": properties.unknown(name),
            "overlaps": [
                {"property": other, "people": properties.people(name, other)}
                for other in PROPERTIES
                if other != name
            ],
        }
        for name in PROPERTIES
    ]
