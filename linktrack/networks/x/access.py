"""What signing in takes on X, and what it lets a program do. Pure."""

from typing import Final

from linktrack.networks.credentials import Needs, Secret
from linktrack.networks.protocols import Abilities

# X's automation rules forbid following back, and each follower that is read may cost money.
ABILITIES: Final = Abilities(edits=False, reposts=False, shows_followers=False, follows=False)

NEEDS: Final = Needs(
    (
        Secret("consumer_key", "API key"),
        Secret("consumer_secret", "API key secret"),
        Secret("access_token", "Access token"),
        Secret("access_token_secret", "Access token secret"),
    ),
    "On developer.x.com: your project's app, User authentication settings with Read and write; "
    "then Keys and tokens.",
)
