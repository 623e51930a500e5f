"""A door for clients of Dub: its API for links, with a token's secret as the bearer token.

A client shortens, and reads what its own token has made. With a token of scope `write` it changes
links, too. Of `/analytics` there are the totals of clicks.
"""

from linktrack.api.clients.dub import analytics, links
from linktrack.api.clients.dub.door import blueprint, owns, refuse

__all__ = ["analytics", "blueprint", "links", "owns", "refuse"]
