"""The story: what became of accounts since a day, to read, and to take along as a file."""

from typing import Final

from flask import Response, render_template, request

from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports.story.asking import Asked, whose
from linktrack.reports.story.markdown import markdown
from linktrack.reports.story.story import Story, story
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import day, text
from linktrack.web.overview.story_file import shown, story_html
from linktrack.web.subject import accounts_and_chosen

blueprint = owner_blueprint("story", __name__)

FILES: Final = {"html": (story_html, "text/html"), "md": (markdown, "text/markdown")}


@blueprint.get("/story")
def show() -> str | Response:
    """Show an account's story, with the accounts that belong to it; or hand it over as a file."""
    accounts, account = accounts_and_chosen()
    settings = installation().settings
    found = story(
        db_session(),
        Asked(
            told=whose([account], accounts),
            seen={each.id: each for each in accounts},
            first=day(request.args, "since", "The day"),
            period=settings.visitor_period,
            timezone=settings.timezone,
            now=as_of(now()),
        ),
    )
    kind = text(request.args, "format", "The format")
    if kind:
        return _file(found, kind)
    return render_template("story/show.html", accounts=accounts, account=account, **shown(found))


def _file(found: Story, kind: str) -> Response:
    if kind not in FILES:
        raise Invalid(f"There is no format {kind[:40]!r}: choose {' or '.join(FILES)}.")
    write, mimetype = FILES[kind]
    answer = Response(write(found), mimetype=mimetype)
    mark = "-simulated" if found.is_simulated else ""
    answer.headers["Content-Disposition"] = f'attachment; filename="story{mark}.{kind}"'
    return answer
