"""The story, as sentences with the figures that they come from."""

from flask import g, request

from linktrack.api.access import named_account
from linktrack.api.operations import Parameter, asked
from linktrack.api.reports.reporting import report_at
from linktrack.audience.accounts import list_accounts
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.reports.story.asking import Asked, whose
from linktrack.reports.story.story import StoryJson, story, story_json

ACCOUNT = Parameter(
    "account",
    "Whose story, by handle; one with a role brings those of the other roles.",
    required=True,
    many=True,
)
SINCE = Parameter("since", "The day it begins; default: the first that is known of.", "moment")


@report_at("story", (ACCOUNT, SINCE))
def report_story() -> StoryJson:
    """Tell what became of accounts since a day (`account` may be repeated)."""
    fields = asked()
    fields.text("account")
    session, settings = db_session(), installation().settings
    named = [named_account(handle) for handle in request.args.getlist("account") if handle]
    seen = [each for each in list_accounts(session) if g.token.account_id in (None, each.id)]
    since = fields.moment("since")
    found = story(
        session,
        Asked(
            told=whose(named, seen),
            seen={each.id: each for each in seen},
            first=None if since is None else since.astimezone(settings.timezone).date(),
            period=settings.visitor_period,
            timezone=settings.timezone,
            now=as_of(now()),
        ),
    )
    return story_json(found)
