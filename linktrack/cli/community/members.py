"""Letting people in, and the members: one person at a time."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Work, json_option, print_json, writing
from linktrack.cli.community.group import community

if TYPE_CHECKING:
    from linktrack.community.members.listing import MemberJson

BY = "the command line"


@community.command()
@click.argument("request", type=NUMBER, metavar="REQUEST")
@json_option
def approve(request: int, as_json: bool) -> None:
    """Let somebody in, by the number of the request; linktrack serve does what that takes."""
    from linktrack.community.letting_in.deciding import approve as let_in
    from linktrack.community.letting_in.deciding import get_request
    from linktrack.community.letting_in.steps import steps_of
    from linktrack.community.members.listing import member_json, named

    with writing() as work:
        can_mail = work.installation.settings.mail is not None
        found = get_request(work.session, request)
        member = let_in(work.session, found, BY, work.now, can_mail=can_mail)
        shown = member_json(member, steps_of(work.session, [member])[member.id])
        name = named(member)
    if as_json:
        print_json(shown)
        return
    click.echo(f"{name} is a member now, number {shown['id']}.")
    _say_steps(shown)


@community.command()
@click.argument("request", type=NUMBER, metavar="REQUEST")
@click.option("--word", default="", help="What linktrack or you tell the person.")
def decline(request: int, word: str) -> None:
    """Decline a request, by its number. All of it is deleted 7 days later."""
    from linktrack.community.letting_in.deciding import decline as refuse
    from linktrack.community.letting_in.deciding import get_request

    with writing() as work:
        can_mail = work.installation.settings.mail is not None
        found = get_request(work.session, request)
        refuse(work.session, found, word, BY, work.now, can_mail=can_mail)
        state = found.word_state
    click.echo("Declined.")
    if state == "due":
        click.echo("The word is sent by email.")
    elif state == "by_hand":
        click.echo("Send them the word by hand: no email goes to them.")


@community.command()
@click.argument("request", type=NUMBER, metavar="REQUEST")
def later(request: int) -> None:
    """Leave a request for later, by its number."""
    from linktrack.community.letting_in.deciding import decide_later, get_request

    with writing() as work:
        decide_later(work.session, get_request(work.session, request), work.now)
    click.echo("It is among the requests with --state later.")


@community.command()
@click.argument("handle")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--after", type=NUMBER, metavar="N", help="Continue after this member.")
@answering
def members(work: Work, handle: str, limit: int, after: int | None) -> Answer:
    """List who was let in, newest first, and what that still takes."""
    from linktrack.community.letting_in.steps import steps_of
    from linktrack.community.members.listing import list_members, member_json

    rows = list_members(work.session, work.account(handle), limit, after)
    steps = steps_of(work.session, rows)
    table = Table(
        ("number", "who", "since", "links", "mail", "open", "introduction"),
        [
            (
                row.id,
                row.handle or row.network_id or "by email",
                row.joined_at,
                "yes" if row.agrees_links else "no",
                "yes" if row.agrees_mail else "no",
                ", ".join(f"{s.kind}: {s.state}" for s in steps[row.id] if s.state != "done"),
                " ".join(row.introduction.split())[:100],
            )
            for row in rows
        ],
    )
    return Answer([member_json(row, steps[row.id]) for row in rows], table)


@community.command()
@click.argument("member", type=NUMBER, metavar="MEMBER")
@click.option("--step", help="The step that you did: accept, follow or welcome.")
@click.option("--again", is_flag=True, help="Let linktrack try that step again.")
@json_option
def member(member: int, step: str | None, again: bool, as_json: bool) -> None:
    """Show a member by number, with the text of their welcome; or tick a step."""
    from linktrack.community.letting_in.messages import welcome
    from linktrack.community.letting_in.steps import kind_named, steps_of, tick, try_again
    from linktrack.community.members.listing import get_member, member_json, named

    if again and step is None:
        raise click.UsageError("Say which step, with --step.")
    with writing() as work:
        found = get_member(work.session, member)
        if step is not None:
            (try_again if again else tick)(work.session, found, kind_named(step), work.now)
        shown = member_json(found, steps_of(work.session, [found])[found.id])
        name = named(found)
        letter = welcome(work.session, work.installation.member_addresses(), found)
    if as_json:
        print_json({**shown, "welcome": letter.text})
        return
    click.echo(f"{name}: {shown['introduction']}")
    _say_steps(shown)
    click.echo(f"\n{letter.text}")


@community.command()
@click.argument("member", type=NUMBER, metavar="MEMBER")
def remove(member: int) -> None:
    """Remove a member by number, with everything of theirs."""
    from linktrack.community.members.leaving import remove_member
    from linktrack.community.members.listing import get_member

    with writing() as work:
        found = get_member(work.session, member)
        remove_member(work.session, found, work.installation.days(), work.now)
    click.echo("Removed, with everything about them. Links keep working.")


def _say_steps(shown: "MemberJson") -> None:
    for step in shown["steps"]:
        problem = f" ({step['problem']})" if step["problem"] else ""
        click.echo(f"{step['kind']}: {step['state'].replace('_', ' ')}{problem}")
