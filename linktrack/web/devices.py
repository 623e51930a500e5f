"""What a request's browser is, and marks on it: that its clicks aren't counted."""

from flask import request
from werkzeug.wrappers import Response

from linktrack.clicks.capture.own_clicks import COOKIE, SECONDS
from linktrack.clicks.capture.visitors import client_address
from linktrack.clicks.classify.agents import classify_agent
from linktrack.context import installation
from linktrack.owners.access import Seen

_LONGEST = 60  # characters of a device's or a country's name


def seen_here() -> Seen:
    """Return what this request's browser and country are called; its address is dropped."""
    agent = classify_agent(request.headers.get("User-Agent"))
    browser = agent.browser and agent.browser.removeprefix("Mobile ")
    device = " on ".join(part for part in (browser, agent.os) if part)
    settings, place = installation().settings, None
    if settings.geoip is not None:
        from linktrack.clicks.capture.geoip import country_in_words

        address = client_address(request.environ, settings.trusted_proxies)
        place = country_in_words(settings.geoip, address)
    return Seen(device[:_LONGEST] or None, place and place[:_LONGEST])


def mark_device(answer: Response) -> Response:
    """Mark this request's browser, so that its clicks aren't counted."""
    answer.set_cookie(
        COOKIE,
        installation().own_clicks().content(),
        max_age=SECONDS,
        path="/",
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer


def unmark_device(answer: Response) -> Response:
    """Remove the mark from this request's browser."""
    answer.delete_cookie(COOKIE, path="/")
    return answer
