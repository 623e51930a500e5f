"""Which domain a request is for, as the lane knows it. Pure."""

from collections.abc import Callable, Mapping

from linktrack.links.hosts.names import bare_host


class Hosts:
    """The hosts of all domains but the first: codes that are asked for there are theirs.

    `find` returns which host is which domain's. Every other host asks for the first domain: its
    own, addresses given up, a number.
    """

    def __init__(self, find: Callable[[], Mapping[str, int]]) -> None:
        self._find = find
        self._domains: Mapping[str, int] | None = None

    def load(self) -> None:
        """Look up anew which hosts there are; raises what `find` raises, and keeps the old ones."""
        self._domains = self._find()

    def load_once(self) -> None:
        """Look up which hosts there are, if that was never done."""
        if self._domains is None:
            self.load()

    def key(self, host: str, code: str) -> str:
        """Return what a code is remembered by: on the first domain itself.

        Raises `LookupError` before the first time that the hosts were looked up.
        """
        domains = self._domains
        if domains is None:
            raise LookupError(host)
        if not domains:
            return code
        domain = domains.get(bare_host(host))
        return code if domain is None else f"{domain}/{code}"
