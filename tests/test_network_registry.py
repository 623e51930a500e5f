"""A network is its folder and one line: nothing else names one, and a new one needs no more."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from browser import Browser, read
from click.testing import CliRunner
from gathering import Gathering, said
from world import NOON, World

from linktrack.audience.models import MadeFollow
from linktrack.audience.segments import entry_key
from linktrack.cli import main
from linktrack.db import now
from linktrack.engagement.reading import due_engagement
from linktrack.errors import Invalid
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.links.lengths import length
from linktrack.links.models import SeenPost
from linktrack.links.wrapping import find_addresses
from linktrack.networks.credentials import Credential
from linktrack.networks.network import Found, Handles, Ids, Length, Network
from linktrack.networks.records import TextLimits
from linktrack.networks.registry import NETWORKS, added, is_network, names, network_of, networks
from linktrack.networks.signing_in import needs_of, sign_in, signed_in
from linktrack.owners.tokens import create_token
from linktrack.sync import engage_one

REPOSITORY: Final = Path(__file__).parents[1]

EXEMPT: Final = {
    "linktrack/clicks/classify/agents.py": "user agents of the whole web, by what they send",
    "linktrack/clicks/classify/referrers.py": "sites of the whole web, by their hosts",
    "linktrack/clicks/classify/referrer_hosts.py": "sites of the whole web, by their hosts",
    "linktrack/clicks/records.py": "a letter of the journal's format",
    "linktrack/portability/demo/around.py": "what is noted of made-up accounts names networks",
    "linktrack/portability/demo/making.py": "the made-up tags of links",
    "linktrack/portability/demo/older.py": "made-up clicks come from real sites",
    "linktrack/portability/demo/story.py": "made-up accounts are on real networks",
    "linktrack/portability/demo/texts.py": "made-up clicks come from real sites",
    "linktrack/reports/literature.py": "what was studied, as its authors say",
    "templates/privacy/show.html": "names whose short code is kept with a click",
}
"""Files that may name a network, and why."""

_LABELS: Final = [each.label for each in networks() if each.is_named]
_WORDS: Final = "|".join(re.escape(label) for label in _LABELS if len(label) > 1)
_LETTERS: Final = "|".join(re.escape(label) for label in _LABELS if len(label) == 1)
_IN_SENTENCES: Final = re.compile(rf"\b(?i:{_WORDS})\b|(?<![\w./\\-])(?:{_LETTERS})(?![\w-])")
_NAMED: Final = {each.name for each in networks() if each.is_named} | set(_LABELS)
_UNNAMED: Final = {each.name for each in networks() if not each.is_named}
_QUOTED: Final = re.compile(rf"""["'](?:{"|".join(map(re.escape, sorted(_NAMED)))})["']""")
_ASKED: Final = re.compile(rf"""network\W.*["'](?:{"|".join(map(re.escape, _UNNAMED))})["']""")


def named_in_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of whatever names a network in code.

    That is a string with a network's name or label, alone or in a sentence; or, for a name that
    is an ordinary word, a comparison with something called a network. Comments and docstrings
    may name what they like.
    """
    tree = ast.parse(source)
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            if node.value in _NAMED or _IN_SENTENCES.search(node.value):
                yield node.lineno, node.value
        elif isinstance(node, ast.Compare | ast.Match) and _ASKED.search(ast.unparse(node)):
            yield node.lineno, ast.unparse(node)


def named_in_template(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of whatever names a network in a page."""
    for number, line in enumerate(re.sub(r"\{#.*?#\}", "", source).splitlines(), 1):
        for pattern in (_IN_SENTENCES, _QUOTED, _ASKED):
            if found := pattern.search(line):
                yield number, found[0]


@cache
def places(root: Path) -> dict[str, list[tuple[int, str]]]:
    """Return where networks are named outside their folders and the registry, by file."""
    found = {}
    for path in sorted([*root.glob("linktrack/**/*.py"), *root.glob("templates/**/*.html")]):
        name = path.relative_to(root).as_posix()
        if name.startswith(tuple(f"linktrack/networks/{folder}/" for folder in NETWORKS)):
            continue
        if name == "linktrack/networks/registry.py":
            continue
        read_file = named_in_python if path.suffix == ".py" else named_in_template
        if there := list(read_file(path.read_text())):
            found[name] = there
    return found


def test_no_network_is_named_outside_its_folder_and_the_registry() -> None:
    """Whatever differs between networks is a field of the record; what is exempt says why."""
    found = places(REPOSITORY)
    assert {name: found[name] for name in found.keys() - EXEMPT.keys()} == {}


def test_every_exemption_is_still_needed() -> None:
    """A file that names none any more is taken off the list."""
    assert EXEMPT.keys() - places(REPOSITORY).keys() == set()


@pytest.mark.parametrize(
    "code",
    [
        'if account.network == "x": pass',
        "if 'bluesky' in seen: pass",
        'WITH = ("mastodon",)',
        'NAMES = {"bluesky": 1}',
        'say("Taps on Mastodon\'s card are not counted.")',
        'say(f"The same text is on {twin}. X forbids that.")',
        'if account.network != "other": pass',
    ],
)
def test_the_search_finds_what_it_is_for(code: str) -> None:
    """Comparisons, lists, keys, and words in sentences."""
    assert list(named_in_python(code))


@pytest.mark.parametrize(
    "code",
    [
        'headers["X-Forwarded-For"]',
        '"""Bluesky says."""',
        "# if it is on Mastodon",
        'device = "other"',
        "say('<text x=\"3\">')",
    ],
)
def test_the_search_leaves_other_words_alone(code: str) -> None:
    """Header names, comments, documentation, and a word that means something else."""
    assert not list(named_in_python(code))


def test_every_network_has_a_record_of_its_own_name() -> None:
    """The folder and the record agree."""
    assert tuple(each.name for each in networks()) == NETWORKS == names()


def test_the_records_are_there_without_the_networks_clients() -> None:
    """Those take up to a second to import, and most commands need none of them."""
    code = (
        "import sys; from linktrack.networks.registry import networks; networks();"
        "print(*sorted({'atproto_client', 'mastodon', 'tweepy', 'twitter_text', 'linkify_it',"
        " 'httpx', 'requests', 'sqlalchemy', 'flask'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == ""


# An unknown network ----------------------------------------------------------------------------


def test_an_unknown_network_is_an_error_and_taken_for_no_other(sqlite_world: World) -> None:
    """In every place that takes a name, with the names there are."""

    class Nobody:
        """Keeps nothing."""

        def renewed(self, credential: Credential) -> None: ...

        def refused(self, sentence: str) -> None: ...

        def taken(self) -> None: ...

    for ask in (
        lambda: network_of("myspace"),
        lambda: sqlite_world.account("@jo", "myspace"),
        lambda: find_addresses("a.com", "myspace", "https://go.example.org"),
        lambda: length("a", "myspace", "https://go.example.org"),
        lambda: entry_key("myspace", "@jo"),
        lambda: needs_of("myspace"),
        lambda: sign_in("myspace", "@jo", {}, None),
        lambda: signed_in(Credential("myspace", "https://a.example", {}), Nobody()),
    ):
        with pytest.raises(Invalid, match="'myspace' isn't a network: choose one of x, bluesky"):
            ask()


def test_the_page_says_that_a_network_is_unknown(sqlite_world: World) -> None:
    """With the form as it was."""
    answer = Browser.signed_in(sqlite_world).send(
        "/owner/accounts", {"handle": "@jo", "network": "myspace"}
    )
    assert answer.status_code == 422
    assert "'myspace' isn't a network: choose one of x, bluesky, mastodon, other." in read(answer)


def test_the_api_says_that_a_network_is_unknown(sqlite_world: World) -> None:
    """As a problem in a sentence."""
    secret = create_token(sqlite_world.session, "writes", "write", None, NOON)
    sqlite_world.session.commit()
    answer = Browser.on(sqlite_world).client.post(
        "/api/v1/accounts",
        json={"network": "myspace", "handle": "@jo"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["detail"].startswith("'myspace' isn't a network: choose one of x,")


def test_the_command_line_says_that_a_network_is_unknown(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On its standard error, with a status that is not 0."""
    monkeypatch.setenv("LINKTRACK_DATA", str(sqlite_world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", sqlite_world.settings.database)
    done = CliRunner().invoke(main, ["account", "add", "@jo", "--network", "myspace"])
    assert done.exit_code == 1
    assert "'myspace' isn't a network: choose one of x, bluesky, mastodon, other." in done.stderr


# One network more ------------------------------------------------------------------------------


def detect(text: str) -> list[Found]:
    """Return what stands between < and >."""
    return [(match.start(), match.end(), match[1]) for match in re.finditer(r"<(.*?)>", text)]


def words(text: str, limits: TextLimits | None) -> Length:
    """Count words, of which seven are taken."""
    return Length(len(text.split()), 7, len(text.split()) <= 7)


TOY: Final = Network(
    name="toy",
    label="Toybox",
    handles=Handles(
        pattern=re.compile(r"~[a-z]+"),
        example="~name in small letters",
        hint="~name on Toybox",
        begin_with_at=False,
    ),
    ids=Ids(re.compile(r"toy-[0-9]+"), "toy-1"),
    detect=detect,
    length=words,
    composer=lambda handle, text: f"https://toy.example/{handle}/write?words={len(text.split())}",
    post_address=lambda network_id: f"https://toy.example/post/{network_id}",
    profile_address=lambda network_id, handle: f"https://toy.example/who/{network_id}/{handle}",
)


@pytest.fixture
def toy() -> Iterator[None]:
    """Have one network more."""
    with added(TOY):
        yield


@pytest.mark.usefixtures("toy")
def test_a_network_more_is_offered_and_its_accounts_are_added(sqlite_world: World) -> None:
    """Its own handles are taken, others refused in its words."""
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/accounts")
    assert '<option value="toy">Toybox</option>' in page.text
    assert "~name on Toybox" in page.text
    refused = browser.send("/owner/accounts", {"handle": "@Jo", "network": "toy"})
    assert "'@Jo' cannot be a handle on Toybox: write it as ~name in small letters." in read(
        refused
    )
    made = browser.send("/owner/accounts", {"handle": "~jo", "network": "toy", "role": "you"})
    assert made.status_code == 303
    assert "~jo" in read(browser.get(made.location))
    assert "~jo Toybox" in read(browser.get("/owner/accounts"))


@pytest.mark.usefixtures("toy")
def test_texts_for_a_network_more_are_wrapped_and_counted_by_its_rules(
    sqlite_world: World,
) -> None:
    """What it makes a link of becomes a short link, and nothing else; its composer is opened."""
    account = sqlite_world.account("~jo", "toy")
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "text": "See <https://example.com/a> not https://example.com/b",
    }
    seen = read(browser.send("/owner/compose/preview", fields, form="/owner/compose"))
    assert "4 of 7 characters used" in seen
    assert "1 short link" in seen
    made = browser.send("/owner/compose", {**fields, "state": "draft", "also": str(account.id)})
    page = browser.get(made.location)
    assert f"~jo Toybox Open the post See {sqlite_world.shortener.base_url}/" in read(page)
    assert " not https://example.com/b Copy" in read(page)
    assert 'href="https://toy.example/~jo/write?words=4"' in page.text
    assert "Write it on Toybox" in read(page)


@pytest.mark.usefixtures("toy")
def test_one_text_for_an_account_there_and_one_elsewhere_opens_both_composers(
    sqlite_world: World,
) -> None:
    """On the page after composing for several accounts."""
    first, second = sqlite_world.account(), sqlite_world.account("~jo", "toy", None)
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "account": str(first.id),
        "also": [str(second.id), str(first.id)],
        "text": "<https://example.com/>",
        "state": "draft",
    }
    page = browser.get(browser.send("/owner/compose", fields).location)
    assert "One text, 2 posts" in read(page)
    assert 'href="https://x.com/intent/post?text=' in page.text
    assert 'href="https://toy.example/~jo/write?words=1"' in page.text


@pytest.mark.usefixtures("toy")
def test_posts_and_people_of_a_network_more_are_shown_where_it_says(sqlite_world: World) -> None:
    """The addresses are the record's, on the post's page and beside who was followed back."""
    account = sqlite_world.account("~jo", "toy")
    post = sqlite_world.post(account, "See <https://example.com/a>")
    sqlite_world.session.add_all(
        [
            SeenPost(account_id=account.id, network_id="p9", post_id=post.id, posted_at=NOON),
            MadeFollow(
                account_id=account.id,
                network_id="toy-7",
                handle="~ann",
                state="by_hand",
                why="She followed.",
                begun_at=NOON,
            ),
        ]
    )
    sqlite_world.session.commit()
    browser = Browser.signed_in(sqlite_world)
    assert 'href="https://toy.example/post/p9"' in browser.get(f"/owner/posts/{post.id}").text
    page = browser.get(f"/owner/follow-back?account={account.id}")
    assert 'href="https://toy.example/who/toy-7/~ann"' in page.text


@pytest.mark.usefixtures("toy")
def test_every_page_opens_for_an_account_of_a_network_more(sqlite_world: World) -> None:
    """None of them takes it for another."""
    account = sqlite_world.account("~jo", "toy")
    post = sqlite_world.post(account, "See <https://example.com/a>")
    browser = Browser.signed_in(sqlite_world)
    for address in (
        "/owner",
        "/owner/posts",
        f"/owner/posts/{post.id}",
        f"/owner/links/{post.links[0].code}",
        "/owner/accounts",
        f"/owner/accounts/{account.id}",
        f"/owner/accounts/{account.id}/connection",
        "/owner/connections",
        "/owner/not-wrapped",
        "/owner/followers",
        "/owner/follow-back",
        "/owner/compose",
    ):
        answer = browser.client.get(address, follow_redirects=True)
        assert answer.status_code == 200, address
        assert "~jo" in read(answer), address


@pytest.mark.usefixtures("toy")
def test_ids_of_a_network_more_are_known_by_its_pattern() -> None:
    """Anything else is a handle."""
    assert entry_key("toy", "toy-7") == "toy-7"
    assert entry_key("toy", "~Ann") == "@~ann"


def test_a_network_more_is_gone_after_the_test_and_takes_nobodys_name() -> None:
    """Else one test would change the next."""
    with added(TOY):
        assert is_network("toy")
        with pytest.raises(ValueError, match="already"), added(TOY):
            pass
        assert network_of("toy") is TOY
    assert not is_network("toy")


def test_engagement_with_posts_of_a_network_more_is_read(sqlite_world: World) -> None:
    """Its record's one field says how; without it nothing is ever due."""
    with added(TOY):
        account = sqlite_world.account("~jo", "toy")
        said(sqlite_world, account, "p9", NOON)
        assert due_engagement(sqlite_world.session, NOON) == []
    gathering = Gathering()
    gathering.act("p9", "like", "1")
    toy = replace(TOY, open_engagement=lambda handle, network_id, settings: gathering)
    with added(toy):
        assert due_engagement(sqlite_world.session, NOON) == [account]
        opened = Installation(
            sqlite_world.settings,
            load_keys(sqlite_world.settings.data),
            sqlite_world.database,
            sqlite_world.shortener,
        )
        said(sqlite_world, account, "p10", now())
        assert engage_one(opened, account).posts == 1
