"""A link in Dub's words, and finding the one that is named."""

from datetime import datetime
from typing import Final, TypedDict
from urllib.parse import urlsplit

from linktrack.api.clients import making
from linktrack.api.clients.addresses import chosen_host, own_domain, own_host
from linktrack.api.read import Fields
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.errors import Invalid
from linktrack.reports.links.of_token import DoorLink, last_clicks

_ID: Final = "link_"


def named_link(fields: Fields) -> DoorLink:
    """Return the link that a question names."""
    domain, key = fields.optional_text("domain"), fields.optional_text("key")
    link_id = fields.optional_text("linkId")
    if link_id is not None:
        return own_link(link_id)
    if key is None and domain is not None and "/" in domain:
        # The whole short link as the domain, as some clients ask.
        address = domain if "://" in domain else f"//{domain}"
        try:
            split = urlsplit(address)
        except ValueError:
            raise Invalid("'domain' isn't a domain.") from None
        domain, key = split.netloc, split.path.strip("/").rpartition("/")[2]
    on = chosen_host(domain, own_host())
    if not key:
        raise Invalid("Say which link: send domain and key, or linkId.")
    return own_link(key, on)


def own_link(link_id: str, on: str | None = None) -> DoorLink:
    """Return one of the token's own links that redirects, by its code; raises `NotFound`.

    A code may have `link_` before it: so it is an id here.
    """
    return making.own_link(link_id.removeprefix(_ID), "Link not found.", on)


class TagJson(TypedDict):
    """A tag, which is known by its name."""

    id: str
    name: str
    color: str


class LinkJson(TypedDict):
    """A link in Dub's words; what is null or false is not kept here. `clicks` are people's."""

    id: str
    domain: str
    key: str
    url: str
    shortLink: str
    qrCode: str
    title: str | None
    tags: list[TagJson]
    tenantId: str | None
    clicks: int
    lastClicked: str | None
    createdAt: str
    updatedAt: str
    archived: bool
    disabledAt: None
    workspaceId: str
    projectId: str
    userId: None
    externalId: None
    programId: None
    partnerId: None
    folderId: None
    tagId: None
    description: None
    comments: None
    image: None
    video: None
    expiresAt: str | None
    expiredUrl: str | None
    password: None
    ios: None
    android: None
    geo: None
    utm_source: None
    utm_medium: None
    utm_campaign: None
    utm_term: None
    utm_content: None
    webhookIds: list[str]
    trackConversion: bool
    proxy: bool
    rewrite: bool
    doIndex: bool
    publicStats: bool
    leads: int
    conversions: int
    sales: int
    saleAmount: int


def link_json(found: DoorLink, last_clicked: datetime | None = None) -> LinkJson:
    """Return a link in Dub's words; when it was last clicked is looked up unless it is given."""
    link = found.link
    short_url = installation().shortener.short_url(link.code or "", link.domain)
    workspace = f"ws_{link.account_id}"
    if last_clicked is None and found.clicks:
        last_clicked = last_clicks(db_session(), [link.id]).get(link.id)
    return {
        "id": f"{_ID}{link.name}",
        "domain": own_domain() if link.domain is None else link.domain.host,
        "key": link.code or "",
        "url": link.destination,
        "shortLink": short_url,
        "qrCode": "",
        "title": found.title,
        "tags": [{"id": f"tag_{tag}", "name": tag, "color": "blue"} for tag in found.tags],
        "tenantId": found.tenant,
        "clicks": found.clicks,
        "lastClicked": None if last_clicked is None else utc(last_clicked),
        "createdAt": utc(link.created_at),
        "updatedAt": utc(link.changed_at),
        "archived": False,
        "disabledAt": None,
        "workspaceId": workspace,
        "projectId": workspace,
        "userId": None,
        "externalId": None,
        "programId": None,
        "partnerId": None,
        "folderId": None,
        "tagId": None,
        "description": None,
        "comments": None,
        "image": None,
        "video": None,
        "expiresAt": utc(found.limits.expires_at),
        "expiredUrl": found.limits.ended_to,
        "password": None,
        "ios": None,
        "android": None,
        "geo": None,
        "utm_source": None,
        "utm_medium": None,
        "utm_campaign": None,
        "utm_term": None,
        "utm_content": None,
        "webhookIds": [],
        "trackConversion": False,
        "proxy": False,
        "rewrite": False,
        "doIndex": False,
        "publicStats": False,
        "leads": 0,
        "conversions": 0,
        "sales": 0,
        "saleAmount": 0,
    }
