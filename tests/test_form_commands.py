"""What people do on pages they can do at the command line: each form has a command or a reason."""

import re
from collections.abc import Iterator

import click
from browser import Browser
from click.testing import CliRunner
from commands import Run, good, parsed
from households import household
from paths import REPOSITORY
from sqlalchemy import select
from world import NOON, World

from linktrack.api.clients.doors import DOORS
from linktrack.cli import main
from linktrack.community.models import FeedEntry, Suggestion
from linktrack.community.suggestions.deciding import decline
from linktrack.links.models import PersonRule, UnwrappedPost

GUIDE = REPOSITORY / "docs" / "guide" / "api.md"
COMMAND = re.compile(r"`linktrack ([^`]+)`")


def commands(group: click.Command = main, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield each command that isn't a group, by its words."""
    if not isinstance(group, click.Group):
        yield name, group
        return
    context = click.Context(group)
    for word in group.list_commands(context):
        found = group.get_command(context, word)
        assert found is not None
        yield from commands(found, f"{name} {word}".strip())


def test_every_form_has_a_command_or_a_reason(sqlite_world: World) -> None:
    """The guide's table says which, with the option that does it; what it names is there."""
    section = GUIDE.read_text().partition("## What the pages do")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (?:.+?) \| (.+) \|$", section, re.MULTILINE)
    table = dict(rows)
    app = Browser.on(sqlite_world).client.application
    forms = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.partition(".")[0] not in ("api", *DOORS)
    }
    assert forms - table.keys() == set(), "say in docs/guide/api.md which command does it"
    assert table.keys() - forms == set()
    known = dict(commands())
    for form, does in table.items():
        named = COMMAND.findall(does)
        assert named or does.startswith("none: "), form
        for written in named:
            words, *options = re.split(r" (?=--)", written)
            assert words in known, (form, words)
            there = {
                option
                for parameter in known[words].params
                for option in (*parameter.opts, *parameter.secondary_opts)
            }
            assert set(options) <= there, (form, written)


def test_a_viewers_accounts_are_set_and_listed_by_command(run: Run) -> None:
    """Who may see which; an owner isn't limited, and somebody must stay one."""
    good(run("account", "add", "@one", "--network", "x"))
    good(run("account", "add", "@two", "--network", "x"))
    good(run("owner", "create", "Jesse"))
    good(run("owner", "create", "Jo", "--viewer", "--account", "@one"))

    def seen() -> dict[str, object]:
        return {each["name"]: each["accounts"] for each in parsed(run("owner", "list", "--json"))}

    assert seen() == {"Jesse": None, "Jo": ["@one"]}
    said = good(run("owner", "role", "Jo", "viewer", "--account", "@two", "--account", "@one"))
    assert said == "Jo is a viewer of @two, @one now.\n"
    assert seen()["Jo"] == ["@one", "@two"]
    assert "@one, @two" in good(run("owner", "list"))
    good(run("owner", "role", "Jo", "viewer"))
    assert seen()["Jo"] is None
    assert "Jo is an owner now." in good(run("owner", "role", "Jo", "owner"))
    assert run("owner", "role", "Jo", "owner", "--account", "@one").exit_code == 2
    assert run("owner", "create", "Ann", "--account", "@one").exit_code == 2
    good(run("owner", "role", "Jesse", "viewer"))
    assert "only owner" in run("owner", "role", "Jo", "viewer").stderr
    assert "has no password now" in good(run("owner", "password", "Jo", "--remove"))


def run_at(world: World) -> Run:
    """Return what runs a command on an installation that is there."""
    environ = {
        "LINKTRACK_DATA": str(world.settings.data),
        "LINKTRACK_DATABASE": world.settings.database,
        "LINKTRACK_BASE_URL": world.settings.base_url,
    }
    return lambda *arguments: CliRunner().invoke(main, arguments, env=environ)


def test_what_only_pages_did_has_commands(sqlite_world: World) -> None:
    """Rules of a person, words for a feed, copies of posts, a suggestion that waits again."""
    world, run = sqlite_world, run_at(sqlite_world)
    house = household(world, "Amberwick")
    session = world.session
    session.commit()  # a command waits for nobody who writes
    good(run("people", "add", "Ann", "--host", "ann.example", "--mention", "@ann"))
    assert "1 rule now" in good(run("people", "edit", "Ann", "--remove-host", "ann.example"))
    assert session.scalars(select(PersonRule.value)).all() == ["@ann"]
    assert run("people", "edit", "Ann", "--remove-host", "ann.example").exit_code == 1
    assert run("people", "edit", "Ann").exit_code == 2

    session.rollback()
    entry = session.scalars(select(FeedEntry)).one()
    good(run("community", "say", house.account.handle, str(entry.id), "Read this"))
    session.rollback()
    session.refresh(entry)
    assert entry.note == "Read this"

    session.rollback()
    old = session.scalars(select(UnwrappedPost).where(UnwrappedPost.addresses > 0)).first()
    assert old is not None
    draft = good(run("post", "rewrap", str(old.id), "--draft"))
    assert draft.strip() != old.text
    assert good(run("post", "rewrap", str(old.id), "--draft")) == draft
    assert run("post", "rewrap", str(old.id), "--draft", "--gone").exit_code == 2
    assert "off the list" in good(run("post", "rewrap", str(old.id), "--gone"))
    assert run("post", "rewrap", str(old.id), "--gone").exit_code == 1

    session.rollback()
    suggestion = session.scalars(select(Suggestion).where(Suggestion.state == "new")).first()
    assert suggestion is not None
    decline(session, suggestion, NOON)
    session.commit()
    good(run("suggestions", "reopen", str(suggestion.id)))
    session.rollback()
    session.refresh(suggestion)
    assert suggestion.state == "new"
