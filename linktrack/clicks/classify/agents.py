"""Classify user agents: person or program, and a person's device, browser and system.

Pure: no clock, no database, no network. Three things decide, in this order: our own rules for
fetchers of link previews (the general lists miss many of them, and for a wrapped link they are
the largest part of what is not human), two kept lists of crawlers, and a few general marks of
programs that neither list names. An agent of a browser's shape is a person's unless more than a
loose pattern of a list speaks against it: what an app calls itself, or a word that only begins
like "bot", is overlooked there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import unquote

RULES_VERSION = 4
"""Raised with every change of a rule; `linktrack reclassify` applies newer rules to old clicks."""

TOLD = -1
"""Stands for the rules of an agent that an old log told of: there is no user agent to judge."""

LONGEST = 1_000
"""Characters of an agent that are looked at. Real ones have about 120; 1,000 bounds the work."""

LONGEST_FOR_LISTS = 400
"""Characters that the crawler lists look at: 1,000 made-up ones took them 0.2 s."""

# Fetchers of link previews: (rule, pattern), matched anywhere, case ignored, first match wins.
# Facebook's and X's names come last because many others put them into their own agent.
_PREVIEWS: tuple[tuple[str, str], ...] = (
    # Messengers
    ("imessage", r"facebookexternalhit/\S+ Facebot Twitterbot/"),
    ("line", r"\bline-?poker\b"),
    ("kakaotalk", r"\bkakaotalk-scrap\b"),
    ("telegram", r"\bTelegramBot\b"),
    ("whatsapp", r"^WhatsApp\b"),  # Signal sends WhatsApp's name as well
    ("signal", r"^Signal\b"),
    ("viber", r"^Viber\b|ViberUrlDownloader"),
    ("slack", r"\bSlackbot\b|\bSlack-ImgProxy\b"),
    ("discord", r"\bDiscordbot\b"),
    ("skype", r"\bSkypeUriPreview\b"),  # Microsoft Teams too
    ("matrix", r"^Synapse \(bot;|^Synapse/\d"),
    ("mattermost", r"\bmattermost-(?!desktop)"),
    ("rocketchat", r"^Rocket\.Chat\b|\(compatible; Rocket\.Chat/"),
    ("zulip", r"\bZulipURLPreview\b"),
    ("google-messages", r"\bGoogleMessages\b"),
    # The fediverse: each server that sees a post fetches its links
    ("mastodon", r"\bhttp\.rb/.*\bMastodon/|\bMastodon/\S+ \("),  # before and since 4.3
    ("pleroma", r"^(Pleroma|Akkoma|Rebased)\b"),
    ("misskey", r"\b(Misskey|Sharkey|Firefish|Calckey|Foundkey|CherryPick|Catodon)/"),
    ("misskey", r"^Iceshrimp|\bSummaly(Bot)?\b"),  # and its forks; Summaly is its fetcher
    ("lemmy", r"^(Lemmy|PieFed|Mbin|kbin)\b|\bkbinBot\b"),
    ("friendica", r"^Friendica\b"),
    ("peertube", r"\bPeerTube/"),
    ("gotosocial", r"\bgotosocial[/ ]"),
    ("pixelfed", r"\bPixelfed/"),
    ("fediverse", r"^(Hubzilla|Mitra|Takah[eē]|BookWyrm|WriteFreely|Castopod|snac|Mobilizon)\b"),
    # Networks
    ("bluesky", r"\bCardyb\b|\bweb:app\.bsky\b"),
    ("linkedin", r"\bLinkedInBot\b"),
    ("reddit", r"\bredditbot\b"),
    ("pinterest", r"\bPinterestbot\b|\bPinterest/[\d.]+[^\]]*\+https?:"),
    ("snapchat", r"\bSnap URL Preview\b"),
    ("tumblr", r"^Tumblr/\d"),
    ("vk", r"\bvkShare\b"),
    ("quora", r"\bQuora Link Preview\b"),
    ("xing", r"\bXING-contenttab"),
    # Mail and office programs that look at a link before a person does
    ("google-image-proxy", r"\bGoogleImageProxy\b"),
    ("microsoft", r"\bMicrosoftPreview\b|\bBingPreview\b"),
    ("office", r"^Microsoft Office\b|\(compatible; ms-office"),
    ("yahoo", r"\bYahoo Link Preview\b|\bLinkExpander\b"),
    ("barracuda", r"\bBarracuda Sentinel\b"),
    ("image-proxy", r"\bImageProxy\b"),
    # Services that make cards for others
    ("embedly", r"\bEmbedly\b"),
    ("iframely", r"\bIframely\b"),
    ("bitly", r"\bBitlyBot\b"),
    ("notion", r"\bNotionEmbedder\b"),
    ("discourse", r"^Discourse\b"),
    ("generic", r"\b(link|url)[ _-]?(preview|expander|unfurl)|\bunfurl(er|ing|bot)?\b"),
    # Most imitated, so last
    ("meta", r"\bmeta-(external\w+|webindexer)\b"),
    ("facebook", r"\bfacebook(externalhit|externalua|catalog|platform)\b|\bFacebot\b"),
    ("twitterbot", r"\bTwitterbot\b"),
)

# Browsers inside apps, whose users are people: (name on the pages, pattern), first match wins:
# Messenger and the apps that share Facebook's marks come before Facebook. The Bluesky and
# Mastodon apps leave no mark: they open the system's browser.
_APPS: tuple[tuple[str, str], ...] = (
    ("Messenger app", r"\bMessenger(Lite)?ForiOS\b|\bOrca-Android\b|\bFB_IAB/(MESSENGER|Orca)"),
    ("Instagram app", r"\bInstagram[ /]\d[\d.]*"),
    ("Threads app", r"\bBarcelona[ /]\d[\d.]*"),
    # On a phone or in Electron; what begins with its name fetches previews. The same for Mastodon.
    ("WhatsApp", r"(?<=[\w.\])] )\[?WhatsApp\b(/[\d.]+)?|\bFBAN/WhatsApp\w*"),
    ("Facebook app", r"\bFB(AN|AV|SV|ID|BV)/|\bFB_IAB\b|\bMetaIAB\b"),
    ("X app", r"\bTwitter for (iPhone|iPad|Android)\b|\bTwitterAndroid\b"),
    ("LinkedIn app", r"\bLinkedInApp\b"),
    ("TikTok app", r"\bmusical_ly|\btrill_|\bBytedanceWebview\b|\bTikTok[ /]\d"),
    ("Snapchat app", r"\bSnapchat[ /]\d[\d.]*"),
    ("Pinterest app", r"\bPinterest for (Android|iOS)\b|\[Pinterest/\w+\]"),
    ("Line app", r"\bLine/\d[\d.]*"),
    ("WeChat app", r"\bMicroMessenger/"),
    ("KakaoTalk app", r"\bKAKAOTALK\b"),
    ("Reddit app", r"\bReddit/(Version )?\d"),
    ("Viber app", r"\bViber(/[\d.]+|$)"),
    ("Telegram app", r"\bTelegram-Android/"),
    ("Slack app", r"\b(Sonic )?Slack(_SSB)?/[\d.]+"),
    ("Discord app", r"\bdiscord/[\d.]+"),
    ("Teams app", r"\bTeams/[\d.]+"),
    ("Google app", r"\bGSA/"),
    ("Baidu app", r"\bbaiduboxapp/\S*"),
    ("Bluesky app", r"(?<=[\w.\])] )Bluesky/[\d.]+"),
    ("Mastodon app", r"(?<=[\w.\])] )Mastodon/[\d.]+(?! ?\()"),
)

# Words in people's agents at which the lists of crawlers stumble.
_INNOCENT = (
    # An Android phone's model and build: makers are called CUBOT and ViewSonic, and one list
    # takes the build of many phones with Android 15 for a crawler's. What follows stays.
    r"(?<=;)[^;()]*\bBuild/[^;()]*",
    r"\bAndroid [\d.]+; ?[^;()/]*(?=\)|; ?wv\))",
    r"\bcubot\b|\bgoogle/google\b",  # Instagram's name for a Pixel's maker
    r"\bSogou(MSE|MobileBrowser|Search)\b|\bBlackboard/",  # a browser, a school's app
    r"\bCronet/[\d.]+|\b1Password/[\d.]+|\bQQDownload [\d.]+|\bStumbleUpon/",
    # What a television can do: "HbbTV/1.5.1 (+DRM;BOTECH;ATV R1;Demo 1.0;)"
    r"\b(HbbTV|FVC)/[\d.]+ \([^()]*\)",
)

# A browser's shape, and what is overlooked in it: the names by which an app calls itself before
# its Electron, and words in which "bot" is a part of another ("BOTECH", "iBot7KTt").
_SHAPE = re.compile(
    r"Mozilla/[45]\.0 ?\((?!compatible; (?!MSIE)).*"
    r"(AppleWebKit/[\d.]+.*\b(Chrome|Safari|Mobile|Electron)/\w"
    r"|Gecko/\d.*Firefox/\d|MSIE \d|Trident/)"
)
_OVERLOOKED = re.compile(
    r"(?<=like Gecko\) )(?:[\w.@ -]+/[\w.+-]+ )+(?=Chrome/[\d.]+ Electron/)"
    r"|\b[\w-]*bot(?!s?[\d._-]*\b)[a-z\d][\w-]*"
    # Apps for reading, whose users follow links in them: "Mobile/15E148 Reeder/5.4"
    r"|(?<= )(?:[\w.]*reader|feedly|reeder|outlook-ios(?:-android)?)/[\d.]+(?= |$)"
    # Names that bug hunters put behind their browser's
    r"|[+ ]*[\w.-]+@(?:intigriti\.me|wearehackerone\.com|bugcrowdninja\.com)\b",
    re.IGNORECASE,
)

# Browsers for text and of old systems, whose library is one of the lists' words.
_OLD_BROWSERS = re.compile(
    r"(?:Lynx|Links|ELinks|w3m|amaya|\w*Mosaic|AmigaVoyager|IBrowse|NetSurf|Dillo)\b[/ (]",
    re.IGNORECASE,
)

# What browsers have in their own parentheses, and how agents of browsers and phones begin.
_SYSTEMS = (
    r".*(Windows|Macintosh|X11|Linux|Android|i(Phone|Pad|Pod)|compatible|Mobile|Nintendo"
    r"|Play ?Station|Symbian|BlackBerry|BB10|Browser|Smart|Tizen|KaiOS)"
)
_FORMS = r"Mozilla|Opera|Dalvik|UCWEB|User-Agent\W+Mozilla|.*(Profile/|MIDP|Browser|Android \d)"

# How the agents of old phones, and short ones of browsers and apps, begin.
_MAKERS = (
    r"(?i:HTC|LG|SAMSUNG|SEC|SGH|SPH|Nokia|MOT|BlackBerry|Huawei|Lenovo|SIE|Sony|Ericsson|Alcatel"
    r"|Amoi|BIRD|ASUS|ACER|Apple|i(Phone|Pad|Pod)|Android|Windows|Dell|Dorado|Karbonn|Philips"
    r"|Panasonic|Sharp|Sanyo|Sagem|ZTE|Vodafone|KDDI|DoCoMo|Pantech|Palm|Toshiba|Kyocera|Haier"
    r"|TIANYU|smart-?tv|AppleTV|MSFT|UP\.|Openwave|NetFront|Obigo|Teleca|MAUI|.*(WAP|browser|MIDP)"
    r"|Opera|Firefox|Chrome|Safari|MSIE|Konqueror|Galeon|Sleipnir|Mozilla)"
)

# Marks of a program that neither list may know.
_PROGRAMS: tuple[tuple[str, str], ...] = (
    # Code in place of a name: attempts at injection
    ("attack", r"\$[{(]|\{\{|<\?|</?\w+>|\(\) ?\{|\bselect\b.*\(|\bunion\b.*\bselect\b|#_member"),
    (
        "attack",
        r"\bwaitfor delay\b|\b(or|where|and) \(?'?\w+'?='?\w+|burpcollaborator|\bnslookup\b",
    ),
    ("attack", r"\b(sleep|alert|concat|print|gethostbyname)\(|\.\.[/\\%]|%(25)?2e%|<\w+[ :]\w+="),
    (
        "attack",
        r"'?\|\||--\s*$|\bcase when\b|\bor \d+[+=]\d+|^file:|/etc/|['\"]; ?\w|%0[ad]|[\r\n]",
    ),
    ("attack", r"^(-?\d+\\?)?['\"@<]|'\+\w+\("),
    ("attack", r"^(?!Mozilla/5\.0 \().*(%22|%3c)"),  # behind a browser's name it may be an app's
    # It says where to learn about it, or who to write to
    ("address", r"\+ ?(https?:|mailto:|www\.)|^https?:|[^\s@(]@[a-z\d-]+\.[a-z]{2}"),
    ("address", r"^(?!Mozilla/|Opera/)[^()]*\([^()]*\bhttps?://"),
    ("address", r"^Mozilla/\S+ \( ?(?!compatible)([^();]*\()?[^();]*(https?://|\bwww\.)"),
    ("address", r"^Mozilla/5\.0 .*(\((https?://|www\.)|like Gecko; https?:)"),
    ("address", r"^(www\.)?[\w-]+(\.[\w-]+)*\.[a-z]{2,}(/[\d.]+)?$|\bhttps?://\S+$(?<!\))"),
    # "Mozilla/5.0 (compatible; Name/1.0)": the form of crawlers, once the old browsers are out
    ("compatible", r"^Mozilla/[5-9]\.\d \(compatible; (?!MSIE|Konqueror)[\w .-]+/[\d.]+[^()]*\)$"),
    ("compatible", r"^Mozilla/4\.0 \(compatible; (?!MSIE)[\w ]+(/[\d.]+; https?:[^()]*)?\)$"),
    ("compatible", r"^Mozilla/\d\.0 (?!Firefox/)[a-z][\w.-]*/v?[\d.]+$"),
    ("compatible", rf"^Mozilla/5\.0 \((?!{_SYSTEMS})[\w .-]+(/[\d.]+)?\)$"),
    ("compatible", r"like Gecko; ?(compatible; ?)?[a-z][\w.-]*(/[\d.]+)?\)"),
    ("bare", r"^Mozilla/[\d.]+$"),  # what Apple's mail proxy sends
    # A browser's form with what no browser ever sent
    ("forged", r"\(Macintosh:|\bLinux x(?!86_64|64_64)\d+_64\b|^Mozilla/[5-9]\.[1-9]|; \{\}[;)]"),
    # The same, misspelt: "Mozlila/5.0 (Linux; …; SM-G892A Bulid/NRD90M; wv) … Moblie Safari/537.36"
    ("forged", r"(?-i:^M(?!ozilla)[ozila]{4,8}/\d)|\bMob(lie|iel)\b|\bBulid/|\bAnd(riod|orid)\b"),
    ("forged", r"\bSaf(ri|rai|air)/|\b(Chorme|Crhome|Chrmoe|Frefox|Firfox|Fierfox)/|\bVerison/"),
    ("forged", r"\((Windwos|Widnows|iPhnoe|Macintsoh|Linxu)\b"),
    # Trades that no browser has
    ("trade", r"(\b|_)scanner\b|\bprobe\b|monitor\b|\bsearch ?engine|-verification\b|\bproxy\)"),
    # Feed readers and mail programs: they fetch by themselves, and open a link in a browser
    ("reader", r"^(newsboat|akregator|lire)/\d"),
    ("reader", r"\bGecko/\d+ (Firefox/[\d.]+ )?(Thunderbird|Betterbird|Icedove|Postbox)/\d"),
    ("trade", r"\bwechatdevtools\b|Safari/[\d.]+ [A-Z]\w*Agent$"),
    (
        "screenshot",
        r"(screen|page)-?(shot|capture)|web-?(shot|capture|thumb)|thumbnail|site-?shot|\burl2(png|pdf)",
    ),
    (
        "screenshot",
        r"\b(urlbox|pagepeeker|shrinktheweb|snapito|browshot|apiflash|geethumb|thumbaliz\w+)\b",
    ),
    ("screenshot", r"\b(microlink|page2images|html2(pdf|image))\b"),
    ("trade", r"\bnode\.?js/|\bGoogle-(?!TV)[a-z]+|[a-z]diagnostics\b|[a-z]inspector/"),
    (
        "trade",
        (
            rf"^(?!{_FORMS}).*\b(clients?|sdk|services?|workers?|runner|user[ _-]?agent|tests?"
            r"|tester|testing|checks?|checker|diagnostics?|plug-?in|integrations?|webhook|parser"
            r"|downloader|lookup|callback|linktester|node(\.js)?|grpc[\w-]*)\b"
        ),
    ),
    # Security scanners, monitors, and services that run other people's automations
    (
        "service",
        (
            r"\b(assetnote|detectify|nessus|qualys|openvas|acunetix|nuclei|burp ?suite|owasp|censys"
            r"|shodan|x?panse|intruder\.io|sectxt|sectigo|hakai|rapid7|tenable|grafana|prometheus"
            r"|zabbix|nagios|icinga|munin|hobbit|datadog|new ?relic|better ?(stack|uptime)|ifttt"
            r"|zapier|workato|pipedream|power ?automate|microsoft-flow|logic-apps|home ?assistant"
            r"|node-red|huginn|apify|insomnia|postman|matomo|copilot\w*|claude-code|openai"
            r"|apache-cxf|internal dummy connection|bbtest-net|anyconnect)\b"
        ),
    ),
    # A name of a library or a command: one word in small letters, with or without a version
    ("tool", r"(?-i:^(?=.{1,40}$)(?!iphone|ipad$|ipod)[a-z][a-z\d]*([_-][a-z\d]+)*$)"),
    ("tool", r"(?-i:^(?=.{1,60}$)(?!mozilla|opera|samsung|nokia)[a-z][a-z\d._-]*/v?\d[\w.+-]*$)"),
    # Nothing but a name, with or without a version: a browser says more, and old phones say
    # their maker and model
    (
        "name",
        (
            rf"(?-i:^(?=.{{2,60}}$)(?!{_MAKERS})[A-Za-z][A-Za-z]+([._-][A-Za-z]+)*"
            r"( [A-Z][A-Za-z]+){0,3}([/ ]v?\d[\w.+-]*)?( \(cli\))?$)"
        ),
    ),
    ("name", r"^[\d\W]+$|^(ddg_android|DDG-Android|DuckDuckGo/\d)"),
)


def _compile(rules: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in rules)


_PREVIEW_RULES = _compile(_PREVIEWS)
_ANY_PREVIEW = re.compile("|".join(f"(?:{rule})" for _, rule in _PREVIEWS), re.IGNORECASE)
_APP_RULES = _compile(_APPS)
_APP_NAMES = frozenset(name for name, _ in _APPS)
_PROGRAM_RULES = _compile(_PROGRAMS)
_STUMBLES = re.compile("|".join([*_INNOCENT, *(pattern for _, pattern in _APPS)]), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Agent:
    """What a user agent says about who sent it.

    `reason` is None for a person, else "no-agent", "preview" or "bot"; `rule` names the rule
    that decided ("preview:twitterbot", "bot:crawlerdetect", "no-agent") and is None for people.
    `device` is "desktop", "mobile", "tablet" or "other"; `browser` and `os` are family names
    without versions. All three are None if nothing is known.
    """

    reason: str | None
    rule: str | None
    device: str | None
    browser: str | None
    os: str | None


def classify_agent(user_agent: str | None) -> Agent:
    """Say who sent a user agent. Takes any text, None included, and never raises."""
    # Half characters (lone surrogates) cannot be handed to the compiled matchers.
    sent = (user_agent or "")[:LONGEST].encode("utf-8", "replace").decode().strip()
    if sent in ("", "-"):  # "-" is how log files write that there was none
        return Agent("no-agent", "no-agent", None, None, None)
    reason, rule = _judge(sent)
    device, browser, system = _describer()(sent)
    return Agent(reason, rule, device, _first(_APP_RULES, sent) or browser, system)


def is_app(browser: str) -> bool:
    """Whether a browser's name, as `classify_agent` gives it, is that of an app it is part of."""
    return browser in _APP_NAMES


@lru_cache(maxsize=4096)
def is_preview(user_agent: str) -> bool:
    """Whether a fetcher of link previews sent a user agent: `classify_agent` calls it "preview".

    Cheap enough for the way of a redirect: remembered, and one look at what is new.
    """
    return _ANY_PREVIEW.search(user_agent[:LONGEST].strip()) is not None


@lru_cache(maxsize=4096)
def is_person(user_agent: str) -> bool:
    """Whether `classify_agent` calls who sent a user agent a person; remembered, as above."""
    sent = user_agent[:LONGEST].encode("utf-8", "replace").decode().strip()
    return sent not in ("", "-") and _judge(sent)[0] is None


def _judge(sent: str) -> tuple[str | None, str | None]:
    preview = _first(_PREVIEW_RULES, sent)
    if preview:
        return "preview", f"preview:{preview}"
    # The lists backtrack on long made-up agents; programs name themselves early.
    plain = _STUMBLES.sub(" ", sent)[:LONGEST_FOR_LISTS]
    if _SHAPE.match(sent):  # an app's own words may be encoded: "%7B%22uid%22%3A1%7D"
        plain = unquote(_OVERLOOKED.sub(" ", plain))
    for name, knows in () if _OLD_BROWSERS.match(sent) else _crawler_lists():
        if knows(plain):
            return "bot", f"bot:{name}"
    program = _first(_PROGRAM_RULES, plain)
    return ("bot", f"bot:{program}") if program else (None, None)


def _first(rules: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str | None:
    return next((name for name, pattern in rules if pattern.search(text)), None)


@cache
def _crawler_lists() -> tuple[tuple[str, Callable[[str], bool]], ...]:
    """The two kept lists of crawlers. Imported at first use: only the loader needs them."""
    from crawlerdetect import crawlerdetect
    from crawleruseragents import is_crawler

    # CrawlerDetect's own two steps in small letters: its patterns, compiled to ignore case, take
    # 0.9 ms for an agent, and these 0.2 ms. A test holds the answers equal.
    leave_out = re.compile(crawlerdetect.get_compiled_exclusions_regex().pattern.lower())
    crawlers = re.compile(crawlerdetect.get_compiled_crawler_regex().pattern.lower())

    def detect(sent: str) -> bool:
        return crawlers.search(leave_out.sub("", sent.lower())) is not None

    return (("crawlerdetect", detect), ("crawler-user-agents", is_crawler))


@cache
def _describer() -> Callable[[str], tuple[str, str | None, str | None]]:
    """The function that names (device, browser, os). Imports at first use.

    `user_agents.parse` asks ua-parser through its old interface, 40 to 100 times slower for a
    new agent; its object is therefore filled from the new one's answer.
    """
    import ua_parser
    from user_agents import parsers

    def describe(sent: str) -> tuple[str, str | None, str | None]:
        found = ua_parser.parse(sent).with_defaults()
        browser, system, device = found.user_agent, found.os, found.device
        seen = parsers.UserAgent.__new__(parsers.UserAgent)
        seen.ua_string = sent
        seen.browser = parsers.parse_browser(
            browser.family, browser.major, browser.minor, browser.patch, browser.patch_minor
        )
        seen.os = parsers.parse_operating_system(
            system.family, system.major, system.minor, system.patch, system.patch_minor
        )
        seen.device = parsers.parse_device(device.family, device.brand, device.model)
        kind = (
            "tablet"
            if seen.is_tablet
            else "mobile"
            if seen.is_mobile
            else "desktop"
            if seen.is_pc
            else "other"
        )
        return kind, _known(browser.family), _known(system.family)

    return describe


def _known(family: str) -> str | None:
    return None if family in ("", "Other") else family
