"""Many links at once: made from a table, after every row was judged."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import render_template, request, url_for

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.errors import Invalid
from linktrack.links.many.making import JudgedRow, judge_rows, make_links
from linktrack.portability.links.new_links import read_table, table_text
from linktrack.reports.figures.words import counted
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import chosen_account
from linktrack.web.forms import Done, Sent, Shown, form

blueprint = owner_blueprint("many", __name__)

SHOWN = 100
"""Right rows that a preview shows; wrong ones are all shown."""


@blueprint.get("/links/many/new")
def show() -> str:
    """Show where to paste a table, or choose a file; only to owners."""
    require_writer()
    return _page("")


many_form = partial(
    form, blueprint, back_to="many.show", again=lambda error: _again(error.sentence)
)


@many_form("/links/many/new")
def look(sent: Sent) -> Shown:
    """Judge every row of a table; nothing is stored."""
    text = _sent_table(sent)
    table = read_table(text)
    judged = judge_rows(sent.session, installation().shortener, table.rows, sent.account())
    return Shown(lambda: _page(text, judged=judged, unread=table.unread))


@form(
    blueprint, "/links/many/made", back_to="many.show", again=lambda error: _again(error.sentence)
)
def make(sent: Sent) -> Done:
    """Make a link of each row of a table: all, or none if one is wrong."""
    session, shortener = sent.session, installation().shortener
    table = read_table(sent.text("table", "The table"))
    judged = judge_rows(session, shortener, table.rows, sent.account())
    made = make_links(session, shortener, judged, sent.now)
    return Done(
        f"{counted(len(made.rows), 'link')} made.",
        url_for("bulk_changes.show", number=made.change.id),
    )


def _sent_table(sent: Sent) -> str:
    """Return the text of the file that was sent, else the one that was pasted."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return sent.text("table", "The table")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        file.save(path)
        text = table_text(path)
    if "\0" in text:
        raise Invalid("The file isn't text: save its table as CSV.")
    return text


def _again(error: str) -> str:
    return _page(request.form.get("table", ""), error=error)


def _page(
    text: str,
    *,
    judged: list[JudgedRow] | None = None,
    unread: tuple[str, ...] = (),
    error: str | None = None,
) -> str:
    rows = judged or []
    right = [each for each in rows if not each.problems]
    return render_template(
        "links/many.html",
        accounts=list_accounts(db_session()),
        account=chosen_account(request.values),
        text=text,
        rows=rows,
        wrong=[each for each in rows if each.problems],
        right=right[:SHOWN],
        more=max(0, len(right) - SHOWN),
        unread=unread,
        error=error,
    )
