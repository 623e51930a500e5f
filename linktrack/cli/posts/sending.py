"""Commands that publish posts on their networks, and manage the queue."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.common import (
    NUMBER,
    Work,
    installation,
    json_option,
    local,
    print_json,
    print_table,
    read_text,
    reading,
    writing,
)
from linktrack.errors import LinktrackError

if TYPE_CHECKING:
    from datetime import datetime

    from linktrack.links.models import Post
    from linktrack.publishing.models import Sending
    from linktrack.publishing.sendings import PostJson

confirmed_option = click.option(
    "--yes", "confirmed", is_flag=True, help="Publish it although the network may not accept it."
)


@click.command()
@click.argument("number", type=NUMBER, metavar="POST")
@click.option("--at", metavar="ISO", help="When to publish it; default: now.")
@click.option(
    "--not-there",
    is_flag=True,
    help="You checked: the network doesn't have it from an earlier attempt.",
)
@confirmed_option
@json_option
def send(number: int, at: str | None, not_there: bool, confirmed: bool, as_json: bool) -> None:
    """Publish a draft, or a post that could not be published, on its network.

    Without --at this command sends it; with it, the running service does. If an earlier attempt may
    have worked, linktrack looks for the post first, unless you say --not-there.
    """
    from linktrack.publishing import queue as queued

    with writing() as work:
        if not_there:
            queued.not_there(work.session, work.post(number), work.now)
        enqueue(work, work.post(number), work.moment(at), confirmed)
    answer = send_what_is_due(number)
    if as_json:
        print_json(answer)
    say_how_it_went(number, quiet=as_json)


@click.command()
@click.argument("handle", required=False)
@click.option("--send", "sends", is_flag=True, help="Publish what is due first.")
@json_option
def queue(handle: str | None, sends: bool, as_json: bool) -> None:
    """List posts that wait to be published, and those that could not be.

    The running service publishes what is due; without it, use --send.
    """
    from linktrack.audience.accounts import find_account
    from linktrack.links.excerpts import excerpt
    from linktrack.publishing.queue import queued, waiting_json

    with installation(existing=True) as opened:
        if sends:
            opened.sender().send_all_due()
        with opened.database.session() as session:
            account_id = None if handle is None else find_account(session, handle).id
            lines = queued(session, account_id)
    if as_json:
        print_json([waiting_json(line) for line in lines])
        return
    print_table(
        ("post", "account", "state", "due", "tried next", "text", "why not yet"),
        [
            (
                line.post.id,
                line.account.handle,
                line.sending.state,
                line.sending.due_at,
                line.sending.next_at,
                excerpt(line.post.written, 40),
                line.sending.problem,
            )
            for line in lines
        ],
    )


@click.command()
@click.argument("number", type=NUMBER, metavar="POST")
@click.argument("text", default="-")
@confirmed_option
def edit(number: int, text: str, confirmed: bool) -> None:
    """Change the text of a post that isn't published yet, and print it wrapped.

    TEXT is read from standard input if it is - or missing. An address that stays keeps its
    link.
    """
    from linktrack.publishing.queue import rewrite

    written = read_text(text)
    with writing() as work:
        post = work.post(number)
        rewrite(
            work.session, work.installation.shortener, post, written, work.now, confirmed=confirmed
        )
        wrapped = post.text
    click.echo(wrapped)


@click.command()
@click.argument("number", type=NUMBER, metavar="POST")
def withdraw(number: int) -> None:
    """Remove a post from the queue; it becomes a draft again."""
    from linktrack.calendar.times import utc
    from linktrack.publishing import queue as queued
    from linktrack.publishing.sendings import sending_of

    with writing() as work:
        queued.withdraw(work.session, work.post(number), work.now, work.installation.days())
        sending = sending_of(work.session, number)
        planned = None if sending is None or sending.due_at <= work.now else utc(sending.due_at)
    when = "" if planned is None else f" --at {planned}"
    click.echo(f"Post {number} is a draft again. Undo: linktrack post send {number}{when}")


def enqueue(work: Work, post: "Post", due_at: "datetime | None", confirmed: bool) -> None:
    """Add a post to the queue; raises what `publishing.queue.enqueue` does."""
    from linktrack.publishing import queue as queued

    queued.enqueue(
        work.session,
        post,
        due_at,
        work.now,
        work.installation.days(),
        base_url=work.installation.settings.base_url,
        confirmed=confirmed,
    )


def send_what_is_due(number: int) -> "PostJson":
    """Send a post if it is due, which must be committed already; return its JSON."""
    from linktrack.links.posts import get_post
    from linktrack.publishing.sendings import full_post_json

    with installation() as opened:
        opened.sender().send_one(number)
        with opened.database.session() as session:
            return full_post_json(session, opened.shortener, get_post(session, number))


def say_how_it_went(number: int, *, quiet: bool = False) -> None:
    """Print a post's address; raises the network's refusal, so that the command fails."""
    from linktrack.publishing.sendings import sending_of

    with reading() as work:
        sending = sending_of(work.session, number)
    assert sending is not None
    if sending.state == "failed":
        raise LinktrackError(f"Post {number} was not published: {sending.problem}")
    if not quiet:
        click.echo(
            _state_in_words(sending, None if sending.next_at is None else local(sending.next_at))
        )


def _state_in_words(sending: "Sending", next_at: str | None) -> str:
    if sending.state == "sent":
        return f"Post {sending.post_id} is published: {sending.url}"
    if sending.problem is not None:
        return f"Post {sending.post_id}: {sending.problem} Next try: {next_at}."
    if sending.state == "sending":
        return f"Post {sending.post_id} is being published by another process."
    return f"Post {sending.post_id} will be published on {next_at} by the running service."
