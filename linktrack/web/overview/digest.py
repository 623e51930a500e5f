"""The digest: a summary of every account's week or month, to read, print or mail."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import islice

from flask import render_template, request, url_for
from markupsafe import Markup

from linktrack.audience.models import Account
from linktrack.charts import Point, Series, time_chart
from linktrack.context import as_of, close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.excerpts import excerpt
from linktrack.mail import send
from linktrack.reports.digest import Digest, as_letter, came_and_left, digests
from linktrack.reports.digest_periods import PERIODS, chosen_end, later
from linktrack.web.context import owner_blueprint, today
from linktrack.web.fields import Values, chosen_account, day, text
from linktrack.web.forms import Done, Sent, form
from linktrack.web.subject import some_accounts

blueprint = owner_blueprint("digest", __name__)


@blueprint.get("/digest")
def show() -> str:
    """Show a week or month that is over, the last one by default, of one account or of all."""
    accounts = some_accounts()
    account, period = chosen_account(request.args), _period(request.args)
    found = _found(request.args, [account] if account else accounts)
    mail = installation().settings.mail
    return render_template(
        "digest/show.html",
        accounts=accounts,
        account=account,
        period=period,
        periods=PERIODS,
        found=found,
        charts=[_chart(each) for each in found],
        later=later(period, found[0].now.days, today()),
        recipients=mail.recipients if mail else (),
        excerpt=excerpt,
        came_and_left=came_and_left,
    )


digest_form = partial(form, blueprint, back_to="digest.show")


@digest_form("/digest/mail")
def mail_it(sent: Sent) -> Done:
    """Mail the digest that the page shows to those whom digests are mailed to."""
    server = installation().settings.mail
    if server is None:
        raise Invalid("No mail server is set: set one on the page Server first.")
    values = {name: sent.text(name, "The choice") for name in ("period", "of", "account")}
    close_db_session()
    db_session(writes=False)  # a slow mail server must not keep others from writing
    account, accounts = chosen_account(values), some_accounts()
    found = _found(values, [account] if account else accounts)
    names = db_session() if sent.says_yes("names") else None
    title, words = as_letter(found, names)
    close_db_session()
    send(server, title, words)
    kept = {name: value for name, value in values.items() if value}
    return Done(
        f"Emailed to {', '.join(server.recipients)}.",
        url_for("digest.show", **kept),  # type: ignore[arg-type]  # none is named as an option
    )


def _period(values: Values) -> str:
    return text(values, "period", "The period") or PERIODS[0]


def _found(values: Values, accounts: Sequence[Account]) -> list[Digest]:
    """Return the digests that an address asks for; raises `Invalid`."""
    period, timezone = _period(values), installation().settings.timezone
    end = chosen_end(period, day(values, "of", "The day"), today())
    return digests(db_session(), accounts, period, end, now=as_of(now()), timezone=timezone)


def _chart(found: Digest) -> Markup:
    """Draw the clicks a day, and those of the period before in grey on the same days."""
    days = list(found.now.days)
    before = list(islice(found.before.clicks_by_day, len(days)))
    lines = [
        Series(f"This {found.period}", _points(days, found.now.clicks_by_day), 0),
        Series(f"The {found.period} before", _points(days, before), 0, is_past=True),
    ]
    return time_chart(
        lines if sum(found.now.clicks_by_day) + sum(before) else [],
        label=f"Clicks a day of {found.account.handle}",
        unit="clicks a day",
        empty=f"Nobody clicked in this {found.period} or the one before.",
        span=(days[0], days[-1]),
    )


def _points(days: Sequence[date], values: Sequence[int]) -> list[Point]:
    return [Point(day_, value) for day_, value in zip(days, values, strict=False)]
