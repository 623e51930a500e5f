"""Commands for segments."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, json_option, writing
from linktrack.errors import Invalid

if TYPE_CHECKING:
    from linktrack.audience.models import Segment

rule_option = click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="'FIELD OP VALUE'",
    help="A rule; repeatable, and all must match.",
)


@click.group(cls=Commands)
def segment() -> None:
    """Manage named groups of an account's followers.

    Each follower belongs to the first group that matches, so sizes add up to the follower list.
    """


@segment.command("add")
@click.argument("handle")
@click.argument("name", required=False)
@rule_option
@click.option("--preset", metavar="PRESET", help="A preset: see linktrack segment presets.")
@click.option(
    "--list",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="People by id or handle.",
)
@click.option("--size", type=int, help="How many people it has, if you count them yourself.")
@click.option("--place", help="Where only they see what you post, such as a chat.")
def add(
    handle: str,
    name: str | None,
    rules: tuple[str, ...],
    preset: str | None,
    listed: Path | None,
    size: int | None,
    place: str | None,
) -> None:
    """Add a segment after the others: by rules, from a list, or with a size you enter."""
    from linktrack.audience.rules import preset as rules_of
    from linktrack.audience.rules import preset_name
    from linktrack.audience.segments import add_segment, pending_entries
    from linktrack.audience.sorting import sort_followers
    from linktrack.portability.followers.list_csv import read_list

    if preset is not None:
        rules = (*rules_of(preset), *rules)
        name = name or preset_name(preset)
    if name is None:
        raise Invalid("Give the segment a name.")
    with writing() as work:
        account = work.account(handle)
        entries = None if listed is None else read_list(listed, account.network)
        added = add_segment(
            work.session, account, name, size, work.now, rules=rules, entries=entries, place=place
        )
        sort_followers(work.session, account, work.now)
        told, waiting = added.size, pending_entries(work.session, account).get(added.id, 0)
        name = added.name
    click.echo(f"Added the segment {name}{'' if told is None else f' with {told:,} people'}.")
    if waiting:
        click.echo(
            f"{waiting:,} people on the list are in no follower list yet; they wait for one "
            "that has their ids or handles."
        )


@segment.command()
@json_option
def presets(as_json: bool) -> None:
    """List the preset segments, and the fields that rules can use."""
    from linktrack.audience.rules import DAY_PRESETS, FIELDS, PRESETS

    ready = PRESETS | DAY_PRESETS

    answer = Answer(
        {
            "presets": [
                {"preset": name, "means": says, "rules": list(rules)}
                for name, (says, rules) in ready.items()
            ],
            "fields": [
                {"field": name, "says": says, "example": example}
                for name, (says, example) in FIELDS.items()
            ],
        },
        Table(
            ("preset", "means", "rules"),
            [(name, says, "; ".join(rules)) for name, (says, rules) in ready.items()],
        ),
        "",
        Table(
            ("field", "says", "example"),
            [(name, says, example) for name, (says, example) in FIELDS.items()],
        ),
    )
    answer.show(as_json=as_json)


@segment.command("list")
@click.argument("handle")
@answering
def list_(work: Work, handle: str) -> Answer:
    """List the segments of an account, in their order."""
    from linktrack.audience.segments import list_segments, pending_entries
    from linktrack.audience.sorting import sizes_at

    account = work.account(handle)
    found = list_segments(work.session, account)
    standing = sizes_at(work.session, account.id)
    waiting = pending_entries(work.session, account)
    unjudged = {} if standing is None else standing.unjudged
    told = [
        {
            "segment": item.name,
            "size": item.size,
            "unjudged": unjudged.get(item.id),
            "kind": item.kind,
            "rules": (item.rules or "").splitlines(),
            "waiting": waiting.get(item.id, 0) if item.kind == "list" else None,
            "place": item.place,
        }
        for item in found
    ]
    in_order = Table(
        ("segment", "size", "not judged", "who is in it", "place"),
        [
            (item.name, item.size, unjudged.get(item.id), _who(item, waiting), item.place)
            for item in found
        ],
    )
    return Answer(told, in_order)


def _who(item: "Segment", waiting: dict[int, int]) -> str:
    if item.kind == "list":
        pending = waiting.get(item.id, 0)
        return f"on a list; {pending:,} wait" if pending else "on a list"
    if item.kind == "rule":
        return "; ".join((item.rules or "").splitlines())
    return "in no other" if item.kind == "rest" else "size entered by you"


@segment.command()
@click.argument("handle")
@click.argument("name")
@click.argument("new_name")
def rename(handle: str, name: str, new_name: str) -> None:
    """Rename a segment; its clicks and sizes stay with it."""
    from linktrack.audience.segments import find_segment, rename_segment

    with writing() as work:
        account = work.account(handle)
        found = find_segment(work.session, account, name)
        rename_segment(work.session, account, found, new_name, work.now)
        new_name = found.name
    click.echo(f"It is now called {new_name}.")


@segment.command()
@click.argument("handle")
@click.argument("name")
@click.argument("position", type=int)
def move(handle: str, name: str, position: int) -> None:
    """Move a segment to a position, counted from 1: the first match wins."""
    from linktrack.audience.segments import find_segment, move_segment
    from linktrack.audience.sorting import sort_followers

    with writing() as work:
        account = work.account(handle)
        move_segment(
            work.session, account, find_segment(work.session, account, name), position, work.now
        )
        sort_followers(work.session, account, work.now)
    click.echo(f"{name} is number {position} now.")


@segment.command("set")
@click.argument("handle")
@click.argument("name")
@rule_option
@click.option(
    "--list",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="People by id or handle, in place of those on the list.",
)
@click.option("--size", type=int, help="How many people it has, if you count them yourself.")
@click.option("--place", help="Where only they see what you post; '' for nowhere.")
def set_(
    handle: str,
    name: str,
    rules: tuple[str, ...],
    listed: Path | None,
    size: int | None,
    place: str | None,
) -> None:
    """Change a segment's rules, list, size or place, from now on."""
    from linktrack.audience.segments import change_segment, find_segment
    from linktrack.audience.sorting import sort_followers
    from linktrack.portability.followers.list_csv import read_list

    with writing() as work:
        account = work.account(handle)
        found = find_segment(work.session, account, name)
        entries = None if listed is None else read_list(listed, account.network)
        change_segment(
            work.session, found, work.now, rules=rules, entries=entries, size=size, place=place
        )
        sort_followers(work.session, account, work.now)
        told = found.size
    click.echo(f"{name} is changed{'' if told is None else f'; it has {told:,} people'}.")


@segment.command()
@click.argument("handle")
@click.argument("name")
def remove(handle: str, name: str) -> None:
    """Remove a segment; its old clicks keep its name."""
    from linktrack.audience.segments import find_segment, remove_segment
    from linktrack.audience.sorting import sort_followers

    with writing() as work:
        account = work.account(handle)
        remove_segment(work.session, find_segment(work.session, account, name), work.now)
        sort_followers(work.session, account, work.now)
    click.echo(f"{name} is removed; adding a segment of this name brings it back.")
