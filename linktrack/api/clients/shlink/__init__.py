"""A door for clients of Shlink: its REST API, version 3, with a token's secret as the API key.

A client shortens, and reads what its own token has made: short URLs and their visits, which say
nothing of who it was. With a token of scope `write` it changes them, too; that is enough for
Shlink's own web client.
"""

from linktrack.api.clients.shlink import domains, rules, short_urls, tags, visits
from linktrack.api.clients.shlink.door import blueprint, owns, refuse

__all__ = ["blueprint", "domains", "owns", "refuse", "rules", "short_urls", "tags", "visits"]
