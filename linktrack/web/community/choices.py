"""The community's settings: the question, the welcome, and what members get."""

from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import get_account
from linktrack.community.communities import (
    LONGEST_QUESTION,
    LONGEST_WELCOME,
    MOST_WEEKLY,
    Choices,
    get_community,
    set_community,
)
from linktrack.context import db_session
from linktrack.errors import Invalid
from linktrack.web.community.chosen import chosen
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("community_settings", __name__)

OF_ACCOUNT: Final = f"/community/<int(max={LARGEST_ID}):account_id>"


@blueprint.get("/community/settings")
def show() -> str:
    """Show the settings of an account's community."""
    return _page()


def _set(account_id: int) -> dict[str, object]:
    found = get_community(db_session(), get_account(db_session(), account_id))
    return {
        "Question": found.question,
        "Welcome": found.welcome,
        "Feed": found.feed,
        "Best of a week": found.weekly_best,
        "Mails": "yes" if found.mails else "no",
    }


@form(
    blueprint,
    f"{OF_ACCOUNT}/settings",
    back_to=lambda account_id: url_for("community_settings.show", account=account_id),
    again=lambda error, account_id: _page(account_id, error.sentence),
    edits=_set,
)
def save(sent: Sent, account_id: int) -> str:
    """Keep what the owner chose."""
    account = get_account(sent.session, account_id)
    best = sent.whole("weekly_best", "The number of posts")
    if best is None:
        raise Invalid("Enter how many posts the best of a week are.")
    choices = Choices(
        question=sent.text("question", "The question"),
        welcome=sent.text("welcome", "The welcome"),
        feed=sent.text("feed", "What members get"),
        weekly_best=best,
        mails=sent.says_yes("mails"),
    )
    set_community(sent.session, account, choices, sent.now)
    return "Saved."


def _page(account_id: int | None = None, error: str | None = None) -> str:
    return render_template(
        "community/settings.html",
        chosen=chosen(account_id),
        typed=request.form,
        longest_question=LONGEST_QUESTION,
        longest_welcome=LONGEST_WELCOME,
        most_weekly=MOST_WEEKLY,
        error=error,
    )
