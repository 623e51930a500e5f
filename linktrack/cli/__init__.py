"""The `linktrack` command. Commands are imported when they are used, so that help is quick."""

from importlib import import_module
from typing import Final

import click

from linktrack import __version__
from linktrack.cli.common import Commands

COMMANDS: Final = {
    "serve": (
        "server.service",
        "Run the service: short links, click counting and the owner pages.",
    ),
    "owner": ("server.owners", "Manage who can sign in, and create one-time sign-in links."),
    "token": ("server.programs", "Manage tokens for programs that use the JSON API."),
    "webhook": ("server.programs", "Manage webhooks, which send events to other programs."),
    "notify": ("server.notify", "Manage who gets digests and alerts, by email or by Apprise."),
    "account": ("accounts.accounts", "Manage social accounts and other audiences."),
    "segment": ("accounts.segments", "Manage named groups of an account's followers."),
    "personal": (
        "posts.personal",
        "Manage personal links, each for one follower who agreed to it.",
    ),
    "counts": ("data.data", "Record, import and list follower counts."),
    "followers": ("accounts.followers", "Import and list follower lists."),
    "follow-back": ("accounts.follow_back", "Follow people back: dry run, on, off, undo."),
    "community": (
        "community.community",
        "Manage an account's community: open it, and see who asks to join.",
    ),
    "suggestions": (
        "community.suggestions",
        "See what people suggest, make drafts of it, thank or decline.",
    ),
    "sync": (
        "accounts.followers",
        "Fetch follower counts, follower lists and your posts from the networks.",
    ),
    "archive": ("accounts.followers", "Import the archive that a network gives you."),
    "wrap": ("posts.posts", "Shorten the links of a text, and record it as a post."),
    "post": ("posts.posts", "List posts, and publish, schedule or discard them."),
    "link": ("links.links", "Make, list, describe, disable or redirect links, one or many."),
    "domain": (
        "server.domains",
        "Manage the domains that short links begin with, and their front pages.",
    ),
    "digest": ("reports.digest", "Print or email a summary of an account's last week or month."),
    "story": ("reports.story", "Tell what became of an account since a day, as a text to publish."),
    "people": ("posts.people", "Manage the people your links promote."),
    "site": ("posts.people", "Manage the list of your own sites."),
    "goal": ("links.goals", "Manage goals: what clicks can become on your own sites."),
    "experiment": (
        "reports.experiments",
        "Compare posts before and after a change, or two accounts.",
    ),
    "note": ("reports.notes", "Add notes to days; charts show them."),
    "report": (
        "reports.reports",
        "Print reports: clicks per follower, segments, sources and more.",
    ),
    "shared": (
        "reports.sharing",
        "Share an account's posts and their figures under a secret address.",
    ),
    "setting": ("server.settings", "Show and change settings."),
    "status": (
        "server.service",
        "Show how many rows the database has, what is not loaded yet, and how the nodes are.",
    ),
    "node": ("server.nodes", "List the machines that serve this installation, or remove one."),
    "load": ("server.service", "Load captured clicks into the database."),
    "rebuild": ("server.service", "Recompute all counts from the stored clicks."),
    "clicks": ("data.clicks", "Move single clicks to ClickHouse, or back."),
    "reclassify": ("data.classify", "Apply the current rules to stored clicks."),
    "classify": ("data.classify", "Show how user agents and referrers are classified."),
    "doctor": (
        "server.doctor",
        "Check this installation for problems, and say how to fix them.",
    ),
    "backup": ("server.upkeep", "Back up the running installation to one file."),
    "restore": ("server.upkeep", "Restore a backup into an empty data folder and database."),
    "upgrade": ("server.upkeep", "Back up, then migrate the database to this version."),
    "check-links": (
        "server.upkeep",
        "Check that the destinations of clicked links still work.",
    ),
    "import": ("data.imports", "Import links, clicks, or a whole installation."),
    "export": ("data.data", "Export everything, as NDJSON, CSV or one zip file."),
    "demo": ("data.data", "Create or remove four demo accounts with two simulated years."),
    "forget": ("accounts.followers", "Delete people's data on request."),
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
    """Shorten the links you post, and see how many of your followers click.

    HANDLE is @name, or network:@name if two networks have the same handle.
    Settings come from the environment (LINKTRACK_…), or are stored with linktrack setting.
    """
