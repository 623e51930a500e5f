"""A referrer is named by source and medium, and little of it is kept."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linktrack.clicks.classify.referrer_hosts import APPS, HOSTS, PORTALS
from linktrack.clicks.classify.referrers import (
    LONGEST_KEY,
    MEDIA,
    Referrer,
    classify_referrer,
    referrer_key,
)


def lines(path: Path) -> Iterator[dict[str, object]]:
    """The JSON objects of a compressed file of lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


@pytest.mark.parametrize(
    ("sent", "source", "medium"),
    [
        ("https://t.co/03elZC4Q", "X", "social"),
        ("https://x.com/", "X", "social"),
        ("android-app://com.twitter.android", "X", "social"),
        ("ANDROID-APP://com.Slack/", "Slack", "messaging"),
        ("android-app://com.google.android.gm/", "Gmail", "email"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org", "Facebook", "social"),
        ("http://lm.facebook.com/", "Facebook", "social"),
        ("https://m.facebook.com", "Facebook", "social"),
        ("https://l.instagram.com/", "Instagram", "social"),
        ("https://l.threads.net/", "Threads", "social"),
        ("https://lnkd.in/abc", "LinkedIn", "social"),
        ("https://go.bsky.app/redirect?u=x", "Bluesky", "social"),
        ("https://mastodon.social/", "Mastodon", "social"),
        ("https://mastodon.example.org/", "Mastodon", "social"),
        ("https://out.reddit.com/", "Reddit", "social"),
        ("https://news.ycombinator.com/", "Hacker News", "social"),
        ("https://www.youtube.com/", "YouTube", "social"),
        ("https://web.telegram.org/", "Telegram", "messaging"),
        ("https://web.whatsapp.com/", "WhatsApp", "messaging"),
        ("https://app.slack.com/client", "Slack", "messaging"),
        ("https://chatgpt.com/", "ChatGPT", "ai"),
        ("https://gemini.google.com/app", "Gemini", "ai"),
        ("https://www.google.com/", "Google", "search"),
        ("https://google.co.uk/search?q=x", "Google", "search"),
        ("https://images.google.fr/", "Google", "search"),
        ("https://www.google.com.br/", "Google", "search"),
        ("https://ca.bing.com/search", "Bing", "search"),
        ("https://duckduckgo.com/", "DuckDuckGo", "search"),
        ("https://uk.search.yahoo.com/search", "Yahoo", "search"),
        ("https://mail.google.com/mail/u/0", "Gmail", "email"),
        ("https://us-mg6.mail.yahoo.com/neo/launch", "Yahoo Mail", "email"),
        ("https://outlook.live.com/", "Outlook", "email"),
        ("https://deref-gmx.net/mail/client/", "GMX", "email"),
        ("https://deref-mail.com/", "Mail.com", "email"),
        ("https://webmail.example.org/", "webmail.example.org", "email"),
        ("https://news.google.com/", "Google News", "news"),
        ("https://plus.google.com/", "Google+", "social"),
        ("https://docs.google.com/", "docs.google.com", "site"),
        ("https://shine.yahoo.com/", "shine.yahoo.com", "site"),
        ("https://www.dailymail.co.uk/", "Daily Mail", "news"),
        ("https://forum2.example.org/t/1", "forum2.example.org", "social"),
        ("https://forumsforjustice.example/", "forumsforjustice.example", "site"),
        ("https://us.yhs4.search.yahoo.com/yhs/search", "Yahoo", "search"),
        ("https://searchassist.example.com/", "searchassist.example.com", "search"),
        ("https://searchengineland.example/", "searchengineland.example", "site"),
        ("https://research.example.org/", "research.example.org", "site"),
        ("https://notfacebook.com/", "notfacebook.com", "site"),
        ("https://t.co.example.org/", "t.co.example.org", "site"),
        # Webmail on numbered hosts, and the services that hide a mailbox
        ("https://webmail-eu-03.example.org/", "webmail-eu-03.example.org", "email"),
        ("https://us-mail-2.example.org/", "us-mail-2.example.org", "email"),
        ("https://webmailb.example.org/", "webmailb.example.org", "email"),
        ("https://posta50b.mailbeta.example.org/", "posta50b.mailbeta.example.org", "email"),
        ("https://zimbra14.example.org/", "zimbra14.example.org", "email"),
        ("http://webmail/", "webmail", "email"),
        ("https://deref-gmx.pl/mail/client/", "GMX", "email"),
        ("https://deref-freemail.example/", "deref-freemail.example", "email"),
        ("https://mailman.example.org/", "mailman.example.org", "site"),
        ("https://postal.example.org/", "postal.example.org", "site"),
        # Engines that ask other engines
        ("https://searx.example.org/", "searx.example.org", "search"),
        ("https://searxng-2.example.org/", "searxng-2.example.org", "search"),
        ("http://meta.rrzn.uni-hannover.de/", "MetaGer", "search"),
        ("https://metager3.example.org/", "metager3.example.org", "search"),
        ("https://meta.example.org/", "meta.example.org", "site"),
        # What a search company has beside its search
        ("https://www.google.com/reader/view/", "Google Reader", "news"),
        ("https://www.google.de/readers-digest", "Google", "search"),
        ("https://feedproxy.google.com/~r/x", "FeedBurner", "news"),
        ("https://pagead2.googlesyndication.com/", "Google Ads", "search"),
        ("https://googleads.g.doubleclick.net/pagead/ads", "Google Ads", "search"),
        # Blogs and magazines that write about searching
        ("https://insidesearch.blogspot.com/", "insidesearch.blogspot.com", "site"),
        ("https://searchblog.example.com/", "searchblog.example.com", "site"),
        ("https://thelongsearch.wordpress.com/", "thelongsearch.wordpress.com", "site"),
        ("https://searchsecurity.example.com/", "searchsecurity.example.com", "site"),
        ("https://blogsearch.google.de/", "Google", "search"),
        ("https://facebook.com.example.org/", "facebook.com.example.org", "site"),
        ("android-app://org.example.reader/", "org.example.reader", "site"),
    ],
)
def test_a_referrer_has_a_source_and_a_medium(sent: str, source: str, medium: str) -> None:
    """Known hosts, and whatever lies under them, are named; others are sites of their own name."""
    found = classify_referrer(sent)
    assert (found.source, found.medium) == (source, medium)


def test_the_host_is_as_sent() -> None:
    """Lower case, with `www.`, without user, port, path and query."""
    assert classify_referrer("HTTPS://me:secret@WWW.Example.org:8443/a?b=c#d") == Referrer(
        "www.example.org", "example.org", "site", "site"
    )
    assert classify_referrer("http://intranet2/page").host == "intranet2"
    assert classify_referrer("http://172.18.1.200:8080/").host == "172.18.1.200"
    assert classify_referrer("http://[2001:DB8::1]:80/").host == "[2001:db8::1]"


@pytest.mark.parametrize(
    "sent",
    [
        *(
            None,
            "",
            "-",
            "direct",
            "t.co",
            "bitly.com/9BX5qy",
            "not a url",
            "http://",
            "https:///x",
            "://x",
            "about:blank",
        ),
        *("file:///Applications/Install/", "javascript:alert(1)", "mailto:a@example.org"),
        *("http://a b.org/", "http://a..b/", "http:example.org", f"http://{'a' * 64}.org/"),
    ],
)
def test_nothing_or_nonsense_is_no_referrer(sent: str | None) -> None:
    """Without a valid referrer there is no host, no source and nothing to keep."""
    assert classify_referrer(sent) == Referrer(None, None, "none", "none")
    assert referrer_key(sent) is None


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("https://www.Example.org:8443/secret?token=1", "//www.example.org"),
        ("http://t.co/03elZC4Q", "//t.co/03elZC4Q"),
        ("https://t.co/03elZC4Q?amp=1", "//t.co/03elZC4Q"),
        ("https://t.co/a/b", "//t.co"),
        ("https://t.co/?q=secret", "//t.co"),
        ("https://example.org/03elZC4Q", "//example.org"),
        ("android-app://com.Slack/", "android-app://com.slack"),
        ("http://www.google.com/reader/view/?q=secret", "//www.google.com/reader"),
        ("http://intranet2/", "//intranet2"),
    ],
)
def test_only_the_host_is_kept(sent: str, key: str) -> None:
    """Of an address its host is kept, of X's short address also the code."""
    assert referrer_key(sent) == key


def assert_key_says_the_same(sent: str) -> None:
    """What is kept is short, holds no query, and is named as the whole was."""
    whole, key = classify_referrer(sent), referrer_key(sent)
    kept = classify_referrer(key)
    assert (kept.host, kept.source, kept.medium) == (whole.host, whole.source, whole.medium)
    assert whole.medium in MEDIA
    assert referrer_key(key) == key
    if key is not None:
        assert len(key) <= LONGEST_KEY
        assert not set(key) & set("?#@ ")


HOST = st.lists(
    st.sampled_from(
        ["www", "mail", "search", "google", "t", "co", "com", "uk", "x", "İ", "facebook"]
    )
    | st.text(min_size=1, max_size=70),
    min_size=1,
    max_size=6,
).map(".".join)


@given(
    st.text(max_size=60)
    | st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["", "//", "http://", "HTTPS://", "android-app://", "ftp://", "http:"]),
        st.sampled_from(["", "", "user:pass@", "@"]),
        HOST,
        st.sampled_from(["", ":80", ":", "."]),
        st.sampled_from(["", "/", "/abc123", "/reader/x", "/a/b?c=d", "?q=secret", "#f", "\\x"]),
    )
)
def test_any_text_is_classified_and_its_key_says_the_same(sent: str) -> None:
    """No text makes the classifier fail, and keeping only the key loses nothing it says."""
    assert_key_says_the_same(sent)


@given(st.from_regex(r"[a-z0-9]{12,20}", fullmatch=True))
def test_user_path_and_query_never_show(secret: str) -> None:
    """What may identify a person is neither answered nor kept."""
    sent = f"https://{secret}:{secret}@www.example.org/{secret}?{secret}={secret}#{secret}"
    assert secret not in f"{classify_referrer(sent)}{referrer_key(sent)}"


def test_no_entry_stands_twice_in_the_table() -> None:
    """Every host and every app is one source in one medium, and every line can be read."""
    for texts in ({**HOSTS, "portal": PORTALS}, APPS):
        entries = [
            entry.strip()
            for text in texts.values()
            for line in text.strip().splitlines()
            for entry in line.split(";")
        ]
        assert all(": " in entry and not entry.endswith(":") for entry in entries)
        hosts = Counter(host for entry in entries for host in entry.partition(": ")[2].split())
        assert [host for host, count in hosts.items() if count > 1] == []
        assert all(host == host.lower() for host in hosts)
    assert set(HOSTS) | {"site", "none"} == set(MEDIA)
    assert set(APPS) <= set(HOSTS)


def test_labelled_referrers_get_their_medium(shared_data: Path) -> None:
    """On labelled addresses the medium is right for at least 95 %."""
    ours = {"chatbot": "ai", "unknown": "site"}
    labelled = list(lines(shared_data / "referrers" / "labelled_public.jsonl.gz"))
    right = [
        classify_referrer(str(row["url"])).medium == ours.get(str(row["medium"]), row["medium"])
        for row in labelled
    ]
    assert len(right) > 100 and sum(right) / len(right) >= 0.95


def test_most_real_referred_clicks_are_named(shared_data: Path) -> None:
    """On a real feed at least 70 % of referred clicks get a name, and every key says the same."""
    clicks: Counter[str] = Counter()
    for row in lines(shared_data / "referrers" / "bitly_real_referrers.jsonl.gz"):
        sent = str(row["r"])
        assert_key_says_the_same(sent)
        if sent != "direct":
            clicks[classify_referrer(sent).medium] += int(str(row["n"]))
    assert 1 - (clicks["site"] + clicks["none"]) / clicks.total() >= 0.70
    assert clicks["none"] / clicks.total() < 0.001
