"""Real engines of ClickHouse for tests: one in process, Debian's server, and a cluster of those."""

import os
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from databases import skip_or_fail
from waiting import wait_until

from linktrack.clicks.keeping.clickhouse.address import Address
from linktrack.clicks.keeping.clickhouse.over_http import OverHttp
from linktrack.clicks.keeping.clickhouse.table import ClickTable
from linktrack.clicks.keeping.clickhouse.transport import (
    LIMITS,
    NO_SETTINGS,
    ClickHouse,
    Refused,
    Row,
    Setting,
    Unclear,
    code_of,
    complaint,
    read,
    written,
)

if TYPE_CHECKING:
    from chdb.session import Session

NO_CHDB: Final = "chdb is not here: pip install chdb"
NO_SERVER: Final = "ClickHouse is not here: install Debian's package clickhouse-server"
NO_KEEPER: Final = "ZooKeeper is not here: install Debian's packages zookeeper and default-jre"

USER: Final = "linktrack"
PASSWORD: Final = "p&ss/w0rd"  # noqa: S105 - of servers on loopback that hold a test's clicks
CLUSTER: Final = "two_shards"
KEEPER_CLASSES: Final = "/usr/share/java/zookeeper.jar"

CONFIG: Final = """<yandex>
<logger>
  <level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog>
  <size>10M</size><count>1</count>
</logger>
<listen_host>127.0.0.1</listen_host>
<http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>
<interserver_http_port>{between}</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
<user_files_path>{folder}/files/</user_files_path>
<users_config>users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>16777216</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
<timezone>UTC</timezone>
{more}
</yandex>
"""

# A profile may allow answers of a part; ours must not be. A cluster's servers ask as `default`.
USERS: Final = """<yandex>
<profiles><default>
  <max_threads>2</max_threads>
  <skip_unavailable_shards>1</skip_unavailable_shards>
  <result_overflow_mode>break</result_overflow_mode>
</default></profiles>
<quotas><default></default></quotas>
<users>
{users}
</users>
</yandex>
"""
A_USER: Final = (
    "<{name}><password><![CDATA[{password}]]></password><networks><ip>127.0.0.1</ip></networks>"
    "<profile>default</profile><quota>default</quota></{name}>"
)

KEPT_IN: Final = """<zookeeper>
  <node><host>127.0.0.1</host><port>{keeper}</port></node>
  <session_timeout_ms>6000</session_timeout_ms>
</zookeeper>
<distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
<macros><shard>{shard}</shard><replica>{replica}</replica></macros>
<remote_servers><{cluster}>{shards}</{cluster}></remote_servers>
"""


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listened on just now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def keeps(port: int) -> bool:
    """Whether a ZooKeeper is ready; it listens before.

    A server that comes earlier starts all the same, and dies of the first ON CLUSTER.
    """
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as asked:
        asked.sendall(b"srvr")
        return b"Mode:" in asked.makefile("rb").read()
    return False


@dataclass
class Server:
    """One clickhouse-server of Debian's, which may be killed and started again."""

    folder: Path
    http: int
    tcp: int
    between: int
    question: str = "SELECT 1"
    process: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def at(cls, folder: Path, ports: Sequence[int]) -> "Server":
        """Return a server that doesn't run yet, with its three ports."""
        http, tcp, between = ports
        return cls(folder, http, tcp, between)

    def configure(self, more: str = "") -> None:
        """Write down what it shall be like."""
        self.folder.mkdir(parents=True)
        ports = {"http": self.http, "tcp": self.tcp, "between": self.between}
        (self.folder / "config.xml").write_text(
            CONFIG.format(folder=self.folder, more=more, **ports)
        )
        users = {"default": "", USER: PASSWORD}.items()
        (self.folder / "users.xml").write_text(
            USERS.format(
                users="\n".join(A_USER.format(name=name, password=word) for name, word in users)
            )
        )

    def start(self) -> None:
        """Start it, unless it runs; it answers when this returns."""
        if self.process is not None:
            return
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                ["clickhouse-server", f"--config-file={self.folder / 'config.xml'}"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        wait_until(self._answers, 60, every=0.02, why=f"{self.folder} answers")

    def kill(self) -> None:
        """Let it die at once, as in a power cut."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """Let it stand still, so that what comes now waits."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "errors").read_text()[-2000:]
        with suppress(httpx.HTTPError):
            asked = httpx.post(f"http://127.0.0.1:{self.http}/", content=self.question, timeout=10)
            return asked.is_success and asked.text not in ("", "0\n")
        return False


@dataclass
class Engine:
    """Somewhere that clicks can be kept, each test's in a database of its own."""

    name: str
    cluster: str | None = None
    servers: list[Server] = field(default_factory=list)
    in_process: ClickHouse | None = None
    asking: list[OverHttp] = field(default_factory=list)

    def url(self, database: str, server: int = 0, **options: object) -> str:
        """Return what LINKTRACK_CLICKS says of a database on one of its servers."""
        port = self.servers[server].http
        if self.cluster:
            options = {"cluster": self.cluster, **options}
        query = "&".join(f"{name}={value}" for name, value in options.items())
        word = PASSWORD.replace("&", "%26").replace("/", "%2F")
        return f"clickhouse://{USER}:{word}@127.0.0.1:{port}/{database}?{query}".rstrip("?")

    def address(self, server: int = 0) -> Address:
        """Return the address of one of its servers."""
        return Address(f"http://127.0.0.1:{self.servers[server].http}", USER, PASSWORD, "default")

    def asked(self, server: int = 0, seconds: float = 30) -> ClickHouse:
        """Return what asks it."""
        if self.in_process:
            return self.in_process
        self.asking.append(OverHttp(self.address(server), seconds))
        return self.asking[-1]

    def table(self, server: int = 0, database: str = "", quorum: int = 0) -> ClickTable:
        """Return a table in a database that is new, unless it is named."""
        return ClickTable(
            self.asked(server), database or new_name(), cluster=self.cluster, quorum=quorum
        )

    def mend(self) -> None:
        """Start what has been killed, and thaw what is frozen."""
        for server in self.servers:
            server.start()
            server.thaw()

    def leave(self) -> None:
        """Mend it for the next test, and end this one's connections."""
        while self.asking:
            self.asking.pop().close()
        self.mend()


def new_name() -> str:
    """Return the name of a database that isn't there yet."""
    return f"clicks_{uuid.uuid4().hex[:12]}"


class InProcess:
    """chdb, a ClickHouse of today in this process; it keeps its folder to itself."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        for name, value in {**LIMITS, "max_threads": 2}.items():
            self._session.query(f"SET {name} = {value!r}")

    def rows(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> Iterator[Row]:
        """Yield a query's rows."""
        yield from read([self._query(sql + _set(settings))])

    def run(self, sql: str, settings: Mapping[str, Setting] = NO_SETTINGS) -> None:
        """Execute a statement."""
        self._query(sql + _set(settings))

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        settings: Mapping[str, Setting] = NO_SETTINGS,
    ) -> None:
        """Store rows."""
        head = f"INSERT INTO {table} ({', '.join(columns)}){_set(settings)} FORMAT TabSeparated\n"
        try:
            self._query(head + written(columns, rows).decode())
        except Refused as error:
            raise Unclear(error.sentence) from error

    def _query(self, sql: str) -> bytes:
        try:
            return bytes(self._session.query(sql, "TabSeparated").bytes())
        except RuntimeError as error:
            # What chdb had before a failure comes with its next answer, so that goes to nobody.
            self._session.query("SELECT 1", "TabSeparated")
            said = complaint(str(error).encode())
            raise Refused(f"ClickHouse says: {said}.", code_of(said)) from error


def _set(settings: Mapping[str, Setting]) -> str:
    return " SETTINGS " * bool(settings) + ", ".join(f"{k} = {v!r}" for k, v in settings.items())


@contextmanager
def clickhouse_in_process(folder: Path) -> Iterator[Engine]:
    """Open chdb, which may be opened once in a process; skip where there is none."""
    try:
        from chdb.session import Session
    except ImportError:
        skip_or_fail(NO_CHDB)
    session = Session(str(folder))
    yield Engine("chdb", in_process=InProcess(session))
    session.close()


@contextmanager
def clickhouse_server(folder: Path) -> Iterator[Engine]:
    """Start Debian's server; skip where there is none."""
    if not shutil.which("clickhouse-server"):
        skip_or_fail(NO_SERVER)
    server = Server.at(folder / "server", free_ports(3))
    server.configure()
    with _running([server]):
        yield Engine("server", servers=[server])


@contextmanager
def clickhouse_cluster(folder: Path) -> Iterator[Engine]:
    """Start two shards with two replicas each, and what these agree by.

    Servers 0 and 1 are the first shard.
    """
    if not shutil.which("clickhouse-server"):
        skip_or_fail(NO_SERVER)
    keeper, *ports = free_ports(13)
    servers = [
        Server.at(folder / f"server{number}", ports[3 * number : 3 * number + 3])
        for number in range(4)
    ]
    shards = "".join(
        "<shard><internal_replication>true</internal_replication>"
        + "".join(
            f"<replica><host>127.0.0.1</host><port>{server.tcp}</port></replica>" for server in pair
        )
        + "</shard>"
        for pair in (servers[:2], servers[2:])
    )
    for number, server in enumerate(servers):
        place = {"shard": number // 2, "replica": number % 2}
        server.question = (
            "SELECT count() FROM system.zookeeper WHERE path = '/clickhouse/task_queue'"
        )
        server.configure(KEPT_IN.format(keeper=keeper, cluster=CLUSTER, shards=shards, **place))
    with zookeeper(folder / "keeper", keeper), _running(servers):
        yield Engine("cluster", cluster=CLUSTER, servers=servers)


@contextmanager
def _running(servers: Sequence[Server]) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            if server.process is not None:
                server.kill()


@contextmanager
def zookeeper(folder: Path, port: int) -> Iterator[None]:
    """Start Debian's ZooKeeper; skip where there is none."""
    java = shutil.which("java")
    if java is None or not Path(KEEPER_CLASSES).exists():
        skip_or_fail(NO_KEEPER)
    folder.mkdir(parents=True)
    settings = folder / "zoo.cfg"
    settings.write_text(
        f"dataDir={folder}\nclientPort={port}\nclientPortAddress=127.0.0.1\ntickTime=500\n"
        "maxClientCnxns=0\nadmin.enableServer=false\n"
    )
    command = [java, "-Xmx96m", "-XX:TieredStopAtLevel=1", "-cp", KEEPER_CLASSES]
    command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(settings)]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ}
        )
    try:
        wait_until(lambda: keeps(port), 60, why="ZooKeeper is ready")
        yield
    finally:
        process.kill()
        process.wait()
