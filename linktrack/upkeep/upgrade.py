"""Bring an installation to this version: back it up, then migrate its tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from linktrack.db import NEWER
from linktrack.errors import Conflict
from linktrack.installation import Installation
from linktrack.upkeep.backup import back_up


@dataclass(frozen=True, slots=True)
class Upgraded:
    """Whether the tables were changed, and the backup that was made before."""

    changed: bool
    backup: Path | None


def upgrade(
    installation: Installation,
    environ: Mapping[str, str],
    now: datetime,
    backup: Path | None = None,
) -> Upgraded:
    """Migrate the tables after a backup (default: in the data folder's `backups`).

    On a current database nothing happens; a new one gets its tables. Raises `Conflict` for a
    database of a newer linktrack, `Unavailable` if the backup cannot be written: then nothing
    was migrated.
    """
    state = installation.database.schema_state()
    if state == "newer":
        raise Conflict(NEWER)
    if state == "current":
        return Upgraded(False, None)
    if state == "new":
        installation.database.migrate()
        return Upgraded(True, None)
    if backup is None:
        folder = installation.settings.data / "backups"
        folder.mkdir(exist_ok=True, mode=0o700)
        backup = folder / f"before-upgrade-{now:%Y%m%d-%H%M%S}.tar.gz"
    back_up(installation, backup, environ, now)
    installation.database.migrate()
    return Upgraded(True, backup)
