"""Commands for what people suggest to an account."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Commands, Work, installation, writing

if TYPE_CHECKING:
    from linktrack.community.models import Suggestion
    from linktrack.community.suggestions.models import AnswerKind


@click.group(cls=Commands)
def suggestions() -> None:
    """See what people suggest, make drafts of it, thank or decline."""


@suggestions.command("list")
@click.argument("handle", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that were decided.")
@click.option("--before", type=NUMBER, metavar="NUMBER", help="Those behind this suggestion.")
@answering
def list_(work: Work, handle: str | None, everything: bool, before: int | None) -> Answer:
    """List suggestions, newest first, 20 at a time."""
    from linktrack.community.suggestions.inbox import entries, list_suggestions
    from linktrack.community.suggestions.shapes import suggestion_json
    from linktrack.links.excerpts import cut

    account = work.account(handle)
    found = list_suggestions(
        work.session,
        None if account is None else account.id,
        "all" if everything else "new",
        before=before,
    )
    shown = entries(work.session, found)
    rows = [
        (
            entry.suggestion.id,
            entry.account.handle,
            entry.suggestion.said_at,
            entry.sender.handle,
            entry.suggestion.state,
            ", ".join(cut(address, 60) for address in entry.addresses),
            cut(entry.suggestion.text, 60),
        )
        for entry in shown
    ]
    columns = ("number", "to", "said", "by", "state", "addresses", "text")
    return Answer([suggestion_json(entry) for entry in shown], Table(columns, rows))


@suggestions.command("from")
@click.argument("handle")
@click.option("--form/--no-form", default=None, help="A public page with a form.")
@click.option("--mentions/--no-mentions", default=None, help="Mentions and replies with a link.")
def from_(handle: str, form: bool | None, mentions: bool | None) -> None:
    """Switch on or off where an account's suggestions come from."""
    from linktrack.community.suggestions.boxes import box_of, set_box

    with writing() as work:
        account = work.account(handle)
        box = box_of(work.session, account)
        box = set_box(
            work.session,
            account,
            work.now,
            form=box.form_since is not None if form is None else form,
            mentions=box.mentions_since is not None if mentions is None else mentions,
        )
        ways = {"the form": box.form_since, "mentions and replies": box.mentions_since}
        on = " and ".join(name for name, since in ways.items() if since is not None)
        said = f"Suggestions to {account.handle} come from {on or 'nowhere: both are off'}."
    click.echo(said)


@suggestions.command()
def sync() -> None:
    """Read mentions and replies that are due, and send the answers that wait.

    The running service does both by itself, every minute.
    """
    from linktrack.errors import Unavailable
    from linktrack.sync import answer_due, take_suggestions_due

    with installation(existing=True) as opened:
        done = take_suggestions_due(opened)
        tried = answer_due(opened)
    for each in done:
        click.echo(f"{each.handle}: {each.taken:,} new.")
    click.echo(f"Answers sent or tried: {tried:,}.")
    problems = [each.problem for each in done if each.problem is not None]
    if problems:
        raise Unavailable(" ".join(problems))


@suggestions.command()
@click.argument("number", type=NUMBER)
def draft(number: int) -> None:
    """Make a draft of a suggestion, and print its text; again it is the same draft."""
    from linktrack.community.suggestions.deciding import draft as make_draft
    from linktrack.community.suggestions.deciding import get_suggestion

    with writing() as work:
        opened = work.installation
        found = get_suggestion(work.session, number)
        post = make_draft(work.session, opened.shortener, found, opened.settings.base_url, work.now)
        said = f"Draft {post.id}:\n{post.text}"
    click.echo(said)


@suggestions.command()
@click.argument("number", type=NUMBER)
@click.option("--reply", is_flag=True, help="Reply as the account; without it you do it yourself.")
@click.option("--text", metavar="TEXT", help="What is said; a short thank-you by default.")
def thank(number: int, reply: bool, text: str | None) -> None:
    """Thank whoever sent it: print the text, or reply as the account."""
    _answer(number, "thanks", text, sends=reply)


@suggestions.command()
@click.argument("number", type=NUMBER)
@click.option("--by-hand", is_flag=True, help="You told them yourself: keep that.")
@click.option("--text", metavar="TEXT", help="What is said; by default where it is.")
def tell(number: int, by_hand: bool, text: str | None) -> None:
    """Tell whoever sent it that it is published: by mail, or by a reply, once."""
    _answer(number, "published", text, sends=not by_hand)


@suggestions.command()
@click.argument("number", type=NUMBER)
def decline(number: int) -> None:
    """Decline a suggestion; nobody hears of it."""
    from linktrack.community.suggestions.deciding import decline as decline_it

    with writing() as work:
        decline_it(work.session, _numbered(work, number), work.now)
    click.echo(f"Declined suggestion {number}.")


@suggestions.command()
@click.argument("number", type=NUMBER)
def reopen(number: int) -> None:
    """Let a declined suggestion wait again."""
    from linktrack.community.suggestions.deciding import reopen as reopen_it

    with writing() as work:
        reopen_it(work.session, _numbered(work, number), work.now)
    click.echo(f"Suggestion {number} waits again.")


@suggestions.command()
@click.argument("number", type=NUMBER)
def delete(number: int) -> None:
    """Delete a suggestion for good; its draft stays."""
    from linktrack.community.suggestions.deciding import remove

    with writing() as work:
        remove(work.session, _numbered(work, number), work.now)
    click.echo(f"Deleted suggestion {number}.")


def _numbered(work: Work, number: int) -> "Suggestion":
    from linktrack.community.suggestions.deciding import get_suggestion

    return get_suggestion(work.session, number, lock=True)


def _answer(number: int, kind: "AnswerKind", text: str | None, *, sends: bool) -> None:
    """Keep an answer, and say what becomes of it: what is sent, the running service sends."""
    from linktrack.audience.accounts import get_account
    from linktrack.community.suggestions.answering import Offer, ask, offers_for
    from linktrack.errors import Conflict, Invalid

    with writing() as work:
        found = _numbered(work, number)
        account = get_account(work.session, found.account_id)
        settings = work.installation.settings
        can_mail = settings.mail is not None
        offers = offers_for(work.session, [found], can_mail=can_mail)[found.id]
        offer = offers.thanks if kind == "thanks" else offers.word
        if offer is None:
            raise Conflict(
                "Nobody knows who sent this."
                if kind == "thanks"
                else "It isn't published yet, they know already, or nobody can be told."
            )
        words = offer.text if text is None else text
        if sends and offer.way == "hand":
            raise Invalid(f"{account.handle} can't send this: do it by hand. A text: {words}")
        chosen = Offer(kind, offer.way if sends else "hand", words)
        answer = ask(work.session, account, found, chosen, work.now, base_url=settings.base_url)
        handle, state = account.handle, answer.state
    if state == "done":
        click.echo(words)
    else:
        click.echo(f"The service answers as {handle} within a minute, once.")
