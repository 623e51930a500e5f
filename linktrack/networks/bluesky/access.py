"""What signing in takes on Bluesky, and what it lets a program do. Pure."""

from typing import Final

from linktrack.networks.credentials import Needs, Secret
from linktrack.networks.protocols import Abilities

ABILITIES: Final = Abilities(edits=False, reposts=True, shows_followers=True, follows=True)

NEEDS: Final = Needs(
    (Secret("app_password", "App password"),),
    "On Bluesky: Settings, Privacy and security, App passwords, Add App Password. Not the "
    "password you sign in with yourself.",
    "Leave empty for bsky.social. An account on a server of its own names that, such as "
    "https://pds.example.org.",
)
