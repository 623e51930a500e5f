"""The country and the city of an address, from a MaxMind-format file that the owner gives."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from linktrack.errors import Invalid

if TYPE_CHECKING:
    from maxminddb import Reader

LONGEST: Final = 80
"""Characters of a region's or a city's name."""


class Where(NamedTuple):
    """A country (ISO 3166 alpha-2), and the names of a region and a city; None if unknown.

    There is a region only beside a city, to tell cities of one name apart.
    """

    country: str | None = None
    region: str | None = None
    city: str | None = None


NOWHERE: Final = Where()


def place_lookup(path: Path) -> Callable[[str], Where]:
    """Return the function from an address to where it is, by one look into the file.

    The address is looked up and dropped. The file is mapped into memory, not read: workers share
    it. Raises `Invalid` if it is no such file.
    """
    find = _finder(path)

    def look_up(address: str) -> Where:
        found = find(address)
        country = _part(found, "country").get("iso_code")
        if not isinstance(country, str) or len(country) != 2:
            return NOWHERE
        city = _name(found.get("city"))
        if city is None:
            return Where(country)
        regions = found.get("subdivisions")
        region = regions[0] if isinstance(regions, list) and regions else None
        return Where(country, _name(region), city)

    return look_up


@cache
def tells_cities(path: Path) -> bool:
    """Whether a file knows cities, by the kind it says it is; raises as `place_lookup` does."""
    with _opened(path) as reader:
        return "city" in reader.metadata().database_type.lower()


def country_in_words(path: Path, address: str) -> str | None:
    """Return the name of an address's country, or its letters if the file has none.

    Raises `Invalid` as `place_lookup` does.
    """
    found = _part(_finder(path)(address), "country")
    said = _name(found) or found.get("iso_code")
    return said if isinstance(said, str) and said.isprintable() else None


def _part(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _name(part: object) -> str | None:
    """Return the English name of a part, None where there is none that can be shown."""
    names = part.get("names") if isinstance(part, dict) else None
    name = names.get("en") if isinstance(names, dict) else None
    return name[:LONGEST] if isinstance(name, str) and name.isprintable() and name else None


def _opened(path: Path) -> "Reader":
    import maxminddb

    try:
        return maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise Invalid(
            f"LINKTRACK_GEOIP is {str(path)!r}, which isn't a MaxMind-format file: {error}"
        ) from error


def _finder(path: Path) -> Callable[[str], Mapping[str, object]]:
    import maxminddb

    reader = _opened(path)

    def find(address: str) -> Mapping[str, object]:
        try:
            found = reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):  # a Unix socket has no address
            return {}
        return found if isinstance(found, dict) else {}

    return find
