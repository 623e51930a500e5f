"""The owner's own clicks: known by a marker in the browser, or by the network they come from."""

from dataclasses import dataclass
from typing import Final

from linktrack.clicks.capture.visitors import lies_in
from linktrack.keys import Markers
from linktrack.settings import Network

COOKIE: Final = "linktrack_uncounted"
"""Name of the marker; it only says that this browser's clicks are not counted."""

SECONDS: Final = 365 * 24 * 3600

_VALUE: Final = "1"


@dataclass(frozen=True, slots=True)
class OwnClicks:
    """Tells the owner's own clicks. `ignored` are networks whose clicks are never counted."""

    markers: Markers
    ignored: tuple[Network, ...] = ()

    def content(self) -> str:
        """Return what the cookie `COOKIE` holds."""
        return self.markers.sign(COOKIE, _VALUE)

    def secret(self) -> str:
        """Return the part of an address that nobody guesses, where a device is marked."""
        return self.markers.sign("uncounted-page", _VALUE).rpartition(".")[2]

    def is_marked(self, cookies: str | None) -> bool:
        """Whether a Cookie header holds the marker."""
        return (
            cookies is not None
            and COOKIE in cookies
            and self.markers.read(COOKIE, cookies) is not None
        )

    def is_own(self, cookies: str | None, address: str) -> bool:
        """Whether a click is the owner's: by its cookies, or by the client's address."""
        return self.is_marked(cookies) or (bool(self.ignored) and lies_in(address, self.ignored))
