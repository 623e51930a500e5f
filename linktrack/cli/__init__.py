"""The `linktrack` command. Commands are imported when they are used, so that help is quick."""

from importlib import import_module
from typing import Final

import click

from linktrack import __version__
from linktrack.cli.common import Commands

COMMANDS: Final = {
    "serve": ("server.service", "Answer short links, load clicks, and show the owner pages."),
    "owner": ("server.service", "Owners, and their one-time sign-in links."),
    "token": ("server.programs", "Tokens for programs that use the JSON API."),
    "webhook": ("server.programs", "Webhooks: other programs are told what happens."),
    "account": ("accounts.accounts", "Social accounts and other audiences."),
    "segment": ("accounts.segments", "Named groups of an account's followers."),
    "personal": ("posts.personal", "Links for one follower each, who agreed to it."),
    "counts": ("data.data", "Dated follower counts."),
    "followers": ("accounts.followers", "Who follows an account: dated lists."),
    "follow-back": ("accounts.follow_back", "Follow back who followed: dry run, on, off, undo."),
    "sync": ("accounts.followers", "Read counts, follower lists and own posts from the networks."),
    "archive": ("accounts.followers", "Your own archives, as networks make them."),
    "wrap": ("posts.posts", "Record a post, and print its text with every address wrapped."),
    "post": ("posts.posts", "Posts and their states."),
    "link": ("links.links", "Single links: show, disable, lead elsewhere."),
    "digest": ("reports.digest", "An account's last week or month, ready to be printed or mailed."),
    "people": ("posts.people", "People whom your links promote."),
    "site": ("posts.people", "Sites of your own, told from other people's."),
    "experiment": (
        "reports.experiments",
        "Questions put to your posts, named before the answer is known.",
    ),
    "note": ("reports.notes", "Notes for days, shown on every chart over time."),
    "report": ("reports.reports", "Clicks against followers."),
    "status": ("server.service", "What is in the database, and what waits to be loaded."),
    "load": ("server.service", "Load captured clicks into the database."),
    "rebuild": ("server.service", "Make all counts anew from the stored clicks."),
    "reclassify": ("data.classify", "Apply today's rules to stored clicks."),
    "classify": ("data.classify", "Say what user agents and referrers are taken for."),
    "doctor": (
        "server.doctor",
        "Look for what is wrong with this installation, and say what to do.",
    ),
    "backup": ("server.upkeep", "Back up the running installation into one file."),
    "restore": ("server.upkeep", "Restore a backup into an empty place."),
    "upgrade": ("server.upkeep", "Back up, and bring the database to this version."),
    "check-links": (
        "server.upkeep",
        "Look whether the destinations of clicked links still answer.",
    ),
    "import": ("data.imports", "Bring in links, clicks, or a whole installation."),
    "export": ("data.data", "Take everything out, as NDJSON or CSV, or as one file."),
    "demo": ("data.data", "A simulated year of three accounts, to look around in."),
    "forget": ("accounts.followers", "Remove people who ask for it."),
}
"""Command → (module, what it does); the module's name for it ends in _ where Python needs that."""


class LazyCommands(Commands):
    """The top group: knows every command's one line of help without importing it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command that is used."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"linktrack.cli.{COMMANDS[cmd_name][0]}")
        name = "import_" if cmd_name == "import" else cmd_name.replace("-", "_")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="linktrack")
def main() -> None:
    """Wrap the links you post, and see how many of your followers click.

    HANDLE is @name, or network:@name where two networks have the same.
    Settings come from the environment (LINKTRACK_…); the guide lists them.
    """
