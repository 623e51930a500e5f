"""All commands for the community."""

from linktrack.cli.community import feed, opening, requests  # noqa: F401 - each adds its commands
from linktrack.cli.community.group import community

__all__ = ["community"]
