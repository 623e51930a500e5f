"""The words, addresses and user agents of the demonstration. Pure.

Every name in it is invented, and every address below example.com, .net or .org: reserved, nobody's.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Final

from linktrack.portability.demo.story import OWN_SITE, WE, Profile

PEOPLE: Final = (
    ("Ada Marlowe", "host", "rivers.example.com"),
    ("Jun Itami", "host", "maps.example.org"),
    ("The Tool Library", "mention", "@demo_tool_library"),
)
"""Who is promoted, and by what links are known to be theirs."""
THANKED: Final = PEOPLE[0][0]
"""Whose thank-you page is public."""

WORDS: Final = (
    "Ask where the water goes before you ask where the road goes.",
    "A map is a letter to somebody who isn't there yet.",
    "The best tool in the shed is the one that was put back.",
    "I used to count followers. Now I count the people whose names I know.",
    "Half of teaching is waiting one second longer than is comfortable.",
    "Walked the old railway today. Nobody else there, except everybody who built it.",
    "If a sentence needs the word very, it needs another word.",
    "A neighbourhood is a list of people you would lend a ladder to.",
    "Every long project has a Tuesday on which it looks like a mistake.",
    "What did you learn this week that you won't need next week?",
    "Small rivers flood first. The same is true of small lies.",
    "Good questions to a stranger: what are you making, and who helped?",
)
"""What the me account says without any link."""

MENTION: Final = "Found by a large account: a small river, walked from end to end"
APOLOGY: Final = (
    "I unfollowed all of you by mistake, and 6,000 of you left. From now on: me for my own words, "
    "you for your links, we for those who want to talk."
)


def post_text(chance: random.Random, profile: Profile, links: int) -> str:
    """Return the text of a post with so many addresses."""
    number = chance.randrange(10_000)
    topic = chance.choice(_TOPICS)
    if profile is WE:
        return _letter(chance, number)
    slug = topic.replace(" ", "-")
    if chance.random() < profile.own_site:
        first = f"{chance.choice(_OWN)} {topic}: https://{OWN_SITE}/{slug}/{number}"
    elif chance.random() < 0.3:
        name, kind, value = chance.choice(PEOPLE)
        host = value if kind == "host" else "example.org"
        by = f"by {name}" if kind == "host" else f"by {value}"
        first = f"{chance.choice(_OPENINGS)} {topic}, {by}: https://{host}/{slug}/{number}"
    else:
        first = f"{chance.choice(_OPENINGS)} {topic}: https://example.com/{slug}/{number}"
    return first if links == 1 else f"{first} and https://example.org/notes/{number}"


def tags_of(text: str) -> list[str]:
    """Return the tags of a post's links, by what it is about."""
    return [tag for tag, topics in _TAGS.items() if any(topic in text for topic in topics)]


def _letter(chance: random.Random, number: int) -> str:
    topics = chance.sample(_TOPICS, 2)
    return (
        f"This week, for the {chance.choice(('few', 'regulars', 'readers'))} of us: "
        f"[{topics[0]}](https://example.com/letters/{number}), and your answers on "
        f"[{topics[1]}](https://{OWN_SITE}/answers/{number})."
    )


def untracked_text(chance: random.Random) -> tuple[str, str]:
    """Return a post as its network shows it, and the address in it that is no short link."""
    topic = chance.choice(_TOPICS)
    address = f"https://phone.example.com/{topic.replace(' ', '-')}/{chance.randrange(10_000)}"
    return f"{chance.choice(_QUICK)} {topic} {address}", address


_OPENINGS: Final = (
    "Worth your time:", "A reader wrote about", "Read this on", "New today:", "Still thinking of",
    "Thanks to a reader:", "Short and good:", "The best thing I read on",
)  # fmt: skip
_OWN: Final = ("I wrote about", "New from me:", "Longer than a post:", "My notes on")
_QUICK: Final = ("From my phone:", "Quickly, before the train:", "Look:", "Passing this on:")
_TOPICS: Final = (
    "a small river", "bread without haste", "maps of old harbours", "repairing a radio",
    "teaching by letters", "the first garden year", "night trains", "a library of tools",
    "bees in the city", "choirs that travel", "paper from grass", "wind on the hill",
    "quiet software", "how towns share", "walking to work", "salt and weather",
)  # fmt: skip

_TAGS: Final = {
    "nature": ("a small river", "garden year", "bees in", "wind on", "salt and"),
    "handmade": ("bread without", "repairing a radio", "paper from grass", "library of tools"),
    "on the way": ("old harbours", "night trains", "walking to work", "choirs that"),
    "together": ("library of tools", "teaching by", "how towns", "choirs that"),
}

REFERRERS: Final = {
    "x": (
        ("//t.co", 52), (None, 31), ("android-app://com.twitter.android", 5),
        ("//l.facebook.com", 4), ("//www.google.com", 3), ("//www.linkedin.com", 2),
        ("//news.ycombinator.com", 1), ("//mail.google.com", 1), ("//bsky.app", 1),
    ),
    "bluesky": (("//go.bsky.app", 48), ("//bsky.app", 12), (None, 36), ("//www.google.com", 4)),
    "other": ((None, 74), ("//mail.google.com", 17), ("//outlook.live.com", 9)),
}  # fmt: skip
"""Where clicks say they come from, by the network of the post."""

COUNTRIES: Final = (
    ("US", 38), ("GB", 14), ("DE", 9), ("CA", 8), ("NL", 5), ("AU", 5), ("IN", 5), ("FR", 4),
    ("BR", 3), ("JP", 3), (None, 6),
)  # fmt: skip
LANGUAGES: Final = {
    "US": "en", "GB": "en", "DE": "de", "CA": "en", "NL": "nl", "AU": "en", "IN": "hi", "FR": "fr",
    "BR": "pt", "JP": "ja",
}  # fmt: skip
"""What browsers prefer, by country."""

CITIES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "US": (("New York", "New York"), ("California", "Los Angeles"), ("Illinois", "Chicago")),
    "GB": (("England", "London"), ("England", "Manchester"), ("Scotland", "Edinburgh")),
    "DE": (("Land Berlin", "Berlin"), ("Bavaria", "Munich"), ("Saxony", "Leipzig")),
    "CA": (("Ontario", "Toronto"), ("Quebec", "Montreal")),
}
"""Regions and cities of readers, by country; others come from places nobody knows."""

BROWSERS: Final = (
    (("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Version/18.6 Mobile/15E148 Safari/604.1"), 34),
    (("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Mobile Safari/537.36"), 30),
    (("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Safari/537.36"), 16),
    (("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.6 Safari/605.1.15"), 10),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", 6),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", 4),
    (("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Mobile/15E148 Instagram 390.0.0.28.85 (iPhone15,4; iOS 18_6; scale=3.00)"), 7),
)  # fmt: skip
PREVIEWS: Final = (
    "Twitterbot/1.0", "facebookexternalhit/1.1", "Slackbot-LinkExpanding 1.0",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "TelegramBot (like TwitterBot)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)", "WhatsApp/2.23.20.0",
)  # fmt: skip
CRAWLERS: Final = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/8.5.0", "python-requests/2.32.3", None,
)  # fmt: skip
