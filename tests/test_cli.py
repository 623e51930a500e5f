"""The `linktrack` command: the main job, and every wrong input one clear sentence."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from commands import Run, good, parsed
from databases import Maker
from servers import command, environment

from linktrack.cli import COMMANDS, main

REPOSITORY = Path(__file__).resolve().parent.parent


def test_the_main_job_by_command(run: Run) -> None:
    """An account, its followers, a text, and the report."""
    assert (
        good(
            run(
                "account",
                "add",
                "@JessesLinks",
                "--network",
                "x",
                "--role",
                "you",
                "--followers",
                "23000",
            )
        )
        == "Added @JessesLinks on X with 23,000 followers.\n"
    )
    (account,) = parsed(run("account", "list", "--json"))
    assert (account["handle"], account["role"], account["followers"]) == (
        "@JessesLinks",
        "you",
        23_000,
    )
    answer = parsed(
        run("wrap", "@JessesLinks", "One http://one.com/ and http://two.com/", "--json")
    )
    assert answer["state"] == "published"
    assert [link["destination"] for link in answer["links"]] == [
        "http://one.com/",
        "http://two.com/",
    ]
    assert answer["text"] == "One {} and {}".format(
        *(link["short_url"] for link in answer["links"])
    )
    report = parsed(run("report", "cpf", "@jesseslinks", "--json"))
    assert report["still_counting"]["posts"] == 1
    assert report["posts"][0]["followers"] == 23_000
    said = good(run("report", "cpf", "x:@JessesLinks", "--window", "all"))
    assert "0 people who clicked on 1 post so far" in said
    assert parsed(run("status", "--json"))["links"] == 2


def test_the_network_of_an_account_is_read_from_its_handle(run: Run) -> None:
    """As on the page: a handle, a profile's address, or the name of another audience."""
    said = good(run("account", "add", "@jesse.bsky.social"))
    assert said == "Added @jesse.bsky.social on Bluesky.\n"
    assert good(run("account", "add", "https://x.com/JessesLinks")) == "Added @JessesLinks on X.\n"
    assert good(run("account", "add", "My newsletter")) == "Added My newsletter on Other.\n"


def test_a_text_comes_from_standard_input_byte_for_byte(run: Run) -> None:
    """With line breaks, trailing spaces and emoji; only the shell's last newline goes."""
    run("account", "add", "news", "--network", "other")
    text = "Zürich  \r\n\t☕️ http://one.com/ \n\n— end "
    answer = parsed(run("wrap", "news", "-", "--json", text=text + "\n"))
    assert answer["text"].replace(answer["links"][0]["short_url"], "http://one.com/") == text


def test_wrapping_an_already_wrapped_text_prints_it_as_it_is(run: Run) -> None:
    """And says on standard error that no post was made."""
    run("account", "add", "@JessesLinks", "--network", "x")
    wrapped = good(run("wrap", "@JessesLinks", "Go http://one.com/")).rstrip("\n")
    again = run("wrap", "@JessesLinks", wrapped)
    assert good(again).rstrip("\n") == wrapped
    assert "no post was made" in again.stderr
    assert parsed(run("wrap", "@JessesLinks", wrapped, "--json"))["id"] is None


def test_versions_are_printed_behind_the_public_text(run: Run) -> None:
    """One text, a door for each segment."""
    run("account", "add", "@JessesLinks", "--network", "x")
    good(run("segment", "add", "@JessesLinks", "community", "--size", "120"))
    (listed,) = parsed(run("segment", "list", "@JessesLinks", "--json"))
    assert (listed["segment"], listed["size"]) == ("community", 120)
    answer = parsed(
        run("wrap", "@JessesLinks", "Go http://one.com/", "--segment", "community", "--json")
    )
    (version,) = answer["versions"]
    assert version["segment"] == "community"
    assert version["links"][0]["destination"] == "http://one.com/"
    assert version["links"][0]["code"] != answer["links"][0]["code"]


def test_posts_change_their_states(run: Run) -> None:
    """Draft, published, discarded, back again."""
    run("account", "add", "@JessesLinks", "--network", "x")
    number = str(parsed(run("wrap", "@JessesLinks", "http://one.com/", "--draft", "--json"))["id"])
    assert parsed(run("post", "list", "--json"))[0]["state"] == "draft"
    good(run("post", "publish", number, "--at", "2026-01-02"))
    assert parsed(run("post", "list", "--json"))[0]["posted_at"] == "2026-01-02T00:00:00Z"
    good(run("post", "discard", number))
    assert parsed(run("post", "list", "--state", "discarded", "--json"))[0]["id"] == int(number)
    good(run("post", "restore", number))
    assert parsed(run("post", "list", "@JessesLinks", "--json"))[0]["state"] == "published"
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    assert parsed(run("wrap", "@JessesLinks", "http://b.com", "--at", later, "--json"))[
        "state"
    ] == ("scheduled")


def test_links_are_shown_disabled_and_led_elsewhere(run: Run) -> None:
    """With their history."""
    run("account", "add", "@JessesLinks", "--network", "x")
    run("wrap", "@JessesLinks", "http://one.com/", "--slug", "spring-sale")
    good(run("link", "disable", "spring-sale"))
    assert parsed(run("link", "show", "spring-sale", "--json"))["disabled_at"]
    good(run("link", "enable", "spring-sale"))
    good(run("link", "redirect", "spring-sale", "http://two.com/"))
    shown = parsed(run("link", "show", "spring-sale+", "--json"))
    assert [step["destination"] for step in shown["history"]] == [
        "http://one.com/",
        "http://two.com/",
    ]
    assert "two.com" in good(run("link", "show", "spring-sale"))


def test_an_account_is_renamed_with_all_it_has(run: Run) -> None:
    """The new handle finds it, the old one does not."""
    run("account", "add", "@JessesLinks", "--network", "x", "--followers", "5")
    good(run("account", "rename", "@JessesLinks", "@LinksOfJesse"))
    assert parsed(run("account", "list", "--json"))[0]["handle"] == "@LinksOfJesse"
    assert run("report", "cpf", "@JessesLinks").exit_code == 1


def test_an_account_is_given_another_role(run: Run) -> None:
    """Or none; a word that is no role is wrong usage."""
    run("account", "add", "@JessesLinks", "--network", "x", "--role", "you")
    assert "the role we" in good(run("account", "role", "@JessesLinks", "we"))
    assert parsed(run("account", "list", "--json"))[0]["role"] == "we"
    good(run("account", "role", "@JessesLinks", "none"))
    assert parsed(run("account", "list", "--json"))[0]["role"] is None
    assert run("account", "role", "@JessesLinks", "boss").exit_code == 2


def test_the_same_handle_on_two_networks_is_named_with_its_network(run: Run) -> None:
    """Otherwise nobody knows which is meant."""
    run("account", "add", "@jesse", "--network", "x")
    run("account", "add", "@jesse", "--network", "other")
    ambiguous = run("wrap", "@jesse", "http://one.com/")
    assert ambiguous.exit_code == 1
    assert "x:@jesse or other:@jesse" in ambiguous.stderr
    good(run("wrap", "x:@jesse", "http://one.com/"))


YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).isoformat()
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("account", "add", "@a b", "--network", "x"), "cannot be a handle on X"),
        (("account", "add", "@ok", "--network", "myspace"), "isn't a network"),
        (("account", "add", "@ok", "--network", "x", "--role", "they"), "isn't a role"),
        (("account", "add", "@ok", "--network", "x", "--followers", "-5"), "-5"),
        (("account", "add", "@known", "--network", "x"), "already exists"),
        (("account", "rename", "@nobody", "@other"), "There is no account"),
        (("account", "rename", "@known", "@a b"), "cannot be a handle"),
        (("counts", "record", "@known", "-5"), "-5"),
        (("counts", "record", "@known", "5", "--at", TOMORROW), "future"),
        (("counts", "record", "@known", "5", "--at", "yesterday"), "isn't a date or time"),
        (("counts", "record", "@nobody", "5"), "There is no account"),
        (
            ("counts", "record", "@known", "99999999999999999999999"),
            "cannot be a number of followers",
        ),
        (("wrap", "@nobody", "http://one.com/"), "There is no account"),
        (("wrap", "@known", "x" * 1_000_000), "characters"),
        (("wrap", "@known", "http://one.com/", "--at", "soon"), "isn't a date or time"),
        (("wrap", "@known", "http://one.com/", "--segment", "ghosts"), "has no segment"),
        (("wrap", "@known", "http://one.com/", "--slug", "owner"), "reserved for linktrack"),
        (("wrap", "@known", "no address", "--slug", "abc"), "Short codes chosen: 1"),
        (("post", "publish", "99"), "There is no post number 99"),
        (("post", "list", "--state", "lost"), "isn't a state"),
        (("link", "show", "nothere"), "There is no link"),
        (("link", "disable", "nothere"), "There is no link"),
        (("link", "redirect", "mine", "javascript:alert(1)"), "http"),
        (("link", "redirect", "mine", "https://go.jessestay.com/mine"), "another short link"),
        (("report", "cpf", "@nobody"), "There is no account"),
        (("report", "cpf", "@known", "--window", "2d"), "isn't a counting window"),
        (("report", "cpf", "@known", "--from", "2026-02-02", "--to", "2026-01-01"), "empty"),
        (("report", "cpf", "@known", "--limit", "1000"), "1 to 100"),
        (("segment", "add", "@known", "s", "--size", "-1"), "-1"),
        (("segment", "add", "@known", " "), "needs a name"),
        (("owner", "create", ""), "needs a name"),
        (("owner", "link", "nobody"), "no owner"),
        (("serve", "--bind", "nowhere"), "isn't a place to listen"),
    ],
)
def test_wrong_input_is_one_clear_sentence_and_changes_nothing(
    run: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    """Status 1, one line on standard error, no traceback, nothing stored."""
    run("account", "add", "@known", "--network", "x", "--followers", "7")
    run("wrap", "@known", "http://one.com/", "--slug", "mine")
    before = good(run("status", "--json")), good(run("account", "list", "--json"))
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.startswith("Error: ")
    assert (good(run("status", "--json")), good(run("account", "list", "--json"))) == before


def test_a_number_beyond_what_is_stored_is_wrong_usage(run: Run) -> None:
    """Status 2, and no traceback."""
    run("account", "add", "@known", "--network", "bluesky", "--role", "you")
    for words in (
        *(("post", verb) for verb in ("send", "edit", "withdraw", "rewrap", "publish", "discard")),
        ("report", "cpf", "@known", "--after"),
        ("report", "referrers", "@known", "--post"),
        ("follow-back", "undo", "@known", "--follow"),
    ):
        result = run(*words, "9" * 20)
        assert result.exit_code == 2, (words, result.output)
        assert "is not in the range" in result.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("LINKTRACK_BASE_URL", "go.example.org"),
        ("LINKTRACK_BASE_URL", "ftp://example.org"),
        ("LINKTRACK_BASE_URL", "https://example.org/path"),
        ("LINKTRACK_BASE_URL", "https://example.org:99999"),
        ("LINKTRACK_DATABASE", "mysql://localhost/x"),
        ("LINKTRACK_TIMEZONE", "Mars/Olympus"),
        ("LINKTRACK_TIMEZONE", "../../etc/passwd"),
        ("LINKTRACK_VISITOR_PERIOD", "decade"),
        ("LINKTRACK_JOURNAL_SYNC", "never"),
        ("LINKTRACK_JOURNAL_KEEP_DAYS", "-1"),
        ("LINKTRACK_TRUSTED_PROXIES", "everyone"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    """One sentence that names the setting and what it may be."""
    monkeypatch.setenv("LINKTRACK_DATA", str(tmp_path))
    monkeypatch.setenv(setting, value)
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 1
    assert setting in result.stderr


@pytest.mark.parametrize(
    "database_url",
    [
        "sqlite:////nonexistent/folder/linktrack.db",
        "sqlite:////nonexistent",
        "postgresql://nobody@127.0.0.1:1/nothing",
    ],
)
def test_a_database_that_is_not_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Every command says that it cannot be used right now."""
    monkeypatch.setenv("LINKTRACK_DATA", str(tmp_path))
    monkeypatch.setenv(
        "LINKTRACK_DATABASE", database_url.replace("/nonexistent", str(tmp_path / "x"))
    )
    (tmp_path / "x").write_text("a file where a folder or a database should be")
    for arguments in (("status",), ("account", "list"), ("load",)):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 1
        assert "cannot be used" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_a_data_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "data").write_text("")
    monkeypatch.setenv("LINKTRACK_DATA", str(tmp_path / "data"))
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 1
    assert "LINKTRACK_DATA" in result.stderr


def every_command(group: Any = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    import click

    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += every_command(command, (*path, name))
    return found


def test_every_command_has_help_and_stands_in_the_guide() -> None:
    """A command that is added is documented with it."""
    guide = (REPOSITORY / "docs" / "guide" / "commands.md").read_text()
    for path in every_command():
        result = CliRunner().invoke(main, [*path, "--help"])
        assert result.exit_code == 0, path
        assert f"linktrack {' '.join(path)}" in guide, path
    assert set(COMMANDS) == {path[0] for path in every_command()}


def test_every_setting_stands_in_the_guide() -> None:
    """With its default and its meaning, word for word."""
    from linktrack.settings import SETTINGS

    guide = (REPOSITORY / "docs" / "guide" / "settings.md").read_text().replace("`", "")
    for setting in SETTINGS:
        assert f"| {setting.name} | {setting.default} | {setting.meaning} |" in guide


@pytest.mark.slow
def test_help_imports_nothing_heavy() -> None:
    """What costs time is imported where it is used."""
    script = (
        "import sys; from click.testing import CliRunner; from linktrack.cli import main;"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0;"
        "print([m for m in ('flask', 'sqlalchemy', 'alembic', 'gunicorn', 'twitter_text',"
        " 'atproto_client') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_a_command_looks_for_no_garbage_in_its_modules(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Neither while it imports them nor at its end, when they are out of sight."""
    script = (
        "import atexit, gc, sys; before = gc.get_stats()[0]['collections'];"
        "atexit.register(lambda: print(gc.get_stats()[0]['collections'] - before,"
        " gc.get_freeze_count(), file=sys.stderr));"
        "sys.argv[1:] = ['account', 'list', '--json'];"
        "from linktrack.__main__ import run; run()"
    )
    environ = environment(tmp_path / "data", sqlite_databases())
    assert command(environ, "account", "list").returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True
    )
    looked, frozen = map(int, done.stderr.split())
    assert looked < 30
    assert frozen > 50_000


def test_times_are_read_as_people_write_them() -> None:
    """ISO and its common cousins; without an offset it is the owner's time."""
    from zoneinfo import ZoneInfo

    from linktrack.calendar.times import parse_moment

    berlin = ZoneInfo("Europe/Berlin")
    for written, moment in {
        "2026-05-04": "2026-05-03T22:00:00+00:00",
        "2026-05-04T12:00": "2026-05-04T10:00:00+00:00",
        "2026-05-04 12:00:30": "2026-05-04T10:00:30+00:00",
        "2026-05-04T12:00:00Z": "2026-05-04T12:00:00+00:00",
        "2026-05-04T12:00:00.123456+02:00": "2026-05-04T10:00:00.123000+00:00",
        "2024-11-15 00:01:00 UTC": "2024-11-15T00:01:00+00:00",
        "2024-11-15 UTC": "2024-11-15T00:00:00+00:00",
        "20090701": "2009-06-30T22:00:00+00:00",
    }.items():
        assert parse_moment(written, berlin).isoformat() == moment
