"""Commands for followers: lists, archives, fetching from the networks, deleting people."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from linktrack.cli.answers import Answer, Table, answering, rows_answer
from linktrack.cli.common import (
    COMMAND_LINE,
    Commands,
    Work,
    installation,
    json_option,
    local,
    parse_time,
    print_json,
    reading,
    this_moment,
    writing,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linktrack.audience.rosters import TakenRoster
    from linktrack.engagement.reading import Engaged
    from linktrack.portability.followers.subscribers import CountedSubscribers
    from linktrack.publishing.unwrapped.watching import Watched

MOST_NAMED: Final = 20
"""Broken posts of an archive that are named one by one."""

MOST_LISTED: Final = 1_000
"""People whom one page of a command has."""

FILE = click.Path(path_type=Path)
yes_option = click.option(
    "--yes", "confirmed", is_flag=True, help="Accept a list that looks wrong."
)


@click.group(cls=Commands)
def followers() -> None:
    """Import and list follower lists."""


@followers.command("import")
@click.argument("handle")
@click.argument("file", type=FILE)
@click.option("--at", help="When the list was taken (ISO); default: as the file says.")
@yes_option
@json_option
def import_followers(
    handle: str, file: Path, at: str | None, confirmed: bool, as_json: bool
) -> None:
    """Import a follower list: CSV or JSON with an id or a handle each, or an archive.

    Of a newsletter's subscribers only the number is recorded: no email address is kept.
    """
    from linktrack.audience.accounts import get_account
    from linktrack.audience.forgetting import Forgotten
    from linktrack.audience.roster_staging import staging_first
    from linktrack.owners.audit import acting
    from linktrack.portability.followers.roster_files import (
        roster_json,
        take_file,
        whole_roster,
        written_at,
    )
    from linktrack.portability.followers.subscribers import record_subscribers, subscribers_for

    # A file may take minutes to read: nobody waits for the lock meanwhile.
    with reading() as looked:
        account = looked.account(handle)
        counted = subscribers_for(account, file)
    if counted is not None:
        with writing() as work:
            recorded = record_subscribers(
                work.session,
                work.account(handle),
                counted,
                file,
                at=work.moment(at),
                now=work.now,
            )
        _say_subscribers(account.handle, recorded, as_json)
        return
    with whole_roster(file, account, confirmed=confirmed) as found, installation() as opened:
        key, moment = opened.keys.forgetting, this_moment()
        with opened.database.session() as session:
            forgotten = Forgotten.read(session, account.network, key)
        with staging_first(opened.database, found.people, forgotten) as (session, people):
            acting(session, COMMAND_LINE)
            done = take_file(
                session,
                get_account(session, account.id),
                found,
                at=parse_time(at, opened) or found.taken_at or written_at(file, moment),
                confirmed=confirmed,
                key=key,
                now=moment,
                people=people,
            )
            session.commit()
    handle = account.handle
    if as_json:
        print_json({"account": handle, **roster_json(done)})
    else:
        _say_roster(handle, done)


def _say_subscribers(handle: str, counted: "CountedSubscribers", as_json: bool) -> None:
    from linktrack.calendar.times import utc

    if as_json:
        print_json(
            {
                "account": handle,
                "counted_at": utc(counted.at),
                "subscribers": counted.count,
                "left_out": counted.left_out,
            }
        )
        return
    click.echo(
        f"{handle}: {counted.count:,} subscribers on {local(counted.at)}, recorded as its follower "
        f"count. {counted.left_out:,} others have unsubscribed or get no email. Only the number is "
        "kept, no email addresses."
    )


@followers.command("list")
@click.argument("handle")
@answering
def list_lists(work: Work, handle: str) -> Answer:
    """List the follower lists of an account, oldest first."""
    from linktrack.audience.rosters import list_rosters

    lines = [
        (roster.taken_at, roster.size, roster.source)
        for roster in list_rosters(work.session, work.account(handle).id)
    ]
    header = ("taken at", "followers", "source")
    return rows_answer(("taken_at", "size", "source"), lines, header)


@followers.command("moves")
@click.argument("handle")
@click.option("--from", "since", metavar="DATE", help="By lists taken from this time on.")
@click.option("--to", "until", metavar="DATE", help="By lists taken before this time.")
@click.option("--list", "at", metavar="DATE", help="By the list of this moment alone.")
@click.option("--way", default="", help="came, returned or left; default: all.")
@click.option("--name", default="", metavar="@…", help="People whose handles begin so.")
@click.option("--limit", default=100, show_default=True, help="People per page, at most 1,000.")
@click.option("--after", default="", metavar="NEXT", help="Continue after this page's end.")
@answering
def list_moves(
    work: Work,
    handle: str,
    since: str | None,
    until: str | None,
    at: str | None,
    way: str,
    name: str,
    limit: int,
    after: str,
) -> Answer:
    """List by name who came, came back and left between follower lists, newest first."""
    from linktrack.errors import Invalid
    from linktrack.reports.people.move_queries import Wanted
    from linktrack.reports.people.moves import (
        moves_json,
        moves_page,
        place_of,
        place_text,
        way_named,
    )

    if not 1 <= limit <= MOST_LISTED:
        raise Invalid(f"A page has 1 to {MOST_LISTED:,}, not {limit}.")
    wanted = Wanted(
        way=way_named(way),
        since=work.moment(since),
        until=work.moment(until),
        list_at=work.moment(at),
        handle=name,
    )
    page = moves_page(
        work.session, work.account(handle), wanted, after=place_of(after), limit=limit
    )
    people = Table(
        ("follower", "what", "after", "by", "ever did"),
        [
            (
                move.handle or move.network_id,
                {"came": "came", "returned": "came back", "left": "left"}[move.way],
                move.after,
                move.by,
                move.did.in_words or None,
            )
            for move in page.moves
        ],
    )
    said: list[str | Table] = []
    if page.summary is not None:
        total, back = page.summary, page.summary.returned
        said.append(
            f"{total.came:,} came, {'' if back is None else f'{back:,} came back, '}"
            f"{total.left:,} left. {total.sentence}".rstrip()
        )
    if page.moves:
        said.append(people)
    if page.next is not None:
        said.append(f"There are more: --after {place_text(page.next)}")
    return Answer(moves_json(page), *said)


@click.group(cls=Commands)
def archive() -> None:
    """Import the archive that a network gives you."""


@archive.command("import")
@click.argument("handle")
@click.argument("path", metavar="FILE|FOLDER", type=FILE)
@yes_option
@json_option
def import_archive_command(handle: str, path: Path, confirmed: bool, as_json: bool) -> None:
    """Import an archive's posts, as untracked, and its follower list."""
    from dataclasses import asdict

    from linktrack.audience.accounts import find_account
    from linktrack.portability.followers.archive_import import Importing, import_archive
    from linktrack.portability.followers.roster_files import roster_json

    with installation(existing=True) as opened:
        with opened.database.session() as session:
            account = find_account(session, handle)
        how = Importing(
            opened.settings.base_host,
            opened.keys.forgetting,
            COMMAND_LINE,
            this_moment(),
            confirmed=confirmed,
        )
        done = import_archive(opened.database, account, path, how)
    handle = account.handle
    posts, roster = done.posts, done.roster
    if as_json:
        print_json(
            {
                "account": handle,
                **asdict(posts),
                "followers": None if roster is None else roster.size,
                "roster": None if roster is None else roster_json(roster),
                "broken": list(done.broken),
            }
        )
        _judge(done.broken)
        return
    click.echo(
        f"{handle}: {posts.posts:,} posts with {posts.links:,} links, of them {posts.reposts:,} "
        f"reposts and {posts.wrapped:,} already wrapped."
    )
    click.echo(f"Listed as untracked: {posts.added:,} posts; already known {posts.known:,}.")
    if roster is not None:
        _say_roster(handle, roster)
    _judge(done.broken)


def _judge(broken: "Sequence[str]") -> None:
    """Fail if posts of an archive were not understood, after all the rest was imported."""
    if not broken:
        return
    for sentence in broken[:MOST_NAMED]:
        click.echo(sentence, err=True)
    raise click.ClickException(
        f"Posts that could not be understood: {len(broken):,}; all others were imported."
    )


@click.command()
@click.argument("handle", required=False)
@yes_option
@json_option
def sync(handle: str | None, confirmed: bool, as_json: bool) -> None:
    """Fetch follower counts and lists, new posts, and likes, reposts and replies.

    For one account or for all, as far as the network shows it. `serve` does this by itself: posts
    and what people do with them every hour, the rest as often as LINKTRACK_SYNC_HOURS says. If a
    network stops it halfway, the next run continues there.
    """
    from linktrack.audience.accounts import find_account
    from linktrack.audience.syncing import readable_accounts
    from linktrack.errors import Unavailable
    from linktrack.networks.registry import networks
    from linktrack.networks.words import any_of
    from linktrack.portability.followers.roster_files import roster_json
    from linktrack.sync import engage_one, sync_one, watch_one

    with installation(existing=True) as opened:
        with opened.database.session() as session:
            accounts = [find_account(session, handle)] if handle else readable_accounts(session)
        done = [sync_one(opened, account, confirmed=confirmed) for account in accounts]
        watched = [watch_one(opened, account) for account in accounts]
        engaged = [engage_one(opened, account) for account in accounts]
    if as_json:
        print_json(
            [
                {
                    "account": one.handle,
                    "followers": one.followers,
                    "roster": None if one.roster is None else roster_json(one.roster),
                    "posts": posts.posts,
                    "published": list(posts.published),
                    "not_wrapped": posts.not_wrapped,
                    "engagement": {"posts": likes.posts, "gone": likes.gone},
                    "problem": one.problem or posts.problem or likes.problem,
                }
                for one, posts, likes in zip(done, watched, engaged, strict=True)
            ]
        )
    else:
        for one in done:
            if one.followers is not None:
                click.echo(f"{one.handle}: {one.followers:,} followers by its own count.")
            if one.roster is not None:
                _say_roster(one.handle, one.roster)
        for posts in watched:
            _say_posts(posts)
        for likes in engaged:
            _say_engagement(likes)
        if not done:
            public = any_of(each.label for each in networks() if each.open_reader is not None)
            click.echo(f"There is no account on {public} to read, and none is connected.")
    said = [*(one.problem for one in done), *(one.problem for one in watched)]
    said += [one.problem for one in engaged]
    problems = dict.fromkeys(problem for problem in said if problem is not None)
    if problems:
        raise Unavailable(" ".join(problems))


@click.group(cls=Commands)
def forget() -> None:
    """Delete people's data on request."""


@forget.command("follower")
@click.argument("name", metavar="ID")
def forget_follower_command(name: str) -> None:
    """Delete a person's data everywhere, for good; ID is an id, a @handle or a mail address."""
    from linktrack.community.members.forgetting import forget_person

    with writing() as work:
        opened = work.installation
        forget_person(work.session, name, opened.keys, opened.days(), work.now)
    click.echo("Forgotten. The next follower list will not bring them back.")


def _say_engagement(done: "Engaged") -> None:
    if done.posts:
        gone = f"; deleted: {done.gone:,}" if done.gone else ""
        click.echo(f"{done.handle}: likes, reposts and replies of {done.posts:,} posts read{gone}.")


def _say_posts(done: "Watched") -> None:
    click.echo(
        f"{done.handle}: {done.posts:,} posts read; drafts found published: "
        f"{len(done.published):,}; new posts with links that are not wrapped: "
        f"{done.not_wrapped:,}."
    )


def _say_roster(handle: str, done: "TakenRoster") -> None:
    at = local(done.taken_at)
    if not done.is_new:
        click.echo(f"{handle}: the follower list of {at} is already known, {done.size:,} people.")
        return
    click.echo(f"{handle}: {done.size:,} followers on {at}.")
    if done.gained is not None:
        click.echo(
            f"Since the list before: {done.gained:,} came, {done.returned:,} came back, "
            f"{done.lost:,} left."
        )
    if done.forgotten:
        click.echo(f"Left out, since they asked to be forgotten: {done.forgotten:,}.")
