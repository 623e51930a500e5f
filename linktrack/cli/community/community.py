"""All commands for the community."""

from linktrack.cli.community import (  # noqa: F401 - each adds its commands
    feed,
    members,
    opening,
    requests,
)
from linktrack.cli.community.group import community

__all__ = ["community"]
