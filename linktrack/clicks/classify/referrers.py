"""Classify referrers: find their source and medium, and reduce them to what is stored. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from linktrack.clicks.classify import referrer_hosts as known

RULES_VERSION = 2
"""Raised with every change of a rule; `linktrack reclassify` applies newer rules to old clicks."""

MEDIA = ("search", "social", "email", "messaging", "ai", "news", "site", "none")
"""Every medium there is."""

LONGEST_KEY = 255
"""Characters of the longest `referrer_key`."""

_REMEMBERED = 200  # characters of the longest referrer whose key is remembered, to bound memory

_APP = "android-app://"
_SHORTENER = "//t.co"  # X's, of whose paths the code is kept

# A web address, an app's, or a key of ours (`//host`). RFC 9110 takes a bare host for a path.
_SENT = re.compile(r"(?:(?P<scheme>https?|android-app):)?//(?P<authority>[^/?#\\]*)", re.IGNORECASE)
_PORT = re.compile(r":\d*\Z")
_NAME = re.compile(r"(?=.{1,253}\Z)[\w-]{1,63}(?:\.[\w-]{1,63})*")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_TCO = re.compile(r"/([A-Za-z0-9]{1,64})/?(?:[?#]|\Z)")

# `mail.example.org`, `webmail2.…`, `lightmailer-bs.…`, but not a site's own name (Daily Mail).
_MAIL_LABEL = re.compile(
    r"(?:web|w|e|my|light)?mail(?:er|box|business)?(?:-\w+)?\d*|outlook|owa|roundcube|zimbra|horde"
    r"|rich-v\d+"  # an Open-Xchange webmail's servers
)
# `search.example.org`, `suche.…`, `k9safesearch.…`, but not `research.…`.
_SEARCH_LABEL = re.compile(
    r"(?!.*research)[a-z0-9-]*search(?:es)?[0-9-]*|(?:[a-z0-9]*)(?:suche|recherche)[a-z]?\d*"
    r"|busca|buscador|busqueda|pesquisa|ricerca|szukaj|hledani|otsing"
)
# The same as the beginning of a name below a site's own: `searchassist.…`, `ricercavideo.…`.
_SEARCH_BELOW = re.compile(r"(?:search|suche|ricerca|recherche)[a-z-]*\d*|find")
# `forum.example.org`, `forums.…`, `forum5.…`: people talking with each other.
_FORUM_LABEL = re.compile(r"(?:forum|foro|board|bbs)s?\d*")
_FEDIVERSE_LABEL = {
    "mastodon": "Mastodon",
    "mstdn": "Mastodon",
    "masto": "Mastodon",
    "pixelfed": "Pixelfed",
    "misskey": "Misskey",
    "lemmy": "Lemmy",
    "pleroma": "Pleroma",
    "friendica": "Friendica",
    "peertube": "PeerTube",
}
# Subdomains of a portal that are still its search.
_PORTAL_FRONT = re.compile(
    r"www\d?|m|images?|videos?|encrypted|ipv[46]|cse|blogsearch|go|clck|yabs|r|cade|espanol|[a-z]{2}"
)
_ENDING = re.compile(r"com|net|org|info|(?:(?:com?|net|org|ne|or)\.)?[a-z]{2}")
_PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Referrer:
    """Where a click came from, as far as the referrer tells.

    `host` is the host as sent: lower case, `www.` kept, no port; for an Android app its package;
    None without a valid referrer. `source` is the name people know ("X", "Gmail"), for an unknown
    host the host without `www.`, and None without a referrer. `medium` is one of `MEDIA`; "none"
    is not "typed in": most apps simply send nothing. `rule` names the rule that decided.
    """

    host: str | None
    source: str | None
    medium: str
    rule: str


def classify_referrer(sent: str | None) -> Referrer:
    """Name host, source and medium of a referrer. Takes any text and never raises.

    Nothing else of the address is in the answer: no user, path or query. What `referrer_key`
    keeps is named exactly as the whole referrer is.
    """
    host, is_app, _ = _read(sent)
    if host is None:
        return Referrer(None, None, "none", "none")
    if is_app:
        source, medium = _APPS.get(host, (host, "site"))
        return Referrer(host, source, medium, "app" if host in _APPS else "site")
    labels = host.split(".")
    hit = _in_table(labels)
    if hit:
        return Referrer(host, hit[0], hit[1], f"host:{hit[2]}")
    plain = host.removeprefix("www.")
    own = _own_name(labels)
    if any(_MAIL_LABEL.fullmatch(label) for label in labels[:own]):
        return Referrer(host, plain, "email", "label:mail")
    for label in labels[:-1]:
        if label in _FEDIVERSE_LABEL:
            return Referrer(host, _FEDIVERSE_LABEL[label], "social", "label:fediverse")
    if any(_SEARCH_LABEL.fullmatch(label) for label in labels[:-1]) or any(
        _SEARCH_BELOW.fullmatch(label) for label in labels[:own]
    ):
        return Referrer(host, plain, "search", "label:search")
    if any(_FORUM_LABEL.fullmatch(label) for label in labels[:own]):
        return Referrer(host, plain, "social", "label:forum")
    return Referrer(host, plain, "site", "site")


def referrer_key(sent: str | None) -> str | None:
    """Return what is kept of a referrer, or None: its host, never a path or a query.

    At most 255 characters: `//www.example.org`, the host as in `Referrer.host`. Two forms say
    more: `android-app://package`, and `//t.co/03elZC4Q`, since X's short code tells which post
    was clicked.
    """
    if sent is None:
        return None
    return _short_key(sent) if len(sent) <= _REMEMBERED else _key(sent)


def host_key(key: str | None) -> str | None:
    """Return the key of the host alone where a key says more (`//t.co/03elZC4Q`), else None."""
    return _SHORTENER if key is not None and key.startswith(f"{_SHORTENER}/") else None


def _key(sent: str) -> str | None:
    host, is_app, code = _read(sent)
    if host is None:
        return None
    if is_app:
        return _APP + host
    if f"//{host}" == _SHORTENER and code:
        return f"{_SHORTENER}/{code}"
    return f"//{host}"


_short_key = lru_cache(maxsize=2048)(_key)


def _read(sent: str | None) -> tuple[str | None, bool, str | None]:
    """(host, whether it is an app's package, t.co code) of what was sent; host None if invalid."""
    text = (sent or "").strip()
    match = _SENT.match(text)
    if match is None:
        return None, False, None
    scheme, authority = (part or "" for part in match.groups())
    host = _PORT.sub("", authority.rpartition("@")[2]).removesuffix(".").lower()
    is_app = scheme.lower() == "android-app"
    if _IPV6.fullmatch(host):
        return (None if is_app else host), False, None
    if not _NAME.fullmatch(host) or len(_APP) + len(host) > LONGEST_KEY:
        return None, False, None
    code = _TCO.match(text, match.end("authority"))
    return host, is_app, code[1] if code else None


def _own_name(labels: list[str]) -> int:
    """The place of a site's own name among its labels: 1 in `mail.bbc.com`, 0 in `bbc.co.uk`."""
    two = len(labels) > 2 and len(labels[-2]) <= 3 and _ENDING.fullmatch(".".join(labels[-2:]))
    return max(len(labels) - (3 if two else 2), 0)


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """(host, source) of every entry of a table."""
    for entry in re.split(r"[;\n]", text.strip()):
        source, _, hosts = entry.strip().partition(": ")
        for host in hosts.split():
            yield host, source


def _table(texts: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Host → (source, medium); a key ending in `.*` stands for all of its country domains."""
    return {host: (source, m) for m, text in texts.items() for host, source in _entries(text)}


_HOSTS = _table({**known.HOSTS, _PORTAL: known.PORTALS})
_APPS = _table(known.APPS)


def _in_table(labels: list[str]) -> tuple[str, str, str] | None:
    """(source, medium, entry) of the longest entry that a host lies under."""
    for start in range(len(labels)):
        below = labels[start:]
        names = [".".join(below)]
        names += [
            ".".join(below[:cut]) + ".*"
            for cut in (-1, -2)
            if below[:cut] and _ENDING.fullmatch(".".join(below[cut:]))
        ]
        for name in names:
            if name not in _HOSTS:
                continue
            source, medium = _HOSTS[name]
            if medium != _PORTAL:
                return source, medium, name
            front = labels[:start]
            if "search" in front[-1:] or all(
                _PORTAL_FRONT.fullmatch(x) or _SEARCH_LABEL.fullmatch(x) for x in front
            ):
                return source, "search", name
            return None
    return None
