"""Domains, and what they do with addresses that lead nowhere."""

from typing import Final

from flask import Response, jsonify, request

from linktrack.api.clients.addresses import chosen_host, own_domains
from linktrack.api.clients.shlink.door import (
    DEFAULT,
    blueprint,
    with_key,
)
from linktrack.api.read import posted_object
from linktrack.errors import Invalid

_REDIRECTS: Final = ("baseUrlRedirect", "regular404Redirect", "invalidShortUrlRedirect")


@blueprint.get("/v3/domains")
@with_key()
def domains() -> Response:
    """Return the domains on which the token may make links, the first one first."""
    nowhere = dict.fromkeys(_REDIRECTS)
    hosts = own_domains()
    found = [
        {"domain": host, "isDefault": host == hosts[0], "redirects": nowhere} for host in hosts
    ]
    return jsonify({"domains": {"data": found, "defaultRedirects": nowhere}})


@blueprint.patch("/v3/domains/redirects")
@with_key(changes=True)
def set_redirects() -> Response:
    """Take no redirects, and refuse all others: an unknown code gets a page that says so."""
    fields = posted_object(request, {"domain", *_REDIRECTS})
    chosen_host(fields.text("domain"), DEFAULT)
    for name in _REDIRECTS:
        if fields.value(name):
            raise Invalid(f"{name} isn't supported here: unknown codes get a page that says so.")
    return jsonify(dict.fromkeys(_REDIRECTS))
