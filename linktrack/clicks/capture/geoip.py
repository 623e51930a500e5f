"""The country of an address, from a MaxMind-format file that the owner gives."""

from collections.abc import Callable
from pathlib import Path

from linktrack.errors import Invalid


def country_lookup(path: Path) -> Callable[[str], str | None]:
    """Return the function from an address to its country (ISO 3166 alpha-2), None if unknown.

    The address is looked up and dropped. The file is mapped into memory, not read: workers share
    it. Raises `Invalid` if it is no such file.
    """
    import maxminddb

    try:
        reader = maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise Invalid(
            f"LINKTRACK_GEOIP is {str(path)!r}, which isn't a MaxMind-format file: {error}"
        ) from error

    def look_up(address: str) -> str | None:
        try:
            found = reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):  # a Unix socket has no address
            return None
        country = found.get("country") if isinstance(found, dict) else None
        code = country.get("iso_code") if isinstance(country, dict) else None
        return code if isinstance(code, str) and len(code) == 2 else None

    return look_up
