"""Who keeps a credential, in tests: in memory."""

from dataclasses import dataclass, field

from linktrack.networks.credentials import Credential


@dataclass
class Kept:
    """What was renewed, and what was said against it."""

    credentials: list[Credential] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def renewed(self, credential: Credential) -> None:
        """Keep what has taken its place."""
        self.credentials.append(credential)

    def refused(self, sentence: str) -> None:
        """Keep why it is not taken."""
        self.sentences.append(sentence)

    def taken(self) -> None:
        """Nothing is to be kept of that."""
