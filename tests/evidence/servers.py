"""PostgreSQL and PgBouncer in their own folders and on their own ports, always stopped at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .installed import Programs

HOST = "127.0.0.1"
DATABASE = "evidence"
USER = "postgres"
POOL_SIZE = 3
# One name for each cell: a pool of server connections that no other cell has touched.
NAMES = 400
# Seconds until a server answers.
PATIENCE = 60.0

_POSTGRES_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "300",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    # With it asyncpg's look-up of types takes seconds on a loaded machine.
    "jit": "off",
}

_MAKE_CERTIFICATE = (
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
    *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}"),
)

# PgBouncer's own key that decides everything here, and the version that brought it.
PREPARED = "max_prepared_statements"
PREPARED_SINCE = (1, 21)
# Until 1.22 SIGTERM stopped PgBouncer at once, since 1.23 it waits for the clients and SIGQUIT does not.
QUITS_SINCE = (1, 23)


class DidNotStart(Exception):  # noqa: N818 - it names what happened
    """A server ended or did not answer; the message contains the end of its log."""


@dataclass(slots=True)
class Server:
    """One program in the foreground, with its log."""

    command: list[str]
    log: Path
    port: int
    stop_signal: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until its port answers. Raises DidNotStart."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise DidNotStart(f"{' '.join(self.command)}\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it, by force if necessary."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(self.stop_signal)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Stops and starts it: every client connection is lost."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), 1).close()
        except OSError:
            return False
        return True


@dataclass(slots=True)
class Pooler:
    """A running PgBouncer. Its databases are called `transaction_0`, `session_7`, `statement_3`: all the same one."""

    server: Server
    prepared_statements: int
    _used: int = field(default=0)

    def name(self, mode: str) -> str:
        """The name of a database in this pool mode whose server connections are fresh."""
        self._used += 1
        return f"{mode}_{self._used % NAMES}"


@dataclass(slots=True)
class Servers:
    """A running PostgreSQL, and PgBouncers in front of it on demand."""

    programs: Programs
    folder: Path
    postgres: Server
    _poolers: list[Server] = field(default_factory=list)

    def pooler(self, prepared_statements: int = 0, **settings: str | int) -> Pooler:
        """Start a PgBouncer with these settings of its own; it is stopped with PostgreSQL. Raises DidNotStart."""
        folder = self.folder / f"pgbouncer{len(self._poolers)}"
        folder.mkdir()
        port = free_port()
        (folder / "pgbouncer.ini").write_text(
            _pgbouncer_ini(self.programs, self.postgres.port, port, prepared_statements, settings)
        )
        give_away(folder)
        command = [*self.programs.as_postgres, self.programs.pgbouncer, "-q", str(folder / "pgbouncer.ini")]
        stop = signal.SIGQUIT if self.programs.pgbouncer_version >= QUITS_SINCE else signal.SIGTERM
        server = Server(command, folder / "log", port, stop)
        self._poolers.append(server)
        server.start()
        return Pooler(server, prepared_statements)

    def stopped_with_us(self, server: Server) -> None:
        """Makes sure that a pooler of another kind is stopped with PostgreSQL."""
        self._poolers.append(server)

    def certificate(self) -> Path:
        """A certificate for HOST that signs itself, with `key.pem` beside it. Raises DidNotStart."""
        folder = self.folder / "certificate"
        if not folder.exists():
            folder.mkdir()
            made = subprocess.run(
                [*_MAKE_CERTIFICATE, "-keyout", "key.pem", "-out", "certificate.pem"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if made.returncode != 0:
                raise DidNotStart(made.stderr)
            give_away(folder)
        return folder / "certificate.pem"

    def stop(self) -> None:
        """Stops everything, the poolers first."""
        for server in [*self._poolers, self.postgres]:
            server.stop()

    @property
    def knows_prepared_statements(self) -> bool:
        """Whether this PgBouncer supports prepared statements."""
        return self.programs.pgbouncer_version >= PREPARED_SINCE


@contextmanager
def running(programs: Programs) -> Iterator[Servers]:
    """Runs PostgreSQL during the block, in a temporary folder. Raises DidNotStart."""
    # pytest's own folders are closed to the user that the servers run as.
    folder = Path(tempfile.mkdtemp(prefix="poolsafe-evidence-"))
    give_away(folder)
    try:
        servers = Servers(programs, folder, _postgres(programs, folder))
        try:
            servers.postgres.start()
            yield servers
        finally:
            servers.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Returns a TCP port that was free a moment ago."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def _postgres(programs: Programs, folder: Path) -> Server:
    data = folder / "data"
    options = ["-D", str(data), "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(
        [*programs.as_postgres, programs.initdb, *options], capture_output=True, text=True, cwd="/", check=False
    )
    if made.returncode != 0:
        raise DidNotStart(made.stdout + made.stderr)
    port = free_port()
    settings = [word for key, value in _POSTGRES_SETTINGS.items() for word in ("-c", f"{key}={value}")]
    command = [*programs.as_postgres, programs.postgres, "-D", str(data), "-p", str(port), *settings]
    # SIGINT is PostgreSQL's "fast": it does not wait for its clients.
    return Server(command, folder / "postgres.log", port, signal.SIGINT)


def _pgbouncer_ini(
    programs: Programs, postgres_port: int, port: int, prepared_statements: int, settings: dict[str, str | int]
) -> str:
    base = f"host={HOST} port={postgres_port} dbname={DATABASE} user={USER}"
    # A session keeps its server, so a session pool needs one for every client.
    modes = {"transaction": POOL_SIZE, "session": 40, "statement": POOL_SIZE}
    databases: list[str] = [
        f"{mode}_{number} = {base} pool_mode={mode} pool_size={size}"
        for mode, size in modes.items()
        for number in range(NAMES)
    ]
    values: dict[str, str | int] = {
        "listen_addr": HOST,
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "default_pool_size": POOL_SIZE,
        "max_client_conn": 300,
        # The pools of past cells give their servers back.
        "server_idle_timeout": 5,
        "log_connections": 0,
        "log_disconnections": 0,
    }
    values.update(settings)
    if programs.pgbouncer_version >= PREPARED_SINCE:
        values[PREPARED] = prepared_statements
    lines = ["[databases]", *databases, "", "[pgbouncer]", *(f"{key} = {value}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def give_away(folder: Path) -> None:
    """Changes the owner of a folder to the user that the servers run as, if root starts them."""
    if os.geteuid() != 0:
        return
    for path in [folder, *folder.iterdir()]:
        shutil.chown(path, "postgres", "postgres")
