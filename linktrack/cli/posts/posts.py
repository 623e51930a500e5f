"""Commands that wrap texts and manage posts."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import (
    COMMAND_LINE,
    NUMBER,
    Commands,
    Work,
    installation,
    json_option,
    local,
    print_json,
    read_text,
    writing,
)
from linktrack.cli.posts.sending import (
    confirmed_option,
    edit,
    enqueue,
    queue,
    say_how_it_went,
    send,
    send_what_is_due,
    withdraw,
)
from linktrack.errors import Invalid

if TYPE_CHECKING:
    from linktrack.links.post_json import WrappedPostJson


@click.command()
@click.argument("handle")
@click.argument("text", default="-")
@click.option("--at", metavar="ISO", help="When it was or will be posted; default: now.")
@click.option("--draft", is_flag=True, help="Keep it as a draft.")
@click.option(
    "--segment",
    "segments",
    multiple=True,
    metavar="NAME",
    help="Make a version for this segment; repeatable.",
)
@click.option(
    "--addressed",
    "addressed",
    multiple=True,
    metavar="NAME=N",
    help="How many people its version reaches; the segment's size by default.",
)
@click.option(
    "--slug", "slugs", multiple=True, help="A custom short code; one per address, in order."
)
@click.option(
    "--format",
    "written_in",
    type=click.Choice(["plain", "markdown", "html"]),
    default="plain",
    show_default=True,
    help="What TEXT is written in.",
)
@click.option(
    "--promotes", multiple=True, metavar="NAME", help="A person its links promote; repeatable."
)
@click.option("--domain", metavar="HOST", help="Of its links; else the account's.")
@click.option("--send", "sends", is_flag=True, help="Publish it on its network, now or at --at.")
@confirmed_option
@json_option
def wrap(
    handle: str,
    text: str,
    at: str | None,
    draft: bool,
    segments: tuple[str, ...],
    addressed: tuple[str, ...],
    slugs: tuple[str, ...],
    written_in: str,
    promotes: tuple[str, ...],
    domain: str | None,
    sends: bool,
    confirmed: bool,
    as_json: bool,
) -> None:
    """Shorten the links of a text, and record it as a post.

    TEXT is read from standard input if it is - or missing. A time in the future makes a
    scheduled post. A text without a new address makes no post and is printed as it is. What looks
    like an address but is not wrapped is listed on standard error, with the reason.

    In Markdown and HTML only links are changed: not pictures, and not addresses with a
    placeholder of a mail program.

    With --send the main text is posted on the account's network; with --at, by the running service.
    Versions for segments are never sent: post them by hand.
    """
    from linktrack.links.excerpts import cut
    from linktrack.links.own_addresses import own_hosts
    from linktrack.links.post_json import no_post_json
    from linktrack.links.posts import Wish, doubts_about_versions, wrap_post
    from linktrack.links.wrapping import left_in, parse_format
    from linktrack.publishing.sendings import full_post_json

    if sends and draft:
        raise Invalid("A draft is not sent: leave out --draft or --send.")
    written = read_text(text)
    with writing() as work:
        posted_at = work.moment(at)
        later = posted_at is not None and posted_at > work.now
        state = "draft" if draft or sends else "scheduled" if later else "published"
        at_once = None if sends else posted_at
        wish = Wish(
            written,
            state,
            at_once,
            segments=segments,
            slugs=slugs,
            addressed=_addressed(addressed),
            promotes=promotes,
            written_in=written_in,
            domain=domain,
        )
        account = work.account(handle)
        post = wrap_post(work.session, work.installation.shortener, account, wish, work.now)
        base_url = work.installation.shortener.base_url
        if sends:
            if post is None:
                raise Invalid("There is no new address in this text: nothing was sent.")
            enqueue(work, post, posted_at, confirmed)
        base_url = work.installation.shortener.base_url
        answer: WrappedPostJson = (
            no_post_json(
                written,
                left_in(
                    written,
                    account.network,
                    base_url,
                    parse_format(written_in),
                    more_own_hosts=own_hosts(work.session),
                ),
            )
            if post is None
            else full_post_json(work.session, work.installation.shortener, post)
        )
        versions = [] if post is None else [item.text for item in post.versions]
        doubts = [] if post is None else doubts_about_versions(work.session, post)
    for doubt in doubts:
        click.echo(doubt, err=True)
    for left in answer["not_wrapped"]:
        click.echo(f"Not wrapped: {cut(left['address'], 200)}  {left['why']}", err=True)
    if sends and post is not None:
        answer = send_what_is_due(post.id)
    _print_wrapped(answer, segments, versions, as_json)
    if sends and post is not None:
        say_how_it_went(post.id, quiet=as_json)


def _print_wrapped(
    answer: "WrappedPostJson", segments: tuple[str, ...], versions: list[str], as_json: bool
) -> None:
    if as_json:
        print_json(answer)
        return
    click.echo(answer["text"])
    for name, version in zip(dict.fromkeys(segments), versions, strict=False):
        click.echo(f"\n{name}:\n{version}")
    if answer["id"] is None:
        click.echo("There is no new address in this text: no post was made.", err=True)


def _addressed(written: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for pair in written:
        name, equals, number = pair.rpartition("=")
        if not equals or not (number.isascii() and number.isdigit()) or len(number) > 9:
            raise Invalid(f"--addressed takes NAME=N, such as community=120, not {pair[:60]!r}.")
        found[name] = int(number)
    return found


@click.group(cls=Commands)
def post() -> None:
    """List posts, and publish, schedule or discard them."""


for _command in (send, queue, edit, withdraw):
    post.add_command(_command)


@post.command("list")
@click.argument("handle", required=False)
@click.option("--state", help="draft, scheduled, published or discarded.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@answering
def list_(work: Work, handle: str | None, state: str | None, limit: int) -> Answer:
    """List posts, newest first."""
    from linktrack.calendar.times import utc
    from linktrack.links.excerpts import excerpt
    from linktrack.links.posts import list_posts

    found = list_posts(work.session, work.account_id(handle), state, limit)
    told = [
        {"id": each.id, "state": each.state, "posted_at": utc(each.posted_at), "text": each.text}
        for each in found
    ]
    posts = Table(
        ("post", "state", "posted at", "text"),
        [(each.id, each.state, each.posted_at, excerpt(each.written, 60)) for each in found],
    )
    return Answer(told, posts)


@post.command()
@click.argument("handle")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@answering
def unwrapped(work: Work, handle: str, limit: int) -> Answer:
    """List an account's posts with untracked links, newest first."""
    from linktrack.links.excerpts import excerpt
    from linktrack.publishing.unwrapped.posts import addresses_of, list_unwrapped
    from linktrack.reports.coverage import unwrapped_json

    account = work.account(handle)
    posts = list_unwrapped(work.session, account.id, limit)
    addresses = addresses_of(work.session, posts)
    not_wrapped = Table(
        ("number", "posted at", "links", "text"),
        [(item.id, item.posted_at, item.addresses, excerpt(item.text, 60)) for item in posts],
    )
    return Answer(
        [unwrapped_json(account, item, addresses[item.id]) for item in posts], not_wrapped
    )


@post.command()
@click.argument("number", type=NUMBER)
@click.option(
    "--yes", "confirmed", is_flag=True, help="Delete and repost if the network can't edit posts."
)
@click.option("--draft", is_flag=True, help="Only make a draft with its text, wrapped.")
@click.option("--gone", is_flag=True, help="You have deleted it on the network: forget it here.")
def rewrap(number: int, confirmed: bool, draft: bool, gone: bool) -> None:
    """Replace an untracked post on its network with the wrapped version.

    NUMBER is the one that linktrack post unwrapped shows.
    """
    if draft or gone:
        if draft and gone:
            raise click.UsageError("Give --draft or --gone, not both.")
        _copy(number) if draft else _drop(number)
        return
    from linktrack.audience.credentials import open_writer
    from linktrack.publishing.unwrapped.replacing import replace_on_network

    with installation() as opened:
        done = replace_on_network(
            opened.database,
            opened.shortener,
            opened.days(),
            number,
            lambda account: open_writer(opened.database, opened.keys, account),
            confirmed=confirmed,
            actor=COMMAND_LINE,
        )
    click.echo(f"Post {done.post_id} replaces it.")


def _copy(number: int) -> None:
    from linktrack.audience.accounts import get_account
    from linktrack.publishing.unwrapped.posts import get_unwrapped
    from linktrack.publishing.unwrapped.replacing import draft_for

    with writing() as work:
        old = get_unwrapped(work.session, number)
        account = get_account(work.session, old.account_id)
        made = draft_for(work.session, work.installation.shortener, account, old, work.now)
    click.echo(made.text)
    click.echo(f"This is post {made.id}, a draft.", err=True)


def _drop(number: int) -> None:
    from linktrack.publishing.unwrapped.posts import get_unwrapped
    from linktrack.publishing.unwrapped.replacing import drop_deleted

    with writing() as work:
        drop_deleted(work.session, get_unwrapped(work.session, number), work.now)
    click.echo("It is off the list.")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
@click.option("--at", metavar="ISO", help="When it was posted; default: now.")
def publish(number: int, at: str | None) -> None:
    """Mark a post as published, now or at a given time."""
    from linktrack.publishing import states

    with writing() as work:
        found = work.post(number)
        states.publish(work.session, found, work.moment(at), work.now, work.installation.days())
        told = local(found.posted_at) if found.posted_at else ""
    click.echo(f"Post {number} is published, {told}.")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
@click.option("--at", metavar="ISO", required=True, help="When to publish it.")
def schedule(number: int, at: str) -> None:
    """Schedule a draft for a time in the future."""
    from linktrack.publishing import states

    with writing() as work:
        moment = work.moment(at)
        states.schedule(work.session, work.post(number), moment, work.now, work.installation.days())
    click.echo(f"Post {number} is scheduled.")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
def discard(number: int) -> None:
    """Leave a post out of reports; its links keep working."""
    from linktrack.publishing import states

    with writing() as work:
        states.discard(work.session, work.post(number), work.now)
    click.echo(f"Post {number} is discarded. Undo: linktrack post restore {number}")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
def restore(number: int) -> None:
    """Bring a discarded post back."""
    from linktrack.publishing import states

    with writing() as work:
        found = work.post(number)
        states.restore(work.session, found, work.now)
        state = found.state
    click.echo(f"Post {number} is {state} again.")
