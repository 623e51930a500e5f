"""The country of an address, from a MaxMind-format file that the owner gives."""

from collections.abc import Callable, Mapping
from pathlib import Path

from linktrack.errors import Invalid


def country_lookup(path: Path) -> Callable[[str], str | None]:
    """Return the function from an address to its country (ISO 3166 alpha-2), None if unknown.

    The address is looked up and dropped. The file is mapped into memory, not read: workers share
    it. Raises `Invalid` if it is no such file.
    """
    find = _finder(path)

    def look_up(address: str) -> str | None:
        code = find(address).get("iso_code")
        return code if isinstance(code, str) and len(code) == 2 else None

    return look_up


def country_in_words(path: Path, address: str) -> str | None:
    """Return the name of an address's country, or its letters if the file has none.

    Raises `Invalid` as `country_lookup` does.
    """
    found = _finder(path)(address)
    names = found.get("names")
    name = names.get("en") if isinstance(names, dict) else None
    said = name or found.get("iso_code")
    return said if isinstance(said, str) and said.isprintable() else None


def _finder(path: Path) -> Callable[[str], Mapping[str, object]]:
    import maxminddb

    try:
        reader = maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise Invalid(
            f"LINKTRACK_GEOIP is {str(path)!r}, which isn't a MaxMind-format file: {error}"
        ) from error

    def find(address: str) -> Mapping[str, object]:
        try:
            found = reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):  # a Unix socket has no address
            return {}
        country = found.get("country") if isinstance(found, dict) else None
        return country if isinstance(country, dict) else {}

    return find
