"""Packages of Node.js for tests, installed into the cache once for each state of a lock file.

`python3 nodepackages.py` installs them all beforehand, and needs no library.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "linktrack-tests"


def installed(source: Path, program: str, *, builds: bool = True) -> Path:
    """Install what the lock file in a folder names; return where, with the program beside it.

    Without `builds` nothing is compiled.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        from databases import skip_or_fail

        skip_or_fail("Node.js is not here: install node and npm, version 20")
    lock = (source / "package-lock.json").read_bytes()
    version = subprocess.run(["node", "--version"], check=True, capture_output=True).stdout
    folder = CACHE / f"{source.name}-{hashlib.sha256(lock + version).hexdigest()[:16]}"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        environ = dict(os.environ)
        if Path("/usr/include/node/node.h").exists():
            environ["npm_config_nodedir"] = "/usr"  # its headers are here: nothing is fetched
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        if not builds:
            command.append("--ignore-scripts")
        subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
        (folder / "done").touch()
    shutil.copy(source / program, folder)
    return folder


if __name__ == "__main__":
    HERE: Final = Path(__file__).parent
    installed(HERE / "atnet", "network.mjs")
    installed(HERE / "oracles", "oracle.mjs", builds=False)
