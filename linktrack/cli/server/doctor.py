"""`linktrack doctor`: one line for each check, and what to do."""

import os
import sys
from dataclasses import asdict

import click

from linktrack.cli.common import json_option, print_json, this_moment


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check this installation for problems, and say how to fix them.

    Changes nothing. The exit status is 0 if all is well, 1 if something needs fixing. Run it with
    the same user and settings as the service.
    """
    from linktrack.upkeep.doctor import examine

    findings = []
    for finding in examine(os.environ, this_moment()):
        findings.append(finding)
        if not as_json:
            mark = "ok  " if finding.remedy is None else "MEND"
            remedy = "" if finding.remedy is None else f" → {finding.remedy}"
            click.echo(f"{mark}  {finding.name}: {finding.says}{remedy}")
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.remedy is not None for finding in findings):
        sys.exit(1)
