"""A small account set of 用友 T3 on the SQL Server of the tests, and the guide's two logins."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from baozhang.sources.mssql import MssqlSource
from baozhang.sources.mssql_restore import Drop
from baozhang.sources.mssql_session import Login
from baozhang.sources.servers import Server
from tests.sources.sql_server import Database, Instance, Table, refused

DATABASE = "UFDATA_006_2026"
LOGIN = Login(Server("baozhang_read", host="t3.example"), lambda: "right")
RESTORING = Login(Server("baozhang_restore", host="t3.example"), lambda: "right")
N, M, T = "int", "money", "nvarchar"


def ledger() -> Database:
    lines = [
        (2026, 3, "记", 1, 1, "2026-03-05 00:00:00", "100201", Decimal("120.5500"), Decimal(0)),
        (2026, 3, "记", 1, 2, "2026-03-05 00:00:00", "5001", Decimal(0), Decimal("120.5500")),
        (2026, 3, "记", 2, 1, "2026-03-06 00:00:00", "5602", Decimal("7.0000"), Decimal(0)),
        (2026, 3, "记", 2, 2, "2026-03-06 00:00:00", "100201", Decimal(0), Decimal("7.0000")),
    ]
    rows = [(*line[:6], "摘要", line[6], None, None, *line[7:], 1, 0) for line in lines]
    vouchers = Table(
        [
            *(("iyear", N), ("iperiod", N), ("csign", T), ("ino_id", N), ("inid", N)),
            *(("dbill_date", T), ("cdigest", T), ("ccode", T), ("ccus_id", T), ("csup_id", T)),
            *(("md", M), ("mc", M), ("ibook", N), ("iflag", N)),
        ],
        rows,
    )
    chart = Table(
        [("ccode", T), ("ccode_name", T), ("cclass", T), ("bproperty", N), ("bend", N)],
        [
            (code, "名称", "资产", 1, int(code != "1002"))
            for code in ("1002", "100201", "5001", "5602")
        ],
    )
    return Database({"GL_accvouch": vouchers, "code": chart})


def making(instance: Instance, drop: Path, tmp_path: Path) -> Callable[..., MssqlSource]:
    def made(
        database: str = DATABASE,
        login: Login = LOGIN,
        restore_to: Login | None = RESTORING,
        profile: str | None = "yonyou_t3",
    ) -> MssqlSource:
        return MssqlSource(
            login,
            database,
            drop=Drop(r"D:\baozhang", drop),
            profile=profile,
            scratch=tmp_path / "scratch",
            restore_to=restore_to,
            connecting=instance.connect,
        )

    return made


def refusing(start: str, number: int) -> Callable[[str], None]:
    def before(statement: str) -> None:
        if statement.startswith(start):
            raise refused(number)

    return before


def assert_closed(instance: Instance) -> None:
    assert not [name for name in instance.databases if name.startswith("baozhang_")]
    assert instance.locks == {}
    assert instance.open == 0
