"""Classify user agents and referrers on the command line, and reclassify stored clicks."""

import json
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

import click

from linktrack.cli.common import installation, json_option, print_json, tell

AGENT_FIELDS: Final = ("human", "reason", "rule", "device", "browser", "os")
REFERRER_FIELDS: Final = ("host", "source", "medium", "rule")


@click.command()
@click.argument("what", type=click.Choice(["agents", "referrers"]))
@click.argument("file", type=click.File("rb"), default="-")
@json_option
def classify(what: str, file: BinaryIO, as_json: bool) -> None:
    """Classify each line of FILE, or of standard input.

    Prints one answer per line: with --json an object in ASCII, otherwise tab-separated columns.
    A blank line is an agent or referrer that was not sent. Bytes that are not UTF-8 are replaced
    where they occur.
    """
    fields = AGENT_FIELDS if what == "agents" else REFERRER_FIELDS
    judge = _agent if what == "agents" else _referrer
    encode = json.JSONEncoder(ensure_ascii=True).encode
    for line in _lines(file):
        found = judge(line)
        if as_json:
            sys.stdout.write(encode({"input": line, **found}) + "\n")
        else:
            told = (found[name] for name in fields)
            columns = ("-" if value is None else str(value) for value in told)
            sys.stdout.write("\t".join((*columns, line)) + "\n")
    sys.stdout.flush()


def _lines(file: BinaryIO) -> Iterator[str]:
    for line in file:
        yield line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")


def _agent(sent: str) -> dict[str, str | bool | None]:
    from linktrack.clicks.classify.agents import classify_agent

    found = classify_agent(sent)
    return {
        "human": found.reason is None,
        "reason": found.reason,
        "rule": found.rule,
        "device": found.device,
        "browser": found.browser,
        "os": found.os,
    }


def _referrer(sent: str) -> dict[str, str | bool | None]:
    from linktrack.clicks.classify.referrers import classify_referrer

    found = classify_referrer(sent)
    return {
        "host": found.host,
        "source": found.source,
        "medium": found.medium,
        "rule": found.rule,
    }


@click.command()
@json_option
def reclassify(as_json: bool) -> None:
    """Apply the current rules to stored clicks, and update first clicks and counts."""
    from linktrack.clicks.loading.reclassify import reclassify as apply

    with installation(existing=True) as opened:
        done = apply(opened.click_store(), opened.days())
        tell(opened, "Applied today's rules to stored clicks.")
    if as_json:
        print_json(
            {
                "agents": done.agents,
                "agents_changed": done.agents_changed,
                "referrers": done.referrers,
                "referrers_changed": done.referrers_changed,
                "clicks_of_other_sources": done.clicks_of_other_sources,
                "clicks": [
                    {"before": before, "after": after, "clicks": count}
                    for (before, after), count in sorted(done.reasons.items())
                ],
            }
        )
        return
    click.echo(
        f"User agents checked: {done.agents:,}, classified differently: {done.agents_changed:,}."
    )
    click.echo(
        f"Referrers checked: {done.referrers:,}, named differently: "
        f"{done.referrers_changed:,}, with {done.clicks_of_other_sources:,} clicks."
    )
    for (before, after), count in sorted(done.reasons.items()):
        click.echo(f"{count:,} clicks: {before} → {after}")
    if not done.reasons:
        click.echo("No click is classified differently.")
