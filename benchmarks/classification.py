"""How well people are told from programs, and where they came from: a table from labelled data.

    python benchmarks/classification.py ../shared/data [--write docs/classification.md]

The folder has `ua/labelled_*.jsonl.gz` (`ua`, `is_bot`, `tier`, `sources`, `cats`),
`ua/link_preview_detectors.json`, `referrers/labelled_*.jsonl.gz` (`url`, `medium`, `source`),
`referrers/bitly_real_referrers.jsonl.gz` (`r`, `n`), `weblogs/*.log.gz` (combined format) and
`bitly/*.jsonl.gz`. Parts that are not there are left out. All agents take some minutes;
`--every 10` takes every tenth of one large set of devices.
"""

import argparse
import gzip
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from linktrack.clicks.classify.agents import classify_agent
from linktrack.clicks.classify.referrers import classify_referrer
from linktrack.clicks.loading.burst import storm

DETECTORS = {"crawlerdetect-tests", "monperrus", "isbot", "uap-core"}
"""Sources of labels that are the test cases of a list of crawlers: who uses the list knows them."""

MEDIA = {"chatbot": "ai", "unknown": "site"}
SAME = {"twitter": "x", "ixquick": "startpage"}
LOG = re.compile(
    r'^(\S+) \S+ \S+ \[([^\]]+)\] "((?:[^"\\]|\\.)*)" \d{3} \S+'
    r' "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"'
)
Row = dict[str, Any]


def lines(path: Path) -> Iterator[Row]:
    """The JSON objects of a compressed file of lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def part(found: int, of: int) -> str:
    """Write a part of a whole with both numbers."""
    return f"{100 * found / of:.2f} % ({found:,} of {of:,})" if of else "none"


def is_browser(row: Row) -> bool:
    """Whether the label says that a browser sent it."""
    return "rowser" in row["cats"].get("matomo", "") + row["cats"].get("yauaa", "")


def is_app(row: Row) -> bool:
    """Whether the label says that an app, a player or a reader sent it."""
    told = row["cats"].get("matomo", "") + row["cats"].get("yauaa", "")
    return bool(told) and not is_browser(row)


def agents(folder: Path, every: int) -> list[tuple[str, str]]:
    """Recall and false positives on labelled agents, and what one costs."""
    (path,) = sorted(folder.glob("ua/labelled_*.jsonl.gz"))[:1]
    rows = list(lines(path))
    bots = [row for row in rows if row["is_bot"]]
    people = [
        row
        for number, row in enumerate(row for row in rows if not row["is_bot"])
        if number % every == 0 or "crawlerdetect-tests" not in row["sources"]
    ]
    classify_agent("warm up")
    started = time.process_time()
    judged = [(row, classify_agent(row["ua"]).reason) for row in bots + people]
    cost = (time.process_time() - started) / len(judged)
    known = {row["ua"]: reason for row, reason in judged}
    started = time.process_time()
    for row, _ in judged:
        known.get(row["ua"])
    known_cost = (time.process_time() - started) / len(judged)

    def out(chosen: Iterable[tuple[Row, str | None]]) -> str:
        reasons = [reason for _, reason in chosen]
        return part(sum(reason is not None for reason in reasons), len(reasons))

    def of(kind: str, row: Row) -> bool:
        return bool(row["is_bot"]) and row["tier"] == kind

    independent = [
        (row, reason)
        for row, reason in judged
        if of("strong", row) and not DETECTORS & set(row["sources"])
    ]
    return [
        ("bots found (recall)", out(pair for pair in judged if of("strong", pair[0]))),
        ("… on bots that no detector's own list has", out(independent)),
        ("attacks in place of a name found", out(pair for pair in judged if of("hacker", pair[0]))),
        (
            "browsers taken for programs (false positives)",
            out(pair for pair in judged if not pair[0]["is_bot"] and is_browser(pair[0])),
        ),
        (
            "all agents beginning like a browser taken for programs",
            out(
                pair
                for pair in judged
                if not pair[0]["is_bot"] and pair[0]["ua"].startswith(("Mozilla/", "Opera/"))
            ),
        ),
        (
            "apps, players and readers taken for programs",
            out(pair for pair in judged if not pair[0]["is_bot"] and is_app(pair[0])),
        ),
        ("CPU time of a new agent", f"{cost * 1e3:.2f} ms"),
        ("CPU time of a known agent", f"{known_cost * 1e6:.2f} µs"),
    ]


def previews(folder: Path) -> list[tuple[str, str]]:
    """Which of the known preview fetchers' examples are left out."""
    rows = json.loads((folder / "ua" / "link_preview_detectors.json").read_text())
    missed = [row[0] for row in rows if classify_agent(row[-1]).reason is None]
    return [
        ("preview fetchers left out", part(len(rows) - len(missed), len(rows))),
        ("not: their example is a plain browser's, or cut before its name", ", ".join(missed)),
    ]


def referrers(folder: Path) -> list[tuple[str, str]]:
    """Media and sources of labelled referrers, and the share of real ones that is named."""
    (path,) = sorted(folder.glob("referrers/labelled_*.jsonl.gz"))[:1]
    rows = [(row, classify_referrer(row["url"])) for row in lines(path)]
    medium = sum(found.medium == MEDIA.get(row["medium"], row["medium"]) for row, found in rows)
    named = [(row, found) for row, found in rows if row.get("source")]
    source = sum(same_source(row["source"], found.source or "") for row, found in named)
    clicks: Counter[str] = Counter()
    real = folder / "referrers" / "bitly_real_referrers.jsonl.gz"
    for row in lines(real) if real.exists() else ():
        if row["r"] != "direct":
            clicks[classify_referrer(row["r"]).medium] += row["n"]
    unnamed = clicks["site"] + clicks["none"]
    return [
        ("medium right", part(medium, len(rows))),
        ("source right, as far as its name goes", part(source, len(named))),
        ("referred clicks of the real feed named", part(clicks.total() - unnamed, clicks.total())),
        *((f"… {name}", part(count, clicks.total())) for name, count in clicks.most_common()),
    ]


def same_source(labelled: str, ours: str) -> bool:
    """Whether two names are one source: "Google Images" is Google, "Yahoo!" is Yahoo."""
    theirs, own = (re.sub(r"[^a-z0-9]", "", name.lower()) for name in (labelled, ours))
    theirs = SAME.get(theirs, theirs)
    return theirs.startswith(own[:5]) or own.startswith(theirs[:5]) or theirs in own


def reason_of(agent: str, known: dict[str, str | None]) -> str | None:
    """Why an agent's clicks are left out; each is judged once."""
    if agent not in known:
        known[agent] = classify_agent(agent).reason
    return known[agent]


def web_logs(folder: Path) -> list[tuple[str, Counter[str]]]:
    """Why requests of real web sites would be left out."""
    known: dict[str, str | None] = {}
    found = []
    for path in sorted(folder.glob("weblogs/*.log.gz")):
        reasons: Counter[str] = Counter()
        with gzip.open(path, "rt", errors="replace") as file:
            for match in filter(None, map(LOG.match, file)):
                head = match[3].startswith("HEAD ")
                reasons["head" if head else reason_of(match[5], known) or "people"] += 1
        found.append((path.name.removesuffix(".log.gz"), reasons))
    return found


def feed(folder: Path) -> list[tuple[str, Counter[str]]]:
    """Why clicks of a real link shortener would be left out, bursts by link and minute.

    The feed has no addresses: what it knows of a device stands for its visitor.
    """
    known: dict[str, str | None] = {}
    reasons: Counter[str] = Counter()
    devices: defaultdict[tuple[str, int], defaultdict[str, set[str]]]
    devices = defaultdict(lambda: defaultdict(set))
    alone: Counter[tuple[str, int, str]] = Counter()
    for path in sorted(folder.glob("bitly/*.jsonl.gz")):
        for row in lines(path):
            if "a" not in row:
                continue
            reason = reason_of(row["a"], known)
            reasons[reason or "people"] += 1
            if reason is None and row.get("r") == "direct":
                link, minute = row.get("g", ""), row["t"] // 60
                alone[link, minute, row["a"]] += 1
                device = json.dumps([row.get(name) for name in ("al", "ll", "cy", "tz")])
                devices[link, minute][row["a"]].add(device)
    for (link, minute), by_agent in devices.items():
        names = list(by_agent)
        visitors = {(place, False): len(by_agent[name]) for place, name in enumerate(names)}
        for place, _ in storm(visitors):
            clicks = alone[link, minute, names[place]]
            reasons["burst"] += clicks
            reasons["people"] -= clicks
    return [("bitly, 22 hours of 2011-13", reasons)] if reasons else []


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a table of Markdown."""
    written = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in written)


def report(folder: Path, every: int) -> str:
    """Return the whole page."""
    parts = ["# How well clicks are classified", INTRODUCTION]
    if sorted(folder.glob("ua/labelled_*.jsonl.gz")):
        parts += ["## Agents", table(("what", "share"), agents(folder, every))]
    if (folder / "ua" / "link_preview_detectors.json").exists():
        parts += ["## Link previews", table(("what", "share"), previews(folder))]
    if sorted(folder.glob("referrers/labelled_*.jsonl.gz")):
        parts += ["## Referrers", table(("what", "share"), referrers(folder))]
    measured = web_logs(folder) + feed(folder)
    if measured:
        names = ("people", "head", "no-agent", "preview", "bot", "burst")
        rows = [
            (name, f"{reasons.total():,}", *(f"{100 * reasons[why] / reasons.total():.1f}%"
             for why in names))
            for name, reasons in measured
        ]  # fmt: skip
        parts += ["## Real logs", table(("log", "requests", *names), rows), AFTERWORD]
    return "\n\n".join(parts) + "\n"


INTRODUCTION = """\
Made by `benchmarks/classification.py` on agents and referrers that others have labelled: the
public tests of Matomo, CrawlerDetect, isbot, uap-core, yauaa, crawler-user-agents and Snowplow.
The best that was known elsewhere: 95 % of bots found, 79 % of those that no detector's own list
has, with 0.48 % of browsers taken for programs."""

AFTERWORD = """\
The first two logs are of web sites: pages, pictures and scripts; the second is known for its form
spam. The feed is of a link shortener. Bursts are judged there by what the feed knows of devices."""


def main() -> None:
    """Print the page, or write it to a file."""
    parser = argparse.ArgumentParser(description="Measure the classification of clicks.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    text = report(options.folder, options.every)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
