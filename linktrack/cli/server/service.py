"""Commands that run the service."""

import os
from pathlib import Path

import click

from linktrack.cli.answers import Answer, answering
from linktrack.cli.common import Work, installation, json_option, print_json, this_moment


@click.command()
@click.option(
    "--bind",
    default="127.0.0.1:8000",
    show_default=True,
    help="HOST:PORT or unix:PATH to listen on.",
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of web processes.",
)
@click.option(
    "--server",
    default="gunicorn",
    show_default=True,
    type=click.Choice(["gunicorn", "granian"]),
    help="granian is quicker, and an extra: pip install 'linktrack[granian]'.",
)
@click.option("--pages", type=click.Path(path_type=Path), hidden=True)
@click.option("--parent", type=int, hidden=True)
def serve(bind: str, workers: int, server: str, pages: Path | None, parent: int | None) -> None:
    """Run the service: short links, click counting and the owner pages."""
    from linktrack.clicks.nodes.telling import Telling
    from linktrack.installation import Installation
    from linktrack.service import greeting, run_pages, serving_settings, share_memory
    from linktrack.settings import load_settings
    from linktrack.upkeep.upgrade import upgrade
    from linktrack.web.serving.alone import serve_alone
    from linktrack.web.serving.listening import Bind

    if server == "granian":
        from linktrack.cli.server.granian_service import run
    else:
        from linktrack.service import run

    bind_to = Bind.parse(bind)
    settings = serving_settings(load_settings(), bind_to, "LINKTRACK_BASE_URL" in os.environ)
    if pages is not None and parent is not None:  # started by the service itself
        return run_pages(settings, pages, workers, parent)
    bind_to.check_free()
    serve_alone(settings.data)
    opened = Installation.open(settings)
    try:
        with opened.database.reachable():
            done = upgrade(opened, os.environ, this_moment())
            if done.backup is not None:
                click.echo(f"The database was from an older linktrack: backed up to {done.backup}.")
            opened.keep_up()
            Telling(opened.database, opened.keys, this_moment).enter()
            text = greeting(opened)
            share_memory()
    finally:
        opened.database.close()  # no connection may cross the fork
    return run(settings, bind_to, workers, text)


@click.command()
@click.option("--follow", is_flag=True, help="Keep running, and load clicks as they come.")
@click.option("--parent", type=int, hidden=True)
@json_option
def load(follow: bool, parent: int | None, as_json: bool) -> None:
    """Load captured clicks into the database."""
    from linktrack import background

    with installation(existing=True) as opened:
        changed = follow and background.follow(opened, parent)
        progress = None if follow else background.make_loader(opened).load()
    if changed:
        background.begin_anew()
    if progress is None:
        return
    if as_json:
        print_json({"clicks": progress.clicks, "damaged_lines": progress.bad_lines})
    else:
        click.echo(f"{progress.clicks:,} clicks loaded, {progress.bad_lines} damaged lines.")


@click.command()
@json_option
def rebuild(as_json: bool) -> None:
    """Recompute all counts from the stored clicks; correct ones stay the same."""
    from linktrack.clicks.counts import rebuild

    with installation(existing=True) as opened:
        total = rebuild.rebuild_beside(opened.database.engine, opened.days())
    if as_json:
        print_json({"clicks": total})
    else:
        click.echo(f"All counts are recomputed from {total:,} clicks.")


@click.command()
@answering
def status(work: Work) -> Answer:
    """Show how many rows the database has, what is not loaded yet, and how the nodes are."""
    from linktrack.cli.server.nodes import node_table
    from linktrack.upkeep.health.nodes import node_json, nodes_now
    from linktrack.upkeep.health.status import status_of, why_not_known

    settings = work.installation.settings
    found = status_of(work.session, settings, work.now)
    said = [
        f"{name.replace('_', ' '):<16} {'not known' if value is None else f'{value:,}'}"
        for name, value in found.items()
    ]
    if settings.clicks:
        trouble = why_not_known(work.session) if found["clicks"] is None else ""
        answers = f": {trouble}" if trouble else ", which answers"
        said.append(f"{'clicks are on':<16} ClickHouse{answers}")
    nodes = [node_json(each, work.now) for each in nodes_now(work.session, settings.journals)]
    answer = {**found, "nodes": nodes}
    return Answer(answer, *said, "", node_table(nodes)) if nodes[1:] else Answer(answer, *said)
