"""Domains, of which there is one, and what it does with addresses that lead nowhere."""

from typing import Final

from flask import Response, jsonify, request

from linktrack.api.clients.addresses import check_domain, own_domain
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
    """Return the only domain there is."""
    nowhere = dict.fromkeys(_REDIRECTS)
    own = {"domain": own_domain(), "isDefault": True, "redirects": nowhere}
    return jsonify({"domains": {"data": [own], "defaultRedirects": nowhere}})


@blueprint.patch("/v3/domains/redirects")
@with_key(changes=True)
def set_redirects() -> Response:
    """Take no redirects, and refuse all others: an unknown code gets a page that says so."""
    fields = posted_object(request, {"domain", *_REDIRECTS})
    check_domain(fields.text("domain"), DEFAULT)
    for name in _REDIRECTS:
        if fields.value(name):
            raise Invalid(f"{name} isn't supported here: unknown codes get a page that says so.")
    return jsonify(dict.fromkeys(_REDIRECTS))
