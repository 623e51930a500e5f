"""Own sites whose visitors get a click id, as the lane remembers them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from linktrack.clicks.classify.agents import is_preview
from linktrack.clicks.click_ids import ClickIds, with_click_id
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import CLICK_ID, EMBEDDED, HEAD, NO_VISITOR, OWNER, PREFETCH
from linktrack.ids import LinkId
from linktrack.links.promotion import is_on_host

MOST: Final = 10_000  # destinations remembered as on such a site, or not

NO_CLICK_ID: Final = NO_VISITOR | HEAD | PREFETCH | EMBEDDED | OWNER
"""Clicks that get no id: whoever asks not to be tracked is followed nowhere, and others are no
visits."""


@dataclass(slots=True)
class OwnSites:
    """Which addresses are on these sites, or below one; `read` asks the database for their hosts.

    Without any, as in most installations, a click costs one comparison.
    """

    ids: ClickIds | None = None
    read: Callable[[], Collection[str]] = tuple
    _hosts: Collection[str] = ()
    _known: dict[str, bool] = field(default_factory=dict)

    def keep_up(self) -> None:
        """Take up what was changed; raises what `read` raises."""
        hosts = self.read()
        if hosts != self._hosts:
            if hosts and self.ids is not None:
                # Imports a library, for a tenth of a second: here, since no redirect waits here.
                self.ids.make(LinkId(0), None, None, 0)
            self._hosts, self._known = hosts, {}

    def marked(self, click: ClickRecord, destination: str) -> ClickRecord:
        """Return a click that leads to a destination as it is, or marked that it carries an id."""
        if not self._hosts or not self._hold(destination):
            return click
        agent = click.user_agent
        if click.flags & NO_CLICK_ID or not agent or is_preview(agent):
            return click
        return replace(click, flags=click.flags | CLICK_ID)

    def onward(self, location: str, click: ClickRecord) -> str:
        """Return the address that a click goes to, with an id of its own if it is so marked."""
        if self.ids is None or not click.flags & CLICK_ID:
            return location
        click_id = self.ids.make(
            click.link_id, click.segment_id, click.attribution, click.clicked_at, click.option
        )
        return with_click_id(location, click_id)

    def _hold(self, destination: str) -> bool:
        known = self._known.get(destination)
        if known is None:
            if len(self._known) >= MOST:
                self._known.clear()
            known = any(is_on_host(destination, host) for host in self._hosts)
            self._known[destination] = known
        return known
