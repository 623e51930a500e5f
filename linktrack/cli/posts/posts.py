"""Commands that wrap texts and look after posts and links."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.common import (
    COMMAND_LINE,
    NUMBER,
    Commands,
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
    read_text,
    transaction,
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
    from linktrack.links.posts import WrappedPostJson


@click.command()
@click.argument("handle")
@click.argument("text", default="-")
@click.option("--at", metavar="ISO", help="When it was, or is to be, posted.")
@click.option("--draft", is_flag=True, help="Keep it as a draft; publish it later.")
@click.option("--segment", "segments", multiple=True, metavar="NAME", help="Make a version for it.")
@click.option(
    "--addressed",
    "addressed",
    multiple=True,
    metavar="NAME=N",
    help="How many people its version reaches; the segment's size by default.",
)
@click.option("--slug", "slugs", multiple=True, help="A short code of your choice; one an address.")
@click.option("--promotes", multiple=True, metavar="NAME", help="Whom its links promote.")
@click.option("--send", "sends", is_flag=True, help="Post it on its network, now or at --at.")
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
    promotes: tuple[str, ...],
    sends: bool,
    confirmed: bool,
    as_json: bool,
) -> None:
    """Record a post, and print its text with every address wrapped.

    TEXT is read from standard input where it is - or left out. A time in the future makes a
    scheduled post. A text without a new address makes no post and is printed as it is. What looks
    like an address and is not wrapped is named on standard error, with the reason.

    With --send its main text is posted on the account's network, at --at by the running service.
    Versions are for places, where they are posted by hand.
    """
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.links.posts import (
        Wish,
        doubts_about_versions,
        no_post_json,
        wrap_post,
    )
    from linktrack.links.wrapping import left_in
    from linktrack.publishing.sendings import full_post_json

    if sends and draft:
        raise Invalid("A draft is not sent: leave out --draft or --send.")
    written = read_text(text)
    with transaction() as (opened, session):
        moment = now()
        posted_at = parse_time(at, opened)
        later = posted_at is not None and posted_at > moment
        state = "draft" if draft or sends else "scheduled" if later else "published"
        at_once = None if sends else posted_at
        wish = Wish(written, state, at_once, segments, slugs, _addressed(addressed), promotes)
        account = find_account(session, handle)
        post = wrap_post(session, opened.shortener, account, wish, moment)
        if sends:
            if post is None:
                raise Invalid("There is no new address in this text: nothing was sent.")
            enqueue(opened, session, post, posted_at, confirmed)
        answer: WrappedPostJson = (
            no_post_json(written, left_in(written, account.network, opened.shortener.base_url))
            if post is None
            else full_post_json(session, opened.shortener, post)
        )
        versions = [] if post is None else [item.text for item in post.versions]
        doubts = [] if post is None else doubts_about_versions(session, post)
    for doubt in doubts:
        click.echo(doubt, err=True)
    for left in answer["not_wrapped"]:
        click.echo(f"Not wrapped: {left['address']} ({left['why']})", err=True)
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
    """Posts and their states."""


for _command in (send, queue, edit, withdraw):
    post.add_command(_command)


@post.command("list")
@click.argument("handle", required=False)
@click.option("--state", help="draft, scheduled, published or discarded.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def list_(handle: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List posts, newest first."""
    from linktrack.audience.accounts import find_account
    from linktrack.calendar.times import utc
    from linktrack.links.posts import excerpt, list_posts

    with installation() as opened, opened.database.session() as session:
        account_id = None if handle is None else find_account(session, handle).id
        posts = list_posts(session, account_id, state, limit)
    if as_json:
        print_json(
            [
                {
                    "id": item.id,
                    "state": item.state,
                    "posted_at": None if item.posted_at is None else utc(item.posted_at),
                    "text": item.text,
                }
                for item in posts
            ]
        )
        return
    print_table(
        ("post", "state", "posted at", "text"),
        [
            (
                item.id,
                item.state,
                None if item.posted_at is None else utc(item.posted_at),
                excerpt(item.written, 60),
            )
            for item in posts
        ],
    )


@post.command()
@click.argument("handle")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def unwrapped(handle: str, limit: int, as_json: bool) -> None:
    """List an account's posts with links that are not wrapped, newest first."""
    from linktrack.audience.accounts import find_account
    from linktrack.calendar.times import utc
    from linktrack.links.posts import excerpt
    from linktrack.publishing.unwrapped.posts import addresses_of, list_unwrapped
    from linktrack.reports.coverage import unwrapped_json

    with installation() as opened, opened.database.session() as session:
        account = find_account(session, handle)
        posts = list_unwrapped(session, account.id, limit)
        addresses = addresses_of(session, posts)
    if as_json:
        print_json([unwrapped_json(account, item, addresses[item.id]) for item in posts])
        return
    print_table(
        ("number", "posted at", "links", "text"),
        [(item.id, utc(item.posted_at), item.addresses, excerpt(item.text, 60)) for item in posts],
    )


@post.command()
@click.argument("number", type=NUMBER)
@click.option("--yes", "confirmed", is_flag=True, help="Delete the post where it cannot be edited.")
def rewrap(number: int, confirmed: bool) -> None:
    """Put the wrapped version in the place of a post that was not wrapped, on its network.

    NUMBER is that of linktrack post unwrapped.
    """
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
    click.echo(f"Post {done.post_id} stands in its place.")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
@click.option("--at", metavar="ISO", help="When it was posted; now by default.")
def publish(number: int, at: str | None) -> None:
    """Say that a post was published, or when; its clicks are counted by that time."""
    from linktrack.calendar.times import utc
    from linktrack.db import now
    from linktrack.links.posts import get_post
    from linktrack.publishing import states

    with transaction() as (opened, session):
        found = get_post(session, number)
        states.publish(session, found, parse_time(at, opened), now(), opened.days())
        told = utc(found.posted_at) if found.posted_at else ""
    click.echo(f"Post {number} is published, {told}.")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
@click.option("--at", metavar="ISO", required=True, help="When it is to be posted.")
def schedule(number: int, at: str) -> None:
    """Plan a draft for a time in the future."""
    from linktrack.db import now
    from linktrack.links.posts import get_post
    from linktrack.publishing import states

    with transaction() as (opened, session):
        moment = parse_time(at, opened)
        assert moment is not None
        states.schedule(session, get_post(session, number), moment, now(), opened.days())
    click.echo(f"Post {number} is scheduled.")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
def discard(number: int) -> None:
    """Leave a post out of reports; its links go on redirecting."""
    from linktrack.links.posts import get_post
    from linktrack.publishing import states

    with transaction() as (_, session):
        states.discard(session, get_post(session, number))
    click.echo(f"Post {number} is discarded. Undo: linktrack post restore {number}")


@post.command()
@click.argument("number", type=NUMBER, metavar="POST")
def restore(number: int) -> None:
    """Bring a discarded post back."""
    from linktrack.links.posts import get_post
    from linktrack.publishing import states

    with transaction() as (_, session):
        found = get_post(session, number)
        states.restore(session, found)
        state = found.state
    click.echo(f"Post {number} is {state} again.")


@click.group(cls=Commands)
def link() -> None:
    """Single links: show, disable, lead elsewhere."""


@link.command()
@click.argument("code")
@json_option
def show(code: str, as_json: bool) -> None:
    """Show where a link leads and has led, and its clicks."""
    from linktrack.links.catalog import get_link
    from linktrack.reports.links.link import link_json

    with installation() as opened, opened.database.session() as session:
        found = get_link(session, opened.shortener.codes, code)
        answer = link_json(session, opened.shortener, found)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{answer['short_url']}  →  {answer['destination']}")
    click.echo(
        f"{answer['clicks']:,} clicks, {answer['unique_clicks']:,} people who clicked, "
        f"{answer['not_human']:,} left out"
    )
    if answer["disabled_at"]:
        click.echo(f"disabled at {answer['disabled_at']}")
    for total in answer["imported"]:
        before = f"before {total['before']}, as {total['source']} counted"
        click.echo(f"imported: {total['clicks']:,} clicks {before}")
    for step in answer["history"]:
        click.echo(f"  since {step['since']}: {step['destination']}")


@link.command()
@click.argument("code")
def disable(code: str) -> None:
    """Answer the link's clicks with "gone" from now on."""
    _set_disabled(code, disabled=True)
    click.echo(f"{code} is disabled. Undo: linktrack link enable {code}")


@link.command()
@click.argument("code")
def enable(code: str) -> None:
    """Let a disabled link redirect again."""
    _set_disabled(code, disabled=False)
    click.echo(f"{code} redirects again.")


def _set_disabled(code: str, disabled: bool) -> None:
    from linktrack.db import now
    from linktrack.links.catalog import get_link, set_disabled

    with transaction() as (opened, session):
        found = get_link(session, opened.shortener.codes, code)
        set_disabled(session, found, disabled, now())


@link.command()
@click.argument("code")
@click.argument("destination")
def redirect(code: str, destination: str) -> None:
    """Lead a link elsewhere from now on; its history is kept."""
    from linktrack.db import now
    from linktrack.links.catalog import change_destination, get_link

    with transaction() as (opened, session):
        found = get_link(session, opened.shortener.codes, code)
        change_destination(session, opened.shortener, found, destination, now())
        told = found.destination
    click.echo(f"{code} leads to {told} now.")


@link.command()
@click.argument("code")
@click.option("--title", help="Show this in place of the page's title; '' for the page's.")
@click.option("--description", help="Show this in place of the page's description.")
@click.option("--read", is_flag=True, help="Read the page again, within seconds of the service.")
@json_option
def card(code: str, title: str | None, description: str | None, read: bool, as_json: bool) -> None:
    """Show the link's card, or change what it says."""
    from linktrack.links.cards.cards import read_again, set_own_words
    from linktrack.links.catalog import get_link
    from linktrack.reports.links.link import card_json

    with transaction() as (opened, session):
        found = get_link(session, opened.shortener.codes, code)
        set_own_words(session, found, title, description)
        if read:
            read_again(session, found)
        answer = card_json(session, opened.shortener, found)
    if as_json:
        print_json(answer)
        return
    for part in ("title", "description", "picture", "problem"):
        if answer[part]:
            click.echo(f"{part}: {answer[part]}")
    click.echo(f"read: {answer['read_at'] or 'not yet'}")


@link.command()
@click.argument("code")
@click.argument("choice", type=click.Choice(["on", "off"]))
def forward(code: str, choice: str) -> None:
    """Hand what a click's address has behind its `?` on to the destination, or no longer."""
    from linktrack.db import now
    from linktrack.links.catalog import get_link, set_forwarding

    with transaction() as (opened, session):
        found = get_link(session, opened.shortener.codes, code)
        set_forwarding(session, found, choice == "on", now())
    click.echo(f"{code}: query strings are {'' if choice == 'on' else 'not '}forwarded.")


@link.command()
@click.argument("code")
@click.argument("name")
@click.option("--remove", is_flag=True, help="It promotes them no more.")
def promote(code: str, name: str, remove: bool) -> None:
    """Say whom the link promotes."""
    from linktrack.links.catalog import get_link
    from linktrack.links.people import find_person, promote_no_more
    from linktrack.links.people import promote as promote_person

    with transaction() as (opened, session):
        found = get_link(session, opened.shortener.codes, code)
        act = promote_no_more if remove else promote_person
        act(session, found, find_person(session, name))
    click.echo(f"{code} promotes {name}{' no more' if remove else ''}.")
