"""Classify referrers: find their source and medium, and reduce them to what is stored. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from linktrack.clicks.classify import referrer_hosts as known

RULES_VERSION = 3
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
# What Google had in folders of its own host, and not in a host of its own.
_FOLDERS = {"reader": ("Google Reader", "news"), "hostednews": ("Google News", "news")}
_FOLDER = re.compile(rf"/({'|'.join(_FOLDERS)})(?:[/?#]|\Z)")
_TCO = re.compile(r"/([A-Za-z0-9]{1,64})/?(?:[?#]|\Z)")

# `mail.example.org`, `webmail2.…`, `lightmailer-bs.…`, `us-mg6-mail.…`, `webmailb.…`, `owa3.…`, but
# not a site's own name (Daily Mail), and not the archives of a mailing list (`mailman.…`).
_MAIL_LABEL = re.compile(
    r"(?!mailman)(?:[a-z0-9]+-)*[a-z]{0,8}\d*mail(?:er|box|business|beta|server|store|host|client|app|web|off|pro)?"
    r"[a-z]{0,2}\d*[a-z]?(?:-\w+)*"
    r"|(?:outlook|owa|exchange|roundcube|zimbra|horde|squirrel|sogo|rainloop|groupwise|inbox"
    r"|messagerie|courrier|correo|correio|poczta|posta|postfach|postaccio)(?:\d+[a-z]?)?(?:-\w+)*"
    r"|rich-v\d+"  # an Open-Xchange webmail's servers
    r"|deref(?:errer|erer)?(?:-\w+)*"
)
# A webmail's own name, and the services through which webmails hide the mailbox: `deref-gmx.net`.
_MAIL_NAME = re.compile(r"webmail(?:er)?\d*|deref-[\w-]+")
# `search.example.org`, `suche.…`, `k9safesearch.…`, but not `research.…`, and no blog's.
_SEARCH_LABEL = re.compile(
    r"(?!.*research)[a-z0-9-]*search(?:es)?[0-9-]*|(?:[a-z0-9]*)(?:suche|recherche)[a-z]?\d*"
    r"|busca|buscador|busqueda|pesquisa|ricerca|szukaj|hledani|otsing"
)
# The same as the beginning of a name below a site's own: `searchassist.…`, `ricercavideo.…`, but
# not what is written about it (`searchsecurity.…`, `searchblog.…`).
_SEARCH_BELOW = re.compile(
    r"(?:search|suche|ricerca|recherche)-?(?:(?:assist|service|results?|web|site|engine|box|page|bar"
    r"|images?|immagini|videos?|news|mobile|app|api|beta|test|dyn|intl|atlas|portal|aol)-?)*[a-z]?\d*"
    r"|find"
)
# Engines that ask others, wherever they are installed: `searx.example.org`, `metager3.…`.
_META_SEARCH = re.compile(
    r"(?:searx(?:ng)?|metager|meta-?search|whoogle|librex|librey|4get|yacy|araa)\d*(?:-\w+)*"
)
# Where people write: a name there, such as `insidesearch.blogspot.com`, is a blog's.
_BLOG_LABEL = re.compile(r"(?!blogsearch)(?:[a-z0-9-]*[^a-z])?(?:blogs?|weblogs?)\d*|[a-z-]+blogs?")
_BLOG_HOSTS = re.compile(
    r"(?:.*\.)?(?:blogspot\.[a-z.]+|(?:wordpress|typepad|tumblr|blogger|medium|substack|ghost|hatenablog"
    r"|exblog|livejournal|over-blog|canalblog|weebly|wixsite|squarespace|techtarget)"
    r"\.(?:com|io|jp)|(?:github|gitlab)\.io|hashnode\.dev|bearblog\.dev|write\.as|micro\.blog)"
)
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
    r"www\d?|m|images?|videos?|encrypted|ipv[46]|cse|blogsearch|go|clck|yabs|an|r|cade|espanol|aol[a-z]+"
    r"|[a-z]{2}"
)
_GOOGLE = re.compile(r"(?:www\.)?google\.[a-z]{2,3}(?:\.[a-z]{2})?")
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
    host, is_app, kept = _read(sent)
    if host is None:
        return Referrer(None, None, "none", "none")
    if kept in _FOLDERS:
        return Referrer(host, *_FOLDERS[kept], f"folder:{kept}")
    if is_app:
        source, medium = _APPS.get(host, (host, "site"))
        return Referrer(host, source, medium, "app" if host in _APPS else "site")
    labels = host.split(".")
    hit = _in_table(labels)
    if hit:
        return Referrer(host, hit[0], hit[1], f"host:{hit[2]}")
    named, medium, rule = _by_label(labels)
    return Referrer(host, named or host.removeprefix("www."), medium, rule)


def referrer_key(sent: str | None) -> str | None:
    """Return what is kept of a referrer, or None: its host, never a path or a query.

    At most 255 characters: `//www.example.org`, the host as in `Referrer.host`. Three forms say
    more: `android-app://package`; `//t.co/03elZC4Q`, since X's short code tells which post
    was clicked; and `//www.google.com/reader`, since that folder is no search.
    """
    if sent is None:
        return None
    return _short_key(sent) if len(sent) <= _REMEMBERED else _key(sent)


def host_key(key: str | None) -> str | None:
    """Return the key of the host alone where a key says more (`//t.co/03elZC4Q`), else None."""
    return _SHORTENER if key is not None and key.startswith(f"{_SHORTENER}/") else None


def _key(sent: str) -> str | None:
    host, is_app, kept = _read(sent)
    if host is None:
        return None
    if is_app:
        return _APP + host
    return f"//{host}/{kept}" if kept else f"//{host}"


_short_key = lru_cache(maxsize=2048)(_key)


def _read(sent: str | None) -> tuple[str | None, bool, str | None]:
    """(host, whether it is an app's package, what is kept of its path); host None if invalid."""
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
    if is_app:
        return host, True, None
    if f"//{host}" == _SHORTENER:
        kept = _TCO.match(text, match.end("authority"))
    else:
        kept = _GOOGLE.fullmatch(host) and _FOLDER.match(text, match.end("authority"))
    return host, False, kept[1] if kept else None


def _by_label(labels: list[str]) -> tuple[str | None, str, str]:
    """(source if it is not the host, medium, rule) by what a host's labels are."""
    own = _own_name(labels)
    named = labels[own] if own < len(labels) else labels[0]
    if any(_MAIL_LABEL.fullmatch(x) for x in labels[:own]) or _MAIL_NAME.fullmatch(named):
        return None, "email", "label:mail"
    for label in labels[:-1]:
        if label in _FEDIVERSE_LABEL:
            return _FEDIVERSE_LABEL[label], "social", "label:fediverse"
    written = _BLOG_HOSTS.fullmatch(".".join(labels)) or any(map(_BLOG_LABEL.fullmatch, labels))
    if any(map(_META_SEARCH.fullmatch, labels[:-1])) or (
        not written
        and (
            any(map(_SEARCH_LABEL.fullmatch, labels[:-1]))
            or any(map(_SEARCH_BELOW.fullmatch, labels[:own]))
        )
    ):
        return None, "search", "label:search"
    if any(map(_FORUM_LABEL.fullmatch, labels[:own])):
        return None, "social", "label:forum"
    return None, "site", "site"


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
