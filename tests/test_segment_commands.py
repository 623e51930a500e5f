"""Segments, personal links and their report by command."""

from pathlib import Path

import pytest
from commands import Run, good, parsed


def test_segments_from_making_them_to_their_report(run: Run, tmp_path: Path) -> None:
    """Lists, rules and ready-made ones; the report says first of whom nobody can tell."""
    people = tmp_path / "followers.csv"
    people.write_text("id,handle,followers,posts\n1,@ann,0,0\n2,@ben,900,80\n3,@cleo,900,80\n")
    friends = tmp_path / "friends.csv"
    friends.write_text("handle\n@ben\n@nobody\n")
    good(run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000"))
    good(run("followers", "import", "@JessesLinks", str(people), "--at", "2026-05-03"))
    told = good(run("segment", "add", "@JessesLinks", "friends", "--list", str(friends)))
    assert "Added the segment friends with 1 people." in told
    assert "1 people on the list are in no follower list yet" in told
    good(run("segment", "add", "@JessesLinks", "--preset", "looks empty"))
    good(run("segment", "add", "@JessesLinks", "busy", "--rule", "posts >= 10"))
    good(run("segment", "add", "@JessesLinks", "chat", "--size", "12"))
    listed = parsed(run("segment", "list", "@JessesLinks", "--json"))
    assert [(line["segment"], line["size"], line["kind"]) for line in listed] == [
        ("friends", 1, "list"),
        ("looks empty", 1, "rule"),
        ("busy", 1, "rule"),
        ("chat", 12, "size"),
        ("everyone else", 0, "rest"),
    ]
    assert "on a list; 1 wait" in good(run("segment", "list", "@JessesLinks"))
    good(run("segment", "move", "@JessesLinks", "busy", "1"))
    good(run("segment", "rename", "@JessesLinks", "busy", "writers"))
    good(run("segment", "set", "@JessesLinks", "writers", "--rule", "posts >= 1000"))
    good(run("segment", "set", "@JessesLinks", "chat", "--size", "13", "--place", "our chat"))
    good(run("segment", "remove", "@JessesLinks", "looks empty"))
    listed = parsed(run("segment", "list", "@JessesLinks", "--json"))
    assert [(line["segment"], line["size"], line["place"]) for line in listed] == [
        ("writers", 0, None),
        ("friends", 1, None),
        ("chat", 13, "our chat"),
        ("everyone else", 2, None),
    ]
    wrapped = run(
        "wrap", "@JessesLinks", "http://a.com", "--segment", "chat", "--segment", "friends",
        "--addressed", "chat=9",
    )  # fmt: skip
    assert "friends has no place that only they see" in wrapped.stderr
    assert "chat has no place" not in wrapped.stderr
    report = parsed(run("report", "segments", "@JessesLinks", "--window", "all", "--json"))
    assert list(report) == [
        "account", "window", "unattributed", "count", "roster", "roster_at", "unknown_people",
        "segments", "living", "posts", "posts_unmeasured", "still_counting",
        "properties", "properties_at", "ways",
    ]  # fmt: skip
    assert [line["addressed"] for line in report["segments"]] == [None, 1, 9, None]
    assert report["unknown_people"] == 22_997
    text = good(run("report", "segments", "@JessesLinks"))
    assert text.startswith("Nobody has clicked on these posts yet.")
    assert "22,997 followers are on no follower list." in text
    assert "looks empty" in good(run("segment", "presets"))
    assert parsed(run("segment", "presets", "--json"))["presets"][0]["preset"] == "newcomers"


def test_personal_links_are_off_and_for_who_agreed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Switched on, they are made for who agreed, until that is taken back or they are forgotten."""
    people = tmp_path / "followers.csv"
    people.write_text("id,handle\n1,@ann\n2,@ben\n")
    good(run("account", "add", "@JessesLinks", "--network", "x"))
    good(run("followers", "import", "@JessesLinks", str(people), "--at", "2026-05-03"))
    post = parsed(run("wrap", "@JessesLinks", "http://a.com", "--json"))
    code = post["links"][0]["code"]
    good(run("personal", "agree", "@JessesLinks", "@ann"))
    assert "Personal links are off" in run("personal", "link", code, "@ann").stderr
    monkeypatch.setenv("LINKTRACK_PERSONAL_LINKS", "on")
    url = good(run("personal", "link", code, "@ann")).strip()
    assert url.startswith("https://go.jessestay.com/")
    assert code not in url
    assert "has not agreed" in run("personal", "link", code, "2").stderr
    assert "No follower" in run("personal", "agree", "@JessesLinks", "@nobody").stderr
    good(run("personal", "withdraw", "@JessesLinks", "1"))
    assert "has not agreed" in run("personal", "link", code, "@ann").stderr
    good(run("personal", "agree", "@JessesLinks", "@ben"))
    good(run("forget", "follower", "@ben"))
    assert "No follower" in run("personal", "link", code, "@ben").stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("segment", "add", "@a", "x", "--rule", "postz > 1"), "There is no field 'postz'"),
        (("segment", "add", "@a", "--preset", "fakes"), "There is no preset 'fakes'"),
        (("segment", "add", "@a"), "Give the segment a name"),
        (("segment", "move", "@a", "ghosts", "1"), "has no segment 'ghosts'"),
        (("segment", "set", "@a", "chat", "--rule", "posts > 1"), "a size that you enter"),
        (("wrap", "@a", "http://a.com", "--addressed", "chat"), "--addressed takes NAME=N"),
        (("wrap", "@a", "http://a.com", "--addressed", "chat=5"), "No version is made for"),
        (("report", "segments", "@a", "--window", "1y"), "a counting window"),
    ],
)
def test_wrong_input_is_one_clear_sentence(run: Run, arguments: tuple[str, ...], told: str) -> None:
    """Status 1, and nothing is changed."""
    good(run("account", "add", "@a", "--network", "x"))
    good(run("segment", "add", "@a", "chat", "--size", "3"))
    result = run(*arguments)
    assert (result.exit_code, told in result.stderr) == (1, True), result.output
    assert len(parsed(run("segment", "list", "@a", "--json"))) == 1
    assert parsed(run("post", "list", "--json")) == []
