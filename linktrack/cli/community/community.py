"""All commands for the community."""

from linktrack.cli.community import opening  # noqa: F401 - it adds its commands
from linktrack.cli.community.group import community

__all__ = ["community"]
