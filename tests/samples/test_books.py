"""The books of a sample client obey every law, on the first day and on later ones."""

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from baozhang.samples.agency import SMALL, Shape, make_agency, next_day
from baozhang.samples.chart import chart
from baozhang.samples.damage import drop_voucher, swap_account, tamper_amount
from baozhang.samples.seeds import rng_for
from tests.samples.conftest import CLIENTS
from tests.samples.ledgers import judge, read

PROFILES = dict(zip(CLIENTS, ("cn_csv", "yonyou_t3", "cn_csv"), strict=True))


@pytest.fixture(scope="module")
def later(agency: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agency after 32 more days, a month's end among them."""
    folder = Path(shutil.copytree(agency, tmp_path_factory.mktemp("later") / "agency"))
    for day in range(1, 33):
        next_day(folder, day)
    return folder


@pytest.mark.parametrize("client", CLIENTS)
def test_every_law_holds(agency: Path, client: str) -> None:
    assert judge(read(agency / client)) == set()


@pytest.mark.parametrize("client", CLIENTS)
def test_every_law_holds_after_a_month_of_days(later: Path, client: str) -> None:
    assert judge(read(later / client)) == set()


@pytest.mark.parametrize("seed", range(4))
def test_every_law_holds_for_any_seed_and_size(tmp_path: Path, seed: int) -> None:
    shape = Shape(trades=(0, 3, 60, 400)[seed], invoices=1, contracts=0, workbooks=0)
    make_agency(tmp_path / "a", clients=4, months=13, seed=seed, shape=shape)
    broken = [judge(read(tmp_path / "a" / f"c00{n}")) for n in range(1, 5)]
    assert broken == [set()] * 4


@pytest.mark.parametrize("client", CLIENTS)
def test_the_laws_here_see_one_cent(copy: Path, client: str) -> None:
    tamper_amount(copy / client, PROFILES[client], rng=rng_for(1))
    assert {"L1", "L2", "L6"} <= judge(read(copy / client))


@pytest.mark.parametrize("client", CLIENTS)
def test_the_laws_here_see_a_lost_voucher(copy: Path, client: str) -> None:
    drop_voucher(copy / client, PROFILES[client], rng=rng_for(2))
    assert judge(read(copy / client)) >= {"L3", "L6"}


@pytest.mark.parametrize("client", CLIENTS)
def test_the_laws_here_see_a_line_on_another_account(copy: Path, client: str) -> None:
    swap_account(copy / client, PROFILES[client], rng=rng_for(3))
    assert judge(read(copy / client)) >= {"L6"}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_close_leaves_no_profit_and_loss_account_with_a_balance(
    agency: Path, client: str
) -> None:
    closing_rows = [row for row in read(agency / client).rows if row.account[0] == "5"]
    assert closing_rows
    assert not any(row.closing for row in closing_rows)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_years_end_moves_the_profit_to_its_distribution(agency: Path, client: str) -> None:
    rows = {(r.period, r.account): r for r in read(agency / client).rows}
    year = rows[(2025, 11), "3103"].closing, rows[(2025, 12), "3103"].closing
    assert year[0] != 0
    assert year[1] == 0
    assert rows[(2025, 12), "310401"].closing != rows[(2025, 11), "310401"].closing


@pytest.mark.parametrize("client", CLIENTS)
def test_cash_and_bank_are_never_overdrawn(later: Path, client: str) -> None:
    money = [row for row in read(later / client).rows if row.account in {"1001", "100201"}]
    assert all(row.closing >= 0 for row in money)


def test_every_account_of_the_chart_stands_in_every_period(agency: Path) -> None:
    rows = read(agency / "c001").rows
    codes = [account.code for account in chart()]
    periods = sorted({row.period for row in rows})
    assert periods == [(2025, 11), (2025, 12), (2026, 1), (2026, 2), (2026, 3)]
    assert [row.account for row in rows] == codes * 5


def test_a_year_has_its_own_files(agency: Path) -> None:
    names = sorted(path.name for path in (agency / "c001" / "账套").iterdir())
    kinds = ["凭证", "发票", "科目余额表", "期间", "辅助余额表", "固定资产", "工资表"]
    kinds += ["银行对账单", "申报", "附件清单"]
    assert names == sorted(f"{kind}_{year}.csv" for kind in kinds for year in (2025, 2026))


def test_a_day_is_appended_to_the_voucher_file(copy: Path) -> None:
    path = copy / "c001" / "账套" / "凭证_2026.csv"
    before = path.read_bytes()
    next_day(copy, 1)
    after = path.read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)


def test_a_day_updates_scattered_lines_of_the_database(tmp_path: Path) -> None:
    make_agency(tmp_path / "a", clients=2, months=6, seed=3, shape=SMALL)
    before = attachments(tmp_path / "a" / "c002")
    next_day(tmp_path / "a", 1)
    after = attachments(tmp_path / "a" / "c002")
    assert len(after) > len(before)
    assert sum(after[line] != idoc for line, idoc in before.items()) >= 1


def attachments(client: Path) -> dict[int, int]:
    with closing(sqlite3.connect(next(client.glob("账套/*.db")))) as db:
        return dict(db.execute("SELECT i_id, idoc FROM GL_accvouch"))


def test_the_database_is_sound_and_all_of_it_is_posted(later: Path) -> None:
    with closing(sqlite3.connect(next((later / "c002").glob("账套/*.db")))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        odd = "SELECT COUNT(*) FROM GL_accvouch WHERE ibook <> 1 OR cbill = ccheck OR iflag NOTNULL"
        assert db.execute(odd).fetchone() == (0,)


def test_amounts_of_the_database_are_text_with_two_places(agency: Path) -> None:
    with closing(sqlite3.connect(next((agency / "c002").glob("账套/*.db")))) as db:
        odd = "SELECT COUNT(*) FROM GL_accvouch WHERE typeof(md) <> 'text' OR md NOT LIKE '%.__'"
        assert db.execute(odd).fetchone() == (0,)


def test_books_begin_in_the_month_of_the_day_given(tmp_path: Path) -> None:
    first = date(2024, 12, 15)
    shape = Shape(invoices=0, contracts=0, workbooks=0)
    made = make_agency(tmp_path / "a", clients=1, months=1, seed=1, first=first, shape=shape)
    assert made.last == date(2024, 12, 31)
    assert {row.period for row in read(tmp_path / "a" / "c001").rows} == {(2024, 12)}
