"""The `linktrack` command for shells, from a process that has imported it once.

Importing takes a second of each command. Whoever types it notices nothing: standard input, output
and error, the folder, the environment and the exit status are those of a process of its own.
"""

import importlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Final

from waiting import wait_until

CLIENT: Final = """#!{python} -IS
import json, os, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect("{address}")
words = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(asked, [b"%9d" % len(words)], [0, 1, 2])
asked.sendall(words)
sys.exit(int(asked.recv(9)))
"""
USED: Final = ("linktrack.installation", "linktrack.cli.common", "linktrack.links.wrapping")


@contextmanager
def preloaded(folder: Path) -> Iterator[str]:
    """Yield a program that does what `linktrack` does, as long as the block lasts."""
    address = folder / "linktrack.socket"
    process = Popen([sys.executable, __file__, str(address)])
    try:
        wait_until(address.exists, 120, why="commands are taken")
        yield CLIENT.format(python=sys.executable, address=address)
    finally:
        process.kill()
        process.wait()


def serve(address: str) -> None:
    """Take commands, each in a process that is forked for it, one after the other."""
    for name in USED:
        importlib.import_module(name)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    while True:
        asking, _ = listener.accept()
        size, files, _, _ = socket.recv_fds(asking, 9, 3)
        words = b""
        while len(words) < int(size):
            words += asking.recv(65_536)
        arguments, folder, environ = json.loads(words)
        if child := os.fork():
            for file in files:
                os.close(file)
            _, status = os.waitpid(child, 0)
            asking.sendall(b"%9d" % os.waitstatus_to_exitcode(status))
            asking.close()
            continue
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        run(arguments)


def run(arguments: list[str]) -> None:
    """Run one command, and end this process as it ends."""
    from linktrack.cli import main

    main(arguments, prog_name="linktrack")


if __name__ == "__main__":
    serve(sys.argv[1])
