"""The story on the command line: printed as Markdown, or written to a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from linktrack.cli.common import json_option, print_json, reading

if TYPE_CHECKING:
    from linktrack.reports.story.story import Story


@click.command()
@click.argument("handles", nargs=-1, required=True, metavar="HANDLE…")
@click.option("--since", metavar="DATE", help="The day it begins (default: the first known).")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="FILE.html or FILE.md."
)
@json_option
def story(handles: tuple[str, ...], since: str | None, output: Path | None, as_json: bool) -> None:
    """Tell what became of an account since a day, as a text to publish.

    Of one account with a role (me, you, we), those of the other roles are in it too.
    """
    from linktrack.audience.accounts import list_accounts
    from linktrack.portability.files.output import save
    from linktrack.reports.figures.words import counted
    from linktrack.reports.story.asking import Asked, whose
    from linktrack.reports.story.markdown import markdown
    from linktrack.reports.story.story import story as tell
    from linktrack.reports.story.story import story_json

    kind = "" if output is None else output.suffix.lower()
    if output is not None and kind not in (".html", ".md"):
        raise click.UsageError("Name the file FILE.html or FILE.md.")
    if output is not None and as_json:
        raise click.UsageError("Choose --output or --json.")
    with reading() as work:
        settings = work.installation.settings
        begun = work.moment(since)
        seen = list_accounts(work.session)
        found = tell(
            work.session,
            Asked(
                told=whose([work.account(handle) for handle in handles], seen),
                seen={each.id: each for each in seen},
                first=None if begun is None else begun.astimezone(settings.timezone).date(),
                period=settings.visitor_period,
                timezone=settings.timezone,
                now=work.as_of,
            ),
        )
        if as_json:
            print_json(story_json(found))
        elif output is None:
            click.echo(markdown(found), nl=False)
        else:
            written = _html(found) if kind == ".html" else markdown(found)
            save(output, [written])
            click.echo(f"Wrote {output}: {counted(len(found.sentences), 'sentence')}.")


def _html(found: "Story") -> str:
    from linktrack.web.overview.story_file import story_html

    return story_html(found)
