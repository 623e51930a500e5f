"""Two moved shorteners side by side, behind the proxies of the guide, each on its own host."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from databases import Maker
from paths import REPOSITORY
from proxies import proxy
from servers import Server, answer, command, environment, free_port, serving
from services import BROWSER, loaded

pytestmark = pytest.mark.slow

FIRST, SECOND = "go.yoursite.org", "go.club.net"
YOURLS = """-- MySQL dump
INSERT INTO `yourls_url` VALUES
('sale','http://ours.org/','Ours','2014-10-24 16:01:39','127.0.0.1',7),
('mine','http://ours.org/mine','Mine','2014-10-24 16:01:39','127.0.0.1',0);
"""
BITLY = (
    "Bitlink,Long URL,Title,Date Created\n"
    "bit.ly/sale,http://club.net/,Club,2015-10-24\n"
    "bit.ly/4theirs,http://club.net/theirs,Theirs,2015-10-24\n"
)


def of_the_guide(begins: str) -> str:
    """Return the configuration of the guide's section on several domains that begins so."""
    guide = (REPOSITORY / "docs" / "guide" / "server.md").read_text()
    section = guide.partition("\n## Several domains\n")[2].partition("\n## ")[0]
    blocks: list[str] = re.findall(r"^ *```\n(.*?)^ *```\n", section, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.strip().startswith(begins))


@contextmanager
def caddy(server: Server, folder: Path) -> Iterator[int]:
    """Run Caddy as the guide says, but for certificates and ports."""
    port = free_port()
    site = of_the_guide(FIRST).replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    for host in (FIRST, SECOND):
        site = site.replace(host, f"http://{host}:{port}")
    file = folder / "Caddyfile"
    file.write_text("{\n admin off\n auto_https off\n}\n" + site)
    with proxy(["caddy", "run", "--adapter", "caddyfile", "--config", str(file)], port, folder):
        yield port


@contextmanager
def nginx(server: Server, folder: Path) -> Iterator[int]:
    """Run nginx as the guide says, but for certificates and ports."""
    port = free_port()
    folder.chmod(0o755)
    site = of_the_guide("server {").replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/nginx.pid; user root; events {{ }}\nhttp {{ {paths}\n{site}\n}}"
    )
    with proxy(["nginx", "-c", str(file), "-e", str(folder / "error.log")], port, folder):
        yield port


def ask(port: int, host: str, path: str) -> tuple[int, str | None, str]:
    """Ask a proxy for an address of a host; return status, where it leads, and the page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {name.replace("_", "-"): text for name, text in BROWSER.items()}
    connection.request("GET", path, headers={"Host": host, **headers})
    response = connection.getresponse()
    found = response.status, response.getheader("Location"), response.read().decode()
    connection.close()
    return found


def test_two_moved_shorteners_stand_side_by_side(sqlite_databases: Maker, tmp_path: Path) -> None:
    """One code leads to two places, by the host, through both proxies; each has its own pages."""
    environ = environment(
        tmp_path / "data", sqlite_databases(), LINKTRACK_BASE_URL=f"https://{FIRST}"
    )
    with serving(environ, tmp_path / "log") as server:
        for handle in ("@ours", "@club"):
            assert command(environ, "account", "add", handle, "--network", "x").returncode == 0
        dump, table = tmp_path / "dump.sql", tmp_path / "links.csv"
        dump.write_text(YOURLS)
        table.write_text(BITLY)
        added = command(environ, "domain", "add", SECOND)
        assert added.returncode == 0, added.stderr
        moved = (
            ("yourls", dump, "--account", "@ours"),
            ("bitly", table, "--account", "@club", "--domain", SECOND),
        )
        for form, file, *more in moved:
            done = answer(environ, "import", "links", form, str(file), *more)
            assert (done["added"], done["codes_taken"]) == (2, 0)
        edited = command(
            environ, "domain", "edit", SECOND, "--title", "The Club", "--missing-text", "Not ours."
        )
        assert edited.returncode == 0, edited.stderr
        clicked = 0
        for through in (caddy, nginx):
            folder = tmp_path / through.__name__
            folder.mkdir()
            with through(server, folder) as port:
                assert ask(port, FIRST, "/sale")[:2] == (302, "http://ours.org/")
                assert ask(port, SECOND, "/sale")[:2] == (302, "http://club.net/")
                assert ask(port, SECOND, "/4theirs")[:2] == (302, "http://club.net/theirs")
                clicked += 3
                status, _, page = ask(port, SECOND, "/mine")
                assert status == 404
                assert "Not ours." in page
                front = ask(port, SECOND, "/")[2]
                assert "The Club" in front
                for page in (front, ask(port, FIRST, "/")[2]):
                    assert "@ours" not in page
                    assert "@club" not in page
                assert ask(port, FIRST, "/owner/sign-in")[0] == 200
                for path in ("/owner/sign-in", "/owner/", "/api/v1/accounts", "/join/@club"):
                    assert ask(port, SECOND, path)[0] == 404
        assert loaded(environ) == clicked
        theirs = answer(environ, "link", "show", f"https://{SECOND}/sale")
        assert (theirs["short_url"], theirs["clicks"]) == (f"https://{SECOND}/sale", 2)
        assert answer(environ, "link", "show", "sale")["clicks"] == 2
