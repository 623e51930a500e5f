"""What is brought in for members, and members' own addresses."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Work, writing
from linktrack.cli.community.group import community


@community.command()
@click.argument("handle")
@answering
def candidates(work: Work, handle: str) -> Answer:
    """List posts of the other accounts that did clearly better than usual there."""
    from linktrack.reports.community.candidates import candidate_json, candidates

    found = candidates(work.session, work.account(handle), work.as_of)
    rows = [
        (
            each.post or "",
            each.unwrapped or "",
            each.account.handle,
            each.posted_at,
            each.measure,
            each.number,
            f"{each.times:.1f}",
            " ".join(each.text.split())[:60],
        )
        for each in found
    ]
    header = ("post", "unwrapped", "account", "posted", "by", "number", "times usual", "text")
    return Answer([candidate_json(each) for each in found], Table(header, rows))


@community.command("bring-in")
@click.argument("handle")
@click.argument("post", type=NUMBER)
@click.option("--unwrapped", is_flag=True, help="POST numbers a post without our links.")
@click.option("--note", default="", metavar="TEXT", help="What you say of it.")
def bring_in_(handle: str, post: int, unwrapped: bool, note: str) -> None:
    """Put a post into the feed of an account's members."""
    from linktrack.community.feed.bringing_in import bring_in
    from linktrack.links.posts import get_post
    from linktrack.publishing.unwrapped.posts import get_unwrapped

    with writing() as work:
        account = work.account(handle)
        find = get_unwrapped if unwrapped else get_post
        found = find(work.session, post)
        entry = bring_in(
            work.session, work.installation.shortener, account, found, written=note, now=work.now
        )
        said = f"It is entry {entry.id} of the feed of {account.handle}."
    click.echo(said)


@community.command()
@click.argument("handle")
@click.argument("entry", type=NUMBER)
@click.argument("text")
def say(handle: str, entry: int, text: str) -> None:
    """Change what you say of an entry of the feed; '' says nothing."""
    from linktrack.community.feed.bringing_in import get_entry, set_note

    with writing() as work:
        set_note(work.session, get_entry(work.session, work.account(handle), entry), text)
    click.echo(f"Entry {entry} is changed.")


@community.command("take-out")
@click.argument("handle")
@click.argument("entry", type=NUMBER)
def take_out_(handle: str, entry: int) -> None:
    """Take an entry out of the feed."""
    from linktrack.community.feed.bringing_in import get_entry, take_out

    with writing() as work:
        account = work.account(handle)
        take_out(work.session, get_entry(work.session, account, entry), work.now)
        said = f"Entry {entry} is out of the feed of {account.handle}."
    click.echo(said)


@community.command()
@click.argument("handle")
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1, 100))
@click.option("--after", type=NUMBER, metavar="N", help="Continue after this entry.")
@answering
def feed(work: Work, handle: str, limit: int, after: int | None) -> Answer:
    """List what was brought in for an account's members, newest first."""
    from linktrack.community.feed.bringing_in import entry_json, list_entries

    lines = list_entries(work.session, work.account(handle), limit, after=after)
    rows = [
        (
            line.entry.id,
            line.entry.brought_at,
            line.account.handle,
            line.entry.post_id or "",
            line.entry.week_rank or "",
            (line.entry.note or "")[:40],
            " ".join(line.text.split())[:60],
        )
        for line in lines
    ]
    header = ("entry", "brought in", "account", "post", "place in week", "note", "text")
    return Answer([entry_json(line) for line in lines], Table(header, rows))


@community.command("feed-address")
@click.argument("member", type=NUMBER)
@click.option("--renew", is_flag=True, help="End the address, and make a new one.")
def feed_address(member: int, renew: bool) -> None:
    """Print the address of a member's feed; it is a secret of theirs."""
    from linktrack.community.feed_addresses import feed_token, renew_addresses
    from linktrack.community.members.listing import get_member

    with writing() as work:
        found = get_member(work.session, member)
        if renew:
            renew_addresses(work.session, found, work.now)
        opened = work.installation
        token = feed_token(opened.keys.markers(), found)
        said = f"{opened.settings.base_url}/feed/{token}"
    click.echo(said)
