"""Private MariaDB servers: a data directory copied from a template, a socket and a port of its own.

The template is made once a session (4 s); a server starts in half a second.  As root the server
runs as `nobody`, to whom everything is given.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from baozhang.sources.servers import Server

OPTIONS = ("--no-defaults", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0")
ROOT = os.geteuid() == 0
OWNER = ("--user=nobody",) if ROOT else ()
DEADLINE = 60.0  # seconds


class Mariadb:
    """One server, which may be stopped, killed and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.socket = folder / "s"
        self.port = free_port()
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["mariadbd", *OPTIONS, *OWNER, f"--datadir={self.folder / 'data'}"]
        command += [f"--socket={self.socket}", f"--port={self.port}", "--bind-address=127.0.0.1"]
        command += [f"--pid-file={self.folder / 'pid'}", *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + DEADLINE
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < until
            time.sleep(0.02)

    def kill(self) -> None:
        """Take it away, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def server(self, user: str = "root") -> Server:
        return Server(user, socket=self.socket)

    def over_network(self, user: str) -> Server:
        return Server(user, port=self.port, tls="off")

    def sql(self, text: str, database: str = "") -> str:
        """Run a script as root by the stock client, and return what it prints."""
        ran = subprocess.run(
            self.client(database), input=text.encode(), capture_output=True, check=False
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout.decode()

    def client(self, database: str = "") -> list[str]:
        """Return the stock client's command."""
        command = ["mariadb", "--no-defaults", "-uroot", "-S", str(self.socket), "-N"]
        return [
            *command,
            "--default-character-set=utf8mb4",
            "--comments",
            *filter(None, [database]),
        ]

    def databases(self) -> set[str]:
        """Return the databases that are not the server's own."""
        own = {"information_schema", "mysql", "performance_schema", "sys", "test"}
        return set(self.sql("SHOW DATABASES").split()) - own

    def _answers(self) -> bool:
        asked = subprocess.run([*self.client(), "-e", "SELECT 1"], capture_output=True, check=False)
        return asked.returncode == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def short_folder() -> Iterator[Path]:
    """Provide a folder whose path is short enough for a socket, open to the server's user."""
    folder = Path(tempfile.mkdtemp(prefix="mdb-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb_template() -> Iterator[Path]:
    """A data directory as installed: root without a password, no accounts else."""
    with short_folder() as folder:
        command = ["mariadb-install-db", *OPTIONS, "--auth-root-authentication-method=normal"]
        command += [*OWNER, "--skip-test-db", f"--datadir={folder / 'data'}"]
        subprocess.run(command, check=True, capture_output=True)
        yield folder / "data"


@contextmanager
def running(template: Path, *options: str) -> Iterator[Mariadb]:
    """Run a server over a copy of the template."""
    with short_folder() as folder:
        subprocess.run(["cp", "-a", template, folder / "data"], check=True)
        if ROOT:
            shutil.chown(folder, "nobody")
        server = Mariadb(folder, *options)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def mariadb_server(mariadb_template: Path) -> Iterator[Mariadb]:
    """One server for all tests that leave it as they found it."""
    with running(mariadb_template) as server:
        yield server


@pytest.fixture
def mariadb(mariadb_server: Mariadb) -> Iterator[Mariadb]:
    """The common server, empty before and after."""
    yield mariadb_server
    for name in mariadb_server.databases():
        mariadb_server.sql(f"DROP DATABASE `{name}`")
