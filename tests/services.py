"""A running service's first link, and its clicks once they are stored."""

from servers import answer, command
from waiting import wait_until

BROWSER = {
    "User_Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept_Language": "en",
}


def a_link(environ: dict[str, str]) -> str:
    """Add an account with 23,000 followers and a post; return the path of its short link."""
    added = command(
        environ,
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
    assert added.returncode == 0, added.stderr
    post = answer(environ, "wrap", "@JessesLinks", "Read http://example.com/one now")
    return f"/{post['links'][0]['code']}"


def loaded(environ: dict[str, str], seconds: float = 60) -> int:
    """Return how many clicks are stored once nothing waits to be loaded."""
    clicks = 0

    def nothing_waits() -> bool:
        nonlocal clicks
        status = answer(environ, "status")
        clicks = int(status["clicks"])
        return bool(status["bytes_to_load"] == 0)

    wait_until(nothing_waits, seconds, every=0.2, why="nothing waits to be loaded")
    return clicks
