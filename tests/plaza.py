"""A network on which people speak to an account, and are answered, with trouble at any step."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from square import Clock
from world import NOON, World

from linktrack.audience.credentials import connect
from linktrack.audience.models import Account
from linktrack.community.suggestions.boxes import set_box
from linktrack.keys import load_keys
from linktrack.networks.credentials import Credential, SignIn
from linktrack.networks.records import Mention, MentionPage, Message, Sent, Spoken

PAGE: Final = 3
MOSS: Final = "https://example.org/moss"


class Plaza:
    """What was said to an account, newest first; `trouble` happens at a page, by its cursor.

    It takes replies, too: the same key is the same reply, and `troubles` come before or after one.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.said: list[Mention] = []
        self.asked: list[str | None] = []
        self.trouble: dict[str | None, BaseException] = {}
        self.replies: dict[str, Message] = {}
        self.before: list[BaseException] = []
        self.after: list[BaseException] = []
        self.looks = 0

    def say(
        self,
        who: str,
        text: str,
        *,
        at: datetime | None = None,
        spoken: Spoken = "reply",
        handle: str | None = "",
    ) -> Mention:
        """Let somebody say something to the account."""
        name = f"@{who}.test" if handle == "" else handle
        mention = Mention(
            f"at://did:plc:{who}/app.bsky.feed.post/{len(self.said)}", spoken,
            f"did:plc:{who}", name, at or self.clock.now, text,
        )  # fmt: skip
        self.said.insert(0, mention)
        return mention

    def open(self, _: Account) -> "Plaza":
        return self

    def close(self) -> None:
        pass

    def mentions(self, cursor: str | None) -> MentionPage:
        self.asked.append(cursor)
        if cursor in self.trouble:
            raise self.trouble.pop(cursor)
        ids = [each.network_id for each in self.said]
        start = 0 if cursor is None else ids.index(cursor) + 1
        page: Sequence[Mention] = self.said[start : start + PAGE]
        oldest = min((each.said_at for each in page), default=None)
        more = page[-1].network_id if page and start + PAGE < len(self.said) else None
        return MentionPage(page, oldest, more)

    def publish(self, message: Message) -> Sent:
        if self.before:
            raise self.before.pop(0)
        self.replies.setdefault(message.key, message)
        if self.after:
            raise self.after.pop(0)
        return self._sent(message)

    def find(self, message: Message) -> Sent | None:
        self.looks += 1
        return self._sent(message) if message.key in self.replies else None

    def _sent(self, message: Message) -> Sent:
        return Sent(f"at://me/{message.key}", f"https://bsky.test/{message.key}", self.clock.now)


def listener(world: World, handle: str = "@you.test", network: str = "bluesky") -> Account:
    """An account that is connected, and whose owner wants mentions and the form read."""
    account = world.account(handle, network)
    account.network_id = "did:plc:you"
    signed = SignIn("did:plc:you", handle, Credential(network, "https://pds.test", {"a": "b"}))
    connect(world.session, load_keys(world.settings.data), account, signed, NOON)
    set_box(world.session, account, NOON - timedelta(days=2), form=True, mentions=True)
    world.session.commit()
    return account
