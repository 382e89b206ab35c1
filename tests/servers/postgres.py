"""A throw-away PostgreSQL cluster of its own, and a ledger in the layout of 用友 T3 in it.

    server = the_server()                       one cluster per test run, stopped at its end
    source = source_of(server, ledger(server), scratch)

Never run by root: then the programs are run as the user `postgres`, whom Debian's package makes.
"""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from baozhang.sources.postgres import PostgresSource
from baozhang.sources.servers import Server

PASSWORD = "geheim:\\ 密码"  # what a password file must escape
READER, READER_PASSWORD = "备份", "read only"
_NAMES = (f"账套{number}" for number in count(1))
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"))


class Cluster:
    """One server with data of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bz-pg-"))
        (self.folder / "password").write_text(f"{PASSWORD}\n")
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            shutil.chown(self.folder / "password", "postgres")
        self.port = free_port()
        self._run(
            *("initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", "--username=postgres"),
            *(f"--pwfile={self.folder / 'password'}", f"--pgdata={self.data}"),
        )
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        told = (
            f"-c port={self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c autovacuum=off"
            f" -c unix_socket_directories={self.folder}"
        )
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(log), "-o", told)

    def stop(self) -> None:
        """End it at once, as a crash does: every connection breaks, nothing is written back."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.data))

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def login(self, user: str = "postgres", *, tcp: bool = False) -> Server:
        if tcp:
            return Server(user, "127.0.0.1", self.port, tls="off")
        return Server(user, port=self.port, socket=self.folder)

    def words(self, database: str, user: str = "postgres", password: str = PASSWORD) -> str:
        return psycopg.conninfo.make_conninfo(
            "",
            host=str(self.folder),
            port=self.port,
            user=user,
            password=password,
            dbname=database,
            client_encoding="UTF8",
        )

    @contextmanager
    def connected(
        self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD
    ) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        words = self.words(database, user, password)
        with psycopg.connect(words, autocommit=True) as connection:
            yield connection

    def run(self, database: str, *statements: str) -> None:
        with self.connected(database) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, database: str, question: str) -> list[tuple[object, ...]]:
        with self.connected(database) as connection:
            return connection.execute(question.encode()).fetchall()

    def databases(self) -> set[str]:
        found = self.ask("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate")
        return {str(name) for (name,) in found}

    def _run(self, *words: str) -> None:
        become: tuple[str, ...] = ()
        if os.geteuid() == 0:
            become = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
        ran = subprocess.run(
            [*become, str(PROGRAMS / words[0]), *words[1:]],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr.decode(errors="replace"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_cluster() -> Cluster:
    """Return a cluster that goes when the test run ends."""
    cluster = Cluster()
    atexit.register(cluster.remove)
    return cluster


@cache
def the_server() -> Cluster:
    """Return the cluster that all tests share; each has databases of its own in it."""
    cluster = new_cluster()
    cluster.run(
        "postgres",
        "CREATE ROLE 账务 NOLOGIN",
        f"CREATE ROLE {READER} LOGIN PASSWORD '{READER_PASSWORD}'",
        "CREATE DATABASE ledger_template",
    )
    cluster.run("ledger_template", *LEDGER)
    return cluster


@cache
def another_server() -> Cluster:
    """Return a second cluster, as a recovery finds one: without a ledger."""
    cluster = new_cluster()
    cluster.run("postgres", "CREATE ROLE 账务 NOLOGIN", f"CREATE ROLE {READER} LOGIN")
    return cluster


def ledger(cluster: Cluster, name: str | None = None) -> str:
    """Make a database with a sound ledger in it, and return its name."""
    name = name or next(_NAMES)
    with cluster.connected() as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE ledger_template").format(sql.Identifier(name))
        )
    return name


def source_of(
    cluster: Cluster,
    database: str,
    scratch: Path,
    *,
    profile: str | None = "yonyou_t3",
    restore_to: Cluster | None = None,
    wait: float = 30,
) -> PostgresSource:
    """Return a source that reads and restores as the cluster's administrator."""
    return PostgresSource(
        cluster.login(),
        database,
        profile=profile,
        scratch=scratch,
        password=lambda: PASSWORD,
        restore_to=restore_to.login() if restore_to else None,
        restore_password=(lambda: PASSWORD) if restore_to else None,
        wait=wait,
    )


def post(connection: "psycopg.Connection[tuple[object, ...]]", number: int, fen: int = 100) -> None:
    """Post one balanced voucher of two lines, in one transaction."""
    with connection.transaction():
        for line, (account, debit, credit) in enumerate(
            (("1001", fen, 0), ("5001", 0, fen)), start=1
        ):
            connection.execute(
                """
                INSERT INTO "GL_accvouch" (iyear, iperiod, csign, ino_id, inid, dbill_date,
                    cdigest, ccode, md, mc)
                VALUES (2026, 3, '转', %s, %s, '2026-03-31', '收款', %s, %s, %s)
                """,
                (number, line, account, debit / 100, credit / 100),
            )


LEDGER = (
    """
    CREATE TABLE code (ccode varchar(15) PRIMARY KEY, ccode_name varchar(50), cclass varchar(14),
        bproperty boolean, igrade smallint, bend boolean)
    """,
    """
    CREATE TABLE "GL_accvouch" (i_id serial PRIMARY KEY, iyear smallint, iperiod smallint,
        csign varchar(8), ino_id integer, inid smallint, dbill_date timestamp,
        cbill varchar(20) DEFAULT '张三', ccheck varchar(20) DEFAULT '李四',
        ibook smallint DEFAULT 1, iflag smallint, cdigest varchar(120),
        ccode varchar(15) REFERENCES code, ccus_id varchar(20), csup_id varchar(20),
        md numeric(20,4), mc numeric(20,4),
        UNIQUE (iyear, iperiod, csign, ino_id, inid))
    """,
    """
    CREATE TABLE "GL_accsum" (iyear smallint, iperiod smallint, ccode varchar(15),
        cbegind_c varchar(2), mb numeric(20,4), md numeric(20,4), mc numeric(20,4),
        cendd_c varchar(2), me numeric(20,4), PRIMARY KEY (iyear, iperiod, ccode))
    """,
    "INSERT INTO code VALUES ('1001', '库存现金', '资产', true, 1, true)",
    "INSERT INTO code VALUES ('1002', '银行存款', '资产', true, 1, false)",
    "INSERT INTO code VALUES ('100201', '工行', '资产', true, 2, true)",
    "INSERT INTO code VALUES ('5001', '主营业务收入', '损益', false, 1, true)",
    """
    INSERT INTO "GL_accvouch" (iyear, iperiod, csign, ino_id, inid, dbill_date, cdigest, ccode,
        ccus_id, md, mc)
    SELECT 2026, p, '记', n, i, make_date(2026, p, 1 + n * 27 / 60),
        CASE WHEN n % 7 = 0 THEN E'反斜杠\\\\n 制表\\t换行\\n末' ELSE '收款' END,
        CASE i WHEN 1 THEN '100201' ELSE '5001' END, CASE i WHEN 1 THEN 'K01' END,
        CASE i WHEN 1 THEN n * 1.01 ELSE 0 END, CASE i WHEN 2 THEN n * 1.01 ELSE 0 END
    FROM generate_series(1, 2) p, generate_series(1, 60) n, generate_series(1, 2) i
    """,
    """
    INSERT INTO "GL_accsum"
    SELECT 2026, p, c, CASE p WHEN 1 THEN '平' ELSE s END, 1848.30 * (p - 1),
        CASE s WHEN '借' THEN 1848.30 ELSE 0 END, CASE s WHEN '贷' THEN 1848.30 ELSE 0 END,
        s, 1848.30 * p
    FROM generate_series(1, 2) p, (VALUES ('1002', '借'), ('100201', '借'), ('5001', '贷')) v(c, s)
    """,
    "CREATE SCHEMA 归档 AUTHORIZATION 账务",
    """CREATE TABLE 归档."凭证/附件 ""甲""." (编号 integer GENERATED ALWAYS AS IDENTITY, 内容 bytea,
        类别 text, 大小 integer GENERATED ALWAYS AS (length(内容)) STORED)""",
    """
    INSERT INTO 归档."凭证/附件 ""甲""." (内容, 类别) VALUES ('\\x00ff', '发票'), (NULL, NULL)
    """,
    'CREATE VIEW 余额 AS SELECT ccode, sum(md - mc) AS 净额 FROM "GL_accvouch" GROUP BY ccode',
    "CREATE MATERIALIZED VIEW 汇总 AS SELECT * FROM 余额",
    "CREATE SEQUENCE 单号 START 41",
    "SELECT nextval('单号'), nextval('单号')",
    "SELECT lo_from_bytea(4711, '\\x89504e47')",
    'ALTER TABLE "GL_accsum" OWNER TO 账务',
    f'GRANT SELECT ON "GL_accvouch" TO {READER}',
    "COMMENT ON TABLE \"GL_accvouch\" IS '凭证及明细账'",
)
"""A sound T3 ledger of two periods, and everything beside it that a dump must not lose."""
