"""Redirects, side by side: python benchmarks/redirects.py (make bench).

Every variant is started; wrk loads them one after the other in short rounds, each second round
in reversed order, with the headers of a browser. What one variant reaches is set against bare
gunicorn of the same round. A round in which a click is missing, or an answer is not a redirect,
does not count; one in which a single worker has accepted nearly all connections is run again, since
it tells of the kernel and not of the variant. Prints Markdown.
"""

import argparse
import http.client
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
from machine import program_version, versions
from material import Zipf, add_links, open_installation
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from servers import Server, answer, environment, free_port
from waiting import wait_until

CONNECTIONS = 32
DRAWN = 400_000  # codes that one wrk asks for in turn
GUNICORN = ["gunicorn", "-w", "2", "--keep-alive", "5"]
THREADS = [*GUNICORN, "-k", "gthread", "--threads", "4"]
ASGI = [*GUNICORN, "-k", "asgi", "--asgi-loop"]
GRANIAN = ["granian", "--workers", "2", "--interface", "asgi", "--no-ws", "--log-level", "error"]
ROOT = Path(__file__).resolve().parent.parent

LUA = """
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
wrk.headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
wrk.headers["Accept-Language"] = "en-US,en;q=0.5"
wrk.headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
wrk.headers["Referer"] = "https://t.co/"
local requests, place, threads = {}, 0, {}
wrong = 0
function setup(thread) threads[#threads + 1] = thread end
function init(arguments)
  for path in io.lines(arguments[1]) do requests[#requests + 1] = wrk.format("GET", path) end
  math.randomseed(os.time()); place = math.random(#requests)
end
function request()
  place = place % #requests + 1
  return requests[place]
end
function response(status) if status ~= 302 then wrong = wrong + 1 end end
function done(summary, latency, _)
  local errors, wrong = summary.errors, 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong") end
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failed": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout + wrong))
end
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One variant in one round: requests per second, milliseconds, CPU microseconds a request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    cpu_with_loader: float


@dataclass(slots=True)
class Variant:
    """A running server; with a `data` folder its clicks are counted after every run."""

    name: str
    port: int
    processes: Sequence[int]
    paths: Path
    data: Path | None = None
    links: int = 1
    runs: list[Run | None] = field(default_factory=list)
    megabytes: float = 0.0

    def family(self) -> list[psutil.Process]:
        """All its processes."""
        masters = [psutil.Process(number) for number in self.processes]
        return [one for master in masters for one in (master, *master.children(recursive=True))]

    def cpu(self) -> tuple[float, float]:
        """Return seconds of CPU so far: of the web processes, and of the loader."""
        web = loader = 0.0
        for process in self.family():
            times = process.cpu_times()
            if "--follow" in process.cmdline():
                loader += times.user + times.system
            else:
                web += times.user + times.system
        return web, loader

    def workers(self) -> list[tuple[psutil.Process, float]]:
        """The workers that redirect, with their seconds of CPU so far."""
        return [
            (one, sum(one.cpu_times()[:2]))
            for one in self.family()
            if one.pid not in self.processes and not {"--follow", "--pages"} & set(one.cmdline())
        ]

    def stored(self) -> int:
        """Return how many clicks are in the database, once all are loaded."""
        assert self.data is not None
        environ = environment(self.data)
        while answer(environ, "status")["bytes_to_load"]:
            time.sleep(0.5)
        engine = create_engine(f"sqlite:///{self.data / 'linktrack.db'}")
        with engine.connect() as connection:
            count = connection.scalar(text("SELECT max(seq) FROM clicks")) or 0
        engine.dispose()
        return int(count)


def evenly(variant: Variant, seconds: int, script: Path) -> Run | None:
    """Load a variant till each worker has its part of the connections, five times at the most."""
    run = None
    for _ in range(5):
        before = dict(variant.workers())
        run = load(variant, seconds, script)
        took = [cpu - before.get(worker, cpu) for worker, cpu in variant.workers()]
        if min(took) > max(took) / 4:
            break
    return run


def load(variant: Variant, seconds: int, script: Path) -> Run | None:
    """Load a variant for some seconds; None where the run does not count."""
    before = variant.stored() if variant.data else 0
    web, loader = variant.cpu()
    address = f"http://127.0.0.1:{variant.port}"
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), address]
    done = subprocess.run(
        [*wrk, "--", str(variant.paths)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.strip().splitlines()[-1])
    web_after, _ = variant.cpu()
    requests = found["requests"]
    if variant.data:
        counted = variant.stored() - before
        if not requests <= counted <= requests + CONNECTIONS:
            print(f"  {variant.name}: {requests} answered, {counted} counted: no run", flush=True)
            return None
    _, loader_after = variant.cpu()
    if found["failed"] or not redirects(variant):
        print(f"  {variant.name}: {found['failed']} failed: no run", flush=True)
        return None
    variant.megabytes = max(one.memory_info().rss for one, _ in variant.workers()) / 1e6
    return Run(
        requests / found["seconds"],
        found["p50"],
        found["p99"],
        (web_after - web) / requests * 1e6,
        (web_after - web + loader_after - loader) / requests * 1e6,
    )


def redirects(variant: Variant) -> bool:
    """Whether the first path is answered with a redirect."""
    with variant.paths.open() as file:
        path = file.readline().strip()
    connection = http.client.HTTPConnection("127.0.0.1", variant.port, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status == 302


@contextmanager
def running(
    command: Sequence[str], folder: Path, name: str, data: Path | None = None
) -> Iterator[int]:
    """Run a server; yield its process number.

    In a session of its own, as linktrack is: the kernel shares the CPU among sessions first.
    """
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parent,
            env=environment(data or folder) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"},
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def start(stack: ExitStack, folder: Path, links: int) -> list[Variant]:
    """Start every variant that this machine has."""
    one = folder / "one"
    one.write_text("/ga7xK\n")
    variants = []
    for name, words in (
        ("gunicorn's threads, bare 302", [*THREADS, "bare:application"]),
        ("gunicorn's threads, Flask's router", [*THREADS, "bare:flask_application()"]),
        ("gunicorn's ASGI, asyncio, bare 302", [*ASGI, "asyncio", "bare:asgi_application"]),
        ("gunicorn's ASGI, uvloop, bare 302", [*ASGI, "uvloop", "bare:asgi_application"]),
        ("granian, bare 302", [*GRANIAN, "bare:asgi_application"]),
    ):
        port = free_port()
        process = stack.enter_context(running(listening(words, port), folder, f"bare-{port}"))
        variants.append(Variant(name, port, [process], one))
    data, paths = prepare(folder / "data-threads", 1)
    port = free_port()
    command = listening([*THREADS, "wsgi:app"], port)
    process = stack.enter_context(running(command, folder, "threads", data))
    follow = [sys.executable, "-m", "linktrack", "load", "--follow"]
    loader = stack.enter_context(running(["nice", *follow], folder, "loader", data))
    name = "linktrack, gunicorn's threads, 1 link"
    variants.append(Variant(name, port, [process, loader], paths, data))
    for server, count in (("gunicorn", 1), ("gunicorn", links), ("granian", 1)):
        data, paths = prepare(folder / f"data-{server}-{count}", count)
        log = folder / f"linktrack-{server}-{count}.log"
        served = Server(environment(data), log, "--workers", "2", "--server", server)
        stack.callback(served.stop)
        name = f"linktrack, {server}, {count:,} link{'s' * (count > 1)}"
        variants.append(Variant(name, served.port, [served.process.pid], paths, data, count))
    if shutil.which("nginx"):
        port = free_port()
        process = stack.enter_context(running(nginx(folder, port), folder, "nginx"))
        variants.append(Variant("nginx, return 302", port, [process], one))
    for variant in variants:
        wait_until(partial(is_there, variant), 60, why=f"{variant.name} answers")
    return variants


def listening(words: Sequence[str], port: int) -> list[str]:
    """Return the command of a server on a port."""
    where = ["--port", str(port)] if words[0] == "granian" else ["-b", f"127.0.0.1:{port}"]
    return [sys.executable, "-m", *words, *where]


def is_there(variant: Variant) -> bool:
    """Whether a server answers already."""
    with suppress(OSError):
        return redirects(variant)
    return False


def prepare(data: Path, count: int) -> tuple[Path, Path]:
    """Make that many links; return the data folder, and the file of the paths to ask for."""
    opened = open_installation(data)
    codes = add_links(opened, count, posts=False)
    opened.database.close()
    paths = data.with_suffix(".paths")
    zipf = Zipf(count, random.Random(1))
    drawn = DRAWN if count > 1 else 1
    paths.write_text("".join(f"/{codes[zipf.draw() - 1]}\n" for _ in range(drawn)))
    return data, paths


def nginx(folder: Path, port: int) -> list[str]:
    """Write a configuration, and return the command."""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"""
        daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.error;
        events {{ }}
        http {{
          access_log off;
          client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2;
          fastcgi_temp_path {folder}/n3; uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
          server {{ listen 127.0.0.1:{port};
                    location / {{ return 302 https://www.example.org/articles/1?from=links; }} }}
        }}
        """
    )
    return ["nginx", "-c", str(configuration), "-e", str(folder / "nginx.error")]


COLUMNS = """
requests/s, p50, p99: what wrk saw, with 32 connections, as the median of all rounds.
CPU µs: user and system time of the web processes, divided by the requests; with loader: that of the
loader too, until every click of the run was in the database.
MB a worker: resident memory of the largest worker, shared pages included.
The last four: this variant by gunicorn's bare threads in the same round, median (lowest-highest);
more throughput is better, less of the others.
"""


def print_table(variants: Sequence[Variant]) -> None:
    """Print what was reached; ratios are those of each round, as median (lowest-highest)."""
    print(COLUMNS)
    print(
        "\n| variant | requests/s | p50 ms | p99 ms | CPU µs | with loader | MB a worker "
        "| throughput, bare = 1 | CPU | CPU with loader | p99 |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    bare = variants[0].runs
    for variant in variants:
        runs = [run for run in variant.runs if run is not None]
        if not runs:
            print(f"| {variant.name} | no run counted |")
            continue
        pairs = [
            (mine, base)
            for mine, base in zip(variant.runs, bare, strict=True)
            if mine is not None and base is not None
        ]
        cells = [
            f"{statistics.median(run.rate for run in runs):,.0f}",
            f"{statistics.median(run.p50 for run in runs):.1f}",
            f"{statistics.median(run.p99 for run in runs):.1f}",
            f"{statistics.median(run.cpu for run in runs):.0f}",
            f"{statistics.median(run.cpu_with_loader for run in runs):.0f}",
            f"{variant.megabytes:.0f}",
            ratio([mine.rate / base.rate for mine, base in pairs]),
            ratio([mine.cpu / base.cpu for mine, base in pairs]),
            ratio([mine.cpu_with_loader / base.cpu for mine, base in pairs]),
            ratio([mine.p99 / base.p99 for mine, base in pairs]),
        ]
        print(f"| {variant.name} | {' | '.join(cells)} |")


def ratio(values: Sequence[float]) -> str:
    """Write the median and the range."""
    if not values:
        return "—"
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def main() -> None:
    """Start, load, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--warm", type=int, default=60, help="seconds of load before, many links")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not here: install Debian's package wrk.")
    folder = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    folder.chmod(0o755)  # nginx's workers are another user
    script = folder / "load.lua"
    script.write_text(LUA)
    packages = versions("gunicorn", "granian", "uvloop", "a2wsgi", "Flask")
    print(packages, program_version("nginx", "-v"), program_version("wrk", "-v"), sep=", ")
    try:
        with ExitStack() as stack:
            variants = start(stack, folder, options.links)
            for variant in variants:  # its caches are filled, as those of a service are
                load(variant, 2 if variant.links == 1 else options.warm, script)
            for number in range(options.rounds):
                order = variants if number % 2 == 0 else variants[::-1]
                runs = {one.name: evenly(one, options.seconds, script) for one in order}
                if None in runs.values():
                    print(f"  Round {number + 1} does not count.", flush=True)
                    runs = dict.fromkeys(runs)
                for variant in variants:
                    variant.runs.append(runs[variant.name])
            print(f"\n{options.rounds} rounds of {options.seconds} s, {CONNECTIONS} connections.")
            print_table(variants)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
