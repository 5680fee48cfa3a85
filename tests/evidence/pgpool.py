"""pgpool-II in front of the evidence's PostgreSQL, where it is installed."""

from __future__ import annotations

import os
import shutil
import signal

from .installed import Missing
from .servers import HOST, Server, Servers, free_port, give_away

VARIABLE = "POOLSAFE_PGPOOL"
_DEBIAN = "/usr/sbin/pgpool"


def start(servers: Servers) -> Server:
    """Starts it; it is stopped with PostgreSQL. Raises Missing, DidNotStart."""
    program = os.environ.get(VARIABLE) or shutil.which("pgpool") or _DEBIAN
    if not os.access(program, os.X_OK):
        raise Missing("no pgpool here: apt-get install pgpool2")
    port = free_port()
    # Several tests start one of their own.
    folder = servers.folder / f"pgpool-{port}"
    folder.mkdir()
    settings = {
        "listen_addresses": HOST,
        "port": port,
        "pcp_listen_addresses": HOST,
        "pcp_port": free_port(),
        "unix_socket_directories": folder,
        "pcp_socket_dir": folder,
        "pid_file_name": folder / "pid",
        "logdir": folder,
        "work_dir": folder,
        "backend_clustering_mode": "raw",
        "backend_hostname0": HOST,
        "backend_port0": servers.postgres.port,
        "num_init_children": 16,
        "max_pool": 1,
        "sr_check_period": 0,
    }
    lines = [f"{key} = {value if isinstance(value, int) else repr(str(value))}" for key, value in settings.items()]
    (folder / "pgpool.conf").write_text("\n".join(lines) + "\n")
    for name in ("pcp.conf", "pool_hba.conf"):
        (folder / name).write_text("")
    give_away(folder)
    files = ["-f", str(folder / "pgpool.conf"), "-F", str(folder / "pcp.conf"), "-a", str(folder / "pool_hba.conf")]
    # SIGINT does not wait for clients.
    server = Server([*servers.programs.as_postgres, program, "-n", *files], folder / "log", port, signal.SIGINT)
    servers.stopped_with_us(server)
    server.start()
    return server
