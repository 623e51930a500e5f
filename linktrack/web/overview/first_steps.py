"""What a new owner sees: a box for the first text, then the first click on it."""

from collections.abc import Sequence

from flask import render_template

from linktrack.audience.models import Account
from linktrack.context import db_session, installation
from linktrack.links.catalog import newest_link
from linktrack.links.posts import get_post
from linktrack.reports.sources.first_click import Awaited, awaited
from linktrack.upkeep.health.attention import people_waiting
from linktrack.web.fields import account_or_main


def first_steps(accounts: Sequence[Account]) -> str:
    """Return the page of an installation that no person's click has been counted on."""
    session = db_session()
    newest = newest_link(session)
    post = get_post(session, newest.post_id) if newest and newest.post_id else None
    links = list(post.links) if post else [newest] if newest else []
    return render_template(
        "overview/first_steps.html",
        account=account_or_main({}, accounts) if accounts else None,
        links=links,
        post=post,
        waiting=awaited(session, [link.id for link in links]) if links else Awaited(),
        short_url=installation().shortener.short_url,
        needs=people_waiting(session, [each.id for each in accounts]),
    )
