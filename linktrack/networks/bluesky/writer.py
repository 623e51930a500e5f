"""Bluesky by an account that is signed in: posts, follows, lists, all through its own server."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final, cast

from atproto_client.models.utils import get_model_as_dict

from linktrack.errors import LinktrackError, NotFound
from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.access import ABILITIES
from linktrack.networks.bluesky.facets import own_links
from linktrack.networks.bluesky.posts import post_record
from linktrack.networks.bluesky.reader import PAGE, Bluesky
from linktrack.networks.bluesky.session import Server, Taken
from linktrack.networks.bluesky.taking_over import GATES, gate_of, taken_over
from linktrack.networks.credentials import Credential, Keeper
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.records import Card, Message, Page, PostPage, Profile, Sent, Standing
from linktrack.networks.texts import moment, text
from linktrack.networks.tids import new_tid

log = logging.getLogger(__name__)

POSTS: Final = "app.bsky.feed.post"
FOLLOWS: Final = "app.bsky.graph.follow"
LARGEST_PICTURE: Final = 1_000_000
"""Bytes of a card's picture (app.bsky.embed.external); a card with a larger one goes without."""


class BlueskyWriter:
    """Speaks for one account (`protocols.Writer`)."""

    abilities = ABILITIES

    def __init__(self, credential: Credential, keeper: Keeper, page: int = PAGE) -> None:
        """`page` is how many people, or posts, are asked for at a time, at most 100."""
        self._did = credential.values["session"].split(":::")[1]
        self._page = page
        self._server = Server(credential, keeper)
        self._reader = Bluesky(page=page, asked=self._server)

    def close(self) -> None:
        """Give back the connections."""
        self._reader.close()

    def profile(self, name: str) -> Profile:
        """Return an account by its handle or DID."""
        return self._reader.profile(name)

    def followers(self, name: str, cursor: str | None) -> Page:
        """Return one page of an account's followers, newest first, and who is followed back."""
        return self._reader.followers(name, cursor)

    def follows(self, cursor: str | None) -> Page:
        """Return one page of whom the account follows, newest first."""
        return self._reader.follows(self._did, cursor)

    def new_key(self) -> str:
        """Return a record key."""
        return new_tid()

    def publish(self, message: Message) -> Sent:
        """Write the post under its key; one that stands there already is left as it is."""
        at = datetime.now(UTC)
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
        record: dict[str, object] = {"$type": POSTS, "text": message.text, "createdAt": stamp}
        if message.instead_of is not None:
            old = message.instead_of.kept
            record |= taken_over(cast("Fields", old[POSTS]), message)
            gates = {name: cast("Fields", old[name]) for name in GATES if name in old}
        else:
            gates = {}
            facets = self._facets(message)
            if facets:
                record["facets"] = facets
        if message.reply_to is not None:
            record["reply"] = self._place_in_thread(message.reply_to)
        if message.card is not None and "embed" not in record:
            record["embed"] = self._embed(message.card)
        if gates:
            return self._publish_behind(gates, message, record, stamp)
        body = self._place(POSTS, message.key)
        try:
            # Only if there is nothing under the key: a second attempt overwrites nothing.
            put = self._server.call(
                "com.atproto.repo.putRecord", body | {"record": record, "swapRecord": None}
            )
        except Taken:
            found = self.find(message)
            if found is None:
                raise Unclear(
                    "Bluesky says that the post is there, and does not show it."
                ) from None
            return found
        return self._sent(str(put["uri"]), record)

    def _publish_behind(
        self,
        gates: Mapping[str, Fields],
        message: Message,
        record: Mapping[str, object],
        stamp: str,
    ) -> Sent:
        """Write the post and its gates at once; nobody replies before they stand.

        Where something stands under the key, the server refuses all of it.
        """
        found = self.find(message)
        if found is not None:
            return found
        address = f"at://{self._did}/{POSTS}/{message.key}"
        values = {POSTS: record}
        values |= {name: gate_of(gate, address, stamp) for name, gate in gates.items()}
        writes = [
            {
                "$type": "com.atproto.repo.applyWrites#create",
                "collection": collection,
                "rkey": message.key,
                "value": value,
            }
            for collection, value in values.items()
        ]
        self._server.call("com.atproto.repo.applyWrites", {"repo": self._did, "writes": writes})
        return self._sent(address, record)

    def standing(self, network_id: str) -> Standing | None:
        """Return a post as it stands, with who may reply to it and quote it."""
        key = self._key(network_id, POSTS)
        found = {name: self._record(name, key) for name in (POSTS, *GATES)}
        kept = {name: record for name, record in found.items() if record is not None}
        post = post_record({"post": {"uri": network_id, "record": kept.get(POSTS)}})
        return None if post is None else Standing(post, kept)

    def _record(self, collection: str, key: str) -> Fields | None:
        """Return a record of ours, None where there is none."""
        try:
            found = self._server.get(
                "/xrpc/com.atproto.repo.getRecord", self._place(collection, key)
            )
        except NotFound:
            return None
        value = found.get("value")
        return value if isinstance(value, dict) else None

    def find(self, message: Message) -> Sent | None:
        """Return the post that stands under the message's key."""
        try:
            found = self._server.get(
                "/xrpc/com.atproto.repo.getRecord", self._place(POSTS, message.key)
            )
        except NotFound:
            return None
        return self._sent(str(found["uri"]), cast("Fields", found["value"]))

    def edit(self, network_id: str, message: Message) -> Sent:  # noqa: ARG002 - as Writer has it
        """Refuse: Bluesky's posts are not edited."""
        raise Refused("Posts on Bluesky can't be edited: delete the post and post it again.")

    def delete(self, network_id: str) -> None:
        """Take a post back by its address (at://…)."""
        self._remove(network_id, POSTS)

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page of the account's own posts, newest first; reposts are not among them."""
        arguments: dict[str, str | int | list[str]] = {
            "repo": self._did, "collection": POSTS, "limit": self._page,
        }  # fmt: skip
        if cursor is not None:
            arguments["cursor"] = cursor
        found = self._server.get("/xrpc/com.atproto.repo.listRecords", arguments)
        rows = found.get("records")
        # A stored record, in the shape in which an AppView gives it.
        items: list[Fields] = [
            {"post": {"uri": row.get("uri"), "record": row.get("value")}}
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
        ]
        records = [record for item in items if (record := post_record(item)) is not None]
        return PostPage(records, text(found.get("cursor")))

    def follow(self, network_id: str) -> str:
        """Follow a DID; return the follow's own address. Who is followed already stays so."""
        try:
            profile = self._server.get("/xrpc/app.bsky.actor.getProfile", {"actor": network_id})
        except NotFound as error:
            raise Refused(error.sentence) from error
        viewer = profile.get("viewer")
        already = text(viewer.get("following")) if isinstance(viewer, dict) else None
        if already is not None:
            return already
        at = datetime.now(UTC)
        record = {"$type": FOLLOWS, "subject": network_id, "createdAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        body = {"repo": self._did, "collection": FOLLOWS, "record": record}
        return str(self._server.call("com.atproto.repo.createRecord", body)["uri"])

    def unfollow(self, followed: str) -> None:
        """Take back the follow of this address."""
        self._remove(followed, FOLLOWS)

    def _place_in_thread(self, answered: str) -> dict[str, object]:
        """Return what makes a post a reply: what it answers, and where that thread began."""
        found = self._server.get("/xrpc/app.bsky.feed.getPosts", {"uris": [answered]})
        posts = found.get("posts")
        post = posts[0] if isinstance(posts, list) and posts else None
        post = post if isinstance(post, dict) else {}
        cid = text(post.get("cid"))
        if cid is None:
            raise Refused("The post to reply to is no longer on Bluesky.")
        parent = {"uri": answered, "cid": cid}
        record = post.get("record")
        reply = record.get("reply") if isinstance(record, dict) else None
        root = reply.get("root") if isinstance(reply, dict) else None
        uri = text(root.get("uri")) if isinstance(root, dict) else None
        begun = text(root.get("cid")) if isinstance(root, dict) else None
        whole = uri is not None and begun is not None
        return {"root": {"uri": uri, "cid": begun} if whole else parent, "parent": parent}

    def _remove(self, address: str, collection: str) -> None:
        key = self._key(address, collection)
        self._server.call("com.atproto.repo.deleteRecord", self._place(collection, key))

    def _key(self, address: str, collection: str) -> str:
        """Return the key of a record of ours; raises `Refused` where it is none."""
        did, _, rest = address.removeprefix("at://").partition("/")
        found, _, key = rest.partition("/")
        if (did, found) != (self._did, collection) or not key:
            raise Refused("This account didn't make this on Bluesky.")
        return key

    def _place(self, collection: str, key: str) -> dict[str, str | int | list[str]]:
        return {"repo": self._did, "collection": collection, "rkey": key}

    def _sent(self, address: str, record: Mapping[str, object]) -> Sent:
        key = address.rpartition("/")[2]
        at = moment(record.get("createdAt")) or datetime.now(UTC)
        return Sent(address, f"https://bsky.app/profile/{self._did}/post/{key}", at)

    def _facets(self, message: Message) -> list[dict[str, object]]:
        """Return what makes parts of the text links: ours first, then what the app would find."""
        facets: list[tuple[int, dict[str, object]]] = []
        taken: list[range] = []
        for start, end, url in own_links(message.text, message.short_urls):
            taken.append(range(start, end))
            link = {"$type": "app.bsky.richtext.facet#link", "uri": url}
            index = {"byteStart": start, "byteEnd": end}
            facets.append((start, {"index": index, "features": [link]}))
        for facet in self._server.facets(message.text):
            start, end = facet.index.byte_start, facet.index.byte_end
            if not any(start < other.stop and other.start < end for other in taken):
                facets.append((start, get_model_as_dict(facet)))
        return [facet for _, facet in sorted(facets, key=itemgetter(0))]

    def _embed(self, card: Card) -> dict[str, object]:
        external: dict[str, object] = {
            "uri": card.url, "title": card.title, "description": card.description,
        }  # fmt: skip
        if card.picture is not None and len(card.picture) <= LARGEST_PICTURE:
            kind = card.picture_type or "image/jpeg"
            try:
                external["thumb"] = self._server.upload(card.picture, kind)
            except SignedOut:
                raise
            except (LinktrackError, Pause) as error:  # also where no answer came
                log.info("A card goes without its picture: %s", error)
        return {"$type": "app.bsky.embed.external", "external": external}
