"""What signing in takes on Mastodon, and what it lets a program do. Pure."""

from typing import Final

from linktrack.networks.credentials import Needs, Secret
from linktrack.networks.protocols import Abilities

ABILITIES: Final = Abilities(edits=True, reposts=True, shows_followers=True, follows=True)

NEEDS: Final = Needs(
    (Secret("access_token", "Access token"),),
    "On your server: Preferences, Development, New application, with the scopes read:accounts, "
    "read:follows, read:notifications, read:search, read:statuses, write:follows and "
    "write:statuses; then open the application.",
    "Leave empty for the one in the handle. A server of another name is written like "
    "https://social.example.org.",
)
