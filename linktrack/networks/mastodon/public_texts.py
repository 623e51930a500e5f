"""What somebody says on Mastodon, where everybody can read it: their own server says it."""

from contextlib import closing
from typing import Final

from linktrack.errors import Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon.content import read_content
from linktrack.networks.mastodon.posts import MastodonFeed
from linktrack.networks.records import PublicTexts
from linktrack.networks.texts import stable_id, text
from linktrack.outside.visit import host_of

NEWEST: Final = 20  # posts


def public_texts(handle: str, base_url: str | None = None) -> PublicTexts:
    """Return what the profile of a handle says, and the newest posts (`Network.public_texts`).

    A server speaks for people at addresses of its own alone: else any could say that somebody of
    another server is one of its people, with whatever it likes in their profile. `base_url` is a
    server that was set on purpose.
    """
    user, _, host = handle.removeprefix("@").partition("@")
    server = base_url or f"https://{host}"
    with closing(Fetcher(server, may_be_private=base_url is not None)) as fetcher:
        found = fetcher.get("/api/v1/accounts/lookup", {"acct": user})
    url, name = stable_id(found.get("url")), text(found.get("username"))
    is_own = (
        url is not None and url.startswith(("https://", server)) and _host(url) == _host(server)
    )
    if not is_own or url is None or name is None or name.casefold() != user.casefold():
        raise Unavailable(
            f"{host} doesn't say that {handle} is one of its own people: sign in there instead."
        )
    with closing(MastodonFeed(handle, base_url, NEWEST)) as feed:
        posts = feed.posts(None).posts
    own = [post.text for post in posts if not post.is_repost]
    return PublicTexts(url, f"@{name}@{host}", (*_profile(found), *own))


def _profile(found: Fields) -> list[str]:
    """Return the words of a profile, and of the fields below it."""
    fields = found.get("fields")
    said = [found.get("note")]
    said += [
        each.get("value")
        for each in (fields if isinstance(fields, list) else [])
        if isinstance(each, dict)
    ]
    return [read_content(each).text for each in said if isinstance(each, str)]


def _host(address: str) -> str | None:
    try:
        return host_of(address)
    except ValueError:
        return None
