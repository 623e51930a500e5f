"""Exports: everything, as a stream."""

from flask import Response, g

from linktrack.api.access import named_account
from linktrack.api.operations import ACCOUNT, FROM, TO, Parameter, asked, operation
from linktrack.context import close_db_session, db_session, installation
from linktrack.errors import Invalid, NotFound
from linktrack.portability.export import exports
from linktrack.portability.export.click_filters import FILTERS, find_wanted

FORMAT = Parameter("format", "The format of the rows.", choices=tuple(exports.MEDIA_TYPES))
NARROWING = tuple(
    Parameter(name, f"For clicks only: {each.meaning}", choices=each.choices)
    for name, each in FILTERS.items()
)
AFTER = Parameter("after", "Continue after this number: a click's `seq`, otherwise `id`.", "whole")


@operation(
    "GET",
    "/export/<what>",
    scope="read",
    query=(ACCOUNT, FORMAT, FROM, TO, AFTER, *NARROWING),
    answers={200: "application/x-ndjson, text/csv"},
    problems=(404,),
)
def export_rows(what: str) -> Response:
    """Stream one kind of rows as NDJSON or CSV.

    Clicks, links, posts, not-wrapped, counts, followers, segments, engagement or goals.
    """
    if what not in exports.KINDS:
        raise NotFound(
            f"There is no export of {what[:40]!r}: choose one of {', '.join(exports.KINDS)}."
        )
    fields = asked()
    handle = fields.optional_text("account")
    account_id = g.token.account_id if handle is None else named_account(handle).id
    kind = fields.text("format", "ndjson")
    if kind not in exports.MEDIA_TYPES:
        raise Invalid(f"There is no format {kind[:40]!r}: choose ndjson or csv.")
    opened = installation()
    asked_for = {name: fields.text(name) for name in FILTERS if fields.has(name)}
    codes = opened.shortener.codes
    selection = exports.Selection(
        since=fields.moment("from"),
        until=fields.moment("to"),
        after=fields.whole("after") or 0,
        account_id=account_id,
        wanted=find_wanted(db_session(), codes, asked_for, account_id),
    )
    close_db_session()
    lines = exports.stream(opened.database.engine, opened.shortener, what, kind, selection)
    return Response(lines, mimetype=exports.MEDIA_TYPES[kind])
